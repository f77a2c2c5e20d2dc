package names

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"firn/glacier"
	"firn/internal/inventory"
	"firn/internal/label"
	"firn/internal/sqlite"
	"firn/treehash"
)

// An Inventory is what a vault has, as the service says it.
type Inventory struct {
	Rows iter.Seq2[inventory.Row, error] // read once
	// Date is when it was taken, or completed, asked once all rows have been read. The zero Time means that it does not say it (CSV never
	// does): then it was not before the newest archive in it.
	Date func() time.Time
	// Vault is of which vault it is, asked once all rows have been read; "" if it does not say it. If it is another vault than the
	// catalogue's, nothing is done ([ErrOther]). May be nil, if there can be no doubt.
	Vault func() glacier.ARN
	// Exact says that Date is the moment whose archives are listed. Otherwise an archive can be a day older, and not listed.
	Exact bool
	// Whole says that an inventory that does not say its date, or its vault, is nevertheless a whole one, and of this vault. Otherwise
	// nothing is missing because it is not listed there.
	Whole bool
}

const (
	// completion is how long after its beginning an inventory may be completed. (Amazon documents the date as that of the completion.)
	completion = 24 * time.Hour
	// moment is how far two clocks may be apart of which one is taken for the other's.
	moment = 10 * time.Second
	// remembered is how long before an inventory something was removed that no other inventory will list any more.
	remembered = 7 * 24 * time.Hour
)

// margin is how long before its date an archive may have been made that is not listed.
func (inv *Inventory) margin() time.Duration {
	if inv.Exact {
		return moment
	}
	return completion
}

// A Check is how a catalogue is compared with an inventory.
type Check struct {
	Mend   bool                                    // make the catalogue say what the inventory says
	Unseal func(sealed []byte) (label.Label, bool) // opens a sealed name; nil without a key: what is sealed then gets no name
	Report func(Difference) error                  // hears each difference, before it is mended; its error ends it all. It must not change the catalogue. May be nil
}

// A Kind is that of a difference.
type Kind uint8

// The kinds of differences.
const (
	Extra   Kind = iota + 1 // in the inventory, and not in the catalogue
	Changed                 // in both, with another size, tree hash or description
	Missing                 // in the catalogue, and not in the inventory although it is older
)

// String names the kind.
func (k Kind) String() string {
	names := [...]string{Extra: "extra", Changed: "changed", Missing: "missing"}
	if k < Extra || k > Missing {
		return "unknown"
	}
	return names[k]
}

// A Difference is between what the catalogue knows of an archive and what the inventory says.
type Difference struct {
	Kind  Kind
	Known Archive // zero if the archive is extra
	Found Archive // zero if it is missing
	Path  string  // a name of it, "" if there is none
}

// Counts are what a comparison came to.
type Counts struct {
	Inventory int64 // archives in the inventory
	Same      int64
	Extra     int64
	Changed   int64
	Missing   int64
	Fresh     int64 // in the catalogue, and not in the inventory, which proves nothing: they may be newer, or it is not whole
	Deleted   int64 // in the inventory, and removed from the catalogue since, or shortly before
	Renamed   int64 // of a rebuild: archives, known before, whose names were set from their descriptions
}

// Reconcile compares the catalogue with an inventory and, on request, mends it: extra archives are added, with the names in their
// descriptions; what is missing is removed; and of what has changed the inventory's word is taken. Archives that may be newer than the
// inventory are left alone. An archive's age is what the catalogue says it is, so it should come from the service's clock. Archives that
// were removed ([Catalogue.Remove]) stay so, unless the inventory was taken a day later or more: then they are there.
//
// The mending is one change: it is there whole or not at all. An inventory that ends with an error, or names an archive twice, changes
// nothing. Memory stays flat, some 100 MiB in all; meanwhile 1,200 bytes for each archive are needed in SQLite's folder for temporary
// files (SQLITE_TMPDIR, TMPDIR, /var/tmp).
func (c *Catalogue) Reconcile(ctx context.Context, inv Inventory, check Check) (Counts, error) {
	return c.compare(ctx, inv, check, false)
}

// Rebuild makes the catalogue anew from an inventory: every name is the one in the archive's description, made relative
// ([label.Label.Name]). What descriptions do not say is kept
// of the archives that are still there: files in bundles, names of sealed archives without a key, exact times, hashes and modes; and names of
// archives whose descriptions have none. Archives that may be newer than the inventory are left alone, and so is unfinished work. What holds for
// [Catalogue.Reconcile] holds for Rebuild; it always mends.
func (c *Catalogue) Rebuild(ctx context.Context, inv Inventory, check Check) (Counts, error) {
	check.Mend = true
	return c.compare(ctx, inv, check, true)
}

func (c *Catalogue) compare(ctx context.Context, inv Inventory, check Check, rebuild bool) (counts Counts, err error) {
	const doing = "compare the names with the inventory"
	if check.Mend && c.frozen != thawed {
		return Counts{}, c.explain(doing, ErrReadOnly)
	}
	b, err := c.openBulk(ctx)
	if err != nil {
		return Counts{}, c.explain(doing, err)
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if counts.Inventory, err = b.stage(inv.Rows, check.Unseal); err != nil {
		return Counts{}, c.explain(doing, err)
	}
	limits, err := c.limits(ctx, b, inv)
	if err != nil {
		return Counts{}, c.explain(doing, err)
	}
	work := func() error {
		if err := b.find(limits, rebuild, &counts); err != nil {
			return err
		}
		if check.Report != nil {
			if err := b.report(check.Report); err != nil {
				return err
			}
		}
		if check.Mend {
			return b.mend(limits, counts)
		}
		return nil
	}
	if check.Mend {
		err = c.alone(ctx, b, work)
	} else {
		err = b.Within(b.ctx, sqlite.View, work)
	}
	if err != nil {
		return Counts{}, c.explain(doing, err)
	}
	return counts, nil
}

// A bulk is a connection for work on everything at once, with temporary tables of its own. Its statements end with its context.
type bulk struct {
	*sqlite.Conn
	ctx context.Context
	db  *sql.DB
}

func (c *Catalogue) openBulk(ctx context.Context) (*bulk, error) {
	db, err := c.connectTo(bulkPragmas())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := sqlite.Connect(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &bulk{Conn: conn, ctx: ctx, db: db}, nil
}

func (b *bulk) close() error { return errors.Join(b.Conn.Close(), b.db.Close()) }

// exec runs a statement that may take long.
func (b *bulk) exec(q string, args ...any) (int64, error) { return b.Script(b.ctx, q, args...) }

// run runs statements without arguments, one after the other.
func (b *bulk) run(statements ...string) error {
	for _, q := range statements {
		if _, err := b.exec(q); err != nil {
			return err
		}
	}
	return nil
}

// alone runs fn in a transaction that changes the catalogue, while nobody else in this process does.
func (c *Catalogue) alone(ctx context.Context, b *bulk, fn func() error) error {
	select {
	case s := <-c.changes.Turn:
		defer func() { c.changes.Turn <- s }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := b.Within(b.ctx, sqlite.Update, fn); err != nil {
		return err
	}
	// The log has become as long as the change. What readers keep from being carried over now a later change carries over.
	_, _ = b.exec("PRAGMA wal_checkpoint(PASSIVE)")
	return nil
}

// stage puts the inventory into a table of this connection's own, with the names in the descriptions, in the order of the ids.
func (b *bulk) stage(rows iter.Seq2[inventory.Row, error], unseal func([]byte) (label.Label, bool)) (n int64, err error) {
	if err := b.run(createArrived); err != nil {
		return 0, err
	}
	err = b.Within(b.ctx, sqlite.View, func() error {
		for row, err := range rows {
			if err = errors.Join(err, b.ctx.Err()); err != nil {
				return err
			}
			l, sealed := read(row.Description, unseal)
			var path any // NULL, if there is no name
			if l.Path != "" && !l.Bundle {
				path = l.Name()
			}
			size, hash := plain(&row, &l, sealed)
			_, err = b.Exec("INSERT INTO temp.arrived VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", string(row.ID), row.Description, row.Size,
				row.TreeHash[:], row.Created.UnixMilli(), l.Bundle, sealed, path, l.Modified.Unix(), size, hashBytes(hash))
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, errors.Join(b.run(sortArrived...), b.once())
}

// plain is what is known of what was sealed: what its name says, if that can be.
func plain(row *inventory.Row, l *label.Label, sealed bool) (size int64, hash treehash.Hash) {
	if !sealed || l.Size <= 0 || l.Size >= row.Size {
		return UnknownSize, treehash.Hash{}
	}
	return l.Size, l.Hash
}

// read reads the label of an archive, and opens it if that is possible.
func read(description string, unseal func([]byte) (label.Label, bool)) (l label.Label, sealed bool) {
	l = label.Parse(description)
	if l.Sealed == nil {
		return l, l.Nameless
	}
	outer := l
	if unseal != nil {
		if inner, ok := unseal(l.Sealed); ok {
			l = inner
		}
	}
	l.Bundle = l.Bundle || outer.Bundle
	if checkPath(l.Path) != nil {
		l.Path = ""
	}
	return l, true
}

// limits are what an inventory says of what it does not list, in milliseconds.
type limits struct {
	missing int64 // what was made before then, and is not listed, is missing
	gone    int64 // what was removed then or later is gone, although it is listed
	forget  int64 // what was removed before then need not be remembered
}

// limits looks whose the inventory is, and of when. Without a date it is of the newest archive in it, at least.
func (c *Catalogue) limits(ctx context.Context, b *bulk, inv Inventory) (l limits, err error) {
	whole := true
	if inv.Vault != nil {
		arn := inv.Vault()
		if err := c.mine(ctx, arn); err != nil {
			return limits{}, err
		}
		whole = arn != ""
	}
	date := inv.Date()
	if date.IsZero() {
		whole = false
		var ms int64
		if err := b.QueryRowContext(b.ctx, "SELECT COALESCE(MAX(created), 0) FROM temp.found").Scan(&ms); err != nil {
			return limits{}, err
		}
		date = time.UnixMilli(ms)
	}
	if whole || inv.Whole {
		l.missing = date.Add(-inv.margin()).UnixMilli()
	} else {
		l.missing = math.MinInt64
	}
	l.gone = date.Add(-completion).UnixMilli()
	l.forget = min(date.UnixMilli(), time.Now().UnixMilli()) - remembered.Milliseconds()
	return l, nil
}

// once makes sure that the inventory names each archive once.
func (b *bulk) once() error {
	var id glacier.ArchiveID
	err := b.QueryRowContext(b.ctx, "SELECT id FROM temp.found GROUP BY id HAVING COUNT(*) > 1 LIMIT 1").Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("the inventory has archive %s twice: do not trust it, and take another", id)
}
