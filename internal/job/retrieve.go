package job

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// errDamaged is the error of an archive that is not what was acknowledged.
var errDamaged = errors.New("the archive is damaged")

// hashPage is how many stored hashes are read at a time: 32 KiB of them.
const hashPage = 1024

// retrieve does an archive job: it reads what is to be retrieved and compares
// every leaf with its hash, and the hashes with the archive's. A deleted
// archive is as good as any other while the job pins it.
func (s *Service) retrieve(ctx context.Context, j *record.Job) error {
	var a record.Archive
	var ok bool
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
		a, ok, err = tx.Archive(j.Vault, j.Archive)
		return err
	})
	if err != nil {
		return fmt.Errorf("look up archive: %w", err)
	}
	if !ok {
		return fmt.Errorf("%w: a job pins it and it is not there", errDamaged)
	}
	if err := s.verify(ctx, j, &a); err != nil {
		return err
	}
	_, err = s.finish(ctx, j, func(_ *catalog.Tx, _ *record.Record, _ *record.Vault, j *record.Job) error {
		succeed(j)
		return nil
	})
	return err
}

func (s *Service) verify(ctx context.Context, j *record.Job, a *record.Archive) error {
	var tree treehash.Builder
	for _, p := range a.Pieces {
		tree.Add(p.TreeHash)
	}
	if tree.Root() != j.ArchiveTreeHash {
		return fmt.Errorf("%w: the tree hash over its pieces is %v, not %v", errDamaged, tree.Root(), j.ArchiveTreeHash)
	}
	ps := &pieces{store: s.cfg.Store, list: a.Pieces}
	defer ps.Close()
	for sp := range spans(a.Pieces, j.First, j.Last) {
		r, err := ps.open(ctx, sp.piece)
		if err != nil {
			return fmt.Errorf("open payload %d: %w", sp.piece.Payload, err)
		}
		if r.Size() != sp.piece.Size {
			return fmt.Errorf("%w: payload %d has %d bytes, not %d", errDamaged, sp.piece.Payload, r.Size(), sp.piece.Size)
		}
		if sp.n == sp.piece.Size && sp.n > payload.LeafSize {
			err = payload.Check(ctx, r, sp.piece.TreeHash)
		} else {
			err = s.verifySpan(ctx, r, sp)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// verifySpan compares the leaves of a part of a piece with their hashes, and
// the hashes of all its leaves with the piece's.
func (s *Service) verifySpan(ctx context.Context, r payload.Reader, sp span) error {
	first, last := sp.off/payload.LeafSize, (sp.off+sp.n-1)/payload.LeafSize
	buf := s.buffer()
	defer s.buffers.Put(buf)
	var tree treehash.Builder
	leaves := payload.Leaves(sp.piece.Size)
	for from := int64(0); from < leaves; from += hashPage {
		hashes, err := storedHashes(r, sp.piece, from, min(hashPage, leaves-from))
		if err != nil {
			return err
		}
		for i, want := range hashes {
			tree.Add(want)
			n := from + int64(i)
			if n < first || n > last {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			leaf, err := r.Leaf(n, *buf)
			if err != nil {
				return err
			}
			if treehash.Hash(sha256.Sum256(leaf)) != want {
				return fmt.Errorf("%w: leaf %d of payload %d does not agree with its hash", errDamaged, n, sp.piece.Payload)
			}
		}
	}
	if tree.Root() != sp.piece.TreeHash {
		return fmt.Errorf("%w: the tree hash over the leaves of payload %d is %v, not %v", errDamaged, sp.piece.Payload, tree.Root(), sp.piece.TreeHash)
	}
	return nil
}

// storedHashes returns hashes of leaves of a piece. Of a piece that is one
// leaf it is known without asking.
func storedHashes(r payload.Reader, p record.Piece, from, n int64) ([]treehash.Hash, error) {
	if p.Size <= payload.LeafSize {
		return []treehash.Hash{p.TreeHash}, nil
	}
	return r.Hashes(from, n)
}
