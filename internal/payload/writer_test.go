package payload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"firn/internal/disk"
	"firn/internal/record"

	"github.com/google/go-cmp/cmp"
)

func TestWriter(t *testing.T) {
	tests := []struct {
		name     string
		size     int64
		declared int64
		file     bool
	}{
		{"no bytes", 0, 0, false},
		{"no bytes, size unknown", 0, -1, false},
		{"one byte", 1, 1, false},
		{"one leaf", LeafSize, LeafSize, false},
		{"one leaf, size unknown", LeafSize, -1, false},
		{"one byte more than a leaf", LeafSize + 1, LeafSize + 1, true},
		{"one byte more than a leaf, size unknown", LeafSize + 1, -1, true},
		{"two leaves", 2 * LeafSize, 2 * LeafSize, true},
		{"nine and a half leaves", 9*LeafSize + LeafSize/2, 9*LeafSize + LeafSize/2, true},
		{"nine and a half leaves, size unknown", 9*LeafSize + LeafSize/2, -1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fsys := disk.NewMem(0)
			f := newFiles(t, fsys, 0x1234, 2)
			data := noise(tt.size)
			h := Header{Vault: 5, Upload: 6, First: 7 << 20, Size: tt.declared, Description: strings.Repeat("d", 1024)}
			w, sum, err := write(f, h, data)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			want := sumOf(data)
			if diff := cmp.Diff(want, sum); diff != "" {
				t.Errorf("Finish (-want +got):\n%s", diff)
			}

			var r record.Record
			image := w.Attach(&r, 77)
			wantImage := record.Payload{ID: 0x1234, LSN: 77, Size: tt.size, TreeHash: want.Tree, Vault: 5}
			if tt.file {
				wantImage.LSN = 0
			}
			if diff := cmp.Diff(wantImage, image); diff != "" {
				t.Errorf("Attach (-want +got):\n%s", diff)
			}
			var stored record.Payload
			if err := record.Decode(r.Images[0].Body, &stored); err != nil || len(r.Images) != 1 {
				t.Fatalf("%d images, %v", len(r.Images), err)
			}
			if diff := cmp.Diff(wantImage, stored); diff != "" || r.Images[0].Key != record.PayloadKey(0x1234) {
				t.Errorf("image of %v (-want +got):\n%s", r.Images[0].Key, diff)
			}
			if inline := r.Stores.Inline(); (inline == nil) != tt.file || !tt.file && !bytes.Equal(inline, data) {
				t.Errorf("Inline is %d bytes, nil: %v", len(inline), inline == nil)
			}
			r.Stores.Settle(true)
			if !tt.file {
				if got := listed(t, fsys); len(got) != 0 {
					t.Errorf("files %v", got)
				}
				return
			}
			info, err := Inspect(fsys, "payload/34/0000000000001234.pay")
			if diff := cmp.Diff(Info{ID: 0x1234, Header: h, Pool: store, Whole: true, Sum: want}, info); diff != "" || err != nil {
				t.Errorf("Inspect: %v (-want +got):\n%s", err, diff)
			}
			if got, err := readAll(f, ref(image), want.Tree); err != nil || !bytes.Equal(got, data) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		})
	}
}

// TestSplits writes in pieces of random sizes, some of them empty: the result must not depend on them.
func TestSplits(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	fsys := disk.NewMem(0)
	f := newFiles(t, fsys, 1, 2)
	for range 25 {
		data := noise(rng.Int64N(4*LeafSize + 1))
		h := Header{Size: int64(len(data))}
		if rng.IntN(2) == 0 {
			h.Size = -1
		}
		w, err := f.New(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		most := 1 << (8 + rng.IntN(14))
		for rest := data; len(rest) > 0; {
			k := min(rng.IntN(most+1), len(rest))
			piece := bytes.Clone(rest[:k])
			if n, err := w.Write(piece); n != k || err != nil {
				t.Fatalf("write %d bytes: %d, %v", k, n, err)
			}
			clear(piece) // It is the caller's again.
			rest = rest[k:]
		}
		sum, err := w.Finish()
		if diff := cmp.Diff(sumOf(data), sum); diff != "" || err != nil {
			t.Fatalf("%d bytes in pieces up to %d: %v (-want +got):\n%s", len(data), most, err, diff)
		}
		var r record.Record
		image := w.Attach(&r, 1)
		got := r.Stores.Inline()
		if image.LSN == 0 {
			got, err = readAll(f, ref(image), sum.Tree)
		}
		if !bytes.Equal(got, data) || err != nil {
			t.Fatalf("%d bytes in pieces up to %d: other bytes come back, %v", len(data), most, err)
		}
		w.Close()
	}
}

func TestWrongSize(t *testing.T) {
	for _, declared := range []int64{10, LeafSize, LeafSize + 10, 3 * LeafSize} {
		t.Run(fmt.Sprint(declared), func(t *testing.T) {
			fsys := disk.NewMem(0)
			f := newFiles(t, fsys, 1, 2)
			if _, _, err := write(f, Header{Size: declared}, noise(declared-1)); !errors.Is(err, ErrShort) {
				t.Errorf("a byte too few: %v", err)
			}
			if _, _, err := write(f, Header{Size: declared}, noise(declared+1)); !errors.Is(err, ErrLong) {
				t.Errorf("a byte too many: %v", err)
			}
			w, err := f.New(t.Context(), Header{Size: declared})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(noise(declared)); err != nil {
				t.Fatal(err)
			}
			if n, err := w.Write([]byte{1}); n != 0 || !errors.Is(err, ErrLong) {
				t.Errorf("a byte too many of its own: %d, %v", n, err)
			}
			if _, err := w.Finish(); !errors.Is(err, ErrLong) {
				t.Errorf("Finish after a failed Write: %v", err)
			}
			w.Close()
			if left := listed(t, fsys); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	f := newFiles(t, disk.NewMem(0), 1, 1)
	for name, h := range map[string]Header{
		"long description": {Description: strings.Repeat("x", 1025)},
		"negative size":    {Size: -2},
	} {
		if w, err := f.New(t.Context(), h); err == nil {
			t.Errorf("%s: accepted", name)
			w.Close()
		}
	}
	if _, err := NewFiles(Config{FS: disk.NewMem(0)}).New(t.Context(), Header{}); err == nil {
		t.Error("without ids: accepted")
	}
	broken := errors.New("no ids today")
	f.cfg.NextID = func(context.Context) (uint64, error) { return 0, broken }
	if _, err := f.New(t.Context(), Header{}); !errors.Is(err, broken) {
		t.Errorf("without an id: %v", err)
	}
}

// TestFate runs what can happen to a finished payload, in order, and says whether its file is there at the end. The pool's check
// that all buffers came back is part of it, for payloads with and without a file.
func TestFate(t *testing.T) {
	tests := []struct {
		name  string
		steps string
		kept  bool
	}{
		{"never attached", "close", false},
		{"the rule refused after it had attached", "attach close", false},
		{"outcome not known", "attach inline close", true},
		{"committed", "attach inline settle+ close", true},
		{"committed, without a look at the bytes", "attach settle+ close", true},
		{"withdrawn", "attach inline settle- close", false},
		{"withdrawn before a look at the bytes", "attach settle- close", false},
		{"withdrawn after the caller had gone", "attach inline close settle-", false},
		{"committed after the caller had gone", "attach inline close settle+", true},
		{"attached twice, for the rule ran again", "attach inline attach inline settle+ close", true},
		{"closed twice", "attach inline settle+ close close", true},
		{"closed twice, never attached", "close close", false},
	}
	for _, tt := range tests {
		for _, size := range []int64{100, LeafSize + 100} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, size), func(t *testing.T) {
				fsys := disk.NewMem(0)
				f := newFiles(t, fsys, 1, 2)
				data := noise(size)
				w, _, err := write(f, Header{Size: size}, data)
				if err != nil {
					t.Fatal(err)
				}
				var r record.Record
				for step := range strings.FieldsSeq(tt.steps) {
					switch step {
					case "attach":
						r = record.Record{}
						w.Attach(&r, 1)
					case "inline":
						if got := r.Stores.Inline(); size < LeafSize && !bytes.Equal(got, data) {
							t.Error("Inline has other bytes")
						}
					case "settle+", "settle-":
						r.Stores.Settle(step == "settle+")
					case "close":
						if err := w.Close(); err != nil {
							t.Error(err)
						}
					}
				}
				if left := listed(t, fsys); (len(left) > 0) != (tt.kept && size > LeafSize) {
					t.Errorf("files %v", left)
				}
			})
		}
	}
}

func TestAttachPanics(t *testing.T) {
	f := newFiles(t, disk.NewMem(0), 1, 4)
	begun, _ := f.New(t.Context(), Header{Size: 3})
	short, _ := f.New(t.Context(), Header{Size: 3})
	short.Finish()
	settled, _, _ := write(f, Header{Size: 3}, noise(3))
	var r record.Record
	settled.Attach(&r, 1)
	r.Stores.Settle(false)
	second, _, _ := write(f, Header{Size: 3}, noise(3))
	for name, tt := range map[string]struct {
		w Writer
		r record.Record
	}{
		"not finished":         {begun, record.Record{}},
		"failed":               {short, record.Record{}},
		"settled":              {settled, record.Record{}},
		"second of its record": {second, r},
	} {
		func() {
			defer tt.w.Close()
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			tt.w.Attach(&tt.r, 1)
		}()
	}
}

// TestClosedEarly closes writers that are at every stage of their streaming.
func TestClosedEarly(t *testing.T) {
	for _, declared := range []int64{-1, 6 * LeafSize} {
		for size := int64(0); size <= 5*LeafSize; size += LeafSize / 2 {
			fsys := disk.NewMem(0)
			f := newFiles(t, fsys, 1, 2)
			w, err := f.New(t.Context(), Header{Size: declared})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(noise(size)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if left := listed(t, fsys); len(left) != 0 {
				t.Errorf("declared %d, closed after %d bytes: left behind %v", declared, size, left)
			}
		}
	}
}

// TestSettleWhileClosing: a store may answer before it settles, so that Settle and Close meet.
func TestSettleWhileClosing(t *testing.T) {
	for _, size := range []int64{5, LeafSize + 5} {
		for i := range 20 {
			fsys := disk.NewMem(0)
			w, _, err := write(newFiles(t, fsys, 1, 2), Header{Size: size}, noise(size))
			if err != nil {
				t.Fatal(err)
			}
			var r record.Record
			w.Attach(&r, 1)
			r.Stores.Inline()
			var wg sync.WaitGroup
			wg.Go(func() { r.Stores.Settle(i%2 == 0) })
			wg.Go(func() { w.Close() })
			wg.Wait()
			if kept := len(listed(t, fsys)) > 0; kept != (i%2 == 0 && size > LeafSize) {
				t.Errorf("%d bytes, kept %v", size, kept)
			}
		}
	}
}

// TestRealDisk writes several payloads at once into one folder of a real directory.
func TestRealDisk(t *testing.T) {
	fsys := disk.OS(t.TempDir())
	f := newFiles(t, fsys, 1, 8)
	var last atomic.Uint64
	f.cfg.NextID = func(context.Context) (uint64, error) { return last.Add(0x100), nil }
	data := noise(9*LeafSize + 77)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			h := Header{Size: int64(len(data))}
			if i%2 == 0 {
				h.Size = -1
			}
			image := keep(t, f, h, data)
			if got, err := readAll(f, ref(image), sumOf(data).Tree); err != nil || !bytes.Equal(got, data) {
				t.Errorf("payload %x: %d bytes, %v", image.ID, len(got), err)
			}
		})
	}
	wg.Wait()
	all := listed(t, fsys)
	if len(all) != 4 {
		t.Errorf("files %v", all)
	}
	for _, file := range all {
		if file.Size != fileSize(int64(len(data))) {
			t.Errorf("%s has %d bytes", file.Name, file.Size)
		}
		if err := Remove(fsys, file.ID); err != nil {
			t.Error(err)
		}
	}
}

// TestFewBuffers lets more streams than there are buffers run at once: they may wait, but not for each other for ever.
func TestFewBuffers(t *testing.T) {
	for _, buffers := range []int{1, 2, 3} {
		f := newFiles(t, disk.NewMem(0), 1, buffers)
		data := noise(4*LeafSize + 5)
		want := sumOf(data)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				h := Header{Size: int64(len(data))}
				if i%2 == 0 {
					h.Size = -1
				}
				w, sum, err := write(f, h, data)
				if err != nil || sum != want {
					t.Errorf("%d buffers: %v, %v", buffers, sum, err)
					return
				}
				w.Close()
			})
		}
		wg.Wait()
	}
}

func TestNoBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, disk.NewMem(0), 1, 1)
		ctx, cancel := context.WithCancel(t.Context())
		first, _, err := write(f, Header{Size: 1}, noise(1))
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			w, err := f.New(ctx, Header{Size: 1})
			if err != nil {
				failed <- err
				return
			}
			defer w.Close()
			_, err = w.Write(noise(1))
			failed <- err
		}()
		synctest.Wait()
		select {
		case err := <-failed:
			t.Errorf("did not wait: %v", err)
		default:
		}
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		first.Close()
	})
}

// TestFullDisk meets a full disk at each block of what a payload needs. Nothing may stay behind.
func TestFullDisk(t *testing.T) {
	const size = 2*LeafSize + 10
	for _, declared := range []int64{size, -1} {
		for free := int64(0); ; free += 96 << 10 {
			fsys := disk.NewMem(free)
			if free == 0 {
				fsys = disk.NewMem(1) // 0 would mean no limit
			}
			before, _ := fsys.Free()
			f := newFiles(t, fsys, 1, 2)
			w, _, err := write(f, Header{Size: declared}, noise(size))
			if err == nil {
				if free < size {
					t.Errorf("declared %d, %d bytes free: no error", declared, free)
				}
				w.Close()
				break
			}
			after, _ := fsys.Free()
			if !disk.IsFull(err) || after != before || len(listed(t, fsys)) != 0 {
				t.Errorf("declared %d, %d bytes free: %v, then %d bytes are free", declared, before, err, after)
			}
			if free > 2*size {
				t.Fatal("the disk is never large enough")
			}
		}
	}
}

// TestFullDiskIsToldEarly: that the declared size does not fit is told at the first byte after the file was made.
func TestFullDiskIsToldEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, disk.NewMem(4<<20), 1, 2)
		w, err := f.New(t.Context(), Header{Size: 100 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		synctest.Wait()
		if n, err := w.Write([]byte{1}); n != 0 || !disk.IsFull(err) {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// TestTakenName: a file that has the payload's name already is somebody's, and stays.
func TestTakenName(t *testing.T) {
	fsys := disk.NewMem(0)
	put(t, fsys, Name(goldenID), goldenBytes())
	f := newFiles(t, fsys, goldenID, 2)
	if _, _, err := write(f, Header{Size: -1}, noise(LeafSize+1)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
	if got, err := disk.ReadFile(fsys, Name(goldenID)); err != nil || !bytes.Equal(got, goldenBytes()) {
		t.Errorf("the other file is gone or changed: %v", err)
	}
}

// TestTrace pins the order of what reaches the disk. Only when the name is synced is left open, as long as it is before the end.
func TestTrace(t *testing.T) {
	var mu sync.Mutex
	var trace []string
	fsys := disk.Inject(disk.NewMem(0), disk.Trace(func(op disk.Op) {
		mu.Lock()
		defer mu.Unlock()
		trace = append(trace, strings.ReplaceAll(op.String(), "payload/2a/000000000000002a.pay", "FILE"))
	}))
	f := newFiles(t, fsys, 0x2a, 2)
	f.known[0x2a] = true // its making is disk's to test
	for _, dir := range []string{"payload", "payload/2a"} {
		if err := fsys.Mkdir(dir); err != nil {
			t.Fatal(err)
		}
	}
	trace = nil
	w, _, err := write(f, Header{Size: 9*LeafSize + 1}, noise(9*LeafSize+1))
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Clone(trace)
	w.Close()
	named := slices.Index(got, "syncdir payload/2a")
	if named < 1 {
		t.Fatalf("the name is not synced, or before it is made: %q", got)
	}
	got = slices.Delete(got, named, named+1)
	want := []string{"create FILE", "allocate FILE 0+9441936", "write FILE 0+4096"}
	for i := range int64(8) {
		want = append(want, fmt.Sprintf("write FILE %d+%d", 4096+i<<20, 1<<20))
	}
	want = append(want, "flush FILE 4096+8388608", "write FILE 8392704+1048576", "write FILE 9441280+1",
		"write FILE 9441281+655", "sync FILE")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
