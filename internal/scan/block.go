package scan

import (
	"bytes"
	"context"
	"errors"
	"io"

	"firn/internal/csv"
)

const (
	// blockSize is about how much is evaluated at a time.
	blockSize = 1 << 20
	// maxUncut is how much is looked at for a record delimiter. Without one there
	// is a record that is too long, which is found out when it is evaluated.
	maxUncut = csv.MaxRecord + 16
)

// A block is a stretch of an archive that ends behind a record delimiter, or with
// the archive.
type block struct {
	data []byte
	last bool
	err  error       // of reading: there is no data
	done chan result // of evaluating it, as if it began with a record
}

// A cutter cuts a stream into blocks. It is for one goroutine.
type cutter struct {
	r         io.Reader
	delimiter []byte // the record's
	size      int    // of what is read at a time
	rest      []byte // what was read behind the last block
	free      pool
	ended     bool
}

func newCutter(r io.Reader, delimiter string, size, buffers int) *cutter {
	return &cutter{r: r, delimiter: []byte(delimiter), size: size, free: make(pool, buffers)}
}

// buffer returns memory of a block that is done with, or new memory: enough for a
// record without a delimiter, and one more read.
func (c *cutter) buffer() []byte {
	if b := c.free.get(); b != nil {
		return b
	}
	return make([]byte, 0, max(maxUncut, c.size)+c.size)
}

// next returns the next block.
func (c *cutter) next() *block {
	b := &block{done: make(chan result, 1)}
	data := append(c.buffer(), c.rest...)
	for {
		n, err := readFull(c.r, data[len(data):len(data)+c.size])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			c.ended, b.last, b.data = true, true, data
			return b
		}
		if err != nil {
			c.ended, b.err = true, err
			return b
		}
		cut := bytes.LastIndex(data, c.delimiter)
		if cut >= 0 {
			cut += len(c.delimiter)
		} else if len(data) > maxUncut {
			cut = len(data)
		}
		if cut >= 0 {
			c.rest = append(c.rest[:0], data[cut:]...)
			b.data = data[:cut]
			return b
		}
	}
}

// readFull fills b. Unlike io.ReadFull it leaves the reader's error as it is: the
// end of what was packed is another than that of an archive cut off.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	if n == len(b) {
		return n, nil // an error comes again
	}
	return n, err
}

// cut sends blocks to be evaluated, and in their order to be written, until the
// archive or ctx ends.
func (c *cutter) cut(ctx context.Context, work, order chan<- *block) {
	defer close(order)
	defer close(work)
	for !c.ended && ctx.Err() == nil {
		b := c.next()
		select {
		case order <- b:
		case <-ctx.Done():
			return
		}
		if b.err != nil {
			return
		}
		select {
		case work <- b:
		case <-ctx.Done():
			return
		}
	}
}
