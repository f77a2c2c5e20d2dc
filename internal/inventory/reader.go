package inventory

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"firn/glacier"
	"firn/treehash"
)

// A Row is an archive as an inventory has it.
type Row struct {
	ID          glacier.ArchiveID
	Description string
	Created     time.Time
	Size        int64
	TreeHash    treehash.Hash
}

var (
	// ErrCutOff means that an inventory ends before its end.
	ErrCutOff = errors.New("the inventory is cut off")
	// ErrMalformed means that something is no inventory.
	ErrMalformed = errors.New("this is no inventory")
)

// readSize is how much is read at once, and a bound on each text in an inventory: a description has 1,024 bytes, or six times that with
// escapes.
const readSize = 256 << 10

// A Reader reads one inventory, in a memory of some 300 KiB however long it is. It is for one goroutine.
//
// It reads what [Writer] writes and what Amazon's service and other programs do: JSON with its members in any order and any space between
// them, and CSV with its columns in any order. In CSV a quote in the description is \" or, if it is not, "". An inventory that ends
// too early is [ErrCutOff]. CSV that ends between two lines cannot be told from a short inventory: compare [Reader.Size] with the size that
// the job names, or the tree hash.
type Reader struct {
	in     *bufio.Reader
	format string
	begun  bool
	size   int64
	rows   int64
	text   []byte // scratch
	arn    glacier.ARN
	date   time.Time
	listed bool // there has been an ArchiveList
}

// NewReader begins to read an inventory. The format is [glacier.FormatJSON], [glacier.FormatCSV], or "", which looks what it is.
func NewReader(r io.Reader, format string) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, readSize), format: format}
}

// Rows yields the archives in the order in which they are listed, as they are read. The first error is the last element. Rows can be
// read once.
func (in *Reader) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := in.begin()
		if err == nil {
			read := in.readJSON
			if in.format == glacier.FormatCSV {
				read = in.readCSV
			}
			err = read(func(row Row) bool { return yield(row, nil) })
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(Row{}, in.explain(err))
		}
	}
}

// errEnough is not an error: the caller wants no more rows.
var errEnough = errors.New("enough")

// VaultARN is the resource name of the vault, "" if the inventory does not say it, or not before the rows that have been read.
func (in *Reader) VaultARN() glacier.ARN { return in.arn }

// Date is when the inventory was taken, the zero Time if it does not say it (CSV never does), or not before the rows that have been read.
func (in *Reader) Date() time.Time { return in.date }

// Size is how many bytes have been read.
func (in *Reader) Size() int64 { return in.size }

// begin skips a byte order mark, and finds the format out.
func (in *Reader) begin() error {
	if in.begun {
		return errors.New("an inventory can be read once")
	}
	in.begun = true
	if mark, err := in.in.Peek(3); err == nil && string(mark) == "\xEF\xBB\xBF" {
		in.discard(3)
	}
	if in.format != "" {
		return nil
	}
	in.format = glacier.FormatCSV
	if c, err := in.next(); err == nil && c == '{' {
		in.format = glacier.FormatJSON
	}
	return nil
}

func (in *Reader) explain(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrCutOff
	}
	return fmt.Errorf("read the inventory after %d rows and %d bytes: %w", in.rows, in.size, err)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// discard passes over n bytes that are in the buffer.
func (in *Reader) discard(n int) {
	n, _ = in.in.Discard(n) // they are there
	in.size += int64(n)
}

// The texts of a row, before they are one.
type fields struct {
	id, description, created, size, hash string
}

// row makes a row of its texts.
func (f *fields) row() (Row, error) {
	row := Row{ID: glacier.ArchiveID(f.id), Description: f.description}
	if f.id == "" {
		return Row{}, malformed("an archive has no id")
	}
	var err error
	if row.Created, err = parseDate(f.created); err != nil {
		return Row{}, malformed("archive %s was created at %q", f.id, f.created)
	}
	if row.Size, err = parseSize(f.size); err != nil {
		return Row{}, malformed("archive %s has the size %q", f.id, f.size)
	}
	if row.TreeHash, err = treehash.ParseHash(f.hash); err != nil {
		return Row{}, malformed("archive %s has the tree hash %q", f.id, f.hash)
	}
	return row, nil
}

func parseSize(s string) (n int64, err error) {
	if s == "" || len(s) > 18 {
		return 0, ErrMalformed
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, ErrMalformed
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, nil
}

// parseDate reads an instant in the forms of ISO 8601 that inventories have had.
func parseDate(s string) (time.Time, error) {
	for _, layout := range [...]string{time.RFC3339Nano, "20060102T150405Z07:00", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, ErrMalformed
}
