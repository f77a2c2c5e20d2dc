package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"firn/internal/disk"
	"firn/internal/record"
)

var (
	// ErrFull means that there is no space, and that the journal can be used.
	// Nothing was written, unless the error is ErrUncertain too.
	ErrFull = errors.New("journal: no space left")
	// ErrUncertain comes with ErrFull where the file system could not
	// preallocate and found no space in the middle of a write: as long as
	// nothing else is appended, the next Open may yet find the batch.
	ErrUncertain = errors.New("the batch may have been written")
	// ErrHistory means that a position is not one of this journal: whoever
	// remembers it has seen another history.
	ErrHistory = errors.New("journal: position is of another history")
	// ErrBroken means that a write has failed twice, and that what the medium
	// holds of the last batch is not known. Only a new Open can tell.
	ErrBroken = errors.New("journal: broken by a failed write")
	// ErrNotFound means that there is no such record, or no payload with it.
	ErrNotFound = errors.New("journal: record not found")
	// ErrVersion means that a segment was written by a newer version.
	ErrVersion = errors.New("journal: format is newer than this version")
	// ErrDamaged means that stored bytes do not match their checksum.
	ErrDamaged = errors.New("journal: stored bytes are damaged")
	// ErrClosed means that the journal was closed.
	ErrClosed = errors.New("journal: closed")
)

// AheadError means that the catalog has applied records which the journal does
// not hold: acknowledged records are missing. Opening with the zero
// [Position], and hence a new catalog, accepts the loss.
type AheadError struct {
	First, Last record.LSN // what is missing
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("journal: records %d to %d are missing, though they were applied", e.First, e.Last)
}

// Position is the end of a frame. The zero Position is the beginning.
type Position struct {
	Segment uint64
	Offset  int64
	LSN     record.LSN // of the last record before it
	CRC     uint32     // of the frame
}

// Config says where a journal lies.
type Config struct {
	FS disk.FS // the store's root

	// Pool and Drive identify the store; they stand in every segment. Segments
	// of another pool are refused.
	Pool, Drive [16]byte

	// SegmentSize is the length, in bytes, from which on a segment gets a
	// successor; 0 is 1 GiB. A frame longer than that gets a segment of its
	// own.
	SegmentSize int64

	Log  *slog.Logger // nil discards
	Rand io.Reader    // of salts; nil is crypto/rand
}

const (
	defaultSegmentSize = 1 << 30
	allocationStep     = 16 << 20
	dir                = "journal"
)

// Journal is an open journal. Append, Mark, Compact and Close are called by
// one goroutine at a time each, and may overlap with each other and with
// everything else; all other methods may be called concurrently.
type Journal struct {
	cfg   Config
	fs    disk.FS
	log   *slog.Logger
	files *files

	// compacting is held by Compact, so that a run stays what it was. It guards
	// uncertain, which is set when no other compaction may be tried, and unused, the
	// names of files that compaction has replaced and that are still there.
	compacting sync.Mutex
	uncertain  error
	unused     []string

	// removing is held for reading by those who read one segment after
	// another, and for writing to unlink any.
	removing sync.RWMutex

	// writing guards what only writers use: the writer, the broken flag, and
	// the two buffers.
	writing sync.Mutex
	w       *writer // the open segment; nil until the next Append makes one
	broken  error
	buf     []byte
	items   []item

	// indexing is held while an index file is written: two writers of one
	// name disturb each other.
	indexing sync.Mutex

	// mu guards the fields below and the fields of all segments. Whoever
	// changes them also holds writing or compacting.
	mu     sync.RWMutex
	segs   []*segment // live, in LSN order
	head   record.LSN
	newest int64 // time of the newest record, Unix ms
	nextID uint64
	damage []Damage
}

// Segment describes a live segment.
type Segment struct {
	ID          uint64
	First, Last record.LSN // what it is for; Last is First-1 if it holds nothing
	Bytes       int64      // of its frames
	Sealed      bool       // can be compacted: a later one has been written
	Compacted   bool
}

// Damage is something that is not as it was written.
type Damage struct {
	Segment     uint64
	Offset      int64
	First, Last record.LSN // whom it costs something; 0 if nobody
	What        string

	// Lost means that these records are gone: nobody knows what they changed.
	// Otherwise it is at most their payloads.
	Lost bool
	// Hole means that no segment is there for these LSNs.
	Hole bool
}

func (d Damage) String() string {
	s := fmt.Sprintf("segment %016x at %d: %s", d.Segment, d.Offset, d.What)
	if d.First == 0 {
		return s
	}
	return fmt.Sprintf("%s (records %d to %d)", s, d.First, d.Last)
}

// newJournal applies the defaults.
func newJournal(cfg Config) *Journal {
	if cfg.SegmentSize == 0 {
		cfg.SegmentSize = defaultSegmentSize
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &Journal{cfg: cfg, fs: cfg.FS, log: cfg.Log, files: newFiles(cfg.FS, maxFiles)}
}

// Head returns the LSN of the newest record; 0 if there is none.
func (j *Journal) Head() record.LSN {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.head
}

// End returns the end of the newest frame that holds records: what Append has
// returned last, and where the next fold continues.
func (j *Journal) End() Position {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.end()
}

func (j *Journal) end() Position {
	for i := len(j.segs) - 1; i >= 0; i-- {
		if j.segs[i].tail != (Position{}) {
			return j.segs[i].tail
		}
	}
	return Position{}
}

// LastTime returns the time of the newest record; the zero Time if there is
// none.
func (j *Journal) LastTime() time.Time {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.newest == 0 {
		return time.Time{}
	}
	return time.UnixMilli(j.newest)
}

// Segments lists the live segments in LSN order.
func (j *Journal) Segments() []Segment {
	j.mu.RLock()
	defer j.mu.RUnlock()
	list := make([]Segment, len(j.segs))
	for i, s := range j.segs {
		list[i] = Segment{ID: s.id, First: s.first, Last: s.last, Bytes: s.end, Sealed: s.sealed, Compacted: s.kind == kindCompacted}
	}
	return list
}

// Damage returns what Open has found, rot it came across and holes, and what
// Replay and reading single records have found since. Open does not read sealed
// segments that have an index; Replay from the beginning reads all records,
// [Journal.Verify] the payloads too.
func (j *Journal) Damage() []Damage {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return append([]Damage(nil), j.damage...)
}

// Close marks the end of a clean run and closes all files, but for those that
// an [Inline] still uses. Its error says that the mark could not be written;
// no acknowledged record depends on that.
func (j *Journal) Close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if errors.Is(j.broken, ErrClosed) {
		return nil
	}
	var err error
	if j.broken == nil {
		err = j.mark()
	}
	j.broken = ErrClosed
	if j.w != nil {
		err = errors.Join(err, j.w.f.Close())
		j.w = nil
	}
	j.files.close()
	return err
}
