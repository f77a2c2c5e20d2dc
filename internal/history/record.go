package history

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"
)

// recordSize divides the size of a sector: a record written over another is not torn by a power cut.
const recordSize = 64

const (
	magic   = "FHI\x01"
	summed  = 8 // where the checksum's bytes begin
	anHour  = int64(time.Hour / time.Second)
	aDay    = 24 * anHour
	maximum = math.MaxUint32 // of the short numbers; more is this
)

// record is one record of a file.
type record struct {
	at    int64 // seconds since 1970
	state State
	flow  Flow
	span  int64 // seconds
}

func (r record) hour() int64 { return floor(r.at, anHour) }
func (r record) day() int64  { return floor(r.at, aDay) }

// floor is how many whole units n has; before 1970, too.
func floor(n, unit int64) int64 {
	q := n / unit
	if n%unit < 0 {
		q--
	}
	return q
}

// then returns one record for r and the one after it.
func (r record) then(next record) record {
	next.flow = r.flow.plus(next.flow)
	next.span += r.span
	return next
}

func (r record) encode() []byte {
	b := make([]byte, summed, recordSize)
	copy(b, magic)
	for _, n := range []int64{r.at, r.state.Archives, r.state.Bytes, r.flow.Uploaded, r.flow.Downloaded} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, n := range []int64{r.state.Vaults, r.span, r.flow.Uploads, r.flow.Downloads} {
		b = binary.BigEndian.AppendUint32(b, uint32(min(max(n, 0), maximum)))
	}
	binary.BigEndian.PutUint32(b[len(magic):], sum(b))
	return b
}

// decode returns the record in b, which has the size of one, and whether it is whole.
func decode(b []byte) (r record, ok bool) {
	if string(b[:len(magic)]) != magic || binary.BigEndian.Uint32(b[len(magic):]) != sum(b) {
		return record{}, false
	}
	b = b[summed:]
	for _, n := range []*int64{&r.at, &r.state.Archives, &r.state.Bytes, &r.flow.Uploaded, &r.flow.Downloaded} {
		*n = int64(binary.BigEndian.Uint64(b))
		b = b[8:]
	}
	for _, n := range []*int64{&r.state.Vaults, &r.span, &r.flow.Uploads, &r.flow.Downloads} {
		*n = int64(binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	return r, true
}

func sum(b []byte) uint32 { return crc32.Checksum(b[summed:], crc32.MakeTable(crc32.Castagnoli)) }

// readRecord returns the record at an offset, if there is a whole one.
func readRecord(f io.ReaderAt, off int64) (record, bool) {
	if off < 0 {
		return record{}, false
	}
	b := make([]byte, recordSize)
	if n, _ := f.ReadAt(b, off); n < len(b) { // what cannot be read is as good as torn
		return record{}, false
	}
	return decode(b)
}
