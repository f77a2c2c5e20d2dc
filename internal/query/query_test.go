package query

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"firn/internal/value"
)

// fields is a Row of columns by position.
type fields []string

func (f fields) Column(i int) value.Value {
	if i >= len(f) {
		return value.Missing()
	}
	return value.Text([]byte(f[i]))
}

func (f fields) Text(i int) ([]byte, bool) {
	if i >= len(f) {
		return nil, false
	}
	return []byte(f[i]), true
}

// testNow is what UTCNOW() is in tests.
func testNow() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC) }

// run evaluates a statement over rows without names, and returns the rows it
// selects with their columns joined by bars.
func run(t *testing.T, statement string, rows ...fields) ([]string, error) {
	t.Helper()
	s, err := Parse(statement)
	if err != nil {
		return nil, err
	}
	p, err := s.Bind(Positions())
	if err != nil {
		return nil, err
	}
	return rowsOf(p, rows)
}

func rowsOf(p *Program, rows []fields) ([]string, error) {
	env := NewEnv(context.Background(), testNow())
	totals := p.NewTotals()
	var out []string
	for _, r := range rows {
		env.Row = r
		ok, err := p.Selects(env)
		if err == nil && ok && p.Aggregate() {
			err = p.Count(env, totals)
		} else if err == nil && ok {
			out, err = appendRow(out, p, env, r)
		}
		if err != nil {
			return out, err
		}
	}
	if p.Aggregate() {
		env.Use(totals)
		return appendRow(out, p, env, nil)
	}
	return out, nil
}

func appendRow(out []string, p *Program, env *Env, r fields) ([]string, error) {
	if p.Star() {
		return append(out, strings.Join(r, "|")), nil
	}
	var columns []string
	for i := range p.Columns() {
		v, err := p.Column(env, i)
		if err != nil {
			return out, err
		}
		text := string(v.Append(nil))
		if v.IsAbsent() {
			text = v.Kind().String()
		}
		columns = append(columns, text)
	}
	return append(out, strings.Join(columns, "|")), nil
}

// evaluate evaluates one expression over one row.
func evaluate(t *testing.T, expression string, row ...string) (string, error) {
	t.Helper()
	out, err := run(t, "SELECT "+expression+" FROM archive s", row)
	if err != nil {
		return "", err
	}
	return out[0], nil
}

// codeOf is the code of a query's error, and its place if it has one.
func codeOf(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is not a *Error", err)
	}
	return e.Code
}
