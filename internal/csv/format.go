package csv

import "bytes"

// A Format says how an output is written. All its characters are ASCII.
type Format struct {
	Field, Quote, Escape byte
	Record               string // one character, or "\r\n"
	Always               bool   // every field is quoted, whatever is in it
}

// Validate refuses a format that could not be read back, as Dialect.Validate does.
func (f *Format) Validate() error {
	return Dialect{Field: f.Field, Quote: f.Quote, Escape: f.Escape, Record: f.Record}.Validate()
}

// AppendField appends one field, in quotes if it needs them: if it holds a delimiter, a quote, an escape or a line break.
// The delimiters around it are the caller's to append: Field between two, AppendEnd behind the last. A record's first field is for
// AppendFirst.
func (f *Format) AppendField(dst, value []byte) []byte {
	if !f.Always && !f.needsQuotes(value) {
		return append(dst, value...)
	}
	return f.appendQuoted(dst, value)
}

// AppendFirst appends a record's first field as AppendField does, and puts it in quotes also if it begins with '#': readers take such a
// record for a comment.
func (f *Format) AppendFirst(dst, value []byte) []byte {
	if beginsComment(value) {
		return f.appendQuoted(dst, value)
	}
	return f.AppendField(dst, value)
}

// Special reports whether a record must be written field by field: a record that was read without quotes, with a field delimiter. Of one
// that is not special AppendFirst and AppendField would make the same bytes again.
func (f *Format) Special(raw []byte, field byte) bool {
	if f.Always || f.Field != field || beginsComment(raw) {
		return true
	}
	for _, c := range [...]byte{f.Quote, f.Escape, f.Record[0], '\r', '\n'} {
		if bytes.IndexByte(raw, c) >= 0 {
			return true
		}
	}
	return false
}

// beginsComment reports whether a record that begins so is a comment to a reader who was not told otherwise.
func beginsComment(value []byte) bool { return len(value) > 0 && value[0] == '#' }

func (f *Format) appendQuoted(dst, value []byte) []byte {
	dst = append(dst, f.Quote)
	for _, c := range value {
		if c == f.Quote || c == f.Escape {
			dst = append(dst, f.Escape)
		}
		dst = append(dst, c)
	}
	return append(dst, f.Quote)
}

// AppendEnd ends the record that begins at start of dst, with a record delimiter. A record without a byte would be a blank line, which no
// reader takes for a record, so it gets the quotes of one empty field.
func (f *Format) AppendEnd(dst []byte, start int) []byte {
	if len(dst) == start {
		dst = append(dst, f.Quote, f.Quote)
	}
	return append(dst, f.Record...)
}

func (f *Format) needsQuotes(value []byte) bool {
	field, quote, escape, record := f.Field, f.Quote, f.Escape, f.Record[0]
	for _, c := range value {
		switch c {
		case field, quote, escape, record, '\r', '\n':
			return true
		}
	}
	return false
}
