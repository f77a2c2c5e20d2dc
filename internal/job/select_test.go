package job

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/selection"
	"firn/internal/store"
)

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
	h := newHouse(t, l.selects(func(c *selection.Config) {
		c.Buckets["closed"] = selection.Target{Bucket: l, Accounts: []glacier.AccountID{}}
	}))
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
		{"prefix that cannot be", with(`"runs"`, `"`+strings.Repeat("x", 513)+`"`), invalid, ""},
		{"bucket of others", selectInto("closed", a, everything, ""), invalid, "Invalid BucketName: closed. The account 111122223333 may not use this bucket."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(h.memStore.log(0))
			_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, tt.parameters))
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
		_, err := h.service().InitiateJob(t.Context(), owner, owner, photos, parameters(t, ok))
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
			_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, text))
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
	if _, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, selectInto("remote", a, everything, ""))); err == nil {
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
		begun, err = h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, selectInto("remote", a, everything, "")))
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

// TestNotRecorded: what became of a job whose record failed late is not known, so
// the store is asked.
func TestNotRecorded(t *testing.T) {
	h := newHouse(t, newLibrary(t).selects())
	a := h.small(photos, "a\n")
	h.queue.refill()
	h.failOnce("commit", errors.New("input/output error"))
	if _, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, selectJob(a, everything, ""))); err == nil {
		t.Error("the job was begun")
	}
	if !h.queue.hungry() || len(h.held.ids) != 0 {
		t.Errorf("the queue is not filled again, or these are held: %v", h.held.ids)
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
		_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, selectInto("remote", h.small(photos, "a\n"), everything, "")))
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
	_, err := h.InitiateJob(ctx, owner, owner, photos, parameters(t, selectInto("remote", a, everything, "")))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if list, err := h.ListJobs(t.Context(), owner, photos, Listing{}); err != nil || len(list.JobList) != 0 {
		t.Errorf("%d jobs, %v", len(list.JobList), err)
	}
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
	if _, err := h.InitiateJob(t.Context(), owner, owner, photos, ask); err != nil {
		t.Error(err)
	}
	_, err := h.InitiateJob(t.Context(), owner, owner, photos, ask)
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
