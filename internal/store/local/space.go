package local

import (
	"errors"
	"io/fs"
	"log/slog"
	"sync"

	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/store"
)

// reserveFile is space that is not used for anything until there is no other.
const reserveFile = "reserve"

const (
	// overhead is what a payload needs beside its bytes: the blocks of a
	// file's head and end, or of a frame and a new segment's header.
	overhead = 16 << 10
	// leafOverhead is what it needs for each leaf.
	leafOverhead = 64
	// scarce is the free space below which an error of SQLite's is taken for
	// lack of space, whatever it says: it has no one word for that.
	scarce = 1 << 20
)

// A space watches the free space. Uploads are refused while there is little
// left; deletes and jobs, which need a few bytes of journal and catalog in
// order to give many back, are given the reserve.
type space struct {
	fs      disk.FS
	log     *slog.Logger
	reserve int64

	mu       sync.Mutex
	held     int64 // bytes the reserve file has now
	promised int64 // to uploads that have not yet taken what they declared
}

func newSpace(fsys disk.FS, reserve int64, log *slog.Logger) *space {
	sp := &space{fs: fsys, log: log, reserve: max(reserve, 0)}
	if f, err := fsys.Open(reserveFile); err == nil {
		sp.held, _ = f.Size() // unknown is 0: it is then allocated again
		f.Close()
	}
	if sp.held > sp.reserve {
		if err := sp.resize(sp.reserve); err != nil {
			log.Warn("cannot give back what is held in reserve", "err", err)
		}
	}
	sp.refill()
	return sp
}

// A promise is space that an upload has declared and not yet taken. It
// belongs to the upload's goroutine.
type promise struct {
	sp *space
	n  int64
}

// keep ends a promise: the space is taken, so that the file system counts it,
// or is no longer wanted.
func (p *promise) keep() {
	p.sp.mu.Lock()
	defer p.sp.mu.Unlock()
	p.sp.promised -= p.n
	p.n = 0
}

// admit promises space to an upload of size bytes, or refuses it if that
// would leave less than the reserve free, beside what is promised to others.
// A payload of unknown size (-1) is an inventory, or a job's output. It may use
// the margin that uploads leave: without one nobody knows what to delete.
func (sp *space) admit(size int64) (*promise, error) {
	margin := int64(0)
	if size < 0 {
		margin = sp.reserve
	}
	size = max(size, 1)
	p := &promise{sp: sp, n: size + overhead + leafOverhead*payload.Leaves(size)}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	// No answer is no reason to refuse: the write itself will tell.
	if spare, err := sp.spare(); err == nil && spare+margin < p.n {
		return nil, store.ErrFull
	}
	sp.promised += p.n
	return p, nil
}

// spare is what uploads may still declare: what is free and not promised,
// but for the reserve and for what the reserve file lacks. mu is held.
func (sp *space) spare() (int64, error) {
	free, err := sp.fs.Free()
	return free - sp.promised - sp.reserve - max(sp.reserve-sp.held, 0), err
}

// exhausted reports whether there is so little space left that any failure
// may be for want of it.
func (sp *space) exhausted() bool {
	free, err := sp.fs.Free()
	return err == nil && free < scarce
}

// giveUp frees half of what is held in reserve, and reports whether there was
// anything to free.
func (sp *space) giveUp() bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.held == 0 {
		return false
	}
	rest := sp.held / 2
	if rest < 4<<10 {
		rest = 0 // less than a block frees nothing
	}
	sp.log.Warn("the disk is full; using the reserve", "bytes", sp.held-rest, "left", rest)
	if err := sp.resize(rest); err != nil {
		sp.log.Error("the reserve cannot be used", "err", err)
		return false
	}
	return true
}

// lend gives up a piece of the reserve for work that takes at most n bytes, and
// gives more back. It refuses if the whole reserve would not do.
func (sp *space) lend(n int64) bool {
	sp.mu.Lock()
	enough := n+overhead <= sp.held
	sp.mu.Unlock()
	return enough && sp.giveUp()
}

// refill makes the reserve whole again once there is room for it and as much
// again.
func (sp *space) refill() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	spare, err := sp.spare()
	if err != nil || sp.held >= sp.reserve || spare < 0 {
		return
	}
	if err := sp.resize(sp.reserve); err != nil {
		sp.log.Warn("cannot hold space in reserve", "err", err)
	}
}

// resize gives the reserve file n bytes. What it gives back can be used when
// it returns: some file systems free nothing before the truncation is on the
// medium. Where there is no preallocation, nothing is held.
func (sp *space) resize(n int64) error {
	f, err := sp.fs.OpenWrite(reserveFile)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = sp.fs.Create(reserveFile)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if n > sp.held {
		err = f.Allocate(0, n)
	} else {
		err = f.Truncate(n)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil && n > sp.held {
		_ = f.Truncate(sp.held) // a part may have been allocated
	}
	size, serr := f.Size()
	if serr == nil {
		sp.held = size
	}
	return errors.Join(err, serr)
}

// withReserve does what needs space, and makes room, piece by piece, while
// there is none. It is for those that have the catalog to themselves.
func (s *Store) withReserve(do func() error) error {
	for tries := 0; ; tries++ {
		err := do()
		if err == nil || !s.lacksSpace(err) || !s.makeRoom(tries, s.emptyLog) {
			return err
		}
	}
}

// emptyLog carries SQLite's log over into its file: what was in it is then on
// the medium, and up to 32 MiB are free.
func (s *Store) emptyLog() error {
	if s.catalog == nil {
		return nil
	}
	_, err := s.catalog.Checkpoint(s.ctx)
	return err
}

// makeRoom frees space for those that give more back, and reports whether
// there is hope that it was enough: a piece of the reserve, and SQLite's log,
// which emptyLog empties. And it has compaction look for more.
func (s *Store) makeRoom(tries int, emptyLog func() error) bool {
	gave := s.space.giveUp()
	if err := emptyLog(); err != nil {
		s.log.Warn("the catalog's log cannot be emptied", "err", err)
	}
	if s.reclaim != nil {
		s.reclaim.urge()
	}
	return gave || tries == 0
}
