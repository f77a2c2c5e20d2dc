package journal

import (
	"errors"
	"fmt"
	"slices"

	"firn/internal/disk"
	"firn/internal/record"
)

const (
	indexMagic    = "firn.idx"
	slotSize      = 16
	slotsPerBlock = (blockSize - slotSize) / slotSize
)

// errIndex means that an index file is missing, damaged, or not its
// segment's. It is remade.
var errIndex = errors.New("no usable index")

// encodeIndex returns the index file of a segment.
func encodeIndex(s *segment, table []slot) []byte {
	blocks := 1 + (len(table)+slotsPerBlock-1)/slotsPerBlock
	out := make([]byte, blocks*blockSize)
	b := out[:blockSize]
	copy(b, indexMagic)
	le.PutUint32(b[8:], formatVersion)
	le.PutUint64(b[16:], s.id)
	le.PutUint64(b[24:], s.salt)
	le.PutUint64(b[32:], uint64(s.first))
	le.PutUint64(b[40:], uint64(s.last))
	le.PutUint64(b[48:], uint64(s.end))
	le.PutUint64(b[56:], uint64(len(table)))
	le.PutUint64(b[64:], uint64(s.tail.Offset))
	le.PutUint64(b[72:], uint64(s.tail.LSN))
	le.PutUint32(b[80:], s.tail.CRC)
	sealBlock(b)
	for b = out[blockSize:]; len(b) > 0; b = b[blockSize:] {
		n := min(slotsPerBlock, len(table))
		for i, sl := range table[:n] {
			at := b[slotSize*(i+1):]
			le.PutUint64(at, uint64(sl.lsn))
			le.PutUint64(at[8:], uint64(sl.off))
		}
		table = table[n:]
		le.PutUint32(b, checksum(b[4:blockSize]))
	}
	return out
}

// index reads an index file by pread.
type index struct {
	f     disk.File
	id    uint64
	count int64
	buf   [blockSize]byte
}

// openIndex checks the index file f of the segment h and returns what it knows
// of the segment. The error is errIndex if it is of no use.
func openIndex(f disk.File, h *header) (*index, *segment, error) {
	x := &index{f: f, id: h.id}
	size, err := f.Size()
	if err != nil {
		return nil, nil, err
	}
	if size < blockSize {
		return nil, nil, fmt.Errorf("%w: too short", errIndex)
	}
	b := x.buf[:]
	if err := readFull(f, b, 0); err != nil {
		return nil, nil, err
	}
	s := &segment{header: *h}
	s.last = record.LSN(le.Uint64(b[40:]))
	s.end = int64(le.Uint64(b[48:]))
	x.count = int64(le.Uint64(b[56:]))
	s.tail = Position{Segment: h.id, Offset: int64(le.Uint64(b[64:])), LSN: record.LSN(le.Uint64(b[72:])), CRC: le.Uint32(b[80:])}
	if s.tail.Offset == 0 {
		s.tail = Position{}
	}
	switch {
	case !sealedBlock(b, indexMagic) || le.Uint32(b[8:]) != formatVersion:
	case le.Uint64(b[16:]) != h.id || le.Uint64(b[24:]) != h.salt || record.LSN(le.Uint64(b[32:])) != h.first:
	case h.kind == kindJournal && record.LSN(x.count) != s.last-h.first+1: // Only whole segments have an index.
	case x.count < 0 || x.count > size/slotSize || size != (1+(x.count+slotsPerBlock-1)/slotsPerBlock)*blockSize:
	default:
		return x, s, nil
	}
	return nil, nil, fmt.Errorf("%w: header does not fit", errIndex)
}

func (x *index) slot(i int64) slot {
	b := x.buf[slotSize*(i+1):]
	return slot{record.LSN(le.Uint64(b)), int64(le.Uint64(b[8:]))}
}

// load reads block n of the table.
func (x *index) load(n int64) error {
	if err := readFull(x.f, x.buf[:], (1+n)*blockSize); err != nil {
		return err
	}
	if checksum(x.buf[4:]) != le.Uint32(x.buf[:]) {
		return fmt.Errorf("%w: block %d is damaged", errIndex, n)
	}
	return nil
}

// find returns the offset of a record's meta; 0 if the segment has no such
// record.
func (x *index) find(lsn record.LSN) (int64, error) {
	lo, hi := int64(0), (x.count+slotsPerBlock-1)/slotsPerBlock // of blocks
	for lo < hi {
		mid := (lo + hi) / 2
		if err := x.load(mid); err != nil {
			return 0, err
		}
		n := min(slotsPerBlock, x.count-mid*slotsPerBlock)
		switch {
		case lsn < x.slot(0).lsn:
			hi = mid
		case lsn > x.slot(n-1).lsn:
			lo = mid + 1
		default:
			return x.findIn(n, lsn), nil
		}
	}
	return 0, nil
}

// findIn searches the loaded block, which has n slots.
func (x *index) findIn(n int64, lsn record.LSN) int64 {
	lo, hi := int64(0), n
	for lo < hi {
		mid := (lo + hi) / 2
		if s := x.slot(mid); s.lsn == lsn {
			return s.off
		} else if s.lsn < lsn {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return 0
}

// all returns the whole table.
func (x *index) all() ([]slot, error) {
	table := make([]slot, 0, x.count)
	for n := int64(0); n*slotsPerBlock < x.count; n++ {
		if err := x.load(n); err != nil {
			return nil, err
		}
		for i := range min(slotsPerBlock, x.count-n*slotsPerBlock) {
			table = append(table, x.slot(i))
		}
	}
	return table, nil
}

// findSlot is find in a table.
func findSlot(table []slot, lsn record.LSN) int64 {
	i, ok := slices.BinarySearchFunc(table, lsn, func(s slot, lsn record.LSN) int {
		switch {
		case s.lsn < lsn:
			return -1
		case s.lsn > lsn:
			return 1
		}
		return 0
	})
	if !ok {
		return 0
	}
	return table[i].off
}
