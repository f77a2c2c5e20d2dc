package queue

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"

	"firn/internal/token"
)

// A handle is what a receipt handle stands for.
type handle struct {
	queue, message uint64
	receive        uint64 // random: which receive of the message it was
}

// A sealer makes receipt handles and reads them back. The text is unpadded
// base64url of
//
//	offset  bytes
//	     0      1  1, so that no text begins with "-", which command lines take for an option
//	     1     16  tag: the beginning of HMAC-SHA256(key, 'T' ‖ fields)
//	    17     24  fields, XOR HMAC-SHA256(key, 'S' ‖ tag):
//	               queue ‖ message ‖ receive, 64 bits each, big-endian
//
// with a key that is made of the store's: handles outlive a restart. There is
// one text for a handle, and no other is accepted.
type sealer struct{ key []byte }

const (
	handleVersion = 1
	handleTag     = 16
	handleFields  = 24
	handleSize    = 1 + handleTag + handleFields
)

func newSealer(ids token.Key) sealer {
	h := hmac.New(sha256.New, ids[:])
	h.Write([]byte("firn receipt handles 1"))
	return sealer{h.Sum(nil)}
}

func (s sealer) sum(domain byte, text []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte{domain})
	h.Write(text)
	return h.Sum(nil)
}

// seal returns the text of a handle.
func (s sealer) seal(h handle) string {
	var b [handleSize]byte
	b[0] = handleVersion
	tag, fields := b[1:1+handleTag], b[1+handleTag:]
	binary.BigEndian.PutUint64(fields[0:], h.queue)
	binary.BigEndian.PutUint64(fields[8:], h.message)
	binary.BigEndian.PutUint64(fields[16:], h.receive)
	copy(tag, s.sum('T', fields))
	subtle.XORBytes(fields, fields, s.sum('S', tag))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// open returns what a text stands for, and false if it is no handle.
func (s sealer) open(text string) (h handle, ok bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(handleSize) {
		return handle{}, false
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != handleSize || b[0] != handleVersion {
		return handle{}, false
	}
	tag, fields := b[1:1+handleTag], b[1+handleTag:]
	subtle.XORBytes(fields, fields, s.sum('S', tag))
	h = handle{
		queue:   binary.BigEndian.Uint64(fields[0:]),
		message: binary.BigEndian.Uint64(fields[8:]),
		receive: binary.BigEndian.Uint64(fields[16:]),
	}
	if subtle.ConstantTimeCompare([]byte(s.seal(h)), []byte(text)) != 1 {
		return handle{}, false
	}
	return h, true
}
