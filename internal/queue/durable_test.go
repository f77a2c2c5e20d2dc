package queue_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"firn/internal/disk"
	"firn/internal/queue"
	"firn/internal/store/local"
)

func long() bool { return os.Getenv("FIRN_LONG") != "" }

func TestRestart(t *testing.T) {
	h := build(t)
	ctx := t.Context()
	h.must(h.SetAttributes(ctx, alice, work, attributes{"VisibilityTimeout": "100"}))
	_, err := h.SendMessage(ctx, alice, work, queue.Outgoing{Body: "a", Attributes: typed{"n": {Type: "Number", Value: "1"}}, Trace: "t", Sender: "AIDA"})
	h.must(err)
	h.send("b", "c", "d")
	got := h.demand(queue.Demand{Max: number(3), Attributes: []string{"All"}, System: []string{"AWSTraceHeader", "SenderId", "SentTimestamp"}})
	h.wantBodies(got, "a b c")
	h.must(h.DeleteMessage(ctx, alice, work, got[1].Handle))
	h.restart()
	again := h.demand(queue.Demand{Max: number(10), Attributes: []string{"All"}, System: []string{"AWSTraceHeader", "SenderId", "SentTimestamp"}})
	h.wantBodies(again, "a c d")
	if again[0].ID != got[0].ID || !maps.Equal(again[0].System, got[0].System) || again[0].AttributesMD5 != got[0].AttributesMD5 {
		t.Errorf("%+v, was %+v", again[0], got[0])
	}
	h.wantBodies(h.take(10), "") // the visibility of the queue is what it was
	refused(t, h.ChangeVisibility(ctx, alice, work, got[0].Handle, 0), queue.MessageNotInflight)
	h.must(h.DeleteMessage(ctx, alice, work, got[0].Handle)) // the handle is of the process before
	h.must(h.DeleteMessage(ctx, alice, work, got[1].Handle))
	h.restart()
	h.wantBodies(h.take(10), "c d")
}

// A book is what a run has been told, and what it may rely on.
type book struct {
	sent    map[string]bool // confirmed
	ended   map[string]bool // its deletion was confirmed
	maybe   map[string]bool // an operation on it was not answered
	purging bool            // a purge was not answered
}

// session does a run of operations until one fails. The disk may.
func session(ctx *testing.T, q *queue.Service, b *book, rng *rand.Rand) {
	c := ctx.Context()
	if q.CreateQueue(c, alice, work, attributes{"VisibilityTimeout": "0"}, nil) != nil {
		return
	}
	for i := range 40 {
		switch rng.IntN(8) {
		case 0, 1, 2, 3:
			body := fmt.Sprint("m", i)
			b.maybe[body] = true
			if _, err := q.SendMessage(c, alice, work, queue.Outgoing{Body: body}); err != nil {
				return
			}
			delete(b.maybe, body)
			b.sent[body] = true
		case 4, 5, 6:
			got, err := q.ReceiveMessages(c, alice, work, queue.Demand{})
			if err != nil {
				return
			}
			for _, m := range got {
				b.maybe[m.Body] = true
				if q.DeleteMessage(c, alice, work, m.Handle) != nil {
					return
				}
				delete(b.maybe, m.Body)
				b.ended[m.Body] = true
			}
		default:
			b.purging = true
			switch err := q.PurgeQueue(c, alice, work); {
			case err == nil:
				maps.Copy(b.ended, b.sent)
			case !isRefusal(err):
				return
			}
			b.purging = false
		}
	}
}

func isRefusal(err error) bool {
	_, ok := err.(*queue.Error)
	return ok
}

// TestCrashSweep stops the machine after its n-th change to the disk, and finds
// all that was confirmed afterwards: nothing is lost, and what was deleted or
// purged stays so.
func TestCrashSweep(t *testing.T) {
	seed := rand.Uint64()
	stride := 11
	if long() {
		stride = 1
	} else if testing.Short() {
		stride = 47
	}
	run := func(mem *disk.Mem, hook func(disk.Op) error) *book {
		b := &book{sent: map[string]bool{}, ended: map[string]bool{}, maybe: map[string]bool{}}
		store, err := local.Open(local.Config{FS: disk.Inject(mem, hook), Catalog: filepath.Join(t.TempDir(), "catalog.db"), SegmentSize: 64 << 10})
		if err != nil {
			return b
		}
		defer store.Close()
		q, err := queue.New(queue.Config{Store: store, Region: region, IDs: store.IDKey()})
		if err != nil {
			t.Fatal(err)
		}
		session(t, q, b, rand.New(rand.NewPCG(seed, 0)))
		return b
	}
	var changes atomic.Int64
	run(disk.NewMem(0), disk.Count(&changes, disk.Changes()...))
	for n := int(seed % uint64(stride)); n < int(changes.Load()); n += stride {
		mode := disk.Modes()[n%len(disk.Modes())]
		t.Run(fmt.Sprintf("seed %d, after %d of %d, %v", seed, n, changes.Load(), mode), func(t *testing.T) {
			mem := disk.NewMem(0)
			b := run(mem, disk.CrashAfter(n, disk.Changes()...))
			b.compare(t, mem.Crash(rand.New(rand.NewPCG(seed, uint64(n))), mode))
		})
	}
}

// compare opens the store after a crash and takes what is there.
func (b *book) compare(t *testing.T, mem *disk.Mem) {
	h := &house{t: t, disk: mem, catalog: filepath.Join(t.TempDir(), "catalog.db"), log: &lockedBuffer{}}
	h.open()
	defer h.close()
	h.must(h.CreateQueue(t.Context(), alice, work, nil, nil))
	found := map[string]bool{}
	for {
		got := h.demand(queue.Demand{Max: number(10), Visibility: number(1000)})
		if len(got) == 0 {
			break
		}
		for _, m := range got {
			found[m.Body] = true
			if b.ended[m.Body] || !b.sent[m.Body] && !b.maybe[m.Body] {
				t.Errorf("%s is there, which was ended or never sent", m.Body)
			}
		}
	}
	for body := range b.sent {
		if !found[body] && !b.ended[body] && !b.maybe[body] && !b.purging {
			t.Errorf("%s is lost", body)
		}
	}
}
