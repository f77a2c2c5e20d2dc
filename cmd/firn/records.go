package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"firn/glacier"
	"firn/internal/csv"
)

// printRecords prints the records of a job's result as lines of JSON.
func printRecords(w io.Writer, r io.Reader, d *glacier.JobDescription) error {
	var p glacier.SelectParameters
	if err := glacier.Decode(d.SelectParameters, &p); err != nil {
		return fmt.Errorf("read the job's parameters: %w", err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	err := eachRecord(r, resultDialect(&p), func(fields []string) error { return lines.Encode(fields) })
	return errors.Join(err, out.Flush())
}

// resultDialect is how the results of a select job are written. The parameters are
// the job's own, so that they have been found right.
func resultDialect(p *glacier.SelectParameters) csv.Dialect {
	d := csv.Default()
	if p.OutputSerialization == nil || p.OutputSerialization.CSV == nil {
		return d
	}
	out := p.OutputSerialization.CSV
	for _, c := range []struct {
		value *string
		to    *byte
	}{{out.FieldDelimiter, &d.Field}, {out.QuoteCharacter, &d.Quote}, {out.QuoteEscapeCharacter, &d.Escape}} {
		if s := deref(c.value); s != "" {
			*c.to = s[0]
		}
	}
	if deref(out.QuoteEscapeCharacter) == "" {
		d.Escape = d.Quote
	}
	if s := deref(out.RecordDelimiter); s != "" {
		d.Record = s
	}
	return d
}

// eachRecord reads records in blocks, and has use see the fields of each.
func eachRecord(r io.Reader, d csv.Dialect, use func(fields []string) error) error {
	s := csv.NewScanner(d)
	block := make([]byte, 2*csv.MaxRecord)
	for kept := 0; ; {
		n, err := io.ReadFull(r, block[kept:])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		s.Reset(block[:kept+n], last)
		for s.Next() {
			if err := use(fields(s)); err != nil {
				return err
			}
		}
		if s.Err() != nil || last {
			return s.Err()
		}
		kept = copy(block, block[s.Consumed():])
	}
}

func fields(s *csv.Scanner) []string {
	all := make([]string, s.Columns())
	for i := range all {
		value, _ := s.Field(i) // there are so many
		all[i] = string(value)
	}
	return all
}
