package retrieve_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/retrieve"
	"firn/internal/sigv4"
	"firn/internal/transfer"
)

// A bench is a vault, its catalogue, and what was asked of the server.
type bench struct {
	*retrieve.Retriever
	t *testing.T

	mu       sync.Mutex
	requests []string                                            // method and path
	refuse   func(r *http.Request) bool                          // by breaking the connection
	answer   func(r *http.Request) (status int, document string) // instead of the server, if status is not 0
	heard    func(r *http.Request, reply *http.Response)
	now      time.Time
	outcomes []retrieve.Outcome
}

// RoundTrip implements http.RoundTripper.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	b.requests = append(b.requests, r.Method+" "+r.URL.Path)
	refuse := b.refuse != nil && b.refuse(r)
	status, document := 0, ""
	if b.answer != nil {
		status, document = b.answer(r)
	}
	b.mu.Unlock()
	switch {
	case refuse:
		return nil, errors.New("connection reset")
	case status != 0:
		head := http.Header{"Content-Type": {"application/json"}}
		return &http.Response{StatusCode: status, Header: head, Body: io.NopCloser(strings.NewReader(document)), Request: r}, nil
	}
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && b.heard != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.heard(r, reply)
	}
	return reply, err
}

// refusal is what the API refuses with.
func refusal(code glacier.Code) string {
	return `{"code":"` + string(code) + `","type":"Client","message":"words"}`
}

// isBegin reports whether a request is to begin a job.
func isBegin(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/jobs")
}

// ofJob is the job that a request looks at or reads; empty if it does neither.
func ofJob(r *http.Request) string {
	_, after, _ := strings.Cut(r.URL.Path, "/jobs/")
	id, _, _ := strings.Cut(after, "/")
	return id
}

// expire has the server forget jobs a day after they were begun, by the bench's
// clock.
func (b *bench) expire() {
	at := map[string]time.Time{}
	b.heard = func(r *http.Request, reply *http.Response) {
		if isBegin(r) {
			at[reply.Header.Get(glacier.HeaderJobID)] = b.now
		}
	}
	b.answer = func(r *http.Request) (int, string) {
		if begun, ok := at[ofJob(r)]; ok && b.now.Sub(begun) > 24*time.Hour {
			return 404, refusal(glacier.ResourceNotFound)
		}
		return 0, ""
	}
}

// failed are the names of what has failed, in the order of being told.
func (b *bench) failed() (names []string) {
	for _, o := range b.outcomes {
		if o.Err != nil {
			names = append(names, o.Name)
		}
	}
	return names
}

// begun is how many jobs were asked for.
func (b *bench) begun() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if strings.HasPrefix(r, "POST ") && strings.HasSuffix(r, "/jobs") {
			n++
		}
	}
	return n
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Now()}
	server := firntest.Start(t)
	c, err := client.New(client.Config{
		Endpoint: server.URL, Region: server.Region, HTTP: &http.Client{Transport: b},
		Key: sigv4.Credentials{AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey},
	})
	must(t, err)
	rest := func(ctx context.Context, d time.Duration) error { return context.Cause(ctx) }
	v := remote.New(remote.Config{Client: c, Retry: remote.Retry{Attempts: 3, Sleep: rest}}).Vault("v")
	must(t, v.Create(t.Context()))
	n, err := names.Open(t.Context(), filepath.Join(t.TempDir(), "v.db"))
	must(t, err)
	t.Cleanup(func() { n.Close() })
	b.Retriever = &retrieve.Retriever{
		Vault: v, Names: n, Tier: glacier.Standard, Ahead: 10, Parallel: 2, Folder: t.TempDir(),
		Downloader: &transfer.Downloader{Vault: v, Work: n, Slots: transfer.NewSlots(2), Sleep: rest},
		Done:       func(o retrieve.Outcome) { b.outcomes = append(b.outcomes, o) },
		Now: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.now = b.now.Add(d)
			return context.Cause(ctx)
		},
	}
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// upload stores an archive.
func (b *bench) upload(name string, data []byte) (remote.Content, glacier.ArchiveID) {
	b.t.Helper()
	ctx := b.t.Context()
	c, err := remote.Measure(ctx, bytes.NewReader(data), 0, int64(len(data)))
	must(b.t, err)
	receipt, err := b.Vault.Upload(ctx, name, c)
	must(b.t, err)
	return c, receipt.Archive
}

// put stores an archive under a name.
func (b *bench) put(name string, data []byte) names.File {
	b.t.Helper()
	ctx := b.t.Context()
	c, id := b.upload(name, data)
	f := names.File{Path: name, Size: c.Size, Modified: time.Unix(1_700_000_000, 0), Hash: c.Tree}
	must(b.t, b.Names.Add(ctx, names.Archive{ID: id, Size: c.Size, TreeHash: c.Tree, Created: time.Now()}, f))
	f.Archive = id
	return f
}

// orders are for all names.
func (b *bench) orders() iter.Seq2[retrieve.Order, error] {
	wants := func(yield func(retrieve.Want, error) bool) {
		for f, err := range b.Names.Under(b.t.Context(), "", false) {
			if !yield(retrieve.Want{File: f, Name: f.Path}, err) {
				return
			}
		}
	}
	return retrieve.Orders(b.t.Context(), b.Names, wants, func(f names.File) (retrieve.Want, bool, error) {
		return retrieve.Want{File: f, Name: f.Path}, true, nil
	})
}

// is fails unless a file has come back.
func (b *bench) is(name string, data []byte) {
	b.t.Helper()
	got, err := os.ReadFile(filepath.Join(b.Folder, name))
	if must(b.t, err); !bytes.Equal(got, data) {
		b.t.Errorf("%s has %d other bytes", name, len(got))
	}
}

func noise(size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(size)})
	_, _ = r.Read(b)
	return b
}

// TestJobsAreNotBegunTwice: whatever an earlier process has come to.
func TestJobsAreNotBegunTwice(t *testing.T) {
	data := noise(1000)
	for name, row := range map[string]struct {
		before func(b *bench, f names.File)
		begun  int // by us
	}{
		"nothing was begun": {func(*bench, names.File) {}, 1},
		"a job was begun": {func(b *bench, f names.File) {
			_, err := b.Begin(b.t.Context(), b.orders())
			must(b.t, err)
			b.requests = nil
		}, 0},
		"it was noted, and the server never heard of it": {func(b *bench, f names.File) {
			must(b.t, b.Names.SetRetrieval(b.t.Context(), names.Retrieval{Token: "firn get T", Archive: f.Archive, First: 0, Last: f.Size - 1, Begun: b.now}))
		}, 1},
		"it was noted, and the server's reply was not": {func(b *bench, f names.File) {
			kind, id, token := glacier.ArchiveRetrieval, string(f.Archive), "firn get T"
			must(b.t, b.Names.SetRetrieval(b.t.Context(), names.Retrieval{Token: token, Archive: f.Archive, First: 0, Last: f.Size - 1, Begun: b.now}))
			_, err := b.Vault.StartJob(b.t.Context(), glacier.JobParameters{Type: &kind, ArchiveID: &id, Description: &token})
			must(b.t, err)
			b.requests = nil
		}, 0},
		"the server has forgotten the job": {func(b *bench, f names.File) {
			must(b.t, b.Names.SetRetrieval(b.t.Context(), names.Retrieval{
				Token: "firn get T", Job: "HkF9p6o7yjhFx-K3CGl6fuSm6VzW9T7esGQfco8nUXVYwS0jlb5gq1JZ55yHgt5vP54ZShjoQzQVVh7vEXAMPLEjobID", Archive: f.Archive, First: 0, Last: f.Size - 1, Begun: b.now,
			}))
		}, 1},
		"long ago": {func(b *bench, f names.File) {
			must(b.t, b.Names.SetRetrieval(b.t.Context(), names.Retrieval{
				Token: "firn get T", Job: "OLD", Archive: f.Archive, First: 0, Last: f.Size - 1, Begun: b.now.Add(-50 * time.Hour),
			}))
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			f := b.put("a", data)
			row.before(b, f)
			must(t, b.Retrieve(t.Context(), b.orders()))
			b.is("a", data)
			if got := b.begun(); got != row.begun {
				t.Errorf("begun %d jobs, want %d", got, row.begun)
			}
		})
	}
}

// TestPace: no more is begun in an hour than is allowed, and larger archives
// come in pieces, to be one file again.
func TestPace(t *testing.T) {
	b := newBench(t)
	large, small := noise(7<<19), noise(1<<19) // 3.5 and 0.5 MiB
	b.put("large", large)
	b.put("small", small)
	b.Hourly = 1 << 20
	began := b.now
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("large", large)
	b.is("small", small)
	if got := b.begun(); got != 5 {
		t.Errorf("begun %d jobs, want 5", got)
	}
	if took := b.now.Sub(began); took < 3*time.Hour {
		t.Errorf("4 MiB at 1 MiB an hour took %s", took)
	}
}

// TestEstimate: what would be done, before and after it was begun.
func TestEstimate(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(1000))
	b.put("b", noise(2000))
	got, err := b.Estimate(t.Context(), b.orders())
	must(t, err)
	if want := (retrieve.Estimate{Files: 2, Bytes: 3000, Jobs: 2, Retrieved: 3000}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	n, err := b.Begin(t.Context(), b.orders())
	if must(t, err); n != 2 {
		t.Errorf("%d jobs were begun", n)
	}
	got, err = b.Estimate(t.Context(), b.orders())
	must(t, err)
	if want := (retrieve.Estimate{Files: 2, Bytes: 3000, Begun: 2}); got != want {
		t.Errorf("begun: got %+v, want %+v", got, want)
	}
}

// TestSpend: no job is begun that may not be paid for, and for what nobody could
// open none at all.
func TestSpend(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(10))
	spent := errors.New("spent")
	b.Spend = func(int64) error { return spent }
	if err := b.Retrieve(t.Context(), b.orders()); !errors.Is(err, spent) || b.begun() != 0 {
		t.Errorf("%d jobs, %v", b.begun(), err)
	}
	b.Spend = nil
	f := b.put("sealed", noise(20))
	a, _, err := b.Names.Archive(t.Context(), f.Archive)
	must(t, err)
	a.Sealed = true
	must(t, b.Names.Add(t.Context(), a, f))
	b.outcomes = nil
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("a", noise(10))
	if b.begun() != 1 || len(b.outcomes) != 2 {
		t.Errorf("%d jobs, outcomes %v", b.begun(), b.outcomes)
	}
}

// TestOneArchiveIsGone: the others come back.
func TestOneArchiveIsGone(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(10))
	gone := b.put("b", noise(20))
	b.put("c", noise(30))
	must(t, b.Vault.DeleteArchive(t.Context(), gone.Archive))
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("a", noise(10))
	b.is("c", noise(30))
	failed := 0
	for _, o := range b.outcomes {
		if o.Err != nil {
			failed++
			if o.Name != "b" || !remote.IsNotFound(o.Err) {
				t.Errorf("%s: %v", o.Name, o.Err)
			}
		}
	}
	if failed != 1 || len(b.outcomes) != 3 {
		t.Errorf("outcomes %v", b.outcomes)
	}
}

// TestServerIsGone: ends it all, and the same again goes on.
func TestServerIsGone(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(10))
	b.refuse = func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/output") }
	err := b.Retrieve(t.Context(), b.orders())
	if _, ok := errors.AsType[*remote.Unreachable](err); !ok {
		t.Fatalf("got %v", err)
	}
	b.refuse = nil
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("a", noise(10))
	if got := b.begun(); got != 1 {
		t.Errorf("begun %d jobs", got)
	}
}

// TestOtherContent: what is not what was put away does not become a file.
func TestOtherContent(t *testing.T) {
	b := newBench(t)
	f := b.put("a", noise(3<<20))
	a, _, err := b.Names.Archive(t.Context(), f.Archive)
	must(t, err)
	a.TreeHash[0]++
	f.Hash = a.TreeHash
	must(t, b.Names.Add(t.Context(), a, f))
	for _, hourly := range []int64{0, 1 << 20} {
		b.Hourly = hourly
		_ = b.Retrieve(t.Context(), b.orders())
		if _, err := os.Stat(filepath.Join(b.Folder, "a")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("with %d an hour: the file is there, %v", hourly, err)
		}
	}
}

// TestInventory: the job of an earlier process is made use of, once.
func TestInventory(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(10))
	var got bytes.Buffer
	broken := errors.New("broken")
	use := func() error {
		got.Reset()
		return b.Inventory(t.Context(), true, func(r io.Reader) error {
			_, err := got.ReadFrom(r)
			return err
		})
	}
	if err := b.Inventory(t.Context(), true, func(io.Reader) error { return broken }); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	must(t, use())
	if n := b.begun(); n != 1 || !strings.Contains(got.String(), `"ArchiveDescription":"a"`) {
		t.Errorf("%d jobs, inventory %s", n, &got)
	}
	must(t, use())
	if n := b.begun(); n != 2 {
		t.Errorf("%d jobs, want a second one for a second use", n)
	}
}
