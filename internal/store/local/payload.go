package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/journal"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/treehash"
)

// numberBlock is how many payload ids are reserved at a time.
const numberBlock = 1024

// numbers hands out payload ids. An id is used once, ever: it is handed out
// only after the record that reserves its block is durable, and a start
// abandons what was left of the block before.
type numbers struct {
	mu          sync.Mutex
	next, limit uint64
}

// nextPayload returns a payload id that nobody has had.
func (s *Store) nextPayload(ctx context.Context) (uint64, error) {
	s.numbers.mu.Lock()
	defer s.numbers.mu.Unlock()
	if s.numbers.next == s.numbers.limit {
		if err := s.reserveNumbers(ctx); err != nil {
			return 0, fmt.Errorf("reserve payload ids: %w", err)
		}
	}
	s.numbers.next++
	return s.numbers.next - 1, nil
}

func (s *Store) reserveNumbers(ctx context.Context) error {
	var first uint64
	err := s.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		first, err = tx.Counter(record.PayloadCounter)
		if err != nil {
			return r, err
		}
		first = max(first, 1)
		r.Put(&record.Counter{Counter: record.PayloadCounter, Next: first + numberBlock})
		return r, nil
	})
	if err == nil {
		s.numbers.next, s.numbers.limit = first, first+numberBlock
	}
	return err
}

// NewPayload implements [store.Store].
func (s *Store) NewPayload(ctx context.Context, h payload.Header) (payload.Writer, error) {
	if err := s.Ready(); err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrClosed, err)
	}
	if err := s.space.admit(h.Size); err != nil {
		return nil, err
	}
	w, err := s.files.New(ctx, h)
	if err != nil {
		return nil, full(err)
	}
	return writer{w}, nil
}

// A writer names a full disk as the store's contract does.
type writer struct{ payload.Writer }

func (w writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	return n, full(err)
}

func (w writer) Finish() (payload.Sum, error) {
	sum, err := w.Writer.Finish()
	return sum, full(err)
}

// full turns a full disk into ErrFull.
func full(err error) error {
	if err != nil && disk.IsFull(err) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}

// OpenPayload implements [store.Store].
func (s *Store) OpenPayload(ctx context.Context, ref payload.Ref) (payload.Reader, error) {
	if ref.LSN != 0 {
		in, err := s.journal.OpenInline(ref.LSN)
		switch {
		case errors.Is(err, journal.ErrNotFound):
			return nil, store.ErrGone
		case err != nil:
			return nil, fmt.Errorf("open payload %d: %w", ref.ID, err)
		}
		return &inlineReader{ref: ref, in: in}, nil
	}
	r, err := s.files.Open(ref)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, store.ErrGone
	}
	return r, err
}

// An inlineReader reads a payload of one leaf out of its record's frame. Its
// leaf's hash is its tree hash, which the record that stores it names; there
// is no table to read it from, so it is computed.
type inlineReader struct {
	ref payload.Ref
	in  *journal.Inline
}

// Size implements [payload.Reader].
func (r *inlineReader) Size() int64 { return r.in.Size() }

// Leaf implements [payload.Reader].
func (r *inlineReader) Leaf(i int64, buf []byte) ([]byte, error) {
	if i != 0 {
		return nil, fmt.Errorf("payload %d has no leaf %d", r.ref.ID, i)
	}
	leaf, err := r.in.Read(buf)
	if err != nil {
		return nil, &payload.DamageError{Payload: r.ref.ID, Leaf: 0, What: err.Error()}
	}
	if int64(len(leaf)) != r.ref.Size {
		return nil, &payload.DamageError{Payload: r.ref.ID, Leaf: 0, What: "the record holds another number of bytes"}
	}
	return leaf, nil
}

// Hashes implements [payload.Reader].
func (r *inlineReader) Hashes(i, n int64) ([]treehash.Hash, error) {
	if i != 0 || n != 1 {
		return nil, fmt.Errorf("payload %d has no leaves %d to %d", r.ref.ID, i, i+n-1)
	}
	leaf, err := r.Leaf(0, make([]byte, payload.LeafSize))
	if err != nil {
		return nil, err
	}
	return []treehash.Hash{treehash.Sum(leaf)}, nil
}

// Close implements [payload.Reader].
func (r *inlineReader) Close() error { return r.in.Close() }
