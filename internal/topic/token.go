package topic

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"firn/internal/record"
)

// A token confirms one subscription and is good for nothing else. It is
// nowhere stored; it is, in hexadecimal,
//
//	offset  bytes
//	     0      1  1
//	     1     16  topic ‖ subscription, 64 bits each, big-endian
//	    17     32  HMAC-SHA256(key, those 17 bytes ‖ the subscription's public id)
//
// with a key that is made of the signing key.
const (
	tokenVersion = 1
	tokenNumbers = 17
	tokenSize    = tokenNumbers + sha256.Size
)

// token returns what a subscription is confirmed with.
func (s *Service) token(sub *record.Subscription) string {
	var b [tokenSize]byte
	b[0] = tokenVersion
	binary.BigEndian.PutUint64(b[1:], sub.Topic)
	binary.BigEndian.PutUint64(b[9:], sub.Number)
	h := hmac.New(sha256.New, s.signer.secret[:])
	h.Write(b[:tokenNumbers])
	h.Write([]byte(sub.Public))
	copy(b[tokenNumbers:], h.Sum(nil))
	return hex.EncodeToString(b[:])
}

// tokenNumbersOf reads which subscription a token is of. Whether it is, is for
// tokenIs to say.
func tokenNumbersOf(token string) (topic, subscription uint64, ok bool) {
	b, err := hex.DecodeString(token)
	if err != nil || len(b) != tokenSize || b[0] != tokenVersion {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(b[1:]), binary.BigEndian.Uint64(b[9:]), true
}

// tokenIs reports whether the token confirms the subscription, in constant
// time.
func (s *Service) tokenIs(token string, sub *record.Subscription) bool {
	return hmac.Equal([]byte(token), []byte(s.token(sub)))
}
