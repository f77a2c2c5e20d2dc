package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"firn/internal/names"
	"firn/internal/transfer"
)

func input(r io.Reader) transfer.Input {
	return transfer.Input{Key: "key", Description: "description", Content: r}
}

func TestStream(t *testing.T) {
	for _, tt := range []struct {
		name  string
		size  int
		parts int // 0: one request
	}{
		{"one byte", 1, 0},
		{"a part", mib, 0},
		{"a part and a byte", mib + 1, 2},
		{"whole parts", 3 * mib, 3},
		{"many", 7*mib + 9, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			data := content(tt.size)
			var m meter
			var kept names.Archive
			in := input(iotest.HalfReader(bytes.NewReader(data)))
			in.Progress = m.add
			in.Keep = func(_ context.Context, a names.Archive) error { kept = a; return nil }
			a, err := w.uploader().Stream(context.Background(), in)
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

func TestStreamOfNothing(t *testing.T) {
	w := newWorld(t)
	if _, err := w.uploader().Stream(context.Background(), input(bytes.NewReader(nil))); !errors.Is(err, transfer.ErrEmpty) {
		t.Errorf("error %v", err)
	}
}

// Parts that are too large for memory lie in a file.
func TestStreamThroughSpool(t *testing.T) {
	w := newWorld(t)
	u := w.uploader()
	u.PartSize, u.Spool = 256*mib, t.TempDir()
	data := content(3*mib + 1)
	a, err := u.Stream(context.Background(), input(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	wantArchive(t, w, a, data)
}

func TestStreamThatFails(t *testing.T) {
	broken := errors.New("broken")
	for _, size := range []int{0, 100, mib, mib + 1, 3*mib + 5} {
		w := newWorld(t)
		in := input(io.MultiReader(bytes.NewReader(content(size)), iotest.ErrReader(broken)))
		_, err := w.uploader().Stream(context.Background(), in)
		failed, ok := errors.AsType[*transfer.InputError](err)
		if !ok || failed.Read != int64(size) || !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", size, err)
		}
		wantNothing(t, w)
	}
	// One that was cut short elsewhere is not one that has ended.
	w := newWorld(t)
	in := input(io.MultiReader(bytes.NewReader(content(mib+7)), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if _, err := w.uploader().Stream(context.Background(), in); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	wantNothing(t, w)
}

// wantNothing holds that no upload is left, there or here.
func wantNothing(t *testing.T, w *world) {
	t.Helper()
	if n := w.uploads(t); n != 0 {
		t.Errorf("%d uploads are left", n)
	}
	if _, known, err := w.names.Upload(context.Background(), "key"); known || err != nil {
		t.Errorf("the upload is known: %t, %v", known, err)
	}
}

func TestStreamThroughFaults(t *testing.T) {
	data := content(3*mib + 5)
	for _, tt := range []struct {
		kind string
		f    fault
	}{
		{"PUT upload", fault{status: 500}},
		{"PUT upload", fault{cutBody: 600_000}},
		{"PUT upload", fault{lost: true}},
		{"POST upload", fault{lost: true}},
	} {
		w := newWorld(t)
		w.proxy.once(tt.kind, 1, tt.f)
		a, err := w.uploader().Stream(context.Background(), input(bytes.NewReader(data)))
		if err != nil {
			t.Fatal(err)
		}
		wantArchive(t, w, a, data)
	}
}

func TestStreamThatIsStopped(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(context.Background())
	w.proxy.damage(func(kind string, _ *http.Request) *fault {
		if kind == "PUT upload" {
			return &fault{held: stop, cutBody: 1}
		}
		return nil
	})
	r, _ := io.Pipe() // a reader that never comes back
	in := input(io.MultiReader(bytes.NewReader(content(3*mib)), r))
	if _, err := w.uploader().Stream(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	wantNothing(t, w)
}

// What a process has left that was killed is given up by the next of the same name, also if the server has begun an upload and
// the process did not hear of it.
func TestStreamAfterAnother(t *testing.T) {
	for _, tt := range []struct {
		name  string
		heard bool
	}{{"known", true}, {"unheard of", false}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			ctx := context.Background()
			id, err := w.vault.Begin(ctx, "before", mib)
			if !tt.heard {
				id = ""
			}
			if err == nil {
				err = w.names.SetUpload(ctx, names.Upload{Key: "key", ID: id, PartSize: mib, Size: -1, Description: "before"})
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.uploader().Stream(ctx, input(bytes.NewReader(content(2*mib)))); err != nil {
				t.Fatal(err)
			}
			wantNothing(t, w)
		})
	}
}
