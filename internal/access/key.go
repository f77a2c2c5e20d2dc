package access

import (
	"crypto/rand"
	"errors"
	"fmt"
)

const (
	keyIDPrefix  = "AKIA"
	keyIDLength  = 20
	secretLength = 40

	maxKeyIDLength  = 128
	maxSecretLength = 256
)

// The alphabets that Amazon's keys have. The length of each is a power of two,
// so that a random byte picks evenly.
const (
	keyIDAlphabet  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

// NewKey makes up an access key: an id of 20 characters beginning with AKIA
// (80 random bits) and a secret of 40 (240 random bits).
func NewKey() (id, secret string) {
	return keyIDPrefix + randomText(keyIDAlphabet, keyIDLength-len(keyIDPrefix)), randomText(secretAlphabet, secretLength)
}

func randomText(alphabet string, n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// checkKey refuses a key that could not sign: the id stands between slashes
// and commas in the Authorization header.
func checkKey(id, secret string) error {
	if id == "" || len(id) > maxKeyIDLength {
		return fmt.Errorf("access key id must have 1 to %d characters", maxKeyIDLength)
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_', c == '-', c == '.':
		default:
			return errors.New("access key id may have letters, digits and _ - . only")
		}
	}
	if secret == "" || len(secret) > maxSecretLength {
		return fmt.Errorf("secret of access key %s must have 1 to %d bytes", id, maxSecretLength)
	}
	return nil
}
