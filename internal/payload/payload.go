package payload

import (
	"io"

	"firn/internal/record"
	"firn/treehash"
)

// LeafSize is the unit in which payloads are checked: one leaf of the tree
// hash.
const LeafSize = treehash.LeafSize

// A Header is what is known of a payload before its bytes are. It is stored
// with them, so that a payload file explains itself without any catalog.
type Header struct {
	Vault       uint64 // internal id
	Description string // of the archive or upload it belongs to; "" for others
	Upload      uint64 // of a part: its upload; else 0
	First       int64  // of a part: the byte of the archive it begins with
	Size        int64  // bytes to come; -1 if not known
}

// A Sum is what is known of a payload once its bytes are.
type Sum struct {
	Size   int64
	Tree   treehash.Hash
	Linear treehash.Hash
}

// A Writer takes a payload in. It is for one goroutine.
//
// Nothing is visible until a record that the payload was attached to is
// durable. Close releases whatever a record did not take, and is always
// called.
type Writer interface {
	// Write hashes and stores p. More bytes than the header declared are an
	// error.
	io.Writer
	// Finish ends the payload. If the payload has a file of its own, the file
	// and its name are durable when Finish returns.
	Finish() (Sum, error)
	// Attach makes the record store the payload and returns the image it
	// added, in which lsn is the record's number. It may be called again for
	// another record, when a rule runs again.
	Attach(r *record.Record, lsn record.LSN) record.Payload
	io.Closer
}

// A Ref names a stored payload. It is the part of [record.Payload] that is
// needed to find the bytes.
type Ref struct {
	ID   uint64
	LSN  record.LSN // 0: the payload has a file of its own
	Size int64
}

// A Reader gives a payload's bytes out, leaf by leaf, each checked against its
// CRC before it leaves. It is for one goroutine. An open Reader survives the
// payload's deletion and the compaction of its segment.
type Reader interface {
	// Size is the payload's length in bytes.
	Size() int64
	// Leaf reads leaf i into buf, which holds at least LeafSize bytes, and
	// returns the part of buf it filled. A damaged leaf is a *DamageError.
	Leaf(i int64, buf []byte) ([]byte, error)
	// Hashes returns the stored SHA-256 of leaves from i to i+n-1. They are
	// read, not computed.
	Hashes(i, n int64) ([]treehash.Hash, error)
	io.Closer
}

// Leaves is the number of leaves of size bytes.
func Leaves(size int64) int64 { return (size + LeafSize - 1) / LeafSize }
