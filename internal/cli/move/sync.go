package move

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/internal/cli"
	"firn/internal/deposit"
	"firn/internal/files"
	"firn/internal/mirror"
	"firn/internal/names"
)

// syncFlags are those of sync alone.
type syncFlags struct {
	uploadFlags
	deleteRemoved, deleteReplaced bool
}

func syncCommand() *cobra.Command {
	f := new(syncFlags)
	return cli.Verb{
		Use: "sync DIR VAULT", Short: "Make a vault hold what is in a folder",
		Long: `Compares a folder with the vault's names, which begin at the folder (a/b.txt for
DIR/a/b.txt), and stores what is new or has changed. A file that has changed becomes
a new version; the older ones stay unless --delete-replaced is given. Names whose
files are gone are listed, and stay unless --delete-removed is given.

What a filter leaves out, or what cannot be read, never counts as removed. An empty
folder does not delete everything: that takes --yes.` + ruleHelp,
		Example: "firn sync ~/photos my-vault --exclude .cache/ --dry-run\nfirn sync /data my-vault --bundle --delete-removed",
		Args:    cobra.ExactArgs(2), JSON: eventHelp, Changes: true, Asks: true, Names: true, Parallel: defaultParallel,
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&f.deleteRemoved, "delete-removed", false, "delete the archives of files that are gone from the folder")
			fs.BoolVar(&f.deleteReplaced, "delete-replaced", false, "delete older versions of files once a newer one is stored")
			f.register(fs)
		},
		Run: func(ctx context.Context, s *cli.Session, args []string) (err error) {
			p, err := newPut(ctx, s, &f.uploadFlags, args[1])
			if err != nil {
				return err
			}
			defer p.close(&err)
			if !s.DryRun {
				unlock, err := p.names.Lock(ctx)
				if err != nil {
					return fmt.Errorf("another sync of vault %s: %w", args[1], err)
				}
				defer func() { _ = unlock() }()
			}
			y := &syncing{put: p, flags: f, dir: args[0]}
			return y.run(ctx)
		},
	}.Command()
}

// A syncing is a sync under way.
type syncing struct {
	*put
	flags *syncFlags
	dir   string

	walked   int64    // files that were found
	replaced []string // names that have, or will have, older versions; only if these are to be deleted
	gone     []string // names whose files are gone; only those that are to be deleted
}

func (y *syncing) run(ctx context.Context) error {
	var failed error
	items := func(yield func(deposit.Item, error) bool) {
		for change, err := range y.changes(ctx) {
			if isProblem(err) {
				failed = errors.Join(failed, y.lockedFail(under(y.flags.prefix, change.Name), err))
				continue
			}
			if err != nil {
				yield(deposit.Item{}, err)
				return
			}
			if change.Kind != mirror.Removed {
				y.walked++
			}
			store, err := y.see(ctx, change)
			if err != nil {
				yield(deposit.Item{}, err)
				return
			}
			if store && !yield(deposit.Item{Name: change.Name, File: change.Local}, nil) {
				return
			}
		}
	}
	if err := y.deposit(ctx, items); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if err := y.delete(ctx); err != nil {
		return err
	}
	return y.totals()
}

// changes compares the folder with the catalogue.
func (y *syncing) changes(ctx context.Context) iter.Seq2[mirror.Change, error] {
	prefix := y.flags.prefix
	c := mirror.Comparison{
		Local: y.walk(ctx), Kept: y.names.Under(ctx, prefix, false), Detection: y.detection,
		Name: func(local string) string { return under(prefix, local) },
		Included: func(name string) bool {
			local, ok := name, true
			if prefix != "" {
				local, ok = strings.CutPrefix(name, prefix+"/")
			}
			return ok && y.flags.rules.Match(local)
		},
	}
	return c.Changes(ctx)
}

// walk walks the folder. That it cannot be read at all is no problem of a file.
func (y *syncing) walk(ctx context.Context) iter.Seq2[files.File, error] {
	return func(yield func(files.File, error) bool) {
		if f, err := files.Stat(y.dir); err == nil && f.Path != "" {
			yield(files.File{}, cli.Wrong(fmt.Errorf("%s is a file: sync takes a folder, put takes files", y.dir)))
			return
		}
		for f, err := range files.Walk(ctx, y.dir, &y.flags.rules, files.Options{FollowLinks: y.flags.followLinks}) {
			if root, ok := errors.AsType[*files.RootProblem](err); ok {
				err = fmt.Errorf("nothing was deleted: the folder cannot be read: %w", root)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// see takes note of a change, and reports whether a file is to be stored.
func (y *syncing) see(ctx context.Context, change mirror.Change) (store bool, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.flags.deleteReplaced && change.Kept.Path != "" && change.Kind != mirror.Removed {
		if err := y.note(ctx, change); err != nil {
			return false, err
		}
	}
	switch change.Kind {
	case mirror.Same:
		y.there++
	case mirror.Touched:
		y.there++
		if !y.s.DryRun {
			err = y.touch(ctx, change)
		}
	case mirror.Removed:
		y.removed++
		if y.flags.deleteRemoved {
			y.gone = append(y.gone, change.Name)
			return false, nil
		}
		err = y.print(event{Action: "removed", Name: change.Name})
	default:
		return true, nil
	}
	return false, err
}

// note remembers a name of which older versions are to be deleted.
func (y *syncing) note(ctx context.Context, change mirror.Change) error {
	versions := 0
	for _, err := range y.names.Versions(ctx, change.Name) {
		if err != nil {
			return err
		}
		versions++
	}
	if versions > 1 || change.Kind == mirror.Changed || change.Kind == mirror.Unknown {
		y.replaced = append(y.replaced, change.Name)
	}
	return nil
}

// touch keeps a file's new time, so that it need not be read again.
func (y *syncing) touch(ctx context.Context, change mirror.Change) error {
	return y.names.SetModified(ctx, change.Name, change.Kept.Archive, change.Local.Modified)
}

// delete deletes what is to be: the names that are gone, and older versions.
func (y *syncing) delete(ctx context.Context) error {
	if len(y.gone) > 0 && y.walked == 0 && !y.s.DryRun {
		question := fmt.Sprintf("The folder %s is empty, and %s would be deleted from the vault.", y.dir, cli.Count(int64(len(y.gone)), "name"))
		if err := y.s.Confirm(ctx, question, "delete"); err != nil {
			return err
		}
	}
	r := &removal{tally: &tally{s: y.s}, vault: y.vault, names: y.names}
	err := r.all(ctx, func(yield func(names.File, error) bool) {
		for _, name := range y.gone {
			for v, err := range y.names.Versions(ctx, name) {
				if !yield(v, err) {
					return
				}
			}
		}
	})
	if err != nil {
		return err
	}
	if !y.flags.deleteReplaced {
		return nil
	}
	return r.all(ctx, y.older(ctx))
}

// older are the versions of names that were synced, older than the newest of each
// that certainly is in the vault.
func (y *syncing) older(ctx context.Context) iter.Seq2[names.File, error] {
	return func(yield func(names.File, error) bool) {
		for _, name := range y.replaced {
			stored := false
			for f, err := range y.names.Versions(ctx, name) {
				if (err != nil || stored) && !yield(f, err) {
					return
				}
				stored = stored || !f.Doomed
			}
		}
	}
}
