package job

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/selection"
	"firn/internal/store"
	"firn/internal/vault"
	"firn/treehash"
)

// A library is where the results of a house's select jobs go: a directory for
// the bucket results and every other, but for the bucket remote, which has the
// same objects and can be made to fail.
type library struct {
	*bucket.Directory
	t  *testing.T
	mu sync.Mutex
	// before is called before an object is made or removed, and may fail it.
	before func(key string) error
}

func newLibrary(t *testing.T) *library {
	return &library{Directory: bucket.NewDirectory(disk.NewMem(0), "select"), t: t}
}

// selects lets a house's select jobs use the library.
func (l *library) selects(change ...func(*selection.Config)) func(*Config) {
	return func(c *Config) {
		cfg := selection.Config{
			Account: owner, Directory: l.Directory, PartSize: mib / 2,
			Buckets: map[string]selection.Target{"remote": {Bucket: l}},
		}
		for _, f := range change {
			f(&cfg)
		}
		var err error
		if c.Select, err = selection.New(cfg); err != nil {
			l.t.Fatal(err)
		}
	}
}

// fail sets what is called before each change of the bucket remote.
func (l *library) fail(before func(key string) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = before
}

func (l *library) touch(key string) error {
	l.mu.Lock()
	before := l.before
	l.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(key)
}

func (l *library) Create(ctx context.Context, key string, o bucket.Options) (bucket.Object, error) {
	if err := l.touch(key); err != nil {
		return nil, err
	}
	return l.Directory.Create(ctx, key, o)
}

func (l *library) Remove(ctx context.Context, key string) error {
	if err := l.touch(key); err != nil {
		return err
	}
	return l.Directory.Remove(ctx, key)
}

// inResults and inRemote are where the objects of a job lie.
func inResults(id glacier.JobID) string { return "111122223333/results/runs/" + string(id) + "/" }
func inRemote(id glacier.JobID) string  { return "runs/" + string(id) + "/" }

// objects are all objects below a place.
func (l *library) objects(below string) map[string]string {
	l.t.Helper()
	found := map[string]string{}
	for _, folder := range []string{"", "results/", "errors/"} {
		list, err := l.List(below + folder)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, e := range list {
			f, size, err := l.Open(below + folder + e.Name)
			if err != nil {
				l.t.Fatal(err)
			}
			b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
			if err != nil {
				l.t.Fatal(err)
			}
			f.Close()
			found[folder+e.Name] = string(b)
		}
	}
	return found
}

// selectJob is the parameters of a select job.
func selectJob(a record.Archive, expression, more string) string {
	return selectInto("results", a, expression, more)
}

func selectInto(bucket string, a record.Archive, expression, more string) string {
	text, _ := glacier.Encode(expression)
	return fmt.Sprintf(`{"Type":"select","ArchiveId":"%s","SelectParameters":{"Expression":%s,"ExpressionType":"SQL"},`+
		`"OutputLocation":{"S3":{"BucketName":"%s","Prefix":"runs"}}%s}`, a.Public, text, bucket, more)
}

const everything = "SELECT * FROM archive"

func TestSelect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects(), func(c *Config) {
			c.Delays = map[string]time.Duration{glacier.Standard: 4 * time.Hour}
		})
		h.start()
		a := h.small(photos, "1,one\n2,two\n3,three\n")
		id := h.begin(selectJob(a, "SELECT s._2 FROM archive s WHERE s._1 <> 2", `,"Description":"odd","SNSTopic":"arn:aws:sns:eu-west-1:111122223333:jobs","Format":"x"`))
		before := `{"Action":"Select","ArchiveId":"` + string(a.Public) + `","ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,`
		between := `"InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":"odd","JobId":"` + string(id) +
			`","JobOutputPath":"runs/` + string(id) + `/","OutputLocation":{"S3":{"BucketName":"results","Prefix":"runs"}},` +
			`"RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":"arn:aws:sns:eu-west-1:111122223333:jobs",` +
			`"SelectParameters":{"Expression":"SELECT s._2 FROM archive s WHERE s._1 <> 2","ExpressionType":"SQL"},`
		after := `"Tier":"Standard","VaultARN":"arn:aws:glacier:eu-west-1:111122223333:vaults/photos"}`
		running := before + `"Completed":false,"CompletionDate":null,"CreationDate":"2000-01-01T00:00:00.000Z",` + between +
			`"StatusCode":"InProgress","StatusMessage":null,` + after
		h.compare("running", id, running)
		h.same("objects", map[string]string{"job.txt": running}, l.objects(inResults(id)))
		_, err := h.Output(t.Context(), owner, photos, id)
		refused(t, err, glacier.InvalidParameterValue, "The job is not currently available for download: "+string(id))

		h.await(id)
		h.compare("complete", id, before+`"Completed":true,"CompletionDate":"2000-01-01T04:00:00.000Z","CreationDate":"2000-01-01T00:00:00.000Z",`+between+
			`"StatusCode":"Succeeded","StatusMessage":"Succeeded",`+after)
		h.same("objects", map[string]string{
			"job.txt": running, "results/part-00000000": "one\nthree\n",
			"result_manifest.txt": "runs/" + string(id) + "/results/part-00000000\n",
		}, l.objects(inResults(id)))
		o := h.output(id)
		h.same("output", "one\nthree\n", string(copied(t, o, 0, o.Size-1)))
		h.same("type", "text/csv", o.ContentType)
	})
}

func TestSelectRefusals(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	a := h.small(photos, "Name,name,size\na,b,1\n")
	foreign := h.small(other, "foreign")
	ok := selectJob(a, everything, "")
	with := func(old, new string) string { return strings.Replace(ok, old, new, 1) }
	header := func(expression string) string {
		text, _ := json.Marshal(expression)
		return with(`"Expression":"`+everything+`"`, `"InputSerialization":{"csv":{"FileHeaderInfo":"USE"}},"Expression":`+string(text))
	}
	const (
		missing = glacier.MissingParameterValue
		invalid = glacier.InvalidParameterValue
		absent  = glacier.ResourceNotFound
	)
	for _, tt := range []struct {
		name, parameters string
		code             glacier.Code
		message          string // "": any
	}{
		{"no archive", `{"Type":"select"}`, missing, "Required parameter missing: archiveId"},
		{"byte range", with(`"Type"`, `"RetrievalByteRange":"0-1048575","Type"`), invalid, "RetrievalByteRange must not be given for a select job."},
		{"unknown tier", with(`"Type"`, `"Tier":"Instant","Type"`), invalid, "Invalid tier: Instant"},
		{"no parameters", with(`"SelectParameters"`, `"x"`), missing, "Required parameter missing: selectParameters"},
		{"no location", with(`"OutputLocation"`, `"x"`), missing, "Required parameter missing: outputLocation"},
		{"no SQL", selectJob(a, "SELECT FROM", ""), invalid, ""},
		{"unknown archive", with(string(a.Public), "x"), absent, "The archive ID was not found: x"},
		{"archive of another vault", selectJob(foreign, everything, ""), invalid, "Invalid vault name: " + string(arn)},
		{"name that no column has", header(`SELECT "NAME" FROM archive`), glacier.MissingHeaderName, ""},
		{"name that two columns have", header(`SELECT name FROM archive`), glacier.AmbiguousFieldName, ""},
		{"prefix that cannot be", with(`"runs"`, `"`+strings.Repeat("x", 300)+`"`), invalid, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(h.memStore.log(0))
			_, err := h.InitiateJob(t.Context(), owner, photos, parameters(t, tt.parameters))
			e, ok := errors.AsType[*glacier.Error](err)
			if !ok || e.Code != tt.code || tt.message != "" && e.Message != tt.message || e.Message == "" {
				t.Errorf("%v, want %s: %s", err, tt.code, tt.message)
			}
			if after := len(h.memStore.log(0)); after != before {
				t.Error("a refused request left a record")
			}
		})
	}
	t.Run("nowhere to put results", func(t *testing.T) {
		_, err := h.service().InitiateJob(t.Context(), owner, photos, parameters(t, ok))
		refused(t, err, invalid, "Invalid BucketName: results. This server has no such bucket.")
	})
}

// TestBucketRefuses: the record comes before the bucket is asked, and must not
// stay, nor what it holds.
func TestBucketRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		code glacier.Code
		text string
	}{
		{"refused", fmt.Errorf("put: %w", bucket.ErrDenied), glacier.InvalidParameterValue, "Invalid OutputLocation: "},
		{"full", fmt.Errorf("put: %w", bucket.ErrFull), glacier.ServiceUnavailable, "There is no space left to store the results."},
		{"broken", errors.New("no route to host"), glacier.ServiceUnavailable, "The bucket for the results cannot be reached."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLibrary(t)
			c := &clock{at: time.Now()}
			h := newHouse(t, l.selects(), expedited(1, c))
			a := h.small(photos, "a\n")
			text := selectInto("remote", a, everything, `,"Tier":"Expedited"`)
			l.fail(func(string) error {
				return cmp.Or(h.vaults.DeleteArchive(t.Context(), owner, photos, a.Public), tt.err) // which the job pins
			})
			_, err := h.InitiateJob(t.Context(), owner, photos, parameters(t, text))
			e, ok := errors.AsType[*glacier.Error](err)
			if !ok || e.Code != tt.code || !strings.HasPrefix(e.Message, tt.text) {
				t.Errorf("%v, want %s", err, tt.code)
			}
			if list, err := h.ListJobs(t.Context(), owner, photos, Listing{}); err != nil || len(list.JobList) != 0 {
				t.Errorf("%d jobs, %v", len(list.JobList), err)
			}
			if h.kept(a) {
				t.Error("the withdrawn job pins its archive")
			}
			l.fail(nil)
			h.begin(selectInto("remote", h.small(photos, "b\n"), everything, `,"Tier":"Expedited"`)) // there is one place
		})
	}
}

// TestWithdrawalFails: a job that could not be withdrawn is done, and what its
// bucket was not told before, it is told then.
func TestWithdrawalFails(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	h.start()
	a := h.small(photos, "a\n")
	l.fail(func(string) error {
		l.fail(nil)
		h.failOnce("update", store.ErrFull)
		return errors.New("no route to host")
	})
	if _, err := h.InitiateJob(t.Context(), owner, photos, parameters(t, selectInto("remote", a, everything, ""))); err == nil {
		t.Fatal("the job was begun")
	}
	list, err := h.ListJobs(t.Context(), owner, photos, Listing{})
	if err != nil || len(list.JobList) != 1 {
		t.Fatalf("%d jobs, %v", len(list.JobList), err)
	}
	id := list.JobList[0].JobID
	if d := h.await(id); d.StatusCode != glacier.Succeeded {
		t.Errorf("%s", *d.StatusMessage)
	}
	if len(l.objects(inRemote(id))) != 3 {
		t.Errorf("%v", l.objects(inRemote(id)))
	}
}

// TestHeldJob: nobody works on a job before its bucket has been told of it, not
// even who finds it in the store.
func TestHeldJob(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	h.start()
	a := h.small(photos, "a\n")
	asked, leave := make(chan struct{}), make(chan struct{})
	l.fail(func(string) error {
		l.fail(nil)
		close(asked)
		<-leave
		return nil
	})
	var begun Begun
	var err error
	var initiating sync.WaitGroup
	initiating.Go(func() {
		begun, err = h.InitiateJob(t.Context(), owner, photos, parameters(t, selectInto("remote", a, everything, "")))
	})
	<-asked
	h.queue.doubt()
	h.run(`{"Type":"inventory-retrieval"}`) // which comes after it, so its turn has passed
	h.run(`{"Type":"inventory-retrieval"}`)
	list, lerr := h.ListJobs(t.Context(), owner, photos, Listing{StatusCode: glacier.InProgress})
	if lerr != nil || len(list.JobList) != 1 {
		t.Fatalf("%d jobs in progress, %v", len(list.JobList), lerr)
	}
	held := list.JobList[0].JobID
	if n := len(l.objects(inRemote(held))); n != 0 {
		t.Errorf("%d objects of a job that has not begun", n)
	}
	close(leave)
	initiating.Wait()
	if err != nil || begun.ID != held || begun.OutputPath != "runs/"+string(held)+"/" {
		t.Fatalf("%+v, %v", begun, err)
	}
	if d := h.await(held); d.StatusCode != glacier.Succeeded {
		t.Errorf("%s", *d.StatusMessage)
	}
	if len(h.held.ids) != 0 {
		t.Errorf("still held: %v", h.held.ids)
	}
}

// TestRuleRunsTwice: a number that a rule was given in vain may be another
// job's, whom the queue must not lack for it.
func TestRuleRunsTwice(t *testing.T) {
	h := newHouse(t)
	a := h.small(photos, "a")
	j := h.job(h.begin(retrieval(a, "")))
	h.Service = h.service() // whose queue does not know it
	h.held.add(j.ID)
	h.held.add(j.ID + 1)
	h.start()
	h.run(`{"Type":"inventory-retrieval"}`)
	if h.describe(j.Public).Completed {
		t.Error("a job that is held was done")
	}
	h.release([]uint64{j.ID, j.ID + 1}, false)
	if d := h.await(j.Public); d.StatusCode != glacier.Succeeded {
		t.Errorf("%s", *d.StatusMessage)
	}
}

// TestBucketDoesNotAnswer: InitiateJob waits for a bucket, and not for ever.
func TestBucketDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects())
		l.fail(func(string) error { time.Sleep(beginTime + 1); return nil }) // of the bubble
		_, err := h.InitiateJob(t.Context(), owner, photos, parameters(t, selectInto("remote", h.small(photos, "a\n"), everything, "")))
		refused(t, err, glacier.ServiceUnavailable, "The bucket for the results cannot be reached.")
	})
}

// TestClientGoesAway: a job whose client does not wait for it is not begun.
func TestClientGoesAway(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	a := h.small(photos, "a\n")
	ctx, cancel := context.WithCancel(t.Context())
	l.fail(func(string) error { cancel(); return nil })
	_, err := h.InitiateJob(ctx, owner, photos, parameters(t, selectInto("remote", a, everything, "")))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if list, err := h.ListJobs(t.Context(), owner, photos, Listing{}); err != nil || len(list.JobList) != 0 {
		t.Errorf("%d jobs, %v", len(list.JobList), err)
	}
}

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
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID, tries: maxBucketTries - 1})
		if d := h.describe(j.Public); d.StatusCode != glacier.Failed || *d.StatusMessage != "The job could not be completed because of an internal failure." {
			t.Errorf("%s: %v", d.StatusCode, d.StatusMessage)
		}
	})
	t.Run("given up when all but the record was there", func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects())
		j := h.job(h.begin(selectJob(h.small(photos, "a\n"), everything, "")))
		h.failOnce("update", errors.New("input/output error"))
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID, tries: maxTries - 1})
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
		if d := h.describe(j.Public); d.StatusCode != glacier.Failed || *d.StatusMessage != "BucketRefused: results cannot be written: the bucket refuses." {
			t.Errorf("%s: %v", d.StatusCode, *d.StatusMessage)
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

func TestSelectOutput(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	h.start()
	data := lines(60_000)
	a := h.store(photos, "", data, mib)
	id, _ := h.run(selectJob(a, everything, ""))
	if n := h.job(id).OutputParts; n < 3 {
		t.Errorf("%d parts", n)
	}
	o := h.output(id)
	h.compareOutput(o, data, false)
	h.same("nothing", "", string(h.read(first(h.run(selectJob(a, everything+" WHERE _1 = 'x'", ""))))))

	elsewhere, _ := h.run(selectInto("remote", a, everything, ""))
	_, err := h.Output(t.Context(), owner, photos, elsewhere)
	refused(t, err, glacier.InvalidParameterValue,
		"The results of a select job are not available for download. They are in bucket remote under runs/"+string(elsewhere)+"/.")
	if err := l.RemoveAll(inResults(id)); err != nil {
		t.Fatal(err)
	}
	_, err = h.Output(t.Context(), owner, photos, id)
	refused(t, err, glacier.ResourceNotFound, "The results of the job were removed from bucket results, or changed: runs/"+string(id)+"/")
}

func first(id glacier.JobID, _ glacier.JobDescription) glacier.JobID { return id }

// TestSelectPins: a job pins its archive as a retrieval does. When it ends, its
// results stay.
func TestSelectPins(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	a := h.store(photos, "", lines(30_000), mib)
	id := h.begin(selectJob(a, everything, ""))
	h.delete(a)
	h.start()
	if d := h.await(id); d.StatusCode != glacier.Succeeded {
		t.Fatalf("%s", *d.StatusMessage)
	}
	if !h.kept(a) {
		t.Error("the archive is gone")
	}
	h.advance(26 * time.Hour)
	h.sweep()
	if h.exists(id) || h.kept(a) {
		t.Error("the job, or what it pins, is still there")
	}
	if n := len(l.objects(inResults(id))); n < 4 {
		t.Errorf("%d objects are left", n)
	}
}

// TestSelectBudgets: queries take places of Expedited retrievals, and nothing
// from what may be retrieved.
func TestSelectBudgets(t *testing.T) {
	c := &clock{at: time.Now()}
	h := newHouse(t, newLibrary(t).selects(), expedited(1, c))
	h.setPolicy(owner, perHour(1))
	a := h.small(photos, "some,more,than,that\n")
	h.begin(selectJob(a, everything, ""))
	if u := h.usage(); u.Bytes != 0 {
		t.Errorf("%d bytes are charged", u.Bytes)
	}
	ask := parameters(t, selectJob(a, everything, `,"Tier":"Expedited"`))
	if _, err := h.InitiateJob(t.Context(), owner, photos, ask); err != nil {
		t.Error(err)
	}
	_, err := h.InitiateJob(t.Context(), owner, photos, ask)
	refused(t, err, glacier.InsufficientCapacity, shortage)
}

// TestWhoHearsOfSelectJobs: vaults have no event for them.
func TestWhoHearsOfSelectJobs(t *testing.T) {
	var told []string
	h := newHouse(t, newLibrary(t).selects(), func(c *Config) {
		c.Notify = func(_ *catalog.Tx, _ *record.Record, _ glacier.AccountID, topic, message string) error {
			var d struct{ Action string }
			if err := json.Unmarshal([]byte(message), &d); err != nil {
				return err
			}
			told = append(told, topic+" "+d.Action)
			return nil
		}
	})
	const topic = "arn:aws:sns:eu-west-1:111122223333:"
	v := h.vault(photos)
	h.update(func(*catalog.Tx) (r record.Record, err error) {
		r.Put(&record.Notifications{Vault: v.ID, Topic: topic + "vault", Events: []string{glacier.ArchiveRetrievalCompleted, glacier.InventoryRetrievalCompleted, ""}})
		return r, nil
	})
	a := h.small(photos, "a\n")
	for _, text := range []string{selectJob(a, everything, ""), selectJob(a, everything, `,"SNSTopic":"`+topic+`job"`), retrieval(a, "")} {
		j := h.job(h.begin(text))
		h.do(t.Context(), entry{vault: j.Vault, id: j.ID})
	}
	h.same("told", []string{topic + "job Select", topic + "vault ArchiveRetrieval"}, told)
}

func TestVaultGoesWhileAQueryRuns(t *testing.T) {
	h := newHouse(t, newLibrary(t).selects())
	a := h.small(photos, "a\n")
	j := h.job(h.begin(selectJob(a, everything, "")))
	h.delete(a)
	if err := h.vaults.DeleteVault(t.Context(), owner, photos); err != nil {
		t.Fatal(err)
	}
	before := len(h.memStore.log(0))
	if err := h.query(t.Context(), &j); err != nil {
		t.Error(err)
	}
	if after := len(h.memStore.log(0)); after != before {
		t.Error("the job left a record behind its vault")
	}
}

// TestQueryOfAForeignAccount: the results go where the vault's owner may have
// them.
func TestQueryOfAForeignAccount(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	h.start()
	if err := h.vaults.CreateVault(t.Context(), stranger, photos); err != nil {
		t.Fatal(err)
	}
	var v record.Vault
	if err := h.View(t.Context(), func(tx *catalog.Tx) (err error) {
		v, err = vault.Find(tx, region, stranger, photos)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	p := h.payload(v.ID, []byte("a\n"))
	a := h.put(record.Archive{Vault: v.ID, Size: p.Size, TreeHash: p.TreeHash, Pieces: []record.Piece{
		{Payload: p.ID, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash},
	}})
	_, err := h.InitiateJob(t.Context(), stranger, photos, parameters(t, selectInto("remote", a, everything, "")))
	refused(t, err, glacier.InvalidParameterValue, "Invalid BucketName: remote. The account "+string(stranger)+" may not use this bucket.")
	b, err := h.InitiateJob(t.Context(), stranger, photos, parameters(t, selectJob(a, everything, "")))
	if err != nil {
		t.Fatal(err)
	}
	if got := l.objects(string(stranger) + "/results/" + b.OutputPath); got["job.txt"] == "" {
		t.Errorf("%v", got)
	}
}
