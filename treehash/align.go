package treehash

import "math/bits"

// MegabyteAligned reports whether the bytes first to last (both included) of size bytes begin at a leaf's beginning and end
// at a leaf's end or at the end of the data. A range that is empty or not inside the data is not aligned.
func MegabyteAligned(first, last, size int64) bool {
	return 0 <= first && first <= last && last < size &&
		first%LeafSize == 0 && (last%LeafSize == LeafSize-1 || last == size-1)
}

// Aligned reports whether the bytes first to last (both included) of size bytes are tree-hash aligned: whether the tree hash
// of the range alone is a node of the tree over the whole. A range that is empty or not inside the data is not aligned.
//
// In leaves, the range [p, q) of n is aligned if there is a power of two w with p a multiple of w and q = min(p+w, n). The
// developer guide prints this formula garbled; this form agrees with the trees themselves, which a test of this package tries.
func Aligned(first, last, size int64) bool {
	if !MegabyteAligned(first, last, size) {
		return false
	}
	p, q, n := first/LeafSize, last/LeafSize+1, (size-1)/LeafSize+1
	// The smallest w that could do is the length rounded up to a power of two; a larger one asks more of p and gives no other q.
	w := int64(1) << bits.Len64(uint64(q-p-1))
	return p%w == 0 && (q == p+w || q == n)
}
