// Package catalog is the SQL view of a store: what the rules look things up
// in.
//
// It is a fold of the journal. Every record's images are put into, or deleted
// from, one table per kind of entity, and a key keeps the image with the
// highest LSN, whatever the order in which images arrive. Deleted keys stay as
// rows of the table tomb, so that an older image that arrives later is not
// taken for news. Hence a fold may be repeated, and two catalogs that have
// folded the same records are equal.
//
// It promises that a batch becomes visible whole or not at all, that the
// position up to which the journal has been folded changes in the same
// transaction, and that a position returned by [Catalog.Checkpoint] survives a
// power cut. It does not promise that a committed batch survives one: the
// journal does, and a catalog that lags behind it is folded forward. A catalog
// may be deleted at any time and made again. It notices damage only where
// SQLite does, or where an image does not decode; comparing it with the
// journal is the business of whoever checks the store.
//
// Keys are integers that grow with time, and no index is on random bytes:
// that is what lets SQLite keep up with a journal. The exceptions are archives
// that were imported with an id from elsewhere, or uploaded with a token, which
// they are found by. Internal ids and LSNs are below 2^63. The statements are portable to PostgreSQL; what is not stands in
// sqlite.go.
package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"firn/internal/record"
	"firn/internal/sqlite"
)

// A Position is a place in the journal: everything before it has been folded.
type Position struct {
	Segment uint64
	Offset  int64 // bytes from the segment's start to the end of the last frame
	LSN     record.LSN
	CRC     uint32 // of the last frame
}

// Options tune a catalog. The zero value is good.
type Options struct {
	Readers int              // views at a time; 4 if 0
	Cache   int64            // bytes of page cache of the writer; a reader has half. 16 MiB if 0
	Now     func() time.Time // the present, for views; time.Now if nil
	LockNow func() time.Time // the present by the lock clock; Now if nil
	Log     *slog.Logger     // hears when an empty catalog is made; nobody does if nil
}

// A Catalog is open on one file, which no other process has open. All its
// methods may be called concurrently; writers wait for each other.
type Catalog struct {
	path    string
	now     func() time.Time
	lockNow func() time.Time
	log     *slog.Logger
	shapes  shapes
	readers chan *session // each free reader
	writer  chan *session // the writer, when it is free
	close   []func() error

	mu     sync.Mutex // guards what follows
	state  state      // as last committed
	broken error      // set by a commit that failed; nothing is written any more
}

// state is the catalog's one row about itself.
type state struct {
	Position
	time int64 // of the newest record, Unix milliseconds
}

// Open opens the catalog in the file path, and makes an empty one if there is
// none. The directory must exist. pool is the identity of the store's history.
//
// ErrForeign means that the file is the catalog of another pool or another
// version, ErrDamaged that it is not a whole catalog: in both cases [Remove] it
// and fold the journal from its start. Open reads little; damage further in
// shows when it is met, as an [EngineError] that is ErrDamaged.
func Open(path string, pool [16]byte, opt Options) (*Catalog, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	readers := cmp.Or(opt.Readers, defaultReaders)
	c := &Catalog{
		path: path, now: opt.Now, lockNow: opt.LockNow, log: opt.Log, shapes: newShapes(),
		readers: make(chan *session, readers),
		writer:  make(chan *session, 1),
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.lockNow == nil {
		c.lockNow = c.now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if err := c.open(pool, readers, cmp.Or(opt.Cache, defaultCache)); err != nil {
		return nil, fmt.Errorf("open catalog %s: %w", path, errors.Join(err, c.closeAll()))
	}
	return c, nil
}

const (
	defaultReaders = 4
	defaultCache   = 16 << 20
)

func (c *Catalog) open(pool [16]byte, readers int, cache int64) error {
	_, err := os.Stat(c.path)
	fresh := errors.Is(err, os.ErrNotExist)
	w, err := c.connect(c.path, writerPragmas(cache))
	if err != nil {
		return err
	}
	if err := c.settle(w, pool); err != nil {
		return err
	}
	if fresh {
		if err := syncDir(filepath.Dir(c.path)); err != nil {
			return err
		}
	}
	c.writer <- w
	for range readers {
		r, err := c.connect(c.path, readerPragmas(cache/2))
		if err != nil {
			return err
		}
		c.readers <- r
	}
	return nil
}

// settle makes an empty file a catalog, and makes sure that any other is ours.
func (c *Catalog) settle(w *session, pool [16]byte) error {
	empty, err := w.empty()
	if err != nil {
		return err
	}
	if empty {
		c.log.Info("making an empty catalog", "path", c.path)
		if err := w.create(pool); err != nil {
			return err
		}
	}
	if err := w.identify(pool); err != nil {
		return err
	}
	if c.state, err = w.readState(); err == nil {
		err = c.peek(w)
	}
	if sqlite.Senseless(sqlite.Code(err)) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// peek touches every table's first row.
func (c *Catalog) peek(w *session) error {
	for _, s := range c.shapes.all() {
		var lsn int64
		if _, err := w.row(s.first, nil, &lsn); err != nil {
			return err
		}
	}
	return nil
}

// Applied is the position up to which the journal has been folded.
func (c *Catalog) Applied() Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Position
}

// Newest is the time of the newest record folded, the zero Time if there is
// none.
func (c *Catalog) Newest() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.time == 0 {
		return time.Time{}
	}
	return time.UnixMilli(c.state.time).UTC()
}

// Checkpoint brings the catalog's own file up to date and returns the position
// that is now on the medium. It waits for the batch that is open, and a second
// for views that are older than the last batch; if one lasts longer it fails
// with an [EngineError], and may be called again.
func (c *Catalog) Checkpoint(ctx context.Context) (Position, error) {
	w, err := take(ctx, c.writer)
	if err != nil {
		return Position{}, fmt.Errorf("checkpoint: %w", err)
	}
	defer func() { c.writer <- w }()
	p := c.Applied()
	if err := w.checkpoint(); err != nil {
		return Position{}, fmt.Errorf("checkpoint: %w", err)
	}
	return p, nil
}

// Close checkpoints and closes the catalog, after the batch and the views that
// are open. Nothing may be called after it.
func (c *Catalog) Close() error {
	for range cap(c.readers) {
		<-c.readers
	}
	w := <-c.writer
	var err error
	if c.fault() == nil {
		err = w.checkpoint()
	}
	if err = errors.Join(err, c.closeAll()); err != nil {
		return fmt.Errorf("close catalog %s: %w", c.path, err)
	}
	return nil
}

// closeAll closes the connections, the writer's, which is the first, last:
// SQLite then tidies up behind itself.
func (c *Catalog) closeAll() error {
	var err error
	for i := len(c.close) - 1; i >= 0; i-- {
		err = errors.Join(err, c.close[i]())
	}
	c.close = nil
	return err
}

func (c *Catalog) fault() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// Remove deletes a closed catalog. That there is none is no error. The names
// may come back after a power cut; what they name is then what it was.
func Remove(path string) error {
	// The log goes first: without it the file is an older catalog, and that
	// is a good one. A log without its file would be a log of nothing.
	for _, suffix := range []string{"-shm", "-wal", ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove catalog: %w", err)
		}
	}
	return nil
}

// syncDir makes the name of a new catalog durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory of catalog: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory of catalog: %w", err)
	}
	return nil
}
