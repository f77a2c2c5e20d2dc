package audit

import (
	"fmt"
	"slices"
)

// wait returns when everything before end in f is on the medium, or may be lost.
func (l *Log) wait(f *file, end int64) error {
	for f.synced < end && f.err == nil {
		l.settle()
	}
	if f.synced >= end {
		return nil
	}
	return f.err
}

// settle leads if nobody does, and waits for a change if somebody does. It releases the mutex meanwhile.
func (l *Log) settle() {
	if l.leading {
		l.changed.Wait()
		return
	}
	l.lead()
}

// arm sets the timer, if it is not set.
func (l *Log) arm() {
	if !l.armed {
		l.armed = true
		l.timer.Reset(syncInterval)
	}
}

// tick syncs what nobody has waited for.
func (l *Log) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	for l.leading {
		l.changed.Wait() // The leader may have begun before the line was written that set the timer.
	}
	if !l.closed {
		l.lead()
	}
}

// lead syncs what has been written, in the order of writing, closes what is retired, and removes what is too old.
func (l *Log) lead() {
	l.leading = true
	for _, f := range slices.Clone(l.open) {
		l.sync(f)
		l.changed.Broadcast()
	}
	l.prune()
	l.leading = false
	l.changed.Broadcast()
}

// sync makes durable what is in f, and closes f if it is retired and that was all, or if more cannot be had. That the sync of a file
// before it has failed does not matter: those who wait for the lines of f can have them.
func (l *Log) sync(f *file) {
	if f.err == nil && f.synced < f.end {
		l.syncOnce(f)
	}
	if !f.retired || f.err == nil && f.synced < f.end {
		return // It goes on, or it was written and retired during the sync.
	}
	f.f.Close() // Whatever it says, no acknowledged byte depends on it.
	l.open = slices.DeleteFunc(l.open, func(o *file) bool { return o == f })
	if f.used {
		l.past = append(l.past, past{f.name, f.end})
		return
	}
	_ = l.cfg.FS.Remove(f.name.String()) // It says nothing; should the name come back, Open removes it.
}

// syncOnce makes the calls
//
//	fdatasync(fd)  = 0     the lines
//	fsync(dirfd)   = 0     the name, the first time
//
// without the mutex, so that lines are written meanwhile. They may have to wait for the next sync.
func (l *Log) syncOnce(f *file) {
	end, named := f.end, f.named
	l.mu.Unlock()
	err := f.f.Sync()
	var nameErr error
	if err == nil && !named {
		nameErr = l.cfg.FS.SyncDir(dir)
	}
	l.mu.Lock()
	switch {
	case err != nil:
		f.err = fmt.Errorf("sync %s: %w", f.name, err)
		l.fail(f.err)
	case nameErr != nil:
		l.doubtNames(fmt.Errorf("sync directory of %s: %w", f.name, nameErr))
	default:
		f.synced = end
		l.fresh = l.fresh || !named
		f.named = true
		if f == l.cur {
			l.works()
		}
	}
}

// doubtNames notes that a sync of the directory has failed. The system may now believe of every name that was waiting for it that it is on
// the medium, so that a later sync would prove nothing.
func (l *Log) doubtNames(err error) {
	doubt := false
	for _, f := range l.open {
		if !f.named && f.err == nil {
			f.err = err
			doubt = true
		}
	}
	if doubt {
		l.fail(err)
	}
}
