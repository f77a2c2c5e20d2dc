package admin_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Amazon counts once a day. A vault that was emptied counts what it had, and
// cannot be deleted before it is counted again; an inventory would be the same
// again, and hours later.
func TestEmptyWhereItIsCountedOnceADay(t *testing.T) {
	f := newSlow(t, 25)
	_, stderr, code := firn(t, "vault", "empty", "v", "--yes", "--delete")
	if code != 8 || !strings.Contains(stderr, "vault v cannot be deleted yet: InvalidParameterValueException: Vault not empty or recently written to: v") ||
		!strings.Contains(stderr, "It counts 25 archives as of 1970-01-02 00:00:00Z.") || len(f.there) != 0 || f.jobs != 1 {
		t.Fatalf("exit code %d, %d archives left, %d jobs: %s", code, len(f.there), f.jobs, stderr)
	}

	// The same again asks for no second inventory.
	stdout, stderr, code := firn(t, "vault", "empty", "v", "--yes")
	if code != 0 || f.jobs != 1 || f.deletes != 25 || !strings.Contains(stdout, "Vault v still counts 25 archives, as of 1970-01-02 00:00:00Z: it counts about once a day.") {
		t.Errorf("exit code %d, %d jobs, %d deletions: %s%s", code, f.jobs, f.deletes, stdout, stderr)
	}
	// But --fresh does.
	f.put("newer")
	if _, stderr, code := firn(t, "vault", "empty", "v", "--yes", "--fresh"); code != 0 || f.jobs != 2 {
		t.Errorf("exit code %d, %d jobs: %s", code, f.jobs, stderr)
	}

	// The next day it knows of what has come since.
	f.nextDay()
	if stdout, stderr, code = firn(t, "vault", "empty", "v", "--yes"); code != 0 || len(f.there) != 0 || f.jobs != 3 {
		t.Errorf("exit code %d, %d left, %d jobs: %s%s", code, len(f.there), f.jobs, stdout, stderr)
	}
	f.nextDay()
	stdout, stderr, code = firn(t, "vault", "empty", "v", "--yes", "--delete")
	if code != 0 || stdout != "0 archives deleted, 0 uploads ended.\nVault v is deleted.\n" {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// One archive that cannot be deleted keeps none of the others.
func TestEmptyButForOne(t *testing.T) {
	f := newSlow(t, 25)
	f.refuse = fmt.Sprintf("%0138d", 7)
	stdout, stderr, code := firn(t, "vault", "empty", "v", "--yes", "--delete", "--json")
	if code != 7 || len(f.there) != 1 || !strings.Contains(stdout, `"Deleted": 24,`) || !strings.Contains(stdout, `"Failed": 1,`) ||
		!strings.Contains(stderr, "1 archive could not be deleted, the first because of: archive "+f.refuse+": AccessDeniedException: a lock says no") {
		t.Errorf("exit code %d, %d left: %s%s", code, len(f.there), stdout, stderr)
	}
}

// What could not be deleted before an interruption is told after it, too.
func TestEmptyInTwoRunsButForOne(t *testing.T) {
	f := newSlow(t, 1200)
	f.refuse, f.tired = f.listed[0], 1100
	if _, stderr, code := firn(t, "vault", "empty", "v", "--yes"); code != 6 || !strings.Contains(stderr, "archive "+f.refuse) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	f.tired = 0
	_, stderr, code := firn(t, "vault", "empty", "v", "--yes")
	if code != 7 || stderr != "1 archive could not be deleted\n" || len(f.there) != 1 || f.jobs != 1 {
		t.Errorf("exit code %d, %d left, %d jobs: %s", code, len(f.there), f.jobs, stderr)
	}
}

// A run that was interrupted long ago is gone on with, and what has come since
// is deleted after it.
func TestEmptyLongAfter(t *testing.T) {
	f := newSlow(t, 30)
	f.tired = 10
	if _, stderr, code := firn(t, "vault", "empty", "v", "--yes"); code != 6 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	f.tired = 0
	f.put("newer")
	f.nextDay()
	if _, stderr, code := firn(t, "vault", "empty", "v", "--yes"); code != 0 || len(f.there) != 0 || f.jobs != 2 {
		t.Errorf("exit code %d, %d left, %d jobs: %s", code, len(f.there), f.jobs, stderr)
	}
}

// What two inventories list, because the second was taken before anything was
// deleted, too, is counted once.
func TestEmptyByTwoStaleInventories(t *testing.T) {
	f := newSlow(t, 1230)
	f.tired = 1100
	if _, stderr, code := firn(t, "vault", "empty", "v", "--yes"); code != 6 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	f.tired = 0
	f.put("newer")
	f.listed = append(f.listed, "newer")
	stdout, stderr, code := firn(t, "vault", "empty", "v", "--yes", "--json")
	if code != 0 || len(f.there) != 0 || f.jobs != 2 || !strings.Contains(stdout, `"Inventory": 1231,`) || !strings.Contains(stdout, `"Deleted": 1231,`) {
		t.Errorf("exit code %d, %d left, %d jobs: %s%s", code, len(f.there), f.jobs, stdout, stderr)
	}
	err := filepath.WalkDir(os.Getenv("HOME"), func(file string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(file), "earlier") {
			t.Errorf("%s is left", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A run was interrupted when it was deleting the vault, and the service is still
// about it when the next run comes: whatever that finds, it knows that it was meant.
func TestEmptyWhileTheVaultGoes(t *testing.T) {
	for _, call := range []string{"GET ", "GET /multipart-uploads", "POST /jobs", "DELETE "} {
		f := newSlow(t, 0)
		f.away = "nothing"
		if _, stderr, code := firn(t, "vault", "empty", "v", "--yes", "--delete"); code != 6 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		f.away = call
		stdout, stderr, code := firn(t, "vault", "empty", "v", "--yes", "--delete", "--fresh")
		if code != 0 || stdout != "0 archives deleted, 0 uploads ended.\nVault v is deleted.\n" {
			t.Errorf("%s: exit code %d: %s%s", call, code, stdout, stderr)
		}
		// And so does the next: this one, too, can be killed before it says so.
		if _, stderr, code := firn(t, "vault", "empty", "v", "--yes", "--delete"); code != 0 {
			t.Errorf("%s: then exit code %d: %s", call, code, stderr)
		}
	}
}

// An inventory whose bytes are others than they should be lists nothing that is
// deleted for it.
func TestEmptyByADamagedInventory(t *testing.T) {
	f := newSlow(t, 25)
	f.tampered = true
	if _, stderr, code := firn(t, "vault", "empty", "v", "--yes"); code != 3 || f.deletes != 0 || !strings.Contains(stderr, "the output was damaged on its way: ") {
		t.Errorf("exit code %d, %d deletions: %s", code, f.deletes, stderr)
	}
	f.tampered = false
	if _, stderr, code := firn(t, "vault", "empty", "v", "--yes"); code != 0 || len(f.there) != 0 {
		t.Errorf("exit code %d, %d left: %s", code, len(f.there), stderr)
	}
}

func TestOutputIsCompared(t *testing.T) {
	f := newSlow(t, 25)
	f.tampered = true
	file := filepath.Join(t.TempDir(), "inventory.json")
	if _, stderr, code := firn(t, "inventory", "v", "--output", file); code != 3 || !strings.Contains(stderr, "damaged on its way") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
