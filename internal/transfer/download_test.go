package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firn/internal/files"
	"firn/internal/remote"
	"firn/internal/transfer"
	"firn/treehash"
)

// save downloads into dir/file.
func save(ctx context.Context, d *transfer.Downloader, o transfer.Output, dir string) (treehash.Hash, error) {
	t, err := files.Place(dir, "file", files.Placement{})
	if err != nil {
		return treehash.Hash{}, err
	}
	return d.Save(ctx, o, t, time.Unix(1_000_000_000, 0))
}

func wantFile(t *testing.T, dir string, data []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, "file"))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, which are not those of the archive; %v", len(got), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v is left, %v", entries, err)
	}
}

func TestSave(t *testing.T) {
	for _, size := range []int{1, mib - 1, mib, mib + 1, 5 * mib, 5*mib + 4321} {
		w := newWorld(t)
		data := content(size)
		o := w.put(t, data)
		var m meter
		o.Progress = m.add
		dir := t.TempDir()
		tree, err := save(context.Background(), w.downloader(), o, dir)
		if err != nil || tree != treehash.Sum(data) {
			t.Fatal(tree, err)
		}
		wantFile(t, dir, data)
		m.want(t, size)
		if info, err := os.Stat(filepath.Join(dir, "file")); err != nil || info.ModTime().Unix() != 1_000_000_000 {
			t.Errorf("%v, %v", info.ModTime(), err)
		}
		if rows, err := w.names.Chunks(context.Background(), filepath.Join(dir, "file")); len(rows) != 0 || err != nil {
			t.Errorf("chunks are left: %v, %v", rows, err)
		}
	}
}

// faults that a download gets over. Each happens to the n-th request for the output.
var faults = []struct {
	name string
	f    fault
}{
	{"refused", fault{status: 500}},
	{"no reply", fault{lost: true}},
	{"cut at once", fault{cutReply: 1}},
	{"cut in a leaf", fault{cutReply: 700_000}},
	{"wrong byte at the beginning", fault{flip: 1}},
	{"wrong byte at the end", fault{flip: 1000}},
	{"no hash said", fault{unhashed: true}},
	{"too short, and not said so", fault{short: 500}},
	{"too short to have anything", fault{short: 1001}},
}

func TestSaveThroughFaults(t *testing.T) {
	data := content(3*mib + 1001)
	w := newWorld(t)
	o := w.put(t, data)
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; n <= 5; n++ { // of 4 requests
				var m meter
				o.Progress = m.add
				dir := t.TempDir()
				w.proxy.once("GET output", n, tt.f)
				if _, err := save(context.Background(), w.downloader(), o, dir); err != nil {
					t.Fatalf("request %d: %v", n, err)
				}
				wantFile(t, dir, data)
				m.want(t, len(data))
			}
		})
	}
}

// A server that does one of these to every request.
func TestSaveFromBadServers(t *testing.T) {
	data := content(3*mib + 1001)
	w := newWorld(t)
	o := w.put(t, data)
	for _, tt := range []struct {
		name string
		f    fault
		bad  bool
	}{
		{"cuts every reply", fault{cutReply: 100_000}, false},
		{"says no hashes", fault{unhashed: true}, false},
		{"knows no ranges", fault{whole: true}, false},
		{"knows neither", fault{whole: true, unhashed: true}, false},
		{"sends a wrong byte", fault{flip: 1000}, true},
		{"sends a wrong byte and says no hashes", fault{flip: 1000, unhashed: true}, true},
		{"knows no ranges and sends a wrong byte", fault{flip: 2 * mib, whole: true}, true},
		{"never sends anything", fault{lost: true}, true},
		{"sends headers alone", fault{short: 1001}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m meter
			o.Progress = m.add
			dir := t.TempDir()
			w.proxy.damage(func(kind string, r *http.Request) *fault {
				if kind != "GET output" || tt.f.short != 0 && r.Header.Get("Range") != "bytes=3145728-3146728" {
					return nil
				}
				return &tt.f
			})
			_, err := save(context.Background(), w.downloader(), o, dir)
			if !tt.bad {
				if err != nil {
					t.Fatal(err)
				}
				wantFile(t, dir, data)
				m.want(t, len(data))
				return
			}
			if _, corrupt := errors.AsType[*transfer.CorruptError](err); err == nil || corrupt != (tt.f.flip != 0) {
				t.Fatalf("error %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "file")); err == nil {
				t.Error("the file is there")
			}
			// The server gets well, and the next process goes on.
			w.proxy.damage(nil)
			if _, err := save(context.Background(), w.downloader(), o, dir); err != nil {
				t.Fatal(err)
			}
			wantFile(t, dir, data)
		})
	}
}

// A server that breaks off and knows no ranges is asked for everything again.
func TestSaveWithoutRangesBrokenOff(t *testing.T) {
	data := content(3*mib + 1001)
	w := newWorld(t)
	o := w.put(t, data)
	var m meter
	o.Progress = m.add
	dir := t.TempDir()
	n := 0
	w.proxy.damage(func(kind string, r *http.Request) *fault {
		if kind != "GET output" {
			return nil
		}
		f := &fault{whole: true}
		if r.Header.Get("Range") == "" {
			if n++; n < 3 {
				f.cutReply = 2_000_000
			}
		}
		return f
	})
	if _, err := save(context.Background(), w.downloader(), o, dir); err != nil {
		t.Fatal(err)
	}
	wantFile(t, dir, data)
	m.want(t, len(data))
}

// A download that stops is gone on with: what is on the disk is not asked for again, and not believed without a look.
func TestSaveGoesOn(t *testing.T) {
	data := content(6*mib + 5)
	for _, tt := range []struct {
		name   string
		damage func(partial string) error // to what is on the disk
		again  int                        // chunks that are asked for twice
	}{
		{"undisturbed", func(string) error { return nil }, 0},
		{"a byte of the first chunk is another", func(p string) error { return poke(p, 10) }, 1},
		{"the end was cut off", func(p string) error { return os.Truncate(p, mib+1) }, 2},
		{"longer", func(p string) error { return os.Truncate(p, 10*mib) }, 0},
		{"gone", os.Remove, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			o := w.put(t, data)
			dir := t.TempDir()
			ctx, stop := context.WithCancel(context.Background())
			w.proxy.once("GET output", 4, fault{status: 500, held: stop})
			d := w.downloader()
			d.Slots = transfer.NewSlots(1)
			if _, err := save(ctx, d, o, dir); !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			partial := filepath.Join(dir, ".file.firn-partial")
			if err := tt.damage(partial); err != nil {
				t.Fatal(err)
			}
			w.proxy.damage(nil)
			w.proxy.forget()
			w.open(t)
			var m meter
			o.Progress = m.add
			if _, err := save(context.Background(), w.downloader(), o, dir); err != nil {
				t.Fatal(err)
			}
			wantFile(t, dir, data)
			m.want(t, len(data))
			if n := w.proxy.count("GET output"); n != 4+tt.again {
				t.Errorf("%d requests, want %d", n, 4+tt.again)
			}
		})
	}
}

// poke changes a byte of a file.
func poke(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte("!"), at)
	return err
}

// What the catalogue knows of another archive, or of another place in it, is of no use.
func TestSaveOfAnotherArchive(t *testing.T) {
	w := newWorld(t)
	one, other := content(3*mib), content(6 * mib)[3*mib:]
	dir := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	w.proxy.once("GET output", 3, fault{status: 500, held: stop})
	if _, err := save(ctx, w.downloader(), w.put(t, one), dir); err == nil {
		t.Fatal("no error")
	}
	w.proxy.damage(nil)
	if _, err := save(context.Background(), w.downloader(), w.put(t, other), dir); err != nil {
		t.Fatal(err)
	}
	wantFile(t, dir, other)
}

func TestSaveHeldAgainstTheWhole(t *testing.T) {
	w := newWorld(t)
	data := content(2 * mib)
	for name, change := range map[string]func(o *transfer.Output){
		"another hash": func(o *transfer.Output) { o.Tree[0] ^= 1 },
		"another size": func(o *transfer.Output) { o.Size-- },
		"longer":       func(o *transfer.Output) { o.Size++ },
	} {
		o := w.put(t, data)
		change(&o)
		dir := t.TempDir()
		_, err := save(context.Background(), w.downloader(), o, dir)
		if _, corrupt := errors.AsType[*transfer.CorruptError](err); err == nil || !corrupt && name != "longer" { // the server may say it first
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "file")); err == nil {
			t.Errorf("%s: the file is there", name)
		}
	}
	o := w.put(t, data)
	o.Job += "x"
	if _, err := save(context.Background(), w.downloader(), o, t.TempDir()); !remote.IsNotFound(err) {
		t.Errorf("no such job: %v", err)
	}
}

func TestWrite(t *testing.T) {
	data := content(5*mib + 99)
	w := newWorld(t)
	o := w.put(t, data)
	for _, tt := range []struct {
		name  string
		every bool
		f     fault
		bad   bool
		least int // bytes that have been written when it fails
	}{
		{"undisturbed", false, fault{}, false, 0},
		{"one refused", false, fault{status: 500}, false, 0},
		{"one cut", false, fault{cutReply: 50}, false, 0},
		{"one wrong", false, fault{flip: 50}, false, 0},
		{"one without a hash", false, fault{unhashed: true}, false, 0},
		{"all cut", true, fault{cutReply: 100_000}, false, 0},
		{"without hashes", true, fault{unhashed: true}, false, 0},
		{"without ranges", true, fault{whole: true}, false, 0},
		{"wrong", true, fault{flip: 50}, true, 0},
		{"wrong and without hashes", true, fault{flip: 50, unhashed: true}, true, len(data)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m meter
			o.Progress = m.add
			if tt.every {
				w.proxy.damage(func(kind string, _ *http.Request) *fault {
					if kind == "GET output" {
						return &tt.f
					}
					return nil
				})
			} else {
				w.proxy.once("GET output", 3, tt.f)
			}
			d := w.downloader()
			d.Buffers = 2
			var out bytes.Buffer
			tree, err := d.Write(context.Background(), o, &out)
			if tt.bad {
				if _, corrupt := errors.AsType[*transfer.CorruptError](err); !corrupt || out.Len() != tt.least {
					t.Errorf("%d bytes, error %v", out.Len(), err)
				}
				return
			}
			if err != nil || tree != o.Tree || !bytes.Equal(out.Bytes(), data) {
				t.Errorf("%d bytes of %d, %v", out.Len(), len(data), err)
			}
			m.want(t, len(data))
		})
	}
}

func TestWriteToWhatFails(t *testing.T) {
	w := newWorld(t)
	o := w.put(t, content(5*mib))
	full := errors.New("full")
	if _, err := w.downloader().Write(context.Background(), o, writer(func([]byte) (int, error) { return 0, full })); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	if _, err := w.downloader().Write(ctx, o, writer(func(p []byte) (int, error) { stop(); return len(p), nil })); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestReader(t *testing.T) {
	w := newWorld(t)
	data := content(9*mib + 77)
	o := w.put(t, data)
	r, err := w.downloader().Read(context.Background(), o)
	if err != nil || r.Size() != o.Size {
		t.Fatal(err)
	}
	w.proxy.once("GET output", 1, fault{flip: 5})
	for _, tt := range []struct{ off, size int }{
		{0, 10}, {len(data) - 5, 5}, {len(data) - 5, 6}, {len(data), 1}, {4*mib - 1, 2}, {100, 9 * mib}, {0, 0}, {len(data) + 5, 1},
	} {
		p := make([]byte, tt.size)
		n, err := r.ReadAt(p, int64(tt.off))
		want := data[min(tt.off, len(data)):min(tt.off+tt.size, len(data))]
		if !bytes.Equal(p[:n], want) || (n < tt.size) != (err == io.EOF) || err != nil && err != io.EOF {
			t.Errorf("%d at %d: %d bytes, %v", tt.size, tt.off, n, err)
		}
	}
	if n := w.proxy.count("GET output"); n != 4 {
		t.Errorf("%d requests for three blocks, one of them damaged", n)
	}
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read before the beginning")
	}
}

// Who reads from the beginning to the end is read ahead of, and no block is fetched twice.
func TestReaderAhead(t *testing.T) {
	w := newWorld(t)
	data := content(33*mib + 5)
	o := w.put(t, data)
	r, err := w.downloader().Read(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	w.proxy.once("GET output", 4, fault{status: 403}) // a block that is fetched ahead
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if n := w.proxy.count("GET output"); n != 9 {
		t.Errorf("%d requests for 9 blocks", n)
	}
	// Who jumps is not.
	w.proxy.forget()
	for _, off := range []int64{20 * mib, 0, 30 * mib, 10 * mib} {
		if _, err := r.ReadAt(make([]byte, 10), off); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.proxy.count("GET output"); n > 4 {
		t.Errorf("%d requests for 4 blocks", n)
	}
	w.proxy.damage(func(kind string, _ *http.Request) *fault { return &fault{status: 403} })
	if _, err := r.ReadAt(make([]byte, 1), 5*mib); err == nil {
		t.Error("no error")
	}
}
