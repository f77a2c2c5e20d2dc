package migrate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"firn/glacier"
	"firn/internal/remote"
	"firn/treehash"
)

// errExpired means that a job is no longer there, and its output neither.
var errExpired = errors.New("the job's output is no longer there")

// A source reads a part of a job's output, mostly from its beginning to its end,
// and goes on where a connection broke. It holds nothing. It is for one
// goroutine.
type source struct {
	m          *Migration
	ctx        context.Context
	job        glacier.JobID
	first, end int64 // of the output

	out *remote.Output // nil if none is open
	pos int64          // of the next byte of out

	// What the server says is the hash of all of it, once it was asked for.
	tree   treehash.Hash
	hashed bool
}

// open returns a source of size bytes from an offset. Nothing is asked yet.
func (m *Migration) open(ctx context.Context, job glacier.JobID, offset, size int64) *source {
	return &source{m: m, ctx: ctx, job: job, first: offset, end: offset + size}
}

// patience is how often a reply may break off without a byte before it is
// given up.
const patience = 8

// ReadAt implements io.ReaderAt; offsets are those of the whole output.
func (s *source) ReadAt(p []byte, off int64) (n int, err error) {
	short := int64(len(p)) > s.end-off
	if short {
		p = p[:max(0, s.end-off)]
	}
	for broken := 0; n < len(p); {
		got, err := s.readSome(p[n:], off+int64(n))
		n += got
		if got > 0 {
			broken = 0
		}
		if err == nil {
			continue
		}
		s.Close()
		if broken++; !passes(err) || broken == patience || s.ctx.Err() != nil {
			return n, err
		}
		if err := s.m.cfg.Sleep(s.ctx, time.Second<<min(broken-1, 5)); err != nil {
			return n, err
		}
	}
	if short {
		err = io.EOF
	}
	return n, err
}

// passes reports whether an error is of the connection.
func passes(err error) bool {
	_, unreachable := errors.AsType[*remote.Unreachable](err)
	return unreachable || errors.Is(err, io.ErrUnexpectedEOF)
}

// readSome reads until p is full or the reply breaks off.
func (s *source) readSome(p []byte, off int64) (int, error) {
	if s.out == nil || s.pos != off {
		if err := s.reopen(off); err != nil {
			return 0, err
		}
	}
	n, err := io.ReadFull(s.out.Body, p)
	s.pos += int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (s *source) reopen(off int64) error {
	s.Close()
	out, err := s.m.cfg.Source.Output(s.ctx, s.job, off, s.end-1)
	if remote.IsNotFound(err) {
		return errExpired
	}
	if err != nil {
		return err
	}
	if out.Size >= 0 && out.Size != s.end-off {
		return errors.Join(fmt.Errorf("the source sends %d bytes where %d were asked for", out.Size, s.end-off), out.Body.Close())
	}
	if off == s.first {
		s.tree, s.hashed = out.Tree, out.Hashed
	}
	s.out, s.pos = out, off
	return nil
}

// Close lets go of the reply that is open. The source can still be read.
func (s *source) Close() {
	if s.out != nil {
		_ = s.out.Body.Close() // it was only read
		s.out = nil
	}
}
