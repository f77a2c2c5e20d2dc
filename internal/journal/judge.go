package journal

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"firn/internal/record"
)

// judge decides about one record: it is kept if there are no reasons, and
// otherwise dropped for them; bare means that it is kept without its payload.
func (c *compaction) judge(m *meta) (reasons []reason, bare bool, err error) {
	e, err := m.entry()
	if err != nil {
		return nil, false, err
	}
	// A tombstone hides something, perhaps in a file that somebody brings back.
	all := len(e.Images)
	e.Images = slices.DeleteFunc(e.Images, func(im record.Image) bool { return im.Tombstone() })
	hides := len(e.Images) < all
	if len(e.Images) == 0 || hides && m.payload == 0 {
		return nil, false, nil
	}
	if reasons, err = c.reasonsFor(e, m.payload != 0); hides {
		return nil, len(reasons) > 0, err
	}
	return reasons, false, err
}

// reasonsFor returns why none of a record's images is needed any more, nor its payload if
// it has one; nothing if one is.
func (c *compaction) reasonsFor(e record.Entry, inline bool) ([]reason, error) {
	by, err := c.dead(e)
	if err != nil || by == nil {
		return nil, err
	}
	payload := !inline // whether the payload, if there is one, has an image
	for _, im := range e.Images {
		payload = payload || im.Key.Kind == record.KindPayload
	}
	if len(by) != len(e.Images) {
		return nil, fmt.Errorf("nominated with %d reasons for %d images", len(by), len(e.Images))
	}
	reasons := make([]reason, 0, len(by))
	for i, im := range e.Images {
		ok, err := c.explains(by[i], e.LSN, im.Key, inline && im.Key.Kind == record.KindPayload)
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
