package crashtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/internal/client"
)

const (
	selectBucket = "answers"
	selectPrefix = "runs/of tests"
	// selectPatience is how long all select jobs of a test may take.
	selectPatience = 10 * time.Minute
)

// A question is a query, and the outcome that it must have however often the
// server is killed meanwhile.
type question struct {
	sql    string
	want   []byte // as an undisturbed server answers
	failed string // or what it fails by
}

// questions are about tables. The answer to the first is the table.
func questions() []*question {
	return []*question{
		{sql: `SELECT * FROM archive`},
		{sql: `SELECT s._1, UPPER(s._2), s._2, s._2, s._3, s._3, s._3, s._3, s._4 FROM archive s WHERE CAST(s._3 AS INT) < 800`},
		{sql: `SELECT COUNT(*), SUM(CAST(s._3 AS INT)) FROM archive s WHERE s._2 LIKE '%o%'`},
		{sql: `SELECT s._1 FROM archive s WHERE CAST(s._4 AS INT) = 1`, failed: "CastFailed: "},
	}
}

// table is comma-separated values of about size bytes. Some fields have a
// delimiter in them. The fourth one is a number, but not in the last record.
func table(size int) []byte {
	b := make([]byte, 0, size+1<<10)
	names := []string{"Oslo", "Bergen", `"Ås, and what is about it"`, "\"two\nlines\"", `"a ""quote"""`}
	for n := 1; len(b) < size; n++ {
		b = fmt.Appendf(b, "%d,%s,%d,1\n", n, names[n*7%len(names)], n*7919%1000)
	}
	return append(b, "0,the end,0,none\n"...)
}

// A query is a select job that was acknowledged.
type query struct {
	*question
	bucket      string // selectBucket or shelfBucket
	archive, id string
	description []byte // job.txt when it was
}

// An inquiry is a store under test, and what it was asked.
type inquiry struct {
	t        *testing.T
	rng      *rand.Rand
	data     string
	shelf    *shelf
	archives []string
	asked    []query
	peak     int // KiB, of all lives of the server
}

// TestSelectJobsOutliveKills kills the server again and again while it runs
// select jobs, on archives sent in one piece and in parts and on one that was
// deleted behind the job, with results in its directory and in a bucket of an S3
// store's. Whatever was begun ends as if nothing had happened, and nothing lies
// about but uploads that the store was not told to forget.
func TestSelectJobsOutliveKills(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT: it takes more than ten seconds")
	}
	kills, size := 8, 32<<20
	if long() {
		kills, size = 24, 256<<20 // and so results in several parts
	}
	in := &inquiry{t: t, rng: newRand(t), data: filepath.Join(t.TempDir(), "data"), shelf: newShelf(t)}
	all, csv := questions(), table(size)
	config := in.shelf.config()
	p, a := start(t, in.data, config)
	in.upload(a, csv)
	for _, q := range all {
		in.answer(a, q)
	}
	if !bytes.Equal(all[0].want, csv) {
		t.Fatalf("an undisturbed server does not answer %s with the table", all[0].sql)
	}
	in.abandon(a, all[1], csv)
	for _, q := range all {
		in.check(in.begin(a, query{question: q, bucket: selectBucket, archive: in.archives[1]}))
		in.check(in.begin(a, query{question: q, bucket: shelfBucket, archive: in.archives[0]}))
	}
	in.kill(p)
	unfinished := in.unfinished()
	for n := 1; n < kills && !t.Failed(); n++ {
		p := launch(t, in.data, config)
		if n%4 == 3 { // while it starts, and finds the jobs
			after(in.rng, 0, 100*time.Millisecond)
			p.kill()
			continue
		}
		a := p.ready()
		done := in.ask(a, all)
		after(in.rng, 50*time.Millisecond, 900*time.Millisecond)
		in.kill(p)
		done()
		unfinished += in.unfinished()
	}
	p, a = start(t, in.data, config)
	in.compare(a)
	in.kill(p)
	checkDeep(t, in.data)
	t.Logf("%d jobs; %d times one had not ended at a kill; %d uploads of %d left in the store; at most %d MiB resident",
		len(in.asked), unfinished, len(in.shelf.uploads), in.shelf.begun, in.peak>>10)
	if unfinished == 0 {
		t.Error("every job had ended before the kill; this test shows nothing")
	}
	if in.peak > maxResident {
		t.Errorf("the server had %d KiB resident; at most %d are allowed", in.peak, maxResident)
	}
}

func (in *inquiry) check(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

// upload archives the table in one piece and in parts.
func (in *inquiry) upload(a *api, csv []byte) {
	in.t.Helper()
	in.check(a.createVault("v"))
	whole, err := a.upload("v", "whole", csv)
	in.check(err)
	id, err := a.begin("v", "in parts")
	in.check(err)
	n := 0
	for part := range slices.Chunk(csv, partSize) {
		in.check(a.part("v", id, n, part))
		n++
	}
	parts, err := a.complete("v", id, csv)
	in.check(err)
	in.archives = []string{whole, parts}
}

// selects begins a job.
func (a *api) selects(bucket, archive, sql string) (id string, err error) {
	return a.initiate("v", fmt.Sprintf(`{"Type":"select","ArchiveId":%q,"SelectParameters":{"Expression":%q,"ExpressionType":"SQL"},
		"OutputLocation":{"S3":{"BucketName":%q,"Prefix":%q}}}`, archive, sql, bucket, selectPrefix))
}

// answer asks an undisturbed server.
func (in *inquiry) answer(a *api, q *question) {
	in.t.Helper()
	id, err := a.selects(selectBucket, in.archives[0], q.sql)
	in.check(err)
	if q.failed != "" {
		if d := in.await(a, id); !strings.HasPrefix(d.StatusMessage, q.failed) {
			in.t.Fatalf("%s: %+v, want %s", q.sql, d, q.failed)
		}
		return
	}
	q.want, err = a.output("v", id)
	in.check(err)
}

// ended is the description of a job that is done.
type ended struct{ StatusCode, StatusMessage string }

func (in *inquiry) await(a *api, id string) (d ended) {
	in.t.Helper()
	within(in.t, selectPatience, "the end of job "+id, func() bool {
		in.check(a.get(path("v", "jobs", id), &d))
		return d.StatusCode != "InProgress"
	})
	return d
}

// abandon begins a job on an archive, and deletes the archive.
func (in *inquiry) abandon(a *api, q *question, csv []byte) {
	in.t.Helper()
	archive, err := a.upload("v", "deleted", csv)
	in.check(err)
	in.check(in.begin(a, query{question: q, bucket: selectBucket, archive: archive}))
	in.check(a.delete("v", archive))
}

// begin begins a job and remembers it, if it was acknowledged.
func (in *inquiry) begin(a *api, q query) (err error) {
	if q.id, err = a.selects(q.bucket, q.archive, q.sql); err != nil {
		return err
	}
	if q.description, err = os.ReadFile(filepath.Join(in.folder(q), "job.txt")); err != nil {
		in.t.Errorf("a job was acknowledged without its description: %v", err)
	}
	in.asked = append(in.asked, q)
	return nil
}

// folder is where a job's results are.
func (in *inquiry) folder(q query) string {
	if q.bucket == shelfBucket {
		return in.shelf.path(selectPrefix + "/" + q.id)
	}
	return filepath.Join(in.data, "select", "111122223333", selectBucket, filepath.FromSlash(selectPrefix), q.id)
}

// ask begins a job or two, while the server lives.
func (in *inquiry) ask(a *api, all []*question) (done func()) {
	var jobs []query
	for range 1 + in.rng.IntN(2) {
		jobs = append(jobs, query{question: all[in.rng.IntN(len(all))], bucket: []string{selectBucket, shelfBucket}[in.rng.IntN(2)], archive: in.archives[in.rng.IntN(len(in.archives))]})
	}
	end := make(chan struct{})
	go func() {
		defer close(end)
		for _, q := range jobs {
			err := in.begin(a, q)
			if refused(err) {
				in.t.Errorf("begin a job: %v", err)
			}
			if err != nil {
				return
			}
		}
	}()
	return func() { <-end }
}

func (in *inquiry) kill(p *process) {
	in.t.Helper()
	in.peak = max(in.peak, resident(in.t, p.cmd.Process.Pid))
	p.kill()
}

// unfinished counts the jobs that have come to no end in the directory.
func (in *inquiry) unfinished() (n int) {
	for _, q := range in.asked {
		results, _ := filepath.Glob(filepath.Join(in.folder(q), "*_manifest.txt"))
		if len(results) == 0 {
			n++
		}
	}
	return n
}

// compare waits for the jobs and holds them to the answers.
func (in *inquiry) compare(a *api) {
	in.t.Helper()
	for _, q := range in.asked {
		d := in.await(a, q.id)
		files := in.files(q)
		if !bytes.Equal(files["job.txt"], q.description) {
			in.t.Errorf("job %s: job.txt is\n%s\nand was\n%s", q.id, files["job.txt"], q.description)
		}
		delete(files, "job.txt")
		if q.failed != "" {
			in.failed(q, d, files)
			continue
		}
		if d.StatusCode != "Succeeded" {
			in.t.Errorf("job %s: %+v", q.id, d)
			continue
		}
		if q.bucket == selectBucket {
			got, err := a.output("v", q.id)
			if err != nil || !bytes.Equal(got, q.want) {
				in.t.Errorf("job %s gives out %d bytes, want %d, %v: %s", q.id, len(got), len(q.want), err, q.sql)
			}
		}
		in.succeeded(q, files)
	}
	in.allEnded(a)
}

// succeeded holds the files of a job, without job.txt, to its answer: what the
// manifest lists, and nothing besides.
func (in *inquiry) succeeded(q query, files map[string][]byte) {
	in.t.Helper()
	var got []byte
	manifest, ok := files["result_manifest.txt"]
	if !ok {
		in.t.Errorf("job %s has succeeded without a manifest", q.id)
	}
	delete(files, "result_manifest.txt")
	for line := range strings.Lines(string(manifest)) {
		name := strings.TrimPrefix(strings.TrimSuffix(line, "\n"), selectPrefix+"/"+q.id+"/")
		got = append(got, files[name]...)
		delete(files, name)
	}
	if !bytes.Equal(got, q.want) {
		in.t.Errorf("the files of job %s have %d bytes, want %d", q.id, len(got), len(q.want))
	}
	if len(files) > 0 {
		in.t.Errorf("job %s has succeeded, and has %q, too", q.id, slices.Sorted(maps.Keys(files)))
	}
}

// failed holds the files of a job, without job.txt, to its failure.
func (in *inquiry) failed(q query, d ended, files map[string][]byte) {
	in.t.Helper()
	if d.StatusCode != "Failed" || !strings.HasPrefix(d.StatusMessage, q.failed) {
		in.t.Errorf("job %s: %+v, want %s", q.id, d, q.failed)
	}
	name := strings.TrimPrefix(strings.TrimSuffix(string(files["error_manifest.txt"]), "\n"), selectPrefix+"/"+q.id+"/")
	var e struct{ Code string }
	if err := json.Unmarshal(files[name], &e); err != nil || e.Code+": " != q.failed {
		in.t.Errorf("job %s: the manifest's %s is %q, %v", q.id, name, files[name], err)
	}
	for name := range files {
		if name == "result_manifest.txt" || strings.Contains(name, "%tmp") {
			in.t.Errorf("job %s has failed, and has %s", q.id, name)
		}
	}
}

// files reads the files of a job, by their names below its folder.
func (in *inquiry) files(q query) map[string][]byte {
	in.t.Helper()
	files := map[string][]byte{}
	in.check(filepath.WalkDir(in.folder(q), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		below, err := filepath.Rel(in.folder(q), name)
		if err == nil {
			files[filepath.ToSlash(below)], err = os.ReadFile(name)
		}
		return err
	}))
	return files
}

// allEnded waits for jobs that were begun and not acknowledged, too.
func (in *inquiry) allEnded(a *api) {
	in.t.Helper()
	within(in.t, selectPatience, "the end of every job", func() bool {
		_, body, err := a.do("GET", path("v", "jobs?completed=false"), nil, client.Body{})
		in.check(err)
		return bytes.Contains(body, []byte(`"JobList":[]`))
	})
}
