package treehash

import (
	"crypto/sha256"
	"math/bits"
)

// Root folds nodes of one level, from left to right, into the hash of the tree above them. Every node but the last stands for
// the same power of two of leaves; the last may stand for fewer. So level may be the leaves of some data, or the tree hashes
// of the parts of a multipart upload. Root of no nodes is the SHA-256 of nothing.
func Root(level []Hash) Hash {
	var b Builder
	for _, h := range level {
		b.Add(h)
	}
	return b.Root()
}

// Builder folds the nodes of one level into a root as they come, with the rules of [Root], in constant memory. The zero
// Builder is empty and ready. It is a plain value: a copy goes its own way. Not for concurrent use.
type Builder struct {
	// n counts the nodes added, as a binary counter: if bit i of n is set, full[i] is a whole subtree of 2^i nodes, and
	// subtrees of higher i lie to the left.
	n    int
	full [bits.UintSize - 1]Hash
}

// Add appends the next node to the right.
func (b *Builder) Add(h Hash) {
	i := 0
	for ; b.n>>i&1 == 1; i++ {
		h = node(b.full[i], h)
	}
	b.full[i] = h
	b.n++
}

// Len returns the number of nodes added.
func (b *Builder) Len() int {
	return b.n
}

// Root returns the root over the nodes added so far. It changes nothing: more may be added afterwards.
func (b *Builder) Root() Hash {
	if b.n == 0 {
		return sha256.Sum256(nil)
	}
	i := bits.TrailingZeros(uint(b.n))
	root := b.full[i]
	for i++; b.n>>i != 0; i++ {
		if b.n>>i&1 == 1 {
			root = node(b.full[i], root)
		}
	}
	return root
}

// node returns the parent of two hashes.
func node(left, right Hash) Hash {
	var pair [2 * sha256.Size]byte
	copy(pair[:sha256.Size], left[:])
	copy(pair[sha256.Size:], right[:])
	return sha256.Sum256(pair[:])
}
