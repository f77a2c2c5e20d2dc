package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"firn/internal/disk"
	"firn/internal/record"
)

// Open opens the journal in the directory journal, which it makes if need be,
// and recovers it. applied is the position that the catalog remembers: it
// proves that everything before it was durable. When Open returns nil, every
// record up to Head is on the medium.
//
// Open never changes a segment it finds, but for cutting zeros off its end. The
// caller holds the store's lock.
//
// The errors are *AheadError, ErrVersion, ErrFull (the last batch had to be
// written again, and there was no space), or what the medium reports: a read error is
// never taken for the end of the data.
func Open(cfg Config, applied Position) (*Journal, error) {
	j := newJournal(cfg)
	r := &recovery{j: j, applied: applied, checked: map[uint64]bool{}}
	for _, step := range []func() error{r.list, r.read, r.order, r.settle, r.compare, r.tidy, r.adopt, r.again, r.seal} {
		if err := step(); err != nil {
			if j.w != nil {
				j.w.f.Close()
			}
			j.files.close()
			return nil, fmt.Errorf("open journal: %w", err)
		}
	}
	return j, nil
}

// recovery is one Open. Up to and including compare nothing is written.
type recovery struct {
	j       *Journal
	applied Position

	ids     []uint64        // of .seg files
	indexes map[uint64]bool // .idx files
	remove  []string        // what is to be unlinked
	ghosts  []ghost
	segs    []*found // in LSN order from order on
	witness []*found // all whose header is good
	damage  []Damage
	redo    []redo // unproven frames, to be written again
	head    record.LSN
	checked map[uint64]bool // compacted segments that were read again, and whether they are whole
}

// found is a segment file found at start.
type found struct {
	segment
	size  int64
	bound record.LSN // the first LSN of its successor; 0 if it has none
	scan  *scan      // nil if the index has said it all

	// headless means that the header block is damaged, or was torn in the first
	// write.
	headless bool
	zero     bool // all of the file is zeros
}

// ghost is a segment file without a frame.
type ghost struct {
	id   uint64
	zero bool
}

// redo is a valid frame that nothing proves durable.
type redo struct {
	from  *found
	frame frameInfo
}

// list reads the directory.
func (r *recovery) list() error {
	fs := r.j.fs
	if err := disk.MkdirAll(fs, dir); err != nil {
		return err
	}
	entries, err := fs.ReadDir(dir)
	if err != nil {
		return err
	}
	r.indexes = map[uint64]bool{}
	r.j.nextID = 1
	for _, e := range entries {
		id, ext, ok := parseName(e.Name)
		if !ok || e.Dir {
			r.j.log.Warn("unknown file in journal directory", "name", e.Name)
			continue
		}
		r.j.nextID = max(r.j.nextID, id+1)
		switch ext {
		case "seg":
			r.ids = append(r.ids, id)
		case "idx":
			r.indexes[id] = true
		case "cmp":
			r.remove = append(r.remove, outputName(id))
		}
	}
	for id := range r.indexes {
		if !slices.Contains(r.ids, id) {
			r.remove = append(r.remove, indexName(id))
		}
	}
	slices.Sort(r.remove)
	return nil
}

// read learns what each segment file holds.
func (r *recovery) read() error {
	for _, id := range r.ids {
		if err := r.readOne(id); err != nil {
			return fmt.Errorf("read %s: %w", segmentName(id), err)
		}
	}
	return nil
}

func (r *recovery) readOne(id uint64) error {
	f, err := r.j.files.open(segmentName(id))
	if err != nil {
		return err
	}
	defer f.release()
	fd, err := r.classify(f, id)
	if err != nil {
		return err
	}
	if fd.suspect() {
		// What is taken for torn is as good as gone, so one bad read must not be enough for it.
		again, err := r.classify(f, id)
		if err != nil {
			return err
		}
		if !fd.alike(again) {
			return errors.New("two reads of the same bytes differ")
		}
	}
	if fd.kind == 0 {
		r.ghosts = append(r.ghosts, ghost{id, fd.zero})
		return nil
	}
	r.segs = append(r.segs, fd)
	return nil
}

// classify reads a segment file. The result has no kind if there is neither a
// header nor a frame.
func (r *recovery) classify(f disk.File, id uint64) (*found, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	h, err := r.header(f, id, size)
	if errors.Is(err, errBadHeader) {
		return r.classifyHeadless(f, id, size)
	}
	if err != nil {
		return nil, err
	}
	fd := &found{segment: segment{header: h}, size: size}
	if r.indexes[id] && r.readIndex(fd) {
		return fd, nil
	}
	fd.scan, err = scanSegment(f, id, h.salt, size)
	return fd, err
}

// suspect reports whether not all of the file could be read as what it is.
func (s *found) suspect() bool { return s.headless || s.scan != nil && len(s.scan.gaps) > 0 }

// alike reports whether two looks at the same file have seen the same.
func (s *found) alike(t *found) bool {
	if s.kind != t.kind || s.headless != t.headless || s.zero != t.zero || (s.scan == nil) != (t.scan == nil) {
		return false
	}
	return s.scan == nil || slices.Equal(s.scan.frames, t.scan.frames)
}

// header reads the header block. errBadHeader means that it is damaged.
func (r *recovery) header(f disk.File, id uint64, size int64) (header, error) {
	if size < headerSize {
		return header{}, errBadHeader
	}
	b := make([]byte, headerSize)
	if err := readFull(f, b, 0); err != nil {
		return header{}, err
	}
	h, err := parseHeader(b)
	switch {
	case err != nil:
		return header{}, err
	case h.id != id:
		return header{}, errBadHeader // Another segment's block came to lie here.
	case h.pool != r.j.cfg.Pool:
		return header{}, fmt.Errorf("it belongs to the pool %x, not to %x", h.pool, r.j.cfg.Pool)
	}
	return h, nil
}

// classifyHeadless takes salt and kind of a segment from its frames.
func (r *recovery) classifyHeadless(f disk.File, id uint64, size int64) (*found, error) {
	fd := &found{size: size, headless: true}
	salt, ok, err := findSalt(f, id, size)
	if err != nil {
		return nil, err
	}
	if !ok {
		fd.zero, err = allZero(f, 0, size)
		return fd, err
	}
	sc, err := scanSegment(f, id, salt, size)
	if err != nil {
		return nil, err
	}
	if len(sc.frames) == 0 {
		return nil, errors.New("two reads of the same bytes differ")
	}
	fd.scan = sc
	fd.header = header{id: id, kind: kindJournal, pool: r.j.cfg.Pool, salt: salt, first: sc.frames[0].first}
	if sc.frames[0].flags&flagCompacted != 0 {
		fd.kind = kindCompacted
		fd.covered = sc.rawLast()
		if sc.last != 0 {
			fd.first, fd.covered = sc.first, sc.last
		}
	}
	return fd, nil
}

// readIndex fills fd from its index file, and reports whether that is usable.
func (r *recovery) readIndex(fd *found) bool {
	f, err := r.j.files.open(indexName(fd.id))
	if err != nil {
		r.j.log.Warn("open journal index", "segment", fd.name(), "err", err)
		return false
	}
	defer f.release()
	_, s, err := openIndex(f, &fd.header)
	if err == nil && s.end > fd.size {
		err = fmt.Errorf("%w: the segment is shorter", errIndex)
	}
	if err != nil {
		r.j.log.Warn("journal index is remade", "segment", fd.name(), "err", err)
		return false
	}
	fd.segment = *s
	fd.sealed = true
	return true
}

func (r *recovery) report(d Damage) {
	r.damage = append(r.damage, d)
	r.j.log.Error("journal is damaged", "damage", d.String())
}

// order drops superseded segments and sorts the others by LSN.
func (r *recovery) order() error {
	if err := r.exorcise(); err != nil {
		return err
	}
	for _, s := range r.segs {
		for _, t := range r.segs {
			// What a later segment begins with was written again there, or for the first time.
			if s.kind == kindJournal && t.id > s.id && t.first >= s.first && (s.bound == 0 || t.first < s.bound) {
				s.bound = t.first
			}
		}
	}
	var live []*found
	for _, s := range r.segs {
		c := r.superseded(s)
		if c == nil {
			live = append(live, s)
			continue
		}
		ok, err := r.whole(c)
		if err != nil {
			return err
		}
		if ok {
			r.remove = append(r.remove, s.name())
			if r.indexes[s.id] {
				r.remove = append(r.remove, indexName(s.id))
			}
		}
	}
	slices.SortFunc(live, func(a, b *found) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.id, b.id))
	})
	r.segs = live
	return nil
}

// exorcise drops journal segments without a frame that nobody names. Their
// headers are no witness of where the segment before ended: they may have been
// written to repeat its last, acknowledged frame. But what they say of its
// proven end is true.
func (r *recovery) exorcise() error {
	r.witness = slices.Clone(r.segs)
	var left []*found
	for _, s := range r.segs {
		torn, err := r.torn(s)
		if err != nil {
			return err
		}
		if torn && !r.named(s.id) {
			r.ghosts = append(r.ghosts, ghost{id: s.id})
			continue
		}
		left = append(left, s)
	}
	r.segs = left
	return nil
}

// torn reports whether a journal segment holds no frame that is valid to the
// last byte, and nobody goes on behind it.
func (r *recovery) torn(s *found) (bool, error) {
	if s.kind != kindJournal || s.scan == nil || len(s.scan.frames) > 1 || s.scan.proven() > 0 {
		return false, nil
	}
	if len(s.scan.frames) == 0 {
		return true, nil
	}
	fi := s.scan.frames[0]
	if slices.ContainsFunc(r.witness, func(t *found) bool { return t.first > fi.last }) {
		return false, nil // If it is not here that the frame was durable, another segment begins with it.
	}
	f, err := r.j.files.open(s.name())
	if err != nil {
		return false, err
	}
	defer f.release()
	items, err := loadFrame(f, s.id, s.salt, fi)
	if err != nil || items != nil {
		return false, err
	}
	// As in readOne: once more.
	if items, err = loadFrame(f, s.id, s.salt, fi); err == nil && items != nil {
		err = fmt.Errorf("read %s: two reads of the same bytes differ", s.name())
	}
	return items == nil, err
}

// superseded returns the compacted segment that stands for s, if there is one.
func (r *recovery) superseded(s *found) *found {
	last := s.lastKnown()
	for _, c := range r.segs {
		if c.kind != kindCompacted || c.id <= s.id {
			continue
		}
		if _, listed := c.stands(s.id); listed || c.first <= s.first && s.first <= c.covered && last <= c.covered {
			return c
		}
	}
	return nil
}

// lastKnown is the last LSN that s can be for.
func (s *found) lastKnown() record.LSN {
	switch {
	case s.kind == kindCompacted:
		return s.covered
	case s.scan == nil:
		return s.last
	case s.bound != 0:
		return min(s.scan.rawLast(), s.bound-1)
	}
	return s.scan.rawLast()
}

// whole reads a compacted segment again before anything is unlinked on its
// word. If it is damaged, what it stands for is kept for whoever repairs it.
func (r *recovery) whole(c *found) (bool, error) {
	if ok, done := r.checked[c.id]; done {
		return ok, nil
	}
	f, err := r.j.files.open(c.name())
	if err != nil {
		return false, err
	}
	defer f.release()
	ok := true
	size := c.size
	if c.scan == nil {
		size = c.end
	}
	err = readThrough(context.Background(), f, &c.header, size, func(d Damage) error {
		ok = false
		r.report(d)
		return nil
	})
	r.checked[c.id] = ok
	return ok, err
}
