package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/client"
)

// A Retry says how long to insist. The zero Retry has the defaults.
type Retry struct {
	Attempts int           // of each request; default 10, which takes some three minutes
	First    time.Duration // pause after the first attempt, doubled after each; default 500 ms
	Longest  time.Duration // of all pauses; default 30 s
	Stall    time.Duration // after which a connection on which nothing moves is given up; default 2 min
	// Told is called before a pause; nil if nobody wants to know. It may be
	// called concurrently.
	Told func(Trouble)
	// Sleep waits; default a timer. It returns early when the context ends.
	Sleep func(context.Context, time.Duration) error
}

// A Trouble is a request that failed and will be tried again.
type Trouble struct {
	Err     error
	Attempt int // that failed, from 1
	Pause   time.Duration
}

func (r Retry) withDefaults() Retry {
	r.Attempts = cmp.Or(r.Attempts, 10)
	r.First = cmp.Or(r.First, 500*time.Millisecond)
	r.Longest = cmp.Or(r.Longest, 30*time.Second)
	r.Stall = cmp.Or(r.Stall, 2*time.Minute)
	if r.Told == nil {
		r.Told = func(Trouble) {}
	}
	if r.Sleep == nil {
		r.Sleep = Sleep
	}
	return r
}

// Sleep waits, or until the context ends, whose cause it then returns.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// pause is the time after the n-th attempt. A part of it is left to chance, so
// that many who were refused together do not come back together.
func (r Retry) pause(n int) time.Duration {
	d := min(r.First<<min(n-1, 20), r.Longest)
	return d/2 + rand.N(d/2+1)
}

// strangers is how often an endpoint is tried that has never answered.
const strangers = 3

// A call is a request that can be sent more than once.
type call struct {
	method, path string
	header       http.Header
	document     []byte
	content      *Content // sent instead of document
	// once marks a call that must not be repeated if the server may have acted.
	once bool
	// gone marks a call that wants something to be gone: if it is found gone by
	// a later attempt, an earlier one has done it.
	gone bool
}

// A Kept is the error of what was to be deleted and certainly was not: the server
// has refused it. After any other error but that there is none, it may be gone.
type Kept struct{ Err error }

func (e *Kept) Error() string { return e.Err.Error() }

func (e *Kept) Unwrap() error { return e.Err }

// do sends a call until it is answered, refused for good, or has failed often
// enough. The body of the response is the caller's to close.
func (s *Service) do(ctx context.Context, c call) (*http.Response, error) {
	for attempt, sure := 1, true; ; attempt++ {
		resp, err := s.attempt(ctx, c)
		if err == nil {
			s.answered.Store(true)
			return resp, nil
		}
		if refusal, ok := errors.AsType[*client.Error](err); ok {
			s.answered.Store(true)
			if c.gone && attempt > 1 && refusal.Status == http.StatusNotFound {
				return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody}, nil
			}
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		sure = sure && refused(err) // a later refusal says nothing of the attempts before it
		if !s.again(err, c.once, attempt) {
			if err = s.explain(err); c.gone && sure && !IsNotFound(err) {
				err = &Kept{err}
			}
			return nil, err
		}
		pause := s.cfg.Retry.pause(attempt)
		s.cfg.Retry.Told(Trouble{Err: s.explain(err), Attempt: attempt, Pause: pause})
		if err := s.cfg.Retry.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// again reports whether a call that has failed is worth another attempt.
func (s *Service) again(err error, once bool, attempt int) bool {
	if attempt >= s.cfg.Retry.Attempts {
		return false
	}
	if refusal, ok := errors.AsType[*client.Error](err); ok {
		return passing(refusal, once)
	}
	switch {
	case once, isLocal(err), isSettled(err):
		return false
	case !s.answered.Load():
		return attempt < strangers
	}
	return true
}

// passing reports whether a refusal may be none the next time.
func passing(e *client.Error, once bool) bool {
	if e.Refusal != nil {
		switch code := string(e.Refusal.Code); {
		case strings.Contains(code, "Throttl"), code == "SlowDown", code == "RequestLimitExceeded":
			return true // and nothing was done
		case e.Refusal.Code == glacier.InsufficientCapacity, e.Refusal.Code == glacier.NotImplemented:
			return false
		}
	}
	switch e.Status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return !once
	}
	return false
}

// isSettled reports whether no attempt will ever reach the server.
func isSettled(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*stallError](err); ok {
		return false
	}
	u, ok := errors.AsType[*url.Error](err)
	return !ok || u.Op == "parse" // what is no failure to send is a failure to build
}

// An Unreachable is an endpoint that does not answer, or breaks off.
type Unreachable struct {
	Endpoint string
	Err      error
}

func (e *Unreachable) Error() string {
	return fmt.Sprintf("no server answers at %s: %s", e.Endpoint, e.Err)
}

func (e *Unreachable) Unwrap() error { return e.Err }

// explain puts a failure in words.
func (s *Service) explain(err error) error {
	if stalled, ok := errors.AsType[*stallError](err); ok {
		return &Unreachable{s.cfg.Client.Endpoint(), stalled}
	}
	if u, ok := errors.AsType[*url.Error](err); ok && !isLocal(err) {
		return &Unreachable{s.cfg.Client.Endpoint(), u.Err}
	}
	if refusal, ok := errors.AsType[*client.Error](err); ok && IsRefusal(err, glacier.InvalidSignature) && !refusal.Date.IsZero() {
		if off := time.Since(refusal.Date).Round(time.Second); off.Abs() > maxSkew {
			return &Skewed{Off: off, Err: err}
		}
	}
	return err
}

// maxSkew is how far a clock may be off the server's before that is the likely
// reason of a signature that is not accepted.
const maxSkew = 4 * time.Minute

// A Skewed is a refusal for which this machine's clock is the likely reason.
type Skewed struct {
	Off time.Duration // positive if this machine's clock is ahead
	Err error
}

func (e *Skewed) Error() string {
	side := "ahead of"
	if e.Off < 0 {
		side = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s the server's, so that signatures are not accepted; set it and try again: %s", e.Off.Abs(), side, e.Err)
}

func (e *Skewed) Unwrap() error { return e.Err }
