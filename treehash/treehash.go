// Package treehash computes the SHA-256 tree hash by which Amazon Glacier names the content of archives, parts and ranges.
//
// The data is cut into leaves of exactly 1 MiB, of which the last may be shorter. The SHA-256 of each leaf is the lowest
// level of a binary tree. Each level above is the SHA-256 of each adjacent pair, 32 raw bytes and 32 raw bytes; a hash that
// is left without a partner moves up unchanged. The one that remains is the tree hash:
//
//	level 2               H(H(ab) ‖ c)        = tree hash of three leaves
//	                     /            \
//	level 1        H(a ‖ b)            c      moved up, not hashed again
//	               /      \            |
//	level 0    a=H(leaf)  b=H(leaf)  c=H(leaf)
//
// Data of at most one leaf has its plain SHA-256 as its tree hash, and no data at all has the SHA-256 of nothing. Because the
// parts of a multipart upload are a power of two MiB each, the tree hash of a part is a node of the whole tree, and [Root] of
// the parts' hashes is the tree hash of the archive.
//
// The package promises that one pass over the data yields the tree hash, the plain ("linear") hash and the leaves, in memory
// that grows by 32 bytes a MiB. It does no I/O of its own, and it says nothing about which ranges a caller may have, only
// which of them have a tree hash that is part of the whole's ([Aligned]).
//
// Source: "Computing Checksums" and "Receiving Checksums When Downloading Data" in the Amazon Glacier developer guide.
package treehash

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// LeafSize is the number of bytes under one leaf of the tree; the last leaf may have fewer.
const LeafSize = 1 << 20

// Hash is a SHA-256, of a leaf, of a node, of a whole tree or of plain data. It is no secret: compare with ==.
type Hash [sha256.Size]byte

// String returns the hash as the wire has it: 64 lower-case hexadecimal digits.
func (h Hash) String() string {
	return hex.EncodeToString(h[:])
}

// ParseHash reads exactly 64 hexadecimal digits of either case.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != hex.EncodedLen(len(h)) {
		return Hash{}, fmt.Errorf("parse hash: %d characters, want %d", len(s), hex.EncodedLen(len(h)))
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("parse hash: %w", err)
	}
	return h, nil
}

// Sum returns the tree hash of data.
func Sum(data []byte) Hash {
	var b Builder
	for len(data) > 0 {
		leaf := data[:min(LeafSize, len(data))]
		b.Add(sha256.Sum256(leaf))
		data = data[len(leaf):]
	}
	return b.Root()
}

// SumReader reads r to its end and returns the tree hash and the linear hash of its n bytes. If r fails, it returns the error
// as it came, with the number of bytes read until then and without hashes.
func SumReader(r io.Reader) (tree, linear Hash, n int64, err error) {
	h := NewHasher()
	buf := make([]byte, LeafSize)
	for err == nil {
		// Not io.ReadFull: its io.ErrUnexpectedEOF could as well be r's own, of a body that was cut off.
		fill := 0
		for fill < len(buf) && err == nil {
			var k int
			k, err = r.Read(buf[fill:])
			fill += k
		}
		h.add(buf[:fill])
	}
	if err != io.EOF {
		return Hash{}, Hash{}, h.Size(), err
	}
	tree, linear = h.Sum()
	return tree, linear, h.Size(), nil
}
