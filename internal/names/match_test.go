package names_test

import (
	"testing"
	"time"

	"firn/internal/names"
)

// TestMatches: which files can be a version.
func TestMatches(t *testing.T) {
	exact := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	second := exact.Truncate(time.Second)
	for name, row := range map[string]struct {
		version  names.File
		size     int64
		modified time.Time
		want     bool
	}{
		"the same":                  {names.File{Size: 7, Modified: exact}, 7, exact, true},
		"in another zone":           {names.File{Size: 7, Modified: exact}, 7, exact.In(time.FixedZone("", 3600)), true},
		"another size":              {names.File{Size: 7, Modified: exact}, 8, exact, false},
		"another time":              {names.File{Size: 7, Modified: exact}, 7, exact.Add(1), false},
		"known to the second":       {names.File{Size: 7, Modified: second}, 7, exact, true},
		"another second":            {names.File{Size: 7, Modified: second}, 7, exact.Add(time.Second), false},
		"sealed, of unknown size":   {names.File{Size: -1, Modified: second}, 7, exact, true},
		"sealed, of another second": {names.File{Size: -1, Modified: second}, 7, exact.Add(time.Second), false},
		"of unknown time":           {names.File{Size: 7}, 7, exact, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := row.version.Matches(row.size, row.modified); got != row.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
