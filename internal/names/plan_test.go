package names

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestPlans: no list sorts the whole catalogue, or looks through it for a part of it.
func TestPlans(t *testing.T) {
	c, err := Open(t.Context(), filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, row := range []struct {
		name, statement string
		whole           bool // it lists everything
	}{
		{"all names", fileColumns + byPath, true},
		{"a page of names", fileColumns + behind + byPath + onePage, false},
		{"the latest version", fileColumns + named + byPath + " LIMIT 1", false},
		{"members", fileColumns + members + onePage, false},
		{"an archive", archiveColumns + withID, false},
		{"all archives", archiveColumns + byID, true},
		{"a page of archives", archiveColumns + behindID + byID + onePage, false},
		{"archives without names", archiveColumns + unnamed + onePage, false},
		{"a name in an archive", "SELECT count(*) FROM files" + ofPath + "?", false},
		{"a name that goes", "DELETE FROM files" + ofPath + "?", false},
		{"the time of a name", setModified, false},
		{"retrievals of an archive", retrievalColumns + ofArchive, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := make([]any, max(strings.Count(row.statement, "?"), 7)) // behind has seven, some of them twice
			for i := range args {
				args[i] = "a"
			}
			rows, err := c.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+row.statement, args...)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			steps := 0
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					t.Fatal(err)
				}
				steps++
				sorts := strings.Contains(step, "TEMP B-TREE") && !strings.Contains(step, "LAST 2 TERMS") // of equal paths and times
				if strings.Contains(row.statement, ofPath) && strings.Contains(step, "files_archive") {
					t.Errorf("%s goes through an archive\n\t%s", row.statement, step)
				}
				if sorts || strings.HasPrefix(step, "SCAN") && !row.whole {
					t.Errorf("%s\n\t%s", row.statement, step)
				}
			}
			if steps == 0 {
				t.Error("there is no plan")
			}
		})
	}
}
