package journal

import (
	"errors"
	"fmt"
	"io"

	"firn/internal/disk"
)

// sealAll seals segments that have a durable successor: each loses the zeros
// that were allocated behind its end, and gets its index file. What fails is
// only logged, because everything works without.
func (j *Journal) sealAll(segs []*segment) {
	for _, s := range segs {
		if s.sealed {
			continue
		}
		j.mu.Lock()
		s.sealed = true
		now := *s
		j.mu.Unlock()
		err := j.dropZeros(&now)
		if err == nil && now.table != nil && !now.damaged && !now.empty() {
			err = j.writeIndex(s, now.table)
		}
		if err != nil {
			j.log.Warn("seal journal segment", "segment", s.name(), "err", err)
		}
	}
}

// writeIndex writes the index file, and lets the table in memory go.
func (j *Journal) writeIndex(s *segment, table []slot) error {
	j.indexing.Lock()
	defer j.indexing.Unlock()
	if err := disk.WriteFile(j.fs, indexName(s.id), encodeIndex(s, table)); err != nil {
		return err
	}
	j.files.forget(indexName(s.id))
	j.mu.Lock()
	s.table = nil
	j.mu.Unlock()
	return nil
}

// dropZeros cuts what was allocated behind the last frame, but only if it is
// all zeros: a torn frame is kept for whoever wants to look at it.
func (j *Journal) dropZeros(s *segment) error {
	if s.failed {
		return nil // It is never written again.
	}
	f, err := j.fs.OpenWrite(s.name())
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil || size <= s.end {
		return err
	}
	if zero, err := allZero(f, s.end, size); err != nil || !zero {
		return err
	}
	if err := f.Truncate(s.end); err != nil {
		return fmt.Errorf("truncate %s: %w", s.name(), err)
	}
	return f.Sync()
}

// allZero reports whether the bytes from off to end are all zero.
func allZero(f disk.File, off, end int64) (bool, error) {
	b := make([]byte, min(searchChunk, max(0, end-off)))
	for off < end {
		n := int(min(int64(len(b)), end-off))
		if err := readFull(f, b[:n], off); err != nil {
			return false, err
		}
		for _, c := range b[:n] {
			if c != 0 {
				return false, nil
			}
		}
		off += int64(n)
	}
	return true, nil
}

// isEOF reports the end of a walk.
func isEOF(err error) bool { return errors.Is(err, io.EOF) }
