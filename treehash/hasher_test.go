package treehash_test

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/treehash"
)

// leavesOf returns the leaves of data by definition.
func leavesOf(data []byte) []treehash.Hash {
	leaves := []treehash.Hash{}
	for len(data) > 0 {
		k := min(mib, len(data))
		leaves = append(leaves, sha256.Sum256(data[:k]))
		data = data[k:]
	}
	return leaves
}

// writeSplit writes data in pieces of random length, of which some are large enough to be hashed on two goroutines, and
// spoils each piece after Write has returned.
func writeSplit(t *testing.T, h *treehash.Hasher, data []byte, random *rand.Rand) {
	t.Helper()
	for len(data) > 0 {
		k := min(random.IntN(1<<random.IntN(23))+1, len(data))
		piece := bytes.Clone(data[:k])
		if n, err := h.Write(piece); n != k || err != nil {
			t.Fatalf("Write of %d bytes = %d, %v", k, n, err)
		}
		clear(piece)
		data = data[k:]
	}
}

// checkHasher compares everything h can say with the definition.
func checkHasher(t *testing.T, h *treehash.Hasher, data []byte) {
	t.Helper()
	tree, linear := h.Sum()
	if want := naive(data); tree != want {
		t.Errorf("tree hash of %d bytes = %v, want %v", len(data), tree, want)
	}
	if want := treehash.Hash(sha256.Sum256(data)); linear != want {
		t.Errorf("linear hash of %d bytes = %v, want %v", len(data), linear, want)
	}
	if diff := cmp.Diff(leavesOf(data), h.Leaves()); diff != "" {
		t.Errorf("leaves of %d bytes differ (-want +got):\n%s", len(data), diff)
	}
	if h.Size() != int64(len(data)) {
		t.Errorf("Size = %d, want %d", h.Size(), len(data))
	}
}

func TestHasherSplits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 2} {
		runtime.GOMAXPROCS(procs)
		for _, size := range []int{0, 1, mib - 1, mib, mib + 1, 2 * mib, 5*mib + 17, 8 * mib} {
			data := pattern(size)
			for seed := range uint64(4) {
				h := treehash.NewHasher()
				writeSplit(t, h, data, rand.New(rand.NewPCG(seed, uint64(size))))
				checkHasher(t, h, data)
				if t.Failed() {
					t.Fatalf("with seed %d, %d processors", seed, procs)
				}
			}
		}
	}
}

func TestHasherOneWrite(t *testing.T) {
	for _, size := range []int{0, 1, mib, mib + 1, 6*mib + 3} {
		h := treehash.NewHasher()
		if n, err := h.Write(pattern(size)); n != size || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		checkHasher(t, h, pattern(size))
	}
}

func TestHasherGoesOnAfterSum(t *testing.T) {
	data := pattern(3*mib + 100)
	h := treehash.NewHasher()
	for at := 0; at < len(data); {
		k := min(700_000, len(data)-at)
		h.Write(data[at : at+k])
		at += k
		checkHasher(t, h, data[:at])
	}
}

func TestHasherLeavesAreTheCallers(t *testing.T) {
	data := pattern(2*mib + 5)
	h := treehash.NewHasher()
	h.Write(data)
	clear(h.Leaves())
	checkHasher(t, h, data)
}

func TestHasherReset(t *testing.T) {
	h := treehash.NewHasher()
	h.Write(pattern(2*mib + 5))
	leaves := h.Leaves()
	for _, size := range []int{0, 10, mib + 1} {
		h.Reset()
		data := bytes.Repeat([]byte{7}, size)
		h.Write(data)
		checkHasher(t, h, data)
	}
	if diff := cmp.Diff(leavesOf(pattern(2*mib+5)), leaves); diff != "" {
		t.Errorf("leaves taken before Reset changed (-want +got):\n%s", diff)
	}
}

// FuzzHasher: however the data is cut into writes, and whatever is asked in between, the answer is that of the definition.
func FuzzHasher(f *testing.F) {
	f.Add(uint32(0), uint64(0))
	f.Add(uint32(mib), uint64(1))
	f.Add(uint32(3*mib+1), uint64(2))
	f.Add(uint32(7*mib-1), uint64(3))
	f.Fuzz(func(t *testing.T, size uint32, seed uint64) {
		random := rand.New(rand.NewPCG(seed, uint64(size)))
		data := pattern(int(size % (9 * mib)))
		cut := random.IntN(len(data) + 1)
		h := treehash.NewHasher()
		writeSplit(t, h, data[:cut], random)
		checkHasher(t, h, data[:cut])
		writeSplit(t, h, data[cut:], random)
		checkHasher(t, h, data)
		if got, want := treehash.Sum(data), naive(data); got != want {
			t.Errorf("Sum of %d bytes = %v, want %v", len(data), got, want)
		}
		if got := treehash.Root(h.Leaves()); got != naive(data) {
			t.Errorf("Root of the leaves of %d bytes = %v, want %v", len(data), got, naive(data))
		}
	})
}

func BenchmarkHasher(b *testing.B) {
	for _, bb := range []struct {
		name        string
		size, write int
	}{
		{"64KiB", 64 << 10, 64 << 10},
		{"1MiB", mib, mib},
		{"64MiB in 32KiB writes", 64 * mib, 32 << 10},
		{"64MiB in 1MiB writes", 64 * mib, mib},
	} {
		b.Run(bb.name, func(b *testing.B) {
			data := pattern(bb.size)
			h := treehash.NewHasher()
			b.SetBytes(int64(bb.size))
			for b.Loop() {
				h.Reset()
				for at := 0; at < len(data); at += bb.write {
					h.Write(data[at : at+bb.write])
				}
				h.Sum()
			}
		})
	}
}

// BenchmarkLinear is the bar for BenchmarkHasher: one SHA-256 of the same bytes.
func BenchmarkLinear(b *testing.B) {
	data := pattern(64 * mib)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sha256.Sum256(data)
	}
}

func BenchmarkRoot(b *testing.B) {
	level := nodes(4096)
	for b.Loop() {
		treehash.Root(level)
	}
}
