package retrieve_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"firn/glacier"
	"firn/internal/bundle"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/retrieve"
	"firn/internal/seal"
	"firn/treehash"
)

// TestOneInABundle: a large file in a bundle of its own, plain and sealed, of which only the archive is known: its name is
// found without it being retrieved, and it comes back, also in pieces.
func TestOneInABundle(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 20 MiB are moved, six times")
	}
	key, err := age.GenerateX25519Identity()
	must(t, err)
	data := noise(20<<20 + 5)
	f := bundle.File{Path: strings.Repeat("日", 50), Size: int64(len(data)), Mode: 0o600}
	one, err := bundle.NewOne(f, treehash.Sum(data))
	must(t, err)
	for name, row := range map[string]struct {
		sealed bool
		hourly int64
		jobs   int // for the index
	}{
		"plain":                     {false, 0, 1},
		"plain, in pieces":          {false, 4 * glacier.MiB, 1},
		"sealed":                    {true, 0, 2},
		"sealed, in pieces":         {true, 4 * glacier.MiB, 2},
		"sealed, in small pieces":   {true, glacier.MiB, 2},
		"plain, in a pace above it": {false, 40 * glacier.MiB, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			content, size := one.ReaderAt(bytes.NewReader(data)), one.Size()
			if row.sealed {
				var to seal.Recipients
				must(t, to.Add(key.Recipient().String()))
				must(t, b.Identities.Read(strings.NewReader(key.String()), "key", nil))
				sealing, err := seal.New(to)
				must(t, err)
				content, size = sealing.ReaderAt(content, size), sealing.Size(size)
			}
			c, err := remote.Measure(t.Context(), content, 0, size)
			must(t, err)
			receipt, err := b.Vault.Upload(t.Context(), "one", c)
			must(t, err)
			a := names.Archive{ID: receipt.Archive, Size: size, TreeHash: c.Tree, Created: b.now, Bundle: true, Sealed: row.sealed}
			must(t, b.Names.Add(t.Context(), a))

			b.Hourly = row.hourly
			index := func(yield func(retrieve.Order, error) bool) { yield(retrieve.Index(a, one.Index()), nil) }
			estimate, err := b.Estimate(t.Context(), index)
			if must(t, err); estimate.Retrieved > 3*glacier.MiB || estimate.Jobs != int64(row.jobs) {
				t.Errorf("%d bytes would be retrieved by %d jobs for the name", estimate.Retrieved, estimate.Jobs)
			}
			must(t, b.Retrieve(t.Context(), index))
			if len(b.outcomes) > 0 {
				t.Fatal(b.outcomes[0].Err)
			}
			if got := b.begun(); got != row.jobs {
				t.Errorf("begun %d jobs, want %d", got, row.jobs)
			}
			known, ok, err := b.Names.Latest(t.Context(), f.Path)
			if must(t, err); !ok || known.Hash != one.Member().Hash || known.Size != f.Size || known.Offset != one.Member().Offset {
				t.Errorf("known is %+v", known)
			}
			must(t, b.Retrieve(t.Context(), b.orders()))
			for _, o := range b.outcomes {
				must(t, o.Err)
			}
			b.is(f.Path, data)
		})
	}
}

// TestSealedOfAnotherSize: a name that says another size than what is sealed has is not believed, and the other files come
// back.
func TestSealedOfAnotherSize(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	var to seal.Recipients
	must(t, to.Add(key.Recipient().String()))
	sealing, err := seal.New(to)
	must(t, err)
	data := noise(1000)
	content, size := sealing.ReaderAt(bytes.NewReader(data), 1000), sealing.Size(1000)
	b := newBench(t)
	must(t, b.Identities.Read(strings.NewReader(key.String()), "key", nil))
	c, err := remote.Measure(t.Context(), content, 0, size)
	must(t, err)
	receipt, err := b.Vault.Upload(t.Context(), "", c)
	must(t, err)
	must(t, b.Names.Add(t.Context(), names.Archive{ID: receipt.Archive, Size: size, TreeHash: c.Tree, Created: b.now, Sealed: true}, names.File{Path: "a", Size: 999}))
	b.put("b", data)
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("b", data)
	for _, o := range b.outcomes {
		if want := "what is sealed has 1000 bytes, and not the 999 that its name says"; o.Name == "a" && (o.Err == nil || !strings.Contains(o.Err.Error(), want)) {
			t.Errorf("got %v", o.Err)
		}
	}
	if got := b.failed(); len(got) != 1 {
		t.Errorf("failed: %q", got)
	}
}

// TestWhatIsSealedIsLearned: of a sealed file whose size and hash nobody knows, they are known once it was retrieved.
func TestWhatIsSealedIsLearned(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	var to seal.Recipients
	must(t, to.Add(key.Recipient().String()))
	data := noise(9<<20 + 1)
	for name, get := range map[string]func(*bench, retrieve.Order) error{
		"to a file":   func(b *bench, _ retrieve.Order) error { return b.Retrieve(t.Context(), b.orders()) },
		"to a writer": func(b *bench, o retrieve.Order) error { return b.Write(t.Context(), o, io.Discard) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			must(t, b.Identities.Read(strings.NewReader(key.String()), "key", nil))
			sealing, err := seal.New(to)
			must(t, err)
			size := sealing.Size(int64(len(data)))
			c, err := remote.Measure(t.Context(), sealing.ReaderAt(bytes.NewReader(data), int64(len(data))), 0, size)
			must(t, err)
			receipt, err := b.Vault.Upload(t.Context(), "", c)
			must(t, err)
			f := names.File{Path: "a", Size: names.UnknownSize}
			must(t, b.Names.Add(t.Context(), names.Archive{ID: receipt.Archive, Size: size, TreeHash: c.Tree, Created: b.now, Sealed: true}, f))
			for o, err := range b.orders() {
				must(t, err)
				must(t, get(b, o))
			}
			known, _, err := b.Names.Latest(t.Context(), "a")
			if must(t, err); known.Size != int64(len(data)) || known.Hash != treehash.Sum(data) {
				t.Errorf("known is %+v", known)
			}
		})
	}
}
