package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/names"
	"firn/treehash"
)

// streamPart is the size of a stream's parts: 640 GB are then the most.
const streamPart = 64 * glacier.MiB

// An Input is an archive to be stored, of a stream that ends somewhere. It can be gone on with by no other process: a later
// one begins anew, and gives up what this one has left.
type Input struct {
	Key         string // as in an [Item]
	Description string
	Content     io.Reader
	Events
}

// An InputError is the failure of a stream. Nothing is kept of it.
type InputError struct {
	Read int64 // bytes, before the failure
	Err  error
}

func (e *InputError) Error() string {
	return fmt.Sprintf("the input failed after %d bytes, and nothing of it was kept: %v", e.Read, e.Err)
}

// Unwrap returns the reader's error.
func (e *InputError) Unwrap() error { return e.Err }

// Stream stores a stream as an archive. Until the stream ends nobody knows how long it is: [Uploader.PartSize] times 10,000 is
// the most. As many parts as there are buffers are kept at a time, in memory, or in files if they are larger than 128 MiB.
// If it fails, the upload is given up. A reader that blocks may be read after Stream has returned.
func (u *Uploader) Stream(ctx context.Context, in Input) (names.Archive, error) {
	if _, err := PartSize(1, u.PartSize); err != nil {
		return names.Archive{}, err
	}
	if err := u.GiveUp(ctx, in.Key); err != nil {
		return names.Archive{}, err
	}
	s := &stream{
		u: u, it: Item{Key: in.Key, Description: in.Description, Events: in.Events},
		blocks: newBlocks(in.Content, cmp.Or(u.PartSize, streamPart), max(u.Buffers, 2), u.Spool),
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go s.blocks.read(ctx)
	return s.run(ctx)
}

// A stream is a stream that is being stored.
type stream struct {
	u      *Uploader
	it     Item // its size grows
	blocks *blocks
	row    names.Upload
	trees  []treehash.Hash
}

func (s *stream) run(ctx context.Context) (names.Archive, error) {
	first, err := s.blocks.next(ctx)
	if err != nil {
		return names.Archive{}, err
	}
	if first.size < s.blocks.size {
		return s.whole(ctx, first)
	}
	second, err := s.blocks.next(ctx)
	if err != nil {
		return names.Archive{}, err
	}
	if second.size == 0 {
		return s.whole(ctx, first)
	}
	a, err := s.parts(ctx, first, second)
	if err != nil && a.ID == "" && s.row.ID != "" {
		// Nobody can go on with it. The server may be what has failed, so this has not long.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, s.u.abort(last, s.row))
	}
	return a, err
}

// whole stores a stream that was short.
func (s *stream) whole(ctx context.Context, b *block) (names.Archive, error) {
	if b.size == 0 {
		return names.Archive{}, ErrEmpty
	}
	s.it.Content, s.it.Size = b.at(), b.size
	return s.u.whole(ctx, s.it)
}

// parts stores a stream that is longer than a part.
func (s *stream) parts(ctx context.Context, first, second *block) (a names.Archive, err error) {
	s.row, err = s.u.begun(ctx, names.Upload{Key: s.it.Key, PartSize: s.blocks.size, Size: -1, Description: s.it.Description, Begun: time.Now()})
	if err != nil {
		return a, err
	}
	if err := s.send(ctx, first, second); err != nil {
		return a, err
	}
	tree := treehash.Root(s.trees)
	receipt, err := s.u.Vault.Complete(ctx, s.row.ID, s.it.Size, tree)
	if err != nil {
		return a, err
	}
	if a, err = s.u.keep(ctx, s.it, receipt); err != nil {
		return a, err
	}
	return a, s.u.drop(context.WithoutCancel(ctx), s.it.Key)
}

// send stores the parts.
func (s *stream) send(ctx context.Context, first, second *block) (err error) {
	var mu sync.Mutex // guards s.trees, which grows
	crew := newCrew(ctx, s.u.Slots)
	for i, b := 0, first; err == nil && b != nil && b.size > 0; i++ {
		if i == glacier.MaxParts {
			err = fmt.Errorf("the input is longer than %d parts of %d MiB; nothing of it was kept; use larger parts", glacier.MaxParts, s.blocks.size/glacier.MiB)
			break
		}
		offset, full, last := s.it.Size, b, b.size < s.blocks.size // once it is sent b is another
		s.it.Size += b.size
		mu.Lock()
		s.trees = append(s.trees, treehash.Hash{})
		mu.Unlock()
		if !crew.do(func(ctx context.Context) error {
			tree, err := s.part(ctx, offset, full)
			mu.Lock()
			defer mu.Unlock()
			s.trees[i] = tree
			return err
		}) {
			break
		}
		switch {
		case i == 0:
			b = second
		case last:
			b = nil
		default:
			b, err = s.blocks.next(crew.ctx)
		}
	}
	if err != nil {
		crew.cancel(err)
	}
	return crew.end()
}

// part stores a part, and gives its block back.
func (s *stream) part(ctx context.Context, offset int64, b *block) (treehash.Hash, error) {
	c, err := b.measure(ctx)
	if err != nil {
		return c.Tree, err
	}
	c.Sent = s.it.progress
	if err := s.u.Vault.Part(ctx, s.row.ID, offset, c); err != nil {
		return c.Tree, err
	}
	s.blocks.free <- b
	return c.Tree, nil
}
