package topic

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/store/local"
)

// stride is the step of a sweep that usually goes by usual: one in the long
// run, and a wider one under -short.
func stride(usual int) int {
	switch {
	case long():
		return 1
	case testing.Short():
		return 6 * usual
	}
	return usual
}

// A ledger is what was promised before a crash, and what has arrived.
type ledger struct {
	topic, inbox string
	published    []string // acknowledged
	tried        []string // perhaps published
	far          *endpoint
}

// TestCrashSweep stops the machine after its n-th change to the disk, for every
// n (in the short run, for some), in every way a disk can forget, and makes
// sure that after a new start every message arrives: at the endpoint at least
// once, in the queue exactly once.
func TestCrashSweep(t *testing.T) {
	seed := rand.Uint64()
	step := stride(11)
	total := 0
	inBubble(t, func(t *testing.T) {
		var changes atomic.Int64
		crashRun(t, disk.NewMem(0), disk.Count(&changes, disk.Changes()...))
		total = int(changes.Load())
	})
	if total < 50 {
		t.Fatalf("a run makes only %d changes", total)
	}
	for n := int(seed % uint64(step)); n < total; n += step {
		for _, mode := range disk.Modes() {
			if !long() && (n/step+int(mode))%2 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("seed %d, after %d of %d, %v", seed, n, total, mode), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					mem := disk.NewMem(0)
					l := crashRun(t, mem, disk.CrashAfter(n, disk.Changes()...))
					crashCheck(t, l, mem.Crash(rand.New(rand.NewPCG(seed, uint64(n))), mode))
				})
			})
		}
	}
}

// crashRun publishes and delivers until the disk fails.
func crashRun(t *testing.T, mem *disk.Mem, hook func(disk.Op) error) *ledger {
	t.Helper()
	l := &ledger{far: &endpoint{}}
	st, err := local.Open(storeConfig(t, disk.Inject(mem, hook)))
	if err != nil {
		return l
	}
	defer st.Close() // it may have been cut off
	h := &house{t: t, store: st, queues: &fakeQueues{}, far: l.far}
	h.Service = h.service()
	defer func() {
		_ = st.Close() // before the service: it is killed
		h.Close()
	}()
	l.far.failWith(func(endpoint string, m *Outgoing) error {
		switch {
		case endpoint == "gone", m.Message == "message 3":
			return &PermanentError{errors.New("gone")}
		case m.Message == "message 5":
			return errors.New("not now")
		}
		return nil
	})
	ctx := t.Context()
	topic, err := h.CreateTopic(ctx, alice, "jobs", nil, nil)
	if err != nil {
		return l
	}
	if st.Update(ctx, createQueue(alice, "inbox")) != nil {
		return l
	}
	inbox := queueARN(alice, "inbox")
	var gone string
	for _, sub := range []struct{ protocol, endpoint string }{{"far", "a"}, {"sqs", inbox}, {"far", "gone"}} {
		arn, _, err := h.Subscribe(ctx, alice, string(topic), sub.protocol, sub.endpoint, map[string]string{"RawMessageDelivery": "true"})
		if err != nil {
			return l
		}
		gone = string(arn)
	}
	l.topic, l.inbox = string(topic), inbox
	h.Start(ctx)
	for i, m := range texts(0, 12) {
		l.tried = append(l.tried, m)
		if _, err := h.Publish(ctx, l.topic, Publication{Message: m}); err != nil {
			return l
		}
		l.published = append(l.published, m)
		if i%3 == 2 {
			time.Sleep(time.Second)
		}
	}
	if h.Unsubscribe(ctx, gone) != nil {
		return l
	}
	time.Sleep(20 * time.Second)
	return l
}

func crashCheck(t *testing.T, l *ledger, mem *disk.Mem) {
	cfg := storeConfig(t, mem)
	st, err := local.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: st, queues: &fakeQueues{}, far: l.far}
	h.Service = h.service()
	l.far.failWith(nil)
	h.Start(t.Context())
	time.Sleep(10 * time.Minute)
	if l.topic != "" {
		_, err := h.Replay(t.Context(), l.topic, "")
		h.must(err)
		time.Sleep(10 * time.Minute)
		l.check(h)
	}
	h.Close()
	h.must(st.Close())
	report, err := local.Check(t.Context(), cfg, local.CheckOptions{Deep: true})
	h.must(err)
	if !report.Clean() {
		t.Errorf("check: %+v", report)
	}
}

// check makes sure that everything has arrived, and that nothing stays behind.
func (l *ledger) check(h *house) {
	h.t.Helper()
	count := func(texts []string) map[string]int {
		n := map[string]int{}
		for _, m := range texts {
			n[m]++
		}
		return n
	}
	at, in := count(l.far.messages("a")), count(bodies(h.queued(l.inbox)))
	for _, m := range l.published {
		if at[m] == 0 {
			h.t.Errorf("%s did not arrive", m)
		}
		if in[m] != 1 {
			h.t.Errorf("%s is %d times in the queue", m, in[m])
		}
	}
	for _, m := range l.tried {
		if at[m] > 3 || in[m] > 1 {
			h.t.Errorf("%s arrived %d times, and is %d times in the queue", m, at[m], in[m])
		}
	}
	h.empty(l.topic)
	h.must(h.store.View(h.t.Context(), func(tx *catalog.Tx) error {
		graves, err := tx.Subscriptions(graveyard, 0, 10)
		if len(graves) != 0 {
			h.t.Errorf("%d graves are left", len(graves))
		}
		return err
	}))
}
