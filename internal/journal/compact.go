package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"firn/internal/disk"
	"firn/internal/record"
)

// Result is what a compaction did.
type Result struct {
	Segment       uint64 // the output
	Kept, Dropped int64  // records
	Unexplained   int64  // records that were nominated, but kept because the journal does not confirm it
	Before, After int64  // bytes
}

// Dead nominates a record: for each of its images, in their order, it returns
// the LSN of the record that holds a newer image or a tombstone of the same
// key. Nil means that the record is alive. The entry has no Inline, and no
// tombstones.
type Dead func(record.Entry) (reasons []record.LSN, err error)

// Compact replaces a run of neighbouring sealed segments, named in LSN order, by
// one that holds what is left of them. Nothing is dropped on dead's word alone:
// the journal reads each reason from the medium and keeps the record unless the
// reason holds a newer image, or a tombstone, of the image's key; for the image
// of a payload whose bytes lie in the record it must be a tombstone. A record
// that holds a tombstone itself is never dropped; it loses its payload's bytes if, but
// for that, it would be.
//
// ready is called when the output is durable and in use, and before anything is
// unlinked: there the catalog makes durable what it has applied. Unlinking waits for running
// replays; whoever has a payload open reads on.
//
// If Compact fails before ready, everything is as it was. After that the run
// stays on the medium unused, until the next Compact, which calls ready for that
// too, or the next Open removes it. ErrDamaged means
// that a segment of the run is not whole; it is not touched. ErrFull means what it says.
func (j *Journal) Compact(ctx context.Context, run []uint64, dead Dead, ready func() error) (Result, error) {
	j.compacting.Lock()
	defer j.compacting.Unlock()
	if j.uncertain != nil {
		return Result{}, j.uncertain
	}
	if err := j.unlinkUnused(ready); err != nil {
		j.log.Warn("segments that compaction has replaced are still there", "err", err)
	}
	c := &compaction{j: j, ctx: ctx, dead: dead}
	if err := c.prepare(run); err != nil {
		return Result{}, fmt.Errorf("compact: %w", err)
	}
	err := c.write()
	if err == nil {
		err = c.verify()
	}
	if err != nil {
		_ = j.fs.Remove(outputName(c.out.id)) // Else the next Open does.
		return Result{}, fmt.Errorf("compact to %s: %w", outputName(c.out.id), full(err))
	}
	if err := c.publish(); err != nil {
		return Result{}, fmt.Errorf("compact to %s: %w", c.out.name(), err)
	}
	for i := range c.in {
		j.unused = append(j.unused, c.in[i].name(), indexName(c.in[i].id))
	}
	if err := j.unlinkUnused(ready); err != nil {
		return c.res, fmt.Errorf("compact to %s: %w", c.out.name(), err)
	}
	return c.res, nil
}

// compaction is one run of Compact.
type compaction struct {
	j    *Journal
	ctx  context.Context
	dead Dead
	in   []segment // snapshots of the run
	out  *segment
	res  Result

	f       disk.File
	batch   []item
	bytes   int64  // of the batch's frame, at most
	arena   []byte // holds the batch's payloads and images
	buf     []byte
	reasons []reason
	cached  record.Entry // the reason read last
}

// prepare checks the run and makes up the output's header.
func (c *compaction) prepare(run []uint64) error {
	j := c.j
	salt, err := j.salt()
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if c.in, err = neighbours(j.segs, run); err != nil {
		return err
	}
	h := header{
		id: j.nextID, kind: kindCompacted, pool: j.cfg.Pool, drive: j.cfg.Drive, salt: salt,
		first: c.in[0].first,
	}
	j.nextID++
	for i := range c.in {
		s := &c.in[i]
		h.covered = max(h.covered, s.last)
		h.generation = max(h.generation, s.generation+1)
		h.inputs = append(h.inputs, input{s.id, s.first, s.last, s.tail.Offset, s.tail.CRC})
		c.res.Before += s.end
	}
	if h.covered < h.first {
		return errors.New("the run holds no records")
	}
	c.out = &segment{header: h, last: h.covered, end: headerSize, table: []slot{}, sealed: true}
	c.res.Segment = h.id
	return nil
}

// neighbours returns copies of the segments of a run, if it can be compacted.
func neighbours(segs []*segment, run []uint64) ([]segment, error) {
	if len(run) == 0 || len(run) > maxRun {
		return nil, fmt.Errorf("a run has 1 to %d segments, not %d", maxRun, len(run))
	}
	at := slices.IndexFunc(segs, func(s *segment) bool { return s.id == run[0] })
	if at < 0 || at+len(run) > len(segs) {
		return nil, fmt.Errorf("segments %x are not a run of live segments", run)
	}
	var out []segment
	for i, id := range run {
		s := segs[at+i]
		switch {
		case s.id != id:
			return nil, fmt.Errorf("segments %x are not neighbours", run)
		case !s.sealed:
			return nil, fmt.Errorf("segment %016x is not sealed", id)
		case s.damaged:
			return nil, fmt.Errorf("%w: segment %016x", ErrDamaged, id)
		case i > 0 && s.first != out[i-1].last+1:
			return nil, fmt.Errorf("%w: records %d to %d are missing", ErrDamaged, out[i-1].last+1, s.first-1)
		}
		out = append(out, *s)
	}
	return out, nil
}

// write writes the output up to its fdatasync.
func (c *compaction) write() (err error) {
	c.f, err = c.j.fs.Create(outputName(c.out.id))
	if err != nil {
		return err
	}
	defer c.f.Close()
	if _, err := c.f.WriteAt(c.out.encode(), 0); err != nil {
		return err
	}
	for i := range c.in {
		if err := c.copy(&c.in[i]); err != nil {
			return fmt.Errorf("copy %s: %w", c.in[i].name(), err)
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	if err := c.writeReasons(); err != nil {
		return err
	}
	c.res.After = c.out.end
	return c.f.Sync()
}

// copy copies what is alive in a segment.
func (c *compaction) copy(s *segment) error {
	f, err := c.j.files.open(s.name())
	if err != nil {
		return err
	}
	defer f.release()
	w := walker{f: f, id: s.id, salt: s.salt, off: headerSize, size: s.end}
	for {
		if err := context.Cause(c.ctx); err != nil {
			return err
		}
		fr, g, err := w.next()
		switch {
		case isEOF(err):
			return nil
		case err != nil:
			return err
		case g != nil:
			return fmt.Errorf("%w: frame at %d", ErrDamaged, g.off)
		}
		if fr.flags&flagReasons != 0 {
			_, _, reasons := parseReasons(fr.body)
			c.reasons = append(c.reasons, reasons...)
		}
		for i := range fr.metas {
			if m := &fr.metas[i]; m.lsn <= s.last {
				if err := c.record(f, m); err != nil {
					return err
				}
			}
		}
	}
}

// record copies one record, or drops it.
func (c *compaction) record(f disk.File, m *meta) error {
	reasons, bare, err := c.judge(m)
	if err != nil {
		return fmt.Errorf("record %d: %w", m.lsn, err)
	}
	if len(reasons) > 0 {
		c.reasons = append(c.reasons, reasons...)
		c.res.Dropped++
		return nil
	}
	if bare {
		m.payload, m.size = 0, 0
	}
	size := int64(metaSize+8+len(m.images)) + m.size + 8
	if len(c.batch) == MaxBatchOps || c.bytes+size > MaxBatchBytes {
		if err := c.flush(); err != nil {
			return err
		}
	}
	it := item{lsn: m.lsn, time: m.time, raw: c.hold(len(m.images))}
	copy(it.raw, m.images)
	if m.payload != 0 {
		if it.inline, err = readPayload(f, m, c.hold(int(m.size))); err != nil {
			return err
		}
	}
	c.batch = append(c.batch, it)
	c.bytes += size
	c.res.Kept++
	return nil
}

// hold returns n bytes that are valid until the next flush.
func (c *compaction) hold(n int) []byte {
	if len(c.arena)+n > cap(c.arena) {
		// What was handed out keeps the old arena alive.
		c.arena = make([]byte, 0, max(n, int(min(MaxBatchBytes, c.res.Before))))
	}
	at := len(c.arena)
	c.arena = c.arena[:at+n]
	return c.arena[at : at+n : at+n]
}

// flush writes the batch as a frame.
func (c *compaction) flush() error {
	if len(c.batch) == 0 {
		return nil
	}
	s := c.out
	h := head{flags: flagCompacted, id: s.id, salt: s.salt, first: c.batch[0].lsn, off: s.end}
	buf, crc, offs := appendFrame(c.buf[:0], h, c.batch, nil)
	c.buf = buf
	for i, it := range c.batch {
		s.table = append(s.table, slot{it.lsn, s.end + int64(offs[i])})
	}
	if err := c.put(buf); err != nil {
		return err
	}
	newest := c.batch[len(c.batch)-1]
	s.newest = newest.time
	s.tail = Position{Segment: s.id, Offset: s.end, LSN: newest.lsn, CRC: crc}
	clear(c.batch)
	c.batch, c.bytes, c.arena = c.batch[:0], 0, c.arena[:0]
	return nil
}

// put appends bytes to the output.
func (c *compaction) put(b []byte) error {
	if _, err := c.f.WriteAt(b, c.out.end); err != nil {
		return err
	}
	if err := c.f.FlushAsync(c.out.end, int64(len(b))); err != nil {
		return err
	}
	c.out.end += int64(len(b))
	return nil
}

// writeReasons writes the reasons as the last frames, at least one.
func (c *compaction) writeReasons() error {
	s := c.out
	slices.SortFunc(c.reasons, compareReasons)
	left := slices.Compact(c.reasons)
	for {
		n := min(len(left), maxReasons)
		h := head{flags: flagCompacted, id: s.id, salt: s.salt, first: s.covered + 1, off: s.end}
		buf, _ := appendReasons(c.buf[:0], h, s.first, s.covered, left[:n])
		c.buf = buf
		if err := c.put(buf); err != nil {
			return err
		}
		if left = left[n:]; len(left) == 0 {
			return nil
		}
	}
}

// verify reads the whole output again.
func (c *compaction) verify() error {
	f, err := c.j.fs.Open(outputName(c.out.id))
	if err != nil {
		return err
	}
	defer f.Close()
	bad := func(d Damage) error { return fmt.Errorf("%w: just written: %v", ErrDamaged, d) }
	s := c.out
	b := make([]byte, headerSize)
	if err := readFull(f, b, 0); err != nil {
		return err
	}
	if h, err := parseHeader(b); err != nil || h.id != s.id {
		return bad(Damage{Segment: s.id, What: "header"})
	}
	if err := readThrough(c.ctx, f, &s.header, s.end, bad); err != nil {
		return err
	}
	sc, err := scanSegment(f, s.id, s.salt, s.end)
	if err != nil {
		return err
	}
	if !slices.Equal(sc.table, s.table) || sc.last != s.covered {
		return bad(Damage{Segment: s.id, What: "other records than were written"})
	}
	if lost := sc.unexplained(s); len(lost) > 0 {
		return bad(Damage{Segment: s.id, First: lost[0].first, Last: lost[0].last, What: "neither kept nor explained"})
	}
	return nil
}

// publish gives the output its name and puts it in the place of the run. The
// rename is the commit:
//
//	fdatasync(fd)                              = 0    done by write
//	rename("journal/….cmp", "journal/….seg")   = 0
//	fsync(dirfd)                               = 0
func (c *compaction) publish() error {
	j := c.j
	err := j.fs.Rename(outputName(c.out.id), c.out.name())
	if err == nil {
		err = j.fs.SyncDir(dir)
	}
	if err != nil {
		// Whether the medium has the name is not known. Both are right, but the run must stay what it is.
		j.uncertain = fmt.Errorf("compaction has failed, and none is tried again before the next start: %w", err)
		return err
	}
	if err := j.writeIndex(c.out, c.out.table); err != nil {
		j.log.Warn("write journal index", "segment", c.out.name(), "err", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	at := slices.IndexFunc(j.segs, func(s *segment) bool { return s.id == c.in[0].id })
	j.segs = slices.Concat(j.segs[:at], []*segment{c.out}, j.segs[at+len(c.in):])
	return nil
}

// unlinkUnused removes what compaction has replaced, now or earlier when it could not be removed.
func (j *Journal) unlinkUnused(ready func() error) error {
	if len(j.unused) == 0 {
		return nil
	}
	if err := ready(); err != nil {
		return fmt.Errorf("before removing its inputs: %w", err)
	}
	j.removing.Lock()
	defer j.removing.Unlock()
	err := disk.RemoveSync(j.fs, j.unused...)
	for _, name := range j.unused {
		j.files.forget(name)
	}
	if err != nil {
		return fmt.Errorf("remove its inputs: %w", err)
	}
	j.unused = nil
	return nil
}
