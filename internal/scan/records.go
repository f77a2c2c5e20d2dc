package scan

import (
	"errors"
	"fmt"

	"firn/internal/csv"
	"firn/internal/query"
	"firn/internal/value"
)

// rows evaluates records one at a time, whatever their form.
type rows struct {
	q       *Query
	program *query.Program
	env     *query.Env
	outs    pool
	result  result
}

// record evaluates the record that env.Row is. It reports whether the block may go
// on. star appends the record itself.
func (e *rows) record(size int, limit int64, star func(dst []byte) []byte) bool {
	r := &e.result
	ok, err := e.selects(size)
	start := len(r.out)
	if err == nil && ok {
		switch {
		case e.program.Aggregate():
			err = e.program.Count(e.env, r.totals)
		case e.program.Star():
			r.out = e.q.out.AppendEnd(star(r.out), start)
		default:
			r.out, err = e.q.appendRow(r.out, e.program, e.env)
		}
	}
	if err == nil && len(r.out)-start > csv.MaxRecord+len(e.q.out.Record) {
		err = tooLong(len(r.out) - start)
	}
	if err != nil {
		r.out = r.out[:start]
		r.err = inRecord(err, r.records+1)
		return false
	}
	r.records++
	if ok {
		r.rows++
	}
	return r.rows != limit && !r.full()
}

func (e *rows) selects(size int) (bool, error) {
	if err := e.env.Spend(size); err != nil {
		return false, err
	}
	return e.program.Selects(e.env)
}

func tooLong(size int) error {
	return &query.Error{Code: csv.OverMaxRecordSize, Message: fmt.Sprintf("a record of the result has %d bytes, and may have %d", size, csv.MaxRecord)}
}

func inRecord(err error, n int64) error {
	var e *query.Error
	if errors.As(err, &e) && e.Record == 0 {
		here := *e
		here.Record = n
		return &here
	}
	return err
}

// begin makes room for the result of a block.
func (e *rows) begin() {
	e.result = result{out: e.outs.get()}
	if e.program.Aggregate() {
		e.result.totals = e.program.NewTotals()
	}
}

// appendRow appends the columns of the result as a record.
func (q *Query) appendRow(dst []byte, p *query.Program, env *query.Env) ([]byte, error) {
	start := len(dst)
	var scratch [64]byte
	for i := range p.Columns() {
		if i > 0 {
			dst = append(dst, q.out.Field)
		}
		v, err := p.Column(env, i)
		if err != nil {
			return dst, err
		}
		b := v.Bytes()
		if !v.IsText() {
			b = v.Append(scratch[:0])
		}
		dst = q.appendColumn(dst, b, i)
		if len(dst)-start > csv.MaxRecord {
			return dst, tooLong(len(dst) - start)
		}
	}
	return q.out.AppendEnd(dst, start), nil
}

// records evaluates records of CSV.
type records struct {
	rows
	scanner *csv.Scanner
}

func newRecords(r rows) *records {
	e := &records{rows: r, scanner: csv.NewScanner(r.q.in.CSV)}
	r.env.Row = e
	return e
}

// Column implements [query.Row].
func (e *records) Column(i int) value.Value {
	b, ok := e.scanner.Field(i)
	if !ok {
		return value.Missing()
	}
	return value.Text(b)
}

// Text implements [query.Row].
func (e *records) Text(i int) ([]byte, bool) { return e.scanner.Field(i) }

func (e *records) evaluate(data []byte, last bool, limit int64) result {
	e.begin()
	e.scanner.Reset(data, last)
	going := true
	for going && e.scanner.Next() {
		going = e.record(len(e.scanner.Raw()), limit, e.appendRecord)
	}
	r := &e.result
	if r.err == nil {
		r.err = csvError(e.scanner.Err(), r.records+1)
	}
	r.consumed = e.scanner.Consumed()
	return *r
}

// appendRecord appends the record with its own columns.
func (e *records) appendRecord(dst []byte) []byte {
	if raw := e.scanner.Raw(); e.scanner.Plain() && !e.q.out.Special(raw, e.q.in.CSV.Field) {
		return append(dst, raw...)
	}
	for i := range e.scanner.Columns() {
		if i > 0 {
			dst = append(dst, e.q.out.Field)
		}
		b, _ := e.scanner.Field(i)
		dst = e.q.appendColumn(dst, b, i)
	}
	return dst
}

// appendColumn appends the value of a column, counted from 0, as a field.
func (q *Query) appendColumn(dst, value []byte, i int) []byte {
	if i == 0 {
		return q.out.AppendFirst(dst, value)
	}
	return q.out.AppendField(dst, value)
}
