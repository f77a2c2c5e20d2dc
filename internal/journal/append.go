package journal

import (
	"errors"
	"fmt"
	"io"

	"firn/internal/disk"
	"firn/internal/record"
)

// writer appends to the open segment. Journal.writing guards it.
type writer struct {
	f         disk.File
	seg       *segment
	allocated int64 // how far the file has space
	unproven  bool  // the last frame holds records, and nothing after it says that it was synced
}

// Append makes the entries durable as one frame: one write, one fdatasync. When
// it returns nil they are on the medium, and the result is the end of the
// frame. Their LSNs continue Head without a gap. The entries belong to the
// caller again when Append returns.
//
// ErrFull means that there is no space and nothing was written; ErrBroken, that
// the journal takes no more, and that it is not known whether the entries will
// be found by the next Open. Any other error is the caller's: nothing was written.
func (j *Journal) Append(entries []record.Entry) (Position, error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.broken != nil {
		return Position{}, j.broken
	}
	if err := j.check(entries); err != nil {
		return Position{}, err
	}
	j.items = j.items[:0]
	for _, e := range entries {
		j.items = append(j.items, item{lsn: e.LSN, time: e.Time.UnixMilli(), images: e.Images, inline: e.Inline})
	}
	pos, err := j.commit(j.items)
	clear(j.items) // Keep nobody's payload alive.
	return pos, err
}

// check refuses batches that a frame cannot hold or that break the order.
func (j *Journal) check(entries []record.Entry) error {
	if len(entries) == 0 || len(entries) > MaxBatchOps {
		return fmt.Errorf("append %d entries: between 1 and %d go into a frame", len(entries), MaxBatchOps)
	}
	var size int64
	for i, e := range entries {
		if want := j.head + 1 + record.LSN(i); e.LSN != want {
			return fmt.Errorf("append record %d: %d is next", e.LSN, want)
		}
		size += EntrySize(e)
	}
	limit := int64(MaxBatchBytes)
	if len(entries) == 1 {
		limit = maxFrame - 2*blockSize
	}
	if size > limit {
		return fmt.Errorf("append %d entries: %d bytes are more than the %d a frame takes", len(entries), size, limit)
	}
	return nil
}

// commit writes a frame to the open segment or, if that fails, once more to a
// new one.
func (j *Journal) commit(items []item) (Position, error) {
	pos, err := j.attempt(items)
	if err == nil || errors.Is(err, ErrFull) {
		return pos, err
	}
	j.log.Error("write to journal failed; going on in a new segment", "err", err)
	j.abandon()
	pos, again := j.attempt(items)
	switch {
	case again == nil:
		return pos, nil
	case disk.IsFull(again) && disk.IsFull(err):
		// The file system has no preallocation. The next Append begins a segment with the same LSN and a higher id, so
		// whatever these two files hold does not count.
		return Position{}, fmt.Errorf("%w (%w): %w", ErrFull, ErrUncertain, again)
	}
	j.broken = fmt.Errorf("%w: %w", ErrBroken, errors.Join(err, again))
	return Position{}, j.broken
}

// abandon ends the open segment after a failed write. What was acknowledged in
// it stays.
func (j *Journal) abandon() {
	if j.w == nil {
		return
	}
	j.w.f.Close() // Whatever it says, no acknowledged byte depends on it.
	j.mu.Lock()
	j.w.seg.failed = true
	j.mu.Unlock()
	j.w = nil
}

// attempt writes one frame to the open segment, or to a new one if there is
// none or the frame does not fit.
func (j *Journal) attempt(items []item) (Position, error) {
	if j.w != nil {
		s := j.w.seg
		buf, crc, offs := appendFrame(j.buf[:0], j.head0(s, items), items, nil)
		j.keep(buf)
		if s.end+int64(len(buf)) <= j.cfg.SegmentSize || len(items) == 0 {
			if err := j.w.write(buf, s.end, j.step()); err != nil {
				return Position{}, fmt.Errorf("append to %s: %w", s.name(), err)
			}
			return j.publish(s, items, int64(len(buf)), crc, offs), nil
		}
	}
	return j.begin(items)
}

// head0 fills in what is known of the next frame's head before it is encoded.
func (j *Journal) head0(s *segment, items []item) head {
	h := head{id: s.id, salt: s.salt, off: s.end, first: j.head + 1}
	if s.end > headerSize {
		h.durable = s.end
	}
	if len(items) > 0 {
		h.first = items[0].lsn
	}
	return h
}

// keep remembers a buffer for the next frame, if it is of a usual size.
func (j *Journal) keep(buf []byte) {
	if cap(buf) <= MaxBatchBytes+2*blockSize {
		j.buf = buf
	}
}

func (j *Journal) step() int64 { return min(allocationStep, j.cfg.SegmentSize) }

// write puts b at off, where nothing was, and syncs it. ErrFull means that
// nothing was written.
func (w *writer) write(b []byte, off, step int64) error {
	if err := w.allocate(off+int64(len(b)), step); err != nil {
		return err
	}
	if _, err := w.f.WriteAt(b, off); err != nil {
		return err
	}
	return w.f.Sync()
}

// allocate makes space up to end, and some more if there is.
func (w *writer) allocate(end, step int64) error {
	if end <= w.allocated {
		return nil
	}
	more := max(end, w.allocated+step)
	err := w.f.Allocate(w.allocated, more-w.allocated)
	if disk.IsFull(err) && more > end {
		more = end
		err = w.f.Allocate(w.allocated, more-w.allocated)
	}
	if disk.IsFull(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	if err != nil {
		return err
	}
	w.allocated = more
	return nil
}

// publish makes a durable frame visible. n is its length.
func (j *Journal) publish(s *segment, items []item, n int64, crc uint32, offs []int) Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	off := s.end
	s.end += n
	j.w.unproven = len(items) > 0
	if len(items) == 0 {
		return s.tail
	}
	for i, it := range items {
		s.table = append(s.table, slot{it.lsn, off + int64(offs[i])})
	}
	newest := items[len(items)-1]
	s.last, s.newest = newest.lsn, newest.time
	s.tail = Position{Segment: s.id, Offset: s.end, LSN: s.last, CRC: crc}
	j.head, j.newest = s.last, s.newest
	return s.tail
}

// begin makes a new segment with items as its first frame. Header and frame are
// one write; then
//
//	fdatasync(fd)  = 0     the bytes
//	fsync(dirfd)   = 0     the name
//
// and only then the frame counts, and the segments before it are sealed.
func (j *Journal) begin(items []item) (Position, error) {
	s, err := j.newSegment(items[0].lsn)
	if err != nil {
		return Position{}, err
	}
	buf, crc, offs := appendFrame(append(j.buf[:0], s.encode()...), j.head0(s, items), items, nil)
	j.keep(buf)
	w := &writer{seg: s}
	if w.f, err = j.fs.Create(s.name()); err != nil {
		return Position{}, full(fmt.Errorf("create %s: %w", s.name(), err))
	}
	err = w.write(buf, 0, j.step())
	if errors.Is(err, ErrFull) {
		w.f.Close()
		_ = j.fs.Remove(s.name()) // It is empty; should the name come back, Open removes it.
		return Position{}, err
	}
	if err == nil {
		err = j.fs.SyncDir(dir)
	}
	if err != nil {
		w.f.Close() // Whatever it holds was not acknowledged.
		return Position{}, fmt.Errorf("begin %s: %w", s.name(), err)
	}
	if j.w != nil {
		j.w.f.Close() // All of it is synced.
	}
	j.mu.Lock()
	old := j.segs
	j.segs = append(old[:len(old):len(old)], s)
	j.mu.Unlock()
	j.w = w
	pos := j.publish(s, items, int64(len(buf))-headerSize, crc, offs)
	j.sealAll(old)
	return pos, nil
}

// full marks an error for lack of space as ErrFull.
func full(err error) error {
	if disk.IsFull(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// newSegment makes up the header of the next journal segment. Its previous
// one is the last that records exist in.
func (j *Journal) newSegment(first record.LSN) (*segment, error) {
	salt, err := j.salt()
	if err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	s := &segment{header: header{
		id:    j.nextID,
		kind:  kindJournal,
		pool:  j.cfg.Pool,
		drive: j.cfg.Drive,
		salt:  salt,
		first: first,
	}}
	j.nextID++
	s.last, s.end, s.table = first-1, headerSize, []slot{}
	for i := len(j.segs) - 1; i >= 0; i-- {
		if p := j.segs[i]; p.kind == kindJournal && p.end > headerSize {
			s.prev, s.prevEnd = p.id, p.end
			break
		}
	}
	return s, nil
}

func (j *Journal) salt() (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(j.cfg.Rand, b[:]); err != nil {
		return 0, fmt.Errorf("make salt: %w", err)
	}
	return le.Uint64(b[:]), nil
}

// Mark writes an empty frame if the last one held records, so that the last
// batch is proven too: should its bytes rot, that is not taken for a write
// that was cut off. An error does no harm to what was acknowledged.
func (j *Journal) Mark() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.broken != nil {
		return j.broken
	}
	return j.mark()
}

func (j *Journal) mark() error {
	if j.w == nil || !j.w.unproven {
		return nil
	}
	_, err := j.attempt(nil)
	if err != nil && !errors.Is(err, ErrFull) {
		j.abandon() // The next segment's header is the proof.
	}
	return err
}
