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
	cmd := &cobra.Command{Use: v.Use, Short: v.Short, Long: v.help(), Args: UsageArgs(v.Args)}
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
		if err := emptyFlag(cmd.Flags()); err != nil {
			return err
		}
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

// UsageArgs makes a wrong argument a usage error, which says what is right; a nil
// check lets none through.
func UsageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.NoArgs
	}
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if _, said := errors.AsType[*Exit](err); err != nil && !said {
			return Wrong(wrongArgs(cmd, args, err))
		} else if err != nil {
			return err
		}
		if slices.Contains(args, "") {
			return Wrong(errors.New("an argument is empty"))
		}
		return nil
	}
}

// wrongArgs says what arguments a command takes.
func wrongArgs(cmd *cobra.Command, args []string, err error) error {
	_, takes, _ := strings.Cut(cmd.Use, " ")
	switch {
	case cmd.HasSubCommands():
		cmd.SuggestionsMinimumDistance = min(2, len(args[0])/2)
		if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
			return fmt.Errorf("%w: is it %s?", err, strings.Join(like, " or "))
		}
		return fmt.Errorf("%w: %s --help lists them", err, cmd.CommandPath())
	case takes == "", strings.HasPrefix(takes, "-"): // flags
		return fmt.Errorf("%s takes no arguments, and %q is one", cmd.CommandPath(), args[0])
	}
	return fmt.Errorf("%s takes %s, and there %s: --help tells more", cmd.CommandPath(), takes, was(len(args)))
}

// was says how many arguments there were.
func was(n int) string {
	switch n {
	case 0:
		return "was none"
	case 1:
		return "was 1 argument"
	}
	return fmt.Sprintf("were %d arguments", n)
}

// unsaid are flags for which empty is as good as not given.
const unsaid = connectionFlags + " prefix"

// emptyFlag refuses a flag that was given and is empty, as by a variable of a shell
// that is not set: it would do more than was meant.
func emptyFlag(fs *pflag.FlagSet) (err error) {
	fs.Visit(func(f *pflag.Flag) {
		said := f.Value.String() != "" || f.DefValue != "" || f.Value.Type() != "string" && f.Value.Type() != idType
		if err == nil && !said && !slices.Contains(strings.Fields(unsaid), f.Name) {
			err = Wrong(fmt.Errorf("--%s is empty", f.Name))
		}
	})
	return err
}

// Group is a command that is there for those below it.
func Group(use, short, long string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long + "\n\n" + ExitCodes,
		Args: UsageArgs(cobra.NoArgs),
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
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nAvailable Commands:\n")
		for _, sub := range cmd.Commands() {
			fmt.Fprintf(&b, "  %-11s %s\n", sub.Name(), sub.Short)
		}
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
