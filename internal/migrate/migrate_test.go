package migrate_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/migrate"
	"firn/internal/price"
	"firn/internal/remote"
)

// someSizes are around the borders of parts and leaves.
var someSizes = []int{1, 1000, 1 << 20, 1<<20 + 1, 3<<20 + 5, 200_000, 5 << 20, 1<<20 - 1, 7, 2 << 20}

func TestMigration(t *testing.T) {
	from, to := amazon(t), newSide(t)
	data := from.fill(someSizes...)
	m, state := migration(t, stateFile(t), from, to, nil)
	must(t, m.Run(t.Context()))
	compare(t, from, to, data, nil)
	r, err := state.Report(price.List{})
	must(t, err)
	if n := int64(len(someSizes)); r.Archives != n || r.Copied.Archives != n || r.Copied.Bytes != r.Bytes || r.Renewed != 0 || r.Retrievals != n || r.Waiting.Archives+r.UnderWay.Archives+r.Failed.Archives != 0 {
		t.Errorf("report %+v", r)
	}
	jobs, times := from.counted("job")
	if jobs != 1 || times != len(someSizes)+1 {
		t.Errorf("%d jobs", times)
	}
	must(t, m.Run(t.Context())) // there is nothing left to do
	if _, again := from.counted("job"); again != times {
		t.Errorf("a second run began %d jobs", again-times)
	}
}

func TestMigrationWhereThingsGoWrong(t *testing.T) {
	from, to := amazon(t), newSide(t)
	data := from.fill(someSizes...)
	from.fault, to.fault = 6, 6
	m, state := migration(t, stateFile(t), from, to, nil)
	must(t, m.Run(t.Context()))
	from.fault, to.fault = 0, 0
	compare(t, from, to, data, nil)
	r, err := state.Report(price.List{})
	must(t, err)
	if r.Copied.Archives != int64(len(data)) || r.Retrievals != r.Copied.Archives {
		t.Errorf("report %+v", r)
	}
	if _, jobs := from.counted("job"); jobs != len(data)+1 {
		t.Errorf("%d jobs were begun, want %d", jobs, len(data)+1)
	}
}

// renamed reads the map of new ids.
func renamed(t *testing.T, state *migrate.State) map[glacier.ArchiveID]glacier.ArchiveID {
	t.Helper()
	ids := map[glacier.ArchiveID]glacier.ArchiveID{}
	for after := int64(0); ; {
		list, err := state.Renewed(after, 3)
		must(t, err)
		if len(list) == 0 {
			return ids
		}
		for _, a := range list {
			ids[a.ID], after = a.NewID, a.N
		}
	}
}

// A target that lets nobody import gives new ids, and the state knows them.
func TestMigrationToNewIDs(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, to *side) func(*migrate.Config){
		"because that is wanted": func(*testing.T, *side) func(*migrate.Config) {
			return func(c *migrate.Config) { c.IDs = migrate.Renew }
		},
		"because the key has not the right": func(t *testing.T, to *side) func(*migrate.Config) {
			to.user(t, "AmazonGlacierFullAccess")
			return nil
		},
		"because the target takes no notice, as Amazon": func(_ *testing.T, to *side) func(*migrate.Config) {
			to.deaf = true
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := amazon(t), newSide(t)
			data := from.fill(someSizes...)
			must(t, to.straight().Create(t.Context()))
			m, state := migration(t, stateFile(t), from, to, change(t, to))
			must(t, m.Run(t.Context()))
			ids := renamed(t, state)
			if r, err := state.Report(price.List{}); err != nil || len(ids) != len(data) || r.Renewed != int64(len(data)) || r.Copied.Archives != r.Renewed {
				t.Errorf("%d new ids, report %+v, %v", len(ids), r, err)
			}
			compare(t, from, to, data, ids)
		})
	}
}

// With no choice but the old ids, archives that cannot have them are not left
// behind under new ones.
func TestMigrationThatMustKeepIDs(t *testing.T) {
	for name, deaf := range map[string]bool{"where the key has not the right": false, "where no notice is taken": true} {
		t.Run(name, func(t *testing.T) {
			from, to := amazon(t), newSide(t)
			from.fill(1000, 2000, 3000)
			must(t, to.straight().Create(t.Context()))
			if to.deaf = deaf; !deaf {
				to.user(t, "AmazonGlacierFullAccess")
			}
			m, _ := migration(t, stateFile(t), from, to, func(c *migrate.Config) { c.IDs = migrate.Keep })
			err := m.Run(t.Context())
			if err == nil || deaf != strings.Contains(err.Error(), "does not keep the ids") || !deaf && !remote.IsRefusal(err, glacier.AccessDenied) {
				t.Errorf("it ends with %v", err)
			}
			if rows := to.rows(); len(rows) != 0 {
				t.Errorf("in the target are %v", rows)
			}
		})
	}
}

// Parts that are too large to be held are read twice, and arrive all the same.
func TestMigrationInLittleMemory(t *testing.T) {
	from, to := amazon(t), newSide(t)
	data := from.fill(someSizes...)
	from.fault, to.fault = 9, 9
	m, _ := migration(t, stateFile(t), from, to, func(c *migrate.Config) { c.Memory = 100_000 })
	must(t, m.Run(t.Context()))
	from.fault, to.fault = 0, 0
	compare(t, from, to, data, nil)
}

// An archive that is gone from the source, and one whose bytes are not those of
// the inventory, do not stop the others; the next run tries them again.
func TestMigrationOfWhatFails(t *testing.T) {
	from, to := amazon(t), newSide(t)
	data := from.fill(1000, 3<<20, 2000, 3000)
	var gone, other glacier.ArchiveID
	for id, b := range data {
		switch len(b) {
		case 1000:
			gone = id
		case 3 << 20:
			other = id
		}
	}
	file := stateFile(t)
	m, state := migration(t, file, from, to, nil)
	must(t, m.List(t.Context()))
	must(t, from.straight().DeleteArchive(t.Context(), gone))
	from.garble(other)
	must(t, m.Run(t.Context()))
	failed, err := state.Failed(0, 9)
	must(t, err)
	if len(failed) != 2 {
		t.Fatalf("failed are %+v", failed)
	}
	for _, a := range failed {
		want := map[glacier.ArchiveID]string{gone: "it is no longer in the source", other: "not those that should have come"}[a.ID]
		if want == "" || !strings.Contains(a.Failure, want) {
			t.Errorf("archive %s failed: %s", a.ID, a.Failure)
		}
	}
	_, jobs := from.counted("job")
	from.garble("")
	must(t, m.Run(t.Context()))
	r, err := state.Report(price.List{})
	must(t, err)
	if r.Failed.Archives != 1 || r.Copied.Archives != 3 {
		t.Errorf("report %+v", r)
	}
	if _, now := from.counted("job"); now != jobs {
		t.Errorf("%d jobs were begun for what had been retrieved", now-jobs)
	}
	delete(data, gone)
	compare(t, from, to, data, nil)
}

// Output that has expired is retrieved again.
func TestMigrationOfExpiredOutput(t *testing.T) {
	from, to := amazon(t), newSide(t)
	data := from.fill(1000, 3<<20, 2000)
	from.expires = 2
	m, state := migration(t, stateFile(t), from, to, nil)
	must(t, m.Run(t.Context()))
	compare(t, from, to, data, nil)
	if r, err := state.Report(price.List{}); err != nil || r.Retrievals != 5 || r.Failed.Archives != 0 {
		t.Errorf("report %+v, %v", r, err)
	}
}

func TestMigrationWithinABudget(t *testing.T) {
	from, to := amazon(t), newSide(t)
	data := from.fill(1000, 1000, 1000, 1000, 1000)
	file := stateFile(t)
	prices := price.List{Jobs: 1000}
	budget := func(dollars int64) func(*migrate.Config) {
		return func(c *migrate.Config) { c.Price, c.Budget = prices, price.Money(dollars)*price.Dollar }
	}
	m, state := migration(t, file, from, to, budget(3))
	var stop *migrate.Stop
	if err := m.Run(t.Context()); !errors.As(err, &stop) || !strings.Contains(stop.Why, "$3.00") {
		t.Errorf("it ends with %v", err)
	}
	r, err := state.Report(prices)
	must(t, err)
	if r.Copied.Archives != 3 || r.Waiting.Archives != 2 || r.Spent != 3*price.Dollar || r.ToSpend != 2*price.Dollar {
		t.Errorf("report %+v", r)
	}
	must(t, state.Close())
	m, state = migration(t, file, from, to, budget(5))
	p, err := m.Plan(t.Context())
	if must(t, err); p != (migrate.Plan{Archives: 2, Bytes: 2000, Cost: 2 * price.Dollar, Exact: true}) {
		t.Errorf("plan %+v", p)
	}
	must(t, m.Run(t.Context()))
	if r, err = state.Report(prices); err != nil || r.Spent != 5*price.Dollar {
		t.Errorf("report %+v, %v", r, err)
	}
	compare(t, from, to, data, nil)
}

// The pace holds over the end of the program.
func TestMigrationAtAPace(t *testing.T) {
	from, to := amazon(t), newSide(t)
	from.fill(1<<20, 1<<20, 1<<20, 1<<20)
	c := &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	began := c.now
	file := stateFile(t)
	for range 2 {
		m, state := migration(t, file, from, to, func(cfg *migrate.Config) {
			cfg.BytesPerHour, cfg.Now, cfg.Sleep = glacier.MiB, c.Now, c.Sleep
		})
		p, err := m.Plan(t.Context())
		if must(t, err); p.Archives > 0 && p.Hours != 4 {
			t.Errorf("plan %+v", p)
		}
		must(t, m.Run(t.Context()))
		must(t, state.Close())
		if c.now.Sub(began) < 3*time.Hour { // the last need not be waited for
			t.Errorf("4 MiB took %s", c.now.Sub(began))
		}
	}
}

// A clock is one that sleepers move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
	select {
	case <-time.After(time.Millisecond): // for the servers
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

// What came to the source meanwhile comes with a new inventory, and nothing twice.
func TestMigrationWithANewInventory(t *testing.T) {
	from, to := amazon(t), newSide(t)
	from.fill(1000, 2000)
	m, state := migration(t, stateFile(t), from, to, nil)
	must(t, m.Run(t.Context()))
	from.fill(3000)
	must(t, m.Run(t.Context()))
	if r, err := state.Report(price.List{}); err != nil || r.Archives != 2 {
		t.Errorf("without a new inventory: %+v, %v", r, err)
	}
	must(t, state.Refresh())
	must(t, m.Run(t.Context()))
	if r, err := state.Report(price.List{}); err != nil || r.Archives != 3 || r.Copied.Archives != 3 || r.Retrievals != 3 {
		t.Errorf("with a new inventory: %+v, %v", r, err)
	}
}

// A limit of the source's stops retrievals for a while, and not the run.
func TestMigrationFromASourceWithALimit(t *testing.T) {
	from, to := amazon(t), newSide(t)
	data := from.fill(1000, 3<<20, 2000)
	limit := func(strategy string, bytes int64) {
		rule := glacier.RetrievalRule{Strategy: ptr(strategy)}
		if bytes > 0 {
			rule.BytesPerHour = &bytes
		}
		must(t, from.service(from.to).SetRetrievalPolicy(t.Context(), glacier.RetrievalRules{Rules: []glacier.RetrievalRule{rule}}))
	}
	limit("BytesPerHour", 500_000)
	var waits atomic.Int32
	m, state := migration(t, stateFile(t), from, to, func(c *migrate.Config) {
		c.Events.Waits = func(why string) {
			if waits.Add(1) == 2 {
				limit("None", 0)
			}
			if !strings.Contains(why, "PolicyEnforced") {
				t.Errorf("it waits because of %s", why)
			}
		}
	})
	must(t, m.Run(t.Context()))
	compare(t, from, to, data, nil)
	if r, err := state.Report(price.List{}); err != nil || r.Retrievals != 3 || r.Failed.Archives != 0 || waits.Load() < 2 {
		t.Errorf("after %d waits: %+v, %v", waits.Load(), r, err)
	}
}
