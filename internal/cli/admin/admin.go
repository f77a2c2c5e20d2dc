// Package admin is the client's verbs about vaults and what hangs on them: each
// operation of the API that moves no archive has one, and a vault can be
// emptied.
//
// It promises that a verb which is interrupted or killed can be run again and
// ends as it would have; that lists are complete, however many pages they have;
// and that nothing is held in memory that grows with a vault but its lists of
// jobs and uploads. It knows nothing of names and files.
package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"firn/internal/cli"
	"firn/internal/remote"
)

// Commands are the package's verbs.
func Commands() []*cobra.Command {
	return []*cobra.Command{
		cli.Group("archive", "Work with single archives by their ids", "Work with single archives by their ids.", archiveDelete()),
		cli.Group("capacity", "Show and buy provisioned capacity", "Show and buy provisioned capacity, which Expedited retrievals can count on.", capacityList(), capacityBuy()),
		inventoryGet(),
		cli.Group("job", "Begin a job, show it and get its output", "Begin the job that retrieves an archive, show a job and get its output.", jobStart(), jobShow(), jobOutput()),
		jobs(),
		cli.Group("retrieval-policy", "Show and set the account's limit for retrievals", "Show and set the account's data retrieval policy, which limits what may be\nretrieved, and so what it can cost.", retrievalShow(), retrievalSet()),
		cli.Group("upload", "Show and abort an unfinished upload", "Show and abort an unfinished multipart upload.", uploadShow(), uploadAbort()),
		uploads(),
		vault(),
	}
}

// A vaultVerb is a verb about a vault, which its first argument names.
type vaultVerb func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error

// in makes the Run of a verb.
func (run vaultVerb) in() func(context.Context, *cli.Session, []string) error {
	return func(ctx context.Context, s *cli.Session, args []string) error {
		v, err := s.Vault(args[0])
		if err != nil {
			return err
		}
		return run(ctx, s, v, args[1:])
	}
}

// missing puts it in words that what is not found was never set.
func missing(err error, format string, args ...any) error {
	if remote.IsNotFound(err) {
		return cli.Errorf(cli.NotFound, format+" (%w)", append(args, err)...)
	}
	return err
}

// document reads a file that must be JSON.
func document(s *cli.Session, name string, limit int64) (string, error) {
	text, err := s.Input(name, limit)
	if err != nil {
		return "", err
	}
	var any json.RawMessage
	if err := json.Unmarshal(text, &any); err != nil {
		return "", cli.Wrong(fmt.Errorf("%s is not JSON: %w", name, err))
	}
	return string(text), nil
}

// facts prints names and values, one a line.
func facts(w io.Writer, pairs ...string) error {
	t := cli.NewTable()
	for i := 0; i < len(pairs); i += 2 {
		t.Row(pairs[i]+":", pairs[i+1])
	}
	return t.Print(w)
}

// text is what a pointer points to, or nothing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
