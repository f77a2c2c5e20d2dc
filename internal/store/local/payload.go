package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
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
	start uint64 // below it all ids are of earlier processes; constant once the store is open

	mu          sync.Mutex
	next, limit uint64
}

// firstNumber returns a number that is above all payload ids of earlier
// processes: the end of the last block that was reserved. As the record of a
// reservation may be lost, and perhaps nobody has noticed, the payloads there
// are and were have a say too, and the files.
func (s *Store) firstNumber(ctx context.Context) (first uint64, err error) {
	err = s.View(ctx, func(tx *catalog.Tx) (err error) {
		if first, err = tx.Counter(record.PayloadCounter); err != nil {
			return err
		}
		last, err := tx.LastPayload()
		first = max(first, last+1)
		return err
	})
	if err != nil {
		return 0, err
	}
	for f, err := range payload.List(s.fs) {
		if err != nil {
			return 0, fmt.Errorf("list payload files: %w", err)
		}
		if f.ID < math.MaxInt64/2 { // else it was never handed out
			first = max(first, f.ID+1)
		}
	}
	entries, err := s.quarantined()
	for _, e := range entries {
		var id uint64
		if _, err := fmt.Sscanf(e.Name, "%x.pay", &id); err == nil && id < math.MaxInt64/2 {
			first = max(first, id+1)
		}
	}
	return first, err
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
		first = max(first, s.numbers.start)
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
	promise, err := s.space.admit(h.Size)
	if err != nil {
		return nil, err
	}
	w, err := s.files.New(ctx, h)
	if err != nil {
		promise.keep()
		return nil, full(err)
	}
	return &writer{Writer: w, promise: promise}, nil
}

// A writer names a full disk as the store's contract does, and sees to the
// promise of space that it was admitted with.
type writer struct {
	payload.Writer
	promise  *promise
	received int64
}

// Write implements [payload.Writer].
func (w *writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.received += int64(n)
	if w.received > 2*payload.LeafSize {
		// A payload's writer holds two leaves at most, so the first one is in
		// its file, and before it the whole declared size was allocated.
		w.promise.keep()
	}
	return n, full(err)
}

// Finish implements [payload.Writer].
func (w *writer) Finish() (payload.Sum, error) {
	sum, err := w.Writer.Finish()
	return sum, full(err)
}

// Close implements [payload.Writer].
func (w *writer) Close() error {
	w.promise.keep()
	return w.Writer.Close()
}

// full turns a full disk into ErrFull.
func full(err error) error {
	if err != nil && disk.IsFull(err) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}

// OpenPayload implements [store.Store]. Bytes that are missing although a
// payload's last use has not ended are damage, and not gone.
func (s *Store) OpenPayload(ctx context.Context, ref payload.Ref) (payload.Reader, error) {
	select {
	case <-s.closing:
		return nil, store.ErrClosed
	default:
	}
	r, err := s.openPayload(ref)
	if !errors.Is(err, store.ErrGone) {
		return r, err
	}
	known, ferr := s.known(ctx, ref.ID)
	switch {
	case ferr != nil:
		return nil, ferr
	case known:
		return nil, &payload.DamageError{Payload: ref.ID, Leaf: -1, What: "its bytes are missing"}
	}
	return nil, err
}

func (s *Store) openPayload(ref payload.Ref) (payload.Reader, error) {
	if ref.LSN != 0 {
		in, err := s.journal.OpenInline(ref.LSN)
		switch {
		case errors.Is(err, journal.ErrNotFound):
			return nil, store.ErrGone
		case err != nil:
			return nil, fmt.Errorf("open payload %d: %w", ref.ID, inlineError(ref, err))
		}
		return &inlineReader{ref: ref, in: in}, nil
	}
	r, err := s.files.Open(ref)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, store.ErrGone
	}
	return r, err
}

// inlineError names damage to a record as damage to its payload. A read that
// failed is none.
func inlineError(ref payload.Ref, err error) error {
	if errors.Is(err, journal.ErrDamaged) {
		return &payload.DamageError{Payload: ref.ID, Leaf: 0, What: err.Error()}
	}
	return err
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
		return nil, inlineError(r.ref, err)
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
	leaf, err := r.Leaf(0, make([]byte, r.in.Size()))
	if err != nil {
		return nil, err
	}
	return []treehash.Hash{treehash.Sum(leaf)}, nil
}

// Close implements [payload.Reader].
func (r *inlineReader) Close() error { return r.in.Close() }
