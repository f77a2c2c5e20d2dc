package journal

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"firn/internal/disk"
	"firn/internal/record"
)

// TestARecordKeptForItsTombstoneLosesItsDeadPayload sends a part again and
// again: each record stores a payload and ends the one before.
func TestARecordKeptForItsTombstoneLosesItsDeadPayload(t *testing.T) {
	fs, h := disk.NewMem(0), newHistory(1)
	j := open(t, fs, Position{})
	add := func(inline []byte, change func(*record.Record, record.LSN)) {
		lsn := record.LSN(len(h.entries) + 1)
		var r record.Record
		change(&r, lsn)
		batch := []record.Entry{{LSN: lsn, Time: time.UnixMilli(int64(lsn)), Images: r.Images, Inline: inline}}
		if _, err := j.Append(batch); err != nil {
			t.Fatal(err)
		}
		h.add(batch)
	}
	const sent = 40
	for i := range byte(sent) {
		add(bytes.Repeat([]byte{i}, 9000), func(r *record.Record, lsn record.LSN) {
			r.Put(&record.Payload{ID: uint64(lsn), LSN: lsn, Size: 9000})
			if lsn > 1 {
				r.Delete(record.PayloadKey(uint64(lsn) - 1))
			}
		})
	}
	for len(sealedRun(j, 0, 100)) == 0 || j.segs[len(j.segs)-1].first <= sent {
		add(make([]byte, 3000), func(r *record.Record, lsn record.LSN) {
			r.Put(&record.Payload{ID: uint64(lsn), LSN: lsn, Size: 3000})
		})
	}
	run := sealedRun(j, 0, 100)
	res := compact(t, j, h, run)
	if res.Unexplained != 0 || res.Dropped != 1 { // the first has no tombstone
		t.Errorf("compaction did %+v", res)
	}
	if saved := res.Before - res.After; saved < (sent-1)*9000 {
		t.Errorf("it saved %d bytes", saved)
	}
	for range 2 {
		for lsn := record.LSN(1); lsn <= sent; lsn++ {
			in, err := j.OpenInline(lsn)
			if alive := lsn == sent; (err == nil) != alive || !alive && !errors.Is(err, ErrNotFound) {
				t.Errorf("payload %d: %v", lsn, err)
			}
			if err == nil {
				in.Close()
			}
		}
		if err := verified(j); err != nil {
			t.Error(err)
		}
		got, err := replayed(j, Position{})
		if err != nil || len(got) != len(h.entries)-1 || len(got[0].Images) != 2 {
			t.Errorf("%d records, %v", len(got), err)
		}
		j = open(t, fs, j.End())
	}
}

// TestWhatCouldNotBeUnlinkedIsUnlinkedByTheNextCompaction has ready refuse,
// then the medium, and at last nobody.
func TestWhatCouldNotBeUnlinkedIsUnlinkedByTheNextCompaction(t *testing.T) {
	mem, h := disk.NewMem(0), newHistory(10)
	bad := false
	fs := disk.Inject(mem, func(op disk.Op) error {
		if bad && op.Kind == disk.OpRemove && strings.HasSuffix(op.Name, ".seg") {
			return disk.Fault{Err: syscall.EIO}
		}
		return nil
	})
	j := open(t, fs, Position{})
	for range 40 {
		h.append(t, j, 5, 4000)
	}
	refused := errors.New("checkpoint failed")
	var replaced []uint64
	try := func(ready error) error {
		run := sealedRun(j, 0, 2)
		replaced = append(replaced, run...)
		_, err := j.Compact(context.Background(), run, h.reasons, func() error { return ready })
		h.check(t, j)
		return err
	}
	present := func() (n int) {
		for _, id := range replaced {
			if ok, err := disk.Exists(mem, segmentName(id)); err != nil {
				t.Fatal(err)
			} else if ok {
				n++
			}
		}
		return n
	}
	if err := try(refused); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	bad = true
	if err := try(nil); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	if n := present(); n != 4 {
		t.Fatalf("%d of 4 are there", n)
	}
	bad = false
	if err := try(nil); err != nil {
		t.Fatal(err)
	}
	if n := present(); n != 0 {
		t.Errorf("%d of %d are still there", n, len(replaced))
	}
	h.check(t, open(t, fs, j.End()))
}
