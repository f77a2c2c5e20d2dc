package errand_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/errand"
	"firn/internal/remote"
	"firn/internal/sigv4"
	"firn/internal/transfer"
	"firn/treehash"
)

const output = `{"ArchiveList":[]}`

// A vault is a server that has at most one job, and a Memory of it.
type vault struct {
	errand.Runner
	now    time.Time
	pauses []time.Duration

	mu    sync.Mutex // guards what follows
	begun int
	job   glacier.JobDescription // as it is listed; there is none without an id
	looks int                    // until it is complete
	lost  int                    // times that it is not found
	deaf  bool                   // the reply to its beginning is lost
	spoil int                    // times that its output is damaged
	whole bool                   // it knows no ranges

	known   errand.Job
	dropped int
}

func newVault(t *testing.T) *vault {
	v := &vault{now: time.Unix(1e9, 0), job: glacier.JobDescription{StatusCode: glacier.Succeeded}}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	c, err := client.New(client.Config{Endpoint: server.URL, Region: "us-east-1", Key: sigv4.Credentials{AccessKeyID: "A", SecretAccessKey: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	sleep := func(ctx context.Context, d time.Duration) error {
		v.pauses = append(v.pauses, d)
		v.now = v.now.Add(d)
		return context.Cause(ctx)
	}
	v.Runner = errand.Runner{
		Vault: remote.New(remote.Config{Client: c, Retry: remote.Retry{Attempts: 1}}).Vault("v"),
		Sleep: sleep, Now: func() time.Time { return v.now },
	}
	return v
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch path := strings.TrimPrefix(r.URL.Path, "/-/vaults/v/jobs"); {
	case r.Method == http.MethodPost:
		var p glacier.JobParameters
		body, _ := io.ReadAll(r.Body)
		_ = glacier.Decode(body, &p)
		v.begun++
		v.job.JobID, v.job.JobDescription = glacier.JobID(fmt.Sprint("job", v.begun)), p.Description
		if v.deaf {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set(glacier.HeaderJobID, string(v.job.JobID))
		w.WriteHeader(http.StatusAccepted)
	case path == "":
		list := glacier.JobList{}
		if v.job.JobID != "" {
			list.JobList = append(list.JobList, v.job)
		}
		answer(w, list)
	case v.lost > 0:
		v.lost--
		w.WriteHeader(http.StatusNotFound)
		answer(w, map[string]string{"code": string(glacier.ResourceNotFound), "type": "Client", "message": "words"})
	case strings.HasSuffix(path, "/output"):
		v.output(w, r)
	default:
		v.looks--
		v.job.Completed = v.looks < 0
		answer(w, v.job)
	}
}

func answer(w io.Writer, document any) {
	text, _ := glacier.Encode(document)
	w.Write(text)
}

func (v *vault) output(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Range") != "" && !v.whole {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-0/%d", len(output)))
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, output[:1])
		return
	}
	w.Header().Set(glacier.HeaderTreeHash, treehash.Sum([]byte(output)).String())
	if v.spoil > 0 {
		v.spoil--
		io.WriteString(w, strings.ToUpper(output))
		return
	}
	io.WriteString(w, output)
}

// Recall implements [errand.Memory].
func (v *vault) Recall(context.Context) (errand.Job, error) {
	if v.known.Token == "" {
		v.known = errand.Job{Token: fmt.Sprint("errand ", v.dropped), Begun: v.now}
	}
	return v.known, nil
}

// Keep implements [errand.Memory].
func (v *vault) Keep(_ context.Context, j errand.Job) error { v.known = j; return nil }

// Drop implements [errand.Memory].
func (v *vault) Drop(context.Context, errand.Job) error {
	v.known = errand.Job{}
	v.dropped++
	return nil
}

func (v *vault) inventory(t *testing.T, wait bool) (text []byte, err error) {
	err = v.Inventory(t.Context(), v, wait, func(r io.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	return text, err
}

func TestInventory(t *testing.T) {
	for name, row := range map[string]struct {
		change func(v *vault)
		begun  int
	}{
		"as it should be":                     {func(*vault) {}, 1},
		"it takes a while":                    {func(v *vault) { v.looks = 100 }, 1},
		"it is not seen at once":              {func(v *vault) { v.lost = 3 }, 1},
		"it is gone":                          {func(v *vault) { v.lost = 9 }, 2},
		"it was gone before":                  {func(v *vault) { v.known, v.lost = errand.Job{Token: "t", ID: "j"}, 1 }, 1},
		"damaged for the moment":              {func(v *vault) { v.spoil = 2 }, 1},
		"the server knows no ranges":          {func(v *vault) { v.whole = true }, 1},
		"an earlier process began it unheard": {func(v *vault) { v.job.JobID, v.job.JobDescription = "j", new("errand 0") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(t)
			row.change(v)
			got, err := v.inventory(t, true)
			if string(got) != output || err != nil || v.begun != row.begun || v.known != (errand.Job{}) {
				t.Errorf("read %q, %v; %d jobs begun, and %+v is known", got, err, v.begun, v.known)
			}
		})
	}
}

// What fails for the moment is known to the next process; a job that has come to
// nothing is not.
func TestInventoryFails(t *testing.T) {
	for name, row := range map[string]struct {
		change func(v *vault)
		wait   bool
		text   string
		known  bool
	}{
		"not waited for":              {func(v *vault) { v.looks = 1 }, false, "the job is not complete yet", true},
		"the job fails":               {func(v *vault) { v.job.StatusCode, v.job.StatusMessage = glacier.Failed, new("words") }, true, "the inventory job failed: words", false},
		"damaged":                     {func(v *vault) { v.spoil = 99 }, true, "the output was damaged on its way: the 18 bytes from 0 ", true},
		"the server forgets all jobs": {func(v *vault) { v.lost = 99 }, true, "the server has lost its job 4 times", true},
		"the reply is lost":           {func(v *vault) { v.deaf = true }, true, "no server answers", true},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(t)
			row.change(v)
			_, err := v.inventory(t, row.wait)
			if err == nil || !strings.Contains(err.Error(), row.text) || (v.known != errand.Job{}) != row.known {
				t.Errorf("got %v; %+v is known", err, v.known)
			}
			if _, corrupt := errors.AsType[*transfer.CorruptError](err); corrupt != (name == "damaged") {
				t.Errorf("got %v", err)
			}
			v.mu.Lock() // a server whose reply is lost may not be done
			begun := v.begun
			v.deaf, v.looks, v.lost, v.spoil, v.job.StatusCode = false, 0, 0, 0, glacier.Succeeded
			v.mu.Unlock()
			want := begun
			if !row.known {
				want++
			}
			if _, err := v.inventory(t, true); err != nil || v.begun != want {
				t.Errorf("then: %v, and %d jobs more were begun", err, v.begun-begun)
			}
		})
	}
}

func TestPausesGrow(t *testing.T) {
	v := newVault(t)
	v.looks = 4
	var waited []time.Duration
	_, err := v.Wait(t.Context(), "j", v.now.Add(-100*time.Second), func(d time.Duration) {
		waited = append(waited, d)
		v.now = v.now.Add(10 * d)
	})
	want := []time.Duration{5 * time.Second, 1105 * time.Second / 20, time.Minute, time.Minute}
	if diff := cmp.Diff(want, v.pauses); diff != "" || err != nil || len(waited) != 4 {
		t.Error(diff, err, waited)
	}
	if got := errand.Pause(0, time.Hour); got <= 0 {
		t.Errorf("no pause at the beginning: %s", got)
	}
}
