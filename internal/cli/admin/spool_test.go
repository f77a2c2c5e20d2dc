package admin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/disk"
)

// listOf is an inventory of n archives.
func listOf(n int) string {
	var b strings.Builder
	b.WriteString(`{"VaultARN":"arn:aws:glacier:us-east-1:111122223333:vaults/v","InventoryDate":"2026-01-31T00:00:00Z","ArchiveList":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ArchiveId":%q,"ArchiveDescription":"","CreationDate":"2026-01-01T00:00:00Z","Size":1,"SHA256TreeHash":%q}`, name(i), strings.Repeat("0", 64))
	}
	return b.String() + "]}"
}

func name(i int) glacier.ArchiveID { return glacier.ArchiveID(fmt.Sprintf("archive-%d", i)) }

// Whatever call a crash comes at, and whatever it leaves, the next process
// deletes what is left, and at most one batch again.
func TestSpoolSurvives(t *testing.T) {
	for _, mode := range disk.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			n := 0
			for survives(t, mode, n) {
				n++
			}
			if n < 20 {
				t.Errorf("only %d calls were made to the file system", n)
			}
		})
	}
}

// survives crashes after n calls, if there are as many, and reports whether
// there are.
func survives(t *testing.T, mode disk.Mode, n int) bool {
	const count, batch = 10, 3
	mem := disk.NewMem(0)
	done := map[glacier.ArchiveID]int{}
	err := work(disk.Inject(mem, disk.CrashAfter(n)), count, batch, done)
	if err == nil {
		return false
	}
	if !errors.Is(err, disk.ErrCrashed) {
		t.Fatalf("crash after %d calls: %v", n, err)
	}
	if err := work(mem.Crash(rand.New(rand.NewPCG(1, uint64(n))), mode), count, batch, done); err != nil {
		t.Fatalf("crash after %d calls, then: %v", n, err)
	}
	twice := 0
	for i := range count {
		twice += max(0, done[name(i)]-1)
		if done[name(i)] == 0 {
			t.Errorf("crash after %d calls: archive %d is still there", n, i)
		}
	}
	if twice > batch {
		t.Errorf("crash after %d calls: %d archives were deleted twice", n, twice)
	}
	return true
}

// work is what a process does with a spool.
func work(fsys disk.FS, count, batch int, done map[glacier.ArchiveID]int) error {
	p, err := newSpool(context.Background(), fsys, "spool")
	if err != nil {
		return err
	}
	defer p.close()
	if !p.ready() && p.state.Job == "" {
		if err := p.fill(strings.NewReader(listOf(count)), "job"); err != nil {
			return err
		}
	}
	for {
		ids, err := p.next(batch)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			done[id]++
		}
		if err := p.advance(ids, 0); err != nil {
			return err
		}
	}
}

// A process that was killed may keep the lock for a moment.
func TestSpoolWaitsForItsLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := disk.NewMem(0)
		first, err := newSpool(t.Context(), mem, "spool")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { first.close() })
		second, err := newSpool(t.Context(), mem, "spool")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newSpool(t.Context(), mem, "spool"); err == nil {
			t.Error("two have the lock")
		}
		second.close()
	})
}

func TestSpool(t *testing.T) {
	mem := disk.NewMem(0)
	p, err := newSpool(t.Context(), mem, "spool")
	if err != nil {
		t.Fatal(err)
	}
	if p.ready() {
		t.Error("an empty spool has something to do")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newSpool(over, mem, "spool"); err == nil || !strings.Contains(err.Error(), "another process empties this vault") {
		t.Errorf("a second process: %v", err)
	}
	if err := p.fill(strings.NewReader(listOf(5)[:300]), "job"); err == nil {
		t.Error("an inventory that is cut off was taken")
	}
	if p.ready() {
		t.Error("there is something to do after half an inventory")
	}
	if err := p.fill(strings.NewReader(listOf(5)), "job"); err != nil {
		t.Fatal(err)
	}
	ids, err := p.next(3)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.advance(ids, 1); err != nil {
		t.Fatal(err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if p, err = newSpool(t.Context(), mem, "spool"); err != nil {
		t.Fatal(err)
	}
	want := spoolState{Version: 1, Job: "job", Count: 5, Done: 3, Failed: 1, Offset: 30}
	if diff := cmp.Diff(want, p.state); diff != "" {
		t.Error(diff)
	}
	if ids, err = p.next(3); err != nil || len(ids) != 2 || ids[0] != name(3) {
		t.Errorf("goes on with %v, %v", ids, err)
	}
	if err := p.clear(); err != nil || p.ready() {
		t.Errorf("cleared: %v, ready %t", err, p.ready())
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteFile(mem, spoolFile, []byte(`{"Version":2}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := newSpool(t.Context(), mem, "spool"); err == nil || !strings.Contains(err.Error(), "a newer firn made it") {
		t.Errorf("a newer spool: %v", err)
	}
}
