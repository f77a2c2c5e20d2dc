package payload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"firn/internal/disk"
	"firn/treehash"
)

// Config says where payloads are kept and what their writers may use.
type Config struct {
	// FS is the store's root, which has or will have the folder payload.
	FS disk.FS
	// Pool is the store's UUID. A file with another one is refused.
	Pool [16]byte
	// NextID returns a number that was never a payload's id before and, even after a crash, will never be one again. nil: Files
	// is for reading only.
	NextID func(ctx context.Context) (uint64, error)
	// Buffers are what writers hold bytes in; nil means a pool of 64.
	Buffers *Pool
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger
}

// Files makes and opens payloads. Its methods may be called concurrently.
type Files struct {
	cfg Config

	mu    sync.Mutex
	known [256]bool // folders that are durably there, by the low byte of their ids
}

// NewFiles returns the payloads below a root.
func NewFiles(cfg Config) *Files {
	if cfg.Buffers == nil {
		cfg.Buffers = NewPool(64)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Files{cfg: cfg}
}

// New begins a payload. If it is to have more than one leaf, its file is made and its space reserved while the first bytes
// arrive; if that fails, one of the next Writes, or Finish, says so. An error that says that the disk is full satisfies
// [disk.IsFull]. ctx is for the whole of the writing: when it ends, Write no longer waits for a buffer.
func (f *Files) New(ctx context.Context, h Header) (Writer, error) {
	switch {
	case f.cfg.NextID == nil:
		return nil, errors.New("begin payload: opened for reading only")
	case len(h.Description) > maxDescription:
		return nil, fmt.Errorf("begin payload: description of %d bytes is too long", len(h.Description))
	case h.Size < -1:
		return nil, fmt.Errorf("begin payload: size of %d bytes", h.Size)
	}
	id, err := f.cfg.NextID(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin payload: %w", err)
	}
	w := &writer{
		ctx:    ctx,
		files:  f,
		label:  label{Header: h, id: id, pool: f.cfg.Pool},
		hasher: treehash.NewHasher(),
	}
	if h.Size > LeafSize {
		w.out = f.newOutput(&w.label)
	}
	return w, nil
}

// makeFolder makes a payload's folder, unless this process knows that it is there.
func (f *Files) makeFolder(id uint64) error {
	f.mu.Lock()
	known := f.known[byte(id)]
	f.mu.Unlock()
	if known {
		return nil
	}
	if err := disk.MkdirAll(f.cfg.FS, folder(id)); err != nil {
		return err
	}
	f.mu.Lock()
	f.known[byte(id)] = true
	f.mu.Unlock()
	return nil
}
