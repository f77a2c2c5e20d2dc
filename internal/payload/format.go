package payload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"firn/treehash"
)

// The format, as the package comment draws it.
const (
	version        = 1
	headerSize     = 4096
	headerSum      = headerSize - 4
	entrySize      = 52
	entrySum       = 48
	trailerSize    = 128
	trailerSum     = trailerSize - 4
	maxDescription = 1024

	headerMagic  = "FIRNPAY\n"
	trailerMagic = "FIRNEND\n"
)

// ErrFuture is returned for a payload file that a later version of Firn has written.
var ErrFuture = errors.New("written by a later version of Firn")

// A DamageError says which bytes of a payload are not what was written.
type DamageError struct {
	Payload uint64 // id; 0 if not known
	Leaf    int64  // -1 if the damage is not in one leaf
	What    string
}

// Error implements error.
func (e *DamageError) Error() string {
	if e.Leaf < 0 {
		return fmt.Sprintf("payload %016x is damaged: %s", e.Payload, e.What)
	}
	return fmt.Sprintf("leaf %d of payload %016x is damaged: %s", e.Leaf, e.Payload, e.What)
}

// damage returns a *DamageError of a whole file.
func damage(id uint64, format string, args ...any) error {
	return &DamageError{Payload: id, Leaf: -1, What: fmt.Sprintf(format, args...)}
}

// checksum returns the CRC-32C of b.
func checksum(b []byte) uint32 { return extend(0, b) }

// extend returns the CRC-32C of some bytes, of which sum is the CRC, and then b.
func extend(sum uint32, b []byte) uint32 {
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), b) // The table is made once and shared.
}

// leafOffset is where leaf i begins.
func leafOffset(i int64) int64 { return headerSize + i*LeafSize }

// leafLength is the length of leaf i of size bytes.
func leafLength(size, i int64) int64 { return min(LeafSize, size-i*LeafSize) }

// tableOffset is where the leaf table of size bytes begins.
func tableOffset(size int64) int64 { return (headerSize + size + 7) &^ 7 }

// trailerOffset is where the trailer of size bytes begins.
func trailerOffset(size int64) int64 { return tableOffset(size) + entrySize*Leaves(size) }

// fileSize is the length of the file of a payload of size bytes.
func fileSize(size int64) int64 { return trailerOffset(size) + trailerSize }

// label is a file's header: what the payload's writer said, and what the store added.
type label struct {
	Header
	id   uint64
	pool [16]byte
}

func (l *label) encode() []byte {
	b := make([]byte, headerSize)
	le := binary.LittleEndian
	copy(b, headerMagic)
	le.PutUint32(b[8:], version)
	copy(b[16:], l.pool[:])
	le.PutUint64(b[32:], l.id)
	le.PutUint64(b[40:], l.Vault)
	le.PutUint64(b[48:], l.Upload)
	le.PutUint64(b[56:], uint64(l.First))
	le.PutUint64(b[64:], uint64(l.Size))
	le.PutUint16(b[80:], uint16(len(l.Description)))
	copy(b[82:], l.Description)
	le.PutUint32(b[headerSum:], checksum(b[:headerSum]))
	return b
}

// decodeLabel reads the header of the file of payload id. The error is ErrFuture, wrapped, or a *DamageError.
func decodeLabel(b []byte, id uint64) (label, error) {
	le := binary.LittleEndian
	if string(b[:8]) != headerMagic || le.Uint32(b[headerSum:]) != checksum(b[:headerSum]) {
		return label{}, damage(id, "its header does not agree with its checksum")
	}
	if v := le.Uint32(b[8:]); v > version {
		return label{}, fmt.Errorf("payload %016x: format %d: %w", id, v, ErrFuture)
	}
	if cipher, slot := le.Uint32(b[12:]), le.Uint64(b[72:]); cipher != 0 || slot != 0 {
		return label{}, fmt.Errorf("payload %016x: cipher %d with key slot %d: %w", id, cipher, slot, ErrFuture)
	}
	l := label{id: le.Uint64(b[32:]), pool: [16]byte(b[16:32])}
	n := le.Uint16(b[80:])
	if l.id != id {
		return label{}, damage(id, "its header is that of payload %016x", l.id)
	}
	if le.Uint32(b[8:]) == 0 || n > maxDescription {
		return label{}, damage(id, "its header has values that nothing writes")
	}
	l.Header = Header{
		Vault:       le.Uint64(b[40:]),
		Upload:      le.Uint64(b[48:]),
		First:       int64(le.Uint64(b[56:])),
		Size:        int64(le.Uint64(b[64:])),
		Description: string(b[82 : 82+int(n)]),
	}
	return l, nil
}

// encodeTable returns the leaf table.
func encodeTable(leaves []treehash.Hash, sums []uint32) []byte {
	b := make([]byte, entrySize*len(leaves))
	for i, h := range leaves {
		entry := b[entrySize*i:]
		copy(entry, h[:])
		binary.LittleEndian.PutUint32(entry[entrySum:], sums[i])
	}
	return b
}

// seal is a file's trailer: what is known of the payload once it has been written.
type seal struct {
	Sum
	id    uint64
	table uint32 // CRC of the leaf table
}

func (s *seal) encode() []byte {
	b := make([]byte, trailerSize)
	le := binary.LittleEndian
	copy(b, trailerMagic)
	le.PutUint64(b[8:], s.id)
	le.PutUint64(b[16:], uint64(s.Size))
	le.PutUint64(b[24:], uint64(Leaves(s.Size)))
	copy(b[32:], s.Tree[:])
	copy(b[64:], s.Linear[:])
	le.PutUint32(b[96:], s.table)
	le.PutUint32(b[trailerSum:], checksum(b[:trailerSum]))
	return b
}

// decodeSeal reads a trailer. It is not ok if b is not a trailer, or not that of a file of length bytes.
func decodeSeal(b []byte, length int64) (s seal, ok bool) {
	le := binary.LittleEndian
	if !bytes.Equal(b[:8], []byte(trailerMagic)) || le.Uint32(b[trailerSum:]) != checksum(b[:trailerSum]) {
		return seal{}, false
	}
	s = seal{id: le.Uint64(b[8:]), table: le.Uint32(b[96:])}
	s.Size = int64(le.Uint64(b[16:]))
	s.Tree, s.Linear = treehash.Hash(b[32:64]), treehash.Hash(b[64:96])
	// The first two conditions also keep the arithmetic of the third from overflowing.
	if s.Size < 0 || s.Size > length || fileSize(s.Size) != length || int64(le.Uint64(b[24:])) != Leaves(s.Size) {
		return seal{}, false
	}
	return s, true
}
