package local

import (
	"log/slog"
	"sync"

	"firn/internal/disk"
	"firn/internal/store"
)

// reserveFile is space that is not used for anything until there is no other.
const reserveFile = "reserve"

// A space watches the free space. Uploads are refused while there is little
// left; deletes and jobs, which need a few bytes of journal and catalog in
// order to give many back, are given the reserve.
type space struct {
	fs      disk.FS
	log     *slog.Logger
	reserve int64

	mu   sync.Mutex
	held int64 // bytes the reserve file has now
}

func newSpace(fsys disk.FS, reserve int64, log *slog.Logger) *space {
	sp := &space{fs: fsys, log: log, reserve: max(reserve, 0)}
	if f, err := fsys.Open(reserveFile); err == nil {
		sp.held, _ = f.Size() // unknown is 0: it is then allocated again
		f.Close()
	}
	sp.refill()
	return sp
}

// admit refuses an upload of size bytes (-1: not known) that would leave less
// than the reserve free.
func (sp *space) admit(size int64) error {
	free, err := sp.fs.Free()
	if err != nil {
		return nil // no answer is no reason: the write itself will tell
	}
	if free-max(size, 0) < sp.reserve {
		return store.ErrFull
	}
	return nil
}

// giveUp frees half of what is held in reserve, and reports whether there was
// anything to free.
func (sp *space) giveUp() bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.held == 0 {
		return false
	}
	sp.log.Warn("the disk is full; using the reserve", "bytes", sp.held/2)
	return sp.resize(sp.held/2) == nil
}

// refill makes the reserve whole again once there is room for twice as much.
func (sp *space) refill() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	free, err := sp.fs.Free()
	if err != nil || sp.held >= sp.reserve || free < 3*sp.reserve {
		return
	}
	if err := sp.resize(sp.reserve); err != nil {
		sp.log.Warn("cannot hold space in reserve", "err", err)
	}
}

// resize gives the reserve file n bytes.
func (sp *space) resize(n int64) error {
	f, err := sp.fs.OpenWrite(reserveFile)
	if err != nil {
		if f, err = sp.fs.Create(reserveFile); err != nil {
			return err
		}
	}
	defer f.Close()
	if n > sp.held {
		err = f.Allocate(0, n)
	} else {
		err = f.Truncate(n)
	}
	if err == nil {
		sp.held = n
	}
	return err
}
