package job

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/store"
)

const shortage = "Insufficient capacity is available to process this Expedited retrieval. Try again later, or use tier Standard or Bulk."

// A clock stands still until it is set. It is for one goroutine.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// expedited limits the Expedited retrievals of a service.
func expedited(limit int, c *clock) func(*Config) {
	return func(cfg *Config) { cfg.ExpeditedLimit, cfg.Now = &limit, c.now }
}

func TestAdmission(t *testing.T) {
	type step struct {
		after    time.Duration
		units    int
		ask      int
		admitted int
	}
	for _, tt := range []struct {
		name  string
		limit int
		steps []step
	}{
		{"no units and no limit to speak of", MaxExpeditedLimit, []step{{0, 0, 50, 50}}},
		{"no units and nothing beside", 0, []step{{0, 0, 3, 0}}},
		{"no units and some beside", 4, []step{{0, 0, 9, 4}, {0, 0, 1, 0}}},
		{"one unit", 0, []step{{0, 1, 9, 3}}},
		{"two units", 0, []step{{0, 2, 9, 6}}},
		{"units come first", 2, []step{{0, 1, 3, 3}, {0, 0, 3, 2}, {0, 1, 1, 0}}},
		{"units and what is beside them", 2, []step{{0, 2, 20, 8}}},
		{"not quite five minutes", 0, []step{{0, 1, 3, 3}, {expeditedWindow - 1, 1, 1, 0}}},
		{"after five minutes", 0, []step{{0, 1, 3, 3}, {expeditedWindow, 1, 9, 3}}},
		{"after five minutes, without units", 2, []step{{0, 0, 3, 2}, {expeditedWindow, 0, 3, 2}}},
		{"the window slides", 0, []step{
			{0, 1, 1, 1}, {2 * time.Minute, 1, 1, 1}, {2 * time.Minute, 1, 9, 1},
			{time.Minute, 1, 9, 1}, {time.Minute, 1, 9, 0}, {time.Minute, 1, 9, 1}, {2 * time.Minute, 1, 9, 1},
		}},
		{"a unit is bought", 1, []step{{0, 0, 9, 1}, {0, 1, 9, 3}, {0, 2, 9, 3}}},
		{"a unit expires", 1, []step{{0, 1, 3, 3}, {0, 0, 9, 1}, {expeditedWindow, 0, 9, 1}}},
		{"clock goes back", 0, []step{{0, 1, 3, 3}, {-time.Hour, 1, 1, 0}, {time.Hour + expeditedWindow, 1, 9, 3}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &clock{at: instant(t, "2023-04-10 12:00:00")}
			a := newAdmission(&tt.limit, c.now)
			for i, s := range tt.steps {
				c.advance(s.after)
				n := 0
				for range s.ask {
					if _, ok := a.take(owner, s.units); ok {
						n++
					}
				}
				if n != s.admitted {
					t.Errorf("step %d: %d of %d were admitted, want %d", i, n, s.ask, s.admitted)
				}
			}
			if _, ok := a.take(stranger, 1); !ok {
				t.Error("another account has no place")
			}
		})
	}
}

func TestPlacesAreGivenBack(t *testing.T) {
	limit := 1
	c := &clock{at: instant(t, "2023-04-10 12:00:00")}
	a := newAdmission(&limit, c.now)
	a.giveBack(place{})
	var places []place
	for range 4 {
		p, ok := a.take(owner, 1)
		if !ok {
			t.Fatal("no place")
		}
		places = append(places, p)
		c.advance(time.Second)
	}
	for i := range places {
		if _, ok := a.take(owner, 1); ok {
			t.Fatal("a place too many")
		}
		a.giveBack(places[i])
		a.giveBack(places[i])
		p, ok := a.take(owner, 1)
		if !ok || p.unit != places[i].unit {
			t.Fatalf("place %d, of a unit %t: back is %t, of a unit %t", i, places[i].unit, ok, p.unit)
		}
		c.advance(time.Second)
	}
	c.advance(expeditedWindow)
	if _, ok := a.take(stranger, 1); !ok {
		t.Fatal("no place")
	}
	if len(a.accounts) != 1 {
		t.Errorf("%d accounts are remembered, want 1", len(a.accounts))
	}
	a.giveBack(places[0])
}

// expedite begins Expedited retrievals until one is refused, and counts them.
func (h *house) expedite(account glacier.AccountID, most int) int {
	h.t.Helper()
	for n := range most {
		before := len(h.jobs(h.t, 0))
		err := h.ask(account, 5, glacier.Expedited)
		if err == nil {
			continue
		}
		refused(h.t, err, glacier.InsufficientCapacity, shortage)
		if len(h.jobs(h.t, 0)) != before {
			h.t.Error("a refused job left a record")
		}
		return n
	}
	return most
}

func (h *house) expedites(account glacier.AccountID, want int) {
	h.t.Helper()
	if n := h.expedite(account, 20); n != want {
		h.t.Errorf("%d Expedited retrievals were admitted, want %d", n, want)
	}
}

func TestExpeditedIsUnlimitedByDefault(t *testing.T) {
	h := newHouse(t)
	h.expedites(owner, 20)
	if n := len(h.expedited.accounts); n != 0 {
		t.Errorf("%d accounts are remembered without need", n)
	}
}

func TestExpedited(t *testing.T) {
	c := &clock{at: instant(t, "2023-04-10 12:00:00")}
	h := houseAt(t, "2023-04-10 12:00:00", expedited(1, c))
	h.expedites(owner, 1)
	h.buy()
	h.expedites(owner, 3)
	h.buy()
	h.expedites(owner, 3)
	h.expedites(stranger, 1)
	for _, tier := range []string{glacier.Standard, glacier.Bulk} {
		if err := h.ask(owner, 5, tier); err != nil {
			t.Errorf("%s: %v", tier, err)
		}
	}
	h.begin(`{"Type":"inventory-retrieval","Tier":"Expedited"}`)

	c.advance(expeditedWindow)
	h.expedites(owner, 7)
	h.at("2023-05-10 12:30:00")
	c.advance(expeditedWindow)
	h.sold()
	h.expedites(owner, 1)
	h.Service = h.service(expedited(1, c))
	h.expedites(owner, 1) // A new process remembers nothing.
}

func TestRefusedJobsTakeNoPlace(t *testing.T) {
	c := &clock{at: instant(t, "2023-04-10 12:00:00")}
	h := newHouse(t, expedited(1, c))
	a := h.sized(owner, 2*mib)
	begin := func(parameters *glacier.JobParameters) error {
		_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters)
		return err
	}
	ask := parameters(t, retrieval(a, `,"Tier":"Expedited"`))
	refused(t, begin(parameters(t, `{"Type":"archive-retrieval","ArchiveId":"x","Tier":"Expedited"}`)),
		glacier.ResourceNotFound, "The archive ID was not found: x")
	refused(t, begin(parameters(t, retrieval(a, `,"Tier":"Expedited","RetrievalByteRange":"x"`))),
		glacier.InvalidParameterValue, "Invalid retrieval byte range: x. It must be two byte offsets, as in 0-1048575.")
	h.failOnce("update", store.ErrFull)
	refused(t, begin(ask), glacier.ServiceUnavailable, "There is no space left to store this request. Retrievals and deletions continue to work.")
	h.failOnce("update", store.ErrClosed)
	if err := begin(ask); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
	if err := begin(ask); err != nil {
		t.Error(err)
	}
	refused(t, begin(ask), glacier.InsufficientCapacity, shortage)
	refused(t, begin(parameters(t, `{"Type":"archive-retrieval","ArchiveId":"x","Tier":"Expedited"}`)),
		glacier.ResourceNotFound, "The archive ID was not found: x")
}

// TestRacingJobs has more jobs than fit begin at once, on the store that
// people use, which runs many rules together.
func TestRacingJobs(t *testing.T) {
	const racers = 40
	for _, tt := range []struct {
		name, policy, tier string
		size               int64
		code               glacier.Code
		fit                int64
	}{
		{"bytes per hour", perHour(30), glacier.Standard, 10, glacier.PolicyEnforced, 12},
		{"free tier", freeTier, glacier.Standard, 7, glacier.PolicyEnforced, 14},
		{"Expedited", noLimit, glacier.Expedited, 10, glacier.InsufficientCapacity, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			limit := 5
			h, st := localHouse(t, localConfig(t, "2023-04-10 12:00:00"), free(3000), func(c *Config) { c.ExpeditedLimit = &limit })
			defer func() {
				if err := st.Close(); err != nil {
					t.Error(err)
				}
			}()
			h.buy()
			h.setPolicy(owner, tt.policy)
			p := parameters(t, retrieval(h.sized(owner, tt.size), fmt.Sprintf(`,"Tier":%q`, tt.tier)))
			var begun atomic.Int64
			var all sync.WaitGroup
			for range racers {
				all.Go(func() {
					_, err := h.InitiateJob(t.Context(), owner, owner, photos, p)
					var e *glacier.Error
					switch {
					case err == nil:
						begun.Add(1)
					case !errors.As(err, &e) || e.Code != tt.code:
						t.Errorf("refused with %v", err)
					}
				})
			}
			all.Wait()
			if begun.Load() != tt.fit {
				t.Errorf("%d of %d jobs were begun, want %d", begun.Load(), racers, tt.fit)
			}
			want := int64(0)
			if tt.tier == glacier.Standard {
				want = tt.fit * tt.size
			}
			if u := h.usage(); u.Bytes != want {
				t.Errorf("usage of %d bytes, want %d", u.Bytes, want)
			}
		})
	}
}
