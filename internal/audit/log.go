package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"firn/internal/disk"
)

// DefaultMaxSize is what [Config.MaxSize] means by zero.
const DefaultMaxSize = 64 << 20

// syncInterval is how long a line that is not durable waits for its sync.
const syncInterval = time.Second

// Config says where the log is and how much of it stays.
type Config struct {
	// FS is the directory that holds the log, which must be there. Required.
	FS disk.FS

	// MaxSize is the size in bytes at which a file is closed and the next begun; 0 means DefaultMaxSize. A file may be longer by
	// less than one line.
	MaxSize int64

	// Keep is how many closed files stay; 0 keeps all. The oldest go once a new one is begun. What counts is bytes, Keep times
	// MaxSize of them: a file that was closed early, by a restart or a failure, counts by its size, so that many restarts do
	// not push out the past.
	Keep int

	// Now is the clock; nil means time.Now.
	Now func() time.Time

	// Log hears when the log begins to fail and when it works again, and what Open cut off; nil discards it.
	Log *slog.Logger
}

func (c *Config) validate() error {
	switch {
	case c.FS == nil:
		return errors.New("open audit log: no file system")
	case c.MaxSize < 0:
		return fmt.Errorf("open audit log: maximal size %d is negative", c.MaxSize)
	case c.Keep < 0:
		return fmt.Errorf("open audit log: number %d of files to keep is negative", c.Keep)
	}
	if c.MaxSize == 0 {
		c.MaxSize = DefaultMaxSize
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Log is an open audit log. Its methods may be called concurrently.
//
// Lines are written under the mutex. Syncs are made without it, by one goroutine at a time, the leader, which is whoever finds
// the place free: a durable Append, the timer, Probe, or Close. Only the leader syncs, closes and removes files.
type Log struct {
	cfg Config

	mu      sync.Mutex // guards everything below
	changed *sync.Cond // the leader is done with a file, or with everything
	leading bool       // there is a leader
	closed  bool

	enc  *encoder
	open []*file // those not closed yet, oldest first; at most maxOpen
	cur  *file   // the last of open, if lines may still go there, or nil
	past []past  // the closed ones, oldest first

	last    name  // of the newest file that there ever was
	seam    bool  // the file before may end inside a line
	failing error // what went wrong since a sync of cur last went well
	fresh   bool  // a file has been begun since the last look at what is to be removed
	stuck   error // why old files could not be removed when that was last tried

	timer *time.Timer // calls tick
	armed bool        // and will do so
}

// Open opens the log in a directory and cuts off what a crash left torn at the end of its last files. It begins no file: the first
// Append does. An error means that the directory cannot be listed, or that the configuration contradicts itself; a file that cannot
// be repaired is only reported to the Config's Log.
func Open(c Config) (*Log, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	l := &Log{cfg: c, enc: newEncoder()}
	l.changed = sync.NewCond(&l.mu)
	l.timer = time.AfterFunc(syncInterval, l.tick)
	l.timer.Stop()
	if err := l.recover(); err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	return l, nil
}

// Append writes an event as one line. When it returns nil, the line has been handed to the system and survives the end of this
// process; if durable, it is on the medium, and so is every line that was written before it and since the log last failed. Concurrent
// durable calls share a sync. An error means that the line may be missing or may be lost in a power cut; it may also stay. e is
// the caller's again on return, and unchanged.
//
// The first Append after a failure waits for the medium in any case, because only that shows that the log works again.
func (l *Log) Append(e *Event, durable bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	line, err := l.enc.encode(e, l.cfg.Now())
	if err != nil {
		return err
	}
	f := l.cur
	if err := l.write(line); err != nil {
		return err
	}
	f.used = true
	if durable || l.failing != nil {
		return l.wait(f, f.end)
	}
	l.arm()
	return nil
}

// Failing returns why the newest line could not be written, or made durable, and nil if the log works.
func (l *Log) Failing() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failing
}

// Probe tries whether a failing log works again, by beginning and syncing a new file without a line, and returns what Failing then
// returns. If the log is not failing it does nothing. The next Append tries in any case; Probe is for when none comes.
func (l *Log) Probe() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing == nil {
		return nil
	}
	if err := l.ready(); err != nil {
		return err
	}
	if err := l.wait(l.cur, l.cur.end); err != nil {
		return err
	}
	return l.failing
}

// Close makes everything durable that has been written, and closes the files. An error says that some of it may not be. Only the first call
// does anything; Append after it is an error.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.timer.Stop()
	l.retire()
	left := slices.Clone(l.open)
	for len(l.open) > 0 || l.leading {
		l.settle()
	}
	var errs []error
	for _, f := range left {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

// fail notes a failure. Whatever it was, the next line goes to a new file.
func (l *Log) fail(err error) {
	if l.failing == nil {
		l.cfg.Log.Error("audit log is failing: lines may be missing", "err", err)
	}
	l.failing = err
	l.seam = true
	l.retire()
}

// works notes that a line, if it were appended now, would reach the medium.
func (l *Log) works() {
	if l.failing != nil {
		l.cfg.Log.Info("audit log works again", "file", l.cur.name.String())
	}
	l.failing = nil
}
