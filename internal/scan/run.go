package scan

import (
	"context"
	"errors"
	"io"
	"sync"

	"firn/internal/query"
)

// An evaluation evaluates blocks of one form of records. It is for one goroutine.
type evaluation interface {
	// evaluate evaluates what begins with a record. It ends with the data, with an
	// error, when rows records were selected, or when there is too much output to
	// hold.
	evaluate(data []byte, last bool, rows int64) result
}

// A result is what came of evaluating a block, or the beginning of one.
type result struct {
	out      []byte
	totals   *query.Totals // of a program of aggregates
	records  int64         // that were read
	rows     int64         // that were selected
	consumed int           // bytes, up to the end of a record
	err      error         // about the record behind those; a *query.Error has its number in the block
}

// maxOut is how much output a block has at most before some of it must be written.
const maxOut = 4 << 20

// run lets workers evaluate the blocks, and writes what comes of them in order.
func (q *Query) run(ctx context.Context, src *source, w io.Writer, o Options) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	size, delimiter := blockSize, "\n"
	if q.blockSize > 0 {
		size = q.blockSize
	}
	if src.form == CSV {
		delimiter = q.in.CSV.Record
	}
	limit := src.program.Limit()
	if src.program.Aggregate() {
		limit = -1 // of the one row of the result, not of what it is about
	}
	c := newCutter(src.r, delimiter, size, o.Workers+2)
	outs := make(pool, o.Workers+2)
	work, order := make(chan *block), make(chan *block, o.Workers)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { c.cut(ctx, work, order) })
	for range o.Workers {
		e := q.evaluation(ctx, src, o, outs)
		running.Go(func() {
			for b := range work {
				b.done <- e.evaluate(b.data, b.last, limit)
			}
		})
	}
	j := &joiner{
		program: src.program, again: q.evaluation(ctx, src, o, outs), w: w, header: src.header, left: limit,
		totals: src.program.NewTotals(), blame: src.in.blame, outs: outs,
	}
	err := j.join(ctx, c, order)
	if err == nil && j.program.Aggregate() {
		err = q.writeTotals(ctx, j, o)
	}
	return j.result, err
}

// A pool keeps memory for the output of blocks.
type pool chan []byte

func (p pool) get() []byte {
	select {
	case b := <-p:
		return b[:0]
	default:
		return nil
	}
}

func (p pool) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	select {
	case p <- b:
	default:
	}
}

func (q *Query) evaluation(ctx context.Context, src *source, o Options, outs pool) evaluation {
	env := query.NewEnv(ctx, o.Now)
	if src.form == JSONLines {
		return newLines(rows{q: q, program: src.program, env: env, outs: outs})
	}
	return newRecords(rows{q: q, program: src.program, env: env, outs: outs})
}

// A joiner puts the results of blocks together, from the first to the last. It is
// for one goroutine.
type joiner struct {
	program *query.Program
	again   evaluation // evaluates what was evaluated from a wrong place, or not to its end
	w       io.Writer
	header  int64             // records before the first
	left    int64             // rows that may still come; -1: any number
	totals  *query.Totals     // so far
	tail    []byte            // the beginning of a record that ends in a later block
	blame   func(error) error // of reading
	outs    pool
	result  Result
}

// errLimit is how a joiner says that it has all rows that it may have.
var errLimit = errors.New("no more rows are wanted")

func (j *joiner) join(ctx context.Context, c *cutter, order <-chan *block) error {
	for b := range order {
		if b.err != nil {
			return j.blame(b.err)
		}
		var r result
		select {
		case r = <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := j.add(b, r)
		if errors.Is(err, errLimit) {
			return nil
		}
		if err != nil {
			return err
		}
		c.free.put(b.data)
	}
	return ctx.Err()
}

// add takes the result of a block, which is right if nothing is left over from the
// one before.
func (j *joiner) add(b *block, r result) error {
	data := b.data
	if len(j.tail) > 0 {
		data = append(j.tail, data...)
		r = j.again.evaluate(data, b.last, j.left)
	} else if j.left >= 0 && r.rows >= j.left { // so that nothing is looked at behind the last row
		r = j.again.evaluate(data, b.last, j.left)
	}
	for {
		if err := j.take(r); err != nil {
			return err
		}
		data = data[r.consumed:]
		if r.full() {
			r = j.again.evaluate(data, b.last, j.left)
			continue
		}
		j.tail = append([]byte(nil), data...)
		return nil
	}
}

// full reports whether there was more to evaluate when the output became too much.
func (r *result) full() bool { return len(r.out) >= maxOut }

// take writes what a result has, and counts it.
func (j *joiner) take(r result) error {
	before := j.header + j.result.Records
	j.result.Records += r.records
	if r.totals == nil {
		j.result.Rows += r.rows
	}
	if len(r.out) > 0 {
		if _, err := j.w.Write(r.out); err != nil {
			return err
		}
	}
	j.outs.put(r.out)
	if r.totals != nil && r.err == nil {
		if err := j.totals.Merge(r.totals); err != nil {
			return err
		}
	}
	if j.left >= 0 {
		if j.left -= r.rows; j.left <= 0 {
			return errLimit
		}
	}
	return numbered(r.err, before)
}

// numbered makes the number of a record in a block that in the archive.
func numbered(err error, before int64) error {
	var e *query.Error
	if errors.As(err, &e) && e.Record > 0 {
		here := *e
		here.Record += before
		return &here
	}
	return err
}

// writeTotals writes the one row of a program of aggregates.
func (q *Query) writeTotals(ctx context.Context, j *joiner, o Options) error {
	env := query.NewEnv(ctx, o.Now)
	env.Use(j.totals)
	row, err := q.appendRow(nil, j.program, env)
	if err != nil {
		return err
	}
	j.result.Rows = 1
	_, err = j.w.Write(row)
	return err
}
