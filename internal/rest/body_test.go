package rest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"firn/glacier"
)

// A sender is a client's side of a body, in the time of a synctest bubble, and
// the connection that it comes on.
type sender struct {
	*httptest.ResponseRecorder
	pace     time.Duration // between bytes
	left     int64         // bytes to send; then the sender stalls
	ends     bool          // instead of stalling
	deadline time.Time
	sets     int // calls of SetReadDeadline
	read     int64
}

func (s *sender) SetReadDeadline(t time.Time) error {
	s.deadline = t
	s.sets++
	return nil
}

func (s *sender) Read(p []byte) (int, error) {
	if s.left == 0 && s.ends {
		return 0, io.EOF
	}
	n := int64(1)
	wait := s.pace
	if s.pace == 0 {
		n = min(s.left, int64(len(p)))
	}
	if s.left == 0 {
		wait = 1000 * time.Hour
	}
	if until := time.Until(s.deadline); !s.deadline.IsZero() && wait > until {
		time.Sleep(until)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(wait)
	s.left -= n
	s.read += n
	return int(n), nil
}

func (s *sender) body(declared int64) *body {
	s.ResponseRecorder = httptest.NewRecorder()
	return newBody(&http.Request{Body: io.NopCloser(s), ContentLength: declared}, http.NewResponseController(s), 30*time.Second)
}

func TestBody(t *testing.T) {
	for _, test := range []struct {
		name     string
		s        sender
		after    time.Duration // until it ends
		timesOut bool
	}{
		{"whole at once", sender{left: 5_000_000, ends: true}, 0, false},
		{"stalls at once", sender{}, 30 * time.Second, true},
		{"stalls in the middle", sender{left: 100}, 30 * time.Second, true},
		{"pauses that are too long", sender{left: 100, pace: 31 * time.Second}, 30 * time.Second, true},
		{"drips, a byte each 29 seconds", sender{left: 100, pace: 29 * time.Second}, 3 * 29 * time.Second, true},
		{"drips, a byte each millisecond", sender{left: 200_000, pace: time.Millisecond}, 60*time.Second + time.Millisecond, true},
		{"slow, but within bounds", sender{left: 200_000, ends: true, pace: 900 * time.Microsecond}, 180 * time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				want := test.s.left
				got, err := io.Copy(io.Discard, test.s.body(max(want, 1)))
				if d := time.Since(began); d != test.after {
					t.Errorf("ended after %v, want %v", d, test.after)
				}
				if !test.timesOut && (err != nil || got != want) {
					t.Errorf("%d bytes, %v; want %d", got, err, want)
				}
				var refused *glacier.Error
				if test.timesOut && (!errors.As(err, &refused) || refused.Code != glacier.RequestTimeout) {
					t.Errorf("error %v, want a timeout", err)
				}
			})
		})
	}
}

func TestDocument(t *testing.T) {
	for _, test := range []struct {
		name     string
		s        sender
		declared int64
		code     glacier.Code // empty: a success
		after    time.Duration
	}{
		{"largest", sender{left: glacier.MaxDocument, ends: true}, glacier.MaxDocument, "", 0},
		{"declared too large", sender{}, glacier.MaxDocument + 1, glacier.BadRequest, 0},
		{"too large without a length", sender{left: glacier.MaxDocument + 1, ends: true}, -1, glacier.BadRequest, 0},
		{"endless", sender{left: 1 << 40}, -1, glacier.BadRequest, 0},
		{"drips", sender{left: 100, pace: time.Second}, 100, glacier.RequestTimeout, 30 * time.Second},
		{"stalls", sender{}, 100, glacier.RequestTimeout, 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				doc, err := test.s.body(test.declared).document(test.declared)
				if d := time.Since(began); d != test.after {
					t.Errorf("ended after %v, want %v", d, test.after)
				}
				var refused *glacier.Error
				switch {
				case test.code == "" && (err != nil || int64(len(doc)) != test.declared):
					t.Errorf("%d bytes, %v", len(doc), err)
				case test.code != "" && (!errors.As(err, &refused) || refused.Code != test.code):
					t.Errorf("error %v, want %s", err, test.code)
				}
			})
		})
	}
}

// The library reads on after the body, to notice when the client goes away. A
// deadline left behind, or set without a body, would look as if it had.
func TestNoDeadlineWithoutABody(t *testing.T) {
	s := sender{ends: true}
	b := s.body(0)
	if doc, err := b.document(0); err != nil || len(doc) != 0 {
		t.Errorf("document %q, %v", doc, err)
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read %d, %v", n, err)
	}
	b.drain()
	if s.sets != 0 {
		t.Errorf("%d deadlines were set", s.sets)
	}

	s = sender{left: 10, ends: true}
	b = s.body(10)
	if doc, err := b.document(10); err != nil || !bytes.Equal(doc, make([]byte, 10)) {
		t.Errorf("document %q, %v", doc, err)
	}
	before := s.sets
	b.Read(make([]byte, 1))
	b.drain()
	if s.sets != before {
		t.Errorf("%d deadlines were set after the end", s.sets-before)
	}
}

func TestDrainIsBounded(t *testing.T) {
	for _, test := range []struct {
		name  string
		s     sender
		after time.Duration
		most  int64
	}{
		{"stalls", sender{}, drainTime, 0},
		{"drips", sender{left: 1000, pace: time.Second}, drainTime, 5},
		{"endless", sender{left: 1 << 40}, 0, drainBytes},
		{"ends", sender{left: 1 << 20, ends: true}, 0, 1 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				test.s.body(-1).drain()
				if d := time.Since(began); d != test.after {
					t.Errorf("ended after %v, want %v", d, test.after)
				}
				if test.s.read > test.most {
					t.Errorf("%d bytes were read", test.s.read)
				}
			})
		})
	}
}
