package scan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/internal/csv"
	"firn/internal/query"
	"firn/internal/value"
)

// outcome is what comes of running a query.
type outcome struct {
	Out     string
	Rows    int64
	Records int64 // without a limit; with one it is 0
	Err     string
}

// row is a record of CSV whose columns were all taken out.
type row []string

// Column implements [query.Row].
func (r row) Column(i int) value.Value {
	if b, ok := r.Text(i); ok {
		return value.Text(b)
	}
	return value.Missing()
}

// Text implements [query.Row].
func (r row) Text(i int) ([]byte, bool) {
	if i >= len(r) {
		return nil, false
	}
	return []byte(r[i]), true
}

// sequential runs a query over CSV that is neither packed nor marked, one record
// after the other, with all of it in memory.
type sequential struct {
	program *query.Program
	env     *query.Env
	totals  *query.Totals
	out     csv.Format
	result  outcome
}

// reference is what Run must come to.
func reference(statement string, in Input, out csv.Format, data string) outcome {
	s := sequential{env: query.NewEnv(context.Background(), time.Unix(0, 0)), out: out}
	if err := s.run(statement, in, []byte(data)); err != nil {
		s.result.Err = err.Error()
	}
	if s.program == nil || s.program.Limit() >= 0 {
		s.result.Records = 0
	}
	return s.result
}

func (s *sequential) run(statement string, in Input, data []byte) error {
	parsed, err := query.Parse(statement)
	if err != nil {
		return err
	}
	if in.Header != HeaderUse { // what is wrong shows without the data
		if _, err := parsed.Bind(query.Positions()); err != nil {
			return err
		}
	}
	scanner := csv.NewScanner(in.CSV)
	scanner.Reset(data, true)
	schema, header := query.Positions(), int64(0)
	if in.Header != HeaderNone {
		var names row
		if scanner.Next() {
			names, header = columnsOf(scanner), 1
		} else if err := scanner.Err(); err != nil {
			return place(err, 1)
		}
		if in.Header == HeaderUse {
			schema = query.Header(names)
		}
	}
	if s.program, err = parsed.Bind(schema); err != nil {
		return err
	}
	s.totals = s.program.NewTotals()
	if s.program.Limit() == 0 { // nothing is looked at
		return nil
	}
	limited := s.program.Limit() >= 0 && !s.program.Aggregate()
	for !limited || s.result.Rows < s.program.Limit() {
		if !scanner.Next() {
			if err := scanner.Err(); err != nil {
				return place(err, header+s.result.Records+1)
			}
			break
		}
		if err := s.record(columnsOf(scanner)); err != nil {
			return place(err, header+s.result.Records+1)
		}
		s.result.Records++
	}
	return s.end()
}

func columnsOf(s *csv.Scanner) row {
	r := make(row, s.Columns())
	for i := range r {
		b, _ := s.Field(i)
		r[i] = string(b)
	}
	return r
}

func (s *sequential) record(r row) error {
	s.env.Row = r
	if ok, err := s.program.Selects(s.env); !ok || err != nil {
		return err
	}
	if s.program.Aggregate() {
		return s.program.Count(s.env, s.totals)
	}
	var values [][]byte
	if s.program.Star() {
		for _, v := range r {
			values = append(values, []byte(v))
		}
		return s.write(values)
	}
	return s.project()
}

func (s *sequential) project() error {
	var values [][]byte
	for i := range s.program.Columns() {
		v, err := s.program.Column(s.env, i)
		if err != nil {
			return err
		}
		values = append(values, append([]byte{}, v.Append(nil)...))
	}
	return s.write(values)
}

func (s *sequential) write(values [][]byte) error {
	var line []byte
	for i, v := range values {
		if i == 0 {
			line = s.out.AppendFirst(line, v)
			continue
		}
		line = s.out.AppendField(append(line, s.out.Field), v)
	}
	if len(line) > csv.MaxRecord {
		return errors.New("the reference has no words for a record that is too long")
	}
	s.result.Out += string(s.out.AppendEnd(line, 0))
	s.result.Rows++
	return nil
}

func (s *sequential) end() error {
	if !s.program.Aggregate() {
		return nil
	}
	s.env.Use(s.totals)
	return s.project()
}

// place gives an error the number of its record.
func place(err error, record int64) error {
	var c *csv.Error
	var e *query.Error
	switch {
	case errors.As(err, &c):
		return &query.Error{Code: c.Code, Message: c.Message, Record: record}
	case errors.As(err, &e) && e.Record == 0:
		here := *e
		here.Record = record
		return &here
	}
	return fmt.Errorf("in record %d: %w", record, err)
}
