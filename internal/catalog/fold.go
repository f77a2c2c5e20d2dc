package catalog

import (
	"context"
	"fmt"

	"firn/internal/record"
	"firn/internal/sqlite"
)

const (
	putTomb  = "INSERT INTO tomb (kind, a, b, lsn) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, a, b) DO UPDATE SET lsn = excluded.lsn"
	dropTomb = "DELETE FROM tomb WHERE kind = $1 AND a = $2 AND b = $3"
)

// Fold applies records, in any order and as often as one likes, and sets the
// applied position to p, all in one transaction. An error means that nothing
// was applied; one that is not an [EngineError] means that a record is not
// what this version, or any, can have written. ctx ends the wait for the
// writer and nothing else.
func (c *Catalog) Fold(ctx context.Context, entries []record.Entry, p Position) error {
	w, err := take(ctx, c.writer)
	if err != nil {
		return fmt.Errorf("fold: %w", err)
	}
	defer func() { c.writer <- w }()
	if err := c.fault(); err != nil {
		return fmt.Errorf("fold: %w", err)
	}
	st := state{Position: p, time: c.lastTime()}
	err = w.within(sqlite.Update, func() error {
		f := newFolder(w, c.shapes)
		for _, e := range entries {
			st.time = max(st.time, e.Time.UnixMilli())
			if err := f.fold(e.LSN, e.Images); err != nil {
				return err
			}
		}
		if err := f.flush(); err != nil {
			return err
		}
		return w.writeState(st)
	})
	if err != nil {
		return fmt.Errorf("fold: %w", err)
	}
	c.setState(st)
	return nil
}

func (c *Catalog) lastTime() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.time
}

func (c *Catalog) setState(st state) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = st
}

// A folder applies images within one transaction.
type folder struct {
	s      *session
	shapes shapes
	// pending is what the figures table does not have yet. It is written once
	// per transaction: vaults are few and archives are many.
	pending map[uint64]Figures
}

func newFolder(s *session, sh shapes) *folder {
	return &folder{s: s, shapes: sh, pending: map[uint64]Figures{}}
}

// A change is an image that has been understood.
type change struct {
	image record.Image
	shape *shape
	key   []any
	facts facts
}

// fold applies one record. All its images are understood before the first is
// applied, so that an error that is not the engine's leaves the transaction
// as it was.
func (f *folder) fold(lsn record.LSN, images []record.Image) error {
	changes := make([]change, 0, 8)
	for _, im := range images {
		ch, err := f.understand(im)
		if err != nil {
			return fmt.Errorf("record %d, image %v: %w", lsn, im.Key, err)
		}
		changes = append(changes, ch)
	}
	for _, ch := range changes {
		if err := f.apply(lsn, ch); err != nil {
			return fmt.Errorf("record %d, image %v: %w", lsn, ch.image.Key, err)
		}
	}
	return nil
}

func (f *folder) understand(im record.Image) (change, error) {
	ch := change{image: im, shape: f.shapes.of(im.Key.Kind)}
	var err error
	if ch.key, err = ch.shape.key(im.Key); err != nil || im.Tombstone() {
		return ch, err
	}
	ch.facts, err = ch.shape.extract(im)
	return ch, err
}

// was is what the catalog has under a key.
type was struct {
	row, tomb record.LSN // 0 is none
	archives  int64      // what the row adds to its vault's figures
	bytes     int64
}

// newest is the LSN of the newest image of the key, 0 if there never was one.
func (w was) newest() record.LSN { return max(w.row, w.tomb) }

// look finds what there is under a key. key are its values for the shape.
func (s *session) look(sh *shape, k record.Key, key []any) (was, error) {
	var w was
	args := append(key[:len(key):len(key)], int64(k.Kind), num(k.A), num(k.B))
	rows, err := s.query(sh.look, args...)
	if err != nil {
		return w, err
	}
	defer rows.Close()
	for rows.Next() {
		var lsn, tomb, archives, bytes int64
		if err := rows.Scan(&lsn, &tomb, &archives, &bytes); err != nil {
			return w, undecodable(sh.look, err)
		}
		if tomb == 1 {
			w.tomb = record.LSN(lsn)
			continue
		}
		w.row, w.archives, w.bytes = record.LSN(lsn), archives, bytes
	}
	return w, engine(sh.look, rows.Err())
}

// apply puts or deletes, if the image is newer than what there is.
func (f *folder) apply(lsn record.LSN, ch change) error {
	k := ch.image.Key
	old, err := f.s.look(ch.shape, k, ch.key)
	if err != nil || lsn <= old.newest() {
		return err
	}
	if ch.image.Tombstone() {
		err = f.bury(lsn, ch, old)
	} else {
		err = f.put(lsn, ch, old)
	}
	if err == nil && k.Kind == record.KindArchive {
		f.count(k.A, Figures{
			Archives: ch.facts.archives - old.archives, Bytes: ch.facts.bytes - old.bytes, LastWrite: lsn,
		})
	}
	return err
}

func (f *folder) put(lsn record.LSN, ch change, old was) error {
	if old.tomb != 0 {
		k := ch.image.Key
		if err := f.s.exec(dropTomb, int64(k.Kind), num(k.A), num(k.B)); err != nil {
			return err
		}
	}
	args := append(ch.key, ch.facts.values...)
	return f.s.exec(ch.shape.put, append(args, num(uint64(lsn)), ch.image.Body)...)
}

func (f *folder) bury(lsn record.LSN, ch change, old was) error {
	if old.row != 0 {
		if err := f.s.exec(ch.shape.drop, ch.key...); err != nil {
			return err
		}
	}
	k := ch.image.Key
	return f.s.exec(putTomb, int64(k.Kind), num(k.A), num(k.B), num(uint64(lsn)))
}
