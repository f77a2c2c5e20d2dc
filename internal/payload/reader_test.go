package payload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"
	"testing"

	"firn/internal/disk"
	"firn/treehash"

	"github.com/google/go-cmp/cmp"
)

// fixture is a payload of five and a half leaves in a file, and how to open it.
type fixture struct {
	mem  *disk.Mem
	data []byte
	ref  Ref
	tree treehash.Hash
}

func newFixture(t testing.TB) *fixture {
	mem := disk.NewMem(0)
	data := noise(5*LeafSize + LeafSize/2 + 3)
	image := keep(t, newFiles(t, mem, 0xabc, 2), Header{Size: int64(len(data)), Vault: 4}, data)
	return &fixture{mem: mem, data: data, ref: ref(image), tree: image.TreeHash}
}

func (x *fixture) open(t testing.TB, hook func(disk.Op) error) Reader {
	t.Helper()
	r, err := newFiles(t, disk.Inject(x.mem, hook), 1, 1).Open(x.ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func nothing(disk.Op) error { return nil }

func TestReader(t *testing.T) {
	x := newFixture(t)
	r := x.open(t, nothing)
	if r.Size() != int64(len(x.data)) {
		t.Errorf("Size %d", r.Size())
	}
	buf := make([]byte, LeafSize)
	var leaves []treehash.Hash
	for i := range Leaves(r.Size()) {
		want := x.data[i*LeafSize : min((i+1)*LeafSize, int64(len(x.data)))]
		got, err := r.Leaf(i, buf)
		if err != nil || !bytes.Equal(got, want) || &got[0] != &buf[0] {
			t.Errorf("leaf %d: %d bytes, %v", i, len(got), err)
		}
		leaves = append(leaves, treehash.Sum(want))
	}
	for i := range int64(6) {
		for n := range 7 - i {
			got, err := r.Hashes(i, n)
			if diff := cmp.Diff(leaves[i:i+n], got); diff != "" || err != nil {
				t.Errorf("Hashes(%d, %d): %v (-want +got):\n%s", i, n, err, diff)
			}
		}
	}
	if pair, err := r.Hashes(2, 2); err != nil || treehash.Root(pair) != treehash.Sum(x.data[2*LeafSize:4*LeafSize]) {
		t.Errorf("the root of two hashes is not the tree hash of their range (%v)", err)
	}
	for _, bad := range [][2]int64{{-1, 1}, {6, 1}, {0, 7}, {5, 2}, {1, -1}, {7, 0}, {1, 1<<63 - 1}} {
		if _, err := r.Hashes(bad[0], bad[1]); err == nil {
			t.Errorf("Hashes(%d, %d): no error", bad[0], bad[1])
		}
	}
	for _, i := range []int64{-1, 6} {
		if _, err := r.Leaf(i, buf); err == nil {
			t.Errorf("leaf %d: no error", i)
		}
	}
	if _, err := r.Leaf(0, buf[1:]); !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("short buffer: %v", err)
	}
}

func TestReaderSurvivesRemove(t *testing.T) {
	x := newFixture(t)
	r := x.open(t, nothing)
	if err := Remove(x.mem, x.ref.ID); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), r, x.tree); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	x := newFixture(t)
	f := newFiles(t, x.mem, 1, 1)
	if _, err := f.Open(Ref{ID: 1, Size: 3}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := f.Open(Ref{ID: x.ref.ID, LSN: 8, Size: x.ref.Size}); err == nil || isDamage(err) {
		t.Errorf("in a record: %v", err)
	}
	if _, err := f.Open(Ref{ID: x.ref.ID, Size: x.ref.Size - 1}); !isDamage(err) {
		t.Errorf("another size: %v", err)
	}
}

// TestManyPages reads a table that does not fit into one page, there and back.
func TestManyPages(t *testing.T) {
	const leaves = 2*pageLeaves + 3
	mem := disk.NewMem(0)
	if err := disk.MkdirAll(mem, folder(1)); err != nil {
		t.Fatal(err)
	}
	// A file with holes in the place of the payload, for there is nothing to learn from its bytes.
	hashes := make([]treehash.Hash, leaves)
	for i := range hashes {
		hashes[i] = treehash.Sum([]byte{byte(i), byte(i >> 8)})
	}
	sum := Sum{Size: (leaves-1)*LeafSize + 5, Tree: treehash.Root(hashes)}
	o := &output{files: newFiles(t, mem, 1, 1), label: &label{id: 1, pool: store, Header: Header{Size: sum.Size}}}
	o.sums = make([]uint32, leaves)
	if err := o.begin(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-o.named, o.finish(hashes, sum)); err != nil {
		t.Fatal(err)
	}
	x := &fixture{mem: mem, ref: Ref{ID: 1, Size: sum.Size}}
	r := x.open(t, nothing)
	for _, i := range []int64{0, leaves - 1, 3, pageLeaves, pageLeaves - 1, 2 * pageLeaves} {
		if got, err := r.Hashes(i, 1); err != nil || got[0] != hashes[i] {
			t.Errorf("hash %d: %v", i, err)
		}
	}
	if got, err := r.Hashes(0, leaves); err != nil || !slices.Equal(got, hashes) {
		t.Errorf("all hashes: %v", err)
	}
	// A page that cannot be read must not be taken for the one before it.
	r = x.open(t, disk.NthOp(2+3+2, disk.Fault{Err: syscall.EIO, Short: 5000}, disk.OpRead)) // ends, checkTable, two pages
	for _, i := range []int64{0, pageLeaves} {
		if got, err := r.Hashes(i, 1); (err == nil) != (i == 0) || err == nil && got[0] != hashes[i] {
			t.Errorf("hash %d, with an error at the second page: %v", i, err)
		}
	}
	if got, err := r.Hashes(3, 1); err != nil || got[0] != hashes[3] {
		t.Errorf("hash 3, after an error: %v", err)
	}
	// A flip beyond the first page.
	mem.Corrupt(Name(1), tableOffset(sum.Size)+(pageLeaves+5)*entrySize, func(b []byte) { b[0] ^= 1 })
	if _, err := x.open(t, nothing).Hashes(0, 1); !isDamage(err) {
		t.Errorf("damaged table: %v", err)
	}
	if _, err := Inspect(mem, Name(1)); !isDamage(err) {
		t.Errorf("Inspect of a damaged table: %v", err)
	}
}

func TestCheckFinds(t *testing.T) {
	leafAt := func(i int64) int64 { return leafOffset(i) + 1000 }
	flip := func(x *fixture, at int64) { x.mem.Corrupt(Name(x.ref.ID), at, func(b []byte) { b[0] ^= 1 }) }
	tests := []struct {
		name   string
		damage func(x *fixture)
		leaf   int64
	}{
		{"first leaf", func(x *fixture) { flip(x, leafAt(0)) }, 0},
		{"third leaf", func(x *fixture) { flip(x, leafAt(2)) }, 2},
		{"last leaf", func(x *fixture) { flip(x, leafAt(5)) }, 5},
		{"leaf table", func(x *fixture) { flip(x, tableOffset(x.ref.Size)) }, -1},
		{"another tree hash than the record's", func(x *fixture) { x.tree[0]++ }, -1},
		{"file cut while open", func(x *fixture) {
			f, err := x.mem.OpenWrite(Name(x.ref.ID))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := f.Truncate(leafAt(5)); err != nil {
				t.Fatal(err)
			}
		}, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := newFixture(t)
			r := x.open(t, nothing)
			if err := Check(t.Context(), r, x.tree); err != nil {
				t.Fatalf("before the damage: %v", err)
			}
			r = x.open(t, nothing)
			tt.damage(x)
			err := Check(t.Context(), r, x.tree)
			d, _ := errors.AsType[*DamageError](err)
			if d == nil || d.Payload != x.ref.ID || d.Leaf != tt.leaf {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// TestCheckFindsForgery: a leaf with a right CRC and a wrong hash is damaged too, and a reader that does not know its id is no
// obstacle.
func TestCheckFindsForgery(t *testing.T) {
	x := newFixture(t)
	r := forged{x.open(t, nothing)}
	err := Check(t.Context(), r, x.tree)
	if d, _ := errors.AsType[*DamageError](err); d == nil || d.Leaf != 1 {
		t.Errorf("Check: %v", err)
	}
}

// forged changes a bit of leaf 1 after its CRC was checked.
type forged struct{ Reader }

func (f forged) Leaf(i int64, buf []byte) ([]byte, error) {
	leaf, err := f.Reader.Leaf(i, buf)
	if err == nil && i == 1 {
		leaf[17] ^= 4
	}
	return leaf, err
}

// TestReadFaults: a lying disk is found out, and an error of the disk is not mistaken for damage.
func TestReadFaults(t *testing.T) {
	x := newFixture(t)
	for name, fault := range map[string]disk.Fault{
		"bit flip":        {Flip: true},
		"misdirected":     {Shift: 4096},
		"error":           {Err: syscall.EIO},
		"ends too early":  {Err: io.EOF, Short: 7},
		"broken off read": {Err: syscall.EIO, Short: 7},
	} {
		for n := 1; ; n++ {
			hit := false
			nth := disk.NthOp(n, fault, disk.OpRead)
			fsys := disk.Inject(x.mem, func(op disk.Op) error {
				err := nth(op)
				hit = hit || err != nil
				return err
			})
			got, err := readAll(newFiles(t, fsys, 1, 1), x.ref, x.tree)
			if !hit {
				if err != nil || !bytes.Equal(got, x.data) {
					t.Errorf("without a fault: %v", err)
				}
				break
			}
			// The first two reads may be those of the trailer's or header's middle, which are checked like all else.
			if err == nil {
				t.Errorf("%s at read %d: no error", name, n)
			}
			if wrong := errors.Is(fault.Err, syscall.EIO); isDamage(err) == wrong {
				t.Errorf("%s at read %d: %v", name, n, err)
			}
		}
	}
}

func TestCopyRange(t *testing.T) {
	x := newFixture(t)
	r := x.open(t, nothing)
	size := int64(len(x.data))
	buf := make([]byte, LeafSize)
	for _, off := range []int64{0, 1, LeafSize - 1, LeafSize, LeafSize + 1, 3*LeafSize + 5, size - 1, size} {
		for _, n := range []int64{0, 1, 2, LeafSize - 1, LeafSize, LeafSize + 1, 2*LeafSize + 7, size - off} {
			if off+n > size {
				continue
			}
			var b bytes.Buffer
			if err := CopyRange(t.Context(), &b, r, off, n, buf); err != nil || !bytes.Equal(b.Bytes(), x.data[off:off+n]) {
				t.Errorf("%d bytes from %d: %d bytes, %v", n, off, b.Len(), err)
			}
		}
	}
	for _, bad := range [][2]int64{{-1, 2}, {0, -1}, {0, size + 1}, {size, 1}, {size + 1, 0}, {5, 1<<63 - 1}} {
		var b bytes.Buffer
		if err := CopyRange(t.Context(), &b, r, bad[0], bad[1], buf); err == nil || b.Len() > 0 {
			t.Errorf("%d bytes from %d: %d bytes and no error", bad[1], bad[0], b.Len())
		}
	}
	if err := CopyRange(t.Context(), io.Discard, r, 0, 1, buf[1:]); err == nil {
		t.Error("short buffer: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := CopyRange(ctx, io.Discard, r, 0, 1, buf); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := Check(ctx, r, x.tree); !errors.Is(err, context.Canceled) {
		t.Errorf("Check, cancelled: %v", err)
	}
	if err := CopyRange(t.Context(), brokenPipe{}, r, 0, 1, buf); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("broken pipe: %v", err)
	}
	x.mem.Corrupt(Name(x.ref.ID), leafOffset(2), func(b []byte) { b[0]++ })
	var b bytes.Buffer
	if err := CopyRange(t.Context(), &b, r, 10, size-10, buf); !isDamage(err) || !bytes.Equal(b.Bytes(), x.data[10:2*LeafSize]) {
		t.Errorf("damaged leaf: %d bytes, %v", b.Len(), err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }
