package move

import (
	"context"
	"errors"
	"fmt"
	"iter"

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
deleted with the last of its files. The bundle's index still has the name, so that it
comes back where the catalogue is lost and made anew. id:ARCHIVE-ID in place of a name
is that archive.`,
		Example: "firn rm my-vault notes.txt\nfirn rm my-vault old/photos --recursive",
		Args:    cobra.MinimumNArgs(2), JSON: eventHelp, Changes: true, Asks: true, Names: true, Parallel: defaultParallel,
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVarP(&recursive, "recursive", "r", false, "delete all that is below a name")
			cli.IDVar(fs, &version, "version", "only the version in this archive")
		},
		Run: withNames(0, func(ctx context.Context, s *cli.Session, v *remote.Vault, c *names.Catalogue, args []string) error {
			r := &removal{tally: &tally{s: s}, vault: v, names: c}
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
			if version != "" && r.files == 0 {
				return cli.Errorf(cli.NotFound, "there is no version of that in archive %s", version)
			}
			verb := "Deleted"
			if s.DryRun {
				verb = "Would delete"
			}
			return r.end(putTotals{Action: "total", Removed: r.files}, "%s %s.", verb, cli.Count(r.files, "version"))
		}),
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
	if _, isID := archiveArgument(arg); isID {
		return cli.Errorf(cli.NotFound, "%s is not an archive that the names of the vault know (firn names rebuild reads them anew; firn job start and firn archive delete need none)", cli.Printable(arg))
	}
	return cli.Errorf(cli.NotFound, "%s is not among the names of the vault (firn names rebuild reads them anew)", cli.Printable(arg))
}

// archiveArgument is an argument that is an id: by id: before it, or because it
// looks like one.
func archiveArgument(arg string) (glacier.ArchiveID, bool) {
	id := cli.ID(arg)
	return glacier.ArchiveID(id), id != arg || len(id) == 138 && glacier.ArchiveID(id).Valid()
}

// meant are the versions that an argument means.
func (r *removal) meant(ctx context.Context, arg string, recursive bool) iter.Seq2[names.File, error] {
	all := r.names.Versions(ctx, cleanName(arg))
	if recursive {
		all = r.names.Under(ctx, cleanName(arg), true)
	}
	return only(all, func(f names.File) bool { return r.only == "" || r.only == f.Archive })
}

// only leaves out the files for which keep is false.
func only(all iter.Seq2[names.File, error], keep func(names.File) bool) iter.Seq2[names.File, error] {
	return func(yield func(names.File, error) bool) {
		for f, err := range all {
			if (err != nil || keep(f)) && !yield(f, err) {
				return
			}
		}
	}
}

// argument deletes what an argument means.
func (r *removal) argument(ctx context.Context, arg string, recursive bool) error {
	before := r.files
	id, ok := archiveArgument(arg)
	if !ok {
		return r.all(ctx, r.meant(ctx, arg, recursive))
	}
	if err := r.all(ctx, r.names.Members(ctx, id)); err != nil || r.files > before {
		return err
	}
	if _, nameless, err := r.names.Archive(ctx, id); err != nil || !nameless {
		return err
	}
	return r.archive(ctx, id, []names.File{{Path: string(id), Archive: id}})
}

// batch is how many versions are looked at together: a bundle is then changed
// once, and not for each of its files.
const batch = 10_000

// all deletes versions, archive by archive, several at a time.
func (r *removal) all(ctx context.Context, versions iter.Seq2[names.File, error]) error {
	var order []glacier.ArchiveID
	byArchive := map[glacier.ArchiveID][]names.File{}
	count := 0
	flush := func() error {
		err := cli.Each(ctx, r.s.Parallel, order, func(ctx context.Context, id glacier.ArchiveID) error {
			return r.archive(ctx, id, byArchive[id])
		})
		order, byArchive, count = nil, map[glacier.ArchiveID][]names.File{}, 0
		return err
	}
	for f, err := range versions {
		if err != nil {
			return err
		}
		if byArchive[f.Archive] == nil {
			order = append(order, f.Archive)
		}
		byArchive[f.Archive] = append(byArchive[f.Archive], f)
		if count++; count == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// archive deletes versions that are in one archive.
func (r *removal) archive(ctx context.Context, id glacier.ArchiveID, versions []names.File) error {
	action := "delete"
	if !r.s.DryRun {
		deleted, err := deposit.Withdraw(ctx, r.vault, r.names, id, versions)
		if err != nil {
			return fmt.Errorf("delete %s: %w", cli.Printable(versions[0].Path), err)
		}
		if action = "forgotten"; deleted {
			action = "deleted"
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range versions {
		r.files++
		if err := r.print(event{Action: action, Name: f.Path, ArchiveID: string(id), SizeInBytes: &f.Size}); err != nil {
			return err
		}
	}
	return nil
}
