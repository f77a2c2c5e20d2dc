package token

import (
	"encoding/base64"
	"fmt"
	"io"
)

// NewRequestID returns the id of a request, 47 characters, of 35 bytes from random. Give it crypto/rand.Reader; it panics if
// the source fails, which that one does not. A "-" at the beginning becomes "_": command lines would take it for an option,
// and drawing again would leave it to the source when this ends.
func NewRequestID(random io.Reader) string {
	b := make([]byte, 35)
	if _, err := io.ReadFull(random, b); err != nil {
		panic(fmt.Sprintf("token: draw random id: %v", err))
	}
	if b[0]>>2 == dash {
		b[0] |= 1 << 2
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
