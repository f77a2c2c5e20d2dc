package journal

import (
	"hash/crc32"
	"math"
	"time"

	"firn/internal/record"
)

const (
	// MaxBatchOps is how many entries one Append takes.
	MaxBatchOps = 256
	// MaxBatchBytes bounds the [EntrySize] of the entries of one Append,
	// together, if there are several.
	MaxBatchBytes = 8 << 20

	// maxFrame is the length above which a frame's length is damage, and that
	// a single entry may not exceed.
	maxFrame = 16 << 20

	frameMagic = "FRM1"
	headSize   = 64
	metaSize   = 48
	crcSize    = 4

	flagCompacted = 1
	flagReasons   = 2

	// maxReasons is how many reasons stand in one frame (4 MiB).
	maxReasons = 256 << 10
	reasonSize = 16
)

// EntrySize is an upper bound, in bytes, of what an entry adds to a frame. A
// batch of at most MaxBatchOps entries whose sizes add up to at most
// MaxBatchBytes is never refused for its size, nor is a single entry of up
// to 1 MiB with 1 MiB of images.
func EntrySize(e record.Entry) int64 {
	n := int64(metaSize + 16 + len(e.Inline) + 8)
	for _, im := range e.Images {
		n += 40 + int64(len(im.Body)) // kind, two numbers and lengths take at most 30
	}
	return n
}

// item is a record on its way into a frame. Either raw, the encoded images, or
// images is set.
type item struct {
	lsn    record.LSN
	time   int64 // Unix milliseconds
	images []record.Image
	raw    []byte
	inline []byte
}

// head is the fixed part of a frame.
type head struct {
	flags   uint16
	id      uint64
	salt    uint64
	count   int
	metas   int // bytes
	total   int // bytes
	first   record.LSN
	durable int64
	off     int64
}

// seed begins the CRCs of the metas, so that a meta of another file that once
// used the same disk blocks is not taken for one of this.
func seed(id, salt uint64) uint32 {
	var b [16]byte
	le.PutUint64(b[0:], id)
	le.PutUint64(b[8:], salt)
	return checksum(b[:])
}

func align(n, to int) int { return (n + to - 1) / to * to }

// appendFrame appends a frame with the items to b, whose length must be a
// multiple of 4096. It returns the frame's CRC and, for each item, the
// offset of its meta in the frame.
func appendFrame(b []byte, h head, items []item, offs []int) ([]byte, uint32, []int) {
	base, s := len(b), seed(h.id, h.salt)
	b = append(b, make([]byte, headSize)...)
	for _, it := range items {
		offs = append(offs, len(b)-base)
		b = appendMeta(b, len(b)-base, it)
	}
	h.count, h.metas = len(items), len(b)-base-headSize
	at := headSize + h.metas + crcSize
	for i, it := range items {
		m := b[base+offs[len(offs)-len(items)+i]:]
		if it.inline != nil {
			at = align(at, 8)
			le.PutUint32(m[24:], uint32(at))
			le.PutUint32(m[28:], uint32(len(it.inline)))
			le.PutUint32(m[32:], checksum(it.inline))
			at += len(it.inline)
		}
		le.PutUint32(m, crc32.Update(s, castagnoli, m[4:le.Uint32(m[4:])]))
	}
	h.total = align(at, blockSize)
	h.put(b[base:])
	crc := checksum(b[base:])
	b = le.AppendUint32(b, crc)
	for _, it := range items {
		if it.inline != nil {
			b = append(b, make([]byte, align(len(b), 8)-len(b))...)
			b = append(b, it.inline...)
		}
	}
	return append(b, make([]byte, base+h.total-len(b))...), crc, offs
}

// appendMeta appends a meta, but for its payload fields and CRC, which are
// known later.
func appendMeta(b []byte, off int, it item) []byte {
	start := len(b)
	b = append(b, make([]byte, metaSize)...)
	if it.raw != nil {
		b = append(b, it.raw...)
	} else {
		b = record.AppendImages(b, it.images)
	}
	images := len(b) - start - metaSize
	b = append(b, make([]byte, align(images, 8)-images)...)
	m := b[start:]
	le.PutUint32(m[4:], uint32(len(m)))
	le.PutUint64(m[8:], uint64(it.lsn))
	le.PutUint64(m[16:], uint64(it.time))
	le.PutUint32(m[36:], uint32(images))
	le.PutUint32(m[40:], uint32(off))
	return b
}

// appendReasons appends a frame of reasons.
func appendReasons(b []byte, h head, first, last record.LSN, reasons []reason) ([]byte, uint32) {
	base := len(b)
	b = append(b, make([]byte, headSize)...)
	b = le.AppendUint64(b, uint64(first))
	b = le.AppendUint64(b, uint64(last))
	for _, r := range reasons {
		b = le.AppendUint64(b, uint64(r.dropped))
		b = le.AppendUint64(b, uint64(r.by))
	}
	h.flags |= flagReasons
	h.count, h.metas = len(reasons), len(b)-base-headSize
	h.total = align(headSize+h.metas+crcSize, blockSize)
	h.put(b[base:])
	crc := checksum(b[base:])
	b = le.AppendUint32(b, crc)
	return append(b, make([]byte, base+h.total-len(b))...), crc
}

func (h *head) put(b []byte) {
	copy(b, frameMagic)
	le.PutUint16(b[4:], formatVersion)
	le.PutUint16(b[6:], h.flags)
	le.PutUint64(b[8:], h.id)
	le.PutUint64(b[16:], h.salt)
	le.PutUint32(b[24:], uint32(h.count))
	le.PutUint32(b[28:], uint32(h.metas))
	le.PutUint32(b[32:], uint32(h.total))
	le.PutUint64(b[40:], uint64(h.first))
	le.PutUint64(b[48:], uint64(h.durable))
	le.PutUint64(b[56:], uint64(h.off))
}

// parseHead reads the fixed part of a frame that lies at off and checks every
// number in it. Only the frame's CRC tells whether they are true.
func parseHead(b []byte, off int64) (head, bool) {
	if len(b) < headSize || string(b[:4]) != frameMagic || le.Uint16(b[4:]) != formatVersion {
		return head{}, false
	}
	count, metas, total := le.Uint32(b[24:]), le.Uint32(b[28:]), le.Uint32(b[32:])
	h := head{
		flags:   le.Uint16(b[6:]),
		id:      le.Uint64(b[8:]),
		salt:    le.Uint64(b[16:]),
		first:   record.LSN(le.Uint64(b[40:])),
		durable: int64(le.Uint64(b[48:])),
		off:     int64(le.Uint64(b[56:])),
	}
	switch {
	case total == 0 || total > maxFrame || total%blockSize != 0:
	case metas > total-headSize-crcSize:
	case h.flags&^(flagCompacted|flagReasons) != 0 || le.Uint32(b[36:]) != 0:
	case h.flags&flagReasons != 0 && (count > maxReasons || metas != count*reasonSize+16):
	case h.flags&flagReasons == 0 && (count > MaxBatchOps || metas < count*metaSize):
	case h.first == 0 || h.first > math.MaxInt64 || h.durable < 0 || h.durable > off || h.off != off:
	default:
		h.count, h.metas, h.total = int(count), int(metas), int(total)
		return h, true
	}
	return head{}, false
}

// meta is one record's place in a segment. images aliases what it was parsed
// from.
type meta struct {
	lsn     record.LSN
	time    int64
	off     int64  // of the meta in the file
	payload int64  // of the payload in the file; 0 if there is none
	size    int64  // of the payload
	crc     uint32 // of the payload
	length  int    // of the meta
	images  []byte
}

// metaLength reads how long the meta that b begins with says it is; 0 if that
// cannot be.
func metaLength(b []byte) int {
	if len(b) < metaSize {
		return 0
	}
	n := le.Uint32(b[4:])
	if n < metaSize || n > maxFrame || n%8 != 0 || le.Uint32(b[36:]) > n-metaSize {
		return 0
	}
	return int(n)
}

// parseMeta reads the meta that b begins with and that lies at off in the file,
// and checks its CRC.
func parseMeta(b []byte, seed uint32, off int64) (meta, bool) {
	n := metaLength(b)
	if n == 0 || n > len(b) || crc32.Update(seed, castagnoli, b[4:n]) != le.Uint32(b) {
		return meta{}, false
	}
	frame := off - int64(le.Uint32(b[40:]))
	m := meta{
		lsn:    record.LSN(le.Uint64(b[8:])),
		time:   int64(le.Uint64(b[16:])),
		off:    off,
		size:   int64(le.Uint32(b[28:])),
		crc:    le.Uint32(b[32:]),
		length: n,
		images: b[metaSize : metaSize+le.Uint32(b[36:])],
	}
	p := int64(le.Uint32(b[24:]))
	if p != 0 {
		m.payload = frame + p
	}
	if m.lsn == 0 || frame < headerSize || frame%blockSize != 0 || p+m.size > maxFrame {
		return meta{}, false
	}
	if p != 0 && m.payload < off+int64(n) || p == 0 && m.size != 0 {
		return meta{}, false
	}
	return m, true
}

// entry decodes the meta's images. The result shares no memory with it.
func (m *meta) entry() (record.Entry, error) {
	images, err := record.ParseImages(m.images)
	if err != nil {
		return record.Entry{}, err
	}
	return record.Entry{LSN: m.lsn, Time: time.UnixMilli(m.time), Images: images}, nil
}

// reason says that the record dropped was left out because the record by
// holds something newer.
type reason struct{ dropped, by record.LSN }

// parseReasons reads the metas area of a frame of reasons.
func parseReasons(b []byte) (first, last record.LSN, reasons []reason) {
	first, last = record.LSN(le.Uint64(b)), record.LSN(le.Uint64(b[8:]))
	for b = b[16:]; len(b) >= reasonSize; b = b[reasonSize:] {
		reasons = append(reasons, reason{record.LSN(le.Uint64(b)), record.LSN(le.Uint64(b[8:]))})
	}
	return first, last, reasons
}
