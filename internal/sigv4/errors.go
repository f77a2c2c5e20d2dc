package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// The kinds of refusal. Every error of this package is an [*Error] that wraps one of them.
var (
	ErrMissing    = errors.New("no signature")         // the request carries none: MissingAuthenticationTokenException
	ErrIncomplete = errors.New("incomplete signature") // a part is missing or cannot be read: IncompleteSignatureException
	ErrInvalid    = errors.New("invalid signature")    // well-formed and refused: InvalidSignatureException
)

// Error is a refusal with the text for the client. The text may repeat what the client sent, but for session tokens, cookies
// and Authorization headers, which it does not hold.
type Error struct {
	Kind    error // ErrMissing, ErrIncomplete or ErrInvalid
	Message string
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Kind }

func incomplete(message string) error {
	return &Error{Kind: ErrIncomplete, Message: message}
}

func invalid(message string) error {
	return &Error{Kind: ErrInvalid, Message: message}
}

// digest stands for an Authorization header in an error's text. The header could hold a password in another scheme.
func digest(header string) string {
	sum := sha256.Sum256([]byte(header))
	return base64.StdEncoding.EncodeToString(sum[:])
}
