package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/treehash"
)

// finished returns the ids of the jobs that have been completed, in order.
func (h *house) finished(from int) (done []glacier.JobID) {
	h.t.Helper()
	for _, j := range h.memStore.jobs(h.t, from) {
		if j.Status != glacier.InProgress {
			done = append(done, j.Public)
		}
	}
	return done
}

// TestTierOrder begins jobs before there is a worker. The one worker then takes
// them by tier, and within a tier by age: also if the queue holds only a few.
func TestTierOrder(t *testing.T) {
	for _, places := range []int{windowLimit, 3} {
		t.Run(fmt.Sprintf("%d places", places), func(t *testing.T) {
			h := newHouse(t, func(c *Config) { c.Workers = 1 })
			h.Service.queue = newQueue(places)
			a := h.small(photos, "a")
			var order [3][]glacier.JobID
			for i := range 20 {
				switch i % 4 {
				case 0:
					order[rankBulk] = append(order[rankBulk], h.begin(retrieval(a, `,"Tier":"Bulk"`)))
				case 1:
					order[rankStandard] = append(order[rankStandard], h.begin(retrieval(a, ``)))
				case 2:
					order[rankStandard] = append(order[rankStandard], h.begin(`{"Type":"inventory-retrieval"}`))
				case 3:
					order[rankExpedited] = append(order[rankExpedited], h.begin(retrieval(a, `,"Tier":"Expedited"`)))
				}
			}
			h.start()
			h.await(order[rankBulk][4])
			want := append(append(order[rankExpedited], order[rankStandard]...), order[rankBulk]...)
			if diff := cmp.Diff(want, h.finished(0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTierDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) {
			c.Delays = map[string]time.Duration{glacier.Expedited: 3 * time.Minute, glacier.Standard: 4 * time.Hour, glacier.Bulk: 8 * time.Hour}
			c.InventoryDelay = 230 * time.Minute
		})
		h.start()
		a := h.small(photos, "a")
		begun := time.Now()
		for _, tt := range []struct {
			id    glacier.JobID
			delay time.Duration
		}{
			{h.begin(retrieval(a, `,"Tier":"Bulk"`)), 8 * time.Hour},
			{h.begin(retrieval(a, ``)), 4 * time.Hour},
			{h.begin(retrieval(a, `,"Tier":"Expedited"`)), 3 * time.Minute},
			{h.begin(`{"Type":"inventory-retrieval","Tier":"Bulk"}`), 230 * time.Minute},
		} {
			defer func() {
				if d := h.await(tt.id); d.CompletionDate.Sub(begun) != tt.delay {
					t.Errorf("done after %v, want %v", d.CompletionDate.Sub(begun), tt.delay)
				}
			}()
		}
	})
}

// TestRestart leaves jobs in progress, due and not yet due, to another
// service.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(c *Config) {
			c.Delays = map[string]time.Duration{glacier.Standard: 4 * time.Hour}
		}
		h := newHouse(t, slow)
		a := h.small(photos, "a")
		begun := time.Now()
		late := h.begin(retrieval(a, ``))
		soon := h.begin(retrieval(a, `,"Tier":"Bulk"`))
		time.Sleep(time.Hour) // of the bubble
		h.Service = h.service(slow)
		h.start()
		if d := h.await(soon); d.CompletionDate.Sub(begun) != time.Hour {
			t.Errorf("job that was due: done after %v", d.CompletionDate.Sub(begun))
		}
		if d := h.await(late); d.CompletionDate.Sub(begun) != 4*time.Hour {
			t.Errorf("job that was not due: done after %v", d.CompletionDate.Sub(begun))
		}
	})
}

func TestPassingFailures(t *testing.T) {
	for _, tt := range []struct {
		name, operation string
		err             error
		parameters      string // of an inventory if empty
	}{
		{"no space for an inventory", "new payload", store.ErrFull, ""},
		{"payload cannot be read at first", "open payload", errors.New("input/output error"), "archive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			text := `{"Type":"inventory-retrieval"}`
			if tt.parameters != "" {
				text = retrieval(h.small(photos, "a"), "")
			}
			id := h.begin(text)
			h.failOnce(tt.operation, tt.err)
			h.start()
			if d := h.await(id); d.StatusCode != glacier.Succeeded {
				t.Errorf("%s: %s", d.StatusCode, *d.StatusMessage)
			}
			if h.failure(tt.operation) != nil {
				t.Error("the failure was not met")
			}
		})
	}
	t.Run("jobs cannot be listed at first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t)
			id := h.begin(`{"Type":"inventory-retrieval"}`)
			h.Service = h.service() // which has not heard of it
			h.failOnce("view", errors.New("input/output error"))
			h.start()
			synctest.Wait()
			if d := h.await(id); d.StatusCode != glacier.Succeeded {
				t.Errorf("%s: %s", d.StatusCode, *d.StatusMessage)
			}
		})
	})
}

func TestLastingFailure(t *testing.T) {
	h := newHouse(t)
	id := h.begin(`{"Type":"inventory-retrieval"}`)
	j := h.job(id)
	broken := errors.New("input/output error")
	for tries := range maxTries {
		r := h.judge(t.Context(), entry{vault: j.Vault, id: j.ID, faults: tries}, &j, broken)
		if last := tries == maxTries-1; (r.again == 0) != last || r.fatal != nil {
			t.Errorf("after try %d: %+v", tries, r)
		}
	}
	if d := h.describe(id); d.StatusCode != glacier.Failed || *d.StatusMessage != "The job could not be completed because of an internal failure." {
		t.Errorf("%s: %s", d.StatusCode, *d.StatusMessage)
	}
	// Without space it would go on for ever.
	id = h.begin(`{"Type":"inventory-retrieval"}`)
	j = h.job(id)
	r := h.judge(t.Context(), entry{vault: j.Vault, id: j.ID, tries: 1000, faults: maxTries - 1}, &j, fmt.Errorf("write: %w", store.ErrFull))
	if r.again != longestPause || h.describe(id).Completed {
		t.Errorf("full: %+v", r)
	}
}

// TestStateNotKnown closes the store under the service: it must stop by
// itself, and leave the job in progress.
func TestStateNotKnown(t *testing.T) {
	h := newHouse(t)
	id := h.begin(`{"Type":"inventory-retrieval"}`)
	h.failOnce("new payload", store.ErrClosed)
	h.Start(t.Context())
	h.running.Wait()
	if d := h.describe(id); d.Completed {
		t.Error("the job was completed")
	}
}

func TestCloseInTheMiddle(t *testing.T) {
	h := newHouse(t)
	a := h.store(photos, "", pattern(3*mib), 4*mib)
	reading, leave := make(chan struct{}), make(chan struct{})
	h.opening = func(r payload.Reader, _ payload.Ref) payload.Reader {
		return spoiled{Reader: r, leaf: func(i int64, _ []byte) error {
			if i == 1 {
				close(reading)
				<-leave
			}
			return nil
		}}
	}
	id := h.begin(retrieval(a, ""))
	ctx, cancel := context.WithCancel(t.Context())
	h.Start(ctx)
	<-reading
	cancel()
	close(leave)
	h.Close()
	if d := h.describe(id); d.Completed {
		t.Errorf("the job was completed: %s", *d.StatusMessage)
	}
	h.opening = nil
	h.Service = h.service()
	h.start()
	if d := h.await(id); d.StatusCode != glacier.Succeeded {
		t.Errorf("after the next start: %s", *d.StatusMessage)
	}
}

func TestDamage(t *testing.T) {
	const text = "The archive's data is damaged and cannot be retrieved."
	flip := func(leaf int64) func(payload.Reader) payload.Reader {
		return func(r payload.Reader) payload.Reader {
			return spoiled{Reader: r, leaf: func(i int64, b []byte) error {
				if i == leaf {
					b[len(b)/2] ^= 1
				}
				return nil
			}}
		}
	}
	for _, tt := range []struct {
		name  string
		piece int                                   // that is damaged
		how   func(r payload.Reader) payload.Reader // nil: it is gone
		span  string
		fails bool
	}{
		{"nothing", 0, func(r payload.Reader) payload.Reader { return r }, "", false},
		{"leaf of the first piece", 0, flip(2), "", true},
		{"leaf of the last piece", 1, flip(1), "", true},
		{"leaf before the range", 0, flip(2), "3145728-5242879", false},
		{"leaf behind the range", 0, flip(2), "0-2097151", false},
		{"leaf in the range", 0, flip(2), "2097152-3145727", true},
		{"checksum of a leaf", 0, func(r payload.Reader) payload.Reader {
			return spoiled{Reader: r, leaf: func(i int64, _ []byte) error { return &payload.DamageError{Leaf: i, What: "CRC"} }}
		}, "", true},
		{"leaf and its hash", 0, func(r payload.Reader) payload.Reader {
			return spoiled{flip(1)(r), nil, func(first int64, h []treehash.Hash) {
				buf := make([]byte, mib)
				leaf, err := flip(1)(r).Leaf(1, buf)
				if err == nil && first <= 1 && 1 < first+int64(len(h)) {
					h[1-first] = treehash.Sum(leaf)
				}
			}}
		}, "0-2097151", true},
		{"hash of a leaf outside the range", 0, func(r payload.Reader) payload.Reader {
			return spoiled{r, nil, func(first int64, h []treehash.Hash) {
				if first == 0 && len(h) > 3 {
					h[3][0] ^= 1
				}
			}}
		}, "0-2097151", true},
		{"size", 1, func(r payload.Reader) payload.Reader { return shorter{r} }, "", true},
		{"payload is gone", 1, nil, "", true},
		{"payload outside the range is gone", 1, nil, "0-4194303", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			a := h.store(photos, "", pattern(6*mib), 4*mib)
			more := ""
			if tt.span != "" {
				more = `,"RetrievalByteRange":"` + tt.span + `"`
			}
			id := h.begin(retrieval(a, more))
			h.memStore.mu.Lock()
			if tt.how == nil {
				h.gone[a.Pieces[tt.piece].Payload] = true
			} else {
				h.opening = func(r payload.Reader, ref payload.Ref) payload.Reader {
					if ref.ID == a.Pieces[tt.piece].Payload {
						return tt.how(r)
					}
					return r
				}
			}
			h.memStore.mu.Unlock()
			h.start()
			d := h.await(id)
			if !tt.fails {
				if d.StatusCode != glacier.Succeeded {
					t.Errorf("%s: %s", d.StatusCode, *d.StatusMessage)
				}
				return
			}
			if d.StatusCode != glacier.Failed || *d.StatusMessage != text {
				t.Errorf("%s: %s", d.StatusCode, *d.StatusMessage)
			}
			_, err := h.Output(t.Context(), owner, photos, id)
			refused(t, err, glacier.InvalidParameterValue, "The job is not currently available for download: "+string(id))
		})
	}
}

type shorter struct{ payload.Reader }

func (r shorter) Size() int64 { return r.Reader.Size() - 1 }

// TestDamagedHashes has the hash table unreadable when a job for a part of a
// piece is begun: it is accepted, and fails.
func TestDamagedHashes(t *testing.T) {
	h := newHouse(t)
	a := h.store(photos, "", pattern(6*mib), 8*mib)
	h.opening = func(r payload.Reader, _ payload.Ref) payload.Reader { return tableless{r} }
	id := h.begin(retrieval(a, `,"RetrievalByteRange":"0-4194303"`))
	if d := h.describe(id); d.SHA256TreeHash != nil {
		t.Errorf("it has the hash %s", *d.SHA256TreeHash)
	}
	h.start()
	if d := h.await(id); d.StatusCode != glacier.Failed || strings.Contains(*d.StatusMessage, "payload") {
		t.Errorf("%s: %s", d.StatusCode, *d.StatusMessage)
	}
}

type tableless struct{ payload.Reader }

func (r tableless) Hashes(i, n int64) ([]treehash.Hash, error) {
	return nil, &payload.DamageError{Leaf: -1, What: "the leaf table"}
}

// TestPiecesDisagree has a record whose pieces are not those of its hash.
func TestPiecesDisagree(t *testing.T) {
	h := newHouse(t)
	p := h.payload(h.vault(photos).ID, []byte("these"))
	a := h.put(record.Archive{Vault: h.vault(photos).ID, Size: 5, TreeHash: treehash.Sum([]byte("those")),
		Pieces: []record.Piece{{Payload: p.ID, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash}}})
	id := h.begin(retrieval(a, ""))
	h.start()
	if d := h.await(id); d.StatusCode != glacier.Failed {
		t.Error(d.StatusCode)
	}
}

func TestVaultGoesWhileTheJobRuns(t *testing.T) {
	h := newHouse(t)
	id := h.begin(`{"Type":"inventory-retrieval"}`)
	j := h.job(id)
	if err := h.vaults.DeleteVault(t.Context(), owner, photos); err != nil {
		t.Fatal(err)
	}
	before := len(h.memStore.log(0))
	if r := h.do(t.Context(), entry{vault: j.Vault, id: j.ID}); r.again != 0 || r.fatal != nil {
		t.Errorf("%+v", r)
	}
	if done, err := h.fail(t.Context(), &j, "text"); done || err != nil {
		t.Errorf("failed %t, %v", done, err)
	}
	if after := len(h.memStore.log(0)); after != before {
		t.Error("the job left a record behind its vault")
	}
}

func TestJobEndsOnce(t *testing.T) {
	h := newHouse(t)
	j := h.job(h.begin(`{"Type":"inventory-retrieval"}`))
	if err := h.list(t.Context(), &j); err != nil {
		t.Fatal(err)
	}
	want := h.describe(j.Public)
	text := h.read(j.Public)
	before := len(h.memStore.log(0))
	h.advance(time.Hour)
	if err := h.list(t.Context(), &j); err != nil {
		t.Error(err)
	}
	if done, err := h.fail(t.Context(), &j, "text"); done || err != nil {
		t.Errorf("failed %t, %v", done, err)
	}
	h.same("job", want, h.describe(j.Public))
	h.same("output", string(text), string(h.read(j.Public)))
	if n := len(h.memStore.log(before)); n != 0 {
		t.Errorf("%d records", n)
	}
}
