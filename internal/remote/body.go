package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/client"
	"firn/treehash"
)

// A Content is bytes to be sent: a section of something that can be read
// again, with its hashes.
type Content struct {
	At           io.ReaderAt
	Offset, Size int64
	Linear, Tree treehash.Hash
	// Token, if not empty, names an upload in one request: the same token with the
	// same content is the same archive. Letters, digits, hyphens and underscores, at
	// most 64.
	Token string
	// Sent, if not nil, hears of bytes that were sent, and, with a negative
	// number, of as many that have to be sent again.
	Sent func(n int64)
}

// Measure reads a section once, for its hashes. An error is the reader's, or
// io.ErrUnexpectedEOF if the section is not whole.
func Measure(ctx context.Context, at io.ReaderAt, offset, size int64) (Content, error) {
	h := treehash.NewHasher()
	buf := make([]byte, min(size, treehash.LeafSize))
	for done := int64(0); done < size; {
		if ctx.Err() != nil {
			return Content{}, context.Cause(ctx)
		}
		n, err := at.ReadAt(buf[:min(int64(len(buf)), size-done)], offset+done)
		h.Write(buf[:n])
		done += int64(n)
		if err != nil && done < size {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return Content{}, err
		}
	}
	c := Content{At: at, Offset: offset, Size: size}
	c.Tree, c.Linear = h.Sum()
	return c, nil
}

// A localError is a failure to read what should be sent.
type localError struct{ error }

func (e *localError) Unwrap() error { return e.error }

func isLocal(err error) bool {
	_, ok := errors.AsType[*localError](err)
	return ok
}

// A stallError is the end of a connection on which nothing moved.
type stallError struct{ after time.Duration }

func (e *stallError) Error() string { return fmt.Sprintf("nothing moved for %s", e.after) }

// A watch ends a request when it waits for the other side, and nothing moves
// for a while.
type watch struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
	after  time.Duration
}

func newWatch(ctx context.Context, after time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watch{
		cancel: cancel, after: after,
		timer: time.AfterFunc(after, func() { cancel(&stallError{after}) }),
	}
}

// wait begins to wait for the other side.
func (w *watch) wait() { w.timer.Reset(w.after) }

// rest stops waiting: it is our turn.
func (w *watch) rest() { w.timer.Stop() }

func (w *watch) end() {
	w.rest()
	w.cancel(nil)
}

// attempt sends a call once.
func (s *Service) attempt(ctx context.Context, c call) (*http.Response, error) {
	watched, w := newWatch(ctx, s.cfg.Retry.Stall)
	q := client.Request{Method: c.method, Path: c.path, Header: c.header}
	var out *outgoing
	switch {
	case c.content != nil:
		out = &outgoing{s: s, ctx: watched, watch: w, content: c.content}
		q.Body = client.Stream(out, c.content.Size, c.content.Linear)
	case c.document != nil:
		q.Body = client.Bytes(c.document)
	}
	resp, err := s.cfg.Client.Do(watched, q)
	if err == nil {
		w.rest()
		resp.Body = &incoming{s: s, ctx: watched, watch: w, body: resp.Body}
		return resp, nil
	}
	if cause, ok := errors.AsType[*stallError](context.Cause(watched)); ok {
		err = cause
	}
	w.end()
	if out != nil {
		if failed := out.takeBack(); failed != nil {
			return nil, &localError{failed}
		}
	}
	return nil, err
}

// outgoing is the body of one attempt.
type outgoing struct {
	s       *Service
	ctx     context.Context
	watch   *watch
	content *Content

	mu     sync.Mutex // the transport may still read when the attempt has failed
	done   int64
	over   bool
	failed error // to read
}

func (o *outgoing) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	left := o.content.Size - o.done
	if left == 0 {
		return 0, io.EOF
	}
	if o.over {
		return 0, errors.New("the attempt is over")
	}
	p = p[:min(int64(len(p)), left, maxRead)]
	o.watch.rest()
	defer o.watch.wait()
	if err := o.s.pace(o.ctx, len(p)); err != nil {
		return 0, err
	}
	n, err := o.content.At.ReadAt(p, o.content.Offset+o.done)
	o.done += int64(n)
	if n > 0 && o.content.Sent != nil {
		o.content.Sent(int64(n))
	}
	switch {
	case n == len(p):
		return n, nil
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	o.failed = err
	return n, err
}

// takeBack ends the body of an attempt that failed, and returns the error of
// the reader, if it was that.
func (o *outgoing) takeBack() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over && o.content.Sent != nil {
		o.content.Sent(-o.done)
	}
	o.over = true
	return o.failed
}

// maxRead bounds the bytes for which Pace is asked at a time.
const maxRead = glacier.MiB

func (s *Service) pace(ctx context.Context, n int) error {
	if s.cfg.Pace == nil || n == 0 {
		return nil
	}
	return s.cfg.Pace(ctx, n)
}

// incoming is the body of a reply.
type incoming struct {
	s     *Service
	ctx   context.Context
	watch *watch
	body  io.ReadCloser
}

func (i *incoming) Read(p []byte) (int, error) {
	p = p[:min(len(p), maxRead)]
	i.watch.wait()
	n, err := i.body.Read(p)
	i.watch.rest()
	if pause := i.s.pace(i.ctx, n); pause != nil && err == nil {
		err = pause
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if cause := context.Cause(i.ctx); cause != nil {
			err = cause
		}
		err = i.s.broken(err)
	}
	return n, err
}

// broken is the error of a reply that breaks off.
func (s *Service) broken(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Unreachable{s.cfg.Client.Endpoint(), err}
}

func (i *incoming) Close() error {
	defer i.watch.end()
	return i.body.Close()
}
