package catalog

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"firn/internal/record"
)

var errRefused = errors.New("refused")

// at is a clock that stands still.
func at(ms int64) func() time.Time { return func() time.Time { return time.UnixMilli(ms) } }

func begin(t *testing.T, c *Catalog, next record.LSN, now func() time.Time) *Batch {
	t.Helper()
	b, err := c.Begin(context.Background(), next, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Rollback(); err != nil {
			t.Errorf("roll back: %v", err)
		}
	})
	return b
}

// next adds one to counter 1 and returns what it was.
func next(was *uint64) func(*Tx) (record.Record, error) {
	return func(tx *Tx) (r record.Record, err error) {
		*was, err = tx.Counter(1)
		r.Put(&record.Counter{Counter: 1, Next: *was + 1})
		return r, err
	}
}

func counter(t *testing.T, c *Catalog) (n uint64) {
	t.Helper()
	view(t, c, func(tx *Tx) {
		var err error
		if n, err = tx.Counter(1); err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestRulesOfABatchSeeEachOther(t *testing.T) {
	c := open(t)
	b := begin(t, c, 1, at(5000))
	for i := range uint64(10) {
		var was uint64
		entry, rec, err := b.Run(next(&was))
		if err != nil {
			t.Fatal(err)
		}
		if was != i || entry.LSN != record.LSN(i+1) || len(entry.Images) != 1 || len(rec.Images) != 1 {
			t.Errorf("rule %d saw %d and made %+v", i, was, entry)
		}
		if n := counter(t, c); n != 0 {
			t.Errorf("a view sees %d of a batch that is not committed", n)
		}
	}
	if err := b.Commit(Position{LSN: 10}); err != nil {
		t.Fatal(err)
	}
	if n := counter(t, c); n != 10 {
		t.Errorf("a view sees %d of a committed batch", n)
	}
}

// Figures are written at the end of a batch; its rules see them all the same.
func TestRulesOfABatchSeeFigures(t *testing.T) {
	c := open(t)
	put(t, c, &record.Archive{Vault: 1, ID: 1, Size: 10})
	b := begin(t, c, 2, at(5000))
	run := func(rule func(*Tx) record.Record) {
		t.Helper()
		if _, _, err := b.Run(func(tx *Tx) (record.Record, error) { return rule(tx), nil }); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(tx *Tx, want Figures) {
		t.Helper()
		got, err := tx.Figures(1)
		if err != nil {
			t.Error(err)
		}
		same(t, fmt.Sprintf("figures before record %d", tx.LSN()), want, got)
	}
	run(func(tx *Tx) (r record.Record) {
		expect(tx, Figures{1, 10, 1})
		r.Put(&record.Archive{Vault: 1, ID: 2, Size: 5})
		return r
	})
	run(func(tx *Tx) (r record.Record) {
		expect(tx, Figures{2, 15, 2})
		r.Put(&record.Archive{Vault: 1, ID: 1, Size: 10, Deleted: true})
		return r
	})
	run(func(tx *Tx) (r record.Record) {
		expect(tx, Figures{1, 5, 3})
		r.Delete(record.Key{Kind: record.KindArchive, A: 1, B: 2})
		return r
	})
	run(func(tx *Tx) (r record.Record) {
		expect(tx, Figures{0, 0, 4})
		r.Delete(record.Key{Kind: record.KindArchive, A: 1, B: 1})
		return r
	})
	if err := b.Commit(Position{LSN: 5}); err != nil {
		t.Fatal(err)
	}
	view(t, c, func(tx *Tx) { expect(tx, Figures{0, 0, 5}) })
	sound(t, c)
}

func TestRefusalsLeaveNothing(t *testing.T) {
	c := open(t)
	b := begin(t, c, 1, at(5000))
	var was uint64
	var kept *Tx
	for i, rule := range []func(*Tx) (record.Record, error){
		func(tx *Tx) (r record.Record, err error) { // refuses, with a record
			kept = tx
			r.Put(&record.Counter{Counter: 1, Next: 99})
			return r, errRefused
		},
		func(*Tx) (record.Record, error) { return record.Record{}, nil }, // has nothing to do
		func(*Tx) (r record.Record, err error) { // half of it cannot be folded
			r.Put(&record.Counter{Counter: 1, Next: 99})
			r.Images = append(r.Images, record.Image{Key: record.Key{Kind: record.KindVault, A: 1}, Body: []byte("junk")})
			return r, nil
		},
		func(*Tx) (r record.Record, err error) { // says two things of one key
			r.Put(&record.Counter{Counter: 1, Next: 98})
			r.Put(&record.Counter{Counter: 1, Next: 99})
			return r, nil
		},
	} {
		entry, _, err := b.Run(rule)
		if (err == nil) != (i == 1) || i == 0 && err != errRefused || isEngine(err) {
			t.Errorf("rule %d: error is %v", i, err)
		}
		if entry.LSN != 0 || entry.Images != nil {
			t.Errorf("rule %d: entry is %+v", i, entry)
		}
		entry, _, err = b.Run(next(&was))
		if err != nil || was != uint64(i) || entry.LSN != record.LSN(i+1) {
			t.Errorf("rule after rule %d saw %d and made %+v, %v", i, was, entry, err)
		}
	}
	if kept.s != nil {
		t.Error("a Tx outlives its rule")
	}
	if err := b.Commit(Position{LSN: 4}); err != nil {
		t.Fatal(err)
	}
	if n := counter(t, c); n != 4 {
		t.Errorf("counter is %d", n)
	}
}

func TestRollbackLeavesNothing(t *testing.T) {
	c := open(t)
	var was uint64
	for range 3 {
		b := begin(t, c, 1, at(5000))
		if _, _, err := b.Run(next(&was)); err != nil || was != 0 {
			t.Fatal(was, err)
		}
		for range 2 {
			if err := b.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Commit(Position{LSN: 1}); err == nil {
			t.Error("a batch was committed after its end")
		}
	}
	if lines := dump(t, c); len(lines) != 0 || c.Applied() != (Position{}) {
		t.Errorf("left: %v at %+v", lines, c.Applied())
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	c := open(t)
	var was uint64
	run := func(b *Batch) int64 {
		t.Helper()
		e, _, err := b.Run(next(&was))
		if err != nil {
			t.Fatal(err)
		}
		return e.Time.UnixMilli()
	}
	clock := time.UnixMilli(9000).Add(123 * time.Microsecond)
	b := begin(t, c, 1, func() time.Time { return clock })
	if got := run(b); got != 9000 {
		t.Errorf("time is %d", got)
	}
	clock = time.UnixMilli(100)
	if got := run(b); got != 9000 {
		t.Errorf("time after a step back is %d", got)
	}
	if err := b.Commit(Position{LSN: 2}); err != nil {
		t.Fatal(err)
	}
	if got := run(begin(t, c, 3, at(200))); got != 9000 {
		t.Errorf("time in the next batch is %d", got)
	}
	c.now = at(300)
	view(t, c, func(tx *Tx) {
		if tx.Now().UnixMilli() != 9000 || tx.LSN() != 2 {
			t.Errorf("a view is at %v, record %d", tx.Now(), tx.LSN())
		}
	})
	c.now = at(10_000)
	view(t, c, func(tx *Tx) {
		if tx.Now().UnixMilli() != 10_000 {
			t.Errorf("a view is at %v", tx.Now())
		}
	})
}

func TestBatchesTakeTurns(t *testing.T) {
	c := open(t)
	first := begin(t, c, 1, at(1))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Begin(ctx, 1, at(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	began := make(chan error)
	go func() {
		second, err := c.Begin(context.Background(), 1, at(1))
		if err == nil {
			err = second.Rollback()
		}
		began <- err
	}()
	var was uint64
	if _, _, err := first.Run(next(&was)); err != nil {
		t.Fatal(err)
	}
	if err := first.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-began; err != nil {
		t.Error(err)
	}
	put(t, c, &record.Counter{Counter: 1})
	if b, err := c.Begin(context.Background(), 1, at(1)); err == nil {
		t.Error("a record's number was given twice", b.Rollback())
	}
}

// payloadOf stands for what a store's payload writer attaches.
type payloadOf []byte

func (p payloadOf) Inline() []byte { return p }
func (payloadOf) Settle(bool)      {}

func TestEntryHasTheRecordsPayload(t *testing.T) {
	b := begin(t, open(t), 1, at(1))
	entry, rec, err := b.Run(func(tx *Tx) (r record.Record, err error) {
		r.Put(&record.Payload{ID: 1, LSN: tx.LSN(), Size: 5})
		r.Stores = payloadOf("bytes")
		return r, nil
	})
	if err != nil || string(entry.Inline) != "bytes" || rec.Stores == nil {
		t.Errorf("entry is %+v, %v", entry, err)
	}
}

func TestFullCatalogIsToldApart(t *testing.T) {
	c := open(t)
	fill(t, c, 100, 1)
	before := dump(t, c)
	limit := func(pages string) {
		w := <-c.writer
		defer func() { c.writer <- w }()
		if err := w.script("PRAGMA max_page_count=" + pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // as many as there are
	b := begin(t, c, 101, at(1))
	big := func(tx *Tx) (r record.Record, err error) {
		r.Put(&record.Tags{Vault: uint64(tx.LSN()), Tags: map[string]string{"k": string(make([]byte, 1<<20))}})
		return r, nil
	}
	_, _, err := b.Run(big)
	var e *EngineError
	if !errors.As(err, &e) || errors.Is(err, ErrDamaged) || !errors.Is(err, ErrFull) {
		t.Fatalf("error is %v", err)
	}
	var was uint64
	if _, _, err := b.Run(next(&was)); !errors.Is(err, ErrFull) {
		t.Errorf("a rule ran in a lost batch: %v", err)
	}
	if err := b.Rollback(); err != nil {
		t.Error(err)
	}
	same(t, "catalog after a full batch", before, dump(t, c))
	limit("1000000")
	b = begin(t, c, 101, at(1))
	if _, _, err := b.Run(big); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if err := b.Commit(Position{LSN: 101}); err != nil {
		t.Error(err)
	}
	sound(t, c)
}

func TestEngineErrorCannotBeSwallowed(t *testing.T) {
	c := open(t)
	put(t, c, &record.Counter{Counter: 1, Next: 1})
	w := <-c.writer
	if err := w.script("UPDATE counters SET image = x'ff'"); err != nil {
		t.Fatal(err)
	}
	c.writer <- w
	careless := func(tx *Tx) (r record.Record, err error) {
		_, _ = tx.Counter(1)
		r.Put(&record.Counter{Counter: 2})
		return r, nil
	}
	b := begin(t, c, 2, at(1))
	if _, _, err := b.Run(careless); !isEngine(err) || !errors.Is(err, ErrDamaged) {
		t.Errorf("in a batch: %v", err)
	}
	err := c.View(context.Background(), func(tx *Tx) error { _, err := careless(tx); return err })
	if !isEngine(err) || !errors.Is(err, ErrDamaged) {
		t.Errorf("in a view: %v", err)
	}
}

// After a commit that failed, the journal has what the catalog has not.
func TestNothingIsWrittenAfterAFailedCommit(t *testing.T) {
	ctx := context.Background()
	for name, spoil := range map[string]func(b *Batch) Position{
		"engine fails": func(b *Batch) Position {
			if err := b.s.Conn.Conn.Close(); err != nil {
				t.Error(err)
			}
			return Position{LSN: 1}
		},
		"position of another record": func(*Batch) Position { return Position{LSN: 7} },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Open(t.TempDir()+"/catalog.db", testPool, Options{})
			if err != nil {
				t.Fatal(err)
			}
			b, err := c.Begin(ctx, 1, at(1))
			if err != nil {
				t.Fatal(err)
			}
			var was uint64
			if _, _, err := b.Run(next(&was)); err != nil {
				t.Fatal(err)
			}
			if err := b.Commit(spoil(b)); err == nil {
				t.Fatal("committed")
			}
			if _, err := c.Begin(ctx, 1, at(1)); err == nil {
				t.Error("another batch began")
			}
			if err := c.Fold(ctx, nil, Position{LSN: 1}); err == nil {
				t.Error("another fold ran")
			}
			if n := counter(t, c); n != 0 || c.Applied() != (Position{}) {
				t.Errorf("a view sees %d", n)
			}
			_ = c.Close() // it may well complain
			again := openAt(t, c.path)
			sound(t, again)
			put(t, again, &record.Counter{Counter: 1, Next: 1})
		})
	}
}

func TestViewsEnd(t *testing.T) {
	c := open(t)
	put(t, c, &record.Counter{Counter: 1, Next: 1})
	t.Run("with their error, as it is", func(t *testing.T) {
		if err := c.View(context.Background(), func(*Tx) error { return errRefused }); err != errRefused {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("between two lookups when their context does", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		err := c.View(ctx, func(tx *Tx) error {
			if _, err := tx.Counter(1); err != nil {
				t.Error(err)
			}
			cancel()
			_, err := tx.Counter(1)
			return err
		})
		if err != context.Canceled || isEngine(err) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("with a panic, and the reader is good for another", func(t *testing.T) {
		for range 2 * defaultReaders {
			func() {
				defer func() { _ = recover() }()
				_ = c.View(context.Background(), func(*Tx) error { panic("rule") })
			}()
		}
		if n := counter(t, c); n != 1 {
			t.Errorf("counter is %d", n)
		}
	})
	t.Run("waiting for a reader when their context does", func(t *testing.T) {
		c := open(t)
		for range defaultReaders {
			s := <-c.readers
			defer func() { c.readers <- s }()
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- c.View(ctx, func(*Tx) error { return nil }) }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

// A view goes on seeing what it saw first.
func TestViewIsOneState(t *testing.T) {
	c := open(t)
	put(t, c, &record.Counter{Counter: 1, Next: 1})
	view(t, c, func(tx *Tx) {
		put(t, c, &record.Counter{Counter: 1, Next: 2})
		if n, err := tx.Counter(1); n != 1 || err != nil || tx.LSN() != 1 {
			t.Errorf("the view moved on to %d, %v", n, err)
		}
		if counter(t, c) != 2 {
			t.Error("a later view does not see what is committed")
		}
	})
}
