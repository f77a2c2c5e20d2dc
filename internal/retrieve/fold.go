package retrieve

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"

	"firn/internal/names"
)

// A fold is what is kept of the wants of a bundle while its job is waited for: many
// bundles may be, for hours, of tens of thousands of files each.
type fold struct {
	span  span
	first string // what the first want is called
	seed  maphash.Seed
	marks []mark
}

// A mark tells a want from the other files of its bundle.
type mark struct {
	hash uint64
	cut  int32 // how many bytes of the path are not in the name
}

// few is up to how many wants are kept as they are.
const few = 16

// folded returns an order without its wants, if there are many: the catalogue has
// them.
func (o Order) folded() Order {
	if !o.Archive.Bundle || len(o.Wants) <= few {
		return o
	}
	f := &fold{span: o.span(), first: o.Wants[0].Name, seed: maphash.MakeSeed(), marks: make([]mark, len(o.Wants))}
	for i := range o.Wants {
		w := &o.Wants[i]
		if !strings.HasSuffix(w.File.Path, w.Name) {
			return o // it was named otherwise, which the catalogue does not know
		}
		f.marks[i] = mark{f.hash(&w.File), int32(len(w.File.Path) - len(w.Name))}
	}
	o.Wants, o.fold = nil, f
	return o
}

// called is the name of what an order brings first.
func (o *Order) called() string {
	switch {
	case o.fold != nil:
		return o.fold.first
	case len(o.Wants) > 0:
		return o.Wants[0].Name
	}
	return string(o.Archive.ID)
}

func (f *fold) hash(of *names.File) uint64 {
	return maphash.Comparable(f.seed, struct {
		path   string
		offset int64
	}{of.Path, of.Offset})
}

// unfold gives an order its wants back. It is the archive's error if the catalogue
// has not all of them any more.
func (r *Retriever) unfold(ctx context.Context, o *Order) error {
	f := o.fold
	if f == nil {
		return nil
	}
	cuts := make(map[uint64]int32, len(f.marks))
	for _, m := range f.marks {
		cuts[m.hash] = m.cut
	}
	wants := make([]Want, 0, len(f.marks))
	for m, err := range r.Names.Members(ctx, o.Archive.ID) {
		if err != nil {
			return err
		}
		if cut, ok := cuts[f.hash(&m)]; ok {
			m.Archive = o.Archive.ID // the same string for all
			wants = append(wants, Want{File: m, Name: m.Path[cut:]})
		}
	}
	if n := len(f.marks) - len(wants); n > 0 {
		return &archiveError{fmt.Errorf("%d of its %d files are not in the catalogue any more; the same command again retrieves those that are", n, len(f.marks))}
	}
	o.Wants, o.fold = wants, nil
	return nil
}
