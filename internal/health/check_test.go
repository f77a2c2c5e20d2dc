package health

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/disk"
)

const mine, theirs = glacier.AccountID("111111111111"), glacier.AccountID("222222222222")

func sample() *Check {
	return &Check{
		Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Ended: time.Date(2026, 1, 2, 4, 4, 5, 0, time.UTC),
		Deep: true, Exit: 3, Archives: 10, Payloads: 12, Bytes: 1 << 40,
		Damaged: []Damaged{
			{Account: mine, Vault: "photos", Archive: "A", Size: 5, Why: "a bit"},
			{Account: theirs, Vault: "secret", Archive: "B", Size: 6, Why: "two bits"},
		},
		Problems: []string{"journal: a hole"},
	}
}

func TestCheckIsReadAsWritten(t *testing.T) {
	mem := disk.NewMem(0)
	if c, err := ReadCheck(mem); c != nil || err != nil {
		t.Errorf("before the first: %+v, %v", c, err)
	}
	for _, exit := range []int{3, 0} { // the second replaces the first
		want := sample()
		want.Exit = exit
		if err := WriteCheck(mem, want); err != nil {
			t.Fatal(err)
		}
		mem = mem.Crash(nil, disk.Lost)
		got, err := ReadCheck(mem)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || got.DamagedCount != 2 || got.ProblemCount != 1 || got.Clean() != (exit == 0) {
			t.Errorf("%+v\n%s", got, diff)
		}
	}
}

func TestOnlySoMuchOfACheckIsKept(t *testing.T) {
	mem := disk.NewMem(0)
	c := sample()
	for i := range 5 * MaxDamaged {
		c.Damaged = append(c.Damaged, Damaged{
			Account: theirs, Vault: glacier.VaultName(strings.Repeat("v", 255)), Archive: glacier.ArchiveID(strings.Repeat("a", 138)), Why: strings.Repeat("\x01é", 5000),
		})
		c.Problems = append(c.Problems, fmt.Sprint(i, strings.Repeat("\xff", 5000)))
	}
	if err := WriteCheck(mem, c); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCheck(mem)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Damaged) != MaxDamaged || got.DamagedCount != 5*MaxDamaged+2 || len(got.Problems) != MaxProblems || got.ProblemCount != 5*MaxDamaged+1 {
		t.Errorf("%d of %d archives, %d of %d problems", len(got.Damaged), got.DamagedCount, len(got.Problems), got.ProblemCount)
	}
	if why := got.Damaged[MaxDamaged-1].Why; len(why) > maxWhy || !utf8.ValidString(why) || len(why) < maxWhy-3 {
		t.Errorf("a reason has %d bytes", len(why))
	}
}

func TestAnAccountSeesItsOwn(t *testing.T) {
	c := sample()
	c.DamagedCount = len(c.Damaged)
	own, whole := c.Of(mine)
	want := Check{Began: c.Began, Ended: c.Ended, Deep: true, Exit: 3, DamagedCount: 1, Damaged: c.Damaged[:1]}
	if diff := cmp.Diff(want, own); diff != "" || !whole {
		t.Errorf("whole %v:\n%s", whole, diff)
	}
	c.DamagedCount = MaxDamaged + 5
	if _, whole := c.Of(mine); whole {
		t.Error("what is not named may be its own")
	}
}

func TestChecksThatCannotBeRead(t *testing.T) {
	for _, row := range []struct{ name, data string }{
		{"empty", ""},
		{"torn", `{"version":1,"dam`},
		{"of another version", `{"version":2}`},
		{"of no version", `{}`},
		{"something else", `[1]`},
		{"too long", `{"version":1,"error":"` + strings.Repeat("x", maxCheck) + `"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			mem := disk.NewMem(0)
			if err := disk.WriteFile(mem, CheckFile, []byte(row.data)); err != nil {
				t.Fatal(err)
			}
			if c, err := ReadCheck(mem); c != nil || err == nil {
				t.Errorf("read as %+v", c)
			}
		})
	}
	mem := disk.NewMem(0)
	if err := WriteCheck(mem, sample()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []disk.Kind{disk.OpOpen, disk.OpRead} {
		if c, err := ReadCheck(disk.Inject(mem, disk.NthOp(1, disk.Fault{Err: syscall.EIO}, kind))); c != nil || err == nil {
			t.Errorf("%s fails: read as %+v", kind, c)
		}
	}
}

// TestTheLastCheckIsWholeWhateverFails: it is the old one, or the new.
func TestTheLastCheckIsWholeWhateverFails(t *testing.T) {
	for n := range 8 {
		mem := disk.NewMem(0)
		if err := WriteCheck(mem, &Check{Archives: 1}); err != nil {
			t.Fatal(err)
		}
		err := WriteCheck(disk.Inject(mem, disk.NthOp(n+1, disk.Fault{Err: syscall.ENOSPC}, disk.Changes()...)), &Check{Archives: 2})
		got, rerr := ReadCheck(mem.Crash(nil, disk.Kept))
		if rerr != nil || got.Archives != 1 && got.Archives != 2 || err == nil && got.Archives != 2 {
			t.Errorf("operation %d fails: %v, and then %+v, %v", n+1, err, got, rerr)
		}
	}
}
