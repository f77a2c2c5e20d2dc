package catalog

import (
	"context"
	"errors"
	"math"
	"testing"

	"firn/glacier"
	"firn/internal/record"
	"firn/internal/token"
)

// An imported archive is found by its id, in its vault, for as long as it is
// there, and in every order in which its images come.
func TestNamed(t *testing.T) {
	key := token.Key{1}
	sealed := func(vault, number uint64) glacier.ArchiveID {
		return glacier.ArchiveID(key.Seal(token.ID{Kind: token.Archive, Vault: vault, Number: number, Random: 5}))
	}
	c := open(t)
	put(t, c,
		&record.Archive{Vault: 1, ID: 1, Public: sealed(1, 1)},
		&record.Archive{Vault: 1, ID: 2, Public: "old", Imported: 1000},
		&record.Archive{Vault: 2, ID: 3, Public: "old", Imported: 1000},
		&record.Archive{Vault: 1, ID: 4, Public: "new"},
		&record.Archive{Vault: 1, ID: 5, Public: "gone", Imported: 1000, Deleted: true},
		&record.Archive{Vault: 1, ID: 6, Public: sealed(1, 6), Deleted: true},
		&record.Archive{Vault: 1, ID: 7, Public: sealed(1, 7), Deleted: true},
		&record.Archive{Vault: 1, ID: 8, Public: sealed(1, 7), Imported: 1000},
		&record.Archive{Vault: 1, ID: 9, Public: sealed(1, 1000), Imported: 1000},
		&record.Archive{Vault: 1, ID: 10, Public: sealed(2, 3), Imported: 1000},
		&record.Archive{Vault: 1, ID: 11, Public: "twice", Imported: 1000},
		&record.Archive{Vault: 1, ID: 12, Public: "twice", Imported: 1000},
		&record.Archive{Vault: 1, ID: 13, Public: "over", Imported: 1000},
	)
	end(t, c, record.Key{Kind: record.KindArchive, A: 1, B: 13})
	for _, tt := range []struct {
		name  string
		vault uint64
		id    glacier.ArchiveID
		want  uint64 // 0 is none
	}{
		{"a token", 1, sealed(1, 1), 1},
		{"a token in another vault", 2, sealed(1, 1), 0},
		{"a token with other random bits", 1, glacier.ArchiveID(key.Seal(token.ID{Kind: token.Archive, Vault: 1, Number: 1, Random: 6})), 0},
		{"imported", 1, "old", 2},
		{"imported into another vault, too", 2, "old", 3},
		{"not imported and no token", 1, "new", 0},
		{"imported and deleted", 1, "gone", 0},
		{"imported and ended", 1, "over", 0},
		{"a token of what is deleted", 1, sealed(1, 6), 6},
		{"a token of what is deleted, imported again", 1, sealed(1, 7), 8},
		{"a token of nothing, imported", 1, sealed(1, 1000), 9},
		{"a token of another vault, imported", 1, sealed(2, 3), 10},
		{"which never happens", 1, "twice", 12},
		{"nothing", 1, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			view(t, c, func(tx *Tx) {
				a, ok, err := tx.Named(key, tt.vault, tt.id)
				if err != nil || ok != (tt.want != 0) || a.ID != tt.want || ok && (a.Public != tt.id || a.Vault != tt.vault) {
					t.Errorf("found %v: %+v, %v; want %d", ok, a, err, tt.want)
				}
			})
		})
	}
	put(t, c, &record.Archive{Vault: 3, ID: 20, Public: "a"})
	for vault, want := range map[uint64]bool{1: true, 2: true, 3: false, 4: false} {
		view(t, c, func(tx *Tx) {
			if has, err := tx.HasImported(vault); err != nil || has != want {
				t.Errorf("vault %d has imported archives: %v, %v", vault, has, err)
			}
		})
	}
	sound(t, c)
}

// An archive is found by the token that it was uploaded with, in its vault, for as
// long as nobody has deleted it.
func TestSent(t *testing.T) {
	c := open(t)
	put(t, c,
		&record.Archive{Vault: 1, ID: 1, Public: "a"},
		&record.Archive{Vault: 1, ID: 2, Token: "sent"},
		&record.Archive{Vault: 2, ID: 3, Token: "sent"},
		&record.Archive{Vault: 1, ID: 4, Token: "pinned"},
		&record.Archive{Vault: 1, ID: 5, Token: "over"},
		&record.Archive{Vault: 1, ID: 6, Token: "again"},
		&record.Archive{Vault: 1, ID: 8, Public: "public", Imported: 1000},
		&record.Archive{Vault: 1, ID: 9, Token: "twice"},
		&record.Archive{Vault: 1, ID: 10, Token: "twice"},
	)
	put(t, c, &record.Archive{Vault: 1, ID: 4, Token: "pinned", Deleted: true}, &record.Archive{Vault: 1, ID: 7, Token: "again"})
	end(t, c, record.Key{Kind: record.KindArchive, A: 1, B: 5}, record.Key{Kind: record.KindArchive, A: 1, B: 6})
	for _, tt := range []struct {
		name  string
		vault uint64
		token glacier.UploadToken
		want  uint64 // 0 is none
	}{
		{"sent", 1, "sent", 2},
		{"sent to another vault, too", 2, "sent", 3},
		{"sent to another vault only", 2, "again", 0},
		{"deleted and pinned", 1, "pinned", 0},
		{"deleted", 1, "over", 0},
		{"deleted, and sent again", 1, "again", 7},
		{"the id of an imported one", 1, "public", 0},
		{"which never happens", 1, "twice", 10},
		{"nothing", 1, "", 0},
		{"in another case", 1, "SENT", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			view(t, c, func(tx *Tx) {
				a, ok, err := tx.Sent(tt.vault, tt.token)
				if err != nil || ok != (tt.want != 0) || a.ID != tt.want || ok && (a.Token != tt.token || a.Vault != tt.vault) {
					t.Errorf("found %v: %+v, %v; want %d", ok, a, err, tt.want)
				}
			})
		})
	}
	var indexed int64
	w := <-c.writer
	_, err := w.row("SELECT COUNT(*) FROM archives WHERE token IS NOT NULL", nil, &indexed)
	c.writer <- w
	if err != nil || indexed != 5 {
		t.Errorf("%d archives have an entry in the index of tokens, %v", indexed, err)
	}
	sound(t, c)
}

func TestGlanceArchives(t *testing.T) {
	c := open(t)
	for id := uint64(1); id <= 5; id++ {
		put(t, c, &record.Archive{Vault: 1, ID: id, Size: int64(10 * id), Deleted: id == 3})
	}
	put(t, c, &record.Archive{Vault: 2, ID: 6})
	enough := errors.New("of the caller's")
	for _, tt := range []struct {
		name        string
		after, upto uint64
		down        bool
		limit       int
		stop        uint64 // the last that is wanted
		fail        uint64 // the one that is an error
		want        []uint64
	}{
		{"all", 0, math.MaxUint64, false, 9, 0, 0, []uint64{1, 2, 3, 4, 5}},
		{"all, the last first", 0, math.MaxUint64, true, 9, 0, 0, []uint64{5, 4, 3, 2, 1}},
		{"some", 1, 4, false, 9, 0, 0, []uint64{2, 3, 4}},
		{"some, the last first", 1, 4, true, 2, 0, 0, []uint64{4, 3}},
		{"none", 4, 4, false, 9, 0, 0, nil},
		{"the wrong way round", 4, 1, true, 9, 0, 0, nil},
		{"no limit to speak of", 0, 9, true, 0, 0, 0, nil},
		{"until it is enough", 0, 9, false, 9, 2, 0, []uint64{1, 2}},
		{"until it fails", 0, 9, false, 9, 0, 2, []uint64{1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []uint64
			err := c.View(context.Background(), func(tx *Tx) error {
				return tx.GlanceArchives(1, tt.after, tt.upto, tt.down, tt.limit, func(g *Glance) (bool, error) {
					got = append(got, g.ID)
					if g.Deleted != (g.ID == 3) || g.Size != int64(10*g.ID) || g.Length() == 0 {
						t.Errorf("archive %d: %+v", g.ID, g)
					}
					if a, err := g.Archive(); err != nil || a.ID != g.ID {
						t.Errorf("archive %d is %+v, %v", g.ID, a, err)
					}
					if g.ID == tt.fail {
						return true, enough
					}
					return g.ID != tt.stop, nil
				})
			})
			if tt.fail == 0 && err != nil || tt.fail != 0 && !errors.Is(err, enough) {
				t.Errorf("error %v", err)
			}
			same(t, "archives", tt.want, got)
		})
	}
}

// Without may err, but never says of a text that is there that it is not.
func TestGlanceWithout(t *testing.T) {
	c := open(t)
	put(t, c, &record.Archive{Vault: 1, ID: 1, Public: "AbC-_9", Description: "Notes [1] @ ~Home", Size: 1})
	for text, want := range map[string]bool{
		"notes": false, "NOTES [1] @ ~hOME": false, "": false, "aBc-_9": false,
		"note [": true, "homes": true, "abc-_8": true,
	} {
		err := c.View(context.Background(), func(tx *Tx) error {
			return tx.GlanceArchives(1, 0, 1, false, 1, func(g *Glance) (bool, error) {
				if got := g.Without(Loose(text)); got != want {
					t.Errorf("without %q: %v", text, got)
				}
				return true, nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A record that cannot be read is damage, whatever the caller makes of it.
func TestGlanceAtADamagedArchive(t *testing.T) {
	c := open(t)
	put(t, c, &record.Archive{Vault: 1, ID: 1, Size: 1})
	w := <-c.writer
	err := w.script("UPDATE archives SET image = x'ff'")
	c.writer <- w
	if err != nil {
		t.Fatal(err)
	}
	err = c.View(context.Background(), func(tx *Tx) error {
		return tx.GlanceArchives(1, 0, 1, false, 1, func(g *Glance) (bool, error) {
			_, _ = g.Archive()
			return true, nil
		})
	})
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v", err)
	}
}
