package journal

import (
	"fmt"
	"math"
	"slices"

	"firn/internal/disk"
	"firn/internal/record"
)

const noLimit = record.LSN(math.MaxUint64)

// settle decides, for each segment in LSN order, which of its frames exist.
func (r *recovery) settle() error {
	next := record.LSN(1)
	for i, s := range r.segs {
		if s.headless && s.kind == kindJournal && s.scan.leadingGap() {
			s.first = min(s.first, next) // What the first frame holds is not what the segment began with.
		}
		if s.first > next {
			r.report(Damage{Segment: s.id, First: next, Last: s.first - 1, What: "no segment holds the records before this one", Lost: true, Hole: true})
		}
		if s.scan != nil {
			var after *found
			if i+1 < len(r.segs) {
				after = r.segs[i+1]
			}
			if err := r.settleOne(s, after); err != nil {
				return err
			}
		}
		if s.headless && !s.empty() {
			s.damaged = true
			r.report(Damage{Segment: s.id, What: "segment header is damaged"})
		}
		next = max(next, s.last+1)
	}
	r.head = next - 1
	if n := len(r.redo); n > 0 {
		r.head = max(r.head, r.redo[n-1].frame.last)
	}
	return nil
}

// settleOne settles a segment that was scanned. after is its successor, nil for
// the last.
func (r *recovery) settleOne(s, after *found) error {
	f, err := r.j.files.open(s.name())
	if err != nil {
		return err
	}
	defer f.release()
	st := &settling{r: r, s: s, f: f, limit: noLimit, proven: s.size}
	switch {
	case s.kind == kindCompacted:
		st.limit = s.covered
	case after != nil:
		st.limit = after.first - 1
		if s.bound != 0 {
			st.limit = min(st.limit, s.bound-1)
		}
		st.after = after
		st.cut(func(fi *frameInfo) bool { return fi.first > st.limit && (fi.holds() || fi.first > st.limit+1) })
	default:
		st.proven = r.proven(s)
		st.claimed = claimed(s.scan, st.proven)
		if err := r.unproven(s, f, st.proven); err != nil {
			return err
		}
		st.cut(func(fi *frameInfo) bool { return fi.off >= st.proven })
	}
	return st.run()
}

// proven is how far the bytes of the last segment are known to have been
// durable.
func (r *recovery) proven(s *found) int64 {
	p, a := s.scan.proven(), r.applied
	for _, t := range r.witness {
		if t.prev == s.id {
			p = max(p, min(t.prevEnd, s.size))
		}
	}
	if a.Segment != s.id || a.Offset <= p {
		return p
	}
	for _, f := range s.scan.frames {
		if f.end == a.Offset && f.last == a.LSN && f.crc == a.CRC {
			return a.Offset
		}
		if f.off < a.Offset && a.Offset <= f.end {
			return p // The catalog is of another history; Replay will say so.
		}
	}
	return min(a.Offset, s.size)
}

// unproven finds the frames behind the proven end that are valid to the last
// byte. They may have been acknowledged, and the medium may not hold them.
func (r *recovery) unproven(s *found, f disk.File, proven int64) error {
	at, next := max(proven, headerSize), s.first
	for _, fi := range s.scan.frames {
		if fi.off < proven {
			next = fi.last + 1
			continue
		}
		if fi.off != at || fi.first < next {
			return nil
		}
		items, err := loadFrame(f, s.id, s.salt, fi)
		if err != nil {
			return err
		}
		if items == nil {
			// As in readOne: once more.
			if items, err = loadFrame(f, s.id, s.salt, fi); err == nil && items != nil {
				err = fmt.Errorf("read %s: two reads of the same bytes differ", s.name())
			}
			return err
		}
		if fi.holds() {
			r.redo = append(r.redo, redo{s, fi})
		}
		at, next = fi.end, fi.last+1
	}
	return nil
}

// loadFrame reads a frame with its payloads. The result is nil if a payload is
// damaged.
func loadFrame(f disk.File, id, salt uint64, fi frameInfo) ([]item, error) {
	w := walker{f: f, id: id, salt: salt, off: fi.off, size: fi.end}
	fr, err := w.frameAt(fi.off)
	if err != nil || fr == nil {
		return nil, err
	}
	items := make([]item, 0, len(fr.metas))
	for _, m := range fr.metas {
		it := item{lsn: m.lsn, time: m.time, raw: m.images}
		if m.payload != 0 {
			it.inline, err = readPayload(f, &m, []byte{})
			if isDamage(err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
		}
		items = append(items, it)
	}
	return items, nil
}

// settling settles one segment.
type settling struct {
	r       *recovery
	s       *found
	after   *found
	f       disk.File
	limit   record.LSN // the last LSN that can exist in it
	proven  int64      // bytes before this are rot if they are invalid
	claimed record.LSN // the last LSN before the first frame behind proven; 0 if there is none
	next    record.LSN // the LSN expected next
	extra   []meta     // read one by one out of damaged frames
}

// cut drops the frames from the first on for which out is true.
func (st *settling) cut(out func(*frameInfo) bool) {
	for i := range st.s.scan.frames {
		if out(&st.s.scan.frames[i]) {
			st.s.scan.cut(i)
			return
		}
	}
}

func (st *settling) run() error {
	s, sc := st.s, st.s.scan
	s.last, s.end, s.newest = s.first-1, headerSize, 0
	st.next = s.first
	gaps := sc.gaps
	for _, fi := range sc.frames {
		for ; len(gaps) > 0 && gaps[0].off < fi.off; gaps = gaps[1:] {
			to := fi.first - 1
			if fi.flags&flagReasons != 0 {
				to = s.covered
			}
			if err := st.account(&gaps[0], to); err != nil {
				return err
			}
		}
		s.end = fi.end
		if fi.holds() {
			st.next = fi.last + 1
			s.last, s.newest = fi.last, fi.newest
			s.tail = Position{Segment: s.id, Offset: fi.end, LSN: fi.last, CRC: fi.crc}
		}
	}
	if err := st.ending(gaps); err != nil {
		return err
	}
	st.finish()
	return nil
}

// ending looks at what lies behind the last frame that exists.
func (st *settling) ending(gaps []gap) error {
	s := st.s
	for len(gaps) > 0 && gaps[0].off < s.end {
		gaps = gaps[1:]
	}
	g := gap{off: s.end, end: s.end}
	if len(gaps) > 0 && gaps[0].off == s.end {
		g = gaps[0]
	}
	switch {
	case s.kind == kindCompacted:
		if n := len(s.scan.frames); n > 0 && s.scan.frames[n-1].flags&flagReasons != 0 && s.scan.last == s.covered {
			return nil
		}
		s.end = g.end
		return st.account(&g, s.covered)
	case st.after != nil:
		return st.endingBefore(&g)
	case g.off < st.proven:
		g.end = min(g.end, st.proven)
		s.end = st.proven
		to := max(st.next-1, st.claimed)
		s.last = to
		if st.r.applied.Segment == s.id {
			to = max(to, st.r.applied.LSN)
		}
		return st.account(&g, to)
	}
	return nil
}

// claimed is the last LSN before the first frame at or behind proven. That frame
// need not exist for what it says to be true.
func claimed(sc *scan, proven int64) record.LSN {
	for i := range sc.frames {
		if sc.frames[i].off >= proven {
			return sc.frames[i].first - 1
		}
	}
	return 0
}

// endingBefore is ending for a journal segment with a successor. The successor
// began with the LSN after limit, so everything up to there was durable.
func (st *settling) endingBefore(g *gap) error {
	s := st.s
	if st.next > st.limit {
		return nil
	}
	cutOff := st.after.prev == s.id && st.after.prevEnd > s.end
	zero, err := allZero(st.f, g.off, g.end)
	if err != nil || zero && !cutOff {
		return err // Nothing was here: a hole.
	}
	s.end = g.end
	s.last = st.limit
	return st.account(g, st.limit)
}

// account reports what a damaged stretch costs, whose records are those up to
// the LSN to, and saves what can be read in it.
func (st *settling) account(g *gap, to record.LSN) error {
	s := st.s
	s.damaged = true
	w := walker{f: st.f, id: s.id, salt: s.salt, size: s.size}
	found, err := w.rescue(g)
	if err != nil {
		return err
	}
	var have []record.LSN
	for _, m := range found {
		if m.lsn >= st.next && m.lsn <= to {
			have = append(have, m.lsn)
			st.extra = append(st.extra, m)
		}
	}
	lost := missing(st.next, to, have, s.scan.dropped())
	for _, l := range lost {
		st.r.report(Damage{Segment: s.id, Offset: g.off, First: l.first, Last: l.last, What: "frame is damaged, records are lost", Lost: true})
	}
	if n := len(have); n > 0 {
		st.r.report(Damage{Segment: s.id, Offset: g.off, First: have[0], Last: have[n-1], What: "frame is damaged, records were read one by one"})
		m := st.extra[len(st.extra)-1]
		s.last, s.newest = max(s.last, m.lsn), m.time
		s.tail = Position{Segment: s.id, Offset: g.end, LSN: m.lsn}
		st.next = m.lsn + 1
	}
	if len(lost) == 0 && len(have) == 0 {
		st.r.report(Damage{Segment: s.id, Offset: g.off, What: "frame without records is damaged"})
	}
	return nil
}

// finish makes the table of what exists.
func (st *settling) finish() {
	s := st.s
	s.table = slices.Clip(s.scan.table)
	for _, m := range st.extra {
		s.table = append(s.table, slot{m.lsn, m.off})
	}
	s.table = tidyTable(s.table, st.limit)
	if s.kind == kindCompacted {
		s.last, s.sealed = s.covered, true
		return
	}
	s.last = min(s.last, st.limit)
}

// dropped lists the dropped LSNs, sorted.
func (sc *scan) dropped() []record.LSN {
	var list []record.LSN
	for _, r := range sc.reasons {
		list = append(list, r.dropped)
	}
	slices.Sort(list)
	return list
}

// compare refuses a journal that has lost what the catalog has applied, or whose
// end nobody knows: a number that was acknowledged must not be used again.
func (r *recovery) compare() error {
	if r.applied.LSN > r.head {
		return &AheadError{First: r.head + 1, Last: r.applied.LSN}
	}
	for _, g := range r.ghosts {
		later := slices.ContainsFunc(r.segs, func(s *found) bool { return s.kind == kindJournal && s.id > g.id })
		if r.named(g.id) && !later {
			return fmt.Errorf("%w: %s held acknowledged records, and nothing in it can be read; without them it is not known which number is next (to accept their loss, move the file and its index away)",
				ErrDamaged, segmentName(g.id))
		}
	}
	return nil
}

// tidy unlinks what does not exist any more, or never did.
func (r *recovery) tidy() error {
	for _, g := range r.ghosts {
		switch {
		case r.named(g.id):
			r.report(Damage{Segment: g.id, What: "segment is unreadable"})
		case g.zero:
			r.remove = append(r.remove, segmentName(g.id))
		default:
			r.j.log.Warn("segment file holds nothing that was acknowledged; it is kept", "name", segmentName(g.id))
		}
	}
	if len(r.remove) == 0 {
		return nil
	}
	for _, name := range r.remove {
		r.j.log.Info("remove leftover of the journal", "name", name)
		r.j.files.forget(name)
	}
	if err := r.j.fs.SyncDir(dir); err != nil { // the names of what stands for them come first
		return err
	}
	return disk.RemoveSync(r.j.fs, r.remove...)
}

// named reports whether anybody says that the segment had durable bytes.
func (r *recovery) named(id uint64) bool {
	if r.applied.Segment == id && r.applied.Offset > 0 || r.indexes[id] {
		return true // An index is made when a later segment is durable.
	}
	return slices.ContainsFunc(r.witness, func(s *found) bool { return s.prev == id && s.prevEnd > headerSize })
}

// adopt makes the segments the journal's own.
func (r *recovery) adopt() error {
	j := r.j
	for _, s := range r.segs {
		seg := s.segment
		j.segs = append(j.segs, &seg)
	}
	j.head, j.damage = r.head, r.damage
	if n := len(r.redo); n > 0 {
		j.head = r.redo[0].frame.first - 1
	}
	return j.findNewest()
}

// seal seals all but the last. Not before again: what the last one begins
// with may be in the page cache only.
func (r *recovery) seal() error {
	j := r.j
	if n := len(j.segs); n > 0 {
		for _, s := range j.segs[:n-1] {
			if !s.sealed || s.table != nil {
				s.sealed = false
				j.sealAll([]*segment{s})
			}
		}
	}
	return nil
}

// findNewest looks up the time of the newest record.
func (j *Journal) findNewest() error {
	for i := len(j.segs) - 1; i >= 0 && j.newest == 0; i-- {
		s := j.segs[i]
		if s.tail == (Position{}) {
			continue
		}
		if j.newest = s.newest; j.newest != 0 {
			return nil
		}
		at, err := j.locate(s.tail.LSN)
		if isDamage(err) {
			continue // The one before it is a floor too.
		}
		if err != nil {
			return err
		}
		at.file.release()
		j.newest = at.meta.time
	}
	return nil
}

// again writes the unproven frames to a new segment.
func (r *recovery) again() error {
	for _, re := range r.redo {
		f, err := r.j.files.open(re.from.name())
		if err != nil {
			return err
		}
		items, err := loadFrame(f, re.from.id, re.from.salt, re.frame)
		f.release()
		if err != nil {
			return err
		}
		if _, err := r.j.commit(items); err != nil {
			return err
		}
		r.j.log.Info("wrote the last batch again", "first", re.frame.first, "last", re.frame.last)
	}
	return nil
}
