package names_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firn/glacier"
	"firn/internal/inventory"
	"firn/internal/names"
)

// What a child of these tests does until it is killed, and the file on which.
const (
	childDoes = "FIRN_TEST_NAMES_DOES"
	childFile = "FIRN_TEST_NAMES_FILE"
)

// kill starts this test again as a process that does something to a file, hands over each line that it prints, and kills it when enough says so.
func kill(t *testing.T, does, file string, enough func(line string) bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestChild$")
	child.Env = append(os.Environ(), childDoes+"="+does, childFile+"="+file)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && !enough(lines.Text()) {
	}
	must(t, child.Process.Kill())
	for lines.Scan() { // what it had said before it died
		enough(lines.Text())
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
}

// TestChild is what the killed process does.
func TestChild(t *testing.T) {
	does := os.Getenv(childDoes)
	if does == "" {
		t.Skip("only a child of another test does something here")
	}
	c, err := names.Open(t.Context(), os.Getenv(childFile))
	must(t, err)
	switch does {
	case "add":
		for g := range 8 {
			go func() {
				for i := 0; ; i++ {
					a, f := archive(fmt.Sprintf("%d-%d", g, i), fmt.Sprintf("f/%d/%d", g, i), i%60)
					if err := c.Add(t.Context(), a, f); err != nil {
						fmt.Println("failed", err)
					}
					fmt.Println("added", a.ID)
				}
			}()
		}
		select {}
	case "rebuild":
		go func() {
			for {
				fmt.Println("tick")
			}
		}()
		for i := 0; ; i++ {
			if _, err := c.Rebuild(t.Context(), sample(i%2), names.Check{}); err != nil {
				fmt.Println("failed", err)
			}
			fmt.Println("rebuilt")
		}
	}
}

// sample is one of two inventories that have nothing in common.
func sample(which int) names.Inventory {
	rows := make([]inventory.Row, 400+which*100)
	for i := range rows {
		rows[i] = row(fmt.Sprintf("%d-%d", which, i), fmt.Sprintf(`{"Path":"%d/%d"}`, which, i), i%29)
	}
	return list(rows...)
}

// intact fails unless SQLite finds nothing wrong with a file, and the totals are right.
func intact(t *testing.T, file string) *names.Catalogue {
	t.Helper()
	c := open(t, file)
	db, err := sql.Open("sqlite", file)
	must(t, err)
	defer db.Close()
	var verdict string
	must(t, db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict))
	want(t, "integrity", verdict, "ok")
	checkTotals(t, c)
	return c
}

// TestKilledWhileAdding: what was acknowledged is there, whole.
func TestKilledWhileAdding(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.db")
	acknowledged := map[string]bool{}
	for round := 1; round <= 3; round++ {
		kill(t, "add", file, func(line string) bool {
			id, ok := strings.CutPrefix(line, "added ")
			if !ok {
				t.Errorf("the child says %q", line)
			}
			acknowledged[id] = true
			return len(acknowledged) >= round*300
		})
	}
	c := intact(t, file)
	for id := range acknowledged {
		if n := len(all(t, c.Members(t.Context(), glacier.ArchiveID(id)))); n != 1 {
			t.Errorf("archive %s was acknowledged and has %d files", id, n)
		}
	}
	want(t, "archives without their file", len(all(t, c.Unnamed(t.Context()))), 0)
}

// TestKilledWhileRebuilding: the catalogue is that of one inventory or the other, and never something between.
func TestKilledWhileRebuilding(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	whole := map[string]bool{text(t, fresh(t)): true}
	for which := range 2 {
		c := fresh(t)
		_, err := c.Rebuild(t.Context(), sample(which), names.Check{})
		must(t, err)
		whole[text(t, c)] = true
	}
	file := filepath.Join(t.TempDir(), "v.db")
	for range 10 {
		rebuilt, ticks := rng.IntN(3), rng.IntN(2000)
		kill(t, "rebuild", file, func(line string) bool {
			switch {
			case strings.HasPrefix(line, "failed"):
				t.Errorf("the child %s", line)
			case line == "rebuilt":
				rebuilt--
			case rebuilt <= 0:
				ticks--
			}
			return ticks < 0
		})
		c := intact(t, file)
		if !whole[text(t, c)] {
			t.Fatal("the catalogue is that of no inventory")
		}
	}
}
