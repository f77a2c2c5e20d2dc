package names

import (
	"context"
	"database/sql"
	"errors"
	"iter"
)

// page is how many rows of a long list are read at a time.
const page = 1_000

// onePage is the end of a statement that reads a page.
const onePage = " LIMIT 1000"

// paged reads a list that may be long, or whose reader takes long, page by page: as long as a statement reads, the log cannot be carried over
// into the file, and would grow with each change. Every page is a statement of its own, that begins behind the place where the last page
// ended; from is the first such place, and place is that of a row.
func paged[T any](
	ctx context.Context, c *Catalogue, doing string, scan func(*sql.Rows) (T, error), q string, from []any, place func(*T) []any,
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var rows []T
		for at := from; ; at = place(&rows[len(rows)-1]) {
			rows = rows[:0]
			for v, err := range list(ctx, c, doing, scan, q, at...) {
				if err != nil {
					yield(v, err)
					return
				}
				rows = append(rows, v)
			}
			for _, v := range rows {
				if !yield(v, nil) {
					return
				}
			}
			if len(rows) < page {
				return
			}
		}
	}
}

// list streams the rows of a statement. Rows come until the first error, which is the last element.
func list[T any](ctx context.Context, c *Catalogue, doing string, scan func(*sql.Rows) (T, error), q string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		stmt, err := c.reads.get(ctx, q) //nolint:sqlclosecheck // it is kept for the next time
		if err != nil {
			yield(zero, c.explain(doing, err))
			return
		}
		rows, err := stmt.QueryContext(ctx, args...)
		if err != nil {
			yield(zero, c.explain(doing, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				yield(zero, c.explain(doing, err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			yield(zero, c.explain(doing, err))
		}
	}
}

// first is the first of a list, if there is one.
func first[T any](all iter.Seq2[T, error]) (T, bool, error) {
	for v, err := range all {
		return v, err == nil, err
	}
	var zero T
	return zero, false, nil
}

// row scans the only row of a statement, if there is one.
func (c *Catalogue) row(ctx context.Context, q string, args []any, dest ...any) (ok bool, err error) {
	stmt, err := c.reads.get(ctx, q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return false, err
	}
	err = stmt.QueryRowContext(ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
