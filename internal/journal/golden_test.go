package journal

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firn/internal/disk"
	"firn/internal/record"
)

var update = flag.Bool("update", false, "write testdata anew; only before a format is released")

const goldenDir = "testdata/v1"

// goldenEntries is what the golden journal holds. Record 2 is superseded by 4 and was
// dropped by a compaction.
func goldenEntries() []record.Entry {
	entry := func(lsn record.LSN, inline string, images ...record.Image) record.Entry {
		e := record.Entry{LSN: lsn, Time: time.UnixMilli(1_700_000_000_000 + int64(lsn)), Images: images}
		if inline != "" {
			e.Inline = []byte(inline)
		}
		return e
	}
	body := []byte{0xa1, 0x01, 0x18, 0x2a} // {1: 42}
	vault := record.Key{Kind: record.KindVault, A: 1}
	return []record.Entry{
		entry(1, "", record.Image{Key: vault, Body: body}),
		entry(2, "the first payload", record.Image{Key: record.PayloadKey(7), Body: body}),
		entry(3, "the second payload", record.Image{Key: record.PayloadKey(8), Body: body}, record.Image{Key: record.Key{Kind: record.KindArchive, A: 1, B: 3}, Body: body}),
		entry(4, "", record.Image{Key: record.PayloadKey(7)}),
		entry(5, "the third payload", record.Image{Key: record.PayloadKey(9), Body: body}),
	}
}

// writeGolden writes the golden journal: a compacted segment with its index, a journal
// segment with an unproven frame.
func writeGolden(t *testing.T) *disk.Mem {
	fs, h := disk.NewMem(0), newHistory(0)
	cfg := config(fs)
	cfg.SegmentSize = 4 * blockSize
	cfg.Rand = bytes.NewReader([]byte("salt 001salt 002salt 003salt 004"))
	j, err := Open(cfg, Position{})
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range [][]record.Entry{goldenEntries()[:2], goldenEntries()[2:3], goldenEntries()[3:4], goldenEntries()[4:]} {
		if _, err := j.Append(batch); err != nil {
			t.Fatal(err)
		}
		h.add(batch)
	}
	compact(t, j, h, sealedRun(j, 0, 1))
	return fs
}

func TestTheFormatIsWhatItWas(t *testing.T) {
	fs := writeGolden(t)
	entries, err := fs.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		out, err := disk.MakeRoot(goldenDir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := disk.ReadFile(fs, dir+"/"+e.Name)
			if err != nil {
				t.Fatal(err)
			}
			if err := disk.WriteFile(out, e.Name, data); err != nil {
				t.Fatal(err)
			}
		}
	}
	golden, err := filepath.Glob(goldenDir + "/*")
	if err != nil || len(golden) != len(entries) || len(golden) < 3 {
		t.Fatalf("%d golden files, %d written now: %v", len(golden), len(entries), err)
	}
	for _, name := range golden {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := disk.ReadFile(fs, dir+"/"+filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is written otherwise now", name)
		}
	}
}

// goldenFS returns the golden journal as it lies in testdata.
func goldenFS(t testing.TB) *disk.Mem {
	names, err := filepath.Glob(goldenDir + "/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	fs := disk.NewMem(0)
	if err := disk.MkdirAll(fs, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := disk.WriteFile(fs, dir+"/"+filepath.Base(name), data); err != nil {
			t.Fatal(err)
		}
	}
	return fs
}

func TestAJournalOfTheFirstFormatIsRead(t *testing.T) {
	j := open(t, goldenFS(t), Position{})
	got, err := replayed(j, Position{})
	if err != nil {
		t.Fatal(err)
	}
	want := append(goldenEntries()[:1:1], goldenEntries()[2:]...)
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if !same(got[i], want[i]) {
			t.Errorf("record %d is %+v", want[i].LSN, got[i])
		}
	}
	if err := verified(j); err != nil {
		t.Error(err)
	}
}
