package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"firn/internal/disk"
	"firn/internal/record"
)

func nothing() error { return nil }

// sealedRun returns the ids of up to n sealed segments from the i-th on.
func sealedRun(j *Journal, i, n int) []uint64 {
	var ids []uint64
	for _, s := range j.Segments() {
		if s.Sealed {
			ids = append(ids, s.ID)
		}
	}
	i = min(i, len(ids))
	return ids[i:min(i+n, len(ids))]
}

func compact(t testing.TB, j *Journal, h *history, run []uint64) Result {
	t.Helper()
	res, err := j.Compact(context.Background(), run, h.reasons, nothing)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestCompactionKeepsWhatIsAlive(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			fs, h := disk.NewMem(0), newHistory(seed)
			j := open(t, fs, Position{})
			var dropped int64
			for range 12 {
				for range 5 {
					h.append(t, j, 1+h.rng.IntN(10), 4000)
				}
				run := sealedRun(j, h.rng.IntN(3), 1+h.rng.IntN(4))
				if len(run) > 0 {
					before := len(j.Segments())
					res := compact(t, j, h, run)
					dropped += res.Dropped
					if res.Unexplained != 0 {
						t.Errorf("%d records are not explained", res.Unexplained)
					}
					if got := len(j.Segments()); got != before-len(run)+1 {
						t.Errorf("%d segments after, %d before, %d compacted", got, before, len(run))
					}
				}
				h.check(t, j)
				if h.rng.IntN(3) == 0 {
					j = open(t, fs, j.End())
					h.check(t, j)
				}
			}
			if dropped == 0 {
				t.Error("nothing was ever dropped")
			}
			entries, err := fs.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if max := 2 * len(j.Segments()); len(entries) > max {
				t.Errorf("%d files for %d segments", len(entries), len(j.Segments()))
			}
		})
	}
}

func TestACompactionIsBelievedOnlyWhatTheJournalConfirms(t *testing.T) {
	image := func(lsn record.LSN, k record.Key, body ...byte) record.Entry {
		return record.Entry{LSN: lsn, Time: time.UnixMilli(1), Images: []record.Image{{Key: k, Body: body}}}
	}
	vault, payload := record.Key{Kind: record.KindVault, A: 1}, record.PayloadKey(2)
	stored := image(2, payload, 0xa0)
	stored.Inline = []byte("bytes")
	bare := image(4, record.Key{Kind: record.KindArchive, A: 9}, 0xa0)
	bare.Inline = []byte("bytes without a payload's image")
	two := image(5, vault, 0xa1)
	two.Images = append(two.Images, image(0, record.Key{Kind: record.KindTags, A: 1}, 0xa2).Images...)
	entries := []record.Entry{
		image(1, vault, 0xa0),
		stored,
		image(3, payload, 0xa1), // newer, but no tombstone: the bytes are still in use
		bare,
		two,
		image(6, vault, 0xa3),
		image(7, record.Key{Kind: record.KindTags, A: 1}, 0xa4),
		image(8, payload), // the tombstone; body nil
		image(9, bare.Images[0].Key),
	}
	for name, test := range map[string]struct {
		lsn     record.LSN
		reasons []record.LSN
		fail    error
		drop    bool
		err     bool
	}{
		"newer image":                       {lsn: 1, reasons: []record.LSN{6}, drop: true},
		"newer image that is superseded":    {lsn: 1, reasons: []record.LSN{5}, drop: true},
		"other key":                         {lsn: 1, reasons: []record.LSN{7}},
		"itself":                            {lsn: 1, reasons: []record.LSN{1}},
		"older record":                      {lsn: 6, reasons: []record.LSN{5}},
		"record of the future":              {lsn: 1, reasons: []record.LSN{1000}},
		"no record":                         {lsn: 1, reasons: []record.LSN{0}},
		"payload's newer image":             {lsn: 2, reasons: []record.LSN{3}},
		"payload's tombstone":               {lsn: 2, reasons: []record.LSN{8}, drop: true},
		"payload image without bytes":       {lsn: 3, reasons: []record.LSN{8}, drop: true},
		"bytes without a payload":           {lsn: 4, reasons: []record.LSN{9}},
		"two images, two reasons":           {lsn: 5, reasons: []record.LSN{6, 7}, drop: true},
		"two images, one reason wrong":      {lsn: 5, reasons: []record.LSN{6, 6}},
		"two images, reasons the other way": {lsn: 5, reasons: []record.LSN{7, 6}},
		"fewer reasons than images":         {lsn: 5, reasons: []record.LSN{6}, err: true},
		"tombstone":                         {lsn: 8, reasons: []record.LSN{9}},
		"error of the catalog":              {lsn: 1, fail: errors.New("busy"), err: true},
	} {
		t.Run(name, func(t *testing.T) {
			fs := disk.NewMem(0)
			j := open(t, fs, Position{})
			if _, err := j.Append(entries); err != nil {
				t.Fatal(err)
			}
			j = open(t, fs, j.End())
			filler := image(10, record.Key{Kind: record.KindClock}, 0xa0)
			if _, err := j.Append([]record.Entry{filler}); err != nil {
				t.Fatal(err)
			}
			res, err := j.Compact(context.Background(), sealedRun(j, 0, 1), func(e record.Entry) ([]record.LSN, error) {
				if e.LSN != test.lsn {
					return nil, nil
				}
				return test.reasons, test.fail
			}, nothing)
			if (err != nil) != test.err {
				t.Fatalf("error is %v", err)
			}
			_, err = j.Entry(test.lsn)
			if dropped := errors.Is(err, ErrNotFound); dropped != test.drop {
				t.Errorf("dropped %v (%v), want %v", dropped, err, test.drop)
			}
			if want := !test.drop && !test.err && name != "tombstone"; (res.Unexplained == 1) != want {
				t.Errorf("%d records unexplained", res.Unexplained)
			}
			got, err := replayed(open(t, fs, j.End()), Position{})
			if want := len(entries) + 1; err != nil || test.drop && len(got) != want-1 || !test.drop && len(got) != want {
				t.Errorf("%d records after a restart, %v", len(got), err)
			}
		})
	}
}

func TestReadersOutliveACompaction(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(7)
	j := open(t, fs, Position{})
	for range 30 {
		h.append(t, j, 5, 4000)
	}
	lsn := firstInline(h)
	in, err := j.OpenInline(lsn)
	if err != nil {
		t.Fatal(err)
	}
	run := sealedRun(j, 0, 3)
	compact(t, j, h, run)
	if _, err := fs.Open(segmentName(run[0])); err == nil {
		t.Fatal("the segment is still there")
	}
	got, err := in.Read(nil)
	if err != nil || !bytes.Equal(got, h.entries[lsn-1].Inline) {
		t.Errorf("read after compaction: %v", err)
	}
	in.Close()
}

func TestOnlyWholeRunsOfSealedNeighboursAreCompacted(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(8)
	j := open(t, fs, Position{})
	for range 30 {
		h.append(t, j, 5, 4000)
	}
	segs := j.Segments()
	last := len(segs) - 1
	for name, run := range map[string][]uint64{
		"nothing":       nil,
		"open segment":  {segs[last].ID},
		"up to open":    {segs[last-1].ID, segs[last].ID},
		"not there":     {99999},
		"a gap":         {segs[0].ID, segs[2].ID},
		"backwards":     {segs[1].ID, segs[0].ID},
		"twice":         {segs[1].ID, segs[1].ID},
		"over the end":  {segs[last].ID, segs[last].ID + 1},
		"far too many":  slices.Repeat([]uint64{segs[0].ID}, maxRun+1),
		"starts before": {0, segs[0].ID},
	} {
		if _, err := j.Compact(context.Background(), run, h.reasons, nothing); err == nil {
			t.Errorf("%s: compacted", name)
		}
	}
	h.check(t, j)
}

func TestARottenSegmentIsNotCompacted(t *testing.T) {
	for _, name := range []string{"frame", "meta", "payload"} {
		t.Run(name, func(t *testing.T) {
			fs, h := disk.NewMem(0), newHistory(9)
			j := open(t, fs, Position{})
			for range 30 {
				h.append(t, j, 1, 20_000)
			}
			run := sealedRun(j, 0, 2)
			at, err := j.locate(aliveIn(j, h, run[1]))
			if err != nil {
				t.Fatal(err)
			}
			at.file.release()
			off := map[string]int64{"frame": at.meta.off - headSize, "meta": at.meta.off + 10, "payload": at.meta.payload}[name]
			fs.Corrupt(segmentName(run[1]), off, func(b []byte) { b[0] ^= 4 })
			_, err = j.Compact(context.Background(), run, h.reasons, nothing)
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("error is %v", err)
			}
			for _, id := range run {
				if _, err := fs.Open(segmentName(id)); err != nil {
					t.Error(err)
				}
			}
			if err := verified(j); err == nil {
				t.Error("Verify found nothing")
			}
		})
	}
}

// aliveIn returns a record with a payload that is alive in a segment.
func aliveIn(j *Journal, h *history, id uint64) record.LSN {
	for _, s := range j.Segments() {
		for lsn := s.First; s.ID == id && lsn <= s.Last; lsn++ {
			if e := h.entries[lsn-1]; e.Inline != nil && h.live[record.PayloadKey(uint64(lsn))] != 0 {
				return lsn
			}
		}
	}
	return 0
}

func TestWhatReadyRefusesIsNotUnlinked(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(10)
	j := open(t, fs, Position{})
	for range 30 {
		h.append(t, j, 5, 4000)
	}
	run := sealedRun(j, 0, 3)
	refused := errors.New("checkpoint failed")
	_, err := j.Compact(context.Background(), run, h.reasons, func() error {
		h.check(t, j) // The output is in use already.
		return refused
	})
	if !errors.Is(err, refused) {
		t.Fatalf("error is %v", err)
	}
	for _, id := range run {
		if _, err := fs.Open(segmentName(id)); err != nil {
			t.Error(err)
		}
	}
	h.check(t, j)
	j = open(t, fs, j.End())
	h.check(t, j)
	for _, id := range run {
		if _, err := fs.Open(segmentName(id)); err == nil {
			t.Errorf("segment %x was not removed by Open", id)
		}
	}
}

func TestAFoldGoesOnAfterTheEndOfACompactedSegment(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(11)
	j := open(t, fs, Position{})
	ends := map[uint64]Position{}
	for range 30 {
		p := h.append(t, j, 5, 4000)
		ends[p.Segment] = p
	}
	run := sealedRun(j, 0, 3)
	compact(t, j, h, run)
	for _, id := range run {
		got, err := replayed(j, ends[id])
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if e.LSN <= ends[id].LSN {
				t.Fatalf("record %d again after %+v", e.LSN, ends[id])
			}
		}
	}
	wrong := ends[run[0]]
	wrong.CRC++
	if _, err := replayed(j, wrong); !errors.Is(err, ErrHistory) {
		t.Errorf("wrong CRC: %v", err)
	}
}

func TestACompactionCanBeCompacted(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(12)
	j := open(t, fs, Position{})
	for range 40 {
		h.append(t, j, 5, 4000)
	}
	a := compact(t, j, h, sealedRun(j, 0, 3))
	for range 10 {
		h.append(t, j, 5, 4000)
	}
	b := compact(t, j, h, sealedRun(j, 0, 3))
	h.check(t, j)
	if s := j.Segments()[0]; s.ID != b.Segment || s.First != 1 || a.Segment == b.Segment {
		t.Errorf("first segment is %+v", s)
	}
	h.check(t, open(t, fs, j.End()))
}
