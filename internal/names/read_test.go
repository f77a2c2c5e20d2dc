package names_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/names"
	"firn/treehash"
)

// TestLongLists: lists of several pages have everything once, in their order, whatever is equal where a page ends.
func TestLongLists(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	c, ctx := fresh(t), t.Context()
	rng := rand.New(rand.NewPCG(1, 1))
	var files []names.File
	var archives []names.Archive
	for i := range 3 {
		a, _ := archive(fmt.Sprint("A", i), "", i/2)
		seen := map[names.File]bool{}
		for range 2_500 {
			f := names.File{
				Path: fmt.Sprintf("f%d/x", rng.IntN(5)), Archive: a.ID, Created: a.Created, Offset: int64(rng.IntN(1200)),
				Modified: at(rng.IntN(2)).Add(time.Duration(rng.IntN(2))),
			}
			if !seen[f] {
				files = append(files, f)
			}
			seen[f] = true
		}
		must(t, c.Add(ctx, a, files[len(files)-len(seen):]...))
	}
	for i := range 2_100 {
		a, _ := archive(fmt.Sprintf("%x", treehash.Sum([]byte{byte(i), byte(i >> 8)})), "", 1)
		archives = append(archives, a)
	}
	for part := range slices.Chunk(archives, 700) {
		var adding sync.WaitGroup // so that flushes are shared
		for _, a := range part {
			adding.Go(func() {
				if err := c.Add(ctx, a); err != nil {
					t.Error(err)
				}
			})
		}
		adding.Wait()
	}
	slices.SortFunc(files, func(a, b names.File) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), b.Created.Compare(a.Created), b.Modified.Compare(a.Modified),
			strings.Compare(string(b.Archive), string(a.Archive)), int(a.Offset-b.Offset))
	})
	of := func(keep func(f names.File) bool) []names.File {
		return slices.DeleteFunc(slices.Clone(files), func(f names.File) bool { return !keep(f) })
	}
	want(t, "everything", all(t, c.Under(ctx, "", true)), files)
	want(t, "a folder", all(t, c.Under(ctx, "f2", true)), of(func(f names.File) bool { return f.Path == "f2/x" }))
	want(t, "versions", all(t, c.Versions(ctx, "f3/x")), of(func(f names.File) bool { return f.Path == "f3/x" }))
	want(t, "names", len(all(t, c.Under(ctx, "", false))), 5)
	members := of(func(f names.File) bool { return f.Archive == "A1" })
	slices.SortFunc(members, func(a, b names.File) int {
		return cmp.Or(int(a.Offset-b.Offset), strings.Compare(a.Path, b.Path), a.Modified.Compare(b.Modified))
	})
	want(t, "members", all(t, c.Members(ctx, "A1")), members)
	slices.SortFunc(archives, func(a, b names.Archive) int { return strings.Compare(string(a.ID), string(b.ID)) })
	unnamed := all(t, c.Unnamed(ctx))
	slices.SortFunc(unnamed, func(a, b names.Archive) int { return strings.Compare(string(a.ID), string(b.ID)) })
	want(t, "without names", unnamed, archives)
	want(t, "archives", len(all(t, c.Archives(ctx))), len(archives)+3)
}

// TestLogStaysShort: while somebody reads a list, changes are carried over into the file.
func TestLogStaysShort(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	file := filepath.Join(t.TempDir(), "v.db")
	c, ctx := open(t, file), t.Context()
	bundle := func(i, n int) (a names.Archive, files []names.File) {
		a, _ = archive(fmt.Sprint("B", i), "", i)
		for j := range n {
			files = append(files, names.File{Path: fmt.Sprintf("%d/%s/%d", i, strings.Repeat("folder", 20), j), Offset: int64(j)})
		}
		return a, files
	}
	a, files := bundle(0, 5_000)
	must(t, c.Add(ctx, a, files...))
	n := 0
	for _, err := range c.Under(ctx, "0/", true) {
		must(t, err)
		if n++; n%100 == 0 {
			a, files := bundle(n, 5_000)
			must(t, c.Add(ctx, a, files...))
		}
	}
	want(t, "names seen", n, 5_000)
	info, err := os.Stat(file + "-wal")
	must(t, err)
	if mib := info.Size() >> 20; mib > 30 {
		t.Errorf("the log has %d MiB", mib)
	}
}

// TestChangedWhileRead: what is not changed is seen once, whatever else comes and goes.
func TestChangedWhileRead(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	const archives, each = 30, 100
	for i := range archives {
		a, _ := archive(fmt.Sprint("A", i), "", i)
		var files []names.File
		for j := range each {
			files = append(files, names.File{Path: fmt.Sprintf("%03d/%d", j, i)})
		}
		must(t, c.Add(ctx, a, files...))
	}
	seen := map[string]int{}
	n := 0
	for f, err := range c.Under(ctx, "", true) {
		must(t, err)
		seen[f.Path]++
		if n++; n%200 == 0 { // archives of odd numbers go, and come again
			id := glacier.ArchiveID(fmt.Sprint("A", n/200*2%archives+1))
			must(t, c.Remove(ctx, id))
			a, g := archive("new"+f.Path, f.Path+"/new", 59)
			must(t, c.Add(ctx, a, g))
		}
	}
	for i := 0; i < archives; i += 2 {
		for j := range each {
			if path := fmt.Sprintf("%03d/%d", j, i); seen[path] != 1 {
				t.Errorf("%s was seen %d times", path, seen[path])
			}
		}
	}
	for path, times := range seen {
		if times > 1 {
			t.Errorf("%s was seen %d times", path, times)
		}
	}
}

func TestReadersMayWrite(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	for i := range 10 {
		add(t, c, fmt.Sprint("A", i), fmt.Sprint("f", i), i)
	}
	n := 0
	for f, err := range c.Under(ctx, "", true) {
		must(t, err)
		for range c.Members(ctx, f.Archive) {
			n++
		}
		must(t, c.Remove(ctx, f.Archive))
	}
	want(t, "files seen while they went", n, 10)
}
