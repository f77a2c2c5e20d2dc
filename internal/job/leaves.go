package job

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// leaves are those of one piece. None leaves here that is not what was
// acknowledged: it agrees with its hash, and the hashes of all leaves do with
// the piece's. They are for one goroutine.
type leaves struct {
	r      payload.Reader
	piece  record.Piece
	hashes []treehash.Hash // 128 KiB of a piece of 4 GiB, and none is larger
}

// openLeaves reads the hashes of a piece.
func openLeaves(r payload.Reader, p record.Piece) (*leaves, error) {
	hashes, err := storedHashes(r, p)
	if err != nil {
		return nil, err
	}
	if root := treehash.Root(hashes); root != p.TreeHash {
		return nil, fmt.Errorf("%w: the tree hash over the leaves of payload %d is %v, not %v", errDamaged, p.Payload, root, p.TreeHash)
	}
	return &leaves{r: r, piece: p, hashes: hashes}, nil
}

// storedHashes returns the hashes of the leaves of a piece. Of a piece that is
// one leaf it is known without asking.
func storedHashes(r payload.Reader, p record.Piece) ([]treehash.Hash, error) {
	if p.Size <= payload.LeafSize {
		return []treehash.Hash{p.TreeHash}, nil
	}
	return r.Hashes(0, payload.Leaves(p.Size))
}

// read reads a leaf into buf, and returns the part that it filled.
func (l *leaves) read(n int64, buf []byte) ([]byte, error) {
	leaf, err := l.r.Leaf(n, buf)
	if err != nil {
		return nil, err
	}
	if treehash.Hash(sha256.Sum256(leaf)) != l.hashes[n] {
		return nil, fmt.Errorf("%w: leaf %d of payload %d does not agree with its hash", errDamaged, n, l.piece.Payload)
	}
	return leaf, nil
}

// An archiveReader reads an archive from its beginning, and gives no byte out
// that is not what was acknowledged. It is for one goroutine, and is to be
// closed.
type archiveReader struct {
	s      *Service
	ctx    context.Context
	pieces pieces
	left   []record.Piece // not begun
	leaves *leaves        // of the piece that is being read; nil before the first
	next   int64          // leaf of it
	buf    *[]byte        // the service's
	rest   []byte         // of the leaf that was read last
}

// newArchiveReader reads the bytes of pieces until ctx ends.
func (s *Service) newArchiveReader(ctx context.Context, list []record.Piece) *archiveReader {
	return &archiveReader{s: s, ctx: ctx, pieces: pieces{store: s.cfg.Store, list: list}, left: list, buf: s.buffer()}
}

// Read implements [io.Reader]. Damage is a *[payload.DamageError] or errDamaged.
func (r *archiveReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// fill reads the next leaf.
func (r *archiveReader) fill() (err error) {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.leaves == nil || r.next == int64(len(r.leaves.hashes)) {
		if err := r.turn(); err != nil {
			return err
		}
	}
	if r.rest, err = r.leaves.read(r.next, *r.buf); err != nil {
		return err
	}
	r.next++
	return nil
}

// turn goes on to the next piece.
func (r *archiveReader) turn() error {
	if len(r.left) == 0 {
		return io.EOF
	}
	p := r.left[0]
	reader, err := r.pieces.openSound(r.ctx, p)
	if err != nil {
		return err
	}
	l, err := openLeaves(reader, p)
	if err != nil {
		return err
	}
	r.leaves, r.next, r.left = l, 0, r.left[1:]
	return nil
}

// Close gives back what the reader has.
func (r *archiveReader) Close() error {
	r.s.buffers.Put(r.buf)
	r.rest, r.buf = nil, nil
	return r.pieces.Close()
}
