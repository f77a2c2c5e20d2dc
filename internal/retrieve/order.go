package retrieve

import (
	"context"
	"fmt"
	"iter"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/seal"
	"firn/treehash"
)

// A Want is a version of a name that is to be a file.
type Want struct {
	File names.File
	Name string // of the file, relative to the folder, with slashes
}

// An Order is an archive, and what is wanted of it.
type Order struct {
	Archive names.Archive
	Wants   []Want // by offset; one that is the whole archive, or files in a bundle

	// index is where the index of a bundle begins that is wanted instead; 0 if it
	// is not.
	index int64
	fold  *fold // has the place of Wants meanwhile, if it is not nil
}

// Index is an order for the names of the files in a bundle, whose index is at an
// offset. Retrieve adds them to the catalogue.
func Index(bundle names.Archive, at int64) Order { return Order{Archive: bundle, index: at} }

// Bytes is how much the wanted files have.
func (o *Order) Bytes() (n int64) {
	for _, w := range o.Wants {
		n += known(w.File.Size, o.Archive.Size)
	}
	return n
}

// A span is a range of an archive: size bytes from first.
type span struct{ first, size int64 }

// last is the range's last byte.
func (s span) last() int64 { return s.first + s.size - 1 }

// span is the range of the archive that has to be retrieved: for files in a
// bundle the MiB that they are in.
func (o *Order) span() span {
	whole := span{0, o.Archive.Size}
	switch {
	case o.fold != nil:
		return o.fold.span
	case o.index > 0 && (!o.Archive.Sealed || o.apart()):
		first := min(o.indexed(), o.Archive.Size-1) / treehash.LeafSize * treehash.LeafSize
		return span{first, o.Archive.Size - first}
	case !o.Archive.Bundle, o.index > 0:
		return whole
	}
	first, end := o.Archive.Size, int64(0)
	for _, w := range o.Wants {
		from, to := w.File.Offset, w.File.Offset+w.File.Size
		if o.Archive.Sealed {
			for _, s := range seal.Needed(o.Archive.Size, from, w.File.Size) {
				first, end = min(first, s.Offset), max(end, s.Offset+s.Size)
			}
			continue
		}
		first, end = min(first, from), max(end, to)
	}
	first -= first % treehash.LeafSize
	end = min((end+treehash.LeafSize-1)/treehash.LeafSize*treehash.LeafSize, o.Archive.Size)
	if end <= first { // of empty files only
		return span{0, min(treehash.LeafSize, o.Archive.Size)}
	}
	return span{first, end - first}
}

// indexed is the byte of the archive before which the wanted index does not begin.
func (o *Order) indexed() int64 {
	at := min(o.index, o.Archive.Size-1)
	if o.Archive.Sealed {
		return seal.Start(at)
	}
	return at
}

// worthJob is how many bytes have to be saved by one more job.
const worthJob = 16 * glacier.MiB

// apart reports whether the index of a sealed bundle is retrieved without the files
// before it. The beginning of the archive is needed besides, and so is a job for it.
func (o *Order) apart() bool { return o.index > 0 && o.Archive.Sealed && o.indexed() > worthJob }

// spans cuts a range into such of at most limit bytes, each a power of two MiB
// but for the last, so that each has a tree hash. A limit of 0 does not cut.
func (s span) spans(limit int64) []span {
	if limit <= 0 || s.size <= limit {
		return []span{s}
	}
	size := int64(treehash.LeafSize)
	for size*2 <= limit {
		size *= 2
	}
	var cut []span
	for at := int64(0); at < s.size; at += size {
		cut = append(cut, span{s.first + at, min(size, s.size-at)})
	}
	return cut
}

// Orders groups wants by their archive. A bundle comes where the first of its
// files does, with all its files that are wanted: wanted tells which. What is
// wanted may be as much as it likes; of bundles, the ids are kept in memory.
func Orders(ctx context.Context, c *names.Catalogue, wants iter.Seq2[Want, error], wanted func(names.File) (Want, bool, error)) iter.Seq2[Order, error] {
	return func(yield func(Order, error) bool) {
		seen := map[glacier.ArchiveID]bool{}
		for w, err := range wants {
			if err != nil {
				yield(Order{}, err)
				return
			}
			if seen[w.File.Archive] {
				continue
			}
			o, err := order(ctx, c, w, wanted)
			if err != nil {
				yield(Order{}, err)
				return
			}
			if o.Archive.Bundle {
				seen[o.Archive.ID] = true
			}
			if len(o.Wants) > 0 && !yield(o, nil) {
				return
			}
		}
	}
}

func order(ctx context.Context, c *names.Catalogue, w Want, wanted func(names.File) (Want, bool, error)) (Order, error) {
	a, ok, err := c.Archive(ctx, w.File.Archive)
	if err != nil {
		return Order{}, err
	}
	if !ok {
		return Order{}, fmt.Errorf("archive %s of %s is not in the catalogue any more", w.File.Archive, w.File.Path)
	}
	o := Order{Archive: a, Wants: []Want{w}}
	if !a.Bundle {
		return o, nil
	}
	o.Wants = nil
	for m, err := range c.Members(ctx, a.ID) {
		if err != nil {
			return Order{}, err
		}
		m.Archive = a.ID // the same string for all: there may be many
		w, ok, err := wanted(m)
		if err != nil {
			return Order{}, err
		}
		if ok {
			o.Wants = append(o.Wants, w)
		}
	}
	return o, nil
}
