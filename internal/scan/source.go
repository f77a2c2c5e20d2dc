package scan

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	// maxSkip is how much may stand before a header: comments and blank lines.
	maxSkip = 4 << 20
	// maxWindow bounds the memory of unpacking. zstd asks everybody for a quarter
	// of it, and only its options --long and --ultra use more.
	maxWindow = 32 << 20
	// maxPeek and peekWindow are how much Check reads of an archive as it lies
	// there, and what it unpacks it with.
	maxPeek    = 8 << 20
	peekWindow = 8 << 20
)

// ErrFar is the error of Check if an archive's header is not where it looks for it.
var ErrFar = errors.New("the header is too far from the beginning")

// A source is an archive whose header was read.
type source struct {
	in      *watched
	r       io.Reader
	close   func()
	form    Form
	program *query.Program
	header  int64 // records in it: 0 or 1
}

// open reads the beginning of an archive. The source reads r until it is closed.
func (q *Query) open(ctx context.Context, r io.Reader, window uint64) (*source, error) {
	in := &watched{ctx: ctx, r: r}
	unpacked, done, err := unpack(in, q.in.Compression, window)
	if err != nil {
		return nil, in.blame(err)
	}
	s := &source{in: in, close: done, form: q.in.Form}
	if err := s.begin(ctx, q, unpacked); err != nil {
		s.close()
		if errors.Is(err, zstd.ErrWindowSizeExceeded) && window < maxWindow {
			return nil, ErrFar
		}
		return nil, in.blame(err)
	}
	return s, nil
}

// begin finds out what the records are, and reads the header.
func (s *source) begin(ctx context.Context, q *Query, unpacked io.Reader) error {
	h := &head{r: bufio.NewReaderSize(unpacked, headSize)}
	if mark, err := h.r.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		h.discard(len(mark))
	}
	first, _, err := h.peek()
	if err != nil {
		return err
	}
	if s.form == DetectForm {
		s.form = CSV
		if isJSONLine(first) {
			s.form = JSONLines
		}
	}
	var names []string
	if s.form == CSV && q.in.Header != HeaderNone {
		if names, err = s.readHeader(ctx, q.in.CSV, h); err != nil {
			return err
		}
	}
	// What follows is read without a buffer between.
	rest, _, err := h.peek()
	if err != nil {
		return err
	}
	s.r = io.MultiReader(bytes.NewReader(rest), unpacked)
	s.program, err = q.bind(s.form, names)
	return err
}

const byteOrderMark = "\ufeff"

// A head looks at the beginning of what an archive holds.
type head struct {
	r *bufio.Reader
}

// peek shows what comes next, and whether that is all there is.
func (h *head) peek() (b []byte, whole bool, err error) {
	b, err = h.r.Peek(headSize)
	if errors.Is(err, io.EOF) {
		return b, true, nil
	}
	return b, false, err
}

// discard skips what was shown.
func (h *head) discard(n int) {
	if _, err := h.r.Discard(n); err != nil {
		panic(err) // it was shown
	}
}

// readHeader consumes the first record of a CSV archive, and what stands before
// it. Without any record there are no names.
func (s *source) readHeader(ctx context.Context, d csv.Dialect, h *head) ([]string, error) {
	scanner := csv.NewScanner(d)
	for skipped := 0; ; {
		b, whole, err := h.peek()
		if err != nil {
			return nil, err
		}
		scanner.Reset(b, whole)
		found := scanner.Next()
		if err := scanner.Err(); err != nil {
			return nil, csvError(err, 1)
		}
		var names []string
		if found {
			s.header = 1
			names = namesOf(scanner)
		}
		skipped += scanner.Consumed()
		h.discard(scanner.Consumed())
		if found || whole {
			return names, nil
		}
		if skipped > maxSkip {
			return nil, &query.Error{Code: "MissingHeaders", Message: fmt.Sprintf("there is no header within the first %d bytes", maxSkip)}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
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

// unpack undoes a compression. done gives back what that takes.
func unpack(in io.Reader, c Compression, window uint64) (r io.Reader, done func(), err error) {
	done = func() {}
	packed := bufio.NewReaderSize(in, 64<<10)
	if c == DetectCompression {
		magic, err := packed.Peek(4)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, done, err
		}
		c = detect(magic)
	}
	switch c {
	case Gzip:
		r, err = gzip.NewReader(packed)
	case Zstd:
		var d *zstd.Decoder
		d, err = zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderLowmem(true))
		if err == nil {
			r, done = d, d.Close
		}
	default:
		r = packed
	}
	return r, done, err
}

// detect tells compressions by what they begin with. No text does so.
func detect(magic []byte) Compression {
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		return Gzip
	case string(magic) == "\x28\xb5\x2f\xfd",
		len(magic) == 4 && magic[0]&0xf0 == 0x50 && string(magic[1:]) == "\x2a\x4d\x18": // a frame to be skipped
		return Zstd
	}
	return Uncompressed
}

// watched remembers an error of the archive's reader, so that it is told from one
// of what the archive holds. It ends with its context: an archive can be of packed
// nothing, of which no block ever comes.
type watched struct {
	ctx context.Context
	r   io.Reader
	err error
}

// Read implements [io.Reader].
func (w *watched) Read(p []byte) (int, error) {
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	if w.err != nil {
		return 0, w.err
	}
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
	case isQueryError(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return unpackError(err)
}

func unpackError(err error) error {
	why := err.Error()
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		why = fmt.Sprintf("its window is larger than %d MiB, as zstd makes it with --long or --ultra", maxWindow>>20)
	}
	return &query.Error{Code: "InvalidCompressionFormat", Message: "the archive cannot be unpacked: " + why}
}

func csvError(err error, record int64) error {
	var e *csv.Error
	if errors.As(err, &e) {
		return &query.Error{Code: e.Code, Message: e.Message, Record: record}
	}
	return err
}
