package move

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/deposit"
	"firn/internal/names"
	"firn/internal/remote"
)

func rmCommand() *cobra.Command {
	var recursive bool
	var version string
	return cli.Verb{
		Use: "rm VAULT PATH...", Short: "Delete files from a vault, by their names",
		Long: `Deletes the archives that the names stand for, all versions unless --version names
one, and forgets the names. A file in a bundle only loses its name: the bundle is
deleted with the last of its files. id:ARCHIVE-ID in place of a name is that
archive.`,
		Example: "firn rm my-vault notes.txt\nfirn rm my-vault old/photos --recursive",
		Args:    cobra.MinimumNArgs(2), JSON: eventHelp, Changes: true, Asks: true, Names: true,
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVarP(&recursive, "recursive", "r", false, "delete all that is below a name")
			cli.IDVar(fs, &version, "version", "only the version in this archive")
		},
		Run: func(ctx context.Context, s *cli.Session, args []string) (err error) {
			v, err := s.Vault(args[0])
			if err != nil {
				return err
			}
			c, err := s.Catalogue(ctx, v)
			if err != nil {
				return err
			}
			defer closing(c, &err)
			r := removal{tally: &tally{s: s}, vault: v, names: c}
			if version != "" {
				r.only = glacier.ArchiveID(version)
			}
			if err := r.confirm(ctx, args[1:], recursive); err != nil {
				return err
			}
			for _, arg := range args[1:] {
				if err := r.argument(ctx, arg, recursive); err != nil {
					return err
				}
			}
			verb := "Deleted"
			if s.DryRun {
				verb = "Would delete"
			}
			return r.end(putTotals{Action: "total", Removed: r.files}, "%s %s.", verb, cli.Count(r.files, "version"))
		},
	}.Command()
}

// A removal deletes names.
type removal struct {
	*tally
	vault *remote.Vault
	names *names.Catalogue
	only  glacier.ArchiveID // if not empty, the one version
}

// confirm counts what is meant and asks, if it is more than one name.
func (r *removal) confirm(ctx context.Context, args []string, recursive bool) error {
	var count int64
	for _, arg := range args {
		if id, ok := archiveArgument(arg); ok {
			if _, found, err := r.names.Archive(ctx, id); err != nil || !found {
				return errors.Join(err, notFound(arg))
			}
			count++
			continue
		}
		exact, below := false, int64(0)
		for f, err := range r.names.Under(ctx, cleanName(arg), false) {
			if err != nil {
				return err
			}
			if f.Path == cleanName(arg) {
				exact = true
			} else {
				below++
			}
		}
		switch {
		case recursive && (exact || below > 0):
			count += below
			if exact {
				count++
			}
		case exact:
			count++
		case below > 0:
			return cli.Wrong(fmt.Errorf("%s is a folder with %s: give --recursive to delete them", cli.Printable(arg), cli.Count(below, "name")))
		default:
			return notFound(arg)
		}
	}
	if count < 2 || r.s.DryRun {
		return nil
	}
	return r.s.Confirm(ctx, fmt.Sprintf("%s will be deleted from vault %s, with all their versions.", cli.Count(count, "name"), r.vault.Name), "delete")
}

func notFound(arg string) error {
	return cli.Errorf(cli.NotFound, "%s is not among the names of the vault (firn names rebuild reads them anew)", cli.Printable(arg))
}

// archiveArgument is an argument that is an id: by id: before it, or because it
// looks like one.
func archiveArgument(arg string) (glacier.ArchiveID, bool) {
	id := cli.ID(arg)
	return glacier.ArchiveID(id), id != arg || len(id) == 138 && cleanName(id) == id && !hasSlash(id)
}

func hasSlash(s string) bool {
	for _, c := range []byte(s) {
		if c == '/' || c == '.' {
			return true
		}
	}
	return false
}

// argument deletes what an argument means.
func (r *removal) argument(ctx context.Context, arg string, recursive bool) error {
	if id, ok := archiveArgument(arg); ok {
		for m, err := range r.names.Members(ctx, id) {
			if err == nil {
				err = r.one(ctx, m)
			}
			if err != nil {
				return err
			}
		}
		if r.s.DryRun {
			return nil
		}
		if err := r.vault.DeleteArchive(ctx, id); err != nil {
			return err
		}
		return r.names.Remove(ctx, id)
	}
	if !recursive {
		return r.versions(ctx, cleanName(arg), nil)
	}
	for f, err := range r.names.Under(ctx, cleanName(arg), true) {
		if err == nil && (r.only == "" || r.only == f.Archive) {
			err = r.one(ctx, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// versions deletes the versions of a name, but for those that keep says.
func (r *removal) versions(ctx context.Context, name string, keep func(names.File) bool) error {
	for f, err := range r.names.Versions(ctx, name) {
		if err == nil && (r.only == "" || r.only == f.Archive) && (keep == nil || !keep(f)) {
			err = r.one(ctx, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replaced deletes all versions below a name but the newest of each.
func (r *removal) replaced(ctx context.Context, prefix string) error {
	newest := ""
	for f, err := range r.names.Under(ctx, prefix, true) {
		if err == nil && f.Path == newest {
			err = r.one(ctx, f)
		}
		if err != nil {
			return err
		}
		newest = f.Path
	}
	return nil
}

// one deletes a version.
func (r *removal) one(ctx context.Context, f names.File) error {
	e := event{Action: "delete", Name: f.Path, ArchiveID: string(f.Archive), SizeInBytes: &f.Size}
	r.files++
	if r.s.DryRun {
		return r.print(e)
	}
	w, err := deposit.Withdraw(ctx, r.vault, r.names, f)
	if err != nil {
		return fmt.Errorf("delete %s: %w", cli.Printable(f.Path), err)
	}
	e.Action = "forgotten"
	if w.Deleted {
		e.Action = "deleted"
	}
	return r.print(e)
}
