package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/transfer"
)

func TestUpload(t *testing.T) {
	for _, tt := range []struct {
		name  string
		size  int
		parts int // 0: one request
	}{
		{"one byte", 1, 0},
		{"as much as one request takes", mib, 0},
		{"one byte more", mib + 1, 2},
		{"whole parts", 4 * mib, 4},
		{"a short last part", 3*mib + 1000, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			data := content(tt.size)
			var m meter
			var kept names.Archive
			it := item(data)
			it.Progress = m.add
			it.Keep = func(ctx context.Context, a names.Archive) error {
				kept = a
				_, known, err := w.names.Upload(ctx, "key")
				if known != (tt.parts > 0) || err != nil {
					t.Errorf("the upload is known: %t, %v", known, err)
				}
				return nil
			}
			a, err := w.uploader().Upload(context.Background(), it)
			if err != nil {
				t.Fatal(err)
			}
			wantStored(t, w, a, data, tt.parts)
			m.want(t, tt.size)
			if kept != a {
				t.Errorf("kept %+v", kept)
			}
		})
	}
}

func TestUploadOfWhatCannotBe(t *testing.T) {
	w := newWorld(t)
	if _, err := w.uploader().Upload(context.Background(), item(nil)); !errors.Is(err, transfer.ErrEmpty) {
		t.Errorf("nothing: %v", err)
	}
	it := item(content(1))
	it.Size = glacier.MaxArchiveSize + 1
	if _, err := w.uploader().Upload(context.Background(), it); err == nil {
		t.Error("too much was begun")
	}
	if n := w.proxy.count("POST multipart-uploads"); n != 0 {
		t.Errorf("%d uploads begun", n)
	}
}

// Whatever happens to one request on the way, the archive is there in the end, and each part was taken once, but for those
// whose reply was lost.
func TestUploadThroughFaults(t *testing.T) {
	const size, parts = 5*mib + 77, 6
	for _, tt := range []struct {
		name  string
		kind  string
		f     fault
		again int // parts that are taken twice
	}{
		{"begin refused", "POST multipart-uploads", fault{status: 500}, 0},
		{"begin: reply lost", "POST multipart-uploads", fault{lost: true}, 0},
		{"part cut", "PUT upload", fault{cutBody: 700_000}, 0},
		{"part refused", "PUT upload", fault{status: 503}, 0},
		{"part too slow", "PUT upload", fault{status: 408}, 0},
		{"part: reply lost", "PUT upload", fault{lost: true}, 1},
		{"complete refused", "POST upload", fault{status: 500}, 0},
		{"complete: reply lost", "POST upload", fault{lost: true}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.proxy.once(tt.kind, 1, tt.f)
			data := content(size)
			var m meter
			it := item(data)
			it.Progress = m.add
			a, err := w.uploader().Upload(context.Background(), it)
			if err != nil {
				t.Fatal(err)
			}
			wantArchive(t, w, a, data)
			m.want(t, size)
			if n := w.proxy.count("PUT upload"); n != parts+tt.again {
				t.Errorf("the server got %d parts", n)
			}
		})
	}
}

// An upload that stops is gone on with by the next process: what the server has is not sent again.
func TestUploadGoesOn(t *testing.T) {
	const size, parts = 6*mib + 5, 7
	data := content(size)
	for _, tt := range []struct {
		name   string
		kind   string // at which the first process stops
		n      int
		lost   bool // when the server has done it
		change func(it *transfer.Item, u *transfer.Uploader)
		anew   bool // the second one begins anew
	}{
		{name: "before it was begun", kind: "POST multipart-uploads", n: 1},
		{name: "after it was begun", kind: "POST multipart-uploads", n: 1, lost: true},
		{name: "after it was begun, of another file", kind: "POST multipart-uploads", n: 1, lost: true,
			change: func(it *transfer.Item, _ *transfer.Uploader) { it.Node = "other" }},
		{name: "after some parts", kind: "PUT upload", n: 4},
		{name: "after all parts", kind: "POST upload", n: 1},
		{name: "after the archive was made", kind: "POST upload", n: 1, lost: true},
		{name: "with another part size now", kind: "PUT upload", n: 4,
			change: func(_ *transfer.Item, u *transfer.Uploader) { u.PartSize = 2 * mib }},
		{name: "another time of the file", kind: "PUT upload", n: 4,
			change: func(it *transfer.Item, _ *transfer.Uploader) { it.Modified = time.Unix(1, 0) }, anew: true},
		{name: "another file", kind: "PUT upload", n: 4,
			change: func(it *transfer.Item, _ *transfer.Uploader) { it.Node = "other" }, anew: true},
		{name: "another description", kind: "PUT upload", n: 4,
			change: func(it *transfer.Item, _ *transfer.Uploader) { it.Description = "description " }, anew: true},
		{name: "another size", kind: "PUT upload", n: 4, anew: true,
			change: func(it *transfer.Item, _ *transfer.Uploader) { it.Size-- }},
		{name: "small now", kind: "PUT upload", n: 4, anew: true,
			change: func(it *transfer.Item, _ *transfer.Uploader) { it.Size = 100 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			ctx, stop := context.WithCancelCause(context.Background())
			stopped := errors.New("stopped")
			w.proxy.damage(func(kind string, _ *http.Request) *fault {
				if kind != tt.kind {
					return nil
				}
				if tt.n--; tt.n > 0 {
					return nil
				}
				if !tt.lost {
					stop(stopped)
					return &fault{cutBody: 1}
				}
				return &fault{lost: true}
			})
			u := w.uploader()
			u.Slots = transfer.NewSlots(1)
			if tt.lost { // a process that dies when the server has acted
				u.Vault = oneTry(t, w)
			}
			if _, err := u.Upload(ctx, item(data)); err == nil || !tt.lost && !errors.Is(err, stopped) {
				t.Fatalf("error %v", err)
			}
			w.proxy.damage(nil)
			w.open(t)

			it := item(data)
			u = w.uploader()
			if tt.change != nil {
				tt.change(&it, u)
			}
			var m meter
			it.Progress = m.add
			a, err := u.Upload(context.Background(), it)
			if err != nil {
				t.Fatal(err)
			}
			m.want(t, int(it.Size))
			if !bytes.Equal(w.archive(t, a.ID), data[:it.Size]) {
				t.Error("the vault has other bytes")
			}
			if !tt.anew {
				w.proxy.wantPartsOnce(t, parts)
			}
			if n := w.uploads(t); n != 0 {
				t.Errorf("%d uploads are left", n)
			}
		})
	}
}

// oneTry is the vault for a client that tries once.
func oneTry(t *testing.T, w *world) *remote.Vault {
	return reconnect(t, w.proxy.URL, w.server, remote.Retry{Attempts: 1})
}

// A part that the server has, but with other bytes, is not believed.
func TestUploadDoesNotTrustParts(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	data := content(3 * mib)
	id, err := w.vault.Begin(ctx, "description", mib)
	if err != nil {
		t.Fatal(err)
	}
	wrong := content(4 * mib)[3*mib:]
	for _, offset := range []int64{0, mib} {
		c, err := remote.Measure(ctx, bytes.NewReader(wrong), 0, mib)
		if err == nil {
			err = w.vault.Part(ctx, id, offset, c)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.names.SetUpload(ctx, names.Upload{Key: "key", ID: id, PartSize: mib, Size: 3 * mib, Node: "node", Description: "description"}); err != nil {
		t.Fatal(err)
	}
	a, err := w.uploader().Upload(ctx, item(data))
	if err != nil {
		t.Fatal(err)
	}
	wantArchive(t, w, a, data)
}

// An upload can be gone: expired, or aborted by somebody.
func TestUploadThatIsGone(t *testing.T) {
	data := content(4*mib + 1)
	abort := func(t *testing.T, w *world) {
		for u, err := range connect(t, w.server.URL, w.server).Uploads(context.Background()) {
			if err == nil {
				err = w.vault.Abort(context.Background(), u.MultipartUploadID)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	t.Run("between two processes", func(t *testing.T) {
		w := newWorld(t)
		u := w.uploader()
		u.Vault = oneTry(t, w)
		w.proxy.once("PUT upload", 3, fault{status: 500})
		if _, err := u.Upload(context.Background(), item(data)); err == nil {
			t.Fatal("no error")
		}
		w.proxy.damage(nil)
		abort(t, w)
		a, err := w.uploader().Upload(context.Background(), item(data))
		if err != nil {
			t.Fatal(err)
		}
		wantArchive(t, w, a, data)
	})
	t.Run("in the middle", func(t *testing.T) {
		w := newWorld(t)
		var m meter
		w.proxy.once("PUT upload", 3, fault{held: func() { abort(t, w) }})
		it := item(data)
		it.Progress = m.add
		a, err := w.uploader().Upload(context.Background(), it)
		if err != nil {
			t.Fatal(err)
		}
		wantArchive(t, w, a, data)
		m.want(t, len(data))
	})
	t.Run("whenever it is begun", func(t *testing.T) {
		w := newWorld(t)
		w.proxy.damage(func(kind string, _ *http.Request) *fault {
			if kind == "PUT upload" {
				return &fault{held: func() { abort(t, w) }}
			}
			return nil
		})
		if _, err := w.uploader().Upload(context.Background(), item(data)); !remote.IsNotFound(err) {
			t.Errorf("error %v", err)
		}
	})
}

// Content that has changed is not kept.
func TestUploadOfWhatChanges(t *testing.T) {
	changed := errors.New("changed")
	for _, tt := range []struct {
		name string
		size int
		at   string // the request during which it changes; "" is at the end
	}{
		{"one request, before it", mib, "none"},
		{"one request, during it", mib, "POST archives"},
		{"parts, in the middle", 4 * mib, "PUT upload"},
		{"parts, at the end", 4 * mib, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			data := content(tt.size)
			now := &shifting{data: data}
			it := item(data)
			it.Content = now
			it.Changed = func() error {
				if now.isOther() || tt.at == "none" {
					return changed
				}
				return nil
			}
			w.proxy.damage(func(kind string, _ *http.Request) *fault {
				if kind == tt.at {
					return &fault{held: now.change, cutBody: 1} // so that it is read again
				}
				return nil
			})
			if _, err := w.uploader().Upload(context.Background(), it); !errors.Is(err, changed) {
				t.Errorf("error %v", err)
			}
			w.proxy.damage(nil)
			if n := w.uploads(t); n != 0 {
				t.Errorf("%d uploads are left", n)
			}
			if _, known, err := w.names.Upload(context.Background(), "key"); known || err != nil {
				t.Errorf("the upload is known: %t, %v", known, err)
			}
		})
	}
}

// The name of an archive that could not be noted: the next process has the same archive.
func TestUploadWhoseNameIsNotKept(t *testing.T) {
	w := newWorld(t)
	full := errors.New("disk full")
	it := item(content(2*mib + 1))
	it.Keep = func(context.Context, names.Archive) error { return full }
	first, err := w.uploader().Upload(context.Background(), it)
	if !errors.Is(err, full) || first.ID == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	it.Keep = nil
	second, err := w.uploader().Upload(context.Background(), it)
	if err != nil || second.ID != first.ID {
		t.Errorf("%s and %s, %v", first.ID, second.ID, err)
	}
	w.proxy.wantPartsOnce(t, 3)
}

func TestPartSize(t *testing.T) {
	const gib = glacier.GiB
	for _, tt := range []struct{ size, wanted, want int64 }{
		{1, 0, 16 * mib},
		{160_000 * mib, 0, 16 * mib},
		{160_000*mib + 1, 0, 32 * mib},
		{glacier.MaxArchiveSize, 0, 4 * gib},
		{glacier.MaxArchiveSize + 1, 0, 0},
		{10_000 * mib, mib, mib},
		{10_000*mib + 1, mib, 2 * mib}, // as large as it has to be
		{1, 3 * mib, 0},
		{1, mib / 2, 0},
		{1, 8 * gib, 0},
	} {
		if got, err := transfer.PartSize(tt.size, tt.wanted); got != tt.want || (err == nil) != (tt.want != 0) {
			t.Errorf("PartSize(%d, %d) = %d, %v; want %d", tt.size, tt.wanted, got, err, tt.want)
		}
	}
}

// When all work is stopped, an archive that the server has is noted first; what it has not, it never gets.
func TestUploadThatIsStopped(t *testing.T) {
	stopped := errors.New("stopped")
	for _, tt := range []struct {
		name  string
		f     func(stop func()) *fault
		kept  bool
		taken int
	}{
		{"before the body was sent", func(stop func()) *fault { return &fault{held: stop, cutBody: 1} }, false, 0},
		{"before the reply", func(stop func()) *fault { return &fault{then: stop} }, true, 1},
		{"before a reply that never comes", func(stop func()) *fault { return &fault{then: stop, lost: true} }, false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			ctx, stop := context.WithCancelCause(context.Background())
			w.proxy.damage(func(kind string, _ *http.Request) *fault {
				if kind != "POST archives" {
					return nil
				}
				return tt.f(func() { stop(stopped) })
			})
			kept := false
			it := item(content(24 * mib))
			it.Keep = func(context.Context, names.Archive) error { kept = true; return nil }
			u := w.uploader()
			u.Single = 32 * mib
			_, err := u.Upload(ctx, it)
			if kept != tt.kept || (err == nil) != tt.kept || err != nil && !errors.Is(err, stopped) {
				t.Errorf("kept: %t, error %v", kept, err)
			}
			if n := w.proxy.count("POST archives"); n != tt.taken {
				t.Errorf("the server has taken %d archives, want %d", n, tt.taken)
			}
		})
	}
}
