package audit

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// What a client may make of a line, in bytes before JSON escapes them.
const (
	maxText   = 1 << 10 // any string
	maxKey    = 128     // the name of a parameter
	maxParams = 32      // parameters in one map

	// maxLine is more than the longest line can have: 3 maps and some 20 strings, every byte a control character that takes six.
	maxLine = 1 << 20
)

const ellipsis = "…"

// encoder makes lines, each in the memory of the one before.
type encoder struct {
	buf   bytes.Buffer
	json  *json.Encoder
	event Event // the one being encoded, in memory that need not be allocated each time
}

func newEncoder() *encoder {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false) // People read this, browsers do not.
	return e
}

// encode returns the line of an event, valid until the next call.
func (e *encoder) encode(event *Event, now time.Time) ([]byte, error) {
	defer func() { e.event = Event{} }() // Keep nobody's strings alive.
	e.event = *event
	e.event.fill(now)
	e.event.cut()
	e.buf.Reset()
	if err := e.json.Encode(&e.event); err != nil {
		return nil, fmt.Errorf("encode audit event: %w", err)
	}
	return e.buf.Bytes(), nil
}

// fill sets what the caller need not give.
func (e *Event) fill(now time.Time) {
	if e.Time.IsZero() {
		e.Time = now
	}
	e.Time = e.Time.UTC().Truncate(time.Second)
	e.Version = eventVersion
	e.Source = cmp.Or(e.Source, eventSource)
	e.ID = newID()
	e.Type = eventType
	e.APIVersion = cmp.Or(e.APIVersion, apiVersion)
	e.Management = true
	e.Category = eventCategory
}

// cut bounds everything that a client can have a hand in, which is safest understood as everything.
func (e *Event) cut() {
	who := &e.Identity
	for _, s := range [...]*string{
		&who.Type, &who.PrincipalID, &who.ARN, &who.AccountID, &who.AccessKeyID, &who.UserName,
		&e.Name, &e.Region, &e.IP, &e.UserAgent, &e.ErrorCode, &e.ErrorMessage, &e.RequestID, &e.Account,
	} {
		*s = cut(*s, maxText)
	}
	e.Request = cutParams(e.Request)
	e.Response = cutParams(e.Response)
	e.Additional = cutParams(e.Additional)
	if e.TLS != nil {
		e.TLS = &TLS{
			Version:     cut(e.TLS.Version, maxText),
			CipherSuite: cut(e.TLS.CipherSuite, maxText),
			Host:        cut(e.TLS.Host, maxText),
		}
	}
}

// cutParams returns m itself if there is nothing to cut.
func cutParams(m map[string]string) map[string]string {
	fits := len(m) <= maxParams
	for k, v := range m {
		fits = fits && sound(k, maxKey) && sound(v, maxText)
	}
	if fits {
		return m
	}
	short := make(map[string]string, maxParams)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if len(short) == maxParams {
			break
		}
		if _, taken := short[cut(k, maxKey)]; !taken {
			short[cut(k, maxKey)] = cut(m[k], maxText)
		}
	}
	return short
}

// sound reports whether a string can be printed as it is.
func sound(s string, limit int) bool { return len(s) <= limit && utf8.ValidString(s) }

// cut returns s with what is not UTF-8 replaced and, if it is then longer than limit bytes, cut between two characters, with an
// ellipsis inside the limit.
func cut(s string, limit int) string {
	if sound(s, limit) {
		return s
	}
	long := len(s) > limit
	if long {
		s = prefix(s, limit) // first, because s may be megabytes
	}
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if !long && len(s) <= limit {
		return s
	}
	return prefix(s, limit-len(ellipsis)) + ellipsis
}

// prefix returns at most n bytes of s, and does not end inside a character.
func prefix(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for range utf8.UTFMax - 1 {
		if n == 0 || utf8.RuneStart(s[n]) {
			break
		}
		n--
	}
	return s[:n]
}

// newID returns a random UUID, version 4 (RFC 9562).
func newID() string {
	var u [16]byte
	rand.Read(u[:]) // It never fails.
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var text [36]byte
	at := 0
	for _, group := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if at > 0 {
			text[at] = '-'
			at++
		}
		at += hex.Encode(text[at:], group)
	}
	return string(text[:])
}
