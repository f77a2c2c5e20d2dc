package token

import (
	"encoding/base64"
	"fmt"
	"io"
)

// NewRequestID returns the id of a request, 47 characters, of 35 bytes from random. Give it crypto/rand.Reader; it panics if
// the source fails, which that one does not.
func NewRequestID(random io.Reader) string { return draw(random, 35) }

// NewShortID returns the id of a vault lock or of a capacity unit, 24 characters, of 18 bytes from random. As NewRequestID.
func NewShortID(random io.Reader) string { return draw(random, 18) }

// draw returns the text of n random bytes. A "-" at the beginning becomes "_": command lines would take it for an option, and
// drawing again would leave it to the source when this ends.
func draw(random io.Reader, n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		panic(fmt.Sprintf("token: draw random id: %v", err))
	}
	if b[0]>>2 == dash {
		b[0] |= 1 << 2
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
