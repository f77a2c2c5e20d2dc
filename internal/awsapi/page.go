package awsapi

import "encoding/base64"

// maxToken bounds a token, in bytes.
const maxToken = 1024

// NewToken makes a token of the place where a list goes on, fit for a URL and
// a command line; "" is none.
func NewToken(place string) string { return base64.RawURLEncoding.EncodeToString([]byte(place)) }

// ReadToken returns the place that a token stands for, false if it is none.
func ReadToken(token string) (place string, ok bool) {
	if len(token) > maxToken {
		return "", false
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	return string(b), err == nil
}
