package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A Verb is a command of the client. What many verbs have in common it only has
// to ask for.
type Verb struct {
	// Use is as cobra has it: the name, then the arguments. Where VAULT stands,
	// shells complete the names of vaults, and where PATH stands after it the names
	// in that vault.
	Use, Short, Long, Example string

	Args  cobra.PositionalArgs // nil: none
	Flags func(*pflag.FlagSet) // registers what it has besides; may be nil

	// JSON says in the help what --json prints; without it there is no --json.
	JSON string
	// Changes is for verbs that change something: there is a --dry-run.
	Changes bool
	// Asks is for verbs that ask before they do what cannot be undone: there is
	// a --yes.
	Asks bool
	// Parallel is the default of --parallel; 0 is for verbs that have none.
	Parallel int
	// Names is for verbs that need the vault's names: there is a --names.
	Names bool
	// Resume says what an interrupted verb leaves; default that the same command
	// goes on.
	Resume string

	Run func(ctx context.Context, s *Session, args []string) error
}

// common are the flags that many verbs have.
type common struct {
	connection
	json, dryRun, quiet, yes bool
	parallel                 int
	names                    string
}

// Command makes the cobra command.
func (v Verb) Command() *cobra.Command {
	f := new(common)
	cmd := &cobra.Command{Use: v.Use, Short: v.Short, Long: v.help(), Args: usageArgs(v.Args)}
	if v.Example != "" {
		cmd.Example = "  " + strings.ReplaceAll(v.Example, "\n", "\n  ")
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	if v.Flags != nil {
		v.Flags(fs)
	}
	v.register(f, fs)
	cmd.SetUsageFunc(usage)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return Wrong(err) })
	cmd.ValidArgsFunction = v.complete(f)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		beThrifty()
		s, err := f.session(cmd)
		if err == nil {
			defer s.close()
			err = v.Run(cmd.Context(), s, args)
		}
		return v.end(cmd.Context(), err)
	}
	return cmd
}

func (v Verb) help() string {
	paragraphs := []string{v.Long}
	if v.JSON != "" {
		paragraphs = append(paragraphs, v.JSON)
	}
	return strings.Join(append(paragraphs, ExitCodes), "\n\n")
}

func (v Verb) register(f *common, fs *pflag.FlagSet) {
	if v.Changes {
		fs.BoolVarP(&f.dryRun, "dry-run", "n", false, "only tell what would be done")
	}
	if v.Asks {
		fs.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	}
	if v.Parallel > 0 {
		fs.IntVar(&f.parallel, "parallel", v.Parallel, "requests under way at a time")
	}
	if v.Names {
		fs.StringVar(&f.names, "names", "", "names of the vault: a file that ends in .db, or the folder with those of all vaults (default: FIRN_NAMES, else ~/.local/share)")
	}
	if v.JSON != "" {
		fs.BoolVar(&f.json, "json", false, "print JSON")
	}
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress")
	f.flags(fs)
}

// end gives an error its exit code.
func (v Verb) end(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() == nil {
		return &Exit{Code(err), advise(err)}
	}
	if _, spoken := errors.AsType[*Exit](err); spoken || !errors.Is(err, context.Canceled) {
		return &Exit{Interrupted, err}
	}
	resume := v.Resume
	if resume == "" {
		resume = "what is done is kept, and the same command goes on from there"
		if !v.Changes {
			resume = "nothing was changed"
		}
	}
	return &Exit{Interrupted, errors.New("interrupted: " + resume)}
}

// usageArgs makes a wrong argument a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.NoArgs
	}
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return Wrong(err)
		}
		if slices.Contains(args, "") {
			return Wrong(errors.New("an argument is empty"))
		}
		return nil
	}
}

// Group is a command that is there for those below it.
func Group(use, short, long string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long + "\n\n" + ExitCodes,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(verbs...)
	return cmd
}

// usage prints what cobra would, with the flags that every verb has in one line.
func usage(cmd *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.SortFlags = false
	hidden := strings.Fields(connectionFlags)
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(hidden, f.Name) {
			own.AddFlag(f)
		}
	})
	fmt.Fprintf(&b, "\nFlags:\n%s", own.FlagUsages())
	fmt.Fprintf(&b, "\nWhom to ask, and with which key (see firn help connection):\n  --%s\n", strings.Join(hidden, ", --"))
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}

// Connection is the help about whom verbs ask.
func Connection() *cobra.Command {
	return &cobra.Command{Use: "connection", Short: "How the client finds the server, the region and the key", Long: ConnectionHelp}
}
