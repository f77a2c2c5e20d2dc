package journal

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"firn/internal/disk"
	"firn/internal/record"
)

// TestEverythingAtOnce appends while others read, replay, verify and compact. It
// is of most use with the race detector.
func TestEverythingAtOnce(t *testing.T) {
	h := newHistory(50)
	var batches [][]record.Entry
	for range 150 {
		b := h.batch(1+h.rng.IntN(5), 6000)
		h.add(b)
		batches = append(batches, b)
	}
	j := open(t, disk.NewMem(0), Position{})
	j.files.max = 4
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	background := func(f func(rng *rand.Rand) error) {
		rng := rand.New(rand.NewPCG(uint64(len(batches)), h.rng.Uint64()))
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := f(rng); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 2 {
		background(func(rng *rand.Rand) error { return readOne(j, h, record.LSN(rng.Uint64N(uint64(j.Head())+1))) })
	}
	background(func(*rand.Rand) error {
		next := record.LSN(0)
		return j.Replay(ctx, Position{}, func(f Frame) error {
			for _, e := range f.Entries {
				if e.LSN <= next || !same(record.Entry{LSN: e.LSN, Time: e.Time, Images: e.Images}, withoutInline(h.entries[e.LSN-1])) {
					return errors.New("replay is not in order, or wrong")
				}
				next = e.LSN
			}
			return nil
		})
	})
	background(func(*rand.Rand) error { return verified(j) })
	background(func(rng *rand.Rand) error {
		run := sealedRun(j, rng.IntN(4), 1+rng.IntN(3))
		if len(run) == 0 {
			return nil
		}
		_, err := j.Compact(ctx, run, h.reasons, nothing)
		return err
	})
	for _, b := range batches {
		if _, err := j.Append(b); err != nil {
			t.Fatal(err)
		}
		if err := j.Mark(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	wg.Wait()
	h.check(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(j.files.named); n != 0 {
		t.Errorf("%d files are open after Close", n)
	}
}

func withoutInline(e *record.Entry) record.Entry {
	return record.Entry{LSN: e.LSN, Time: e.Time, Images: e.Images}
}

// readOne reads a record, which a compaction may have dropped.
func readOne(j *Journal, h *history, lsn record.LSN) error {
	in, err := j.OpenInline(lsn)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	got, err := in.Read(nil)
	if err == nil && !bytes.Equal(got, h.entries[lsn-1].Inline) {
		err = errors.New("payload is another's")
	}
	return err
}
