package payload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"firn/internal/disk"
)

// FuzzInspect reads arbitrary bytes as a payload's file. With repair the checksums of header and trailer are made right first, so
// that the fuzzer gets past them. Its seeds are in testdata: files as they are on disk, and a corpus.
func FuzzInspect(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pay")
	if corpus, _ := filepath.Glob("testdata/fuzz/FuzzInspect/*"); err != nil || len(files) == 0 || len(corpus) == 0 {
		f.Fatalf("seeds are missing: %d files, corpus of %d (%v)", len(files), len(corpus), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, false)
		f.Add(data, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, repair bool) {
		if repair {
			data = bytes.Clone(data) // The fuzzer's own must not change.
			repairSums(data)
		}
		fsys := disk.NewMem(0)
		put(t, fsys, Name(goldenID), data)
		info, err := Inspect(fsys, Name(goldenID))
		if info.ID != goldenID {
			t.Errorf("id %#x", info.ID)
		}
		if err != nil && !isDamage(err) && !errors.Is(err, ErrFuture) {
			t.Errorf("an error that is not about the content: %v", err)
		}
		if isDamage(err) && !info.Whole {
			t.Errorf("unfinished, and yet damaged: %v", err)
		}
		r, openErr := NewFiles(Config{FS: fsys, Pool: info.Pool}).Open(Ref{ID: goldenID, Size: info.Sum.Size})
		if err == nil && info.Whole != (openErr == nil) {
			t.Errorf("whole: %v, but Open: %v", info.Whole, openErr)
		}
		if openErr != nil {
			return
		}
		defer r.Close()
		if checkErr := Check(t.Context(), r, info.Sum.Tree); checkErr != nil && !isDamage(checkErr) {
			t.Errorf("Check: %v", checkErr)
		}
		if _, hashErr := r.Hashes(0, Leaves(r.Size())); err == nil && hashErr != nil {
			t.Errorf("Inspect found no damage, but Hashes: %v", hashErr)
		}
	})
}

// repairSums makes the checksums right of what stands where a header and a trailer would.
func repairSums(b []byte) {
	if len(b) < headerSize+trailerSize {
		return
	}
	le := binary.LittleEndian
	le.PutUint32(b[headerSum:], checksum(b[:headerSum]))
	trailer := b[len(b)-trailerSize:]
	if size := int64(le.Uint64(trailer[16:])); size >= 0 && size < int64(len(b)) && fileSize(size) == int64(len(b)) {
		le.PutUint32(trailer[96:], checksum(b[tableOffset(size):trailerOffset(size)]))
	}
	le.PutUint32(trailer[trailerSum:], checksum(trailer[:trailerSum]))
}
