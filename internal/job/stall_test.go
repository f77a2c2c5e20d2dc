package job

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"firn/glacier"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

var errCut = errors.New("cut off")

// A stall is the other end of many downloads, none of which takes a byte until
// it is cut off.
type stall struct {
	stuck chan struct{} // one token from each that has begun to wait
	cut   chan struct{} // one token cuts one of them off

	mu      sync.Mutex
	buffers map[*byte]bool // that were ever held
	held    int            // now
	most    int
}

func (s *stall) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.buffers[&p[0]] = true
	s.held++
	s.most = max(s.most, s.held)
	s.mu.Unlock()
	s.stuck <- struct{}{}
	<-s.cut
	s.mu.Lock()
	s.held--
	s.mu.Unlock()
	return 0, errCut
}

// TestStalledReaders: 200 clients that take nothing hold four buffers, and who
// does take what is sent gets it once they are cut off.
func TestStalledReaders(t *testing.T) {
	const readers, buffers = 200, 4
	h := newHouse(t, func(c *Config) { c.OutputBuffers = buffers })
	h.start()
	data := pattern(3*mib + 5)
	id, _ := h.run(retrieval(h.store(photos, "", data, 2*mib), ""))
	w := &stall{stuck: make(chan struct{}, readers), cut: make(chan struct{}), buffers: make(map[*byte]bool)}
	outputs := make([]*Output, readers+1)
	for i := range outputs {
		outputs[i] = h.output(id)
	}
	var all sync.WaitGroup
	for _, o := range outputs[1:] {
		all.Go(func() {
			if err := o.CopyRange(t.Context(), w, 0, o.Size-1); !errors.Is(err, errCut) {
				t.Errorf("a stalled reader's error is %v", err)
			}
		})
	}
	for range buffers {
		<-w.stuck
	}
	// Who has had enough of waiting does not wait on.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := outputs[0].CopyRange(ctx, &bytes.Buffer{}, 0, 9); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader that left has the error %v", err)
	}
	healthy := make(chan []byte)
	go func() {
		var b bytes.Buffer
		if err := outputs[0].CopyRange(t.Context(), &b, 0, outputs[0].Size-1); err != nil {
			t.Errorf("healthy reader: %v", err)
		}
		healthy <- b.Bytes()
	}()
	var got []byte
	for cut := 0; cut < readers || got == nil; {
		select {
		case w.cut <- struct{}{}:
			cut++
		case got = <-healthy:
		}
	}
	all.Wait()
	if !bytes.Equal(got, data) {
		t.Errorf("the healthy reader got %d bytes, which are not the archive's", len(got))
	}
	if w.most != buffers || len(w.buffers) > buffers {
		t.Errorf("%d buffers were held at once, %d in all; want %d", w.most, len(w.buffers), buffers)
	}
}

// TestBufferIsHeldForALeaf: between two leaves of one output another has its
// turn, though there is but one buffer.
func TestBufferIsHeldForALeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Service{outputs: payload.NewPool(1)}
		output := func() *Output {
			return &Output{s: s, Size: 3 * mib, pieces: pieces{
				list: []record.Piece{{Payload: 1, Size: 3 * mib}}, opened: 1, reader: zeros{},
			}}
		}
		done := make(chan error, 1)
		var sizes []int
		w := writerFunc(func(p []byte) (int, error) {
			sizes = append(sizes, len(p))
			switch len(sizes) {
			case 1:
				go func() { done <- output().CopyRange(t.Context(), &bytes.Buffer{}, 5, 9) }()
				synctest.Wait() // until it waits for the buffer
				if len(done) != 0 {
					t.Error("the second reader did not wait")
				}
			case 2:
				synctest.Wait()
				if len(done) != 1 {
					t.Error("the second reader has not had its turn")
				}
			}
			return len(p), nil
		})
		if err := output().CopyRange(t.Context(), w, 1, 3*mib-2); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if want := []int{mib - 1, mib, mib - 1}; !slices.Equal(sizes, want) {
			t.Errorf("writes of %v, want %v", sizes, want)
		}
	})
}

// zeros is a payload of three leaves.
type zeros struct{}

func (zeros) Size() int64                                { return 3 * mib }
func (zeros) Close() error                               { return nil }
func (zeros) Leaf(_ int64, buf []byte) ([]byte, error)   { return buf[:mib], nil }
func (zeros) Hashes(_, _ int64) ([]treehash.Hash, error) { return nil, errors.New("it has none") }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestOutputRacedByExpiry: a job that expires between the look at it and the
// first byte is not found; behind the first byte it is too late to say so.
func TestOutputRacedByExpiry(t *testing.T) {
	h := newHouse(t)
	h.start()
	a := h.store(photos, "", pattern(6*mib), 4*mib)
	id, _ := h.run(retrieval(a, ""))
	hash, fresh, begun := h.output(id), h.output(id), h.output(id)
	gone := "The job ID was not found: " + string(id)
	w := writerFunc(func(p []byte) (int, error) {
		if h.exists(id) {
			h.delete(a)
			h.advance(DefaultOutputLife + 1)
			h.sweep()
		}
		return len(p), nil
	})
	err := begun.CopyRange(t.Context(), w, 0, begun.Size-1)
	if refusal := (*glacier.Error)(nil); err == nil || errors.As(err, &refusal) {
		t.Errorf("after the first bytes: error %v", err)
	}
	var b bytes.Buffer
	refused(t, fresh.CopyRange(t.Context(), &b, 10, 19), glacier.ResourceNotFound, gone)
	if b.Len() != 0 {
		t.Errorf("%d bytes came of a payload that is gone", b.Len())
	}
	_, _, err = hash.TreeHash(t.Context(), 0, 2*mib-1)
	refused(t, err, glacier.ResourceNotFound, gone)
}

// TestLostReadsAreNotDamage: what was deleted together with its vault while a
// job was about to read it is missing, and nobody is told that it is damaged.
func TestLostReadsAreNotDamage(t *testing.T) {
	for _, lost := range []bool{false, true} {
		h := newHouse(t)
		var log bytes.Buffer
		h.Service = h.service(logTo(&log))
		a := h.small(photos, "a")
		id := h.begin(retrieval(a, ""))
		j := h.job(id)
		h.finding = func() {
			h.finding = nil
			if lost {
				h.delete(a)
				if err := h.vaults.DeleteVault(t.Context(), owner, photos); err != nil {
					t.Error(err)
				}
				if err := h.vaults.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
				return
			}
			h.opening = func(r payload.Reader, _ payload.Ref) payload.Reader { return shorter{r} }
		}
		if r := h.do(t.Context(), entry{vault: j.Vault, id: j.ID}); r.again != 0 || r.fatal != nil {
			t.Errorf("lost %t: %+v", lost, r)
		}
		if told := bytes.Contains(log.Bytes(), []byte("job failed")); told == lost {
			t.Errorf("lost %t: the log is %q", lost, log.String())
		}
	}
}
