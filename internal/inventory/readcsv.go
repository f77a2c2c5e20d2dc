package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// readCSV reads the table. Only the description may have commas and quotes in it, so what is left and right of it is counted off, and
// whatever remains is the description: Amazon's quoting, which does not escape backslashes, needs no more than that.
func (in *Reader) readCSV(yield func(Row) bool) error {
	head, err := in.line()
	if err != nil {
		return err
	}
	columns, description, err := header(string(head))
	if err != nil {
		return err
	}
	cells := make([]string, len(columns))
	for {
		line, err := in.line()
		if errors.Is(err, errEnd) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(line) == 0 {
			continue
		}
		if !split(string(line), description, cells) {
			return malformed("the line %q has not %d columns", line, len(cells))
		}
		var f fields
		for i, to := range columns {
			if to != nil {
				*to(&f) = cells[i]
			}
		}
		row, err := f.row()
		if err != nil {
			return err
		}
		in.rows++
		if !yield(row) {
			return errEnough
		}
	}
}

// errEnd is the end of the lines.
var errEnd = errors.New("end")

// line reads a line, without its end, good until the next call. Every line has an end, the last one too.
func (in *Reader) line() ([]byte, error) {
	line, err := in.in.ReadSlice('\n')
	in.size += int64(len(line))
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0 && in.size > 0:
		return nil, errEnd
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, malformed("a line in it has more than %d bytes", readSize)
	case err != nil:
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// header reads the names of the columns, and says which one is the description.
func header(line string) (columns []func(*fields) *string, description int, err error) {
	known := map[string]func(*fields) *string{
		"ArchiveId":          func(f *fields) *string { return &f.id },
		"ArchiveDescription": func(f *fields) *string { return &f.description },
		"CreationDate":       func(f *fields) *string { return &f.created },
		"Size":               func(f *fields) *string { return &f.size },
		"SHA256TreeHash":     func(f *fields) *string { return &f.hash },
	}
	wanted := len(known)
	for i, name := range strings.Split(line, ",") {
		name = strings.Trim(strings.TrimSpace(name), `"`)
		if name == "ArchiveDescription" {
			description = i
		}
		columns = append(columns, known[name]) // nil for a column that is not known
		if known[name] != nil {
			delete(known, name)
			wanted--
		}
	}
	if wanted > 0 {
		return nil, 0, malformed("the first line is %.100q", line)
	}
	return columns, description, nil
}

// split cuts a line into its cells.
func split(line string, description int, cells []string) bool {
	rest := line
	for i := range description {
		cell, after, ok := strings.Cut(rest, ",")
		if !ok {
			return false
		}
		cells[i], rest = bare(cell), after
	}
	for i := len(cells) - 1; i > description; i-- {
		comma := strings.LastIndexByte(rest, ',')
		if comma < 0 {
			return false
		}
		cells[i], rest = bare(rest[comma+1:]), rest[:comma]
	}
	cell, ok := unquote(rest)
	cells[description] = cell
	return ok
}

// bare is a cell that has nothing to hide.
func bare(cell string) string {
	cell = strings.TrimSpace(cell)
	if len(cell) >= 2 && cell[0] == '"' && cell[len(cell)-1] == '"' {
		return cell[1 : len(cell)-1]
	}
	return cell
}

// unquote reads a description. Amazon puts a backslash before each quote, and before nothing else. Others double the quotes; then there is
// one that has no backslash before it.
func unquote(cell string) (string, bool) {
	cell = strings.TrimSpace(cell)
	if !strings.HasPrefix(cell, `"`) {
		return cell, !strings.ContainsAny(cell, `",`)
	}
	if len(cell) < 2 || cell[len(cell)-1] != '"' {
		return "", false
	}
	cell = cell[1 : len(cell)-1]
	quotes := strings.Count(cell, `"`)
	if quotes == strings.Count(cell, `\"`) {
		return strings.ReplaceAll(cell, `\"`, `"`), true
	}
	return strings.ReplaceAll(cell, `""`, `"`), quotes == 2*strings.Count(cell, `""`)
}
