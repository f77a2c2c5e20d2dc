package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/treehash"
)

// A memStore is a store with the real catalog and the real payload files, and
// without a journal: what is inline stays in memory. It can be made to fail.
// With under set it keeps nothing itself, and passes on to that store.
type memStore struct {
	under   store.Store
	cat     *catalog.Catalog
	files   *payload.Files
	mu      sync.Mutex // guards what follows; held through an update
	ahead   time.Duration
	nextPay uint64
	inline  map[record.LSN][]byte
	gone    map[uint64]bool
	records []record.Record // all of them, from LSN 1 on

	changed chan struct{}                                    // closed and replaced after every update
	viewing func()                                           // if set, called before each view, without mu
	finding func()                                           // if set, called before each payload is opened, without mu
	opening func(payload.Reader, payload.Ref) payload.Reader // if set, may replace readers
	once    map[string]error                                 // by operation: fail it once
}

func newMemStore(t *testing.T) *memStore {
	t.Helper()
	s := &memStore{
		inline: make(map[record.LSN][]byte), gone: make(map[uint64]bool),
		changed: make(chan struct{}), once: make(map[string]error),
	}
	var err error
	if s.cat, err = catalog.Open(filepath.Join(t.TempDir(), "catalog.db"), [16]byte{1}, catalog.Options{Now: s.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.cat.Close(); err != nil {
			t.Error(err)
		}
	})
	s.files = payload.NewFiles(payload.Config{FS: disk.NewMem(0), NextID: func(context.Context) (uint64, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.nextPay++
		return s.nextPay, nil
	}})
	return s
}

func (s *memStore) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// advance sets the store's clock ahead.
func (s *memStore) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// failOnce makes the next operation of the name fail: "update" before its record
// is made, "commit" when it is there.
func (s *memStore) failOnce(op string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.once[op] = err
}

func (s *memStore) failure(op string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.once[op]
	delete(s.once, op)
	return err
}

func (s *memStore) Update(ctx context.Context, rule store.Rule) error {
	if err := s.failure("update"); err != nil {
		return err
	}
	if s.under != nil {
		err := s.under.Update(ctx, rule)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.signal()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	next := record.LSN(len(s.records) + 1)
	now := time.Now().Add(s.ahead)
	b, err := s.cat.Begin(context.Background(), next, func() time.Time { return now })
	if err != nil {
		return err
	}
	defer b.Rollback()
	entry, rec, err := b.Run(rule)
	if err != nil || len(rec.Images) == 0 {
		if rec.Stores != nil {
			rec.Stores.Settle(false)
		}
		return err
	}
	if entry.Inline != nil {
		s.inline[next] = bytes.Clone(entry.Inline)
	}
	if err := b.Commit(catalog.Position{LSN: next}); err != nil {
		return err
	}
	if rec.Stores != nil {
		rec.Stores.Settle(true)
	}
	for _, im := range rec.Images {
		if im.Key.Kind == record.KindPayload && im.Tombstone() {
			s.gone[im.Key.A] = true
		}
	}
	rec.Stores = nil
	s.records = append(s.records, rec)
	s.signal()
	err = s.once["commit"]
	delete(s.once, "commit")
	return err
}

// signal tells everybody that something has changed. mu is held.
func (s *memStore) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *memStore) View(ctx context.Context, look func(*catalog.Tx) error) error {
	s.mu.Lock()
	hook := s.viewing
	s.mu.Unlock()
	if hook != nil {
		hook()
	}
	if err := s.failure("view"); err != nil {
		return err
	}
	if s.under != nil {
		return s.under.View(ctx, look)
	}
	return s.cat.View(ctx, look)
}

func (s *memStore) NewPayload(ctx context.Context, h payload.Header) (payload.Writer, error) {
	if err := s.failure("new payload"); err != nil {
		return nil, err
	}
	if s.under != nil {
		return s.under.NewPayload(ctx, h)
	}
	return s.files.New(ctx, h)
}

func (s *memStore) OpenPayload(ctx context.Context, ref payload.Ref) (payload.Reader, error) {
	if s.finding != nil {
		s.finding()
	}
	if err := s.failure("open payload"); err != nil {
		return nil, err
	}
	if s.under != nil {
		return s.under.OpenPayload(ctx, ref)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone[ref.ID] {
		return nil, store.ErrGone
	}
	var r payload.Reader
	if ref.LSN != 0 {
		data, ok := s.inline[ref.LSN]
		if !ok {
			return nil, store.ErrGone
		}
		r = memReader(data)
	} else {
		var err error
		if r, err = s.files.Open(ref); err != nil {
			return nil, err
		}
	}
	if s.opening != nil {
		r = s.opening(r, ref)
	}
	return r, nil
}

// change returns a channel that is closed at the next update.
func (s *memStore) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// log returns the records from LSN from+1 on.
func (s *memStore) log(from int) []record.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[from:len(s.records):len(s.records)]
}

// jobs decodes the images of jobs in the records from LSN from+1 on.
func (s *memStore) jobs(t *testing.T, from int) []record.Job {
	t.Helper()
	var jobs []record.Job
	for _, r := range s.log(from) {
		for _, im := range r.Images {
			if im.Key.Kind != record.KindJob || im.Tombstone() {
				continue
			}
			var j record.Job
			if err := record.Decode(im.Body, &j); err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// A memReader is a payload of at most one leaf.
type memReader []byte

func (r memReader) Size() int64  { return int64(len(r)) }
func (r memReader) Close() error { return nil }

func (r memReader) Leaf(i int64, buf []byte) ([]byte, error) {
	if i != 0 {
		return nil, fmt.Errorf("no leaf %d", i)
	}
	return buf[:copy(buf, r)], nil
}

func (r memReader) Hashes(i, n int64) ([]treehash.Hash, error) {
	if i != 0 || n != 1 {
		return nil, errors.New("no such leaves")
	}
	return []treehash.Hash{treehash.Sum(r)}, nil
}

// A spoiled reader gives out other bytes, or other hashes, than were written,
// with checksums that agree.
type spoiled struct {
	payload.Reader
	leaf   func(i int64, b []byte) error        // may change the leaf
	hashes func(first int64, h []treehash.Hash) // may change the hashes
}

func (r spoiled) Leaf(i int64, buf []byte) ([]byte, error) {
	b, err := r.Reader.Leaf(i, buf)
	if err == nil && r.leaf != nil {
		err = r.leaf(i, b)
	}
	return b, err
}

func (r spoiled) Hashes(i, n int64) ([]treehash.Hash, error) {
	h, err := r.Reader.Hashes(i, n)
	if err == nil && r.hashes != nil {
		r.hashes(i, h)
	}
	return h, err
}
