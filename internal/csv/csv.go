// Package csv is records of comma-separated values, in every dialect that Glacier Select has: it cuts them from blocks of memory, splits
// them no further than somebody asks, and writes them.
//
// It holds to RFC 4180, with characters to choose:
//
//   - A record ends with the record delimiter, which the input's last may lack, or have half of. Its fields have the field delimiter between them.
//   - A quote opens a quoted field if it is the field's first byte. Elsewhere in a field that is not quoted it is a byte like any other.
//   - In a quoted field delimiters are data. After the quote that closes it a delimiter or the input's end must follow.
//   - In a quoted field the escape stands before a quote, or before another escape, that is data. Before anything else, and outside of
//     quotes, it is data itself. If the escape is the quote, a quote that is data is therefore written twice.
//   - A blank line is no record. What is written for a record of one empty field is two quotes.
//   - A record that begins with '#' is written with a quote before it, lest it be read as a comment.
//   - A byte order mark is data.
//
// It promises that scanning takes time in proportion to the block, whatever the block holds, and memory in proportion to the longest
// record, which has a limit.
package csv

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a record.
const (
	MaxRecord  = 1 << 20 // bytes, its delimiter not counted
	MaxColumns = 1 << 20
)

// A Dialect says which characters divide an input. All are ASCII.
type Dialect struct {
	Field   byte   // between fields
	Quote   byte   // around a field
	Escape  byte   // in a quoted field before a quote or an escape; may be the quote
	Comment byte   // a record that begins with it is skipped up to the record delimiter, quotes or not; 0 is none
	Record  string // after a record: one character, or "\r\n". To "\n" a '\r' directly before it belongs, unless it is quoted; so does one that ends the input
}

// Default is the dialect of those who do not say.
func Default() Dialect {
	return Dialect{Field: ',', Quote: '"', Escape: '"', Record: "\n"}
}

// Validate refuses a dialect in which one character would have two meanings: the field delimiter, the quote, the comment character and
// those of the record delimiter must all differ, and the escape from the delimiters. '\r' counts as one of the record delimiter if that
// is "\n". The error says what to change, in words for who chose the dialect.
func (d Dialect) Validate() error {
	if len(d.Record) != 1 && d.Record != "\r\n" {
		return errors.New(`the record delimiter must be one character, or "\r\n"`)
	}
	record := d.Record
	if record == "\n" {
		record = "\r\n"
	}
	for _, c := range []struct {
		name string
		char byte
		not  string // the characters it must not be
	}{
		{"record delimiter", d.Record[0], ""},
		{"field delimiter", d.Field, record},
		{"quote character", d.Quote, record + string(d.Field)},
		{"quote escape character", d.Escape, record + string(d.Field)},
		{"comment character", d.Comment, record + string(d.Field) + string(d.Quote)},
	} {
		if c.char >= utf8.RuneSelf {
			return fmt.Errorf("the %s must be an ASCII character", c.name)
		}
		if c.char == 0 && c.name == "comment character" {
			continue
		}
		if strings.IndexByte(c.not, c.char) >= 0 {
			return fmt.Errorf("the %s must not be %q, which has another meaning", c.name, c.char)
		}
	}
	return nil
}

// The codes of errors, by the names that S3 Select has for them.
const (
	UnescapedQuote      = "CSVUnescapedQuote"   // text after a closing quote, or a quoted field that nothing closes
	OverMaxRecordSize   = "OverMaxRecordSize"   // a record or a comment of more than MaxRecord bytes
	OverMaxColumn       = "OverMaxColumn"       // a record of more than MaxColumns columns
	InvalidTextEncoding = "InvalidTextEncoding" // a record that is not UTF-8; comments may be anything
)

// An Error says why a record cannot be read.
type Error struct {
	Code    string
	Message string
	Offset  int // of the record's beginning in the block
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }
