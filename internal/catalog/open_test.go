package catalog

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"firn/internal/record"
)

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// closed makes a catalog of a few pages, closes it, and returns its path.
func closed(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog.db")
	c, err := Open(path, testPool, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, c, 400, 3)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCatalogIsFoundAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd ?#% name.db")
	p := Position{Segment: 7, Offset: 1 << 30, LSN: 2, CRC: 0xfedcba98}
	c, err := Open(path, testPool, Options{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, c, &record.Counter{Counter: 1, Next: 42})
	if err := c.Fold(context.Background(), nil, p); err != nil {
		t.Fatal(err)
	}
	if at, err := c.Checkpoint(context.Background()); err != nil || at != p {
		t.Errorf("checkpoint is at %+v, %v", at, err)
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("log after a checkpoint: %v, %v", info, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, path)
	if again.Applied() != p {
		t.Errorf("applied position is %+v", again.Applied())
	}
	view(t, again, func(tx *Tx) {
		if n, err := tx.Counter(1); n != 42 || err != nil {
			t.Errorf("counter is %d, %v", n, err)
		}
	})
}

func TestCheckpointPassesWhatItCan(t *testing.T) {
	ctx := context.Background()
	c := open(t)
	w := <-c.writer
	if err := w.script("PRAGMA busy_timeout=0"); err != nil { // wait for nobody
		t.Fatal(err)
	}
	c.writer <- w
	put(t, c, &record.Counter{Counter: 1, Next: 1})
	view(t, c, func(*Tx) {
		if p, err := c.Checkpoint(ctx); err != nil || p.LSN != 1 {
			t.Errorf("beside a view of the newest record: %+v, %v", p, err)
		}
		put(t, c, &record.Counter{Counter: 1, Next: 2})
		if p, err := c.Checkpoint(ctx); !isEngine(err) || errors.Is(err, ErrDamaged) || p != (Position{}) {
			t.Errorf("beside an older view: %+v, %v", p, err)
		}
		put(t, c, &record.Counter{Counter: 1, Next: 3})
	})
	if p, err := c.Checkpoint(ctx); err != nil || p.LSN != 3 {
		t.Errorf("beside none: %+v, %v", p, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Checkpoint(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error of an ended context is %v", err)
	}
}

func TestForeignCatalogIsRefused(t *testing.T) {
	alter := func(q string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			c := openAt(t, path)
			w := <-c.writer
			defer func() { c.writer <- w }()
			if err := w.script(q); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range []struct {
		name  string
		pool  [16]byte
		alter func(t *testing.T, path string)
		want  error
	}{
		{"another pool", [16]byte{9}, func(*testing.T, string) {}, ErrForeign},
		{"another version", testPool, alter("UPDATE state SET version = version + 1"), ErrForeign},
		{"another program's file", testPool, alter("DROP TABLE state"), ErrForeign},
		{"another program's table of that name", testPool, alter("DROP TABLE state; CREATE TABLE state (x)"), ErrForeign},
		{"identity gone", testPool, alter("DELETE FROM state"), ErrDamaged},
		{"a table gone", testPool, alter("DROP TABLE jobs"), ErrDamaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := closed(t)
			t.Run("alter", func(t *testing.T) { row.alter(t, path) })
			if _, err := Open(path, row.pool, Options{}); !errors.Is(err, row.want) {
				t.Fatalf("error is %v, want %v", err, row.want)
			}
			if err := Remove(path); err != nil {
				t.Fatal(err)
			}
			if c := openAt(t, path); c.Applied() != (Position{}) || len(dump(t, c)) != 0 {
				t.Error("the new catalog is not empty")
			}
		})
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	path := closed(t)
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.WriteFile(path+suffix, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to remove
		if err := Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDamageIsNoticed(t *testing.T) {
	for _, row := range []struct {
		name   string
		damage func(b []byte) []byte
	}{
		{"garbage", func(b []byte) []byte { return bytes.Repeat([]byte("garbage "), 1000) }},
		{"all zero", func(b []byte) []byte { return make([]byte, len(b)) }},
		{"first bytes only", func(b []byte) []byte { return b[:100] }},
		{"half a page", func(b []byte) []byte { return b[:2048] }},
		{"half the file", func(b []byte) []byte { return b[:len(b)/2] }},
		{"last page gone", func(b []byte) []byte { return b[:len(b)-4096] }},
		{"header flipped", func(b []byte) []byte { b[5] ^= 0xff; return b }},
		{"first page overwritten", func(b []byte) []byte { copy(b[100:4096], bytes.Repeat([]byte{0xa5}, 3996)); return b }},
		{"every page but the first overwritten", func(b []byte) []byte {
			rnd := rand.NewChaCha8([32]byte{})
			_, _ = rnd.Read(b[4096:])
			return b
		}},
		{"every page header flipped", func(b []byte) []byte {
			for i := 4096; i < len(b); i += 4096 {
				b[i] ^= 0xff
			}
			return b
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := closed(t)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, row.damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := useAll(path); !errors.Is(err, ErrDamaged) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// useAll opens a catalog and reads everything in it.
func useAll(path string) error {
	c, err := Open(path, testPool, Options{})
	if err != nil {
		return err
	}
	err = c.Each(context.Background(), func(record.Key, record.LSN, []byte) error { return nil })
	return errors.Join(err, c.Integrity(context.Background()), c.Close())
}

// Each page in turn is overwritten: whatever page it is, it is found on
// opening, on reading all, or by the examination, and never breaks more.
func TestDamageOfAnyPageIsNoticed(t *testing.T) {
	path := closed(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(good); at += 4096 * 3 {
		bad := bytes.Clone(good)
		for i := range 64 {
			bad[at+i] ^= 0x5a
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		err := useAll(path)
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("page %d: error is %v", at/4096, err)
		}
	}
}

func TestMissingOrEmptyFileIsAnEmptyCatalog(t *testing.T) {
	for _, name := range []string{"missing", "empty", "missing beside an old log"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "catalog.db")
			switch name {
			case "empty":
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			case "missing beside an old log":
				old := openAt(t, filepath.Join(t.TempDir(), "old.db"))
				put(t, old, &record.Counter{Counter: 1, Next: 42})
				copyFile(t, old.path+"-wal", path+"-wal")
			}
			c := openAt(t, path)
			if c.Applied() != (Position{}) || !c.Newest().IsZero() || len(dump(t, c)) != 0 {
				t.Error("the catalog is not empty")
			}
			sound(t, c)
		})
	}
}

func TestOpenSaysWhyItCannot(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "no", "such", "catalog.db"), testPool, Options{})
	if err == nil || errors.Is(err, ErrDamaged) || errors.Is(err, ErrForeign) {
		t.Errorf("error is %v", err)
	}
}
