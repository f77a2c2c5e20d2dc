package journal

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
	"firn/internal/record"
)

// scene is a journal that was killed after three batches of three records, each
// with a payload of 3000 bytes, all in one segment: 1–3, 4–6, 7–9. Nothing
// proves the last batch.
type scene struct {
	t      *testing.T
	fs     *disk.Mem
	h      *history
	j      *Journal
	frames []frameInfo
	end    []Position
}

const sceneSegment = "journal/0000000000000001.seg"

func newScene(t *testing.T) *scene {
	s := &scene{t: t, fs: disk.NewMem(0), h: newHistory(1)}
	s.j = open(t, s.fs, Position{})
	for range 3 {
		s.append(3, 3000)
	}
	s.scan()
	return s
}

func (s *scene) append(n, size int) {
	batch := make([]record.Entry, n)
	for i := range batch {
		lsn := record.LSN(len(s.h.entries) + 1 + i)
		var r record.Record
		r.Put(&record.Payload{ID: uint64(lsn), LSN: lsn})
		batch[i] = record.Entry{LSN: lsn, Time: time.UnixMilli(int64(lsn)), Images: r.Images, Inline: []byte(strings.Repeat(fmt.Sprint(lsn), size))}
	}
	pos, err := s.j.Append(batch)
	if err != nil {
		s.t.Fatal(err)
	}
	s.h.add(batch)
	s.end = append(s.end, pos)
}

func (s *scene) scan() {
	f, err := s.fs.Open(sceneSegment)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		s.t.Fatal(err)
	}
	sc, err := scanSegment(f, 1, s.j.segs[0].salt, size)
	if err != nil {
		s.t.Fatal(err)
	}
	s.frames = sc.frames
}

// flip inverts a bit of a frame of the first segment.
func (s *scene) flip(frame int, at int64) { s.flipAt(sceneSegment, s.frames[frame].off+at) }

func (s *scene) flipAt(name string, off int64) {
	s.fs.Corrupt(name, off, func(b []byte) { b[0] ^= 0x10 })
}

// wipe zeroes a frame of the first segment.
func (s *scene) wipe(frame int) {
	f := s.frames[frame]
	s.fs.Corrupt(sceneSegment, f.off, func(b []byte) { clear(b[:f.end-f.off]) })
}

// meta is where a record's meta lies in the first segment.
func (s *scene) meta(lsn record.LSN) int64 {
	for _, sl := range s.j.segs[0].table {
		if sl.lsn == lsn {
			return sl.off
		}
	}
	s.t.Fatalf("no record %d", lsn)
	return 0
}

func (s *scene) write(name string, data []byte) {
	if err := disk.WriteFile(s.fs, name, data); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) read(name string) []byte {
	b, err := disk.ReadFile(s.fs, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func (s *scene) remove(name string) {
	if err := disk.RemoveSync(s.fs, name); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) mark() {
	if err := s.j.Mark(); err != nil {
		s.t.Fatal(err)
	}
}

// fill appends until there are n segments, the last with one frame.
func (s *scene) fill(n int) {
	for len(s.j.Segments()) < n {
		s.append(2, 3000)
	}
}

const payloadAt = 2000 // from a frame's beginning: in its first payload

// recoveryTests: each row is a way to be killed, or to rot.
var recoveryTests = []struct {
	name    string
	kill    func(s *scene)
	applied int // index of the batch that the catalog has applied; -1 for none

	head     record.LSN
	lost     []span // records that are gone
	hole     bool   // they are gone with their segment
	damage   int    // number of damages, those with lost records included
	segments int    // afterwards
	has      []string
	lacks    []string
}{
	{name: "nothing at all", kill: func(s *scene) {}, applied: -1, head: 9, segments: 2},
	{name: "last frame is applied", kill: func(s *scene) {}, applied: 2, head: 9, segments: 1},
	{name: "last frame is marked", kill: (*scene).mark, applied: -1, head: 9, segments: 1},
	{name: "the mark itself is torn", kill: func(s *scene) { s.mark(); s.scan(); s.flip(3, 40) }, applied: -1, head: 9, segments: 2},
	{name: "torn write, head of last frame", kill: func(s *scene) { s.flip(2, 26) }, applied: -1, head: 6, segments: 2},
	{name: "torn write, meta of last frame", kill: func(s *scene) { s.flip(2, 100) }, applied: -1, head: 6, segments: 2},
	{name: "torn write, payload of last frame", kill: func(s *scene) { s.flip(2, payloadAt) }, applied: -1, head: 6, segments: 1},
	{name: "torn write, last frame is zeros", kill: func(s *scene) { s.wipe(2) }, applied: -1, head: 6, segments: 2},
	{name: "torn write, file ends inside last frame", kill: func(s *scene) {
		f, _ := s.fs.OpenWrite(sceneSegment)
		defer f.Close()
		if err := f.Truncate(s.frames[2].end - 700); err != nil {
			s.t.Fatal(err)
		}
	}, applied: -1, head: 6, segments: 2},
	{name: "torn write, last frame though the one before is applied", kill: func(s *scene) { s.flip(2, 100) }, applied: 1, head: 6, segments: 1},

	{name: "rot, head of a proven frame", kill: func(s *scene) { s.flip(1, 26) }, applied: -1, head: 9, damage: 1, segments: 2},
	{name: "rot, magic of a proven frame", kill: func(s *scene) { s.flip(1, 0) }, applied: -1, head: 9, damage: 1, segments: 2},
	{name: "rot, first meta of a proven frame", kill: func(s *scene) { s.flipAt(sceneSegment, s.meta(4)+20) }, applied: -1, head: 9, lost: []span{{4, 4}}, damage: 2, segments: 2},
	{name: "rot, middle meta of a proven frame", kill: func(s *scene) { s.flipAt(sceneSegment, s.meta(5)+50) }, applied: -1, head: 9, lost: []span{{5, 5}}, damage: 2, segments: 2},
	{name: "rot, length of a meta", kill: func(s *scene) { s.flipAt(sceneSegment, s.meta(5)+7) }, applied: -1, head: 9, lost: []span{{5, 6}}, damage: 2, segments: 2},
	{name: "rot, payload of a proven frame", kill: func(s *scene) { s.flip(1, payloadAt) }, applied: -1, head: 9, segments: 2},
	{name: "rot, a proven frame is zeros", kill: func(s *scene) { s.wipe(1) }, applied: -1, head: 9, lost: []span{{4, 6}}, damage: 1, segments: 2},
	{name: "rot, two proven frames", kill: func(s *scene) { s.wipe(0); s.flip(1, 26) }, applied: -1, head: 9, lost: []span{{1, 3}}, damage: 2, segments: 2},
	{name: "rot, last frame, which is applied", kill: func(s *scene) { s.flip(2, 26) }, applied: 2, head: 9, damage: 1, segments: 1},
	{name: "rot, last frame, which is marked", kill: func(s *scene) { s.mark(); s.flip(2, 26) }, applied: -1, head: 9, damage: 1, segments: 1},
	{name: "rot, last frame is zeros and marked", kill: func(s *scene) { s.mark(); s.wipe(2) }, applied: -1, head: 9, lost: []span{{7, 9}}, damage: 1, segments: 1},
	{name: "rot, last frame of a segment with a successor", kill: func(s *scene) {
		s.j = open(s.t, s.fs, s.end[2])
		s.append(1, 10)
		s.remove(indexName(1))
		s.flip(2, 26)
	}, applied: -1, head: 10, damage: 1, segments: 3},
	{name: "rot, segment header", kill: func(s *scene) { s.flipAt(sceneSegment, 30) }, applied: -1, head: 9, damage: 1, segments: 2},
	{name: "rot, segment header and first frame", kill: func(s *scene) { s.flipAt(sceneSegment, 30); s.wipe(0) }, applied: -1, head: 9, lost: []span{{1, 3}}, damage: 2, segments: 2},

	{name: "segment of zeros", kill: func(s *scene) { s.write(segmentName(2), make([]byte, 3*blockSize)) }, applied: 2, head: 9, segments: 1, lacks: []string{segmentName(2)}},
	{name: "empty segment", kill: func(s *scene) { s.write(segmentName(2), nil) }, applied: 2, head: 9, segments: 1, lacks: []string{segmentName(2)}},
	{name: "segment with neither header nor frame", kill: func(s *scene) { s.write(segmentName(2), []byte("what is this")) }, applied: 2, head: 9, segments: 1, has: []string{segmentName(2)}},
	{name: "first frame of a new segment is torn", kill: func(s *scene) {
		s.fill(2)
		s.h.entries = s.h.entries[:s.j.segs[1].first-1]
		s.flipAt(segmentName(2), headerSize+26)
	}, applied: -1, head: 13, segments: 1, has: []string{segmentName(2)}},
	{name: "copy of a segment under another name", kill: func(s *scene) { s.write(segmentName(7), s.read(sceneSegment)) }, applied: 2, head: 9, segments: 1},
	{name: "missing first segment", kill: func(s *scene) { s.fill(3); s.remove(segmentName(1)) }, applied: -1, head: 25, lost: []span{{1, 13}}, hole: true, damage: 1, segments: 3},
	{name: "missing middle segment", kill: func(s *scene) { s.fill(3); s.remove(segmentName(2)) }, applied: -1, head: 25, lost: []span{{14, 23}}, hole: true, damage: 1, segments: 3},

	{name: "compaction that was not finished", kill: func(s *scene) { s.write(outputName(5), s.read(sceneSegment)) }, applied: 2, head: 9, segments: 1, lacks: []string{outputName(5)}},
	{name: "index without a segment", kill: func(s *scene) { s.write(indexName(5), make([]byte, 9000)) }, applied: 2, head: 9, segments: 1, lacks: []string{indexName(5)}},
	{name: "unknown file", kill: func(s *scene) { s.write("journal/README", []byte("hello")) }, applied: 2, head: 9, segments: 1, has: []string{"journal/README"}},
	{name: "compacted segments back from a backup", kill: func(s *scene) {
		s.fill(3)
		one, two, index := s.read(segmentName(1)), s.read(segmentName(2)), s.read(indexName(1))
		compact(s.t, s.j, s.h, []uint64{1, 2})
		s.write(segmentName(1), one)
		s.write(segmentName(2), two)
		s.write(indexName(1), index)
	}, applied: -1, head: 25, segments: 3, lacks: []string{segmentName(1), segmentName(2), indexName(1)}},
	{name: "compacted segments back, and their compaction has rotted", kill: func(s *scene) {
		s.fill(3)
		one := s.read(segmentName(1))
		compact(s.t, s.j, s.h, []uint64{1, 2})
		s.write(segmentName(1), one)
		s.flipAt(segmentName(4), headerSize+payloadAt+4000)
	}, applied: -1, head: 25, damage: 1, segments: 3, has: []string{segmentName(1)}},
	{name: "rot, header of a compacted segment", kill: func(s *scene) {
		s.fill(3)
		compact(s.t, s.j, s.h, []uint64{1, 2})
		s.flipAt(segmentName(4), 30)
	}, applied: -1, head: 25, damage: 1, segments: 3},
	{name: "rot, reasons of a compacted segment", kill: func(s *scene) {
		s.fill(3)
		compact(s.t, s.j, s.h, []uint64{1, 2})
		s.remove(indexName(4))
		s.flipAt(segmentName(4), s.j.segs[0].end-blockSize+70)
	}, applied: -1, head: 25, damage: 1, segments: 3},
	{name: "a payload that looks like a rotten frame's successor", kill: func(s *scene) {
		// Record 10 stores a copy of the first frame, which comes to lie at the beginning of a block.
		images := []record.Image{{Key: record.PayloadKey(10), Body: []byte{0xa0}}}
		at := align(headSize+len(appendMeta(nil, 0, item{images: images}))+crcSize, 8)
		first := s.read(sceneSegment)[s.frames[0].off:s.frames[0].end]
		e := record.Entry{LSN: 10, Time: time.UnixMilli(10), Images: images, Inline: append(make([]byte, blockSize-at), first...)}
		if _, err := s.j.Append([]record.Entry{e}); err != nil {
			s.t.Fatal(err)
		}
		s.h.add([]record.Entry{e})
		s.mark()
		s.flipAt(sceneSegment, s.end[2].Offset+26)
	}, applied: -1, head: 10, damage: 1, segments: 1},
}

func TestRecovery(t *testing.T) {
	for _, test := range recoveryTests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			test.kill(s)
			var applied Position
			if test.applied >= 0 {
				applied = s.end[test.applied]
			}
			before := s.read2()
			for _, again := range []string{"", " again"} {
				j, err := Open(config(s.fs), applied)
				if err != nil {
					t.Fatal("open"+again+":", err)
				}
				if got := j.Head(); got != test.head {
					t.Errorf("head%s is %d, want %d", again, got, test.head)
				}
				var lost []span
				for _, d := range j.Damage() {
					if d.Lost {
						lost = append(lost, span{d.First, d.Last})
					}
					if d.Hole && !test.hole {
						t.Errorf("hole%s: %v", again, d)
					}
				}
				if diff := cmp.Diff(test.lost, lost, cmp.AllowUnexported(span{})); diff != "" {
					t.Errorf("lost%s (-want +got):\n%s", again, diff)
				}
				if got := j.Damage(); len(got) != test.damage {
					t.Errorf("damage%s: %v, want %d", again, got, test.damage)
				}
				s.compare(j, test.lost)
				if _, err := replayed(j, applied); err != nil && !isDamage(err) {
					t.Errorf("replay%s after what is applied: %v", again, err)
				}
				if again == "" && len(j.Segments()) != test.segments {
					t.Errorf("%d segments, want %d", len(j.Segments()), test.segments)
				}
			}
			s.unchanged(before)
			s.names(test.has, test.lacks)
		})
	}
}

// compare checks that everything but lost is there, and right or refused.
func (s *scene) compare(j *Journal, lost []span) {
	s.t.Helper()
	for _, want := range s.h.entries {
		gone := slices.ContainsFunc(lost, func(l span) bool { return l.first <= want.LSN && want.LSN <= l.last })
		got, err := j.Entry(want.LSN)
		if want.LSN > j.Head() || gone {
			if !errors.Is(err, ErrNotFound) {
				s.t.Errorf("record %d is lost, but: %v", want.LSN, err)
			}
			continue
		}
		if err != nil {
			s.t.Errorf("record %d: %v", want.LSN, err)
			continue
		}
		in, err := j.OpenInline(want.LSN)
		if err != nil {
			s.t.Errorf("payload %d: %v", want.LSN, err)
			continue
		}
		got.Inline, err = in.Read(nil)
		in.Close()
		if isDamage(err) && strings.Contains(s.t.Name(), "rot") {
			continue // Refused, as it must be.
		}
		if err != nil || !same(*want, got) {
			s.t.Errorf("record %d is not what it was: %v", want.LSN, err)
		}
	}
}

// read2 returns the content of every segment.
func (s *scene) read2() map[string][]byte {
	entries, err := s.fs.ReadDir(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".seg") {
			all[e.Name] = s.read(dir + "/" + e.Name)
		}
	}
	return all
}

// unchanged checks that no segment was written, but for zeros cut off.
func (s *scene) unchanged(before map[string][]byte) {
	s.t.Helper()
	for name, now := range s.read2() {
		was, found := before[name]
		if !found {
			continue
		}
		if len(now) > len(was) || string(was[:len(now)]) != string(now) || strings.Trim(string(was[len(now):]), "\x00") != "" {
			s.t.Errorf("%s was changed", name)
		}
	}
}

func (s *scene) names(has, lacks []string) {
	s.t.Helper()
	for _, name := range has {
		if ok, err := disk.Exists(s.fs, name); !ok || err != nil {
			s.t.Errorf("%s is gone (%v)", name, err)
		}
	}
	for _, name := range lacks {
		if ok, err := disk.Exists(s.fs, name); ok || err != nil {
			s.t.Errorf("%s is still there (%v)", name, err)
		}
	}
}

func TestAheadIsRefusedAndNothingIsChanged(t *testing.T) {
	for name, test := range map[string]struct {
		kill        func(s *scene)
		first, last record.LSN
	}{
		"last frame is zeros":  {func(s *scene) { s.wipe(2) }, 7, 9},
		"two frames are zeros": {func(s *scene) { s.wipe(1); s.wipe(2) }, 4, 9},
		"file is cut off": {func(s *scene) {
			f, _ := s.fs.OpenWrite(sceneSegment)
			defer f.Close()
			if err := f.Truncate(s.frames[1].end); err != nil {
				s.t.Fatal(err)
			}
		}, 7, 9},
		"segment is missing":     {func(s *scene) { s.remove(sceneSegment) }, 1, 9},
		"segment is zeros":       {func(s *scene) { s.write(sceneSegment, make([]byte, 40960)) }, 1, 9},
		"last segment is gone":   {func(s *scene) { s.fill(2); s.remove(segmentName(2)) }, 14, 15},
		"last segment is rotten": {func(s *scene) { s.fill(2); s.fs.Corrupt(segmentName(2), headerSize, func(b []byte) { clear(b) }) }, 14, 15},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			test.kill(s)
			before := s.read2()
			var trace []disk.Op
			watched := disk.Inject(s.fs, disk.Trace(func(op disk.Op) {
				if slices.Contains(disk.Changes(), op.Kind) && op.Kind != disk.OpSyncDir {
					trace = append(trace, op)
				}
			}))
			_, err := Open(config(watched), s.end[len(s.end)-1])
			var ahead *AheadError
			if !errors.As(err, &ahead) || ahead.First != test.first || ahead.Last != test.last {
				t.Fatalf("error is %v, want records %d to %d missing", err, test.first, test.last)
			}
			if len(trace) > 0 {
				t.Errorf("changed: %v", trace)
			}
			if diff := cmp.Diff(before, s.read2()); diff != "" {
				t.Error("a segment was changed")
			}
			j, err := Open(config(s.fs), Position{}) // The loss is accepted.
			if err != nil {
				t.Fatal(err)
			}
			if got := j.Head(); got != test.first-1 {
				t.Errorf("head is %d, want %d", got, test.first-1)
			}
		})
	}
}

func TestAReadErrorIsNotTheEnd(t *testing.T) {
	for name, fault := range map[string]disk.Fault{
		"EIO":        {Err: syscall.EIO},
		"short read": {Short: 100},
		"EOF":        {Err: io.EOF},
	} {
		s := newScene(t)
		var reads atomic.Int64
		if _, err := Open(config(disk.Inject(s.fs.Clone(), disk.Count(&reads, disk.OpRead))), Position{}); err != nil {
			t.Fatal(err)
		}
		noticed := 0
		for n := range int(reads.Load()) {
			fs := s.fs.Clone()
			j, err := Open(config(disk.Inject(fs, disk.NthOp(n+1, fault, disk.OpRead))), Position{})
			if err == nil {
				s.h.check(t, j) // It was not needed.
				noticed--
			}
			noticed++
			s.h.check(t, open(t, fs, Position{}))
		}
		if noticed < 10 {
			t.Errorf("%s was noticed in %d of %d reads", name, noticed, reads.Load())
		}
	}
}

func TestAFormatOfTheFutureIsRefusedPolitely(t *testing.T) {
	s := newScene(t)
	before := s.read2()
	s.fs.Corrupt(sceneSegment, 0, func(b []byte) {
		le.PutUint32(b[8:], formatVersion+1)
		sealBlock(b[:blockSize])
	})
	_, err := Open(config(s.fs), Position{})
	if !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), sceneSegment) {
		t.Fatalf("error is %v", err)
	}
	s.fs.Corrupt(sceneSegment, 0, func(b []byte) {
		le.PutUint32(b[8:], formatVersion)
		sealBlock(b[:blockSize])
	})
	if diff := cmp.Diff(before, s.read2()); diff != "" {
		t.Error("it was changed")
	}
	s.h.check(t, open(t, s.fs, Position{}))
}

func TestSegmentsOfAnotherPoolAreRefused(t *testing.T) {
	s := newScene(t)
	cfg := config(s.fs)
	cfg.Pool[0]++
	if _, err := Open(cfg, Position{}); err == nil || !strings.Contains(err.Error(), "pool") {
		t.Fatalf("error is %v", err)
	}
}

func TestASealedSegmentHasNoZerosBehindIt(t *testing.T) {
	s := newScene(t)
	s.fill(3)
	entries, err := s.fs.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, seg := range s.j.Segments() {
		for _, e := range entries {
			if dir+"/"+e.Name == segmentName(seg.ID) && seg.Sealed && e.Size != seg.Bytes {
				t.Errorf("segment %d has %d bytes, its file %d", seg.ID, seg.Bytes, e.Size)
			}
		}
		if ok, err := disk.Exists(s.fs, indexName(seg.ID)); ok != seg.Sealed || err != nil {
			t.Errorf("segment %d: sealed %v, index %v, %v", seg.ID, seg.Sealed, ok, err)
		}
	}
}

func TestRotBehindAnIndexComesToLight(t *testing.T) {
	for name, find := range map[string]func(s *scene, j *Journal) error{
		"by a replay": func(s *scene, j *Journal) error { _, err := replayed(j, Position{}); return err },
		"by a lookup": func(s *scene, j *Journal) error {
			if _, err := j.Entry(5); !errors.Is(err, ErrNotFound) {
				return fmt.Errorf("record 5: %v", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			off := s.meta(5) + 50
			s.fill(3)
			s.flipAt(sceneSegment, off)
			for range 2 { // The second start finds it by itself, as there is no index any more.
				j := open(t, s.fs, Position{})
				if err := find(s, j); err != nil {
					t.Fatal(err)
				}
				lost := slices.ContainsFunc(j.Damage(), func(d Damage) bool { return d.Lost && d.First == 5 && d.Last == 5 })
				if !lost {
					t.Errorf("damage is %v", j.Damage())
				}
				s.compare(j, []span{{5, 5}})
				s.names(nil, []string{indexName(1)})
			}
		})
	}
}

func TestAnUnreadableEndIsRefused(t *testing.T) {
	s := newScene(t)
	s.fill(4)
	for id := uint64(3); id <= 4; id++ {
		s.fs.Corrupt(segmentName(id), 0, func(b []byte) {
			for i := range b {
				b[i] ^= 0x55
			}
		})
	}
	before := s.read2()
	if _, err := Open(config(s.fs), Position{}); !isDamage(err) {
		t.Fatalf("error is %v", err)
	}
	s.unchanged(before)
	s.remove(segmentName(3))
	s.remove(indexName(3))
	if j := open(t, s.fs, Position{}); j.Head() != s.j.segs[1].last {
		t.Errorf("head is %d", j.Head())
	}
}

// TestABadReadDoesNoHarm makes reads lie during a start. It may be refused, but what
// it writes must not cost anything, and one bad read must not shorten the history.
func TestABadReadDoesNoHarm(t *testing.T) {
	for name, fault := range map[string]disk.Fault{
		"flip":                 {Flip: true},
		"misdirected":          {Shift: blockSize},
		"flips from then on":   {Flip: true, Sticky: true},
		"zeros of another one": {Shift: 4 * blockSize},
	} {
		s := newScene(t)
		s.fill(4)
		s.mark()
		var reads atomic.Int64
		if _, err := Open(config(disk.Inject(s.fs.Clone(), disk.Count(&reads, disk.OpRead))), s.end[0]); err != nil {
			t.Fatal(err)
		}
		for n := range int(reads.Load()) {
			fs := s.fs.Clone()
			j, err := Open(config(disk.Inject(fs, disk.NthOp(n+1, fault, disk.OpRead))), Position{})
			if err == nil && !fault.Sticky && j.Head() != record.LSN(len(s.h.entries)) {
				t.Errorf("%s, read %d: head is %d, want %d", name, n+1, j.Head(), len(s.h.entries))
			}
			s.h.check(t, open(t, fs, Position{}))
		}
	}
}
