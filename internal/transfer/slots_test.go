package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/internal/remote"
	"firn/internal/transfer"
)

// Parts of all files together are never more than there are slots.
func TestSlotsOverFiles(t *testing.T) {
	const slots = 2
	w := newWorld(t)
	var mu sync.Mutex
	var now, most int
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		now += n
		most = max(most, now)
	}
	w.proxy.damage(func(kind string, _ *http.Request) *fault {
		if kind == "PUT upload" || kind == "POST archives" {
			return &fault{held: func() { count(1) }, then: func() { count(-1) }}
		}
		return nil
	})
	u := w.uploader()
	u.Slots = transfer.NewSlots(slots)
	var files sync.WaitGroup
	for i := range 6 {
		files.Go(func() {
			it := item(content((i + 1) * mib))
			it.Key = ""
			if _, err := u.Upload(context.Background(), it); err != nil {
				t.Error(err)
			}
		})
	}
	files.Wait()
	if most > slots || most == 0 {
		t.Errorf("%d at a time, want %d", most, slots)
	}
}

func TestUploadWithoutSlot(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, size := range []int{1, 3 * mib} {
		if _, err := w.uploader().Upload(ctx, item(content(size))); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
}

func TestPace(t *testing.T) {
	for _, rate := range []int64{10_000, 1_000_000, 100_000_000} {
		synctest.Test(t, func(t *testing.T) {
			pace := transfer.Pace(rate)
			begin := time.Now()
			for range 10 { // seconds
				for left := int(rate); left > 0; left -= 70_000 {
					if err := pace(t.Context(), min(left, 70_000)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if took := time.Since(begin); took < 8*time.Second || took > 10*time.Second {
				t.Errorf("10 seconds' worth at %d bytes a second took %s", rate, took)
			}
		})
	}
	if transfer.Pace(0) != nil {
		t.Error("no limit is a limit")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := transfer.Pace(1)(ctx, 1<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A server that takes or sends nothing any more is left, and asked again.
func TestStalls(t *testing.T) {
	data := content(2*mib + 5)
	stall := func(w *world, kind string) {
		hang := make(chan struct{})
		t.Cleanup(func() { close(hang) })
		n := 0
		w.proxy.damage(func(k string, _ *http.Request) *fault {
			if k != kind {
				return nil
			}
			if n++; n > 1 {
				return nil
			}
			return &fault{held: func() { <-hang }}
		})
	}
	w := newWorld(t)
	w.vault = reconnect(t, w.proxy.URL, w.server, remote.Retry{Attempts: 4, Sleep: atOnce, Stall: time.Second})
	stall(w, "PUT upload")
	a, err := w.uploader().Upload(context.Background(), item(data))
	if err != nil {
		t.Fatal(err)
	}
	wantArchive(t, w, a, data)
	o := w.put(t, data)
	stall(w, "GET output")
	var out bytes.Buffer
	if _, err := w.downloader().Write(context.Background(), o, &out); err != nil || !bytes.Equal(out.Bytes(), data) {
		t.Error(err)
	}
}
