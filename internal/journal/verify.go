package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"firn/internal/disk"
	"firn/internal/record"
)

// Verify reads everything up to Head again and calls fn for each thing that is
// not as it was written: headers, frames, records, payloads, index files; and
// it checks that the segments hold every LSN, or say why not. What Open found is
// found again. It repairs nothing. Its error means that it could not go on.
func (j *Journal) Verify(ctx context.Context, fn func(Damage)) error {
	j.removing.RLock()
	defer j.removing.RUnlock()
	next, byID := record.LSN(1), map[uint64]*segment{}
	for _, s := range j.snapshot() {
		if s.first > next {
			fn(Damage{Segment: s.id, First: next, Last: s.first - 1, What: "no segment holds the records before this one", Lost: true, Hole: true})
		}
		next = max(next, s.last+1)
		byID[s.id] = &s
		if p := byID[s.prev]; p != nil && (s.prevEnd < p.tail.Offset || s.prevEnd > p.end) && !p.damaged {
			fn(Damage{Segment: p.id, Offset: p.end, What: fmt.Sprintf("ends here, and its successor says %d", s.prevEnd)})
		}
		if err := j.verify(ctx, &s, fn); err != nil {
			return fmt.Errorf("verify %s: %w", s.name(), err)
		}
	}
	return nil
}

// snapshot copies the live segments. They do not change, and are not unlinked
// while removing is held for reading.
func (j *Journal) snapshot() []segment {
	j.mu.RLock()
	defer j.mu.RUnlock()
	segs := make([]segment, len(j.segs))
	for i, s := range j.segs {
		segs[i] = *s
	}
	return segs
}

// verify verifies one segment.
func (j *Journal) verify(ctx context.Context, s *segment, fn func(Damage)) error {
	f, err := j.files.open(s.name())
	if err != nil {
		return err
	}
	defer f.release()
	b := make([]byte, headerSize)
	if err := readFull(f, b, 0); err != nil {
		return err
	}
	if h, err := parseHeader(b); (err != nil || h.id != s.id || h.salt != s.salt) && !s.empty() {
		fn(Damage{Segment: s.id, What: "segment header is damaged"})
	}
	err = readThrough(ctx, f, &s.header, s.end, func(d Damage) error { fn(d); return nil })
	if err != nil {
		return err
	}
	sc, err := scanSegment(f, s.id, s.salt, s.end)
	if err != nil {
		return err
	}
	if err := sc.rescue(f, s); err != nil {
		return err
	}
	for _, l := range sc.unexplained(s) {
		fn(Damage{Segment: s.id, First: l.first, Last: l.last, What: "records are lost", Lost: true})
	}
	return j.verifyIndex(s, sc.table, fn)
}

// verifyIndex compares the index file with what the segment holds.
func (j *Journal) verifyIndex(s *segment, table []slot, fn func(Damage)) error {
	if s.table != nil {
		return nil // It has none.
	}
	f, err := j.files.open(indexName(s.id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // It is disposable; the next lookup makes it.
	}
	if err != nil {
		return err
	}
	defer f.release()
	var got []slot
	x, _, err := openIndex(f, &s.header)
	if err == nil {
		got, err = x.all()
	}
	if err != nil && !errors.Is(err, errIndex) {
		return err
	}
	if err != nil || !slices.Equal(got, table) {
		fn(Damage{Segment: s.id, What: "index file is damaged; it is remade when it is used, or if it is deleted"})
	}
	return nil
}

// rescue adds to the table what can be read in the gaps of s.
func (sc *scan) rescue(f disk.File, s *segment) error {
	w := walker{f: f, id: s.id, salt: s.salt, size: s.end}
	for i := range sc.gaps {
		found, err := w.rescue(&sc.gaps[i])
		if err != nil {
			return err
		}
		for _, m := range found {
			sc.table = append(sc.table, slot{m.lsn, m.off})
		}
	}
	sc.table = tidyTable(sc.table, s.last)
	return nil
}

// unexplained returns the LSNs that s is for, and that it neither holds nor gives
// a reason for.
func (sc *scan) unexplained(s *segment) []span {
	have := make([]record.LSN, len(sc.table))
	for i, sl := range sc.table {
		have[i] = sl.lsn
	}
	return missing(s.first, s.last, have, sc.dropped())
}

// readThrough reads the frames and payloads of a segment up to size and calls fn for
// what is not as it was written.
func readThrough(ctx context.Context, f disk.File, h *header, size int64, fn func(Damage) error) error {
	w := walker{f: f, id: h.id, salt: h.salt, off: headerSize, size: size}
	var buf []byte
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		fr, g, err := w.next()
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if g != nil {
			if err := fn(Damage{Segment: h.id, Offset: g.off, What: "frame is damaged"}); err != nil {
				return err
			}
			if fr, err = w.rescued(g, Position{}); err != nil {
				return err
			}
		}
		for i := range fr.metas {
			if buf, err = checkPayload(f, h.id, &fr.metas[i], buf, fn); err != nil {
				return err
			}
		}
	}
}

// checkPayload reads a payload, if there is one, and reports it to fn if it is
// damaged.
func checkPayload(f disk.File, id uint64, m *meta, buf []byte, fn func(Damage) error) ([]byte, error) {
	if m.payload == 0 {
		return buf, nil
	}
	got, err := readPayload(f, m, buf)
	if isDamage(err) {
		return buf, fn(Damage{Segment: id, Offset: m.payload, First: m.lsn, Last: m.lsn, What: "payload is damaged"})
	}
	if err != nil {
		return buf, err
	}
	return got, nil
}
