// Package token makes the public ids of archives, uploads and jobs and the markers of lists, and reads them back.
//
// A public id is sealed: it holds the internal id of what it names, hidden and authenticated with the store's id key. So it
// needs no index of its own, an id that was never given out is refused without looking anywhere, and to whoever has no key it
// is as random as Glacier's. The text is unpadded base64url of
//
//	offset  bytes
//	     0     13  tag: the beginning of HMAC-SHA256(key, 'T' ‖ kind ‖ n ‖ fields)
//	    13     24  fields, XOR the beginning of the stream:
//	               vault ‖ number ‖ random, 64 bits each, big-endian
//	    37      …  the rest of the stream, until the length that Glacier has for the kind:
//	               archive 103 bytes (138 characters), upload and job 69 (92),
//	               inventory marker 101 (135), parts and page markers 37 (50)
//
//	stream = HMAC-SHA256(key, 'S' ‖ 0 ‖ tag) ‖ HMAC-SHA256(key, 'S' ‖ 1 ‖ tag) ‖ …
//
// where n is one byte, the smallest with which the text does not begin with "-": command lines take that for an option. The
// nonce is made from the message (as in SIV, RFC 5297), so the same id always has the same text, and nothing must be drawn at
// random. Reading an id seals its fields again and compares the whole text, so there is one text for an id, and no other is
// accepted.
//
// These bytes are in the hands of customers, for decades: they may be added to with new kinds, never changed.
//
// The package does not promise that what an id names exists, or belongs to the vault in the request: it says which vault it
// was made for, and the caller compares that, and the random number, with what it finds.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
)

// Key is the secret that ids are sealed with. It may be used concurrently.
type Key [32]byte

// String keeps the key out of logs.
func (Key) String() string { return "(id key)" }

// GoString keeps the key out of logs.
func (Key) GoString() string { return "(id key)" }

// Kind says what an id names. An id of one kind is not accepted as one of another.
type Kind byte

// The numbers are part of the format.
const (
	Archive         Kind = 1
	Upload          Kind = 2
	Job             Kind = 3
	InventoryMarker Kind = 4 // where the next page of a ranged inventory begins
	PartsMarker     Kind = 5 // where the next page of a list of parts begins
	PageMarker      Kind = 6 // where a page of a list begins or ends that Glacier does not have
)

// ID is what a public id stands for. For markers the three numbers are what the list that reads them again wants them to be.
type ID struct {
	Kind   Kind
	Vault  uint64 // internal id of the vault
	Number uint64 // internal id: the LSN of the creation
	Random uint64 // kept with what is named, so that a number given out twice after a restored disk names nothing else
}

const (
	tagSize    = 13
	fieldsSize = 24
	headSize   = tagSize + fieldsSize
	maxSize    = 103
)

// size returns the number of bytes under the text, 0 for a kind that does not exist.
func (k Kind) size() int {
	switch k {
	case Archive:
		return maxSize
	case Upload, Job:
		return 69
	case InventoryMarker:
		return 101
	case PartsMarker, PageMarker:
		return headSize
	}
	return 0
}

// Seal returns the public text of id: always the same for the same id, of the length of its kind, never beginning with "-".
// It panics if the kind does not exist.
func (k Key) Seal(id ID) string {
	size := id.Kind.size()
	if size == 0 {
		panic(fmt.Sprintf("token: seal id of kind %d", id.Kind))
	}
	return seal(hmac.New(sha256.New, k[:]), id, size)
}

// Open returns what s stands for, and false if s cannot be an id of that kind made with this key. The comparison
// takes constant time, and there is no I/O.
func (k Key) Open(kind Kind, s string) (ID, bool) {
	size := kind.size()
	if size == 0 || len(s) != base64.RawURLEncoding.EncodedLen(size) {
		return ID{}, false
	}
	var buf [maxSize]byte
	n, err := base64.RawURLEncoding.Decode(buf[:], []byte(s))
	if err != nil || n != size {
		return ID{}, false
	}
	h := hmac.New(sha256.New, k[:])
	mask(h, buf[:headSize])
	fields := buf[tagSize:headSize]
	id := ID{
		Kind:   kind,
		Vault:  binary.BigEndian.Uint64(fields[0:]),
		Number: binary.BigEndian.Uint64(fields[8:]),
		Random: binary.BigEndian.Uint64(fields[16:]),
	}
	if subtle.ConstantTimeCompare([]byte(seal(h, id, size)), []byte(s)) != 1 {
		return ID{}, false
	}
	return id, true
}

// seal makes the text from size bytes; h is an HMAC with the id key.
func seal(h hash.Hash, id ID, size int) string {
	var message [3 + fieldsSize]byte
	message[0], message[1] = 'T', byte(id.Kind)
	fields := message[3:]
	binary.BigEndian.PutUint64(fields[0:], id.Vault)
	binary.BigEndian.PutUint64(fields[8:], id.Number)
	binary.BigEndian.PutUint64(fields[16:], id.Random)

	var buf [maxSize]byte
	var sum [sha256.Size]byte
	// One text in 64 begins with "-"; that 256 in a row do is not going to happen.
	for {
		h.Reset()
		h.Write(message[:])
		copy(buf[:tagSize], h.Sum(sum[:0]))
		if buf[0]>>2 != dash {
			break
		}
		message[2]++
	}
	copy(buf[tagSize:], fields)
	mask(h, buf[:size])
	return base64.RawURLEncoding.EncodeToString(buf[:size])
}

// mask XORs the stream that belongs to the tag in b over what follows the tag.
func mask(h hash.Hash, b []byte) {
	var sum [sha256.Size]byte
	rest := b[tagSize:]
	for block := byte(0); len(rest) > 0; block++ {
		h.Reset()
		h.Write([]byte{'S', block})
		h.Write(b[:tagSize])
		h.Sum(sum[:0])
		rest = rest[subtle.XORBytes(rest, rest, sum[:]):]
	}
}

// dash is the six bits that base64url writes as "-".
const dash = 62
