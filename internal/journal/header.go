package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"firn/internal/record"
)

const (
	formatVersion = 1
	blockSize     = 4096
	headerSize    = blockSize

	segmentMagic = "firn.seg"
	inputSize    = 40

	// maxRun is how many segments one compaction may replace: as many as the
	// header block can list.
	maxRun = 90
)

// le is the byte order of all formats here.
var le = binary.LittleEndian

// castagnoli is CRC-32C; the standard library uses the CPU's instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// errBadHeader means that a block is not a segment header, or not any more.
var errBadHeader = errors.New("not a segment header")

type kind uint32

const (
	kindJournal   kind = 1
	kindCompacted kind = 2
)

// header is the first block of a segment.
type header struct {
	id         uint64
	kind       kind
	pool       [16]byte
	drive      [16]byte
	driveIndex uint32
	salt       uint64
	first      record.LSN
	prev       uint64
	prevEnd    int64

	// Of compacted segments.
	covered    record.LSN // the last LSN it is for
	generation uint32
	inputs     []input
}

// input is a segment that a compacted one stands for.
type input struct {
	id          uint64
	first, last record.LSN
	tail        int64 // end of its last frame with records; 0 if it had none
	crc         uint32
}

// encode returns the header as one block.
func (h *header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, segmentMagic)
	le.PutUint32(b[8:], formatVersion)
	le.PutUint32(b[12:], uint32(h.kind))
	le.PutUint64(b[16:], h.id)
	copy(b[24:], h.pool[:])
	copy(b[40:], h.drive[:])
	le.PutUint32(b[56:], h.driveIndex)
	le.PutUint64(b[64:], h.salt)
	le.PutUint64(b[88:], uint64(h.first))
	le.PutUint64(b[96:], h.prev)
	le.PutUint64(b[104:], uint64(h.prevEnd))
	le.PutUint64(b[112:], uint64(h.covered))
	le.PutUint32(b[120:], h.generation)
	le.PutUint32(b[124:], uint32(len(h.inputs)))
	at := b[128:]
	for _, in := range h.inputs {
		le.PutUint64(at[0:], in.id)
		le.PutUint64(at[8:], uint64(in.first))
		le.PutUint64(at[16:], uint64(in.last))
		le.PutUint64(at[24:], uint64(in.tail))
		le.PutUint32(at[32:], in.crc)
		at = at[inputSize:]
	}
	sealBlock(b)
	return b
}

// sealBlock puts the CRC of a header block into its last four bytes.
func sealBlock(b []byte) {
	le.PutUint32(b[blockSize-4:], checksum(b[:blockSize-4]))
}

// sealedBlock reports whether the block begins with magic and its CRC holds.
func sealedBlock(b []byte, magic string) bool {
	return len(b) == blockSize && string(b[:len(magic)]) == magic &&
		checksum(b[:blockSize-4]) == le.Uint32(b[blockSize-4:])
}

// parseHeader reads a header block. The error is errBadHeader for damage,
// ErrVersion for a format of the future.
func parseHeader(b []byte) (header, error) {
	if !sealedBlock(b, segmentMagic) {
		return header{}, errBadHeader
	}
	if v := le.Uint32(b[8:]); v > formatVersion {
		return header{}, fmt.Errorf("%w: segment format %d, and this version knows %d", ErrVersion, v, formatVersion)
	} else if v != formatVersion {
		return header{}, errBadHeader
	}
	h := header{
		id:         le.Uint64(b[16:]),
		kind:       kind(le.Uint32(b[12:])),
		pool:       [16]byte(b[24:]),
		drive:      [16]byte(b[40:]),
		driveIndex: le.Uint32(b[56:]),
		salt:       le.Uint64(b[64:]),
		first:      record.LSN(le.Uint64(b[88:])),
		prev:       le.Uint64(b[96:]),
		prevEnd:    int64(le.Uint64(b[104:])),
		covered:    record.LSN(le.Uint64(b[112:])),
		generation: le.Uint32(b[120:]),
	}
	n := int(le.Uint32(b[124:]))
	if n > maxRun || h.first == 0 || h.prevEnd < 0 || (h.kind != kindJournal && h.kind != kindCompacted) {
		return header{}, errBadHeader
	}
	at := b[128:]
	for range n {
		h.inputs = append(h.inputs, input{
			id:    le.Uint64(at[0:]),
			first: record.LSN(le.Uint64(at[8:])),
			last:  record.LSN(le.Uint64(at[16:])),
			tail:  int64(le.Uint64(at[24:])),
			crc:   le.Uint32(at[32:]),
		})
		at = at[inputSize:]
	}
	if h.kind == kindCompacted && (h.covered < h.first || n == 0) {
		return header{}, errBadHeader
	}
	return h, nil
}

// stands reports whether the compacted segment lists id as an input.
func (h *header) stands(id uint64) (input, bool) {
	for _, in := range h.inputs {
		if in.id == id {
			return in, true
		}
	}
	return input{}, false
}
