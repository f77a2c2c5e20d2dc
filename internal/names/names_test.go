package names_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/names"
	"firn/treehash"
)

// open opens a catalogue in a file, until the test ends.
func open(t *testing.T, file string) *names.Catalogue {
	t.Helper()
	c, err := names.Open(t.Context(), file)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func fresh(t *testing.T) *names.Catalogue {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "vault.db"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func all[T any](t *testing.T, seq iter.Seq2[T, error]) (list []T) {
	t.Helper()
	for v, err := range seq {
		must(t, err)
		list = append(list, v)
	}
	return list
}

func at(minute int) time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }

// archive makes an archive up, with a file of the path that is all of it.
func archive(id, path string, minute int) (names.Archive, names.File) {
	hash := treehash.Sum([]byte(id))
	a := names.Archive{ID: glacier.ArchiveID(id), Description: "about " + id, Size: int64(1000 + minute), TreeHash: hash, Created: at(minute)}
	f := names.File{Path: path, Archive: a.ID, Size: a.Size, Modified: at(minute).Add(-time.Hour + 7), Hash: hash, Created: a.Created, Mode: 0o644}
	return a, f
}

func add(t *testing.T, c *names.Catalogue, id, path string, minute int) names.File {
	t.Helper()
	a, f := archive(id, path, minute)
	must(t, c.Add(t.Context(), a, f))
	return f
}

func TestArchives(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	a, f := archive("A", "dir/a", 1)
	must(t, c.Add(ctx, a, f))
	b, _ := archive("B", "", 2)
	b.Bundle, b.Sealed = true, true
	must(t, c.Add(ctx, b))

	for _, x := range []names.Archive{a, b} {
		got, ok, err := c.Archive(ctx, x.ID)
		must(t, err)
		want(t, "archive", got, x)
		want(t, "found", ok, true)
	}
	_, ok, err := c.Archive(ctx, "C")
	must(t, err)
	want(t, "found what is not there", ok, false)
	want(t, "all", all(t, c.Archives(ctx)), []names.Archive{a, b})
	want(t, "without names", all(t, c.Unnamed(ctx)), []names.Archive{b})
	want(t, "members", all(t, c.Members(ctx, "A")), []names.File{f})

	totals := func(want names.Totals) {
		t.Helper()
		got, err := c.Totals(ctx)
		must(t, err)
		if got != want {
			t.Errorf("totals are %+v, want %+v", got, want)
		}
	}
	totals(names.Totals{Archives: 2, Files: 1, Bytes: a.Size + b.Size})
	must(t, c.Add(ctx, a, f))
	totals(names.Totals{Archives: 2, Files: 1, Bytes: a.Size + b.Size})

	one := names.File{Path: "x/1", Archive: "B", Offset: 512, Size: 10, Created: b.Created}
	two := names.File{Path: "x/2", Archive: "B", Offset: 0, Size: 10, Created: b.Created}
	b.Size += 5
	must(t, c.Add(ctx, b, one, two))
	want(t, "members by offset", all(t, c.Members(ctx, "B")), []names.File{two, one})
	totals(names.Totals{Archives: 2, Files: 3, Bytes: a.Size + b.Size})
	must(t, c.Add(ctx, b, two))
	want(t, "what is said last is known", all(t, c.Members(ctx, "B")), []names.File{two})

	must(t, c.Remove(ctx, "B"))
	must(t, c.Remove(ctx, "B"))
	want(t, "members of what is gone", all(t, c.Members(ctx, "B")), nil)
	totals(names.Totals{Archives: 1, Files: 1, Bytes: a.Size})
}

func TestSetModified(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	a, one := archive("A", "one", 1)
	two := one
	two.Path = "two"
	must(t, c.Add(ctx, a, one, two))
	other := add(t, c, "B", "one", 2)
	one.Modified = at(5).Add(6)
	must(t, c.SetModified(ctx, "one", "A", one.Modified))
	must(t, c.SetModified(ctx, "one", "C", at(7)))
	must(t, c.SetModified(ctx, "three", "A", at(7)))
	want(t, "members", all(t, c.Members(ctx, "A")), []names.File{one, two})
	want(t, "versions", all(t, c.Versions(ctx, "one")), []names.File{other, one})
	checkTotals(t, c)
}

func TestRefusedNames(t *testing.T) {
	c := fresh(t)
	for name, path := range map[string]string{"none": "", "not UTF-8": "a\xff", "a zero byte": "a\x00b"} {
		t.Run(name, func(t *testing.T) {
			a, f := archive("A", path, 1)
			if err := c.Add(t.Context(), a, f); err == nil {
				t.Error("taken")
			}
		})
	}
	want(t, "kept", all(t, c.Archives(t.Context())), nil)
	if err := c.Add(t.Context(), names.Archive{}); err == nil {
		t.Error("an archive without an id was taken")
	}
}

func TestVersions(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	old, newer := add(t, c, "A", "a/b", 1), add(t, c, "B", "a/b", 5)
	below, beside := add(t, c, "C", "a/b/c", 2), add(t, c, "D", "a/b-side", 3)
	twinA, twinB := add(t, c, "E", "twin", 4), add(t, c, "F", "twin", 4)

	got, ok, err := c.Latest(ctx, "a/b")
	must(t, err)
	want(t, "found", ok, true)
	want(t, "latest", got, newer)
	_, ok, err = c.Latest(ctx, "a")
	must(t, err)
	want(t, "a folder is a file", ok, false)

	for _, row := range []struct {
		name, prefix string
		all          bool
		want         []names.File
	}{
		{"everything", "", true, []names.File{newer, old, beside, below, twinB, twinA}},
		{"the newest of everything", "", false, []names.File{newer, beside, below, twinB}},
		{"a name and what is below", "a/b", true, []names.File{newer, old, below}},
		{"the newest of a name and what is below", "a/b", false, []names.File{newer, below}},
		{"a folder only", "a/b/", true, []names.File{below}},
		{"a folder", "a", false, []names.File{newer, beside, below}},
		{"part of a name", "a/", false, []names.File{newer, beside, below}},
		{"nothing", "a/b/c/d", true, nil},
		{"half a name", "tw", true, nil},
	} {
		t.Run(row.name, func(t *testing.T) { want(t, "names", all(t, c.Under(ctx, row.prefix, row.all)), row.want) })
	}
	want(t, "versions", all(t, c.Versions(ctx, "a/b")), []names.File{newer, old})
}

func TestTimesAreExact(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	for name, when := range map[string]time.Time{
		"none":             {},
		"the year 1000":    time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC),
		"the year 9999":    time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
		"before the epoch": time.Date(1969, 12, 31, 23, 59, 59, 1, time.UTC),
	} {
		a, f := archive("A", "a", 1)
		f.Modified = when
		must(t, c.Add(ctx, a, f))
		got, _, err := c.Latest(ctx, "a")
		must(t, err)
		if got.Modified != when {
			t.Errorf("%s: %v became %v", name, when, got.Modified)
		}
	}
}

func TestUnfinishedWork(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	up := names.Upload{Key: "k", ID: "u", PartSize: 1 << 20, Size: -1, Modified: at(1).Add(3), Node: "n", Description: "d", Begun: at(2), Seal: []byte{1, 2}}
	must(t, c.SetUpload(ctx, names.Upload{Key: "k"}))
	must(t, c.SetUpload(ctx, up))
	got, ok, err := c.Upload(ctx, "k")
	must(t, err)
	want(t, "upload", got, up)
	want(t, "found", ok, true)
	want(t, "uploads", all(t, c.Uploads(ctx)), []names.Upload{up})
	must(t, c.DropUpload(ctx, "k"))
	want(t, "uploads after the drop", all(t, c.Uploads(ctx)), nil)

	first := names.Retrieval{Token: "t1", Archive: "A", First: 0, Last: 99, Tier: "Bulk", Begun: at(3)}
	second := names.Retrieval{Token: "t2", Job: "j", Archive: "A", First: 100, Last: 199, Tier: "Bulk", Begun: at(1)}
	other := names.Retrieval{Token: "t3", Job: "k", Archive: "B", Begun: at(2)}
	for _, r := range []names.Retrieval{second, first, other} {
		must(t, c.SetRetrieval(ctx, r))
	}
	first.Job = "i"
	must(t, c.SetRetrieval(ctx, first))
	want(t, "retrievals of an archive", all(t, c.Retrievals(ctx, "A")), []names.Retrieval{first, second})
	want(t, "all retrievals", all(t, c.AllRetrievals(ctx)), []names.Retrieval{second, other, first})
	must(t, c.DropRetrieval(ctx, "t1"))
	want(t, "retrievals after the drop", all(t, c.Retrievals(ctx, "A")), []names.Retrieval{second})

	one := names.Chunk{Target: "f", Archive: "A", Offset: 100, Size: 10, Hash: treehash.Sum(nil)}
	two := names.Chunk{Target: "f", Archive: "A", Offset: 0, Size: 100}
	for _, k := range []names.Chunk{one, two, {Target: "g", Archive: "A"}, one} {
		must(t, c.AddChunk(ctx, k))
	}
	chunks, err := c.Chunks(ctx, "f")
	must(t, err)
	want(t, "chunks", chunks, []names.Chunk{two, one})
	must(t, c.DropChunks(ctx, "f"))
	chunks, err = c.Chunks(ctx, "f")
	must(t, err)
	want(t, "chunks after the drop", chunks, nil)

	for what, err := range map[string]error{
		"an upload without a name":     c.SetUpload(ctx, names.Upload{}),
		"a retrieval without a token":  c.SetRetrieval(ctx, other, names.Retrieval{}),
		"a chunk of no file":           c.AddChunk(ctx, names.Chunk{}),
		"a change that nobody wants":   c.AddChunk(canceled(), one),
		"a list that nobody wants":     lastError(c.Under(canceled(), "", true)),
		"a lock that nobody wants now": locked(c, canceled()),
	} {
		if err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func lastError[T any](seq iter.Seq2[T, error]) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}

func locked(c *names.Catalogue, ctx context.Context) error {
	_, err := c.Lock(ctx)
	return err
}

func TestBind(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	mine := names.Owner{Endpoint: "https://glacier.example:9090", Region: "eu-west-1", Account: "111122223333", Vault: "photos"}
	_, ok, err := c.Owner(ctx)
	must(t, err)
	want(t, "owned from the beginning", ok, false)
	must(t, c.Bind(ctx, mine))
	must(t, c.Bind(ctx, mine))
	got, ok, err := c.Owner(ctx)
	must(t, err)
	want(t, "owned", ok, true)
	want(t, "owner", got, mine)
	other := mine
	other.Vault = "music"
	err = c.Bind(ctx, other)
	if !errors.Is(err, names.ErrOther) || !strings.Contains(err.Error(), "photos") || !strings.Contains(err.Error(), "music") {
		t.Errorf("another vault: %v", err)
	}
}

// TestOf: a catalogue is of one vault, and not of the next of the same name, unless it knows no archives.
func TestOf(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	must(t, c.Of(ctx, made))
	must(t, c.SetUpload(ctx, names.Upload{Key: "begun in the first"}))
	must(t, c.Of(ctx, made))
	must(t, c.Of(ctx, made.Add(-time.Second))) // a server that was set back
	want(t, "uploads of the first", len(all(t, c.Uploads(ctx))), 1)
	must(t, c.Of(ctx, made.Add(time.Second)))
	want(t, "uploads of the second", len(all(t, c.Uploads(ctx))), 0)
	must(t, c.Add(ctx, names.Archive{ID: "A", Created: made}))
	must(t, c.Of(ctx, made.Add(time.Second)))
	err := c.Of(ctx, made.Add(2*time.Second))
	if !errors.Is(err, names.ErrEarlier) || !strings.Contains(err.Error(), "`firn names rebuild`") {
		t.Errorf("a vault that was made later: %v", err)
	}
}

// TestDoom: whoever looks is told which archives may be gone, until it is known.
func TestDoom(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	for _, id := range []glacier.ArchiveID{"A", "B", "C", "D"} {
		must(t, c.Add(ctx, names.Archive{ID: id, Size: 1, Created: time.Now()}, names.File{Path: string(id), Size: 1}))
	}
	doomed := func() (all []string) {
		t.Helper()
		for f, err := range c.Under(ctx, "", true) {
			must(t, err)
			if f.Doomed {
				all = append(all, f.Path)
			}
		}
		return all
	}
	want(t, "doomed at first", doomed(), nil)
	must(t, c.Doom(ctx, "A", "B", "unknown"))
	last, err := c.Forget(ctx, "C", []string{"C"})
	must(t, err)
	want(t, "last", last, true)
	want(t, "doomed", doomed(), []string{"A", "B", "C"})
	must(t, c.Spare(ctx, "A"))
	must(t, c.Remove(ctx, "B"))
	must(t, c.Spare(ctx, "B")) // which is not there to be spared
	must(t, c.Add(ctx, names.Archive{ID: "C", Size: 1, Created: time.Now()}, names.File{Path: "C", Size: 1}))
	want(t, "doomed at the end", doomed(), nil)
}

func TestDefaultFile(t *testing.T) {
	of := func(endpoint, account, vault string) string {
		return names.DefaultFile("/data", names.Owner{Endpoint: endpoint, Account: glacier.AccountID(account), Vault: glacier.VaultName(vault)})
	}
	want(t, "plain", of("https://glacier.eu-west-1.amazonaws.com/", "111122223333", "photos"),
		"/data/firn/names/glacier.eu-west-1.amazonaws.com/111122223333/photos.db")
	want(t, "with a port, and one's own account", of("http://LOCALHOST:9090", "-", "photos"), "/data/firn/names/localhost+9090/default/photos.db")
	long := strings.Repeat("v", 255)
	seen := map[string]string{}
	for _, vault := range []string{".", "..", "...", "photos", "Photos", "PHOTOS", "-", "_", ".db", long, long[1:], long[1:] + "w", "a/b", "a:b", ""} {
		file := of("http://h", "1", vault)
		if filepath.Dir(file) != "/data/firn/names/h/1" {
			t.Errorf("vault %q is in %s", vault, file)
		}
		if base := filepath.Base(file); len(base) > 240 || strings.HasPrefix(base, ".") {
			t.Errorf("vault %q has the file %s", vault, base)
		}
		if other, ok := seen[strings.ToLower(file)]; ok {
			t.Errorf("vaults %q and %q have the same file", vault, other)
		}
		seen[strings.ToLower(file)] = vault
	}
}

func TestFileIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	c := open(t, filepath.Join(dir, "v.db"))
	add(t, c, "A", "a", 1)
	for name, mode := range map[string]os.FileMode{"": 0o700, "v.db": 0o600, "v.db-wal": 0o600, "v.db-shm": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("mode of %q is %v, want %v", name, got, mode)
		}
	}
}

func TestLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.db")
	one, two := open(t, file), open(t, file)
	unlock, err := one.Lock(t.Context())
	must(t, err)
	if _, err := two.Lock(t.Context()); !errors.Is(err, names.ErrBusy) {
		t.Errorf("the second lock: %v", err)
	}
	add(t, two, "A", "a", 1)
	must(t, unlock())
	unlock, err = two.Lock(t.Context())
	must(t, err)
	must(t, unlock())
}

func TestManyAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.db")
	const openers, each = 4, 50
	var wg sync.WaitGroup
	for i := range openers {
		wg.Go(func() {
			c, err := names.Open(t.Context(), file) // all of them make it
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			var adders sync.WaitGroup
			for j := range each {
				adders.Go(func() {
					a, f := archive(fmt.Sprintf("%d-%d", i, j), fmt.Sprintf("%d/%d", i, j), j)
					if err := c.Add(t.Context(), a, f); err != nil {
						t.Error(err)
					}
				})
			}
			adders.Wait()
		})
	}
	wg.Wait()
	c := open(t, file)
	totals, err := c.Totals(t.Context())
	must(t, err)
	want(t, "archives", totals.Archives, openers*each)
	want(t, "files", len(all(t, c.Under(t.Context(), "", true))), openers*each)
}

// TestSetContent: what is known is not overwritten.
func TestSetContent(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	hash, other := treehash.Sum([]byte("x")), treehash.Sum([]byte("y"))
	must(t, c.Add(ctx, names.Archive{ID: "a", Created: at(1), Sealed: true}, names.File{Path: "unknown", Size: names.UnknownSize},
		names.File{Path: "sized", Size: 7}, names.File{Path: "larger", Size: 8}, names.File{Path: "known", Size: 7, Hash: other}))
	for _, path := range []string{"unknown", "sized", "larger", "known", "none"} {
		must(t, c.SetContent(ctx, path, "a", 7, hash))
	}
	must(t, c.SetContent(ctx, "unknown", "b", 9, other))
	for path, want := range map[string]names.File{
		"unknown": {Size: 7, Hash: hash}, "sized": {Size: 7, Hash: hash}, "larger": {Size: 8}, "known": {Size: 7, Hash: other},
	} {
		if f, ok, err := c.Latest(ctx, path); err != nil || !ok || f.Size != want.Size || f.Hash != want.Hash {
			t.Errorf("%s: %+v, %v", path, f, err)
		}
	}
}
