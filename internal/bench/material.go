package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"firn/treehash"
)

// A content is the beginning of an endless repetition of one random MiB.
type content struct {
	size         int64
	linear, tree treehash.Hash
}

// nothing is an empty body.
func nothing() content { return content{linear: sha256.Sum256(nil), tree: sha256.Sum256(nil)} }

// A material makes contents. It may be used concurrently.
type material struct {
	block []byte // the MiB; of what is sent once, all of it

	mu    sync.Mutex
	known map[int64]content
}

func newMaterial() *material {
	m := &material{block: make([]byte, mib), known: map[int64]content{}}
	seed := [32]byte{1}                        // incompressible, and the same in every run
	_, _ = rand.NewChaCha8(seed).Read(m.block) // never fails
	return m
}

// prepare computes the hashes of contents of these sizes in one pass.
func (m *material) prepare(sizes ...int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sizes = slices.DeleteFunc(slices.Clone(sizes), func(n int64) bool { _, ok := m.known[n]; return ok })
	slices.Sort(sizes)
	linear, done := sha256.New(), int64(0)
	leaf := sha256.Sum256(m.block)
	for _, size := range sizes {
		_ = m.each(done, size, func(p []byte) error { linear.Write(p); return nil }) // never fails
		done = size
		c := content{size: size, linear: treehash.Hash(linear.Sum(nil))}
		var tree treehash.Builder
		for range size / mib {
			tree.Add(leaf)
		}
		if rest := size % mib; rest > 0 {
			tree.Add(sha256.Sum256(m.block[:rest]))
		}
		c.tree = tree.Root()
		m.known[size] = c
	}
}

// of returns the content of a size.
func (m *material) of(size int64) content {
	m.prepare(size)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[size]
}

// each hands the bytes from an offset to an end to f, in pieces of at most a
// MiB that f must not change.
func (m *material) each(from, to int64, f func([]byte) error) error {
	for from < to {
		p := m.block[from%int64(len(m.block)):]
		p = p[:min(mib, int64(len(p)), to-from)]
		if err := f(p); err != nil {
			return err
		}
		from += int64(len(p))
	}
	return nil
}

// compare holds bytes that came back against those at an offset.
func (m *material) compare(offset int64, got []byte) error {
	for len(got) > 0 {
		want := m.block[offset%mib:]
		want = want[:min(len(want), len(got))]
		if !bytes.Equal(got[:len(want)], want) {
			return fmt.Errorf("the bytes after %d are not those that were sent", offset)
		}
		got, offset = got[len(want):], offset+int64(len(want))
	}
	return nil
}

// repeatPart is a content n times over. Its tree hash is known from the
// part's; the linear hash is not, and nobody asks for it.
func repeatPart(part content, n int) content {
	level := make([]treehash.Hash, n)
	for i := range level {
		level[i] = part.tree
	}
	return content{size: part.size * int64(n), tree: treehash.Root(level)}
}
