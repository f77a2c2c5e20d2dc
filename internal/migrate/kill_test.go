package migrate_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/migrate"
	"firn/internal/price"
	"firn/internal/remote"
)

// childEnv makes the test binary a process that is to be killed.
const childEnv = "FIRN_MIGRATE_CHILD"

// A child is what such a process is to do.
type child struct {
	File     string
	From, To end
	Renew    bool
}

// An end is a side as another process sees it.
type end struct{ URL, Access, Secret string }

func (s *side) end() end { return end{s.proxy.URL, s.access, s.secret} }

// TestChild is no test: it is the process.
func TestChild(t *testing.T) {
	text := os.Getenv(childEnv)
	if text == "" {
		t.Skip("it is only run by TestKilledMigration")
	}
	var c child
	must(t, json.Unmarshal([]byte(text), &c))
	state, err := migrate.OpenState(t.Context(), c.File)
	must(t, err)
	defer state.Close()
	lock, err := state.Lock()
	must(t, err)
	defer lock.Close()
	must(t, state.Bind(migrate.Bond{Source: "a", Target: "b"}))
	vaultAt := func(e end) *remote.Vault {
		s := &side{t: t, to: e.URL, access: e.Access, secret: e.Secret}
		return s.straight()
	}
	cfg := migrate.Config{
		Source: vaultAt(c.From), Target: vaultAt(c.To), State: state, Part: glacier.MiB, Parallel: 3, Tier: glacier.Standard, Sleep: quick,
	}
	if c.Renew {
		cfg.IDs = migrate.Renew
	}
	must(t, migrate.New(cfg).Run(t.Context()))
}

// TestKilledMigration kills a migration again and again. The end is that of an
// undisturbed one: nothing is retrieved twice, and no part is sent again that
// the target had.
func TestKilledMigration(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: what is killed are other processes")
	}
	for name, renew := range map[string]bool{"with old ids": false, "with new ids": true} {
		t.Run(name, func(t *testing.T) {
			from, to := amazon(t), newSide(t)
			sizes := append([]int{9 << 20, 6<<20 + 3}, someSizes...)
			for range 12 {
				sizes = append(sizes, 50_000)
			}
			data := from.fill(sizes...)
			c := child{File: stateFile(t), From: from.end(), To: to.end(), Renew: renew}
			job, err := json.Marshal(c)
			must(t, err)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			kills := 0
			for done := false; !done; kills++ {
				done = runFor(t, string(job), time.Duration(20+rng.IntN(60+15*kills))*time.Millisecond)
				from.settled() // what a killed process has sent may still be on its way
				to.settled()
				if kills > 200 {
					t.Fatal("it does not come to an end")
				}
			}
			t.Logf("killed %d times", kills-1)
			state, err := migrate.OpenState(t.Context(), c.File)
			must(t, err)
			defer state.Close()
			compare(t, from, to, data, renamed(t, state))
			if _, jobs := from.counted("job"); jobs != len(sizes)+1 {
				t.Errorf("%d jobs were begun, want %d", jobs, len(sizes)+1)
			}
			if parts, times := to.counted("part"); parts != times {
				t.Errorf("%d parts were sent %d times", parts, times)
			}
			if r, err := state.Report(price.List{}); err != nil || r.Retrievals != int64(len(sizes)) || r.Copied.Archives != int64(len(sizes)) {
				t.Errorf("report %+v, %v", r, err)
			}
		})
	}
}

// runFor runs a child, and kills it unless it ends by itself.
func runFor(t *testing.T, job string, d time.Duration) (done bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+job)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return true
	}
	if ctx.Err() == nil {
		t.Fatalf("the child ended by itself: %v\n%s", err, out)
	}
	return false
}
