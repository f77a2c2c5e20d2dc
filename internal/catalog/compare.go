package catalog

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"firn/internal/record"
	"firn/internal/sqlite"
)

// Each calls fn for every key the catalog knows, by kind, then by key: with
// the newest image, or nil where that is a tombstone. image is fn's only until
// it returns. fn's error ends it and is handed through. Two catalogs that have
// folded the same records yield the same.
//
// It is one view for as long as it lasts, so it is for a store that is not
// serving.
func (c *Catalog) Each(ctx context.Context, fn func(key record.Key, lsn record.LSN, image []byte) error) error {
	return c.read(ctx, func(s *session) error {
		return s.within(sqlite.View, func() error {
			for _, sh := range c.shapes.all() {
				err := s.each(sh.forAll, nil, func(rows *sql.Rows) error {
					if err := ctx.Err(); err != nil {
						return err
					}
					return eachRow(sh.forAll, rows, fn)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func eachRow(q string, rows *sql.Rows, fn func(record.Key, record.LSN, []byte) error) error {
	var kind, a, b, lsn, dead int64
	var image sql.RawBytes
	if err := rows.Scan(&kind, &a, &b, &lsn, &dead, &image); err != nil {
		return undecodable(q, err)
	}
	if dead == 0 && image == nil {
		image = sql.RawBytes{} // the driver makes no difference between empty and none
	}
	return fn(record.Key{Kind: record.Kind(kind), A: uint64(a), B: uint64(b)}, record.LSN(lsn), image)
}

// Integrity has SQLite examine its whole file: pages, rows, and that indexes
// and tables agree. What it finds wrong is ErrDamaged. It takes as long as
// reading everything does, and ctx does not cut it short. See [Compare] and
// [Catalog.Miscounts] for what SQLite cannot know.
func (c *Catalog) Integrity(ctx context.Context) error {
	err := c.read(ctx, func(s *session) error { return s.integrity() })
	if err != nil {
		return fmt.Errorf("check integrity: %w", err)
	}
	return nil
}

// Compare walks two catalogs side by side and reports every key of which have
// does not know what want does, in words that follow the key.
func Compare(ctx context.Context, have, want *Catalog, report func(k record.Key, what string)) error {
	nextHave, stopHave := iter.Pull2(have.rows(ctx))
	defer stopHave()
	nextWant, stopWant := iter.Pull2(want.rows(ctx))
	defer stopWant()
	h, herr, hok := nextHave()
	w, werr, wok := nextWant()
	for hok || wok {
		if err := errors.Join(herr, werr); err != nil {
			return fmt.Errorf("compare catalogs: %w", err)
		}
		order := compareKeys(h.key, w.key)
		switch {
		case !wok || hok && order < 0:
			report(h.key, "should not be there")
			h, herr, hok = nextHave()
		case !hok || order > 0:
			report(w.key, "is missing")
			w, werr, wok = nextWant()
		default:
			if what := h.differs(w); what != "" {
				report(h.key, what)
			}
			h, herr, hok = nextHave()
			w, werr, wok = nextWant()
		}
	}
	return nil
}

// row is one key with the newest that is known of it.
type row struct {
	key   record.Key
	lsn   record.LSN
	image []byte // nil is a tombstone
}

func (have row) differs(want row) string {
	switch {
	case have.lsn != want.lsn:
		return fmt.Sprintf("is as of record %d, not %d", have.lsn, want.lsn)
	case (have.image == nil) != (want.image == nil):
		return "is deleted in one and not in the other"
	case !bytes.Equal(have.image, want.image):
		return fmt.Sprintf("is not what record %d made it", want.lsn)
	default:
		return ""
	}
}

// errEnough ends a walk that nobody listens to any more.
var errEnough = errors.New("enough")

// rows is Each as a sequence.
func (c *Catalog) rows(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		err := c.Each(ctx, func(k record.Key, lsn record.LSN, image []byte) error {
			if !yield(row{k, lsn, bytes.Clone(image)}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(row{}, err)
		}
	}
}

func compareKeys(a, b record.Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(int64(a.A), int64(b.A)), cmp.Compare(int64(a.B), int64(b.B)))
}
