package token

import (
	"encoding/base64"
	"fmt"
	"io"
)

// NewRequestID returns the id of a request, 47 characters, of 35 bytes from random. Give it crypto/rand.Reader; it panics if
// the source fails, which that one does not.
func NewRequestID(random io.Reader) string {
	return draw(random, 35)
}

// NewShort returns the id of a vault lock or of provisioned capacity, 24 characters, of 18 bytes from random, with the rules
// of [NewRequestID]. It hides nothing, and is compared with what is stored.
func NewShort(random io.Reader) string {
	return draw(random, 18)
}

// draw writes size random bytes as base64url. A "-" at the beginning becomes "_": command lines would take it for an option,
// and drawing again would leave it to the source when this ends.
func draw(random io.Reader, size int) string {
	b := make([]byte, size)
	if _, err := io.ReadFull(random, b); err != nil {
		panic(fmt.Sprintf("token: draw random id: %v", err))
	}
	if b[0]>>2 == dash {
		b[0] |= 1 << 2
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
