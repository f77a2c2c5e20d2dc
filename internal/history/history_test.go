package history

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/disk"
)

const ann, bob = glacier.AccountID("111111111111"), glacier.AccountID("222222222222")

const fileOfAnn = "history/" + string(ann)

// noon is when every test begins.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is a history with a clock of its own.
type house struct {
	*History
	t   *testing.T
	now time.Time
	mem *disk.Mem
	log bytes.Buffer

	// of each query
	present *State
	since   time.Time
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, now: noon, mem: disk.NewMem(0)}
	h.open(h.mem)
	return h
}

// open opens the history, as after a restart.
func (h *house) open(fsys disk.FS) {
	h.t.Helper()
	var err error
	h.History, err = Open(Config{FS: fsys, Now: func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(&h.log, nil))})
	if err != nil {
		h.t.Fatal(err)
	}
}

// sample samples an account of so many archives, each of 10 bytes, after a while.
func (h *house) sample(after time.Duration, archives int64) {
	h.t.Helper()
	h.now = h.now.Add(after)
	if err := h.Sample(ann, State{Archives: archives, Bytes: 10 * archives, Vaults: 1}); err != nil {
		h.t.Fatal(err)
	}
}

// points are those of a range, written short: hours since noon, archives, bytes uploaded and downloaded, and minutes counted.
func (h *house) points(from, to time.Duration, points int) string {
	h.t.Helper()
	list, err := h.Range(h.t.Context(), Query{Account: ann, From: noon.Add(from), To: noon.Add(to), Points: points, Now: h.present, Since: h.since})
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, p := range list {
		if p.Bytes != 10*p.Archives || p.Vaults != 1 || p.From.After(p.Time) {
			h.t.Errorf("point %+v", p)
		}
		out = append(out, fmt.Sprintf("%g:%d+%d-%d/%g", p.Time.Sub(noon).Hours(), p.Archives, p.Uploaded, p.Downloaded, p.Counted.Minutes()))
	}
	return strings.Join(out, " ")
}

func (h *house) size() int64 {
	h.t.Helper()
	data, err := disk.ReadFile(h.mem, fileOfAnn)
	if err != nil {
		h.t.Fatal(err)
	}
	return int64(len(data))
}

const day = 24 * time.Hour

func TestSamples(t *testing.T) {
	h := newHouse(t)
	h.sample(0, 1)
	h.Uploaded(ann, 100)
	h.Downloaded(ann, 7)
	h.Uploaded(bob, 5000)
	h.sample(time.Hour, 2)
	h.sample(time.Hour, 3)
	h.Uploaded(ann, 50)
	h.sample(time.Hour, 4)
	for _, row := range []struct {
		name     string
		from, to time.Duration
		points   int
		want     string
	}{
		{"one point for each", 0, 4 * time.Hour, 4, "0:1+0-0/0 1:2+100-7/60 2:3+0-0/60 3:4+50-0/60"},
		{"more points than samples", 0, 4 * time.Hour, 1000, "0:1+0-0/0 1:2+100-7/60 2:3+0-0/60 3:4+50-0/60"},
		{"two in one point", 0, 4 * time.Hour, 2, "1:2+100-7/60 3:4+50-0/120"},
		{"all in one", 0, 4 * time.Hour, 1, "3:4+150-7/180"},
		{"a part", time.Hour, 3 * time.Hour, 2, "1:2+100-7/60 2:3+0-0/60"},
		{"a length that does not divide", 0, 4 * time.Hour, 3, "1:2+100-7/60 2:3+0-0/60 3:4+50-0/60"},
		{"before all", -day, 0, 10, ""},
		{"after all", 4 * time.Hour, day, 10, ""},
		{"all time", -1000000 * time.Hour, 1000000 * time.Hour, 1, "3:4+150-7/180"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := h.points(row.from, row.to, row.points); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
	if list, err := h.Range(t.Context(), Query{Account: bob, From: noon, To: noon.Add(day), Points: 10}); len(list) != 0 || err != nil {
		t.Errorf("an account without samples has %v, %v", list, err)
	}
}

// The present is in an answer as a sample would be, once, and nothing is written.
func TestThePresentIsKnown(t *testing.T) {
	h := newHouse(t)
	h.present = &State{Archives: 1, Bytes: 10, Vaults: 1}
	h.Uploaded(ann, 5)
	if got := h.points(0, day, 24); got != "0:1+5-0/0" {
		t.Errorf("before the first sample: %s", got)
	}
	if list, err := h.mem.ReadDir(dir); err == nil {
		t.Errorf("something was written: %v", list)
	}
	h.sample(0, 2)
	h.Uploaded(ann, 100)
	h.now = h.now.Add(90 * time.Minute)
	h.Downloaded(ann, 7)
	h.present = &State{Archives: 3, Bytes: 30, Vaults: 1}
	before, err := disk.ReadFile(h.mem, fileOfAnn)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := h.points(0, day, 24); got != "0:2+5-0/0 1.5:3+100-7/90" {
			t.Errorf("by the hour: %s", got)
		}
		if got := h.points(0, day, 1); got != "1.5:3+105-7/90" {
			t.Errorf("as a day: %s", got)
		}
	}
	if got := h.points(-day, 0, 1); got != "" {
		t.Errorf("the day before: %s", got)
	}
	if after, err := disk.ReadFile(h.mem, fileOfAnn); err != nil || !bytes.Equal(before, after) {
		t.Errorf("looking has changed the file: %v", err)
	}
	h.present = nil
	h.sample(0, 3)
	if got := h.points(0, day, 1); got != "1.5:3+105-7/90" {
		t.Errorf("sampled: %s", got)
	}
}

// What is older than an account is of another.
func TestAHistoryBeginsWithItsAccount(t *testing.T) {
	h := newHouse(t)
	for i := range int64(4) {
		h.Uploaded(ann, 10)
		h.sample(time.Hour, i)
	}
	for _, row := range []struct {
		name  string
		since time.Duration
		want  string
	}{
		{"younger than all", day, ""},
		{"older than all", -day, "1:0+10-0/0 2:1+10-0/60 3:2+10-0/60 4:3+10-0/60"},
		{"of the time of one", 3 * time.Hour, "3:2+10-0/60 4:3+10-0/60"},
		{"between two", 3*time.Hour + time.Second, "4:3+10-0/60"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h.since = noon.Add(row.since)
			if got := h.points(0, day, 24); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestForgetting(t *testing.T) {
	h := newHouse(t)
	if list, err := h.Accounts(); len(list) != 0 || err != nil {
		t.Errorf("at first: %v, %v", list, err)
	}
	if err := h.Forget(ann); err != nil {
		t.Errorf("forget what is not known: %v", err)
	}
	h.sample(0, 1)
	if err := h.Sample(bob, State{}); err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteFile(h.mem, dir+"/stray", nil); err != nil {
		t.Fatal(err)
	}
	h.Uploaded(ann, 100)
	if list, err := h.Accounts(); !slices.Equal(list, []glacier.AccountID{ann, bob}) || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if err := h.Forget(ann); err != nil {
		t.Fatal(err)
	}
	if list, err := h.Accounts(); !slices.Equal(list, []glacier.AccountID{bob}) || err != nil {
		t.Errorf("afterwards: %v, %v", list, err)
	}
	h.sample(time.Minute, 2)
	if got := h.points(0, day, 1); got != "0.016666666666666666:2+0-0/0" {
		t.Errorf("who comes next has %s", got)
	}
	if err := h.Forget("../STORE"); err == nil {
		t.Error("a path is an account")
	}
}

func TestRangeRefuses(t *testing.T) {
	h := newHouse(t)
	for _, row := range []struct {
		name     string
		account  glacier.AccountID
		from, to time.Time
		points   int
	}{
		{"no points", ann, noon, noon.Add(day), 0},
		{"too many points", ann, noon, noon.Add(day), maxPoints + 1},
		{"no time", ann, noon, noon, 1},
		{"backwards", ann, noon, noon.Add(-day), 1},
		{"a path", "../STORE", noon, noon.Add(day), 1},
		{"no account", "", noon, noon.Add(day), 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := h.Range(t.Context(), Query{Account: row.account, From: row.from, To: row.to, Points: row.points}); err == nil {
				t.Error("it is answered")
			}
		})
	}
	if err := h.Sample("../STORE", State{}); err == nil {
		t.Error("a path is an account")
	}
	if _, err := Open(Config{}); err == nil {
		t.Error("a history opens nowhere")
	}
}

// TestOneRecordAnHour: whoever restarts often has no longer a history for it, and loses no count.
func TestOneRecordAnHour(t *testing.T) {
	h := newHouse(t)
	for i := range int64(60) {
		h.open(h.mem)
		h.sample(0, i)
		h.Uploaded(ann, 10)
		h.sample(30*time.Second, i)
	}
	if got, want := h.points(0, day, 24), "0.49166666666666664:59+600-0/30"; h.size() != recordSize || got != strings.Replace(want, "0.49166666666666664", "0.5", 1) {
		t.Errorf("%d bytes, %s", h.size(), got)
	}
	h.sample(30*time.Minute, 60)
	if h.size() != 2*recordSize {
		t.Errorf("in the next hour there are %d bytes", h.size())
	}
}

func TestTheClockIsSetBack(t *testing.T) {
	h := newHouse(t)
	h.sample(0, 1)
	h.Uploaded(ann, 10)
	h.sample(5*time.Hour, 2)
	h.Uploaded(ann, 20)
	h.sample(-4*time.Hour, 3)
	h.sample(4*time.Hour, 4)
	if got := h.points(0, day, 24); got != "0:1+0-0/0 1:3+20-0/0 5:4+10-0/540" {
		t.Errorf("got %s", got)
	}
}

func TestThinning(t *testing.T) {
	h := newHouse(t)
	total := int64(0)
	for i := range int64(24 * 400) {
		h.Uploaded(ann, 10)
		total += 10
		h.sample(time.Hour, i)
	}
	if n := h.size() / recordSize; n < 90*24+300 || n > 90*24+24+312 {
		t.Errorf("%d records after 400 days", n)
	}
	list, err := h.Range(t.Context(), Query{Account: ann, From: noon, To: h.now.Add(time.Hour), Points: 400})
	if err != nil || len(list) != 400 {
		t.Fatalf("%d days, %v", len(list), err)
	}
	var sum int64
	for i, p := range list {
		sum += p.Uploaded
		if i > 0 && p.Archives <= list[i-1].Archives {
			t.Errorf("day %d has %d archives", i, p.Archives)
		}
	}
	if sum != total {
		t.Errorf("%d bytes uploaded, want %d", sum, total)
	}
	// Days of a clock that is wrong are merged, and nothing is lost.
	h.now = h.now.AddDate(50, 0, 0)
	for range 24 {
		h.sample(time.Hour, 5)
	}
	if list, err := h.Range(t.Context(), Query{Account: ann, From: noon, To: noon.Add(400 * day), Points: 400}); err != nil || len(list) != 400 {
		t.Errorf("%d days after a jump, %v", len(list), err)
	}
}

func TestTheOldestGo(t *testing.T) {
	var all []record
	for i := range int64(maxRecords + 100) {
		all = append(all, record{at: i * aDay})
	}
	kept := thinned(all, 1<<40)
	if len(kept) != maxRecords || kept[0].at != 100*aDay {
		t.Errorf("%d are left, from day %d", len(kept), kept[0].at/aDay)
	}
}

func TestTornRecords(t *testing.T) {
	for _, row := range []struct {
		name string
		tear func(data []byte) []byte
		want string
	}{
		{"a part of one at the end", func(b []byte) []byte { return b[:len(b)-10] }, "0:1+0-0/0 1:2+0-0/60 3:4+0-0/0"},
		{"zeros at the end", func(b []byte) []byte { return append(b, make([]byte, 100)...) }, "0:1+0-0/0 1:2+0-0/60 2:3+0-0/60 3:4+0-0/0"},
		{"a bit in the middle", func(b []byte) []byte { b[recordSize+20] ^= 1; return b }, "0:1+0-0/0 2:3+0-0/60 3:4+0-0/0"},
		{"a version to come", func(b []byte) []byte { b[3] = 2; return b }, "1:2+0-0/60 2:3+0-0/60 3:4+0-0/0"},
		{"all of it", func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) }, "3:4+0-0/0"},
		{"nothing is left", func([]byte) []byte { return nil }, "3:4+0-0/0"},
		{"longer than any", func(b []byte) []byte { return append(make([]byte, 3*maxRecords*recordSize), b...) }, "0:1+0-0/0 1:2+0-0/60 2:3+0-0/60 3:4+0-0/0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHouse(t)
			h.sample(0, 1)
			h.sample(time.Hour, 2)
			h.sample(time.Hour, 3)
			name := fileOfAnn
			data, err := disk.ReadFile(h.mem, name)
			if err != nil {
				t.Fatal(err)
			}
			if err := disk.WriteFile(h.mem, name, row.tear(data)); err != nil {
				t.Fatal(err)
			}
			h.open(h.mem)
			h.sample(time.Hour, 4)
			if got := h.points(0, day, 24); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			for i := range int64(2 * thinEvery) { // it is tidied up
				h.sample(time.Hour, 5+i)
			}
			if n := h.size() / recordSize; n > 3+2*thinEvery+1 {
				t.Errorf("there are still %d records", n)
			}
		})
	}
}

// TestAFullDiskCostsNoCount: what cannot be written down is with the next sample.
func TestAFullDiskCostsNoCount(t *testing.T) {
	for _, kind := range []disk.Kind{disk.OpCreate, disk.OpWrite, disk.OpOpen, disk.OpReadDir} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHouse(t)
			if err := h.mem.Mkdir(dir); err != nil {
				t.Fatal(err)
			}
			broken := true
			h.open(disk.Inject(h.mem, func(op disk.Op) error {
				if broken && op.Kind == kind {
					return syscall.ENOSPC
				}
				return nil
			}))
			for range 3 {
				h.Uploaded(ann, 10)
				h.now = h.now.Add(time.Hour)
				if err := h.Sample(ann, State{}); err == nil {
					t.Fatal("it was written")
				}
			}
			broken = false
			h.sample(time.Hour, 1)
			if got := h.points(0, day, 1); got != "4:1+30-0/180" {
				t.Errorf("got %s", got)
			}
		})
	}
	t.Run("while it is thinned", func(t *testing.T) {
		h := newHouse(t)
		h.open(disk.Inject(h.mem, disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpRename)))
		h.now = noon.Add(-200 * day)
		for range 2 * thinEvery {
			h.sample(time.Hour, 1)
		}
		h.now = noon
		for i := range int64(2 * thinEvery) {
			h.Uploaded(ann, 10)
			h.sample(time.Hour, i)
		}
		if !strings.Contains(h.log.String(), "longer than it should be") || h.size() > 4*thinEvery*recordSize {
			t.Errorf("%d bytes, and said was %s", h.size(), &h.log)
		}
		if got := h.points(0, 10*day, 1); !strings.Contains(got, fmt.Sprintf(":%d+%d-", 2*thinEvery-1, 20*thinEvery)) {
			t.Errorf("got %s", got)
		}
	})
}

func TestAPowerCut(t *testing.T) {
	h := newHouse(t)
	for i := range int64(100) {
		h.sample(time.Hour, i)
	}
	for _, mode := range disk.Modes() {
		for try := range uint64(5) {
			h.open(h.mem.Crash(rand.New(rand.NewPCG(1, try)), mode))
			h.sample(time.Hour, 200)
			if got := h.points(0, 1000*day, 1); !strings.Contains(got, ":200+") {
				t.Errorf("crash %v, try %d: %s", mode, try, got)
			}
		}
	}
}

func TestAccountsAreLimited(t *testing.T) {
	h := newHouse(t)
	for i := range maxAccounts {
		if err := h.Sample(glacier.AccountID(fmt.Sprintf("%012d", i)), State{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Sample("999999999999", State{}); err == nil {
		t.Error("there is no limit")
	}
	if err := h.Sample("000000000001", State{}); err != nil {
		t.Errorf("one that has a history is refused: %v", err)
	}
	if err := h.Forget("000000000002"); err != nil {
		t.Fatal(err)
	}
	if err := h.Sample("999999999999", State{}); err != nil {
		t.Errorf("there is no room after one is forgotten: %v", err)
	}
}

func TestRecordsOnDisk(t *testing.T) {
	r := record{at: 1767323045, state: State{1 << 40, 1 << 50, 1000}, flow: Flow{7, 1 << 33, 8, 1 << 34}, span: 3600}
	b := r.encode()
	const want = "4648490116b1025200000000695735a5000001000000000000040000000000000000000200000000" +
		"0000000400000000000003e800000e100000000700000008"
	if got := fmt.Sprintf("%x", b); got != want {
		t.Errorf("encoded as %s", got)
	}
	back, ok := decode(b)
	if diff := cmp.Diff(r, back, cmp.AllowUnexported(record{})); diff != "" || !ok {
		t.Error(ok, diff)
	}
	r.flow.Uploads, r.span = 1<<40, -1
	if back, _ := decode(r.encode()); back.flow.Uploads != maximum || back.span != 0 {
		t.Errorf("too large: %+v", back)
	}
}

func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		b := make([]byte, recordSize)
		copy(b, data)
		if r, ok := decode(b); ok && !bytes.Equal(r.encode(), b) {
			t.Errorf("%x is read as %+v", b, r)
		}
	})
}

// TestEverythingAtOnce is of most use with the race detector.
func TestEverythingAtOnce(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				h.Uploaded(ann, 1)
				if err := h.Sample(ann, State{Vaults: 1}); err != nil {
					t.Error(err)
				}
				if _, err := h.Range(t.Context(), Query{Account: ann, From: noon, To: noon.Add(day), Points: 5, Now: &State{Vaults: 1}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := h.points(0, day, 1); got != "0:0+800-0/0" {
		t.Errorf("got %s", got)
	}
}
