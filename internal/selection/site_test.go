package selection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/disk"
	"firn/internal/query"
)

const (
	owner    = glacier.AccountID("111122223333")
	stranger = glacier.AccountID("444455556666")
)

// A place is a service with a directory, and a job's site there.
type place struct {
	*Site
	t   *testing.T
	dir *bucket.Directory
	r   *Request
}

// newPlace makes a place for the results of a query.
func newPlace(t *testing.T, expression string, change ...func(*Config)) *place {
	t.Helper()
	doc, err := json.Marshal(map[string]string{"Expression": expression, "ExpressionType": "SQL"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(doc, json.RawMessage(somePlace))
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, r: r, dir: bucket.NewDirectory(disk.NewMem(0), "select")}
	cfg := Config{Account: owner, Directory: p.dir, PartSize: 10}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if p.Site, err = s.Site(owner, r.Location, "job"); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) run(archive string) (Result, error) {
	return p.Run(p.t.Context(), []byte("description"), p.r.Query, strings.NewReader(archive), time.UnixMilli(5).UTC())
}

// folder is what the keys of the job's objects begin with in the directory.
const folder = "111122223333/results/runs/job/"

// objects are all that there is of the job.
func (p *place) objects() map[string]string {
	p.t.Helper()
	found := map[string]string{}
	for _, below := range []string{"", "results/", "errors/"} {
		list, err := p.dir.List(folder + below)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, e := range list {
			found[below+e.Name] = p.object(below + e.Name)
		}
	}
	return found
}

func (p *place) object(name string) string {
	p.t.Helper()
	f, size, err := p.dir.Open(folder + name)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

func (p *place) put(name, text string) {
	p.t.Helper()
	if err := bucket.PutBytes(p.t.Context(), p.dir, folder+name, bucket.Options{}, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) has(want map[string]string) {
	p.t.Helper()
	if diff := cmp.Diff(want, p.objects()); diff != "" {
		p.t.Error(diff)
	}
}

func TestLayout(t *testing.T) {
	p := newPlace(t, "SELECT * FROM archive")
	if err := p.Begin(t.Context(), []byte("description")); err != nil {
		t.Fatal(err)
	}
	p.has(map[string]string{"job.txt": "description"})
	want := map[string]string{
		"job.txt": "description", "results/part-00000000": "a,b\nc,d\n", "result_manifest.txt": "runs/job/results/part-00000000\n",
	}
	// Of a run that was interrupted, and of one that failed.
	for _, name := range []string{"error_manifest.txt", "result_manifest.txt", "results/part-00000000", "results/part-00000007", "errors/error-00000000"} {
		p.put(name, "of another run")
	}
	for range 2 {
		if r, err := p.run("a,b\nc,d\n"); err != nil || r != (Result{Parts: 1, Size: 8}) {
			t.Errorf("%+v, %v", r, err)
		}
		p.has(want)
	}
}

func TestNothingSelected(t *testing.T) {
	p := newPlace(t, "SELECT * FROM archive WHERE _1 = 'x'")
	if r, err := p.run("a\n"); err != nil || r != (Result{Parts: 1}) {
		t.Errorf("%+v, %v", r, err)
	}
	p.has(map[string]string{"job.txt": "description", "results/part-00000000": "", "result_manifest.txt": "runs/job/results/part-00000000\n"})
	res, err := p.Results(Result{Parts: 1})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.ReadAt(make([]byte, 1), 0); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestParts cuts results behind the record that makes a part large enough.
func TestParts(t *testing.T) {
	p := newPlace(t, "SELECT * FROM archive")
	w := &partWriter{ctx: t.Context(), site: p.Site}
	for _, s := range []string{"123456\n", "abc\n", "ten bytes\n", "a longer one than a part\n", "end\n"} {
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
	}
	r, err := w.finish()
	if err != nil || r != (Result{Parts: 4, Size: 50}) {
		t.Errorf("%+v, %v", r, err)
	}
	p.has(map[string]string{
		"results/part-00000000": "123456\nabc\n", "results/part-00000001": "ten bytes\n",
		"results/part-00000002": "a longer one than a part\n", "results/part-00000003": "end\n",
	})
	res, err := p.Results(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	all := "123456\nabc\nten bytes\na longer one than a part\nend\n"
	for off := range all {
		for end := off; end <= len(all); end++ {
			b := make([]byte, end-off)
			if n, err := res.ReadAt(b, int64(off)); n != len(b) || err != nil || string(b) != all[off:end] {
				t.Fatalf("from %d to %d: %q, %d, %v", off, end, b, n, err)
			}
		}
	}
	if n, err := res.ReadAt(make([]byte, 10), 46); n != 4 || !errors.Is(err, io.EOF) {
		t.Errorf("past the end: %d, %v", n, err)
	}
}

func TestResultsThatAreGone(t *testing.T) {
	const message = "The results of the job were removed from bucket results, or changed: runs/job/"
	for _, tt := range []struct {
		name   string
		change func(p *place) error
	}{
		{"all of them", func(p *place) error { return p.dir.RemoveAll(folder) }},
		{"the first part", func(p *place) error { return p.dir.Remove(p.t.Context(), folder+"results/part-00000000") }},
		{"the last part", func(p *place) error { return p.dir.Remove(p.t.Context(), folder+"results/part-00000001") }},
		{"a part that has grown", func(p *place) error { p.put("results/part-00000000", "0123456789more"); return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t, "SELECT * FROM archive")
			w := &partWriter{ctx: t.Context(), site: p.Site}
			for range 2 {
				if _, err := io.WriteString(w, "123456789\n"); err != nil {
					t.Fatal(err)
				}
			}
			r, err := w.finish()
			if err != nil {
				t.Fatal(err)
			}
			open, err := p.Results(r)
			if err != nil {
				t.Fatal(err)
			}
			defer open.Close()
			if err := tt.change(p); err != nil {
				t.Fatal(err)
			}
			_, err = p.Results(r)
			refused(t, err, glacier.ResourceNotFound, message)
			_, err = open.ReadAt(make([]byte, 20), 0)
			refused(t, err, glacier.ResourceNotFound, message)
		})
	}
	t.Run("results of nothing", func(t *testing.T) {
		p := newPlace(t, "SELECT * FROM archive WHERE _1 = 'x'")
		r, err := p.run("a\n")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.dir.RemoveAll(folder + "results/"); err != nil {
			t.Fatal(err)
		}
		_, err = p.Results(r)
		refused(t, err, glacier.ResourceNotFound, message)
	})
	t.Run("what does not belong to them is not seen", func(t *testing.T) {
		p := newPlace(t, "SELECT * FROM archive")
		r, err := p.run("a\n")
		if err != nil {
			t.Fatal(err)
		}
		p.put("results/note", "by somebody else")
		if _, err := p.Results(r); err != nil {
			t.Error(err)
		}
	})
}

func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		name, expression, archive string
		change                    []func(*Config)
		code                      string
	}{
		{name: "query", expression: "SELECT CAST(_1 AS INT) FROM archive", archive: "1\nx\n", code: "CastFailed"},
		{name: "too many results", expression: "SELECT * FROM archive", archive: "12345\n12345\n", code: codeTooLarge,
			change: []func(*Config){func(c *Config) { c.MaxOutput = 11 }}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t, tt.expression, tt.change...)
			_, err := p.run(tt.archive)
			e, ok := errors.AsType[*query.Error](err)
			if !ok || e.Code != tt.code {
				t.Fatalf("%v, want %s", err, tt.code)
			}
			if _, ok := p.objects()["result_manifest.txt"]; ok {
				t.Error("there is a manifest of results")
			}
		})
	}
}

func TestErrorFiles(t *testing.T) {
	p := newPlace(t, "SELECT * FROM archive")
	if err := p.Fail(t.Context(), &query.Error{Code: "CastFailed", Message: "x is no number", Record: 2}); err != nil {
		t.Fatal(err)
	}
	p.has(map[string]string{
		"errors/error-00000000": `{"Code":"CastFailed","Message":"x is no number","Record":2}`,
		"error_manifest.txt":    "runs/job/errors/error-00000000\n",
	})
}

// A slowReader takes an hour for each record.
type slowReader struct{ n int }

func (r *slowReader) Read(p []byte) (int, error) {
	time.Sleep(time.Hour) // of the bubble
	r.n++
	return copy(p, "1\n"), nil
}

func TestTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, "SELECT * FROM archive")
		_, err := p.Run(t.Context(), nil, p.r.Query, new(slowReader), time.Now())
		if e, ok := errors.AsType[*query.Error](err); !ok || e.Code != codeTooLong || e.Message != "the query has not ended within 48h0m0s" {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = p.Run(ctx, nil, p.r.Query, new(slowReader), time.Now())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller's own limit: %v", err)
		}
	})
}

// A faulty bucket fails with an error, at the n-th call.
type faulty struct {
	bucket.Bucket
	n   int
	err error
}

func (f *faulty) call() error {
	if f.n--; f.n == 0 {
		return f.err
	}
	return nil
}

func (f *faulty) Create(ctx context.Context, key string, o bucket.Options) (bucket.Object, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	object, err := f.Bucket.Create(ctx, key, o)
	return faultyObject{object, f}, err
}

func (f *faulty) Remove(ctx context.Context, key string) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.Bucket.Remove(ctx, key)
}

type faultyObject struct {
	bucket.Object
	f *faulty
}

func (o faultyObject) Write(p []byte) (int, error) {
	if err := o.f.call(); err != nil {
		return 0, err
	}
	return o.Object.Write(p)
}

func (o faultyObject) Commit() error {
	if err := o.f.call(); err != nil {
		return err
	}
	return o.Object.Commit()
}

// TestEveryCallOfTheBucketFails: what will come again fails the job, what may
// pass does not, and no manifest of results is left.
func TestEveryCallOfTheBucketFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		lasts bool
	}{
		{"refused", fmt.Errorf("create: %w", bucket.ErrDenied), true},
		{"full", fmt.Errorf("write: %w", bucket.ErrFull), false},
		{"broken", errors.New("no route to host"), false},
		{"a resolver that does not answer", fmt.Errorf("look up: %w", context.DeadlineExceeded), false},
		{"credentials that are not accepted", fmt.Errorf("put: %w", &bucket.Error{Status: 403, Code: "InvalidAccessKeyId"}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; ; n++ {
				f := &faulty{n: n, err: tt.err}
				p := newPlace(t, "SELECT * FROM archive", func(c *Config) {
					f.Bucket = c.Directory
					c.Buckets = map[string]Target{"results": {Bucket: f}}
				})
				_, err := p.run("a,b\n")
				if f.n > 0 {
					if err != nil || n < 10 {
						t.Errorf("%d calls, %v", n-1, err)
					}
					return
				}
				if tt.lasts && n <= 2 { // a bucket that lets nobody remove will do
					if err != nil {
						t.Errorf("call %d: %v", n, err)
					}
					continue
				}
				e, lasts := errors.AsType[*query.Error](err)
				if lasts != tt.lasts || !lasts && !errors.Is(err, ErrBucket) || lasts && e.Code != codeRefused {
					t.Errorf("call %d: %v", n, err)
				}
			}
		})
	}
}

func TestBeginRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		code glacier.Code
		text string
	}{
		{"refused", fmt.Errorf("put: %w", bucket.ErrDenied), glacier.InvalidParameterValue, "Invalid OutputLocation: the bucket takes no results."},
		{"refused without asking", fmt.Errorf("put: %w", bucket.Refusal("an object has no permission")), glacier.InvalidParameterValue, "Invalid OutputLocation: an object has no permission."},
		{"refused in a store's words", &bucket.Error{Status: 403, Code: "AccessDenied", Message: "User: arn:aws:iam::1:user/operator is not authorized"}, glacier.InvalidParameterValue,
			"Invalid OutputLocation: the bucket takes no results: the store answers 403 AccessDenied."},
		{"credentials that are not accepted", &bucket.Error{Status: 403, Code: "SignatureDoesNotMatch", Message: "AKIAOPERATOR"}, glacier.InvalidParameterValue,
			"Invalid OutputLocation: the bucket takes no results: the store answers 403 SignatureDoesNotMatch."},
		{"a resolver that does not answer", fmt.Errorf("look up: %w", context.DeadlineExceeded), glacier.ServiceUnavailable, "The bucket for the results cannot be reached."},
		{"full", fmt.Errorf("put: %w", bucket.ErrFull), glacier.ServiceUnavailable, "There is no space left to store the results."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &faulty{n: 3, err: tt.err}
			p := newPlace(t, "SELECT * FROM archive", func(c *Config) {
				f.Bucket = c.Directory
				c.Buckets = map[string]Target{"results": {Bucket: f}}
			})
			refused(t, Refusal(p.Begin(t.Context(), nil)), tt.code, tt.text)
		})
	}
	broken := errors.New("no route to host")
	if err := Refusal(broken); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// TestWordsOfAStore: why a job has failed, everybody hears who may see the job;
// what the store said besides, the log alone.
func TestWordsOfAStore(t *testing.T) {
	f := &faulty{n: 3, err: &bucket.Error{Status: 403, Code: "AccessDenied", Message: "User: operator"}}
	p := newPlace(t, "SELECT * FROM archive", func(c *Config) {
		f.Bucket = c.Directory
		c.Buckets = map[string]Target{"results": {Bucket: f}}
	})
	_, err := p.run("a\n")
	e, ok := errors.AsType[*query.Error](err)
	if !ok || e.Message != "the bucket takes no results: the store answers 403 AccessDenied" || !strings.Contains(err.Error(), "User: operator") {
		t.Errorf("%v", err)
	}
}

// TestFailRefused: a bucket that refuses cannot be told why.
func TestFailRefused(t *testing.T) {
	f := &faulty{n: 1, err: bucket.ErrDenied}
	p := newPlace(t, "SELECT * FROM archive", func(c *Config) { c.Buckets = map[string]Target{"results": {Bucket: f}} })
	if err := p.Fail(t.Context(), &query.Error{}); err != nil || f.n != 0 {
		t.Errorf("%v, %d", err, f.n)
	}
}

func TestWhoMayUseWhat(t *testing.T) {
	dir := bucket.NewDirectory(disk.NewMem(0), "select")
	configured := map[string]Target{
		"results": {Bucket: dir},
		"shared":  {Bucket: dir, Accounts: []glacier.AccountID{stranger}},
		"closed":  {Bucket: dir, Accounts: []glacier.AccountID{}},
	}
	const none = "Invalid BucketName: %s. This server has no such bucket."
	const denied = "Invalid BucketName: %s. The account %s may not use this bucket."
	for _, tt := range []struct {
		name    string
		cfg     Config
		account glacier.AccountID
		bucket  string
		message string // "" is no refusal
		key     string
	}{
		{"the server's own account", Config{Buckets: configured}, owner, "results", "", "runs/job/job.txt"},
		{"another account", Config{Buckets: configured}, stranger, "results", fmt.Sprintf(denied, "results", stranger), ""},
		{"an account that is named", Config{Buckets: configured}, stranger, "shared", "", "runs/job/job.txt"},
		{"the server's own account, which is not named", Config{Buckets: configured}, owner, "shared", fmt.Sprintf(denied, "shared", owner), ""},
		{"a bucket for nobody", Config{Buckets: configured}, owner, "closed", fmt.Sprintf(denied, "closed", owner), ""},
		{"another bucket, without a directory", Config{Buckets: configured}, owner, "elsewhere", fmt.Sprintf(none, "elsewhere"), ""},
		{"another bucket, in the directory", Config{Buckets: configured, Directory: dir}, stranger, "elsewhere", "", "444455556666/elsewhere/runs/job/job.txt"},
		{"a configured bucket, in spite of the directory", Config{Buckets: configured, Directory: dir}, stranger, "results", fmt.Sprintf(denied, "results", stranger), ""},
		{"nothing configured", Config{}, owner, "results", fmt.Sprintf(none, "results"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Account = owner
			s, err := New(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			l := &Location{Bucket: tt.bucket, Prefix: "runs"}
			site, err := s.Site(tt.account, l, "job")
			if tt.message != "" {
				refused(t, err, glacier.InvalidParameterValue, tt.message)
				refused(t, s.Check(tt.account, l), glacier.InvalidParameterValue, tt.message)
				return
			}
			if err != nil || s.Check(tt.account, l) != nil || site.key("job.txt") != tt.key {
				t.Errorf("%v, key %q, want %q", err, site.key("job.txt"), tt.key)
			}
		})
	}
	t.Run("prefix that no file can have", func(t *testing.T) {
		s, err := New(Config{Directory: dir})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Check(owner, &Location{Bucket: "results", Prefix: strings.Repeat("x", 1000)})
		if e, ok := errors.AsType[*glacier.Error](err); !ok || !strings.HasPrefix(e.Message, "Invalid Prefix: ") {
			t.Error(err)
		}
	})
}

// TestLongestPrefix: a directory has room for every prefix that S3 has room for, however few names it is made of.
func TestLongestPrefix(t *testing.T) {
	for _, prefix := range []string{strings.Repeat("x", maxPrefix), strings.Repeat("ü", maxPrefix/2), strings.Repeat("%", maxPrefix), strings.Repeat("/", maxPrefix-1) + "x"} {
		doc, err := json.Marshal(map[string]any{"S3": map[string]string{"BucketName": strings.Repeat("b", 63), "Prefix": prefix}})
		if err != nil {
			t.Fatal(err)
		}
		l, err := ParseLocation(doc)
		if err != nil {
			t.Fatal(err)
		}
		dir := bucket.NewDirectory(disk.OS(t.TempDir()), "select")
		s, err := New(Config{Directory: dir})
		if err != nil {
			t.Fatal(err)
		}
		site, err := s.Site(owner, l, glacier.JobID(strings.Repeat("j", jobIDLength)))
		if err == nil {
			err = site.Begin(t.Context(), []byte("description"))
		}
		if err == nil {
			err = site.clear(t.Context())
		}
		if err != nil {
			t.Errorf("%.10s…: %v", prefix, err)
			continue
		}
		if list, err := dir.List(site.key("")); err != nil || len(list) != 1 || list[0].Name != jobName {
			t.Errorf("%.10s…: %v, %v", prefix, list, err)
		}
	}
}

func TestMaxOutput(t *testing.T) {
	for _, tt := range []struct {
		name, bucket string
		set, want    int64
	}{
		{"in the directory", "results", 0, 10 << 30},
		{"in a configured bucket", "remote", 0, 5 << 40},
		{"set, in the directory", "results", 7, 7},
		{"set, in a configured bucket", "remote", 7, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := bucket.NewDirectory(disk.NewMem(0), "select")
			s, err := New(Config{Account: owner, Directory: dir, Buckets: map[string]Target{"remote": {Bucket: dir}}, MaxOutput: tt.set})
			if err != nil {
				t.Fatal(err)
			}
			site, err := s.Site(owner, &Location{Bucket: tt.bucket, Prefix: "runs"}, "job")
			if err != nil {
				t.Fatal(err)
			}
			if site.maxOutput != tt.want {
				t.Errorf("%d bytes, want %d", site.maxOutput, tt.want)
			}
		})
	}
	t.Run("as much as there may be, and a byte more", func(t *testing.T) {
		p := newPlace(t, "SELECT * FROM archive", func(c *Config) { c.MaxOutput = 8 })
		if r, err := p.run("a,b\nc,d\n"); err != nil || r.Size != 8 {
			t.Errorf("%+v, %v", r, err)
		}
		_, err := p.run("a,b\nc,dd\n")
		if e, ok := errors.AsType[*query.Error](err); !ok || e.Code != codeTooLarge {
			t.Error(err)
		}
	})
}

func TestElsewhere(t *testing.T) {
	p := newPlace(t, "SELECT * FROM archive", func(c *Config) { c.Buckets = map[string]Target{"results": {Bucket: c.Directory}} })
	r, err := p.run("a\n")
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Results(r)
	refused(t, err, glacier.InvalidParameterValue,
		"The results of a select job are not available for download. They are in bucket results under runs/job/.")
}

// A watched bucket notes what is to be kept with objects.
type watched struct {
	bucket.Bucket
	got map[string]bucket.Options
}

func (w watched) Create(ctx context.Context, key string, o bucket.Options) (bucket.Object, error) {
	w.got[key] = o
	return w.Bucket.Create(ctx, key, o)
}

func TestOptionsOfEveryObject(t *testing.T) {
	w := watched{got: map[string]bucket.Options{}}
	p := newPlace(t, "SELECT * FROM archive", func(c *Config) {
		w.Bucket = c.Directory
		c.Buckets = map[string]Target{"results": {Bucket: w}}
	})
	p.location.Options = bucket.Options{StorageClass: "STANDARD_IA", Tags: map[string]string{"a": "b"}}
	if _, err := p.run("a\n"); err != nil {
		t.Fatal(err)
	}
	if err := p.Fail(t.Context(), &query.Error{}); err != nil {
		t.Fatal(err)
	}
	want := map[string]bucket.Options{}
	for name, kind := range map[string]string{
		"job.txt": "application/json", "results/part-00000000": "text/csv", "result_manifest.txt": "text/plain",
		"errors/error-00000000": "application/json", "error_manifest.txt": "text/plain",
	} {
		want["runs/job/"+name] = bucket.Options{ContentType: kind, StorageClass: "STANDARD_IA", Tags: map[string]string{"a": "b"}}
	}
	if diff := cmp.Diff(want, w.got); diff != "" {
		t.Error(diff)
	}
}

func TestConfigsThatAreRefused(t *testing.T) {
	for _, cfg := range []Config{
		{MaxTime: -1}, {MaxOutput: -1}, {PartSize: -1}, {Workers: -1}, {Buckets: map[string]Target{"Results": {}}},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

// TestSameEveryTime: how many work on a query does not show.
func TestSameEveryTime(t *testing.T) {
	archive := bytes.Repeat([]byte("some,record,of,columns\n"), 200_000)
	var first map[string]string
	for _, workers := range []int{1, 3} {
		p := newPlace(t, "SELECT _2, UTCNOW() FROM archive", func(c *Config) { c.Workers, c.PartSize = workers, 1<<20 })
		if _, err := p.run(string(archive)); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = p.objects()
		}
		if len(first) < 4 {
			t.Errorf("only %d objects", len(first))
		}
		p.has(first)
	}
}
