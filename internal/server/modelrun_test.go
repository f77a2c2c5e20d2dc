package server

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/internal/client"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "repeat the random test with this seed only")
	stepsFlag = flag.Int("steps", shortSteps, "how long the random test is with -seed")
)

const (
	shortSeeds, shortSteps = 3, 250
	longSeeds, longSteps   = 30, 1200
)

// TestModel does random things to a server and to the model, right and wrong
// ones, and stops at the first reply that is not the model's answer. In the
// end everything that can be asked for is compared, once more after a start
// without the catalog.
func TestModel(t *testing.T) {
	seeds, steps := shortSeeds, shortSteps
	if long() {
		seeds, steps = longSeeds, longSteps
	}
	if *seedFlag != 0 {
		modelRun(t, *seedFlag, *stepsFlag)
		return
	}
	for range seeds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) { modelRun(t, seed, steps) })
	}
}

// A run is one seed's.
type run struct {
	*house
	m     *model
	rng   *rand.Rand
	born  map[*modelVault]string // creation dates, once seen
	began time.Time
	trace []string
}

func modelRun(t *testing.T, seed uint64, steps int) {
	r := &run{
		m:    &model{vaults: map[string]*modelVault{}},
		rng:  rand.New(rand.NewPCG(seed, 0)),
		born: map[*modelVault]string{}, began: time.Now(),
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last steps:\n%s", strings.Join(r.trace[max(0, len(r.trace)-25):], "\n"))
		}
		t.Logf("repeat with: go test ./internal/server -run 'TestModel$' -seed %d -steps %d", seed, steps)
	})
	r.house = newHouse(t, func(c *Config) { c.SegmentSize = 64 << 10 << r.rng.IntN(5) })
	for range steps {
		r.step()
	}
	r.compareState()
	r.say("restart without the catalog")
	r.restart(true)
	r.compareState()
}

// actions are what a step may be, and how often.
var actions = []struct {
	weight int
	do     func(*run)
}{
	{8, (*run).createVault},
	{2, (*run).deleteVault},
	{5, (*run).changeTags},
	{25, (*run).uploadArchive},
	{8, (*run).importArchive},
	{12, (*run).deleteArchive},
	{5, (*run).initiateUpload},
	{20, (*run).uploadPart},
	{9, (*run).completeUpload},
	{2, (*run).abortUpload},
	{14, (*run).initiateRetrieval},
	{5, (*run).initiateInventory},
	{3, (*run).initiateWrongly},
	{14, (*run).readOutput},
	{8, (*run).look},
	{2, (*run).keepHouse},
	{2, (*run).reopen},
}

func (r *run) step() {
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	n := r.rng.IntN(total)
	for _, a := range actions {
		if n -= a.weight; n < 0 {
			a.do(r)
			return
		}
	}
}

func (r *run) say(format string, args ...any) {
	r.trace = append(r.trace, fmt.Sprintf("%4d  ", len(r.trace))+fmt.Sprintf(format, args...))
}

// try makes the request, and compares the reply with the model's answer.
func (r *run) try(q client.Request, want answer) {
	r.t.Helper()
	r.say("%s %s %v → %d %s", q.Method, q.Path, q.Header, want.status, want.code)
	got := r.call(q)
	r.compare(q.Method+" "+q.Path, got, want)
	if want.learn != nil {
		want.learn(got)
	}
}

func (r *run) compare(what string, got reply, want answer) {
	r.t.Helper()
	if got.status != want.status || got.code != want.code {
		r.t.Fatalf("%s: got %d %s (%s), want %d %s (%s)", what, got.status, got.code, got.message, want.status, want.code, want.text)
	}
	if want.text != "" && got.message != want.text {
		r.t.Fatalf("%s: got the text\n%s\nwant\n%s", what, got.message, want.text)
	}
	if want.body != "" && string(got.body) != want.body {
		r.t.Fatalf("%s: got the body\n%.2000s\nwant\n%.2000s", what, got.body, want.body)
	}
	for name, value := range want.header {
		if have := got.header.Get(name); have != value && (value != "*" || have == "") {
			r.t.Fatalf("%s: header %s is %q, want %q", what, name, have, value)
		}
	}
}

// within reports whether an inventory's date can be true.
func within(date string, from time.Time) bool {
	at, err := time.Parse("2006-01-02T15:04:05Z", date)
	return err == nil && !at.Before(from.Truncate(time.Second)) && !at.After(time.Now())
}

// living are the vaults that exist, by name.
func (r *run) living() (list []*modelVault) {
	for _, v := range r.m.vaults {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b *modelVault) int { return strings.Compare(a.name, b.name) })
	return list
}
