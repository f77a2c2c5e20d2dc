// Package inventory writes a vault's inventory, the list of its archives, as
// the JSON document or the CSV table that an inventory job gives out, and reads
// what any such service wrote.
//
// Rows stream: a [Writer] and a [Reader] hold one buffer however long the list is. The two
// formats are fixed to the byte, because clients have been parsing them for
// years.
//
// JSON is one compact document without a newline at its end. Its keys stand
// in the order below, which is not the sorted order of every other document
// of the API. Only what JSON demands is escaped, so < > and & stand as they
// are:
//
//	{"VaultARN":"…","InventoryDate":"2024-08-21T00:46:31Z","ArchiveList":[
//	  {"ArchiveId":"…","ArchiveDescription":"…","CreationDate":"2024-01-06T18:42:57Z","Size":71641,"SHA256TreeHash":"…"},…]}
//
// CSV is a header line and a line for each archive, each ended by LF, the last
// one too. It is not RFC 4180: the description is always quoted and nothing
// else ever is; a quote in it becomes \" and a backslash stays a single one. So
// a parser that takes \\ for a backslash misreads it. That is the format.
//
//	ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash
//	…,"holiday 2019",2024-01-06T18:42:57Z,71641,…
//
// Instants are whole seconds; a missing description is the empty string; sizes
// are those of the archives, without any overhead.
//
// The package does not choose the rows or their order, and knows no store.
//
// Source: "Vault Inventory" and "Get Job Output" in the Amazon Glacier
// developer guide, and outputs of the service.
package inventory

import (
	"encoding/hex"
	"io"
	"strconv"
	"time"

	"firn/glacier"
	"firn/internal/record"
)

// flushAt is how many bytes of rows are collected before they are written on.
const flushAt = 256 << 10

// ContentType is the media type of an inventory in the format.
func ContentType(format string) string {
	if format == glacier.FormatCSV {
		return "text/csv"
	}
	return "application/json"
}

// A Writer writes one inventory. It is for one goroutine.
type Writer struct {
	w    io.Writer
	csv  bool
	rows bool // one has been added
	buf  []byte
	err  error // the first of w's; nothing is written after it
}

// NewWriter begins an inventory of the vault with the resource name arn as of
// date. The format is [glacier.FormatCSV] or else [glacier.FormatJSON].
func NewWriter(w io.Writer, format string, arn glacier.ARN, date glacier.Time) *Writer {
	out := &Writer{
		w:   w,
		csv: format == glacier.FormatCSV,
		buf: make([]byte, 0, flushAt+4096), // a row is at most 2,300 bytes or so
	}
	if out.csv {
		out.buf = append(out.buf, "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n"...)
		return out
	}
	out.buf = append(out.buf, `{"VaultARN":"`...)
	out.buf = appendEscaped(out.buf, string(arn))
	out.buf = append(out.buf, `","InventoryDate":"`...)
	out.buf = append(out.buf, date.Seconds()...)
	out.buf = append(out.buf, `","ArchiveList":[`...)
	return out
}

// Add writes a row. It does not keep the archive.
func (out *Writer) Add(a *record.Archive) error {
	if out.csv {
		out.buf = appendCSV(out.buf, a)
	} else {
		if out.rows {
			out.buf = append(out.buf, ',')
		}
		out.buf = appendJSON(out.buf, a)
	}
	out.rows = true
	if len(out.buf) >= flushAt {
		out.flush()
	}
	return out.err
}

// Close ends the inventory and writes what is left of it. The writer below
// stays open.
func (out *Writer) Close() error {
	if !out.csv {
		out.buf = append(out.buf, `]}`...)
	}
	out.flush()
	return out.err
}

func (out *Writer) flush() {
	if out.err == nil {
		_, out.err = out.w.Write(out.buf)
	}
	out.buf = out.buf[:0]
}

func appendJSON(b []byte, a *record.Archive) []byte {
	b = append(b, `{"ArchiveId":"`...)
	b = appendEscaped(b, string(a.Public))
	b = append(b, `","ArchiveDescription":"`...)
	b = appendEscaped(b, a.Description)
	b = append(b, `","CreationDate":"`...)
	b = appendSeconds(b, a.Created)
	b = append(b, `","Size":`...)
	b = strconv.AppendInt(b, a.Size, 10)
	b = append(b, `,"SHA256TreeHash":"`...)
	b = hex.AppendEncode(b, a.TreeHash[:])
	return append(b, `"}`...)
}

func appendCSV(b []byte, a *record.Archive) []byte {
	b = append(b, a.Public...)
	b = append(b, `,"`...)
	for i := range len(a.Description) {
		if a.Description[i] == '"' {
			b = append(b, '\\')
		}
		b = append(b, a.Description[i])
	}
	b = append(b, `",`...)
	b = appendSeconds(b, a.Created)
	b = append(b, ',')
	b = strconv.AppendInt(b, a.Size, 10)
	b = append(b, ',')
	b = hex.AppendEncode(b, a.TreeHash[:])
	return append(b, '\n')
}

// appendEscaped appends what stands between the quotes of a JSON string.
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, `\u00`...)
			b = hex.AppendEncode(b, []byte{c})
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendSeconds appends an instant of Unix milliseconds, cut to the second.
func appendSeconds(b []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
}
