package journal

import (
	"context"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// seeds returns the golden segments: the seeds are files.
func seeds(f *testing.F) [][]byte {
	names, err := filepath.Glob(goldenDir + "/*.seg")
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	var out [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

// FuzzOpen opens a journal of any one segment, with CRCs made right if fix says so. It must
// not panic, and what one start finds, the next finds again.
func FuzzOpen(f *testing.F) {
	for _, s := range seeds(f) {
		for _, fix := range []bool{true, false} {
			f.Add(s, fix)
			f.Add(s[:len(s)-blockSize], fix)
			f.Add(s[:headerSize], fix)
			torn := append([]byte(nil), s...)
			torn[headerSize+30] ^= 1
			f.Add(torn, fix)
		}
	}
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, data []byte, fix bool) {
		data = append([]byte(nil), data...)
		if len(data) > headerSize && fix {
			sealBlock(data[:blockSize])
			repair(data[headerSize:])
		}
		fs := disk.NewMem(64 << 20)
		if err := disk.MkdirAll(fs, dir); err != nil {
			t.Fatal(err)
		}
		id := uint64(1)
		if len(data) >= headerSize {
			id = max(1, le.Uint64(data[16:])&0xffff)
		}
		if err := disk.WriteFile(fs, segmentName(id), data); err != nil {
			t.Fatal(err)
		}
		j, err := Open(config(fs), Position{})
		if err != nil {
			return
		}
		first, ferr := replayed(j, Position{})
		if err := j.Verify(context.Background(), func(Damage) {}); err != nil {
			t.Fatal(err)
		}
		again, err := Open(config(fs), Position{})
		if err != nil {
			t.Fatal("second start:", err)
		}
		second, serr := replayed(again, Position{})
		if (ferr == nil) != (serr == nil) || ferr == nil && !cmp.Equal(first, second) || j.Head() != again.Head() {
			t.Errorf("first start: head %d, %d records, %v\nsecond start: head %d, %d records, %v", j.Head(), len(first), ferr, again.Head(), len(second), serr)
		}
	})
}

// repair makes the CRCs of the frame that b begins with right, as far as its
// numbers let it.
func repair(b []byte) {
	if len(b) < headSize {
		return
	}
	s := seed(le.Uint64(b[8:]), le.Uint64(b[16:]))
	end := min(headSize+int(le.Uint32(b[28:])%maxFrame), len(b)-crcSize)
	for at := headSize; at+metaSize <= end; {
		n := metaLength(b[at:])
		if n == 0 || at+n > end {
			break
		}
		le.PutUint32(b[at:], crc32.Update(s, castagnoli, b[at+4:at+n]))
		at += n
	}
	le.PutUint32(b[end:], checksum(b[:end]))
}

// FuzzParseFrame reads any bytes as a frame. Whatever is accepted lies inside it.
func FuzzParseFrame(f *testing.F) {
	for _, s := range seeds(f) {
		for off := headerSize; off < len(s); off += blockSize {
			f.Add(s[off:], true)
			f.Add(s[off:], false)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, fix bool) {
		file := append(make([]byte, headerSize), data...)
		if fix {
			repair(file[headerSize:])
		}
		var id, salt uint64
		if len(data) >= headSize {
			id, salt = le.Uint64(data[8:]), le.Uint64(data[16:])
			le.PutUint64(file[headerSize+56:], headerSize)
			if fix {
				repair(file[headerSize:])
			}
		}
		fs := disk.NewMem(0)
		if err := disk.WriteFile(fs, "f", file); err != nil {
			t.Fatal(err)
		}
		in, err := fs.Open("f")
		if err != nil {
			t.Fatal(err)
		}
		w := walker{f: in, id: id, salt: salt, off: headerSize, size: int64(len(file))}
		if _, err := w.salvage(headerSize); err != nil && len(data) > 0 {
			t.Fatal(err)
		}
		if len(data) == 0 {
			return
		}
		fr, err := w.frameAt(headerSize)
		if err != nil {
			t.Fatal(err)
		}
		if fr == nil {
			return
		}
		if fr.end() > int64(len(file)) || len(fr.metas) > MaxBatchOps {
			t.Fatalf("frame %+v in %d bytes", fr.head, len(file))
		}
		for i := range fr.metas {
			m := &fr.metas[i]
			if m.payload != 0 && (m.payload < m.off || m.payload+m.size > fr.end()) {
				t.Fatalf("payload %d+%d outside the frame", m.payload, m.size)
			}
			if _, err := readPayload(in, m, nil); m.payload != 0 && err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			if e, err := m.entry(); err == nil && e.LSN != m.lsn {
				t.Fatal("entry has another LSN")
			}
		}
	})
}
