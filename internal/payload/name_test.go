package payload

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"firn/internal/disk"

	"github.com/google/go-cmp/cmp"
)

func TestName(t *testing.T) {
	for id, want := range map[uint64]string{
		0:                  "payload/00/0000000000000000.pay",
		0x1ff:              "payload/ff/00000000000001ff.pay",
		0xfedcba9876543210: "payload/10/fedcba9876543210.pay",
	} {
		if got := Name(id); got != want {
			t.Errorf("Name(%#x) = %s, want %s", id, got, want)
		}
		if got, ok := parseName(want); got != id || !ok {
			t.Errorf("parseName(%s) = %#x, %v", want, got, ok)
		}
	}
	for _, bad := range []string{
		"", "payload", "payload/ff/1ff.pay", "payload/fe/00000000000001ff.pay", "payload/ff/00000000000001FF.pay",
		"payload/ff/00000000000001ff", "payload/ff/00000000000001ff.pay.tmp", "payload/ff/+0000000000001ff.pay",
		"00000000000001ff.pay", "quarantine/00000000000001ff.pay", "payload/ff/000000000000001ff.pay",
	} {
		if id, ok := parseName(bad); ok {
			t.Errorf("parseName(%q) = %#x", bad, id)
		}
		if _, err := Inspect(disk.NewMem(0), bad); err == nil {
			t.Errorf("Inspect(%q): no error", bad)
		}
	}
}

func TestListAndRemove(t *testing.T) {
	fsys := disk.NewMem(0)
	if got := listed(t, fsys); len(got) != 0 {
		t.Errorf("before the first payload: %v", got)
	}
	for _, name := range []string{Name(goldenID), Name(1), Name(0x101), "payload/01/notes.txt", "payload/01/0000000000000002.pay"} {
		if err := disk.MkdirAll(fsys, "payload/01"); err != nil {
			t.Fatal(err)
		}
		put(t, fsys, name, []byte("12345"))
	}
	if err := fsys.Mkdir("payload/01/0000000000000301.pay"); err != nil {
		t.Fatal(err)
	}
	want := []File{{1, Name(1), 5}, {0x101, Name(0x101), 5}, {goldenID, Name(goldenID), 5}}
	if diff := cmp.Diff(want, listed(t, fsys)); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	for range List(fsys) {
		break // The rest is not wanted.
	}

	sick := disk.Inject(fsys, disk.NthOp(2, disk.Fault{Err: syscall.EIO}, disk.OpReadDir))
	found, failed := 0, 0
	for f, err := range List(sick) {
		if err != nil {
			failed++
			if !errors.Is(err, syscall.EIO) {
				t.Error(err)
			}
		} else if f.ID == goldenID {
			found++
		}
	}
	if failed != 1 || found != 1 {
		t.Errorf("with a sick folder: %d errors, the other file %d times", failed, found)
	}

	for range 2 { // The second finds nothing, and that is all right.
		if err := Remove(fsys, 1); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(want[1:], listed(t, fsys.Crash(nil, disk.Lost))); diff != "" {
		t.Errorf("after Remove and a power cut (-want +got):\n%s", diff)
	}
}

func TestPool(t *testing.T) {
	p := NewPool(2)
	a, err := p.Get(t.Context())
	if err != nil || len(a) != LeafSize {
		t.Fatalf("%d bytes, %v", len(a), err)
	}
	b := p.TryGet()
	if len(b) != LeafSize || &a[0] == &b[0] {
		t.Fatal("TryGet gave no buffer of its own")
	}
	if p.TryGet() != nil {
		t.Error("a third buffer of two")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Get of a third buffer: %v", err)
	}
	p.Put(nil)
	p.Put(b[:5])
	if c, err := p.Get(ctx); err != nil || &c[0] != &b[0] || len(c) != LeafSize {
		t.Errorf("the returned buffer does not come back whole: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Put of a stranger: no panic")
		}
	}()
	p.Put(make([]byte, 10))
}
