package payload

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"hash/crc32"
	"os"
	"testing"

	"firn/internal/disk"
	"firn/treehash"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

const goldenID = 0x0123456789abcdef

var goldenHeader = Header{
	Vault: 3, Upload: 9, First: 4 << 20, Size: 11, Description: "a “small” one",
}

// goldenBytes is the whole file of a payload of eleven bytes, put together from the drawing in the package comment and not by the code.
func goldenBytes() []byte {
	crc := func(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			panic(err)
		}
		return b
	}
	le := binary.LittleEndian
	hello := unhex("b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9") // SHA-256 of "hello world"

	b := make([]byte, 4096, 4292)
	copy(b[0:], "FIRNPAY\n")
	copy(b[8:], unhex("01000000"+"00000000"))
	copy(b[16:], store[:])
	copy(b[32:], unhex("efcdab8967452301"+"0300000000000000"+"0900000000000000"+"0000400000000000"+"0b00000000000000"))
	copy(b[80:], "\x11\x00a “small” one")
	le.PutUint32(b[4092:], crc(b[:4092]))

	b = append(b, "hello world\x00\x00\x00\x00\x00"...)

	table := append(bytes.Clone(hello), make([]byte, 16)...)
	table = le.AppendUint32(table, crc([]byte("hello world")))
	b = append(b, table...)

	trailer := []byte("FIRNEND\n\xef\xcd\xab\x89\x67\x45\x23\x01")
	trailer = append(trailer, unhex("0b00000000000000"+"0100000000000000")...)
	trailer = append(trailer, hello...)
	trailer = append(trailer, hello...)
	trailer = le.AppendUint32(trailer, crc(table))
	trailer = append(trailer, make([]byte, 24)...)
	trailer = le.AppendUint32(trailer, crc(trailer))
	return append(b, trailer...)
}

// goldenFile makes the same file with the code, though a writer would keep so few bytes in memory.
func goldenFile(t testing.TB, fsys disk.FS) {
	t.Helper()
	f := newFiles(t, fsys, goldenID, 1)
	o := f.newOutput(&label{Header: goldenHeader, id: goldenID, pool: store})
	o.leaves <- []byte("hello world")
	if err := o.wait(); err != nil {
		t.Fatal(err)
	}
	sum := sumOf([]byte("hello world"))
	if err := o.finish([]treehash.Hash{sum.Tree}, sum); err != nil {
		t.Fatal(err)
	}
}

// put makes a file in a file system.
func put(t testing.TB, fsys disk.FS, name string, data []byte) {
	t.Helper()
	if err := disk.MkdirAll(fsys, folder(goldenID)); err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteFile(fsys, name, data); err != nil {
		t.Fatal(err)
	}
}

// future returns a file as the next version might write it: all that is certain is where magic, version and CRC of the header are.
func future() []byte {
	b := noise(9000)
	copy(b, "FIRNPAY\n\x02\x00\x00\x00")
	binary.LittleEndian.PutUint32(b[4092:], crc32.Checksum(b[:4092], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestGolden(t *testing.T) {
	for name, want := range map[string][]byte{"testdata/v1.pay": goldenBytes(), "testdata/future.pay": future()} {
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the package comment draws", name)
		}
	}

	t.Run("the code writes it", func(t *testing.T) {
		fsys := disk.NewMem(0)
		goldenFile(t, fsys)
		got, err := disk.ReadFile(fsys, "payload/ef/0123456789abcdef.pay")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(hex.Dump(goldenBytes()), hex.Dump(got)); diff != "" {
			t.Errorf("file (-want +got):\n%s", diff)
		}
	})
	t.Run("the code reads it", func(t *testing.T) {
		fsys := disk.NewMem(0)
		put(t, fsys, Name(goldenID), goldenBytes())
		sum := sumOf([]byte("hello world"))
		info, err := Inspect(fsys, Name(goldenID))
		want := Info{ID: goldenID, Header: goldenHeader, Pool: store, Whole: true, Sum: sum}
		if diff := cmp.Diff(want, info); diff != "" || err != nil {
			t.Errorf("Inspect: error %v (-want +got):\n%s", err, diff)
		}
		got, err := readAll(newFiles(t, fsys, 1, 1), Ref{ID: goldenID, Size: 11}, sum.Tree)
		if string(got) != "hello world" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

// TestDamage damages the golden file in each of its regions. The rows say which step notices: inspecting, opening, or
// reading and checking all of it. None may pass for whole.
func TestDamage(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 0x10; return b }
	}
	const table, trailer, end = 4112, 4164, 4292
	tests := []struct {
		name    string
		change  func([]byte) []byte
		whole   bool   // what Inspect says
		inspect bool   // Inspect finds damage
		open    bool   // Open finds damage
		leaf    int64  // which leaf Leaf finds damaged, else -1
		hashes  bool   // Hashes finds damage
		future  bool   // everybody finds ErrFuture
		id      uint64 // of the file's name, if it is not the golden one
	}{
		{name: "untouched", whole: true, leaf: -1},
		{name: "flip in the header's magic", change: flip(0), whole: true, inspect: true, open: true},
		{name: "flip in the version", change: flip(8), whole: true, inspect: true, open: true},
		{name: "flip in the store's UUID", change: flip(16), whole: true, inspect: true, open: true},
		{name: "flip in the header's id", change: flip(32), whole: true, inspect: true, open: true},
		{name: "flip in the description", change: flip(83), whole: true, inspect: true, open: true},
		{name: "flip in the header's zeros", change: flip(3000), whole: true, inspect: true, open: true},
		{name: "flip in the header's CRC", change: flip(4095), whole: true, inspect: true, open: true},
		{name: "flip in the payload", change: flip(4100), whole: true, leaf: 0},
		{name: "flip in the zeros behind it, which nobody reads", change: flip(4108), whole: true, leaf: -1},
		{name: "flip in a leaf's hash", change: flip(table), whole: true, inspect: true, leaf: -1, hashes: true},
		{name: "flip in a leaf's tag", change: flip(table + 40), whole: true, inspect: true, leaf: -1, hashes: true},
		{name: "flip in a leaf's CRC", change: flip(table + 50), whole: true, inspect: true, leaf: 0, hashes: true},
		{name: "flip in the trailer's magic", change: flip(trailer), open: true},
		{name: "flip in the trailer's id", change: flip(trailer + 9), open: true},
		{name: "flip in the size", change: flip(trailer + 16), open: true},
		{name: "flip in the tree hash", change: flip(trailer + 40), open: true},
		{name: "flip in the trailer's CRC", change: flip(end - 1), open: true},
		{name: "no bytes", change: func(b []byte) []byte { return b[:0] }, open: true},
		{name: "cut within the header", change: func(b []byte) []byte { return b[:100] }, open: true},
		{name: "header alone", change: func(b []byte) []byte { return b[:4096] }, open: true},
		{name: "trailer missing", change: func(b []byte) []byte { return b[:trailer] }, open: true},
		{name: "last byte missing", change: func(b []byte) []byte { return b[:end-1] }, open: true},
		{name: "a byte too many", change: func(b []byte) []byte { return append(b, 0) }, open: true},
		{name: "eight bytes of payload too many", change: func(b []byte) []byte { return append(b[:4104:4104], b[4096:]...) }, open: true},
		{name: "all zeros", change: func(b []byte) []byte { return make([]byte, len(b)) }, open: true},
		{name: "under another name", id: goldenID + 256, whole: true, inspect: true, open: true},
		{name: "of another store", change: reheader(func(l *label) { l.pool[3]++ }), whole: true, open: true},
		{name: "header of another payload", change: reheader(func(l *label) { l.id++ }), whole: true, inspect: true, open: true},
		{name: "trailer of another payload", change: reseal(func(s *seal) { s.id++ }), whole: true, inspect: true, open: true},
		{name: "trailer of a larger payload", change: reseal(func(s *seal) { s.Size += 1 << 40 }), open: true},
		{name: "trailer of a negative payload", change: reseal(func(s *seal) { s.Size = -1 << 62 }), open: true},
		{name: "version from the future", change: func([]byte) []byte { return future() }, future: true},
		{name: "cipher from the future", change: rebyte(12), whole: true, future: true},
		{name: "key slot from the future", change: rebyte(72), whole: true, future: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := goldenBytes()
			if len(data) != end {
				t.Fatalf("%d bytes", len(data))
			}
			if tt.change != nil {
				data = tt.change(data)
			}
			id := uint64(goldenID)
			if tt.id != 0 {
				id = tt.id
			}
			fsys := disk.NewMem(0)
			put(t, fsys, Name(id), data)

			info, err := Inspect(fsys, Name(id))
			if info.Whole != tt.whole || isDamage(err) != tt.inspect || errors.Is(err, ErrFuture) != tt.future {
				t.Errorf("Inspect: whole %v, %v", info.Whole, err)
			}
			r, err := newFiles(t, fsys, 1, 1).Open(Ref{ID: id, Size: 11})
			if isDamage(err) != tt.open || errors.Is(err, ErrFuture) != tt.future {
				t.Fatalf("Open: %v", err)
			}
			if err != nil {
				return
			}
			defer r.Close()
			_, err = r.Leaf(0, make([]byte, LeafSize))
			if d, _ := errors.AsType[*DamageError](err); (d != nil) != (tt.leaf >= 0) || d != nil && d.Leaf != tt.leaf {
				t.Errorf("Leaf: %v", err)
			}
			if _, err = r.Hashes(0, 1); isDamage(err) != tt.hashes {
				t.Errorf("Hashes: %v", err)
			}
			err = Check(t.Context(), r, sumOf([]byte("hello world")).Tree)
			if isDamage(err) != (tt.leaf >= 0 || tt.hashes) {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// reheader returns a change that gives a file another, valid header.
func reheader(f func(*label)) func([]byte) []byte {
	return func(b []byte) []byte {
		l := label{Header: goldenHeader, id: goldenID, pool: store}
		f(&l)
		copy(b, l.encode())
		return b
	}
}

// reseal returns a change that gives a file another, valid trailer.
func reseal(f func(*seal)) func([]byte) []byte {
	return func(b []byte) []byte {
		at := len(b) - trailerSize
		s, _ := decodeSeal(b[at:], int64(len(b)))
		f(&s)
		copy(b[at:], s.encode())
		return b
	}
}

// rebyte returns a change that adds 1 to a byte of the header, and corrects its CRC.
func rebyte(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		b[at]++
		binary.LittleEndian.PutUint32(b[headerSum:], checksum(b[:headerSum]))
		return b
	}
}
