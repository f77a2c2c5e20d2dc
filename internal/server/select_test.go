package server

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"firn/glacier"
	"firn/internal/audit"
	"firn/internal/bucket"
	"firn/internal/client"
)

func selectParameters(archive, bucket string) string {
	return fmt.Sprintf(`{"Type":"select","ArchiveId":"%s","SelectParameters":{"Expression":"SELECT _2 FROM archive","ExpressionType":"SQL"},`+
		`"OutputLocation":{"S3":{"BucketName":"%s","Prefix":"runs"}}}`, archive, bucket)
}

// TestSelectDirectory: results are files, in the place that was configured, and
// survive a restart. What lies in the data directory besides the store's own does
// not bother the store, which is checked at the end.
func TestSelectDirectory(t *testing.T) {
	elsewhere := t.TempDir()
	for _, tt := range []struct{ name, setting, under string }{
		{"in the data directory", "", ""},
		{"elsewhere", elsewhere, elsewhere},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, func(c *Config) { c.SelectDirectory = tt.setting })
			h.createVault("v")
			job := h.initiate("v", selectParameters(h.upload("v", "", []byte("1,one\n2,two\n")), "results"))
			if d := h.await("v", job); d.StatusCode != glacier.Succeeded {
				t.Fatalf("%+v", d)
			}
			h.restart(true)
			if got := h.output("v", job, "bytes=4-"); got.status != http.StatusPartialContent || string(got.body) != "two\n" {
				t.Errorf("%d: %q", got.status, got.body)
			}
			under := tt.under
			if under == "" {
				under = filepath.Join(h.cfg.Data, "select")
			}
			text, err := os.ReadFile(filepath.Join(under, testAccount, "results", "runs", job, "results", "part-00000000"))
			if err != nil || string(text) != "one\ntwo\n" {
				t.Errorf("%q, %v", text, err)
			}
			// Results are the customer's to remove, and he may be thorough.
			if err := os.RemoveAll(under); err != nil {
				t.Fatal(err)
			}
			job = h.initiate("v", selectParameters(h.upload("v", "", []byte("3,three\n")), "results"))
			if d := h.await("v", job); d.StatusCode != glacier.Succeeded {
				t.Fatalf("%+v", d)
			}
			if got := h.output("v", job, ""); string(got.body) != "three\n" {
				t.Errorf("%d: %q", got.status, got.body)
			}
		})
	}
	t.Run("off", func(t *testing.T) {
		h := newHouse(t, func(c *Config) { c.SelectDirectory = NoSelect })
		h.createVault("v")
		got := h.call(client.Request{Method: "POST", Path: vaultPath("v", "jobs"),
			Body: client.Bytes([]byte(selectParameters(h.upload("v", "", []byte("1,one\n")), "results")))})
		if got.status != 400 || got.message != "Invalid BucketName: results. This server has no such bucket." {
			t.Errorf("%d: %s", got.status, got.message)
		}
		if _, err := os.Stat(filepath.Join(h.cfg.Data, "select")); !os.IsNotExist(err) {
			t.Errorf("there is a directory: %v", err)
		}
	})
}

// An objectStore takes objects, or refuses them.
type objectStore struct {
	mu      sync.Mutex
	refuses bool
	objects map[string]string // by path
}

func (s *objectStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil || s.refuses:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodDelete:
		delete(s.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		s.objects[r.URL.Path] = string(body)
	}
}

func (s *objectStore) get(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[path]
}

// TestSelectIntoS3: results go to a bucket that has another name with clients,
// and its secret goes nowhere.
func TestSelectIntoS3(t *testing.T) {
	const secret = "SECRET/of/the/bucket"
	store := &objectStore{objects: map[string]string{}}
	remote := httptest.NewServer(store)
	defer remote.Close()
	var log bytes.Buffer
	h := newHouse(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Buckets = map[string]Bucket{"results": {Settings: bucket.Settings{
			Endpoint: remote.URL, Name: "real-name", AccessKey: "AKIAEXAMPLE", SecretKey: secret, PathStyle: true,
		}}}
	})
	h.createVault("v")
	archive := h.upload("v", "", []byte("1,one\n2,two\n"))
	job := h.initiate("v", selectParameters(archive, "results"))
	if got := store.get("/real-name/runs/" + job + "/job.txt"); !strings.Contains(got, job) {
		t.Errorf("job.txt is %q when the job has begun", got)
	}
	if d := h.await("v", job); d.StatusCode != glacier.Succeeded {
		t.Fatalf("%+v", d)
	}
	for name, want := range map[string]string{
		"results/part-00000000": "one\ntwo\n", "result_manifest.txt": "runs/" + job + "/results/part-00000000\n",
	} {
		if got := store.get("/real-name/runs/" + job + "/" + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := h.output("v", job, ""); got.status != 400 || got.code != glacier.InvalidParameterValue ||
		!strings.Contains(got.message, "bucket results under runs/"+job+"/.") {
		t.Errorf("%d: %s", got.status, got.message)
	}

	store.mu.Lock()
	store.refuses = true
	store.mu.Unlock()
	got := h.call(client.Request{Method: "POST", Path: vaultPath("v", "jobs"), Body: client.Bytes([]byte(selectParameters(archive, "results")))})
	if got.status != 400 || got.code != glacier.InvalidParameterValue || !strings.HasPrefix(got.message, "Invalid OutputLocation: ") {
		t.Errorf("%d: %s", got.status, got.message)
	}
	var list struct{ JobList []jobDocument }
	h.get(vaultPath("v", "jobs"), &list)
	if len(list.JobList) != 1 {
		t.Errorf("%d jobs", len(list.JobList))
	}
	h.stop()
	if strings.Contains(log.String()+got.message, secret) {
		t.Error("the secret is out")
	}
	h.start()
}

// TestWhoMaySelect: beginning a select job takes the permission to have its
// output, too, and it is about an archive of some age.
func TestWhoMaySelect(t *testing.T) {
	h := newHouse(t, nil)
	h.createVault("v")
	archive := h.upload("v", "", []byte("1,one\n"))
	retrieval := fmt.Sprintf(`{"Type":"archive-retrieval","ArchiveId":"%s"}`, archive)
	const deny = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"%s","Resource":"arn:aws:glacier:us-east-1:111122223333:vaults/v"%s}}`
	young := `,"Condition":{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}`
	old := strings.Replace(young, "LessThan", "GreaterThan", 1)
	for _, tt := range []struct {
		name, action, condition string
		query, retrieve         string // the action that is refused, "" if none is
	}{
		{"nothing forbidden that matters", "glacier:DeleteArchive", "", "", ""},
		{"no output", "glacier:GetJobOutput", "", "glacier:GetJobOutput", ""},
		{"no jobs", "glacier:InitiateJob", "", "glacier:InitiateJob", "glacier:InitiateJob"},
		{"no jobs on young archives", "glacier:InitiateJob", young, "glacier:InitiateJob", "glacier:InitiateJob"},
		{"no jobs on old archives", "glacier:InitiateJob", old, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.must(client.Request{Method: "PUT", Path: "/-/vaults/v/access-policy",
				Body: client.Bytes(policyDocument(fmt.Sprintf(deny, tt.action, tt.condition)))})
			for parameters, want := range map[string]string{selectParameters(archive, "results"): tt.query, retrieval: tt.retrieve} {
				got := h.call(client.Request{Method: "POST", Path: vaultPath("v", "jobs"), Body: client.Bytes([]byte(parameters))})
				switch {
				case want == "" && got.status != http.StatusAccepted:
					t.Errorf("%s: %d %s", parameters, got.status, got.message)
				case want != "" && (got.code != glacier.AccessDenied || !strings.Contains(got.message, "not authorized to perform: "+want+" ")):
					t.Errorf("%s: %d %s", parameters, got.status, got.message)
				}
			}
		})
	}
}

// TestSelectOfAnotherAccount: whom a vault's policy lets in has the results in his
// own place, and writes nothing with the rights of the vault's owner.
func TestSelectOfAnotherAccount(t *testing.T) {
	const guest = glacier.AccountID("444455556666")
	store := &objectStore{objects: map[string]string{}}
	remote := httptest.NewServer(store)
	defer remote.Close()
	s := &siege{house: newHouse(t, func(c *Config) {
		c.Buckets = map[string]Bucket{"owners": {Settings: bucket.Settings{
			Endpoint: remote.URL, Name: "owners", AccessKey: "AKIAEXAMPLE", SecretKey: "secret", PathStyle: true,
		}}}
	})}
	s.createVault("worm")
	archive := s.house.upload("worm", "", []byte("1,one\n"))
	s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm/access-policy", Body: client.Bytes(policyDocument(
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"glacier:*","Resource":"` + wormARN + `"}}`))})
	if _, _, err := s.srv.Access().CreateAccount(t.Context(), guest, ""); err != nil {
		t.Fatal(err)
	}
	owner := s.client
	s.user(guest, "AmazonGlacierFullAccess")
	begin := func(bucket string) reply {
		return s.call(client.Request{Method: "POST", Path: "/" + testAccount + "/vaults/worm/jobs", Body: client.Bytes([]byte(selectParameters(archive, bucket)))})
	}
	if got := begin("owners"); got.message != "Invalid BucketName: owners. The account 444455556666 may not use this bucket." || len(store.objects) != 0 {
		t.Errorf("%d: %s; there are %v", got.status, got.message, store.objects)
	}
	got := begin("results")
	if got.status != http.StatusAccepted {
		t.Fatalf("%d: %s", got.status, got.message)
	}
	job := got.header.Get(glacier.HeaderJobID)
	s.client = owner
	if d := s.await("worm", job); d.StatusCode != glacier.Succeeded {
		t.Errorf("%+v", d)
	}
	if _, err := os.Stat(filepath.Join(s.cfg.Data, "select", string(guest), "results", "runs", job, "result_manifest.txt")); err != nil {
		t.Error(err)
	}
	if out := s.output("worm", job, ""); string(out.body) != "one\n" {
		t.Errorf("%d: %s", out.status, out.body)
	}
	s.stop()
	if !slices.ContainsFunc(s.lines(), func(e audit.Event) bool {
		return e.Response["jobId"] == job && e.Response["jobOutputPath"] == "runs/"+job+"/"
	}) {
		t.Error("the audit log does not have the job's path")
	}
	s.start()
}

func TestFloor(t *testing.T) {
	for _, tt := range []struct{ free, want int64 }{
		{0, 256 << 20}, {300 << 20, 256 << 20}, {1 << 30, 512 << 20}, {2 << 30, 1 << 30}, {1 << 40, 1 << 30},
	} {
		if got := floorOf(tt.free); got != tt.want {
			t.Errorf("of %d free bytes %d stay, want %d", tt.free, got, tt.want)
		}
	}
}

func TestBucketsThatAreRefused(t *testing.T) {
	good := Bucket{Settings: bucket.Settings{Name: "real-name", Region: "eu-west-1", AccessKey: "a", SecretKey: "s"}}
	for _, tt := range []struct {
		name, bucket string
		change       func(*Bucket)
		want         string
	}{
		{"name that clients cannot give", "Results", func(*Bucket) {}, `bucket "Results": clients cannot give this name`},
		{"no secret", "results", func(b *Bucket) { b.SecretKey = "" }, "bucket results: there must be an access key and its secret"},
		{"account that is none", "results", func(b *Bucket) { b.Accounts = []glacier.AccountID{"1"} }, `bucket results: the account "1" is not twelve digits`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := good
			tt.change(&b)
			err := (&Config{Buckets: map[string]Bucket{tt.bucket: b}}).Validate()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
	err := (&Config{Buckets: map[string]Bucket{"results": good}, SelectTime: -1, SelectOutput: -1}).Validate()
	for _, want := range []string{"select-time is negative", "select-output is negative"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nhas no %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "bucket") {
		t.Error(err)
	}
}
