package admin

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/names"
	"firn/internal/remote"
)

func vaultEmpty() *cobra.Command {
	var remove, fresh bool
	return cli.Verb{
		Use: "empty VAULT", Short: "Delete all archives of a vault",
		Long: `Delete all archives of a vault, for good, and end its unfinished uploads. It tells what
there is and asks for the vault's name first.

It gets the vault's inventory, which takes Amazon some hours; one that was finished
less than a day ago is used, unless --fresh asks for a new one. Archives are deleted
many at a time, and their names forgotten. After an interruption, or whatever has killed it, the same command goes
on where it was. If the vault then still has archives, because they are newer than the
inventory, it begins anew with a new one.

With --delete the empty vault is deleted, too. Amazon counts what is in a vault about
once a day, and deletes it only if that count was nothing and nothing was written to it
since: then this ends with exit code 8, and is to be run again a day later.`,
		Example: "firn vault empty photos --delete",
		JSON: `With --json a document is printed: {"Inventory":N,"Deleted":N,"Failed":N,"AbortedUploads":N,
"Left":N,"VaultDeleted":…}. Left is what the vault counts at the end.`,
		Args: cobra.ExactArgs(1), Changes: true, Asks: true, Parallel: 16, Names: true,
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&remove, "delete", false, "delete the vault, too")
			fs.BoolVar(&fresh, "fresh", false, "start a new inventory job")
		},
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			run := func() error { return empty(ctx, s, v, remove, fresh) }
			if remove && !s.DryRun {
				return goodbye(s, v, run)
			}
			return run()
		}).in(),
	}.Command()
}

// empty empties a vault, and deletes it if it is to be removed.
func empty(ctx context.Context, s *cli.Session, v *remote.Vault, remove, fresh bool) (err error) {
	d, err := v.Describe(ctx)
	if err != nil {
		return err
	}
	if s.DryRun {
		return s.Would("delete %s of vault %s, %s.", cli.Count(d.NumberOfArchives, "archive"), v.Name, asOf(d))
	}
	e, err := newEmptying(ctx, s, v, d, fresh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if err := s.Confirm(ctx, e.question(), string(v.Name)); err != nil {
		return err
	}
	if err := e.run(ctx); err != nil {
		return err
	}
	return e.finish(ctx, remove)
}

// An emptying is a vault on its way to be empty.
type emptying struct {
	s      *cli.Session
	v      *remote.Vault
	fresh  bool // the next inventory is a new one
	spool  *spool
	old    bool                     // what is spooled is of an inventory that was there before this run
	names  *names.Catalogue         // of the vault; nil if there is none
	before glacier.VaultDescription // as it was at the beginning of the round
	after  glacier.VaultDescription // and at its end
	did    emptied
	first  error // of an archive that is still there
}

// emptied is what was done.
type emptied struct {
	Inventory      int64 // archives in all inventories, each once
	Deleted        int64 // archives that were deleted, now or by an interrupted run
	Failed         int64
	AbortedUploads int64
	Left           int64
	VaultDeleted   bool
}

func newEmptying(ctx context.Context, s *cli.Session, v *remote.Vault, d glacier.VaultDescription, fresh bool) (*emptying, error) {
	file, err := s.NamesFile(ctx, v)
	if err != nil {
		return nil, err
	}
	e := &emptying{s: s, v: v, fresh: fresh, before: d}
	if e.spool, err = openSpool(ctx, file); err != nil {
		return nil, err
	}
	e.old = e.spool.ready()
	e.names = s.KnownCatalogue(ctx, v)
	return e, nil
}

func (e *emptying) close() error {
	err := e.spool.close()
	if e.names != nil {
		err = errors.Join(err, e.names.Close())
	}
	return err
}

// asOf says when a vault was counted. One that has no inventory may not have
// been counted at all.
func asOf(d glacier.VaultDescription) string {
	if d.LastInventoryDate == nil {
		return "before the first inventory"
	}
	return "as of " + date(d.LastInventoryDate)
}

// question tells what there is.
func (e *emptying) question() string {
	q := fmt.Sprintf("All archives of vault %s will be deleted, for good: %s with %s, %s.",
		e.v.Name, cli.Count(e.before.NumberOfArchives, "archive"), cli.Size(e.before.SizeInBytes), asOf(e.before))
	if n := e.spool.state.Done; n > 0 && e.old && !e.fresh {
		q += fmt.Sprintf(" An interrupted run has deleted %d of %s, and is gone on with.", n, cli.Count(e.spool.state.Count, "archive"))
	}
	return q
}

// rounds bounds the inventories that one run takes.
const rounds = 20

// run deletes until the vault counts nothing, or does not count.
func (e *emptying) run(ctx context.Context) error {
	if err := e.abortUploads(ctx); err != nil {
		return err
	}
	for round := 1; ; round++ {
		if settled := e.spool.state.Settled; settled != "" && settled == date(e.before.LastInventoryDate) && !e.fresh {
			e.after, e.did.Left = e.before, e.before.NumberOfArchives
			return nil // nothing is known that a run before has not done
		}
		if err := e.round(ctx); err != nil {
			return err
		}
		var err error
		if e.after, err = e.v.Describe(ctx); err != nil {
			return err
		}
		e.did.Left = e.after.NumberOfArchives
		switch {
		case e.did.Failed > 0, e.did.Left == 0:
			return e.spool.clear()
		case !e.worthAnother(), round == rounds:
			return e.spool.settle(date(e.after.LastInventoryDate))
		}
		e.s.Tell("%s are newer than the inventory: once more.", cli.Count(e.did.Left, "archive"))
		e.before = e.after
	}
}

// worthAnother reports whether another inventory would list what this one did
// not: because the vault counts what is there now, or because this inventory was
// an old one. Where neither is so it counts when it pleases, once a day.
func (e *emptying) worthAnother() bool {
	if e.did.Left != e.before.NumberOfArchives {
		return true
	}
	return e.old && e.spool.state.Count != e.before.NumberOfArchives
}

func (e *emptying) abortUploads(ctx context.Context) error {
	for u, err := range e.v.Uploads(ctx) {
		if err != nil {
			return err
		}
		if err := e.v.Abort(ctx, u.MultipartUploadID); err != nil && !remote.IsGone(err) {
			return fmt.Errorf("abort upload %s: %w", u.MultipartUploadID, err)
		}
		e.did.AbortedUploads++
	}
	return nil
}

// round deletes what is in one inventory.
func (e *emptying) round(ctx context.Context) error {
	if !e.spool.ready() || e.fresh {
		if err := e.fetch(ctx); err != nil {
			return err
		}
	}
	st := &e.spool.state
	e.spool.counted = true
	e.did.Inventory += st.Count - e.spool.repeated
	e.did.Deleted += st.Done - st.Failed - e.spool.repeated // which an earlier round has counted
	e.did.Failed += st.Failed
	p := e.s.Progress("Deleting", st.Count, false)
	defer p.Close()
	p.Add(st.Done)
	for {
		ids, err := e.spool.next(batch)
		if err != nil || len(ids) == 0 {
			return err
		}
		failed, err := e.deleteBatch(ctx, ids, p)
		if err != nil {
			return err
		}
		e.did.Deleted += int64(len(ids)) - failed
		e.did.Failed += failed
		if err := e.spool.advance(ids, failed); err != nil {
			return err
		}
		if st.Failed == st.Done { // not one could be deleted
			return errors.Join(cli.Errorf(cli.Code(e.first), "no archive could be deleted: %w", e.first), e.spool.clear())
		}
	}
}

// batch is how many archives are deleted before it is remembered where.
const batch = 1000

// fetch fills the spool with the ids of an inventory.
func (e *emptying) fetch(ctx context.Context) error {
	if e.before.NumberOfArchives == 0 && e.before.LastInventoryDate == nil {
		e.s.Tell("The vault was never counted: an inventory will tell whether it has archives.")
	}
	q := inventoryRequest{format: glacier.FormatJSON, fresh: e.fresh, not: e.spool.state.Job}
	id, found, err := q.job(ctx, e.v)
	if err != nil {
		return err
	}
	d, err := e.s.Wait(ctx, e.v, id, "the inventory of vault "+string(e.v.Name))
	if err != nil {
		return err
	}
	if err := usable(d); err != nil {
		return err
	}
	var size int64
	if d.InventorySizeInBytes != nil {
		size = *d.InventorySizeInBytes
	}
	p := e.s.Progress("Getting the inventory", size, true)
	defer p.Close()
	e.fresh, e.old = false, found
	return readOutput(ctx, e.v, id, p, func(r io.Reader) error { return e.spool.fill(r, id) })
}

// deleteBatch deletes some archives, and counts those that it could not. What
// concerns more than a single archive is an error.
func (e *emptying) deleteBatch(ctx context.Context, ids []glacier.ArchiveID, p *cli.Progress) (failed int64, err error) {
	if e.names != nil {
		if err := e.names.Doom(ctx, ids...); err != nil {
			return 0, err
		}
	}
	refusals := make(chan error, len(ids))
	err = cli.Each(ctx, e.s.Parallel, ids, func(ctx context.Context, id glacier.ArchiveID) error {
		err := e.v.DeleteArchive(ctx, id)
		if err == nil || remote.IsGone(err) {
			err = forget(ctx, e.names, id)
		}
		switch {
		case err == nil:
			p.Add(1)
		case remote.IsRefusal(err, glacier.AccessDenied, glacier.InvalidParameterValue):
			refusals <- fmt.Errorf("archive %s: %w", id, spare(ctx, e.names, id, err))
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	close(refusals)
	for err := range refusals {
		if e.first == nil {
			e.first = err
			e.s.Warn("%v", err)
		}
		failed++
	}
	return failed, nil
}

// finish deletes the vault if it should, and says what was done.
func (e *emptying) finish(ctx context.Context, remove bool) error {
	var left error
	switch {
	case e.did.Failed > 0 && e.first == nil: // an interrupted run has said why
		left = cli.Errorf(cli.Partly, "%s could not be deleted", cli.Count(e.did.Failed, "archive"))
	case e.did.Failed > 0:
		left = cli.Errorf(cli.Partly, "%s could not be deleted, the first because of: %w", cli.Count(e.did.Failed, "archive"), e.first)
	case remove:
		err := e.delete(ctx)
		if remote.IsNotFound(err) {
			return err
		}
		e.did.VaultDeleted = err == nil
		if remote.IsRefusal(err, glacier.InvalidParameterValue) {
			err = cli.Errorf(cli.NotYet, "vault %s cannot be deleted yet: %w. It counts %s as of %s. Amazon counts about once a day, and deletes a vault "+
				"that then was empty and to which nothing was written since: run this again in a day", e.v.Name, err, cli.Count(e.did.Left, "archive"), date(e.after.LastInventoryDate))
		}
		left = err
	}
	return errors.Join(e.s.Document(e.did, e.print), left)
}

// delete deletes the vault. The mark stays, so that the same again, when the process
// ends before it has said so, is a success.
func (e *emptying) delete(ctx context.Context) error {
	m, err := parting(e.s, e.v)
	if err != nil {
		return err
	}
	if err := m.set(); err != nil {
		return err
	}
	err = e.v.Delete(ctx)
	if _, kept := errors.AsType[*remote.Kept](err); kept {
		err = errors.Join(err, m.clear())
	}
	return err
}

// goodbye runs what is to delete a vault. That the vault is not there, or goes
// meanwhile, is as good, if an earlier process was about to delete it.
func goodbye(s *cli.Session, v *remote.Vault, run func() error) error {
	m, err := parting(s, v)
	if err != nil {
		return err
	}
	asked, err := m.there()
	if err != nil {
		return err
	}
	if err = run(); !asked || !remote.IsNotFound(err) {
		return err
	}
	e := &emptying{s: s, v: v, did: emptied{VaultDeleted: true}}
	return s.Document(e.did, e.print)
}

func (e *emptying) print(w io.Writer) error {
	fmt.Fprintf(w, "%s deleted, %s ended.\n", cli.Count(e.did.Deleted, "archive"), cli.Count(e.did.AbortedUploads, "upload"))
	switch {
	case e.did.VaultDeleted:
		fmt.Fprintf(w, "Vault %s is deleted.\n", e.v.Name)
	case e.did.Left == 0:
		fmt.Fprintf(w, "Vault %s is empty.\n", e.v.Name)
	case e.did.Failed == 0:
		fmt.Fprintf(w, `Vault %s still counts %s, as of %s: it counts about once a day.
Archives that are newer than its inventory are still there; --fresh takes a new one.
`, e.v.Name, cli.Count(e.did.Left, "archive"), date(e.after.LastInventoryDate))
	}
	return nil
}
