package history

import (
	"fmt"
	"time"

	"firn/internal/disk"
)

const (
	// hourly is how long an hour has a record of its own.
	hourly = 90 * 24 * time.Hour
	// thinEvery is after how many records a file is looked at.
	thinEvery = 24
)

// thin writes a file of n records, torn ones counted, anew if some are to be merged or to go.
func (h *History) thin(name string, n int64) error {
	all, err := h.records(name)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	kept := thinned(all, h.cfg.Now().Add(-hourly).Unix())
	if int64(len(kept)) == n {
		return nil
	}
	data := make([]byte, 0, len(kept)*recordSize)
	for _, r := range kept {
		data = append(data, r.encode()...)
	}
	return disk.WriteFile(h.cfg.FS, name, data)
}

// thinned merges the records before a time that are of one day and follow each other, and leaves out the oldest if there are too many.
// Nothing goes for its age alone: a clock that is wrong for a while costs hours, not years.
func thinned(all []record, before int64) []record {
	var kept []record
	for _, r := range all {
		if n := len(kept); n > 0 && r.at < before && kept[n-1].at < before && kept[n-1].day() == r.day() {
			kept[n-1] = kept[n-1].then(r)
			continue
		}
		kept = append(kept, r)
	}
	return kept[max(0, len(kept)-maxRecords):]
}
