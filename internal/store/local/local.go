// Package local is the store on one machine: an append-only journal, a file
// for each large payload, and a disposable SQLite catalog.
//
// # What it promises
//
// When Update returns nil, the record and the payload it names are on the
// medium and will be found again: after kill -9, after a power cut, and after
// the loss of the catalog, which can be rebuilt from the data alone. What was
// deleted stays deleted. A byte leaves the store only after its checksum.
//
// # How
//
// One goroutine, the committer, takes what waits as a batch. It runs each
// rule in one SQLite transaction, writes their records to the journal as one
// frame with one write and one fdatasync, commits SQLite, and answers. The
// journal is the truth; SQLite may lag behind it after a power cut, and is
// replayed up to it at the next start. It never leads.
//
// A payload of at most one MiB travels in its record's frame. A larger one is
// written to a file of its own, and synced with its name, before its record
// is.
//
// # The directory
//
//	STORE               which store this is
//	LOCK                locked by the process that has it open
//	journal/            segments of the journal, and their indexes
//	payload/xx/         payload files
//	catalog/            the SQLite view; may be deleted at any time
//	secrets/            the key that seals secrets
//	quarantine/         whole payload files that nothing explains
//	reserve             space held back for deletes on a full disk
//
// # What it does not do
//
// It does not protect against the loss of the drive, nor against somebody who
// can write to the directory. Two processes cannot share one.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/journal"
	"firn/internal/payload"
	"firn/internal/store"
	"firn/internal/token"
)

// The names below the root.
const (
	lockFile      = "LOCK"
	journalDir    = "journal"
	payloadDir    = "payload"
	catalogDir    = "catalog"
	catalogFile   = "catalog/catalog.db"
	quarantineDir = "quarantine"
)

// Config says where a store is and how it behaves.
type Config struct {
	// FS is the store's root directory.
	FS disk.FS
	// Catalog is the path of the SQLite file. Empty means catalog/catalog.db
	// in FS, which must then be a disk.Pather.
	Catalog string
	// SegmentSize is the size at which a journal segment is closed; 0 means
	// 1 GiB.
	SegmentSize int64
	// Buffers bounds the memory for payloads on their way in, in MiB;
	// 0 means 64.
	Buffers int
	// Reserve is how many bytes are held back so that deletes and jobs go on
	// when the disk is full; 0 means 32 MiB, negative none.
	Reserve int64
	// CompactBelow is the share of live bytes below which a sealed segment is
	// rewritten; 0 means 0.5, negative that no segment ever is.
	CompactBelow float64
	// AcceptLoss lets a store open, and write, that has lost acknowledged
	// records for good: the catalog has seen some that the journal lacks, or
	// the journal has a hole and there is no catalog that knows what was in
	// it. The catalog is made from what is left; what only the old one knew
	// is logged. What the lost records had deleted may be back; vault locks
	// that the old catalog knows are put back.
	AcceptLoss bool
	// Now is the clock; nil means time.Now. Jumps of the wall clock are seen
	// only if its results have a monotonic reading too.
	Now func() time.Time
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger

	clocks func() reading // for tests, which set both clocks; nil means those of Now
}

func (c *Config) setDefaults() error {
	if c.FS == nil {
		return errors.New("local: no file system")
	}
	if c.Catalog == "" {
		p, ok := c.FS.(disk.Pather)
		if !ok {
			return errors.New("local: the catalog needs a path")
		}
		c.Catalog = p.Path(catalogFile)
	}
	if c.SegmentSize == 0 {
		c.SegmentSize = 1 << 30
	}
	if c.Buffers == 0 {
		c.Buffers = 64
	}
	if c.Reserve == 0 {
		c.Reserve = 32 << 20
	}
	if c.CompactBelow == 0 {
		c.CompactBelow = 0.5
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.clocks == nil {
		c.clocks = readings(c.Now)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// A Store implements [store.Store] in one directory.
type Store struct {
	cfg     Config
	fs      disk.FS
	log     *slog.Logger
	now     func() time.Time
	ids     ids
	lock    io.Closer
	journal *journal.Journal
	files   *payload.Files
	buffers *payload.Pool
	space   *space
	clock   *clock
	reclaim *reclaimer
	numbers numbers

	lockClock *lockClock

	// catalog is the catalog in use. Whoever uses it holds the lock for
	// reading; it is replaced, under the lock, when a commit has failed or
	// SQLite finds its file damaged. version counts the replacements.
	catalogMu sync.RWMutex
	catalog   *catalog.Catalog
	version   int

	// ctx is the store's own, for work that no request may cancel.
	ctx    context.Context
	cancel context.CancelFunc

	queue   chan *operation
	closing chan struct{} // closed by Close
	stopped chan struct{} // closed when the committer has ended
	broken  atomic.Pointer[error]

	readOnly atomic.Pointer[string] // why no update is possible; nil if it is
	workers  sync.WaitGroup
	once     sync.Once
}

// Open opens the store in a directory, makes one if the directory is empty,
// and recovers whatever an unclean end has left. No other process can have
// the same directory open.
func Open(cfg Config) (*Store, error) {
	s, err := openIdle(cfg)
	if err != nil {
		return nil, err
	}
	s.workers.Go(s.commitLoop)
	s.workers.Go(func() { s.reclaim.loop(s.ctx) })
	s.workers.Go(func() { s.maintain(s.ctx) })
	s.workers.Go(func() { s.keepTime(s.ctx) })
	s.beat(s.ctx, beatSlack) // before anything can rest on it
	return s, nil
}

// openIdle opens a store on which nothing happens by itself.
func openIdle(cfg Config) (*Store, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, fs: cfg.FS, log: cfg.Log, now: cfg.Now,
		queue:   make(chan *operation), // unbuffered: what is in it has been taken
		closing: make(chan struct{}),
		stopped: make(chan struct{}),

		lockClock: &lockClock{read: cfg.clocks},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.open(); err != nil {
		s.cancel()
		return nil, errors.Join(err, s.closeFiles())
	}
	return s, nil
}

// open acquires what the store needs, in order, and recovers.
func (s *Store) open() (err error) {
	if s.lock, err = s.fs.Lock(lockFile); err != nil {
		if errors.Is(err, disk.ErrLocked) {
			return errors.New("the data directory is in use by another process")
		}
		return fmt.Errorf("lock the data directory: %w", err)
	}
	if s.ids, err = openIdentity(s.fs); err != nil {
		return err
	}
	for _, dir := range []string{journalDir, payloadDir, catalogDir, secretsDir} {
		if err := disk.MkdirAll(s.fs, dir); err != nil {
			return err
		}
	}
	s.space = newSpace(s.fs, s.cfg.Reserve, s.log)
	s.buffers = payload.NewPool(s.cfg.Buffers)
	s.files = payload.NewFiles(payload.Config{
		FS: s.fs, Pool: s.ids.pool, NextID: s.nextPayload, Buffers: s.buffers, Log: s.log,
	})
	if err := s.recover(); err != nil {
		return err
	}
	s.clock = newClock(s.cfg.clocks, s.journal.LastTime())
	if err := s.startLockClock(s.ctx); err != nil {
		return err
	}
	s.reclaim = newReclaimer(s)
	s.numbers.start, err = s.firstNumber(s.ctx)
	return err
}

// Close writes the lock clock down, waits for what is in flight, proves the
// last batch and gives the directory back.
func (s *Store) Close() (err error) {
	s.once.Do(func() {
		s.beat(s.ctx, beatSlack)
		close(s.closing)
		<-s.stopped
		s.cancel()
		s.workers.Wait()
		err = s.closeFiles()
	})
	return err
}

// closeFiles releases whatever open has acquired so far, after the views that
// still look. Later ones find no catalog.
func (s *Store) closeFiles() error {
	s.catalogMu.Lock()
	defer s.catalogMu.Unlock()
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.catalog != nil {
		errs = append(errs, s.catalog.Close())
		s.catalog = nil
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// IDKey authenticates the store's public ids.
func (s *Store) IDKey() token.Key { return s.ids.key }

// Ready returns nil if the store takes updates, and else why it does not.
func (s *Store) Ready() error {
	if err := s.broken.Load(); err != nil {
		return fmt.Errorf("the store has stopped: %w", *err)
	}
	if why := s.readOnly.Load(); why != nil {
		return errors.New(*why)
	}
	select {
	case <-s.stopped:
		return store.ErrClosed
	default:
		return nil
	}
}

// maxView is how long a view may last: it keeps the catalog's log from being
// emptied, and compaction waits for that.
const maxView = 10 * time.Second

// View implements [store.Store]. look does not call the store: it would wait
// for a catalog that waits for it.
func (s *Store) View(ctx context.Context, look func(tx *catalog.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, maxView)
	defer cancel()
	return s.ask(func(c *catalog.Catalog) error { return c.View(ctx, look) })
}

// ask puts a question to the catalog. If the catalog turns out to be damaged
// it is made anew, and asked once more.
func (s *Store) ask(question func(*catalog.Catalog) error) error {
	version, err := s.askOnce(question)
	if !isDamaged(err) {
		return err
	}
	if err := s.heal(version, err); err != nil {
		return err
	}
	_, err = s.askOnce(question)
	return err
}

func (s *Store) askOnce(question func(*catalog.Catalog) error) (version int, err error) {
	s.catalogMu.RLock()
	defer s.catalogMu.RUnlock()
	if s.catalog == nil {
		return s.version, store.ErrClosed
	}
	return s.version, question(s.catalog)
}
