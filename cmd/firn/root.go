package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"firn/internal/cli"
	"firn/internal/cli/admin"
	"firn/internal/cli/migration"
	"firn/internal/cli/move"
)

const exitCodes = `Exit codes:
  0  done
  1  the command could not do its work
  2  the command line or the configuration file is wrong
  3  firn check: the store is damaged`

// usageError marks an error as the command line's.
func usageError(err error) error { return cli.Wrong(err) }

// errDamaged ends a check that has found something. What it found is printed
// by then.
var errDamaged = cli.Errorf(cli.Damaged, "the store is damaged")

// run is the whole program but for the process.
func run(args []string, stdout, stderr io.Writer) int {
	// The first signal asks for an orderly end; a second one gets its default,
	// which is an end at once.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot()
	root.SetArgs(cli.Arguments(root, args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return cli.Done
	}
	fmt.Fprintf(stderr, "firn: %s\n", cli.PrintableLines(err.Error()))
	if exit, ok := errors.AsType[*cli.Exit](err); ok {
		return exit.Code
	}
	return cli.Failed
}

// The groups of the commands in the help.
const (
	clientGroup = "client"
	serverGroup = "server"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "firn",
		Short: "Archive storage you run yourself: a server for the Amazon Glacier vault API, and a client",
		Long: `Firn keeps immutable archives in vaults and speaks the Amazon Glacier vault
API (version 2012-06-01), so that the AWS CLI, the SDKs and backup tools work
with it unchanged. Its client works with Firn and with Amazon's own service.

Start with:
  firn dev                    a whole server to try things with, nothing to configure
  firn serve                  a server for real
  firn vault create photos    a vault at that server, or at Amazon: see firn help connection
  firn put Pictures photos    a folder, into the vault
  firn get photos Pictures .  and back

` + cli.ExitCodes,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: clientGroup, Title: "Client commands:"}, &cobra.Group{ID: serverGroup, Title: "Server commands:"})
	add(root, clientGroup, slices.Concat(admin.Commands(), migration.Commands(), move.Commands(), []*cobra.Command{selectCommand()})...)
	add(root, serverGroup, accountCommand(), checkCommand(), devCommand(), keyCommand(), rebuildCommand(), serveCommand(), topicCommand(), userCommand())
	add(root, "", cli.Connection(), completionCommand(), manCommand(), versionCommand())
	return root
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
		cmd.Args = usageArgs(cmd.Args)
		root.AddCommand(cmd)
	}
}

// usageArgs makes a wrong argument a usage error; a nil check lets all through.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	return cli.UsageArgs(check)
}

// newLog is the log of a command: plain lines on stderr.
func newLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
