package job

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
)

// In the bubble time begins with the year 2000.
func TestParticulars(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) {
			c.Delays = map[string]time.Duration{glacier.Standard: 4 * time.Hour}
			c.OutputLife = 10 * time.Hour
		})
		h.start()
		a := h.store(photos, "holiday", pattern(3*mib), mib)
		part := h.begin(retrieval(a, `,"RetrievalByteRange":"1048576-3145727"`))
		list, _ := h.run(`{"Type":"inventory-retrieval","Format":"CSV"}`)
		begun := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		due := begun.Add(4 * time.Hour)
		size := int64(len(h.read(list)))

		h.particulars(part, Particulars{Note: "holiday", Size: 2 * mib, Due: due})
		h.await(part)
		h.particulars(part, Particulars{Note: "holiday", Size: 2 * mib, Due: due, Ends: due.Add(10 * time.Hour)})
		h.particulars(list, Particulars{Size: size, Due: begun, Ends: begun.Add(10 * time.Hour)})

		for name, id := range map[string]glacier.JobID{"no id": "nonsense", "an archive's id": glacier.JobID(a.Public)} {
			if got, err := h.Particulars(t.Context(), owner, photos, id); err != nil || len(got) != 0 {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
		if got, err := h.Particulars(t.Context(), owner, other, part); err != nil || len(got) != 0 {
			t.Errorf("another vault's job: %v, %v", got, err)
		}
		var refused *glacier.Error
		if _, err := h.Particulars(t.Context(), owner, "none", part); !errors.As(err, &refused) || refused.Code != glacier.ResourceNotFound {
			t.Errorf("no vault: %v", err)
		}
	})
}

func (h *house) particulars(id glacier.JobID, want Particulars) {
	h.t.Helper()
	got, err := h.Particulars(h.t.Context(), owner, photos, "nonsense", id)
	if err != nil {
		h.t.Fatal(err)
	}
	if d := cmp.Diff(map[glacier.JobID]Particulars{id: want}, got); d != "" {
		h.t.Error(d)
	}
}
