package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	exitOK      = 0
	exitFailed  = 1 // the command could not do its work
	exitUsage   = 2 // the command line or the configuration is wrong
	exitDamaged = 3 // the command worked, and found damage
)

const exitCodes = `Exit codes:
  0  done
  1  the command could not do its work
  2  the command line or the configuration file is wrong
  3  firn check: the store is damaged`

// An exitError carries an exit code to run.
type exitError struct {
	code int
	error
}

func (e *exitError) Unwrap() error { return e.error }

// usageError marks an error as the command line's.
func usageError(err error) error { return &exitError{exitUsage, err} }

// errDamaged ends a check that has found something. What it found is printed
// by then.
var errDamaged = &exitError{exitDamaged, errors.New("the store is damaged")}

// run is the whole program but for the process.
func run(args []string, stdout, stderr io.Writer) int {
	// The first signal asks for an orderly end; a second one gets its default,
	// which is an end at once.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "firn: %s\n", err)
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitFailed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "firn",
		Short: "Archive storage you run yourself: a server for the Amazon Glacier vault API",
		Long: `Firn keeps immutable archives in vaults and speaks the Amazon Glacier vault
API (version 2012-06-01), so that the AWS CLI, the SDKs and backup tools work
with it unchanged.

Start with:
  firn dev       a whole server to try things with, nothing to configure
  firn serve     a server for real

` + exitCodes,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	root.CompletionOptions.HiddenDefaultCmd = true
	for _, cmd := range []*cobra.Command{
		accountCommand(), checkCommand(), devCommand(), keyCommand(), rebuildCommand(), selectCommand(), serveCommand(), topicCommand(), userCommand(), versionCommand(),
	} {
		cmd.Args = usageArgs(cmd.Args)
		root.AddCommand(cmd)
	}
	return root
}

// usageArgs makes a wrong argument a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError(err)
		}
		return nil
	}
}

// newLog is the log of a command: plain lines on stderr.
func newLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
