package treehash_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"testing"

	"firn/treehash"
)

// hashesOf adds the hash of every node of the tree over level to set.
func hashesOf(level []treehash.Hash, set map[treehash.Hash]bool) {
	for {
		for _, h := range level {
			set[h] = true
		}
		if len(level) == 1 {
			return
		}
		var above []treehash.Hash
		for i := 0; i < len(level); i += 2 {
			if i+1 == len(level) {
				above = append(above, level[i])
				continue
			}
			above = append(above, sha256.Sum256(append(append([]byte(nil), level[i][:]...), level[i+1][:]...)))
		}
		level = above
	}
}

// TestAlignedAgainstTrees takes the definition at its word: a range is aligned exactly if the root of its own tree occurs in
// the tree of the whole. The size is tried with a whole last leaf, and with a last leaf of one byte.
func TestAlignedAgainstTrees(t *testing.T) {
	const most = 69
	leaves := nodes(most)
	for n := 1; n <= most; n++ {
		nodes := make(map[treehash.Hash]bool)
		hashesOf(leaves[:n], nodes)
		for p := 0; p < n; p++ {
			for q := p + 1; q <= n; q++ {
				want := nodes[treehash.Root(leaves[p:q])]
				for _, size := range []int64{int64(n) * mib, int64(n-1)*mib + 1} {
					first, last := int64(p)*mib, min(int64(q)*mib, size)-1
					if got := treehash.Aligned(first, last, size); got != want {
						t.Fatalf("Aligned(%d, %d, %d), leaves [%d,%d) of %d, = %t, want %t", first, last, size, p, q, n, got, want)
					}
					if !treehash.MegabyteAligned(first, last, size) {
						t.Fatalf("MegabyteAligned(%d, %d, %d) = false", first, last, size)
					}
				}
			}
		}
	}
}

func TestAlignedSevenLeaves(t *testing.T) {
	want := "[0,1)[0,2)[0,4)[0,7)[1,2)[2,3)[2,4)[3,4)[4,5)[4,6)[4,7)[5,6)[6,7)"
	const size = 6*mib + 12345
	var got string
	for p := int64(0); p < 7; p++ {
		for q := p + 1; q <= 7; q++ {
			if treehash.Aligned(p*mib, min(q*mib, size)-1, size) {
				got += fmt.Sprintf("[%d,%d)", p, q)
			}
		}
	}
	if got != want {
		t.Errorf("aligned ranges of 7 leaves: %s, want %s", got, want)
	}
}

func TestAlignmentOfBytes(t *testing.T) {
	const huge = 10_000 * 4096 * int64(mib) // the largest archive
	for _, tt := range []struct {
		name              string
		first, last, size int64
		megabyte, tree    bool
	}{
		{"whole of one byte", 0, 0, 1, true, true},
		{"whole of an odd size", 0, 3*mib + 4, 3*mib + 5, true, true},
		{"first KiB", 0, 1023, 8 * mib, false, false},
		{"first leaf", 0, mib - 1, 8 * mib, true, true},
		{"first leaf less one byte", 0, mib - 2, 8 * mib, false, false},
		{"first leaf and one byte", 0, mib, 8 * mib, false, false},
		{"second and third leaf", mib, 3*mib - 1, 8 * mib, true, false},
		{"one byte into a leaf", 1, mib - 1, 8 * mib, false, false},
		{"last leaf to its end, as if it were whole", 2 * mib, 3*mib - 1, 2*mib + 5, false, false},
		{"short last leaf", 2 * mib, 2*mib + 4, 2*mib + 5, true, true},
		{"tail of three at four", 4 * mib, 7*mib - 1, 7 * mib, true, true},
		{"tail of three at two", 2 * mib, 5*mib - 1, 5 * mib, true, false},
		{"ends before it begins", mib, mib - 1, 8 * mib, false, false},
		{"negative", -mib, mib - 1, 8 * mib, false, false},
		{"past the end", 0, 8 * mib, 8 * mib, false, false},
		{"of nothing", 0, 0, 0, false, false},
		{"of nothing, to -1", 0, -1, 0, false, false},
		{"second half of the largest archive", huge / 2, huge - 1, huge, true, false},
		{"whole of the largest archive", 0, huge - 1, huge, true, true},
		{"largest number", 0, math.MaxInt64 - 1, math.MaxInt64, true, true},
		{"largest number, first past the end", math.MaxInt64, math.MaxInt64, math.MaxInt64, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := treehash.MegabyteAligned(tt.first, tt.last, tt.size); got != tt.megabyte {
				t.Errorf("MegabyteAligned = %t, want %t", got, tt.megabyte)
			}
			if got := treehash.Aligned(tt.first, tt.last, tt.size); got != tt.tree {
				t.Errorf("Aligned = %t, want %t", got, tt.tree)
			}
		})
	}
}
