package journal

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"firn/internal/disk"
	"firn/internal/record"
)

// Inline is the payload of one record. It can be read until it is closed, even if
// its segment is compacted meanwhile. One goroutine uses it at a time.
type Inline struct {
	file *file
	meta meta
}

// OpenInline opens the payload kept with a record. ErrNotFound means that there is
// no such record, or that it has no payload.
func (j *Journal) OpenInline(lsn record.LSN) (*Inline, error) {
	at, err := j.locate(lsn)
	if err != nil {
		return nil, err
	}
	if at.meta.payload == 0 {
		at.file.release()
		return nil, fmt.Errorf("%w: record %d has no payload", ErrNotFound, lsn)
	}
	at.meta.images = nil
	return &Inline{file: at.file, meta: at.meta}, nil
}

// Size returns the payload's length in bytes.
func (in *Inline) Size() int64 { return in.meta.size }

// Read reads the whole payload into buf, which it replaces if it is too short,
// and returns it. No byte is returned unless the checksum holds: ErrDamaged.
func (in *Inline) Read(buf []byte) ([]byte, error) { return readPayload(in.file, &in.meta, buf) }

// Close lets the segment go. The Inline must not be used after.
func (in *Inline) Close() error {
	in.file.release()
	return nil
}

// Entry reads the metadata of one record from the medium. Inline is nil.
func (j *Journal) Entry(lsn record.LSN) (record.Entry, error) {
	at, err := j.locate(lsn)
	if err != nil {
		return record.Entry{}, err
	}
	defer at.file.release()
	e, err := at.meta.entry()
	if err != nil {
		return record.Entry{}, fmt.Errorf("read record %d: %w", lsn, err)
	}
	return e, nil
}

// location is a record in its segment's file, which the holder releases.
type location struct {
	file *file
	meta meta
}

// locate finds a record and reads its meta.
func (j *Journal) locate(lsn record.LSN) (*location, error) {
	s, f, err := j.pin(lsn)
	if err != nil {
		return nil, err
	}
	m, err := j.metaOf(s, f, lsn)
	if err != nil {
		f.release()
		return nil, err
	}
	return &location{f, m}, nil
}

// pin returns a snapshot of the segment that is for an LSN, and its file. The file
// is opened under the lock, so that no compaction removes it in between.
func (j *Journal) pin(lsn record.LSN) (*segment, *file, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	n := sort.Search(len(j.segs), func(i int) bool { return j.segs[i].first > lsn })
	if n == 0 || j.segs[n-1].last < lsn {
		return nil, nil, fmt.Errorf("%w: %d", ErrNotFound, lsn)
	}
	s := *j.segs[n-1]
	f, err := j.files.open(s.name())
	if err != nil {
		return nil, nil, fmt.Errorf("look for record %d: %w", lsn, err)
	}
	return &s, f, nil
}

// metaOf reads a record's meta, whose place the segment's table or index file
// tells.
func (j *Journal) metaOf(s *segment, f *file, lsn record.LSN) (meta, error) {
	if s.table == nil {
		off, err := j.lookup(s, lsn)
		if err == nil && off == 0 {
			return meta{}, fmt.Errorf("%w: %d", ErrNotFound, lsn)
		}
		if err == nil {
			m, merr := readMeta(f, s, lsn, off)
			if !errors.Is(merr, ErrDamaged) {
				return m, merr
			}
			err = merr
		}
		// Either the index or the segment is damaged. A scan tells.
		j.log.Warn("journal index is remade", "segment", s.name(), "err", err)
		if s.table, err = j.remake(s, f); err != nil {
			return meta{}, err
		}
	}
	off := findSlot(s.table, lsn)
	if off == 0 {
		return meta{}, fmt.Errorf("%w: %d", ErrNotFound, lsn)
	}
	return readMeta(f, s, lsn, off)
}

// lookup searches the segment's index file.
func (j *Journal) lookup(s *segment, lsn record.LSN) (int64, error) {
	f, err := j.files.open(indexName(s.id))
	if err != nil {
		return 0, err
	}
	defer f.release()
	x, _, err := openIndex(f, &s.header)
	if err != nil {
		return 0, err
	}
	return x.find(lsn)
}

// remake makes a segment's table anew and, if it can, its index file.
func (j *Journal) remake(s *segment, f *file) ([]slot, error) {
	sc, err := scanSegment(f, s.id, s.salt, s.end)
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w", s.name(), err)
	}
	if err := sc.rescue(f, s); err != nil {
		return nil, fmt.Errorf("scan %s: %w", s.name(), err)
	}
	if len(sc.gaps) > 0 {
		j.discover(s, sc)
	} else {
		j.rewriteIndex(s.id, sc.table)
	}
	return sc.table, nil
}

// discover reports rot that came to light after Open. From now on the table in
// memory serves, and there is no index file, so that the next Open finds it too.
func (j *Journal) discover(s *segment, sc *scan) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := slices.IndexFunc(j.segs, func(live *segment) bool { return live.id == s.id })
	if at < 0 || j.segs[at].damaged {
		return
	}
	live := j.segs[at]
	live.damaged = true
	if live.table == nil {
		live.table = sc.table
	}
	found := []Damage{{Segment: s.id, Offset: sc.gaps[0].off, What: "frame is damaged"}}
	for _, l := range sc.unexplained(s) {
		found = append(found, Damage{Segment: s.id, Offset: sc.gaps[0].off, First: l.first, Last: l.last, What: "frame is damaged, records are lost", Lost: true})
	}
	for _, d := range found {
		j.log.Error("journal is damaged", "damage", d.String())
	}
	j.damage = append(j.damage, found...)
	if err := disk.RemoveSync(j.fs, indexName(s.id)); err != nil {
		j.log.Warn("remove index of a damaged segment", "segment", s.name(), "err", err)
	}
	j.files.forget(indexName(s.id))
}

// rewriteIndex replaces a live segment's index file. If that fails, the table
// is kept in memory instead.
func (j *Journal) rewriteIndex(id uint64, table []slot) {
	j.mu.Lock()
	var live *segment
	for _, s := range j.segs {
		if s.id == id {
			live, s.table = s, table
		}
	}
	j.mu.Unlock()
	if live == nil {
		return // It has been compacted meanwhile.
	}
	if err := j.writeIndex(live, table); err != nil {
		j.log.Warn("write journal index", "segment", segmentName(id), "err", err)
	}
}

// readMeta reads and checks the meta at off, which is to be that of lsn. The
// images do not alias anything.
func readMeta(f *file, s *segment, lsn record.LSN, off int64) (meta, error) {
	bad := fmt.Errorf("%w: record %d", ErrDamaged, lsn)
	if off < headerSize || off+metaSize > s.end {
		return meta{}, bad
	}
	b := make([]byte, min(blockSize, s.end-off))
	if err := readFull(f, b, off); err != nil {
		return meta{}, fmt.Errorf("read record %d: %w", lsn, err)
	}
	n := metaLength(b)
	if n > len(b) {
		if off+int64(n) > s.end {
			return meta{}, bad
		}
		b = make([]byte, n)
		if err := readFull(f, b, off); err != nil {
			return meta{}, fmt.Errorf("read record %d: %w", lsn, err)
		}
	}
	m, ok := parseMeta(b, seed(s.id, s.salt), off)
	if !ok || m.lsn != lsn {
		return meta{}, bad
	}
	return m, nil
}

func isDamage(err error) bool { return errors.Is(err, ErrDamaged) }
