package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// lines are n records of some length.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "%08d,%s\n", i, strings.Repeat("x", 40))
	}
	return b.Bytes()
}

// TestSelectInterrupted ends a run at every change of its bucket, and when all
// is there but the record, and runs the job anew: what is there then is the same.
func TestSelectInterrupted(t *testing.T) {
	data := lines(30_000)
	var want map[string]string
	for n := 0; ; n++ {
		l := newLibrary(t)
		h := newHouse(t, l.selects())
		a := h.store(photos, "", data, mib)
		id := h.begin(selectInto("remote", a, "SELECT _1, UTCNOW() FROM archive", ""))
		j := h.job(id)
		at := entry{vault: j.Vault, id: j.ID}
		calls := 0
		l.fail(func(string) error {
			if calls++; calls == n {
				return errors.New("no route to host")
			}
			return nil
		})
		switch {
		case n == 0:
			h.failOnce("update", errors.New("input/output error")) // the only one is that of the outcome
		case n > 1:
			h.advance(time.Hour)
		}
		r := h.do(t.Context(), at)
		done := calls < n
		if done != (r.again == 0) {
			t.Fatalf("call %d: %+v", n, r)
		}
		l.fail(nil)
		if !done {
			if h.describe(id).Completed {
				t.Fatalf("call %d: the job has ended", n)
			}
			h.Service = h.service(l.selects())
			h.do(t.Context(), at)
		}
		if d := h.describe(id); d.StatusCode != glacier.Succeeded {
			t.Fatalf("call %d: %s", n, *d.StatusMessage)
		}
		got := l.objects(inRemote(id))
		if len(got) < 4 || got["result_manifest.txt"] == "" {
			t.Errorf("call %d: %d objects", n, len(got))
		}
		for name, text := range got {
			got[name] = stable(text, h, id)
		}
		if want == nil {
			want = got
		}
		h.same(fmt.Sprint("objects after call ", n), want, got)
		if done {
			return
		}
	}
}

// stable takes out of a text what differs between two houses: the job's id and
// the archive's, and when it was begun.
func stable(text string, h *house, id glacier.JobID) string {
	d := h.describe(id)
	created := d.CreationDate.String()
	return strings.NewReplacer(string(id), "ID", string(*d.ArchiveID), "ARCHIVE", created, "CREATED").Replace(text)
}

func TestSelectFailures(t *testing.T) {
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
	const damaged = "The archive's data is damaged and cannot be retrieved."
	for _, tt := range []struct {
		name, expression string
		how              func(payload.Reader) payload.Reader
		code, message    string // message "": any
	}{
		{"query", "SELECT CAST(_2 AS INT) FROM archive", nil, "CastFailed", ""},
		{"damaged first leaf", everything, flip(0), "ArchiveDamaged", damaged},
		{"damaged last leaf", everything, flip(1), "ArchiveDamaged", damaged},
		{"damaged checksum", everything, func(r payload.Reader) payload.Reader {
			return spoiled{Reader: r, leaf: func(i int64, _ []byte) error { return &payload.DamageError{Leaf: i, What: "CRC"} }}
		}, "ArchiveDamaged", damaged},
		{"damaged hashes", everything, func(r payload.Reader) payload.Reader {
			return spoiled{Reader: r, hashes: func(_ int64, h []treehash.Hash) { h[0][0] ^= 1 }}
		}, "ArchiveDamaged", damaged},
		{"size", everything, func(r payload.Reader) payload.Reader { return shorter{r} }, "ArchiveDamaged", damaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLibrary(t)
			h := newHouse(t, l.selects())
			a := h.store(photos, "", lines(30_000), 4*mib)
			if tt.how != nil { // from the beginning: it does not keep a job from being begun
				h.opening = func(r payload.Reader, _ payload.Ref) payload.Reader { return tt.how(r) }
			}
			id := h.begin(selectJob(a, tt.expression, ""))
			h.start()
			d := h.await(id)
			if d.StatusCode != glacier.Failed || tt.message != "" && *d.StatusMessage != tt.message {
				t.Errorf("%s: %s", d.StatusCode, *d.StatusMessage)
			}
			got := l.objects(inResults(id))
			var e struct{ Code, Message string }
			if err := json.Unmarshal([]byte(got["errors/error-00000000"]), &e); err != nil || e.Code != tt.code || !strings.Contains(*d.StatusMessage, e.Message) {
				t.Errorf("%+v, %v, with message %s", e, err, *d.StatusMessage)
			}
			h.same("manifest", "runs/"+string(id)+"/errors/error-00000000\n", got["error_manifest.txt"])
			if _, ok := got["result_manifest.txt"]; ok {
				t.Error("there is a manifest of results")
			}
			_, err := h.Output(t.Context(), owner, photos, id)
			refused(t, err, glacier.InvalidParameterValue, "The job is not currently available for download: "+string(id))
		})
	}
}

// TestLongMessages: what a job has failed by is cut between characters.
func TestLongMessages(t *testing.T) {
	for text, want := range map[string]string{
		"short":                      "short",
		strings.Repeat("x", 2<<10):   strings.Repeat("x", 2<<10),
		strings.Repeat("x", 2<<10+1): strings.Repeat("x", 2<<10) + "…",
		strings.Repeat("日", 700):     strings.Repeat("日", 682) + "…",
	} {
		if got := clip(text); got != want {
			t.Errorf("%.10s… of %d bytes becomes %.10s… of %d, want %d", text, len(text), got, len(got), len(want))
		}
	}
}

// TestTroubleWithTheBucket: what may pass is waited for, longer than for the
// store; what will not fails the job.
func TestTroubleWithTheBucket(t *testing.T) {
	t.Run("passes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLibrary(t)
			h := newHouse(t, l.selects())
			id := h.begin(selectInto("remote", h.small(photos, "a\n"), everything, ""))
			calls := 0
			l.fail(func(string) error {
				if calls++; calls < 3*maxTries {
					return errors.New("no route to host")
				}
				return nil
			})
			h.start()
			if d := h.await(id); d.StatusCode != glacier.Succeeded {
				t.Errorf("%s", *d.StatusMessage)
			}
		})
	})
	t.Run("lasts", func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects())
		j := h.job(h.begin(selectInto("remote", h.small(photos, "a\n"), everything, "")))
		l.fail(func(string) error { return errors.New("no route to host") })
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID, refusals: maxBucketTries - 1})
		if d := h.describe(j.Public); d.StatusCode != glacier.Failed || *d.StatusMessage != "The job could not be completed because of an internal failure." {
			t.Errorf("%s: %v", d.StatusCode, d.StatusMessage)
		}
	})
	t.Run("given up when all but the record was there", func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects())
		j := h.job(h.begin(selectJob(h.small(photos, "a\n"), everything, "")))
		h.failOnce("update", errors.New("input/output error"))
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID, faults: maxTries - 1})
		if d := h.describe(j.Public); d.StatusCode != glacier.Failed {
			t.Errorf("%s", d.StatusCode)
		}
		got := l.objects(inResults(j.Public))
		if got["result_manifest.txt"] == "" || got["error_manifest.txt"] == "" || !strings.HasPrefix(got["errors/error-00000000"], `{"Code":"InternalError"`) {
			t.Errorf("%v", got)
		}
	})
	t.Run("refused", func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects())
		j := h.job(h.begin(selectInto("remote", h.small(photos, "a\n"), everything, "")))
		l.fail(func(string) error { return bucket.ErrDenied })
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID})
		if d := h.describe(j.Public); d.StatusCode != glacier.Failed || *d.StatusMessage != "BucketRefused: the bucket takes no results." {
			t.Errorf("%s: %v", d.StatusCode, *d.StatusMessage)
		}
	})
	t.Run("refused in the store's words, of which the log alone has all", func(t *testing.T) {
		l := newLibrary(t)
		var log bytes.Buffer
		h := newHouse(t, l.selects(), logTo(&log))
		j := h.job(h.begin(selectInto("remote", h.small(photos, "a\n"), everything, "")))
		l.fail(func(string) error { return &bucket.Error{Status: 403, Code: "AccessDenied", Message: "User: operator"} })
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID})
		const message = "BucketRefused: the bucket takes no results: the store answers 403 AccessDenied."
		if d := h.describe(j.Public); d.StatusCode != glacier.Failed || *d.StatusMessage != message {
			t.Errorf("%s: %v", d.StatusCode, *d.StatusMessage)
		}
		if !strings.Contains(log.String(), "User: operator") {
			t.Errorf("the log is %s", &log)
		}
	})
	t.Run("does not know the operator, until he is told", func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects())
		j := h.job(h.begin(selectInto("remote", h.small(photos, "a\n"), everything, "")))
		l.fail(func(string) error { return &bucket.Error{Status: 403, Code: "InvalidAccessKeyId"} })
		r := h.do(t.Context(), entry{vault: j.Vault, id: j.ID})
		if r.again == 0 || r.refusals != 1 || r.faults != 0 {
			t.Errorf("%+v", r)
		}
		l.fail(nil)
		h.do(t.Context(), r.entry)
		if d := h.describe(j.Public); d.StatusCode != glacier.Succeeded {
			t.Errorf("%s", d.StatusCode)
		}
	})
	t.Run("taken away", func(t *testing.T) {
		h := newHouse(t, newLibrary(t).selects())
		j := h.job(h.begin(selectJob(h.small(photos, "a\n"), everything, "")))
		h.Service = h.service()
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID})
		const message = "InvalidParameterValueException: Invalid BucketName: results. This server has no such bucket."
		if d := h.describe(j.Public); d.StatusCode != glacier.Failed || *d.StatusMessage != message {
			t.Errorf("%s: %v", d.StatusCode, *d.StatusMessage)
		}
	})
}

// TestStricterVersion: a query that an earlier version began and this one refuses
// fails, and says so beside what there may be of an earlier run.
func TestStricterVersion(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	j := h.job(h.begin(selectJob(h.small(photos, "a\n"), everything, "")))
	h.failOnce("update", errors.New("input/output error"))
	h.do(t.Context(), entry{vault: j.Vault, id: j.ID})
	j.SelectParameters = []byte(`{"Expression":"SELECT everything","ExpressionType":"SQL"}`)
	h.update(func(*catalog.Tx) (r record.Record, err error) {
		r.Put(&j)
		return r, nil
	})
	h.do(t.Context(), entry{vault: j.Vault, id: j.ID})
	if d := h.describe(j.Public); d.StatusCode != glacier.Failed || !strings.HasPrefix(*d.StatusMessage, "InvalidParameterValueException: ") {
		t.Errorf("%s: %v", d.StatusCode, d.StatusMessage)
	}
	if got := l.objects(inResults(j.Public)); got["result_manifest.txt"] == "" || got["error_manifest.txt"] == "" {
		t.Errorf("%v", got)
	}
}
