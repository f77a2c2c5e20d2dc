package scan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"firn/internal/csv"
	"firn/internal/query"
)

const (
	// headSize is how much of an archive is looked at before its first block: a
	// header, or a line of JSON, and a record delimiter.
	headSize = csv.MaxRecord + 16
	// maxWindow bounds the memory of unpacking. It is what zstd uses at most unless
	// it is told otherwise.
	maxWindow = 128 << 20
)

// A source is an archive whose header was read.
type source struct {
	in      *watched
	r       *bufio.Reader
	close   func()
	form    Form
	program *query.Program
	header  int64 // records in it: 0 or 1
}

// open reads the beginning of an archive.
func (q *Query) open(r io.Reader) (*source, error) {
	in := &watched{r: r}
	s := &source{in: in, close: func() {}, form: q.in.Form}
	unpacked, err := s.unpack(in, q.in.Compression)
	if err != nil {
		return nil, in.blame(err)
	}
	s.r = bufio.NewReaderSize(unpacked, headSize)
	if err := s.begin(q); err != nil {
		s.close()
		return nil, in.blame(err)
	}
	return s, nil
}

// begin finds out what the records are, and reads the header.
func (s *source) begin(q *Query) error {
	if mark, err := s.r.Peek(3); err == nil && string(mark) == "\ufeff" {
		if _, err := s.r.Discard(len(mark)); err != nil {
			return err
		}
	}
	head, _, err := s.head()
	if err != nil {
		return err
	}
	if s.form == DetectForm {
		s.form = CSV
		if isJSONLine(head) {
			s.form = JSONLines
		}
	}
	var names []string
	if s.form == CSV && q.in.Header != HeaderNone {
		if names, err = s.readHeader(q.in.CSV); err != nil {
			return err
		}
	}
	s.program, err = q.bind(s.form, names)
	return err
}

// head shows what comes next, and whether that is all there is.
func (s *source) head() (b []byte, whole bool, err error) {
	b, err = s.r.Peek(headSize)
	if errors.Is(err, io.EOF) {
		return b, true, nil
	}
	return b, false, err
}

// readHeader consumes the first record of a CSV archive, and what stands before
// it. Without any record there are no names.
func (s *source) readHeader(d csv.Dialect) ([]string, error) {
	scanner := csv.NewScanner(d)
	for {
		head, whole, err := s.head()
		if err != nil {
			return nil, err
		}
		scanner.Reset(head, whole)
		found := scanner.Next()
		if err := scanner.Err(); err != nil {
			return nil, csvError(err, 1)
		}
		var names []string
		if found {
			s.header = 1
			names = namesOf(scanner)
		}
		if _, err := s.r.Discard(scanner.Consumed()); err != nil || found || whole {
			return names, err
		}
	}
}

func namesOf(s *csv.Scanner) []string {
	names := make([]string, s.Columns())
	for i := range names {
		b, _ := s.Field(i)
		names[i] = string(b)
	}
	return names
}

// isJSONLine reports whether the first line is a JSON object.
func isJSONLine(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return len(line) > 0 && line[0] == '{' && json.Valid(line)
}

// unpack undoes a compression.
func (s *source) unpack(in *watched, c Compression) (io.Reader, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	if c == DetectCompression {
		magic, _ := r.Peek(4) // an error comes again
		switch {
		case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
			c = Gzip
		case string(magic) == "\x28\xb5\x2f\xfd":
			c = Zstd
		}
	}
	switch c {
	case Gzip:
		return gzip.NewReader(r)
	case Zstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err == nil {
			s.close = d.Close
		}
		return d, err
	}
	return r, nil
}

// watched remembers an error of the archive's reader, so that it is told from one
// of what the archive holds.
type watched struct {
	r   io.Reader
	err error
}

// Read implements [io.Reader].
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// blame says whose fault an error of reading is: the reader's, or the archive's.
func (w *watched) blame(err error) error {
	switch {
	case w.err != nil:
		return w.err
	case isQueryError(err):
		return err
	}
	return unpackError(err)
}

func unpackError(err error) error {
	return &query.Error{Code: "InvalidCompressionFormat", Message: "the archive cannot be unpacked: " + err.Error()}
}

func csvError(err error, record int64) error {
	var e *csv.Error
	if errors.As(err, &e) {
		return &query.Error{Code: e.Code, Message: e.Message, Record: record}
	}
	return err
}
