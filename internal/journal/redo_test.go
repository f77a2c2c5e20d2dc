package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"firn/internal/disk"
	"firn/internal/record"
)

// cutShort opens a journal and stops everything at the first operation for
// which stop is true.
func cutShort(t *testing.T, fs disk.FS, stop func(disk.Op) bool) {
	t.Helper()
	stopped := false
	_, err := Open(config(disk.Inject(fs, func(op disk.Op) error {
		if stopped = stopped || stop(op); stopped {
			return disk.ErrCrashed
		}
		return nil
	})), Position{})
	if !errors.Is(err, disk.ErrCrashed) {
		t.Fatalf("it was to be cut short: %v", err)
	}
}

// syncOf is true for the fdatasync of a segment.
func syncOf(id uint64) func(disk.Op) bool {
	return func(op disk.Op) bool { return op.Kind == disk.OpSync && op.Name == segmentName(id) }
}

// afterPowerCut opens what several power cuts in each mode leave of fs, and looks
// whether all of h is there.
func afterPowerCut(t *testing.T, fs *disk.Mem, h *history) {
	t.Helper()
	for _, mode := range disk.Modes() {
		for seed := range uint64(100) {
			j, err := Open(config(fs.Crash(rand.New(rand.NewPCG(seed, 1)), mode)), Position{})
			if err != nil {
				t.Fatalf("power cut %v, seed %d: %v", mode, seed, err)
			}
			if d := j.Damage(); len(d) > 0 {
				t.Fatalf("power cut %v, seed %d: damage %v", mode, seed, d)
			}
			if err := h.compare(j); err != nil {
				t.Fatalf("power cut %v, seed %d: %v", mode, seed, err)
			}
		}
	}
}

// TestATornRepetitionDoesNotHideTheOriginal cuts the power while the last,
// acknowledged batch is written again: some of its blocks are there, and some
// are not.
func TestATornRepetitionDoesNotHideTheOriginal(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	fs := s.fs.Crash(nil, disk.Lost)
	cutShort(t, fs, syncOf(2))
	afterPowerCut(t, fs, s.h)
}

// TestARepetitionInThePageCacheProvesNothing kills the process while the last
// batch is written again, and cuts the power while the next start repeats that.
func TestARepetitionInThePageCacheProvesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	fs := s.fs.Crash(nil, disk.Lost)
	cutShort(t, fs, syncOf(2))
	cutShort(t, fs, syncOf(3))
	afterPowerCut(t, fs, s.h)
}

// TestNothingIsUnlinkedForANameThatWasNotSynced kills a compaction between its
// rename and the sync of the directory. The next start sees the name and unlinks
// the inputs, and the power goes.
func TestNothingIsUnlinkedForANameThatWasNotSynced(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.fill(2)
	renamed, killed := false, false
	fs := disk.Inject(s.fs, func(op disk.Op) error {
		killed = killed || renamed && op.Kind == disk.OpSyncDir
		if killed {
			return disk.ErrCrashed
		}
		renamed = renamed || op.Kind == disk.OpRename && strings.HasSuffix(op.New, ".seg")
		return nil
	})
	if err := s.j.Close(); err != nil {
		t.Fatal(err)
	}
	j := open(t, fs, Position{})
	alive := func(record.Entry) ([]record.LSN, error) { return nil, nil }
	if _, err := j.Compact(context.Background(), []uint64{1}, alive, nothing); !errors.Is(err, disk.ErrCrashed) {
		t.Fatal(err)
	}
	removed := false
	cutShort(t, s.fs, func(op disk.Op) bool {
		if removed {
			return op.Kind == disk.OpSyncDir
		}
		removed = op.Kind == disk.OpRemove
		return false
	})
	afterPowerCut(t, s.fs, s.h)
}

// TestCrashDuringTheRecoveryOfACrash has payloads of several blocks, and three
// ends in a row: of the process or of the power, of the next start, and of the
// start after that.
func TestCrashDuringTheRecoveryOfACrash(t *testing.T) {
	t.Parallel()
	modes := disk.Modes()
	rng := rand.New(rand.NewPCG(7, 7))
	for try := range 600 / stride(1) {
		s := newScene(t)
		if try%2 == 0 {
			s.fill(2)
		}
		fs, story := s.fs, ""
		for range 2 {
			mode, n := modes[rng.IntN(len(modes))], rng.IntN(8)
			story += fmt.Sprintf("%v, then %d operations; ", mode, n)
			fs = fs.Crash(rng, mode)
			_, err := Open(config(disk.Inject(fs, disk.CrashAfter(n, disk.Changes()...))), Position{})
			if err != nil && !errors.Is(err, disk.ErrCrashed) {
				t.Fatalf("%s: %v", story, err)
			}
		}
		mode := modes[rng.IntN(len(modes))]
		r := run{h: s.h}
		if err := r.after(fs.Crash(rng, mode), Position{}); err != nil {
			t.Fatalf("%s%v: %v", story, mode, err)
		}
	}
}

// TestAPayloadsRotIsNoTornWriteIfTheJournalGoesOn: the segment has one frame and no
// index, and its successor, which named it, has been compacted.
func TestAPayloadsRotIsNoTornWriteIfTheJournalGoesOn(t *testing.T) {
	t.Parallel()
	s := &scene{t: t, fs: disk.NewMem(0), h: newHistory(1)}
	s.j = open(t, s.fs, Position{})
	for range 3 {
		s.append(3, 3000)
		s.j = open(t, s.fs, s.j.End()) // the next batch begins a segment
	}
	alive := func(record.Entry) ([]record.LSN, error) { return nil, nil }
	if _, err := s.j.Compact(context.Background(), []uint64{2}, alive, nothing); err != nil {
		t.Fatal(err)
	}
	s.remove(indexName(1))
	s.flipAt(sceneSegment, headerSize+payloadAt)
	j := open(t, s.fs, Position{})
	if d := j.Damage(); len(d) > 0 {
		t.Errorf("records are lost: %v", d)
	}
	records := 0
	err := j.Replay(context.Background(), Position{}, func(f Frame) error { records += len(f.Entries); return nil })
	if err != nil || records != 9 {
		t.Errorf("%d records, %v", records, err)
	}
}
