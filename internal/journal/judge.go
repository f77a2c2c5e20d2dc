package journal

import (
	"cmp"
	"errors"
	"fmt"

	"firn/internal/record"
)

// judge decides about one record: it is kept if the result is empty, and
// otherwise dropped for these reasons.
func (c *compaction) judge(m *meta) ([]reason, error) {
	e, err := m.entry()
	if err != nil {
		return nil, err
	}
	payload := m.payload == 0 // whether the payload, if there is one, has an image
	for _, im := range e.Images {
		if im.Tombstone() {
			return nil, nil // It hides something, perhaps in a file that somebody brings back.
		}
		payload = payload || im.Key.Kind == record.KindPayload
	}
	if len(e.Images) == 0 {
		return nil, nil
	}
	by, err := c.dead(e)
	if err != nil || by == nil {
		return nil, err
	}
	if len(by) != len(e.Images) {
		return nil, fmt.Errorf("nominated with %d reasons for %d images", len(by), len(e.Images))
	}
	reasons := make([]reason, 0, len(by))
	for i, im := range e.Images {
		ok, err := c.explains(by[i], e.LSN, im.Key, m.payload != 0 && im.Key.Kind == record.KindPayload)
		if err != nil {
			return nil, err
		}
		if !ok || !payload {
			c.res.Unexplained++
			c.j.log.Warn("record was nominated, but the journal knows no reason; it is kept", "record", e.LSN, "key", im.Key, "reason", by[i])
			return nil, nil
		}
		reasons = append(reasons, reason{e.LSN, by[i]})
	}
	return reasons, nil
}

// explains reports whether the record by is newer than lsn and has an image, or
// rather a tombstone if that is asked for, of the key.
func (c *compaction) explains(by, lsn record.LSN, key record.Key, tombstone bool) (bool, error) {
	if by <= lsn {
		return false, nil
	}
	if c.cached.LSN != by {
		e, err := c.j.Entry(by)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		c.cached = e
	}
	for _, im := range c.cached.Images {
		if im.Key == key && (im.Tombstone() || !tombstone) {
			return true, nil
		}
	}
	return false, nil
}

func compareReasons(a, b reason) int {
	return cmp.Or(cmp.Compare(a.dropped, b.dropped), cmp.Compare(a.by, b.by))
}
