// Package deposit puts files into a vault, and their names into the catalogue
// and into the archives' descriptions.
//
// A file is an archive of its own, or one of many in a bundle; either can be
// sealed. What cannot be an archive of its own, because it is empty or its name
// does not fit into a description, goes into a bundle in any case, of one file if
// there are no others. Such a bundle can be as large as any archive.
//
// It promises that a file counts as deposited only once the server has the
// bytes that were read and the catalogue has the name, durably; that a file which
// changes meanwhile is not deposited; and that the trouble with one file does not
// stop the others, while trouble with the server stops all. It does not decide
// which files are to be deposited.
package deposit

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"sync"

	"firn/glacier"
	"firn/internal/bundle"
	"firn/internal/files"
	"firn/internal/label"
	"firn/internal/names"
	"firn/internal/seal"
	"firn/internal/transfer"
)

// An Item is a file, and the name that it gets.
type Item struct {
	Name string
	File files.File
}

// An Outcome is what became of an item: an archive that it is in, or an error.
type Outcome struct {
	Item
	Archive glacier.ArchiveID
	Err     error
}

// A Depositor puts files into a vault.
type Depositor struct {
	Uploader *transfer.Uploader
	Names    *names.Catalogue
	// Parallel is how many archives are made at a time.
	Parallel int
	// Bundles says which files are packed together; the zero value packs none.
	Bundles bundle.Limits
	// Recipients are those for whom archives are sealed; none are if it is empty.
	Recipients seal.Recipients
	// Again stores also what the vault has already, as another archive.
	Again bool
	// Spool is the folder where a bundle lies until it is uploaded; "" is the
	// system's.
	Spool string
	// Progress hears of bytes of files, as in [transfer.Events].
	Progress func(n int64)
	// Done hears of each item, of one at a time.
	Done func(Outcome)
}

// Deposit deposits items. What goes wrong with an item is told to Done; an error
// is of the server or of the catalogue, or is one of items, and ends it all.
func (d *Depositor) Deposit(ctx context.Context, items iter.Seq2[Item, error]) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	before, err := d.left(ctx)
	if err != nil {
		return err
	}
	groups, room := make(chan []Item), make(chan struct{}, mostPacked)
	var crew sync.WaitGroup
	var told sync.Mutex
	for range max(1, d.Parallel) {
		crew.Go(func() {
			for group := range groups {
				outcomes, err := d.group(ctx, group)
				if err != nil {
					stop(err)
				}
				told.Lock()
				for _, o := range outcomes {
					d.Done(o)
				}
				told.Unlock()
				for range thousands(group) {
					<-room
				}
			}
		})
	}
	err = d.feed(ctx, items, groups, room, before.cut)
	close(groups)
	crew.Wait()
	if cause := context.Cause(ctx); cause != nil || err != nil {
		return cmp.Or(cause, err)
	}
	return d.forget(ctx, before)
}

// mostPacked is how many thousands of files may be in the groups that are under way,
// however many groups that are: of each file something is in memory.
const mostPacked = bundle.MaxMembers/1000 + 1

func thousands(group []Item) int { return len(group) / 1000 }

// feed hands items over in the groups that become archives, as soon as there is room
// for them.
func (d *Depositor) feed(
	ctx context.Context, items iter.Seq2[Item, error], groups chan<- []Item, room chan<- struct{}, cut func(string) (bool, bool),
) error {
	limits := d.Bundles
	limits.Cut = cut
	for group, err := range bundle.Plan(items, packed, limits) {
		if err != nil {
			return err
		}
		for range thousands(group) {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		select {
		case groups <- group:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// packed is what a bundle says of an item.
func packed(it Item) bundle.File {
	return bundle.File{Path: it.Name, Size: it.File.Size, Modified: it.File.Modified, Mode: uint32(it.File.Mode.Perm())}
}

// group makes an archive of some items. The error is one that ends all.
func (d *Depositor) group(ctx context.Context, group []Item) ([]Outcome, error) {
	if len(group) > 1 || group[0].File.Size == 0 {
		return d.pack(ctx, group)
	}
	it := group[0]
	large := it.File.Size > bundle.MaxMember
	var id glacier.ArchiveID
	var err error
	if large { // of which one would not want to read all before it is found out
		_, err = d.Describe(label.Label{Path: it.Name, Modified: it.File.Modified})
	}
	if err == nil {
		id, err = d.single(ctx, it)
	}
	switch {
	case isTooLong(err) && large:
		id, err = d.one(ctx, it)
	case isTooLong(err):
		return d.pack(ctx, group)
	}
	if err != nil && !isFiles(err) {
		return nil, err
	}
	return []Outcome{{it, id, err}}, nil
}

// isTooLong reports whether a name does not fit into a description.
func isTooLong(err error) bool {
	_, sealed := errors.AsType[*seal.TooLongError](err)
	return sealed || errors.Is(err, label.ErrTooLong)
}

// isFull reports whether no space is left for a bundle.
func isFull(err error) bool {
	problem, ok := errors.AsType[*files.Problem](err)
	return ok && problem.Kind == files.Full
}

// isFiles reports whether an error is one file's alone.
func isFiles(err error) bool {
	_, ok := errors.AsType[*files.Problem](err)
	_, large := errors.AsType[*transfer.SizeError](err)
	ok = ok || large || isTooLong(err)
	for _, own := range []error{label.ErrNotText, bundle.ErrChanged, bundle.ErrPath, bundle.ErrDate, bundle.ErrTooLarge} {
		ok = ok || errors.Is(err, own)
	}
	return ok
}
