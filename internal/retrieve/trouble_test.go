package retrieve_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/retrieve"
	"firn/internal/transfer"
	"firn/treehash"
)

// only is the order of the only archive.
func (b *bench) only() retrieve.Order {
	b.t.Helper()
	for o, err := range b.orders() {
		must(b.t, err)
		return o
	}
	b.t.Fatal("no order")
	return retrieve.Order{}
}

// TestServerKnowsNoJobs: jobs that cannot be looked at are looked for with pauses,
// and begun anew a few times only.
func TestServerKnowsNoJobs(t *testing.T) {
	for name, get := range map[string]func(b *bench) error{
		"an archive": func(b *bench) error {
			err := b.Retrieve(b.t.Context(), b.orders())
			if len(b.failed()) != 1 {
				b.t.Errorf("outcomes %v", b.outcomes)
			}
			return err
		},
		"an inventory": func(b *bench) error {
			if err := b.Inventory(b.t.Context(), true, func(io.Reader) error { return nil }); err == nil {
				b.t.Error("no error")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.put("a", noise(1000))
			b.answer = func(r *http.Request) (int, string) {
				if ofJob(r) != "" {
					return 404, refusal(glacier.ResourceNotFound)
				}
				return 0, ""
			}
			began := b.now
			must(t, get(b))
			if got := b.begun(); got != 4 {
				t.Errorf("%d jobs begun", got)
			}
			if took := b.now.Sub(began); took < 10*time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestJobIsNotSeenAtOnce: a server that is asked too soon is asked again.
func TestJobIsNotSeenAtOnce(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(1000))
	looks := 0
	b.answer = func(r *http.Request) (int, string) {
		if ofJob(r) != "" {
			if looks++; looks < 5 {
				return 404, refusal(glacier.ResourceNotFound)
			}
		}
		return 0, ""
	}
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("a", noise(1000))
	if got := b.begun(); got != 1 {
		t.Errorf("%d jobs begun", got)
	}
}

// TestOneArchiveIsCorrupt: the others come back.
func TestOneArchiveIsCorrupt(t *testing.T) {
	b := newBench(t)
	f := b.put("a", noise(1000))
	b.put("b", noise(2000))
	b.put("c", noise(3000))
	a, _, err := b.Names.Archive(t.Context(), f.Archive)
	must(t, err)
	a.TreeHash[0]++
	must(t, b.Names.Add(t.Context(), a, f))
	must(t, b.Retrieve(t.Context(), b.orders()))
	if diff := cmp.Diff([]string{"a"}, b.failed()); diff != "" || len(b.outcomes) != 3 {
		t.Error(b.outcomes, diff)
	}
	if _, ok := errors.AsType[*transfer.CorruptError](b.outcomes[slices.IndexFunc(b.outcomes, func(o retrieve.Outcome) bool { return o.Err != nil })].Err); !ok {
		t.Error(b.outcomes)
	}
}

// TestOneMemberIsWrong: the others of its bundle come back.
func TestOneMemberIsWrong(t *testing.T) {
	for name, spoil := range map[string]func(f *names.File){
		"another hash":   func(f *names.File) { f.Hash[0]++ },
		"beyond the end": func(f *names.File) { f.Size = 1 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			data := noise(3000)
			c, id := b.upload("bundle", data)
			var members []names.File
			for i, name := range []string{"a", "b", "c"} {
				members = append(members, names.File{Path: name, Offset: int64(i) * 1000, Size: 1000, Hash: treehash.Sum(data[i*1000:][:1000])})
			}
			spoil(&members[1])
			must(t, b.Names.Add(t.Context(), names.Archive{ID: id, Size: c.Size, TreeHash: c.Tree, Bundle: true}, members...))
			must(t, b.Retrieve(t.Context(), b.orders()))
			b.is("a", data[:1000])
			b.is("c", data[2000:])
			if diff := cmp.Diff([]string{"b"}, b.failed()); diff != "" || len(b.outcomes) != 3 {
				t.Error(b.outcomes, diff)
			}
		})
	}
}

// TestUncertainJob: one that may have been begun is looked for by the next
// process, and one that was refused is not.
func TestUncertainJob(t *testing.T) {
	for name, row := range map[string]struct {
		status      int
		code        glacier.Code
		kept, begun int
	}{
		"unavailable": {503, glacier.ServiceUnavailable, 1, 0},
		"refused":     {403, glacier.AccessDenied, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.put("a", noise(1000))
			b.answer = func(r *http.Request) (int, string) {
				switch {
				case isBegin(r) && row.kept > 0: // it is heard
					again := r.Clone(r.Context())
					again.Body, _ = r.GetBody()
					reply, err := http.DefaultTransport.RoundTrip(again)
					if err != nil || reply.Body.Close() != nil || reply.StatusCode != 202 {
						t.Errorf("%v, %v", reply, err)
					}
					return row.status, refusal(row.code)
				case isBegin(r):
					return row.status, refusal(row.code)
				case strings.HasSuffix(r.URL.Path, "/jobs"):
					return 403, refusal(glacier.AccessDenied)
				}
				return 0, ""
			}
			if err := b.Retrieve(t.Context(), b.orders()); err == nil {
				t.Fatal("no error")
			}
			kept := 0
			for range b.Names.AllRetrievals(t.Context()) {
				kept++
			}
			if kept != row.kept {
				t.Errorf("%d jobs are known", kept)
			}
			b.answer, b.requests = nil, nil
			must(t, b.Retrieve(t.Context(), b.orders()))
			b.is("a", noise(1000))
			if got := b.begun(); got != row.begun {
				t.Errorf("%d jobs begun", got)
			}
		})
	}
}

// TestClockWasWrong: a job that was begun in the future is waited for as one that
// was begun now, and holds nothing up for longer than an hour.
func TestClockWasWrong(t *testing.T) {
	b := newBench(t)
	f := b.put("a", noise(1000))
	b.put("b", noise(1<<20))
	b.Hourly = 1 << 20
	var mu sync.Mutex
	var longest, held time.Duration // held are the pauses longer than those between two looks at a job
	sleep := b.Sleep
	b.Sleep = func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, d)
		if d > 10*time.Minute {
			held += d
		}
		return sleep(ctx, d)
	}
	must(t, b.Names.SetRetrieval(t.Context(), names.Retrieval{Token: "firn get T", Archive: f.Archive, Last: f.Size - 1, Begun: b.now.Add(365 * 24 * time.Hour)}))
	must(t, b.Retrieve(t.Context(), b.orders()))
	if longest > time.Hour || held > 3*time.Hour {
		t.Errorf("held up for %s, for %s at a time", held, longest)
	}
}

// TestRefusedForNow: what may be begun later is begun later, which is said once.
func TestRefusedForNow(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		code   glacier.Code
		times  int // a hundred is for ever
		failed int
	}{
		"a policy":                {400, glacier.PolicyEnforced, 5, 0},
		"a policy, for ever":      {400, glacier.PolicyEnforced, 1000, 1},
		"no capacity":             {503, glacier.InsufficientCapacity, 3, 0},
		"no capacity, for ever":   {503, glacier.InsufficientCapacity, 1000, 1},
		"too many jobs":           {400, glacier.LimitExceeded, 2, 0},
		"too many jobs, for ever": {400, glacier.LimitExceeded, 1000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Tier = glacier.Expedited
			refused := b.put("a", noise(1000))
			b.put("b", noise(2000))
			said, times := 0, 0
			b.Warn = func(string) { said++ }
			b.answer = func(r *http.Request) (int, string) {
				if !isBegin(r) {
					return 0, ""
				}
				body, err := r.GetBody()
				must(t, err)
				document, err := io.ReadAll(body)
				must(t, err)
				if !bytes.Contains(document, []byte(refused.Archive)) {
					return 0, ""
				}
				if times++; times <= row.times {
					return row.status, refusal(row.code)
				}
				return 0, ""
			}
			must(t, b.Retrieve(t.Context(), b.orders()))
			b.is("b", noise(2000))
			if got := b.failed(); len(got) != row.failed || said != 1 {
				t.Errorf("failed %v, said %d times", got, said)
			}
			if row.failed == 0 {
				b.is("a", noise(1000))
			}
		})
	}
}

// TestThereLooksNowhereElse: a name that leads out of the folder is not there,
// whatever is.
func TestThereLooksNowhereElse(t *testing.T) {
	b := newBench(t)
	outside := filepath.Join(filepath.Dir(b.Folder), "x")
	must(t, os.WriteFile(outside, noise(10), 0o600))
	t.Cleanup(func() { os.Remove(outside) })
	w := retrieve.Want{Name: "../x", File: names.File{Size: 10, Hash: treehash.Sum(noise(10))}}
	if b.There(t.Context(), w) {
		t.Error("it was looked at")
	}
}

// TestSlowerTier: that a slow job is waited for is said, once.
func TestSlowerTier(t *testing.T) {
	for now, want := range map[string]int{glacier.Expedited: 1, glacier.Standard: 1, glacier.Bulk: 0} {
		b := newBench(t)
		b.put("a", noise(1000))
		b.put("b", noise(2000))
		b.Tier = glacier.Bulk
		_, err := b.Begin(t.Context(), b.orders())
		must(t, err)
		b.Tier = now
		looks, said := 0, 0
		b.answer = func(r *http.Request) (int, string) {
			if ofJob(r) != "" {
				if looks++; looks < 5 {
					return 200, `{"JobId":"` + ofJob(r) + `","Completed":false,"StatusCode":"InProgress"}`
				}
			}
			return 0, ""
		}
		b.Warn = func(string) { said++ }
		must(t, b.Retrieve(t.Context(), b.orders()))
		if said != want {
			t.Errorf("%s: said %d times", now, said)
		}
	}
}

// TestWrite: what is written is all, and what was put away, or an error.
func TestWrite(t *testing.T) {
	data := noise(9*mib + 5)
	spoil := func(change func(f *names.File)) func(o *retrieve.Order) {
		return func(o *retrieve.Order) { change(&o.Wants[0].File) }
	}
	for name, row := range map[string]struct {
		hourly int64
		sealed bool
		change func(o *retrieve.Order)
		bad    bool
	}{
		"as it is":                      {},
		"in pieces":                     {hourly: mib},
		"sealed":                        {sealed: true},
		"sealed, in pieces":             {sealed: true, hourly: 4 * mib},
		"in pieces, other bytes":        {hourly: 4 * mib, change: spoil(func(f *names.File) { f.Hash[0]++ }), bad: true},
		"sealed, other bytes":           {sealed: true, change: spoil(func(f *names.File) { f.Hash[0]++ }), bad: true},
		"sealed, too short":             {sealed: true, change: spoil(func(f *names.File) { f.Size++ }), bad: true},
		"as it is, too short":           {change: spoil(func(f *names.File) { f.Size++ }), bad: true},
		"sealed, of which nobody knows": {sealed: true, change: spoil(func(f *names.File) { f.Size, f.Hash = -1, treehash.Hash{} })},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if row.sealed {
				b.putSealed("a", data)
			} else {
				b.put("a", data)
			}
			b.Folder, b.Hourly = "", row.hourly
			o := b.only()
			if row.change != nil {
				row.change(&o)
			}
			var out bytes.Buffer
			err := b.Write(t.Context(), o, &out)
			if (err != nil) != row.bad {
				t.Errorf("error %v", err)
			}
			if err == nil && !bytes.Equal(out.Bytes(), data) {
				t.Errorf("%d other bytes", out.Len())
			}
		})
	}
}

// TestWriteGoesOn: an output that expires in the middle is retrieved again, and
// what was written is not written again.
func TestWriteGoesOn(t *testing.T) {
	for name, hourly := range map[string]int64{"in one": 0, "in pieces": 16 * mib} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			data := noise(33 * mib)
			b.put("a", data)
			b.Folder, b.Hourly = "", hourly
			b.Downloader.ChunkSize, b.Downloader.Buffers = mib, 1
			b.expire()
			out := &lateWriter{b: b}
			must(t, b.Write(t.Context(), b.only(), out))
			if !bytes.Equal(out.Bytes(), data) {
				t.Errorf("%d other bytes", out.Len())
			}
			if hourly == 0 && b.begun() != 2 {
				t.Errorf("%d jobs begun", b.begun())
			}
		})
	}
}

// A lateWriter takes more than a day for the first bytes.
type lateWriter struct {
	bytes.Buffer
	b *bench
}

// Write implements io.Writer.
func (w *lateWriter) Write(p []byte) (int, error) {
	if w.Len() == 0 {
		must(w.b.t, w.b.Sleep(w.b.t.Context(), 30*time.Hour))
	}
	return w.Buffer.Write(p)
}

// TestFolderIsInTheWay: is one file's trouble.
func TestFolderIsInTheWay(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(20*mib))
	b.put("b", noise(1000))
	must(t, os.Mkdir(filepath.Join(b.Folder, "a"), 0o700))
	for _, hourly := range []int64{0, mib} {
		b.Hourly, b.Overwrite, b.outcomes = hourly, true, nil
		must(t, b.Retrieve(t.Context(), b.orders()))
		b.is("b", noise(1000))
		if diff := cmp.Diff([]string{"a"}, b.failed()); diff != "" {
			t.Error(diff)
		}
	}
}
