package payload

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"firn/treehash"
)

// Check reads the whole payload and compares everything that can be compared: each leaf with its CRC, its SHA-256 with the one that is
// stored, and the root over those with want. The error is a *[DamageError], the context's, or that of a read that failed.
//
// Leaves are hashed on two goroutines if there are enough of them; r is used by one at a time. Check holds a leaf in memory for
// each.
func Check(ctx context.Context, r Reader, want treehash.Hash) error {
	c := &checker{ctx: ctx, reader: r, leaves: Leaves(r.Size())}
	if c.leaves >= 4 && runtime.GOMAXPROCS(0) > 1 {
		var second sync.WaitGroup
		second.Go(c.work)
		c.work()
		second.Wait()
	} else {
		c.work()
	}
	if c.err != nil {
		return c.err
	}
	if c.tree.Root() != want {
		return damage(idOf(r), "its leaves are whole, but their tree hash is %v, not %v", c.tree.Root(), want)
	}
	return nil
}

// idOf returns the id of the payload that r reads, if r knows it, else 0.
func idOf(r Reader) uint64 {
	if r, ok := r.(interface{ ID() uint64 }); ok {
		return r.ID()
	}
	return 0
}

// A checker is one Check, shared by its goroutines.
type checker struct {
	ctx    context.Context
	leaves int64

	mu     sync.Mutex // guards what follows, and the reader
	reader Reader
	next   int64            // leaf
	tree   treehash.Builder // over the stored hashes of the leaves before next
	err    error            // the first; nobody goes on after it
}

// work checks leaves until there are no more.
func (c *checker) work() {
	buf := make([]byte, LeafSize)
	for {
		i, leaf, stored, ok := c.take(buf)
		if !ok {
			return
		}
		if treehash.Hash(sha256.Sum256(leaf)) != stored {
			c.mu.Lock()
			c.fail(&DamageError{Payload: idOf(c.reader), Leaf: i, What: "it does not agree with its hash"})
			c.mu.Unlock()
			return
		}
	}
}

// take reads the next leaf into buf, and its stored hash.
func (c *checker) take(buf []byte) (i int64, leaf []byte, stored treehash.Hash, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.next == c.leaves {
		return 0, nil, stored, false
	}
	i = c.next
	c.next++
	c.fail(c.ctx.Err())
	if c.err == nil {
		var err error
		leaf, err = c.reader.Leaf(i, buf)
		c.fail(err)
	}
	if c.err == nil {
		hashes, err := c.reader.Hashes(i, 1)
		c.fail(err)
		if err == nil {
			stored = hashes[0]
			c.tree.Add(stored)
		}
	}
	return i, leaf, stored, c.err == nil
}

// fail keeps the first error. mu is held.
func (c *checker) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// CopyRange writes the n bytes of the payload from off on, and nothing else, to w, leaf by leaf, each after its check. buf
// holds at least LeafSize bytes. If a leaf is damaged, what lies before it has been written.
func CopyRange(ctx context.Context, w io.Writer, r Reader, off, n int64, buf []byte) error {
	if off < 0 || n < 0 || off > r.Size() || n > r.Size()-off {
		return fmt.Errorf("copy payload: %d bytes from %d on of %d", n, off, r.Size())
	}
	if len(buf) < LeafSize {
		return errors.New("copy payload: buffer is too small")
	}
	for end := off + n; off < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		i := off / LeafSize
		leaf, err := r.Leaf(i, buf)
		if err != nil {
			return err
		}
		leaf = leaf[off-i*LeafSize : min(end-i*LeafSize, int64(len(leaf)))]
		if _, err := w.Write(leaf); err != nil {
			return err
		}
		off += int64(len(leaf))
	}
	return nil
}
