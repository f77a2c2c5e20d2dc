package mirror_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/files"
	"firn/internal/mirror"
	"firn/internal/names"
	"firn/treehash"
)

var then = time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)

func local(name string, size int64, modified time.Time) files.File {
	return files.File{Name: name, Size: size, Modified: modified}
}

func kept(name string, size int64, modified time.Time) names.File {
	return names.File{Path: name, Size: size, Modified: modified, Hash: treehash.Sum([]byte(name))}
}

func seq[T any](elements ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, e := range elements {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// found are the changes that are not Same, as "kind name", and the problems.
func found(t *testing.T, c mirror.Comparison) (changes []string, err error) {
	t.Helper()
	if c.Name == nil {
		c.Name = func(name string) string { return name }
	}
	if c.Included == nil {
		c.Included = func(string) bool { return true }
	}
	for change, err := range c.Changes(t.Context()) {
		switch _, problem := errors.AsType[*files.Problem](err); {
		case problem:
			changes = append(changes, "problem "+change.Name)
		case err != nil:
			return changes, err
		case change.Kind != mirror.Same:
			changes = append(changes, string(change.Kind)+" "+change.Name)
		}
	}
	return changes, nil
}

// TestChanges: what is found for which two sides.
func TestChanges(t *testing.T) {
	later := then.Add(time.Hour)
	for name, row := range map[string]struct {
		local iter.Seq2[files.File, error]
		kept  iter.Seq2[names.File, error]
		how   mirror.Detection
		want  []string
	}{
		"nothing on either side": {seq[files.File](), seq[names.File](), mirror.ByTime, nil},
		"all new":                {seq(local("a", 1, then), local("b", 1, then)), seq[names.File](), mirror.ByTime, []string{"new a", "new b"}},
		"all removed":            {seq[files.File](), seq(kept("a", 1, then), kept("b", 1, then)), mirror.ByTime, []string{"removed a", "removed b"}},
		"the same":               {seq(local("a", 1, then)), seq(kept("a", 1, then)), mirror.ByTime, nil},
		"the same, and about to be deleted": {
			seq(local("a", 1, then)), seq(names.File{Path: "a", Size: 1, Modified: then, Doomed: true}), mirror.ByTime, []string{"changed a"},
		},
		"interleaved": {
			seq(local("a", 1, then), local("c", 1, then), local("d", 1, then)), seq(kept("b", 1, then), kept("c", 2, then), kept("e", 1, then)), mirror.ByTime,
			[]string{"new a", "removed b", "changed c", "new d", "removed e"},
		},
		"another time":                            {seq(local("a", 1, later)), seq(kept("a", 1, then)), mirror.ByTime, []string{"changed a"}},
		"another time, by size":                   {seq(local("a", 1, later)), seq(kept("a", 1, then)), mirror.BySize, nil},
		"always":                                  {seq(local("a", 1, then)), seq(kept("a", 1, then)), mirror.Always, []string{"changed a"}},
		"kept time is from a description":         {seq(local("a", 1, then)), seq(kept("a", 1, then.Truncate(time.Second))), mirror.ByTime, nil},
		"another fraction of the second":          {seq(local("a", 1, then.Add(time.Millisecond))), seq(kept("a", 1, then)), mirror.ByTime, []string{"changed a"}},
		"a name that another begins with":         {seq(local("a", 1, then), local("a.b", 1, then), local("a/b", 1, then)), seq(kept("a.b", 1, then)), mirror.ByTime, []string{"new a", "new a/b"}},
		"a folder in place of a file that was in": {seq(local("a/b", 1, then)), seq(kept("a", 1, then)), mirror.ByTime, []string{"removed a", "new a/b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := found(t, mirror.Comparison{Local: row.local, Kept: row.kept, Detection: row.how})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestContentIsLookedAt: the ways that read the files tell content from time.
func TestContentIsLookedAt(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	if err := os.WriteFile(file, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := files.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	f.Name = "a"
	same, other := kept("a", 1, f.Modified), kept("a", 1, f.Modified)
	other.Hash = treehash.Sum([]byte("b"))
	older, unhashed, untimed := same, same, same
	older.Modified, untimed.Modified = then, time.Time{}
	unhashed.Hash, unhashed.Size = treehash.Hash{}, names.UnknownSize // as of a sealed archive after a rebuild
	olderUnhashed, nothing := unhashed, unhashed
	olderUnhashed.Modified, nothing.Modified = then, time.Time{}
	for name, row := range map[string]struct {
		kept names.File
		how  mirror.Detection
		want []string
	}{
		"same time and content, by hash":             {same, mirror.ByHash, nil},
		"same time, other content, by time":          {other, mirror.ByTime, nil},
		"same time, other content, by hash":          {other, mirror.ByHash, []string{"changed a"}},
		"same time, other content, by time and hash": {other, mirror.ByTimeAndHash, nil},
		"same time, other content, by time or hash":  {other, mirror.ByTimeOrHash, []string{"changed a"}},
		"other time, same content, by time":          {older, mirror.ByTime, []string{"changed a"}},
		"other time, same content, by time and hash": {older, mirror.ByTimeAndHash, []string{"touched a"}},
		"other time, same content, by time or hash":  {older, mirror.ByTimeOrHash, []string{"changed a"}},
		"no time, same content, by time":             {untimed, mirror.ByTime, nil},
		"same time, no hash, by time":                {unhashed, mirror.ByTime, nil},
		"same time, no hash, by hash":                {unhashed, mirror.ByHash, []string{"unknown a"}},
		"same time, no hash, by time and hash":       {unhashed, mirror.ByTimeAndHash, nil},
		"same time, no hash, by time or hash":        {unhashed, mirror.ByTimeOrHash, []string{"unknown a"}},
		"other time, no hash, by time":               {olderUnhashed, mirror.ByTime, []string{"changed a"}},
		"other time, no hash, by time and hash":      {olderUnhashed, mirror.ByTimeAndHash, []string{"unknown a"}},
		"neither time nor hash, by time":             {nothing, mirror.ByTime, []string{"unknown a"}},
		"neither time nor hash, by size":             {nothing, mirror.BySize, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := found(t, mirror.Comparison{Local: seq(f), Kept: seq(row.kept), Detection: row.how})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhatIsNotLookedAtIsNotRemoved: neither what a filter leaves out, nor what
// could not be read.
func TestWhatIsNotLookedAtIsNotRemoved(t *testing.T) {
	walk := func(yield func(files.File, error) bool) {
		_ = yield(local("a", 1, then), nil) &&
			yield(files.File{}, &files.Problem{Name: "closed", Kind: files.Unreadable}) &&
			yield(local("z", 1, then), nil)
	}
	got, err := found(t, mirror.Comparison{
		Local: walk, Kept: seq(kept("closed/one", 1, then), kept("closed/two/three", 1, then), kept("closedness", 1, then), kept("filtered", 1, then)),
		Included: func(name string) bool { return name != "filtered" }, Detection: mirror.ByTime,
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"new a", "problem closed", "removed closedness", "new z"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestEndsWithAnError: of either side, and nothing counts as removed after it.
func TestEndsWithAnError(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]mirror.Comparison{
		"the walk": {
			Local: func(yield func(files.File, error) bool) { yield(files.File{}, broken) },
			Kept:  seq(kept("a", 1, then)),
		},
		"the catalogue": {
			Local: seq(local("b", 1, then)),
			Kept:  func(yield func(names.File, error) bool) { yield(names.File{}, broken) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := found(t, c)
			if !errors.Is(err, broken) || len(got) > 0 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestWalkAndCatalogueAgree: both sides have one order, or the merge would
// take names for new and removed at once.
func TestWalkAndCatalogueAgree(t *testing.T) {
	dir := t.TempDir()
	c, err := names.Open(t.Context(), filepath.Join(t.TempDir(), "names.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i, name := range []string{"a", "a.b/c", "a/b", "a-b", "ä/ö", "日本", "A", "b/a", "b/a.txt", "b a", "b!"} {
		if slices.Contains([]string{"a/b", "b/a.txt"}, name) {
			name += "x/y" // a is a file
		}
		file := filepath.Join(dir, "d"+string(rune('0'+i%3)), name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for f, err := range files.Walk(t.Context(), dir, nil, files.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		a := names.Archive{ID: glacier.ArchiveID(treehash.Sum([]byte(f.Name)).String()), Size: f.Size, Created: then}
		if err := c.Add(context.Background(), a, names.File{Path: f.Name, Size: f.Size, Modified: f.Modified}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := found(t, mirror.Comparison{
		Local: files.Walk(t.Context(), dir, nil, files.Options{}), Kept: c.Under(t.Context(), "", false), Detection: mirror.ByTime,
	})
	if err != nil || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}
