// Package move has the verbs of the client that go by names: put, get, ls, rm,
// sync, verify, and names itself.
package move

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"firn/internal/cli"
	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/internal/transfer"
)

// Commands are the verbs.
func Commands() []*cobra.Command {
	return []*cobra.Command{
		getCommand(), lsCommand(), namesCommand(), putCommand(), rmCommand(), syncCommand(), verifyCommand(),
	}
}

// defaultParallel is how many files, and parts of files, are under way at a time.
const defaultParallel = 8

// cleanName makes a name in a vault of what stands on a command line: relative,
// with slashes, and nothing that leads up.
func cleanName(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// under puts a name below a prefix.
func under(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "/" + name
}

// A tally counts what became of files, and prints it line by line.
type tally struct {
	s *cli.Session

	mu                           sync.Mutex // held by whoever prints while others may
	files, bytes, there, removed int64
	failed, damaged              int64 // all that failed, and those of them that came damaged
}

// An event is a line of what the verbs that move print with --json.
type event struct {
	Action         string // uploaded, retrieved, requested, deleted, forgotten, touched, unchanged, removed, failed; with --dry-run what would be done
	Name           string
	ArchiveID      string `json:"ArchiveId,omitempty"`
	SizeInBytes    *int64 `json:",omitempty"`
	SHA256TreeHash string `json:",omitempty"`
	Problem        string `json:",omitempty"` // the kind of it: one of package files', or damaged
	Message        string `json:",omitempty"`
}

// eventHelp says so in the help.
const eventHelp = `With --json, a line of JSON for each file: Action (what became of it), Name, and
where they are known ArchiveId, SizeInBytes, Problem and Message. The last line has
the totals.`

// print tells of a file.
func (t *tally) print(e event) error {
	if t.s.JSON {
		return t.s.Line(e)
	}
	fields := []string{e.Action, cli.Printable(e.Name)}
	if e.ArchiveID != "" {
		fields = append(fields, cli.Printable(e.ArchiveID))
	}
	_, err := fmt.Fprintln(t.s.Out, strings.Join(fields, "\t"))
	return err
}

// fail tells of a file that is left out.
func (t *tally) fail(name string, err error) error {
	t.failed++
	e := event{Action: "failed", Name: name, Message: err.Error()}
	if problem, ok := errors.AsType[*files.Problem](err); ok {
		e.Problem = string(problem.Kind)
		if error(problem) == err { //nolint:errorlint // it has the name as it was walked, and not in the vault
			e.Message = (&files.Problem{Name: name, Kind: problem.Kind, Err: problem.Err}).Error()
		}
	}
	if isDamage(err) {
		t.damaged++
		e.Problem = "damaged"
	}
	message := e.Message
	if !strings.Contains(message, name) {
		message = name + ": " + message
	}
	t.s.Warn("%s", cli.Printable(message))
	if t.s.JSON {
		return t.s.Line(e)
	}
	return nil
}

// end prints a last line, and makes the exit code of files that failed.
func (t *tally) end(totals any, format string, args ...any) error {
	if t.s.JSON {
		if err := t.s.Line(totals); err != nil {
			return err
		}
	} else if _, err := fmt.Fprintf(t.s.Out, format+"\n", args...); err != nil {
		return err
	}
	switch {
	case t.damaged > 0:
		return cli.Errorf(cli.Damaged, "%s came damaged and not kept, of %d that failed or were left out; all else is done",
			cli.Count(t.damaged, "file"), t.failed)
	case t.failed > 0:
		return cli.Errorf(cli.Partly, "%s failed or left out; all else is done", cli.Count(t.failed, "file"))
	}
	return nil
}

// isDamage reports whether what came is not what was stored.
func isDamage(err error) bool {
	_, corrupt := errors.AsType[*transfer.CorruptError](err)
	return corrupt || errors.Is(err, seal.ErrDamaged)
}

// identities reads the files with private keys.
func identities(ctx context.Context, s *cli.Session, names []string) (ids seal.Identities, err error) {
	for _, name := range names {
		text, err := s.Input(name, maxKeyFile)
		if err != nil {
			return ids, err
		}
		ask := func(file string) ([]byte, error) { return s.Passphrase(ctx, file) }
		if err := ids.Read(strings.NewReader(string(text)), name, ask); ctx.Err() != nil {
			return ids, context.Cause(ctx)
		} else if err != nil {
			return ids, cli.Wrong(err)
		}
	}
	return ids, nil
}

// recipients reads public keys, and files of them.
func recipients(s *cli.Session, keys, fromFiles []string) (to seal.Recipients, err error) {
	for _, key := range keys {
		if err := to.Add(key); err != nil {
			return to, cli.Wrong(err)
		}
	}
	for _, name := range fromFiles {
		text, err := s.Input(name, maxKeyFile)
		if err != nil {
			return to, err
		}
		if err := to.Read(strings.NewReader(string(text)), name); err != nil {
			return to, cli.Wrong(err)
		}
	}
	return to, nil
}

// maxKeyFile bounds a file of keys.
const maxKeyFile = 1 << 20

// namesWork is what is done with a vault and its names.
type namesWork func(context.Context, *cli.Session, *remote.Vault, *names.Catalogue, []string) error

// withNames makes what a verb does of what is done with a vault and its names. The
// vault is the argument at a place.
func withNames(at int, run namesWork) func(context.Context, *cli.Session, []string) error {
	return withCatalogue(at, (*cli.Session).Catalogue, run)
}

// readingNames is withNames for who changes nothing: see
// [cli.Session.CatalogueToRead].
func readingNames(at int, run namesWork) func(context.Context, *cli.Session, []string) error {
	return withCatalogue(at, (*cli.Session).CatalogueToRead, run)
}

func withCatalogue(
	at int, open func(*cli.Session, context.Context, *remote.Vault) (*names.Catalogue, error), run namesWork,
) func(context.Context, *cli.Session, []string) error {
	return func(ctx context.Context, s *cli.Session, args []string) (err error) {
		v, err := s.Vault(args[at])
		if err != nil {
			return err
		}
		c, err := open(s, ctx, v)
		if err != nil {
			return err
		}
		defer closing(c, &err)
		return run(ctx, s, v, c, args)
	}
}

// closing closes what was used, and returns the first error.
func closing(c io.Closer, err *error) {
	*err = errors.Join(*err, c.Close())
}
