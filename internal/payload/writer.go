package payload

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"firn/internal/record"
	"firn/treehash"
)

var (
	// ErrShort is returned by Finish when fewer bytes came than the header declared.
	ErrShort = errors.New("fewer bytes than declared")
	// ErrLong is returned by Write when more bytes come than the header declared.
	ErrLong = errors.New("more bytes than declared")
)

// A writer is the [Writer] of both kinds of payload, and the [record.Stored] of the records it is attached to.
//
// Bytes are collected until they fill a leaf. The first leaf waits in memory until it is known whether there is a second. If there is,
// the leaf goes to an output, which writes it while the writer hashes it and collects the next in another buffer.
//
// The fields above mu belong to the writer's goroutine until Finish. After it, most never change; those that do, buf, fill and
// buffers, and the fields below mu are shared with the goroutine of the store that settles, and guarded by mu.
type writer struct {
	ctx      context.Context // of the writing, as [Files.New] says
	files    *Files
	label    label
	hasher   *treehash.Hasher
	buf      []byte  // collects the next leaf; nil before the first byte and after a file's last
	fill     int     // bytes in buf
	buffers  int     // how many the writer and its output have from the pool
	out      *output // nil for a payload of one leaf
	waited   bool    // out.wait was called
	finished bool
	sum      Sum
	err      error // the first one

	mu     sync.Mutex
	asked  bool // Inline was called: see "Whose a payload is"
	fate   fate
	closed bool
}

// fate is what a store has said about a payload.
type fate int

const (
	unknown fate = iota
	kept
	dropped
)

// Write implements [Writer].
func (w *writer) Write(p []byte) (int, error) {
	if w.err == nil && w.finished {
		w.err = errors.New("write after the end")
	}
	if declared := w.label.Size; w.err == nil && declared >= 0 && int64(len(p)) > declared-w.received() {
		w.err = ErrLong
	}
	n := 0
	for n < len(p) && w.err == nil {
		if w.err = w.room(); w.err != nil {
			break
		}
		k := copy(w.buf[w.fill:], p[n:])
		w.fill += k
		n += k
		if w.fill == LeafSize && w.out != nil {
			w.flush() // at once, so that the disk and the hashes work while the next bytes travel
		}
	}
	return n, w.wrap(w.err)
}

// received is the number of bytes written so far.
func (w *writer) received() int64 { return w.hasher.Size() + int64(w.fill) }

// wrap says which payload an error is about.
func (w *writer) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write payload %016x: %w", w.label.id, err)
}

// room makes sure that buf has room for a byte.
func (w *writer) room() (err error) {
	if w.buf != nil && w.fill == LeafSize {
		w.out = w.files.newOutput(&w.label) // The second leaf begins.
		w.flush()
	}
	if w.out != nil {
		if err := w.out.failure(); err != nil {
			return err
		}
	}
	if w.buf != nil {
		return nil
	}
	if w.buffers > 0 {
		w.buf, err = w.another()
		return err
	}
	if w.buf, err = w.files.cfg.Buffers.Get(w.ctx); err == nil {
		w.buffers = 1
	}
	return err
}

// another returns a buffer for the next leaf while the output may have one: one that is written, else a second one from the pool,
// else it waits for the disk. It never waits for the pool, as the pool demands.
func (w *writer) another() ([]byte, error) {
	select {
	case b := <-w.out.free:
		return b[:LeafSize], nil
	default:
	}
	if w.buffers < cap(w.out.free) {
		if b := w.files.cfg.Buffers.TryGet(); b != nil {
			w.buffers++
			return b, nil
		}
	}
	b := <-w.out.free
	return b[:LeafSize], w.out.failure()
}

// flush hands the leaf in buf to the output and hashes it. Both only read it.
func (w *writer) flush() {
	leaf := w.buf[:w.fill]
	w.out.leaves <- leaf
	w.hasher.Write(leaf)
	w.buf, w.fill = nil, 0
}

// Finish implements [Writer].
func (w *writer) Finish() (Sum, error) {
	if w.err == nil && w.finished {
		w.err = errors.New("finished twice")
	}
	if w.err == nil && w.label.Size > w.received() {
		w.err = ErrShort
	}
	if w.err == nil {
		w.err = w.finish()
	}
	w.finished = true
	if w.err != nil {
		return Sum{}, w.wrap(w.err)
	}
	return w.sum, nil
}

func (w *writer) finish() error {
	switch {
	case w.out == nil:
		w.hasher.Write(w.buf[:w.fill])
	default:
		if w.fill > 0 {
			w.flush()
		}
		w.waited = true
		if err := w.out.wait(); err != nil {
			return err
		}
		w.release()
	}
	w.sum.Size = w.hasher.Size()
	w.sum.Tree, w.sum.Linear = w.hasher.Sum()
	if w.out == nil {
		return nil
	}
	return w.out.finish(w.hasher.Leaves(), w.sum)
}

// Attach implements [Writer]. It panics before a Finish without error, after Settle or Close, and if the record already stores
// a payload.
func (w *writer) Attach(r *record.Record, lsn record.LSN) record.Payload {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.finished || w.err != nil:
		panic("payload: Attach of a payload that is not finished")
	case w.closed || w.fate != unknown:
		panic("payload: Attach of a payload whose fate is known")
	case r.Stores != nil:
		panic("payload: a record stores one payload")
	}
	p := record.Payload{ID: w.label.id, Size: w.sum.Size, TreeHash: w.sum.Tree, Vault: w.label.Vault}
	if w.out == nil {
		p.LSN = lsn
	}
	r.Put(&p)
	r.Stores = w
	return p
}

// Inline implements [record.Stored]. The slice is empty, but not nil, for a payload of no bytes. It is valid until Settle or
// Close. Whoever calls Inline answers for the record from then on: by Settle, or not at all if its outcome is not known.
func (w *writer) Inline() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = true
	switch {
	case w.out != nil:
		return nil
	case w.buf == nil:
		return []byte{}
	}
	return w.buf[:w.fill:w.fill]
}

// Settle implements [record.Stored].
func (w *writer) Settle(durable bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fate = dropped
	if durable {
		w.fate = kept
	}
	if w.closed {
		w.end()
		return
	}
	w.release() // Close does the unlinking: it may take long, and many wait for the store's goroutine.
}

// Close implements [Writer]. It is never called while a store may still use the inline bytes: a store has answered by then.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if w.out != nil && !w.waited {
		w.waited = true
		_ = w.out.wait() // Its error has no meaning any more.
	}
	w.end()
	return nil
}

// end releases what the writer has and, unless a record has or may have it, the file. mu is held, and out has ended.
func (w *writer) end() {
	w.release()
	if w.out != nil && (w.fate == dropped || w.fate == unknown && !w.asked) {
		w.out.discard()
	}
}

// release gives the buffers back. Those of an output have all been written, and lie in free.
func (w *writer) release() {
	pool := w.files.cfg.Buffers
	if w.buf != nil {
		pool.Put(w.buf)
		w.buf, w.buffers = nil, w.buffers-1
	}
	for ; w.buffers > 0; w.buffers-- {
		pool.Put(<-w.out.free)
	}
	w.fill = 0
}
