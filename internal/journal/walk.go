package journal

import (
	"errors"
	"fmt"
	"io"

	"firn/internal/disk"
	"firn/internal/record"
)

// firstRead is how much of a frame is read at first: enough for most frames'
// metas.
const firstRead = 8 << 10

// searchChunk is how much is read at a time while looking for a frame.
const searchChunk = 1 << 20

// walker reads the frames of a segment one after another. It checks frames and
// metas, not payloads. One goroutine owns it.
type walker struct {
	f    disk.File
	id   uint64
	salt uint64
	off  int64 // where the next frame is expected
	size int64 // bytes to look at
	buf  []byte
}

// frame is a frame whose CRC holds. metas alias the walker's buffer and are
// valid until its next step.
type frame struct {
	head
	crc   uint32
	body  []byte // what lies in the place of metas
	metas []meta
	proof Position // of a damaged stretch: the position inside that is taken on trust
}

func (f *frame) end() int64 { return f.off + int64(f.total) }

// last is the LSN of the newest record up to the frame's end.
func (f *frame) last() record.LSN {
	if len(f.metas) == 0 {
		return f.first - 1
	}
	return f.metas[len(f.metas)-1].lsn
}

// gap is a stretch without a frame whose CRC holds: the end of what was
// written, or rot. rotten are the offsets where a damaged frame seems to begin.
type gap struct {
	off, end int64
	rotten   []int64
}

// next returns the next frame, or the gap before it, or io.EOF.
func (w *walker) next() (*frame, *gap, error) {
	if w.off >= w.size {
		return nil, nil, io.EOF
	}
	fr, err := w.frameAt(w.off)
	if err != nil {
		return nil, nil, err
	}
	if fr != nil {
		w.off = fr.end()
		return fr, nil, nil
	}
	g := &gap{off: w.off, rotten: []int64{w.off}}
	g.end, err = w.search(w.off+blockSize, func(off int64) { g.rotten = append(g.rotten, off) })
	if err != nil {
		return nil, nil, err
	}
	w.off = g.end
	return nil, g, nil
}

// search returns the offset of the first frame at or after off whose CRC
// holds, or the size. It calls damaged for frames of this segment whose CRC
// does not.
func (w *walker) search(off int64, damaged func(off int64)) (int64, error) {
	chunk := make([]byte, min(searchChunk, max(0, w.size-off)))
	for off < w.size {
		n := int(min(int64(len(chunk)), w.size-off))
		if err := readFull(w.f, chunk[:n], off); err != nil {
			return 0, err
		}
		for i := 0; i < n; i += blockSize {
			if !w.ours(chunk[i:n], off+int64(i)) {
				continue
			}
			fr, err := w.frameAt(off + int64(i))
			if err != nil {
				return 0, err
			}
			if fr != nil {
				return off + int64(i), nil
			}
			damaged(off + int64(i))
		}
		off += int64(n)
	}
	return w.size, nil
}

// ours reports whether b, at off, looks like the beginning of a frame of this
// segment.
func (w *walker) ours(b []byte, off int64) bool {
	return len(b) >= headSize && string(b[:4]) == frameMagic &&
		le.Uint64(b[8:]) == w.id && le.Uint64(b[16:]) == w.salt && int64(le.Uint64(b[56:])) == off
}

// frameAt reads the frame at off. It returns nil if there is none whose CRC
// holds.
func (w *walker) frameAt(off int64) (*frame, error) {
	n := int(min(firstRead, w.size-off))
	if err := w.fill(0, n, off); err != nil {
		return nil, err
	}
	h, ok := parseHead(w.buf[:n], off)
	if !ok || h.id != w.id || h.salt != w.salt || off+int64(h.total) > w.size {
		return nil, nil
	}
	need := headSize + h.metas + crcSize
	if need > n {
		if err := w.fill(n, need, off); err != nil {
			return nil, err
		}
	}
	fr := &frame{head: h, crc: le.Uint32(w.buf[need-crcSize:]), body: w.buf[headSize : need-crcSize]}
	if checksum(w.buf[:need-crcSize]) != fr.crc {
		return nil, nil
	}
	if h.flags&flagReasons == 0 && !fr.parse() {
		return nil, nil
	}
	return fr, nil
}

// parse fills the frame's metas from its body.
func (f *frame) parse() bool {
	s, at := seed(f.id, f.salt), 0
	f.metas = make([]meta, 0, f.count)
	for range f.count {
		off := f.off + headSize + int64(at)
		m, ok := parseMeta(f.body[at:], s, off)
		if !ok || m.payload != 0 && m.payload+m.size > f.end() {
			return false
		}
		if n := len(f.metas); n == 0 && m.lsn != f.first || n > 0 && m.lsn <= f.metas[n-1].lsn {
			return false
		}
		f.metas = append(f.metas, m)
		at += m.length
	}
	return at == len(f.body)
}

// fill makes buf[from:to] the bytes of the file from off+from on.
func (w *walker) fill(from, to int, off int64) error {
	if cap(w.buf) < to {
		grown := make([]byte, to, max(to, 64<<10))
		copy(grown, w.buf[:from])
		w.buf = grown
	}
	w.buf = w.buf[:to]
	return readFull(w.f, w.buf[from:to], off+int64(from))
}

// salvage reads the metas of the damaged frame at off that are good by their own
// CRC. They share no memory with the walker.
func (w *walker) salvage(off int64) ([]meta, error) {
	b := make([]byte, min(maxFrame, w.size-off))
	if err := readFull(w.f, b, off); err != nil {
		return nil, err
	}
	var found []meta
	s := seed(w.id, w.salt)
	for at := headSize; at < len(b); {
		m, ok := parseMeta(b[at:], s, off+int64(at))
		if ok && int64(le.Uint32(b[at+40:])) == int64(at) {
			found = append(found, m)
			at += m.length
			continue
		}
		n := metaLength(b[at:])
		if n == 0 {
			break // Nothing says where the next one begins.
		}
		at += n
	}
	for i := range found {
		found[i].images = append([]byte(nil), found[i].images...)
	}
	return found, nil
}

// rescue returns all metas that can be read in a gap, by LSN.
func (w *walker) rescue(g *gap) ([]meta, error) {
	var all []meta
	for _, off := range g.rotten {
		found, err := w.salvage(off)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if len(all) == 0 || m.lsn > all[len(all)-1].lsn {
				all = append(all, m)
			}
		}
	}
	return all, nil
}

// readPayload reads a record's payload into buf and checks it. The error is
// ErrDamaged if the CRC does not hold.
func readPayload(f disk.File, m *meta, buf []byte) ([]byte, error) {
	if int64(cap(buf)) < m.size {
		buf = make([]byte, m.size)
	}
	buf = buf[:m.size]
	if err := readFull(f, buf, m.payload); err != nil {
		size, serr := f.Size()
		if errors.Is(err, io.ErrUnexpectedEOF) && serr == nil && m.payload+m.size > size {
			return nil, fmt.Errorf("%w: the file ends before the payload of record %d", ErrDamaged, m.lsn)
		}
		return nil, fmt.Errorf("read payload of record %d: %w", m.lsn, err)
	}
	if checksum(buf) != m.crc {
		return nil, fmt.Errorf("%w: payload of record %d", ErrDamaged, m.lsn)
	}
	return buf, nil
}

// readFull reads len(b) bytes that the file is known to have. Their lack is
// therefore an error of the medium and never the end of the data.
func readFull(f disk.File, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) && (err == nil || errors.Is(err, io.EOF)) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// findSalt returns the salt of a segment whose header is damaged, from the
// first frame whose CRC holds.
func findSalt(f disk.File, id uint64, size int64) (salt uint64, ok bool, err error) {
	b := make([]byte, headSize)
	for off := int64(headerSize); off+headSize <= size; off += blockSize {
		if err := readFull(f, b, off); err != nil {
			return 0, false, err
		}
		h, ok := parseHead(b, off)
		if !ok || h.id != id {
			continue
		}
		w := walker{f: f, id: id, salt: h.salt, size: size}
		fr, err := w.frameAt(off)
		if err != nil {
			return 0, false, err
		}
		if fr != nil {
			return h.salt, true, nil
		}
	}
	return 0, false, nil
}
