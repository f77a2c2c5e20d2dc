package move

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/names"
)

// TestOlder: the newest version that certainly is in the vault stays, and what may be newer.
func TestOlder(t *testing.T) {
	ctx := t.Context()
	c, err := names.Open(ctx, filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i, id := range []glacier.ArchiveID{"1", "2", "3", "4"} {
		a := names.Archive{ID: id, Created: time.Unix(int64(i), 0)}
		if err := c.Add(ctx, a, names.File{Path: "f"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name string
		doom []glacier.ArchiveID // besides those of the rows before
		want []glacier.ArchiveID
	}{
		{"all are there", nil, []glacier.ArchiveID{"3", "2", "1"}},
		{"the newest may be gone", []glacier.ArchiveID{"4"}, []glacier.ArchiveID{"2", "1"}},
		{"an older one, too", []glacier.ArchiveID{"2"}, []glacier.ArchiveID{"2", "1"}},
		{"all may be gone", []glacier.ArchiveID{"3", "1"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := c.Doom(ctx, row.doom...); err != nil {
				t.Fatal(err)
			}
			var got []glacier.ArchiveID
			y := &syncing{put: &put{names: c}, replaced: []string{"f"}}
			for f, err := range y.older(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, f.Archive)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
