package job

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/vault"
	"firn/treehash"
)

// A span is a stretch of one piece: n bytes from off on.
type span struct {
	piece  record.Piece
	off, n int64
}

// spans yields the stretches that the bytes first to last, both included, of
// the pieces one after another consist of, from left to right.
func spans(pieces []record.Piece, first, last int64) iter.Seq[span] {
	return func(yield func(span) bool) {
		var begin int64 // of the piece, in the whole
		for _, p := range pieces {
			from, to := max(first, begin), min(last+1, begin+p.Size)
			if from < to && !yield(span{piece: p, off: from - begin, n: to - from}) {
				return
			}
			begin += p.Size
		}
	}
}

// pieces opens the pieces of one archive or output, one at a time. It is for
// one goroutine.
type pieces struct {
	store  store.Store
	list   []record.Piece
	opened uint64 // payload that reader reads
	reader payload.Reader
}

// open returns the reader of a piece. It is good until the next call.
func (ps *pieces) open(ctx context.Context, p record.Piece) (payload.Reader, error) {
	if ps.reader != nil && ps.opened == p.Payload {
		return ps.reader, nil
	}
	if err := ps.Close(); err != nil {
		return nil, err
	}
	r, err := ps.store.OpenPayload(ctx, payload.Ref{ID: p.Payload, LSN: p.LSN, Size: p.Size})
	if err != nil {
		return nil, err
	}
	ps.opened, ps.reader = p.Payload, r
	return r, nil
}

// openSound is open of a piece that is to have the bytes that were acknowledged.
func (ps *pieces) openSound(ctx context.Context, p record.Piece) (payload.Reader, error) {
	r, err := ps.open(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("open payload %d: %w", p.Payload, err)
	}
	if r.Size() != p.Size {
		return nil, fmt.Errorf("%w: payload %d has %d bytes, not %d", errDamaged, p.Payload, r.Size(), p.Size)
	}
	return r, nil
}

// Close closes what is open.
func (ps *pieces) Close() error {
	r := ps.reader
	ps.reader = nil
	if r == nil {
		return nil
	}
	return r.Close()
}

// treeHash is the tree hash of a tree-hash aligned range, from stored hashes.
// All pieces but the last are the same power of two of leaves. So an aligned
// range that does not lie inside one piece consists of whole ones, and whole
// pieces are nodes of its tree.
func (ps *pieces) treeHash(ctx context.Context, first, last int64) (treehash.Hash, error) {
	var tree treehash.Builder
	for sp := range spans(ps.list, first, last) {
		if sp.n == sp.piece.Size {
			tree.Add(sp.piece.TreeHash)
			continue
		}
		r, err := ps.open(ctx, sp.piece)
		if err != nil {
			return treehash.Hash{}, err
		}
		leaves, err := r.Hashes(sp.off/payload.LeafSize, payload.Leaves(sp.n))
		if err != nil {
			return treehash.Hash{}, err
		}
		tree.Add(treehash.Root(leaves))
	}
	return tree.Root(), nil
}

// parseSpan reads a RetrievalByteRange, "first-last", of an archive of size
// bytes. "" is the whole archive.
func parseSpan(s string, size int64) (first, last int64, err error) {
	if s == "" {
		return 0, size - 1, nil
	}
	a, b, dash := strings.Cut(s, "-")
	first, okA := parseOffset(a)
	last, okB := parseOffset(b)
	switch {
	case !dash || !okA || !okB:
		err = invalid("Invalid retrieval byte range: %s. It must be two byte offsets, as in 0-1048575.", s)
	case first > last:
		err = invalid("Invalid retrieval byte range: %s. It ends before it begins.", s)
	case last >= size:
		err = invalid("Invalid retrieval byte range: %s. The archive has %d bytes.", s, size)
	case !treehash.MegabyteAligned(first, last, size):
		err = invalid("Invalid retrieval byte range: %s. It must begin at a multiple of 1 MiB, and end before one or at the archive's end.", s)
	}
	return first, last, err
}

// parseOffset reads an unsigned decimal number, and the largest int64 for any
// larger one.
func parseOffset(s string) (int64, bool) {
	if !vault.Digits(s) {
		return 0, false
	}
	n, _ := strconv.ParseInt(s, 10, 64) // of digits alone, an error is a number too large, and n is then the largest
	return n, true
}

// plan fills in what the job retrieves of the archive. It reads stored hashes
// and no data. If those are damaged the job is begun without a range hash,
// and fails when it comes to verify them.
func (s *Service) plan(ctx context.Context, q *request, a *record.Archive) error {
	j := &q.job
	first, last, err := parseSpan(q.span, a.Size)
	if err != nil {
		return err
	}
	j.Archive, j.ArchiveSize, j.ArchiveTreeHash, j.ArchiveNote = a.ID, a.Size, a.TreeHash, a.Description
	j.First, j.Last = first, last
	switch {
	case first == 0 && last == a.Size-1:
		j.RangeTreeHash = a.TreeHash
		return nil
	case !treehash.Aligned(first, last, a.Size):
		return nil
	}
	ps := &pieces{store: s.cfg.Store, list: a.Pieces}
	defer ps.Close()
	hash, err := ps.treeHash(ctx, first, last)
	var damage *payload.DamageError
	switch {
	case errors.Is(err, store.ErrGone):
		return glacier.ArchiveNotFound(a.Public) // deleted since it was looked up
	case errors.As(err, &damage):
		return nil
	}
	j.RangeTreeHash = hash
	return err
}
