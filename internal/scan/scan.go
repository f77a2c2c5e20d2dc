// Package scan runs a query over the bytes of an archive: it unpacks them, cuts
// them into records, and lets several goroutines evaluate at once.
//
// The archive is cut into blocks behind a record delimiter, wherever one is, and
// each block is evaluated as if it began with a record. It does, unless the
// delimiter stood inside quotes; then the block before ends with a record that is
// not complete, which shows when its turn comes to be written, and the block is
// evaluated once more behind it. So the result is that of reading from front to
// back, in the order of the archive, however many there are to work on it, and
// nothing is evaluated more than twice.
//
// Memory does not grow with the archive, with the result, or with what a query
// makes of a record: for each worker and two more there are 2 MiB of the archive, and
// 5 MiB of the result at most; where the columns of a record are, which is 16 MiB for
// a worker if there are a million of them; what is made of a record, which is 16 MiB,
// too, if LOWER and UPPER are asked for it; unpacking takes 32 MiB at most. What is
// evaluated ends with its context.
package scan

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"firn/internal/csv"
	"firn/internal/query"
)

// A Compression is how an archive's bytes are packed.
type Compression uint8

// The compressions. Detect goes by the first bytes, which no text begins with.
const (
	DetectCompression Compression = iota
	Uncompressed
	Gzip
	Zstd
)

// A Form is what an archive's records are.
type Form uint8

// The forms. DetectForm is CSV, unless the first line is a JSON object.
const (
	DetectForm Form = iota
	CSV
	JSONLines
)

// A Header is what the first record of a CSV archive is.
type Header uint8

// The first record is data, names the columns, or is skipped.
const (
	HeaderNone Header = iota
	HeaderUse
	HeaderIgnore
)

// An Input says how an archive is to be read.
type Input struct {
	Compression Compression
	Form        Form
	CSV         csv.Dialect // of Form CSV
	Header      Header      // of Form CSV
}

// Options say how a query is run.
type Options struct {
	// Workers is how many goroutines evaluate at once; 0 means one for each
	// processor, and maxWorkers at most. What comes out does not depend on it.
	Workers int
	// Now is what UTCNOW() is.
	Now time.Time
}

// maxWorkers bounds the memory of a query. So many are faster than any disk.
const maxWorkers = 8

// A Result is what a run has done.
type Result struct {
	Records int64 // that were read, without the header
	Rows    int64 // that were written
}

// A Query is a statement, with the forms of what it reads and writes. It may be
// run by several goroutines at once.
type Query struct {
	statement *query.Statement
	in        Input
	out       csv.Format
	blockSize int // for tests; 0 is blockSize
}

// Compile checks what can be checked without the data. The error is a
// [*query.Error]. The dialect and the format are valid.
func Compile(expression string, in Input, out csv.Format) (*Query, error) {
	s, err := query.Parse(expression)
	if err != nil {
		return nil, err
	}
	if in.Form == CSV && in.Header != HeaderUse {
		_, err = s.Bind(query.Positions())
	}
	return &Query{statement: s, in: in, out: out}, err
}

// Check reads the beginning of an archive, as far as the end of its header, and
// checks the names of columns against it. It takes a few MiB of memory and some
// tenths of a second at most, and gives up with [ErrFar] where Run would go on. The
// error is a [*query.Error], that of ctx, or the reader's own.
func (q *Query) Check(ctx context.Context, r io.Reader) error {
	limited := &io.LimitedReader{R: r, N: maxPeek}
	src, err := q.open(ctx, limited, peekWindow)
	if err == nil {
		src.close()
	}
	if limited.N == 0 && isQueryError(err) {
		return ErrFar
	}
	return err
}

// Run reads the archive from r and writes the records that it selects to w, in
// the order of the archive. Each Write has whole records, some MiB of them at
// most. It ends early when ctx does, and at a LIMIT. What was written before an
// error is good. The error is a [*query.Error], or that of r, w or ctx; r is not
// read any more when Run returns.
func (q *Query) Run(ctx context.Context, r io.Reader, w io.Writer, o Options) (Result, error) {
	if o.Workers == 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), maxWorkers)
	}
	src, err := q.open(ctx, r, maxWindow)
	if err != nil {
		return Result{}, err
	}
	defer src.close()
	if src.program.Limit() == 0 {
		return Result{}, nil
	}
	return q.run(ctx, src, w, o)
}

// bind binds the statement to the form of the records.
func (q *Query) bind(form Form, header []string) (*query.Program, error) {
	switch {
	case form == JSONLines:
		return q.statement.Bind(query.Paths())
	case q.in.Header == HeaderUse:
		return q.statement.Bind(query.Header(header))
	}
	return q.statement.Bind(query.Positions())
}

// isQueryError reports whether an error is the query's or the archive's fault.
func isQueryError(err error) bool {
	var e *query.Error
	return errors.As(err, &e)
}
