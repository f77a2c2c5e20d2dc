package treehash_test

import (
	"crypto/sha256"
	"testing"

	"firn/treehash"
)

// nodes returns n different hashes.
func nodes(n int) []treehash.Hash {
	level := make([]treehash.Hash, n)
	for i := range level {
		level[i] = sha256.Sum256([]byte{byte(i), byte(i >> 8)})
	}
	return level
}

func TestRootAgainstLevels(t *testing.T) {
	level := nodes(300)
	var b treehash.Builder
	for n := 1; n <= len(level); n++ {
		want := naiveRoot(append([]treehash.Hash(nil), level[:n]...))
		if got := treehash.Root(level[:n]); got != want {
			t.Errorf("Root of %d nodes = %v, want %v", n, got, want)
		}
		b.Add(level[n-1])
		if got := b.Root(); got != want || b.Len() != n {
			t.Errorf("Builder of %d nodes: root %v, length %d, want %v", n, got, b.Len(), want)
		}
	}
}

func TestRootOfNothing(t *testing.T) {
	want := treehash.Hash(sha256.Sum256(nil))
	if got := treehash.Root(nil); got != want {
		t.Errorf("Root(nil) = %v, want %v", got, want)
	}
	var b treehash.Builder
	if got := b.Root(); got != want || b.Len() != 0 {
		t.Errorf("root of an empty Builder = %v, length %d, want %v", got, b.Len(), want)
	}
}

func TestBuilderCopyGoesItsOwnWay(t *testing.T) {
	level := nodes(8)
	var a treehash.Builder
	for _, h := range level[:5] {
		a.Add(h)
	}
	b := a
	for _, h := range level[5:] {
		b.Add(h)
	}
	a.Add(level[0])
	if got, want := b.Root(), treehash.Root(level); got != want {
		t.Errorf("root of the copy = %v, want %v", got, want)
	}
}

func TestRootOfPartHashes(t *testing.T) {
	for _, size := range []int{1, 5*mib + 1, 6_815_744 + 3, 8 * mib, 16*mib + 7} {
		data := pattern(size)
		for _, part := range []int{1 * mib, 2 * mib, 4 * mib, 8 * mib} {
			var parts []treehash.Hash
			for rest := data; len(rest) > 0; {
				k := min(part, len(rest))
				parts = append(parts, treehash.Sum(rest[:k]))
				rest = rest[k:]
			}
			if got, want := treehash.Root(parts), treehash.Sum(data); got != want {
				t.Errorf("%d bytes in parts of %d: %v, want %v", size, part, got, want)
			}
		}
	}
}
