package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/label"
	"firn/internal/seal"
	"firn/treehash"
)

func TestNames(t *testing.T) {
	when := time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC)
	to, with, key := newKey(t)
	for _, tt := range []struct {
		name string
		in   label.Label
	}{
		{"path and time", label.Label{Path: "photos/2010/a.jpg", Modified: when}},
		{"path", label.Label{Path: "a"}},
		{"path with everything in it", label.Label{Path: `ü/日本/+AGE-/"quoted" & <x>` + "\\\n\u2028", Modified: when}},
		{"bundle", label.Label{Bundle: true, Index: 67_000_320}},
		{"size and hash", label.Label{Path: "a", Modified: when, Size: 40_000_000_000_000, Hash: treehash.Sum([]byte("a"))}},
		{"longest path with size and hash", label.Label{Path: strings.Repeat("x", 395), Modified: when, Size: 40_000_000_000_000, Hash: treehash.Sum([]byte("a"))}},
		{"long path", label.Label{Path: strings.Repeat("x", 490), Modified: when}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sealed, err := seal.Name(to, tt.in)
			if err != nil {
				t.Fatal(err)
			}
			description, err := label.Write(label.Label{Sealed: sealed})
			if err != nil || !glacier.ValidDescription(description) || strings.Contains(description, "photos") {
				t.Fatalf("description %s, error %v", description, err)
			}
			got, err := seal.OpenName(with, label.Parse(description).Sealed)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.in
			want.Format = label.CloudBerry
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("opened (-want +got):\n%s", diff)
			}
			if _, err := age.Decrypt(bytes.NewReader(sealed), key); err != nil {
				t.Errorf("age does not open it: %v", err)
			}
		})
	}
}

// TestWhatIsLeftOut: the hash goes first, then the size, and the name never.
func TestWhatIsLeftOut(t *testing.T) {
	to, with, _ := newKey(t)
	hash := treehash.Sum([]byte("a"))
	for _, tt := range []struct {
		letters int
		size    int64
		hash    treehash.Hash
	}{
		{395, 40_000_000_000_000, hash},
		{450, 40_000_000_000_000, treehash.Hash{}},
		{500, 0, treehash.Hash{}},
	} {
		in := label.Label{Path: strings.Repeat("x", tt.letters), Modified: time.Unix(0, 0).UTC(), Size: 40_000_000_000_000, Hash: hash}
		sealed, err := seal.Name(to, in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := seal.OpenName(with, sealed)
		want := in
		want.Size, want.Hash, want.Format = tt.size, tt.hash, label.CloudBerry
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%d letters: error %v, opened (-want +got):\n%s", tt.letters, err, diff)
		}
	}
}

func TestNamesThatDoNotFit(t *testing.T) {
	to, _, _ := newKey(t)
	var many, quantum seal.Recipients
	for range 7 {
		_, _, key := newKey(t)
		if err := many.Add(key.Recipient().String()); err != nil {
			t.Fatal(err)
		}
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if err := quantum.Add(hybrid.Recipient().String()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		to   seal.Recipients
		path string
		want string
	}{
		{"long path", to, strings.Repeat("x", 600), "the name, sealed for 1 recipient, would have 811 bytes, and there is room for 753"},
		{"many recipients", many, "a", "sealed for 7 recipients"},
		{"post-quantum recipient", quantum, "a", "sealed for 1 recipient"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := seal.Name(tt.to, label.Label{Path: tt.path})
			var long *seal.TooLongError
			if !errors.As(err, &long) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := seal.Name(to, label.Label{Path: "\xff"}); !errors.Is(err, label.ErrNotText) {
		t.Errorf("a name that is not UTF-8: error %v", err)
	}
	if _, err := seal.Name(seal.Recipients{}, label.Label{Path: "a"}); err == nil {
		t.Error("for nobody: no error")
	}
}

func TestNamesThatCannotBeOpened(t *testing.T) {
	to, with, _ := newKey(t)
	_, others, _ := newKey(t)
	good, err := seal.Name(to, label.Label{Path: "a"})
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(good)
	damaged[len(damaged)-1] ^= 1
	for _, tt := range []struct {
		name   string
		sealed []byte
		with   seal.Identities
		want   error
	}{
		{"no key", good, seal.Identities{}, seal.ErrNoKey},
		{"key of others", good, others, seal.ErrWrongKey},
		{"damaged", damaged, with, seal.ErrDamaged},
		{"cut off", good[:len(good)-5], with, seal.ErrDamaged},
		{"empty", nil, with, seal.ErrNotSealed},
		{"not sealed", []byte("photos"), with, seal.ErrNotSealed},
		{"no name", sealed(t, to, []byte("hello")), with, nil},
		{"a name twice sealed", sealed(t, to, []byte(`{"FirnSealed":"YWdl"}`)), with, nil},
		{"far too long", sealed(t, to, []byte(`{"Path":"`+strings.Repeat("x", 5000)+`"}`)), with, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := seal.OpenName(tt.with, tt.sealed)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || l.Path != "" {
				t.Errorf("label %+v, error %v; want %v", l, err, tt.want)
			}
		})
	}
}
