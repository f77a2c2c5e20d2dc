package payload

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"firn/internal/disk"
	"firn/internal/record"
	"firn/treehash"
)

// store is what the tests take for the store's UUID.
var store = [16]byte{0: 0xf1, 15: 0x42}

// newFiles returns Files whose ids begin with first, and which must have all their buffers back when the test ends.
func newFiles(t testing.TB, fsys disk.FS, first uint64, buffers int) *Files {
	pool := NewPool(buffers)
	t.Cleanup(func() {
		if n := len(pool.slots); n != 0 {
			t.Errorf("%d buffers are still out", n)
		}
	})
	var last atomic.Uint64
	last.Store(first - 1)
	next := func(context.Context) (uint64, error) { return last.Add(1), nil }
	return NewFiles(Config{FS: fsys, Pool: store, NextID: next, Buffers: pool})
}

// noise returns n bytes that depend on nothing but n.
func noise(n int64) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)}).Read(b)
	return b
}

// sumOf computes what a payload's Sum must be without the code under test.
func sumOf(data []byte) Sum {
	return Sum{Size: int64(len(data)), Tree: treehash.Sum(data), Linear: sha256.Sum256(data)}
}

// write writes a payload up to and including Finish. Whoever gets no error closes the writer.
func write(f *Files, h Header, data []byte) (w Writer, sum Sum, err error) {
	w, err = f.New(context.Background(), h)
	if err != nil {
		return nil, sum, err
	}
	if _, err = w.Write(data); err == nil {
		sum, err = w.Finish()
	}
	if err != nil {
		w.Close()
		return nil, sum, err
	}
	return w, sum, nil
}

// keep writes a payload as a store does that keeps it, and returns its image.
func keep(t testing.TB, f *Files, h Header, data []byte) record.Payload {
	t.Helper()
	w, _, err := write(f, h, data)
	if err != nil {
		t.Error(err) // Not Fatal: this may run in a goroutine.
		return record.Payload{}
	}
	defer w.Close()
	var r record.Record
	image := w.Attach(&r, 7)
	r.Stores.Inline()
	r.Stores.Settle(true)
	return image
}

// ref names the payload of an image.
func ref(p record.Payload) Ref { return Ref{ID: p.ID, LSN: p.LSN, Size: p.Size} }

// readAll opens a payload, checks it, and returns its bytes.
func readAll(f *Files, at Ref, want treehash.Hash) ([]byte, error) {
	r, err := f.Open(at)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := Check(context.Background(), r, want); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = CopyRange(context.Background(), &b, r, 0, r.Size(), make([]byte, LeafSize))
	return b.Bytes(), err
}

// listed returns the files that there are.
func listed(t testing.TB, fsys disk.Tree) []File {
	t.Helper()
	var all []File
	for f, err := range List(fsys) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}
