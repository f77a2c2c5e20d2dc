package job

import (
	"context"
	"errors"
	"fmt"

	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// errDamaged is the error of an archive that is not what was acknowledged.
var errDamaged = errors.New("the archive is damaged")

// retrieve does an archive job: it reads what is to be retrieved and compares
// every leaf with its hash, and the hashes with the archive's. A deleted
// archive is as good as any other while the job pins it.
func (s *Service) retrieve(ctx context.Context, j *record.Job) error {
	a, err := s.archive(ctx, j)
	if err != nil {
		return err
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

// archive looks up the archive that a job pins. Its pieces are those of which
// the job knows the tree hash.
func (s *Service) archive(ctx context.Context, j *record.Job) (a record.Archive, err error) {
	var ok bool
	err = s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
		a, ok, err = tx.Archive(j.Vault, j.Archive)
		return err
	})
	if err != nil {
		return a, fmt.Errorf("look up archive: %w", err)
	}
	if !ok {
		return a, fmt.Errorf("%w: a job pins it and it is not there", errDamaged)
	}
	var tree treehash.Builder
	for _, p := range a.Pieces {
		tree.Add(p.TreeHash)
	}
	if tree.Root() != j.ArchiveTreeHash {
		return a, fmt.Errorf("%w: the tree hash over its pieces is %v, not %v", errDamaged, tree.Root(), j.ArchiveTreeHash)
	}
	return a, nil
}

func (s *Service) verify(ctx context.Context, j *record.Job, a *record.Archive) error {
	ps := &pieces{store: s.cfg.Store, list: a.Pieces}
	defer ps.Close()
	for sp := range spans(a.Pieces, j.First, j.Last) {
		r, err := ps.openSound(ctx, sp.piece)
		if err != nil {
			return err
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
	l, err := openLeaves(r, sp.piece)
	if err != nil {
		return err
	}
	buf := s.buffer()
	defer s.buffers.Put(buf)
	first, last := sp.off/payload.LeafSize, (sp.off+sp.n-1)/payload.LeafSize
	for n := first; n <= last; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := l.read(n, *buf); err != nil {
			return err
		}
	}
	return nil
}
