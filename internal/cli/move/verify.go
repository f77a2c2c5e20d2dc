package move

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/internal/cli"
	"firn/internal/files"
	"firn/internal/mirror"
	"firn/internal/names"
	"firn/internal/pattern"
	"firn/internal/remote"
)

func verifyCommand() *cobra.Command {
	var rules pattern.Rules
	var prefix string
	return cli.Verb{
		Use: "verify DIR VAULT", Short: "Compare the bytes of a folder's files with what is in a vault",
		Long: `Reads the files of a folder and compares their tree hashes with those of the newest
versions in the vault's catalogue. Nothing is retrieved. Differences, files that are
not in the vault and names whose files are gone are listed; the exit code is 3 if
there are any.

So are, as unknown, files whose hash the catalogue does not have, once it was made anew
from an inventory: encrypted standard input, and encrypted files whose names left no
room for it. To retrieve them tells it, and firn sync --detect treehash stores them
again.`,
		Example: "firn verify ~/photos my-vault",
		Args:    cobra.ExactArgs(2), JSON: eventHelp, Names: true,
		Flags: func(fs *pflag.FlagSet) {
			ruleFlags(fs, &rules)
			fs.StringVar(&prefix, "prefix", "", "`FOLDER` that stands before the names")
		},
		Run: readingNames(1, func(ctx context.Context, s *cli.Session, _ *remote.Vault, c *names.Catalogue, args []string) error {
			if f, err := files.Stat(args[0]); err == nil {
				return cli.Wrong(fmt.Errorf("%s is a file: verify takes a folder", f.Path))
			}
			prefix = cleanName(prefix)
			return verify(ctx, &tally{s: s}, &mirror.Comparison{
				Local: files.Walk(ctx, args[0], &rules, files.Options{}), Kept: c.Under(ctx, prefix, false), Detection: mirror.ByHash,
				Name: func(local string) string { return under(prefix, local) },
				Included: func(name string) bool {
					local, ok := name, true
					if prefix != "" {
						local, ok = strings.CutPrefix(name, prefix+"/")
					}
					return ok && rules.Match(local)
				},
			})
		}),
	}.Command()
}

func verify(ctx context.Context, t *tally, c *mirror.Comparison) error {
	progress := t.s.Progress("Reading", 0, true)
	defer progress.Close()
	var differ, unknown int64
	for change, err := range c.Changes(ctx) {
		switch {
		case isProblem(err):
			err = t.fail(change.Name, err)
		case err == nil && (change.Kind == mirror.Same || change.Kind == mirror.Touched):
			t.there++
			progress.Add(change.Local.Size)
		case err == nil:
			if change.Kind == mirror.Unknown {
				unknown++
			} else {
				differ++
			}
			err = t.print(event{Action: string(change.Kind), Name: change.Name, ArchiveID: string(change.Kept.Archive)})
		}
		if err != nil {
			return err
		}
	}
	progress.Close()
	type totals struct {
		Action                        string // total
		Same, Differ, Unknown, Failed int64
	}
	line := fmt.Sprintf("%s as in the vault, %d differ", cli.Count(t.there, "file"), differ)
	if unknown > 0 {
		line += fmt.Sprintf("; the catalogue has no hash of %s", cli.Count(unknown, "more file"))
	}
	if err := t.end(totals{"total", t.there, differ, unknown, t.failed}, "%s.", line); err != nil {
		return err
	}
	switch {
	case differ > 0:
		return &cli.Exit{Code: cli.Damaged, Err: fmt.Errorf("%s", cli.Count(differ, "difference"))}
	case unknown > 0:
		return cli.Errorf(cli.Damaged, "%s could not be compared", cli.Count(unknown, "file"))
	}
	return nil
}
