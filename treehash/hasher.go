package treehash

import (
	"crypto/sha256"
	"hash"
	"runtime"
	"sync"
)

// forkSize is the length from which one Write is shared between two goroutines. SHA-256 takes some 140 µs for it, and
// starting and joining a goroutine a few µs at worst.
const forkSize = 256 << 10

// Hasher is an io.Writer that computes, in one pass, the tree hash, the linear hash and the leaves of what is written to it.
// Write large slices, best whole leaves: from 256 KiB on, the two hashes of one Write are computed on two goroutines if there
// is a second processor. Make it with [NewHasher]. Not for concurrent use.
type Hasher struct {
	linear hash.Hash
	leaf   hash.Hash // of the unfinished leaf; idle during the first one, when linear has the same state
	fill   int       // bytes in the unfinished leaf, < LeafSize
	leaves []Hash    // of the finished leaves
}

// NewHasher returns a Hasher of nothing yet.
func NewHasher() *Hasher {
	return &Hasher{linear: sha256.New(), leaf: sha256.New()}
}

// Write adds p to the data. It always returns len(p), nil, and has no use for p afterwards.
func (h *Hasher) Write(p []byte) (int, error) {
	h.add(p)
	return len(p), nil
}

func (h *Hasher) add(p []byte) {
	if len(h.leaves) == 0 {
		p = h.addFirst(p)
	}
	switch {
	case len(p) == 0:
	case len(p) >= forkSize && runtime.GOMAXPROCS(0) > 1:
		var linear sync.WaitGroup
		linear.Go(func() { h.linear.Write(p) })
		h.addLeaves(p)
		linear.Wait() // p is the caller's again when Write returns
	default:
		h.linear.Write(p)
		h.addLeaves(p)
	}
}

// addFirst takes from p what belongs to the first leaf, and returns the rest. As long as there is only one leaf its hash
// is the linear hash, so that small data is hashed once.
func (h *Hasher) addFirst(p []byte) []byte {
	k := min(LeafSize-h.fill, len(p))
	h.linear.Write(p[:k])
	h.fill += k
	if h.fill == LeafSize {
		h.leaves = append(h.leaves, current(h.linear))
		h.fill = 0
	}
	return p[k:]
}

// addLeaves hashes p into the second leaf and those that follow. It does not touch h.linear.
func (h *Hasher) addLeaves(p []byte) {
	for len(p) > 0 {
		k := min(LeafSize-h.fill, len(p))
		h.leaf.Write(p[:k])
		h.fill += k
		if h.fill == LeafSize {
			h.leaves = append(h.leaves, current(h.leaf))
			h.leaf.Reset()
			h.fill = 0
		}
		p = p[k:]
	}
}

// Size returns the number of bytes written.
func (h *Hasher) Size() int64 {
	return int64(len(h.leaves))*LeafSize + int64(h.fill)
}

// Sum returns the tree hash and the linear hash of what was written so far. It changes nothing: more may be written.
func (h *Hasher) Sum() (tree, linear Hash) {
	var b Builder
	for _, leaf := range h.leaves {
		b.Add(leaf)
	}
	if h.fill > 0 {
		b.Add(h.unfinished())
	}
	return b.Root(), current(h.linear)
}

// Leaves returns the hash of each leaf of what was written so far, the last, shorter one included: one for each MiB begun,
// none for no data. The slice is the caller's own.
func (h *Hasher) Leaves() []Hash {
	leaves := make([]Hash, len(h.leaves), len(h.leaves)+1)
	copy(leaves, h.leaves)
	if h.fill > 0 {
		leaves = append(leaves, h.unfinished())
	}
	return leaves
}

// Reset makes h a Hasher of nothing again, and keeps its memory.
func (h *Hasher) Reset() {
	h.linear.Reset()
	h.leaf.Reset()
	h.fill = 0
	h.leaves = h.leaves[:0]
}

// unfinished returns the hash of the last, shorter leaf; h.fill is not 0.
func (h *Hasher) unfinished() Hash {
	if len(h.leaves) == 0 {
		return current(h.linear)
	}
	return current(h.leaf)
}

// current returns the hash of what was written to d, and leaves d as it is.
func current(d hash.Hash) Hash {
	var h Hash
	d.Sum(h[:0])
	return h
}
