package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firn/internal/disk"
	"firn/internal/record"
)

const testSegment = 64 << 10

// open opens a journal with small segments.
func open(t testing.TB, fs disk.FS, applied Position) *Journal {
	t.Helper()
	j, err := Open(config(fs), applied)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func config(fs disk.FS) Config {
	return Config{FS: fs, Pool: [16]byte{1}, Drive: [16]byte{2}, SegmentSize: testSegment, Log: slog.New(slog.DiscardHandler)}
}

// history is what a journal is to hold: every entry, by LSN from 1 on; nil for
// one that compaction may have dropped.
type history struct {
	rng     *rand.Rand
	entries []*record.Entry
	live    map[record.Key]record.LSN // newest image of each key that is no tombstone
}

func newHistory(seed uint64) *history {
	return &history{rng: rand.New(rand.NewPCG(seed, 1)), live: map[record.Key]record.LSN{}}
}

// batch makes up n entries after head: most store a payload, some delete an older
// one. They count as part of the history only after add.
func (h *history) batch(n, maxInline int) []record.Entry {
	out := make([]record.Entry, n)
	for i := range out {
		lsn := record.LSN(len(h.entries) + 1 + i)
		e := record.Entry{LSN: lsn, Time: time.UnixMilli(1_700_000_000_000 + int64(lsn))}
		var r record.Record
		if k, ok := h.victim(out[:i]); ok && h.rng.IntN(3) == 0 {
			r.Delete(record.PayloadKey(k.A))
			r.Delete(record.Key{Kind: record.KindArchive, A: 1, B: k.A})
		} else {
			if h.rng.IntN(8) > 0 {
				e.Inline = make([]byte, 1+h.rng.IntN(maxInline))
				for k := range e.Inline {
					e.Inline[k] = byte(h.rng.Uint32())
				}
			}
			r.Put(&record.Payload{ID: uint64(lsn), LSN: lsn, Size: int64(len(e.Inline)), Vault: 1})
			r.Put(&record.Archive{Vault: 1, ID: uint64(lsn), Description: fmt.Sprint("archive ", lsn)})
		}
		e.Images = r.Images
		out[i] = e
	}
	return out
}

// victim picks a live payload that none of the pending entries deletes.
func (h *history) victim(pending []record.Entry) (record.Key, bool) {
	for lsn := range h.entries {
		k := record.PayloadKey(uint64(lsn + 1))
		if h.live[k] == 0 || h.rng.IntN(4) > 0 {
			continue
		}
		for _, e := range pending {
			for _, im := range e.Images {
				if im.Key == k {
					return record.Key{}, false
				}
			}
		}
		return k, true
	}
	return record.Key{}, false
}

func (h *history) add(entries []record.Entry) {
	for _, e := range entries {
		h.entries = append(h.entries, &e)
		for _, im := range e.Images {
			if im.Tombstone() {
				delete(h.live, im.Key)
			} else {
				h.live[im.Key] = e.LSN
			}
		}
	}
}

// reasons is the Dead of a catalog that knows the history.
func (h *history) reasons(e record.Entry) ([]record.LSN, error) {
	var out []record.LSN
	for _, im := range e.Images {
		by := record.LSN(0)
		for _, later := range h.entries[e.LSN:] {
			for _, l := range later.Images {
				if l.Key == im.Key {
					by = later.LSN
				}
			}
		}
		if by == 0 {
			return nil, nil
		}
		out = append(out, by)
	}
	return out, nil
}

// append appends a batch to the journal and the history.
func (h *history) append(t testing.TB, j *Journal, n, maxInline int) Position {
	t.Helper()
	batch := h.batch(n, maxInline)
	pos, err := j.Append(batch)
	if err != nil {
		t.Fatal(err)
	}
	h.add(batch)
	return pos
}

// replayed reads everything back, payloads too.
func replayed(j *Journal, from Position) ([]record.Entry, error) {
	var got []record.Entry
	var end Position
	err := j.Replay(context.Background(), from, func(f Frame) error {
		end = f.Position
		for i, e := range f.Entries {
			if f.InlineSize[i] > 0 {
				in, err := j.OpenInline(e.LSN)
				if err != nil {
					return err
				}
				defer in.Close()
				if in.Size() != f.InlineSize[i] {
					return fmt.Errorf("record %d: payload has %d bytes, and %d in the frame", e.LSN, in.Size(), f.InlineSize[i])
				}
				if e.Inline, err = in.Read(nil); err != nil {
					return err
				}
			} else if _, err := j.OpenInline(e.LSN); !errors.Is(err, ErrNotFound) {
				return fmt.Errorf("record %d without payload: %v", e.LSN, err)
			}
			got = append(got, e)
		}
		return nil
	})
	if err == nil && len(got) > 0 && end != j.End() {
		err = fmt.Errorf("replay ended at %+v, and the journal at %+v", end, j.End())
	}
	return got, err
}

// same is a fast cmp.Equal.
func same(a, b record.Entry) bool {
	return a.LSN == b.LSN && a.Time.Equal(b.Time) && bytes.Equal(a.Inline, b.Inline) &&
		slices.EqualFunc(a.Images, b.Images, func(x, y record.Image) bool {
			return x.Key == y.Key && x.Tombstone() == y.Tombstone() && bytes.Equal(x.Body, y.Body)
		})
}

var equal = cmp.Options{cmpopts.EquateEmpty()}

// check compares the journal with the history. Records that the journal has
// dropped must be explained by what it still has.
func (h *history) check(t testing.TB, j *Journal) {
	t.Helper()
	if err := h.compare(j); err != nil {
		t.Fatal(err)
	}
}

func (h *history) compare(j *Journal) error {
	if got, want := j.Head(), record.LSN(len(h.entries)); got != want {
		return fmt.Errorf("head is %d, want %d", got, want)
	}
	got, err := replayed(j, Position{})
	if err != nil {
		return err
	}
	next := 0
	for _, e := range got {
		for ; next < len(h.entries) && h.entries[next].LSN < e.LSN; next++ {
			if err := h.mayLack(h.entries[next]); err != nil {
				return err
			}
		}
		if next == len(h.entries) || h.entries[next].LSN != e.LSN {
			return fmt.Errorf("record %d came twice, or was never written", e.LSN)
		}
		if want := *h.entries[next]; !same(want, e) {
			return fmt.Errorf("record %d changed (-want +got):\n%s", e.LSN, cmp.Diff(want, e, equal))
		}
		next++
	}
	for ; next < len(h.entries); next++ {
		if err := h.mayLack(h.entries[next]); err != nil {
			return err
		}
	}
	return verified(j)
}

// mayLack reports an error if the record must not be missing.
func (h *history) mayLack(e *record.Entry) error {
	for _, im := range e.Images {
		if im.Tombstone() || h.live[im.Key] == e.LSN {
			return fmt.Errorf("record %d is missing, but %v is alive", e.LSN, im.Key)
		}
	}
	return nil
}

func verified(j *Journal) error {
	var err error
	verr := j.Verify(context.Background(), func(d Damage) { err = errors.Join(err, errors.New(d.String())) })
	return errors.Join(err, verr)
}

func TestWhatWasAppendedIsFoundAgain(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			fs, h := disk.NewMem(0), newHistory(seed)
			j := open(t, fs, Position{})
			var positions []Position
			for range 40 {
				size := []int{10, 1000, 5000, 100_000}[h.rng.IntN(4)]
				positions = append(positions, h.append(t, j, 1+h.rng.IntN(20), size))
				switch h.rng.IntN(8) {
				case 0:
					if err := j.Mark(); err != nil {
						t.Fatal(err)
					}
				case 1:
					if err := j.Close(); err != nil {
						t.Fatal(err)
					}
					j = open(t, fs, Position{})
				case 2: // Killed.
					j = open(t, fs, Position{})
				}
			}
			h.check(t, j)
			if got, want := j.LastTime(), h.entries[len(h.entries)-1].Time; !got.Equal(want) {
				t.Errorf("last time is %v, want %v", got, want)
			}
			for _, p := range positions {
				got, err := replayed(j, p)
				if errors.Is(err, ErrHistory) {
					continue // Written again after a kill.
				}
				if err != nil {
					t.Fatal(err)
				}
				if want := len(h.entries) - int(p.LSN); len(got) != want {
					t.Fatalf("after %+v come %d records, want %d", p, len(got), want)
				}
			}
		})
	}
}

func TestAFrameLongerThanASegmentGetsItsOwn(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(1)
	j := open(t, fs, Position{})
	e := record.Entry{LSN: 1, Time: time.UnixMilli(5), Inline: bytes.Repeat([]byte{7}, 1<<20)}
	e.Images = []record.Image{{Key: record.PayloadKey(1), Body: []byte{0xa0}}}
	if _, err := j.Append([]record.Entry{e}); err != nil {
		t.Fatal(err)
	}
	h.add([]record.Entry{e})
	h.append(t, j, 3, 100)
	if n := len(j.Segments()); n != 2 {
		t.Errorf("%d segments, want 2", n)
	}
	h.check(t, j)
	h.check(t, open(t, fs, j.End()))
}

func TestAppendRefusesWhatItCannotKeep(t *testing.T) {
	j, h := open(t, disk.NewMem(0), Position{}), newHistory(1)
	entry := func(lsn record.LSN, inline int) record.Entry {
		return record.Entry{LSN: lsn, Time: time.UnixMilli(1), Inline: make([]byte, inline)}
	}
	many := make([]record.Entry, MaxBatchOps+1)
	for i := range many {
		many[i] = entry(record.LSN(i+1), 1)
	}
	for name, batch := range map[string][]record.Entry{
		"nothing":                nil,
		"too many":               many,
		"LSN 0":                  {entry(0, 1)},
		"gap":                    {entry(2, 1)},
		"gap inside":             {entry(1, 1), entry(3, 1)},
		"one too long":           {entry(1, maxFrame)},
		"together over 8 MiB":    {entry(1, 5<<20), entry(2, 4<<20)},
		"LSN of the last record": {entry(1, 1), entry(1, 1)},
	} {
		if _, err := j.Append(batch); err == nil || errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.append(t, j, 2, 100)
	h.check(t, j)
}

func TestABatchWithinEntrySizeFits(t *testing.T) {
	j := open(t, disk.NewMem(0), Position{})
	h := newHistory(2)
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	for range rounds {
		var batch []record.Entry
		var size int64
		for _, e := range h.batch(MaxBatchOps, 100_000) {
			if size += EntrySize(e); size > MaxBatchBytes {
				break
			}
			batch = append(batch, e)
		}
		before := j.End().Offset
		if _, err := j.Append(batch); err != nil {
			t.Fatal(err)
		}
		h.add(batch)
		if s := j.Segments(); len(s) > 1 && before > 0 && s[len(s)-1].Bytes-headerSize > MaxBatchBytes+2*blockSize {
			t.Fatalf("frame has %d bytes", s[len(s)-1].Bytes)
		}
	}
}

func TestPositionsOfAnotherHistoryAreRefused(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(3)
	j := open(t, fs, Position{})
	first := h.append(t, j, 3, 100)
	h.append(t, j, 3, 100)
	for name, p := range map[string]Position{
		"CRC":     {first.Segment, first.Offset, first.LSN, first.CRC + 1},
		"LSN":     {first.Segment, first.Offset, first.LSN + 1, first.CRC},
		"offset":  {first.Segment, first.Offset - blockSize, first.LSN, first.CRC},
		"beyond":  {first.Segment, first.Offset + 1<<30, first.LSN, first.CRC},
		"segment": {first.Segment + 1, first.Offset, first.LSN, first.CRC},
	} {
		err := j.Replay(context.Background(), p, func(Frame) error { t.Errorf("%s: replayed", name); return nil })
		if !errors.Is(err, ErrHistory) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := replayed(j, first); err != nil || len(got) != 3 {
		t.Errorf("after the first frame: %d records, %v", len(got), err)
	}
}

func TestEntryReadsOneRecord(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(4)
	j := open(t, fs, Position{})
	for range 30 {
		h.append(t, j, 10, 2000)
	}
	for _, want := range h.entries {
		got, err := j.Entry(want.LSN)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(*want, got, equal, cmpopts.IgnoreFields(record.Entry{}, "Inline")); diff != "" {
			t.Fatalf("record %d (-want +got):\n%s", want.LSN, diff)
		}
	}
	for _, lsn := range []record.LSN{0, record.LSN(len(h.entries) + 1), 1 << 60} {
		if _, err := j.Entry(lsn); !errors.Is(err, ErrNotFound) {
			t.Errorf("record %d: %v", lsn, err)
		}
	}
}

func TestIndexesAreDisposable(t *testing.T) {
	for name, spoil := range map[string]func(fs *disk.Mem, name string){
		"removed":      func(fs *disk.Mem, name string) { fs.Remove(name) },
		"empty":        func(fs *disk.Mem, name string) { f, _ := fs.OpenWrite(name); f.Truncate(0); f.Close() },
		"header flip":  func(fs *disk.Mem, name string) { fs.Corrupt(name, 50, func(b []byte) { b[0] ^= 1 }) },
		"table flip":   func(fs *disk.Mem, name string) { fs.Corrupt(name, blockSize+40, func(b []byte) { b[0] ^= 1 }) },
		"other salt":   func(fs *disk.Mem, name string) { reseal(fs, name, func(b []byte) { b[24] ^= 1 }) },
		"other length": func(fs *disk.Mem, name string) { reseal(fs, name, func(b []byte) { b[56] ^= 1 }) },
		"wrong place":  func(fs *disk.Mem, name string) { shiftSlots(fs, name) },
	} {
		for _, when := range []string{"before Open", "after Open"} {
			t.Run(name+" "+when, func(t *testing.T) {
				fs, h := disk.NewMem(0), newHistory(5)
				j := open(t, fs, Position{})
				for range 40 {
					h.append(t, j, 10, 2000)
				}
				if when == "after Open" {
					j = open(t, fs, Position{})
				}
				for _, s := range j.Segments()[:3] {
					spoil(fs, indexName(s.ID))
				}
				if when == "before Open" {
					j = open(t, fs, Position{})
				}
				for _, e := range h.entries {
					if _, err := j.Entry(e.LSN); err != nil {
						t.Fatal(err)
					}
				}
				h.check(t, j)
			})
		}
	}
}

// reseal changes an index header and makes its CRC right again.
func reseal(fs *disk.Mem, name string, change func([]byte)) {
	fs.Corrupt(name, 0, func(b []byte) { change(b); sealBlock(b[:blockSize]) })
}

func shiftSlots(fs *disk.Mem, name string) {
	fs.Corrupt(name, blockSize, func(b []byte) {
		b[slotSize+8]++
		le.PutUint32(b, checksum(b[4:blockSize]))
	})
}

func TestFilesOpenAtOnceAreLimited(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(6)
	j := open(t, fs, Position{})
	for range 60 {
		h.append(t, j, 10, 2000)
	}
	j.files.max = 3
	held, err := j.OpenInline(firstInline(h))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, e := range h.entries {
			if _, err := j.Entry(e.LSN); err != nil {
				t.Fatal(err)
			}
			if n := len(j.files.named); n > 3 {
				t.Fatalf("%d files are open", n)
			}
		}
	}
	got, err := held.Read(make([]byte, 10))
	if err != nil || !bytes.Equal(got, h.entries[firstInline(h)-1].Inline) {
		t.Errorf("the payload held open: %v", err)
	}
	held.Close()
}

func firstInline(h *history) record.LSN {
	for _, e := range h.entries {
		if e.Inline != nil {
			return e.LSN
		}
	}
	return 0
}
