package firn

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

// divergences are the lines of the first list of DIVERGENCES.md: how each is
// tried, or where else it is.
var divergences = map[string]func(t *testing.T){
	"fast-jobs": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		h.finished("v", h.job("v", `{"Type":"archive-retrieval","ArchiveId":"`+h.upload("v", "x")+`"}`))
		slow := start(t, firntest.Profile("aws"))
		slow.vault("v")
		id := slow.job("v", `{"Type":"archive-retrieval","ArchiveId":"`+slow.upload("v", "x")+`"}`)
		if d := slow.describeJob("v", id); d.Completed {
			t.Error("with the profile aws a job is complete at once")
		}
	},
	"fast-inventory": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		archive := h.upload("v", "x")
		id := h.job("v", `{"Type":"inventory-retrieval"}`)
		h.finished("v", id)
		if body := h.ok("GET", "/-/vaults/v/jobs/"+id+"/output", "").body; !strings.Contains(body, archive) {
			t.Errorf("the inventory %s lacks %s", body, archive)
		}
		if h.describe("v").LastInventoryDate == nil {
			t.Error("the vault has no inventory date")
		}
		slow := start(t, firntest.Profile("aws"))
		slow.vault("v")
		slow.refused(glacier.ResourceNotFound, "POST", "/-/vaults/v/jobs", `{"Type":"inventory-retrieval"}`)
	},
	"fast-counters": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		h.upload("v", "x")
		if n := h.describe("v").NumberOfArchives; n != 1 {
			t.Errorf("%d archives, want 1 at once", n)
		}
	},
	"fast-delete-vault": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		id := h.upload("v", "x")
		h.refused(glacier.InvalidParameterValue, "DELETE", "/-/vaults/v", "")
		h.ok("DELETE", "/-/vaults/v/archives/"+id, "")
		h.ok("DELETE", "/-/vaults/v", "")
		slow := start(t, firntest.Profile("aws"))
		slow.vault("v")
		slow.ok("DELETE", "/-/vaults/v/archives/"+slow.upload("v", "x"), "")
		slow.refused(glacier.InvalidParameterValue, "DELETE", "/-/vaults/v", "")
	},
	"aws-first-inventory": tried("it takes up to an hour; internal/job tests it with a short interval"),
	"early-refusal": func(t *testing.T) {
		h := start(t)
		// The body never comes; a server that waited for it would not answer.
		body, never := io.Pipe()
		defer never.Close()
		_, err := h.c.Do(t.Context(), client.Request{
			Method: "POST", Path: "/-/vaults/missing/archives",
			Header: http.Header{glacier.HeaderTreeHash: {treehash.Hash{}.String()}},
			Body:   client.Stream(body, 1<<20, treehash.Hash{}),
		})
		h.is(err, glacier.ResourceNotFound)
	},
	"select-language": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		id := h.upload("v", "a,1\nb,2\nc,x\n")
		h.selects(id, "SELECT COUNT(*), SUM(_2), AVG(_2), MIN(_2), MAX(_2) FROM archive WHERE _2 > 0", "2,3,1.5,1,2\n")
		h.selects(id, "SELECT CASE _1 WHEN 'a' THEN 1 ELSE 0 END FROM archive LIMIT 2", "1\n0\n")
	},
	"select-input": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		h.selects(h.upload("v", `{"a":1,"b":{"c":"x"}}`+"\n"), "SELECT s.a, s.b.c FROM archive s", "1,x\n")
		var packed strings.Builder
		w := gzip.NewWriter(&packed)
		if _, err := io.WriteString(w, "a,b\n"); err != nil || w.Close() != nil {
			t.Fatal("gzip failed")
		}
		h.selects(h.upload("v", packed.String()), "SELECT _2 FROM archive", "b\n")
	},
	"select-directory": tried("foreign has results in a folder and in a bucket, and internal/selection the accounts"),
	"select-output": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		id := h.job("v", selectJob(h.upload("v", "a,b\n"), "SELECT * FROM archive"))
		h.finished("v", id)
		part := h.send(client.Request{
			Method: "GET", Path: "/-/vaults/v/jobs/" + id + "/output", Header: http.Header{"Range": {"bytes=2-2"}},
		})
		if part.body != "b" || part.header.Get("Content-Type") != "text/csv" {
			t.Errorf("%q %s", part.body, part.header)
		}
	},
	"select-options": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		doc := strings.Replace(selectJob(h.upload("v", "a,b\n"), "SELECT * FROM archive"), `"Prefix"`, `"CannedACL":"public-read","Tagging":{"a":"b"},"Prefix"`, 1)
		h.finished("v", h.job("v", doc))
	},
	"select-order": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		var rows strings.Builder
		for i := range 1_000_000 {
			fmt.Fprintln(&rows, i)
		}
		h.selects(h.upload("v", rows.String()), "SELECT * FROM archive", rows.String())
		d := h.fails(h.upload("v", rows.String()+"x\ny\n"), "SELECT CAST(_1 AS INT) FROM archive")
		if !strings.Contains(d, "record 1000001") {
			t.Error(d)
		}
	},
	"select-decimals": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		id := h.upload("v", "a\n")
		h.selects(id, "SELECT CAST('1e100000' AS DECIMAL) > 1, CAST('2017-01-02T03:04:05.123456789012345678Z' AS TIMESTAMP) FROM archive",
			"true,2017-01-02T03:04:05.123456789012345678Z\n")
		h.fails(id, "SELECT CAST('1e100001' AS DECIMAL) FROM archive")
		h.fails(id, "SELECT CAST('2017-01-02T03:04:05.1234567890123456789Z' AS TIMESTAMP) FROM archive")
	},
	"select-characters": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		doc := strings.Replace(selectJob(h.upload("v", "a,b\n"), "SELECT * FROM archive"), `"SQL"`, `"SQL","InputSerialization":{"csv":{"QuoteCharacter":"«"}}`, 1)
		h.refused(glacier.InvalidParameterValue, "POST", "/-/vaults/v/jobs", doc)
	},
	"select-limits": tried("internal/selection has queries that take too long and select too much"),

	"sns-subset": func(t *testing.T) {
		h := start(t)
		h.query(http.StatusBadRequest, "sns", "Action=CreateTopic&Name=a.fifo&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true")
		h.query(http.StatusOK, "sns", "Action=CreateTopic&Name=a")
		h.query(http.StatusBadRequest, "sns", "Action=Subscribe&TopicArn=arn:aws:sns:us-east-1:111122223333:a&Protocol=email&Endpoint=a@example.com")
	},
	"sns-certificate":  tried("crashtest verifies signatures with openssl"),
	"sns-dead-letters": tried("cmd/firn/testdata/topic.txtar lists and replays them"),
	"sns-unsubscribe": func(t *testing.T) {
		h := start(t)
		status, _ := h.unsigned("GET", "/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:111122223333:a:b")
		if status != http.StatusForbidden {
			t.Errorf("status %d", status)
		}
	},
	"sns-private": func(t *testing.T) {
		h := start(t)
		h.query(http.StatusOK, "sns", "Action=CreateTopic&Name=a")
		const subscribe = "Action=Subscribe&TopicArn=arn:aws:sns:us-east-1:111122223333:a&Protocol=http&Endpoint="
		h.query(http.StatusBadRequest, "sns", subscribe+"http://127.0.0.1/")
		h.query(http.StatusBadRequest, "sns", subscribe+"http://10.0.0.1/")
	},
	"sqs-subset": func(t *testing.T) {
		h := start(t)
		h.query(http.StatusBadRequest, "sqs", "Action=CreateQueue&QueueName=a.fifo&Attribute.1.Name=FifoQueue&Attribute.1.Value=true")
		h.query(http.StatusOK, "sqs", "Action=CreateQueue&QueueName=a")
	},
	"no-token": func(t *testing.T) {
		h := start(t)
		h.plain(http.StatusForbidden, glacier.MissingAuthenticationToken, "GET", "/-/vaults")
	},
	"unknown-key": func(t *testing.T) {
		h := start(t)
		h.as(sigv4.Credentials{AccessKeyID: "AKIDNOBODY", SecretAccessKey: "x"})
		if err := h.refused(glacier.UnrecognizedClient, "GET", "/-/vaults", ""); err.Status != http.StatusForbidden {
			t.Errorf("status %d", err.Status)
		}
	},
	"session-token": func(t *testing.T) {
		h := start(t)
		h.as(sigv4.Credentials{AccessKeyID: h.s.AccessKey, SecretAccessKey: h.s.SecretKey, SessionToken: "token"})
		h.refused(glacier.UnrecognizedClient, "GET", "/-/vaults", "")
	},
	"no-roles":  tried("there is nothing to try"),
	"disk-full": tried("it needs a full disk; internal/store/local tests it with disk.Inject"),
	"deleted-archive": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		id := h.upload("v", "x")
		h.ok("DELETE", "/-/vaults/v/archives/"+id, "")
		h.refused(glacier.ResourceNotFound, "POST", "/-/vaults/v/jobs", `{"Type":"archive-retrieval","ArchiveId":"`+id+`"}`)
	},
	"unknown-route": func(t *testing.T) {
		h := start(t)
		if err := h.refused(glacier.UnknownOperation, "GET", "/-/shelves", ""); err.Status != http.StatusNotFound {
			t.Errorf("status %d", err.Status)
		}
		if err := h.refused(glacier.MethodNotAllowed, "PATCH", "/-/vaults", ""); err.Status != http.StatusMethodNotAllowed {
			t.Errorf("status %d", err.Status)
		}
	},
	"trailing-slash": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		h.ok("GET", "/-/vaults/", "")
		h.ok("GET", "/-/vaults/v/jobs/", "")
	},
	"any-host": func(t *testing.T) {
		h := start(t)
		r, err := http.NewRequestWithContext(t.Context(), "GET", h.s.URL+"/-/vaults", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "glacier.eu-central-1.amazonaws.com"
		r.Header.Set(glacier.HeaderVersion, glacier.Version)
		const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		key := sigv4.Credentials{AccessKeyID: h.s.AccessKey, SecretAccessKey: h.s.SecretKey}
		sigv4.Sign(r, key, h.s.Region, glacier.Service, empty, time.Now())
		h.answers(r, http.StatusOK)
		r.Host = "another.example" // than was signed
		h.answers(r, http.StatusForbidden)
	},
	"one-region": func(t *testing.T) {
		h := start(t)
		h.region("eu-west-1")
		h.refused(glacier.InvalidSignature, "GET", "/-/vaults", "")
	},
	"throttling": func(t *testing.T) {
		h := start(t)
		for range 100 {
			h.ok("GET", "/-/vaults", "")
		}
		slow := start(t, firntest.Rates(0, 1))
		slow.ok("GET", "/-/vaults", "")
		slow.refused(glacier.Throttling, "GET", "/-/vaults", "")
	},
	"expedited-capacity": func(t *testing.T) {
		begin := func(h *house, n int) string {
			h.vault("v")
			body := `{"Type":"archive-retrieval","Tier":"Expedited","ArchiveId":"` + h.upload("v", "x") + `"}`
			for range n {
				h.job("v", body)
			}
			return body
		}
		begin(start(t), 20)
		h := start(t, firntest.Profile("aws"))
		body := begin(h, 10)
		h.refused(glacier.InsufficientCapacity, "POST", "/-/vaults/v/jobs", body)
		h.ok("POST", "/-/provisioned-capacity", "")
		for range 3 {
			h.job("v", body)
		}
		h.refused(glacier.InsufficientCapacity, "POST", "/-/vaults/v/jobs", body)
	},
	"free-tier":  tried("internal/job tests it over days"),
	"no-bill":    tried("there is nothing to try"),
	"lock-clock": tried("it needs a clock that is set; internal/store/local and internal/server test it"),
	"root-mends-policy": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		const shut = `{"Policy":"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"glacier:*\",\"Resource\":\"*\"}}"}`
		h.ok("PUT", "/-/vaults/v/access-policy", shut)
		h.refused(glacier.AccessDenied, "DELETE", "/-/vaults/v", "")
		h.ok("DELETE", "/-/vaults/v/access-policy", "")
		h.ok("POST", "/-/vaults/v/lock-policy", shut)
		h.refused(glacier.AccessDenied, "DELETE", "/-/vaults/v/access-policy", "")
	},
	"no-longer-supported": never("NoLongerSupportedException"),
	"expedited-size":      tried("it needs 250 MB; there is no such check"),
	"import": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		sum := treehash.Sum([]byte("x")).String()
		old := client.Request{Method: "POST", Path: "/-/vaults/v/archives", Body: client.Bytes([]byte("x")), Header: http.Header{
			glacier.HeaderTreeHash: {sum}, glacier.HeaderImportID: {"-old"}, glacier.HeaderImportDate: {"2014-03-20T17:03:43Z"},
		}}
		if id := h.send(old).header.Get(glacier.HeaderArchiveID); id != "-old" {
			t.Errorf("it has the id %s", id)
		}
		young, err := json.Marshal(map[string]string{"Policy": `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"glacier:DeleteArchive",` +
			`"Resource":"*","Condition":{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}}]}`})
		if err != nil {
			t.Fatal(err)
		}
		h.ok("PUT", "/-/vaults/v/access-policy", string(young))
		h.refused(glacier.AccessDenied, "DELETE", "/-/vaults/v/archives/-old", "")
	},
	"upload-token": func(t *testing.T) {
		h := start(t)
		h.vault("v")
		upload := func(body string) client.Request {
			return client.Request{Method: "POST", Path: "/-/vaults/v/archives", Body: client.Bytes([]byte(body)), Header: http.Header{
				glacier.HeaderTreeHash: {treehash.Sum([]byte(body)).String()}, glacier.HeaderUploadToken: {"put-1"},
			}}
		}
		first, again := h.send(upload("x")).header.Get(glacier.HeaderArchiveID), h.send(upload("x")).header.Get(glacier.HeaderArchiveID)
		if first == "" || first != again {
			t.Errorf("sent twice, it has the ids %s and %s", first, again)
		}
		resp, err := h.c.Do(t.Context(), upload("y"))
		if err == nil {
			resp.Body.Close()
		}
		h.is(err, glacier.InvalidParameterValue)
	},
	"ids-without-hyphen": tried("internal/token tests it for every kind"),
	"http1": func(t *testing.T) {
		h := start(t)
		if got := h.ok("GET", "/-/vaults", ""); got.major != 1 {
			t.Errorf("answered with HTTP/%d", got.major)
		}
	},
	"health": func(t *testing.T) {
		h := start(t)
		for _, path := range []string{"/healthz", "/readyz"} {
			if status, body := h.unsigned("GET", path); status != http.StatusOK {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
	},
}

// query sends a signed form of another API's, and wants a status.
func (h *house) query(want int, service, form string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), "POST", h.s.URL+"/", strings.NewReader(form))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	key := sigv4.Credentials{AccessKeyID: h.s.AccessKey, SecretAccessKey: h.s.SecretKey}
	sigv4.Sign(r, key, h.s.Region, service, treehash.Sum([]byte(form)).String(), time.Now())
	h.answers(r, want)
}

// tried is for a line that is tried elsewhere, or cannot be.
func tried(why string) func(*testing.T) {
	return func(t *testing.T) { t.Skip(why) }
}

// never is for an error that no code of ours makes.
func never(code string) func(*testing.T) {
	return func(t *testing.T) {
		for _, s := range sources(t) {
			if !s.test && strings.Contains(read(t, s.file), code) {
				t.Errorf("%s makes %s", s.file, code)
			}
		}
	}
}

var divergenceKey = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|")

// TestDivergences tries every line of the first list, and finds that neither
// the list nor the tests have one that the other lacks.
func TestDivergences(t *testing.T) {
	first, second, ok := strings.Cut(read(t, "DIVERGENCES.md"), "\n## 2.")
	if !ok {
		t.Fatal("DIVERGENCES.md has no second list")
	}
	listed := keys(first)
	for _, key := range listed {
		try := divergences[key]
		if try == nil {
			t.Errorf("nothing tries the line %s", key)
			continue
		}
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			try(t)
		})
	}
	for _, key := range slices.Sorted(maps.Keys(divergences)) {
		if !slices.Contains(listed, key) {
			t.Errorf("%s is tried, and not in the list", key)
		}
	}
	all := append(listed, keys(second)...)
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			t.Errorf("the key %s is there twice", all[i])
		}
	}
}

func keys(list string) (found []string) {
	for _, m := range divergenceKey.FindAllStringSubmatch(list, -1) {
		found = append(found, m[1])
	}
	return found
}

// A house is a server and a client of it.
type house struct {
	t    *testing.T
	s    *firntest.Server
	c    *client.Client
	http http.Client // for what is not signed, or not as client does it
}

func start(t *testing.T, options ...firntest.Option) *house {
	t.Helper()
	h := &house{t: t, s: firntest.Start(t, options...)}
	h.as(sigv4.Credentials{AccessKeyID: h.s.AccessKey, SecretAccessKey: h.s.SecretKey})
	return h
}

// as makes the client sign with other credentials.
func (h *house) as(key sigv4.Credentials) {
	h.connect(client.Config{Endpoint: h.s.URL, Key: key, Region: h.s.Region})
}

// region makes the client sign for another region.
func (h *house) region(region string) {
	h.connect(client.Config{Endpoint: h.s.URL, Key: sigv4.Credentials{AccessKeyID: h.s.AccessKey, SecretAccessKey: h.s.SecretKey}, Region: region})
}

func (h *house) connect(cfg client.Config) {
	h.t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.c = c
}

// A reply is one that was read to its end.
type reply struct {
	header http.Header
	major  int // of HTTP's version
	body   string
}

// ok sends a request that is to succeed.
func (h *house) ok(method, path, body string) reply {
	h.t.Helper()
	return h.send(client.Request{Method: method, Path: path, Body: client.Bytes([]byte(body))})
}

func (h *house) send(q client.Request) reply {
	h.t.Helper()
	resp, err := h.c.Do(h.t.Context(), q)
	if err != nil {
		h.t.Fatalf("%s %s: %v", q.Method, q.Path, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatalf("%s %s: %v", q.Method, q.Path, err)
	}
	return reply{resp.Header, resp.ProtoMajor, string(got)}
}

// refused sends a request that is to be refused.
func (h *house) refused(code glacier.Code, method, path, body string) *client.Error {
	h.t.Helper()
	resp, err := h.c.Do(h.t.Context(), client.Request{Method: method, Path: path, Body: client.Bytes([]byte(body))})
	if err == nil {
		resp.Body.Close()
	}
	return h.is(err, code)
}

// is makes sure that an error is a refusal with the code.
func (h *house) is(err error, code glacier.Code) *client.Error {
	h.t.Helper()
	var refusal *client.Error
	if !errors.As(err, &refusal) || refusal.Refusal == nil || refusal.Refusal.Code != code {
		h.t.Fatalf("got %v, want %s", err, code)
	}
	return refusal
}

// unsigned sends a request without a signature.
func (h *house) unsigned(method, path string) (status int, body string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.s.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	resp, err := h.http.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// answers sends a request as it is.
func (h *house) answers(r *http.Request, status int) {
	h.t.Helper()
	resp, err := h.http.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != status {
		h.t.Errorf("%s at %s: %s, want %d", r.URL, r.Host, resp.Status, status)
	}
}

// plain sends a request without a signature, which is to be refused.
func (h *house) plain(status int, code glacier.Code, method, path string) {
	h.t.Helper()
	if got, body := h.unsigned(method, path); got != status || !strings.Contains(body, string(code)) {
		h.t.Errorf("%s %s: %d %s, want %d %s", method, path, got, body, status, code)
	}
}

func (h *house) vault(name string) {
	h.t.Helper()
	h.ok("PUT", "/-/vaults/"+name, "")
}

func (h *house) describe(vault string) (d glacier.VaultDescription) {
	h.t.Helper()
	h.document("/-/vaults/"+vault, &d)
	return d
}

func (h *house) document(path string, to any) {
	h.t.Helper()
	body := h.ok("GET", path, "").body
	if err := json.Unmarshal([]byte(body), to); err != nil {
		h.t.Fatalf("%s: %s: %v", path, body, err)
	}
}

// upload archives a short text.
func (h *house) upload(vault, text string) (id string) {
	h.t.Helper()
	sum := treehash.Sum([]byte(text))
	got := h.send(client.Request{
		Method: "POST", Path: "/-/vaults/" + vault + "/archives", Body: client.Bytes([]byte(text)),
		Header: http.Header{glacier.HeaderTreeHash: {sum.String()}},
	})
	return got.header.Get(glacier.HeaderArchiveID)
}

func (h *house) job(vault, parameters string) (id string) {
	h.t.Helper()
	return h.ok("POST", "/-/vaults/"+vault+"/jobs", parameters).header.Get(glacier.HeaderJobID)
}

// A jobState is what the tests look at of a job.
type jobState struct {
	Completed  bool
	StatusCode string
	SNSTopic   *string
}

// selectJob is the request of a select job whose results go to a folder.
func selectJob(archive, sql string) string {
	expression, err := json.Marshal(sql)
	if err != nil {
		panic(err) // of a string?
	}
	return `{"Type":"select","ArchiveId":"` + archive + `","SelectParameters":{"ExpressionType":"SQL","Expression":` + string(expression) +
		`},"OutputLocation":{"S3":{"BucketName":"answers","Prefix":"runs"}}}`
}

// selects has a query print what it should.
func (h *house) selects(archive, sql, want string) {
	h.t.Helper()
	id := h.job("v", selectJob(archive, sql))
	h.finished("v", id)
	if got := h.ok("GET", "/-/vaults/v/jobs/"+id+"/output", "").body; got != want {
		h.t.Errorf("%s: %.200q, want %.200q", sql, got, want)
	}
}

// fails has a query fail, and returns why.
func (h *house) fails(archive, sql string) string {
	h.t.Helper()
	id := h.job("v", selectJob(archive, sql))
	var d struct {
		StatusCode    string
		StatusMessage *string
	}
	for d.StatusMessage == nil {
		h.document("/-/vaults/v/jobs/"+id, &d)
	}
	if d.StatusCode != glacier.Failed {
		h.t.Errorf("%s: %s", sql, d.StatusCode)
	}
	return *d.StatusMessage
}

func (h *house) describeJob(vault, id string) (d jobState) {
	h.t.Helper()
	h.document("/-/vaults/"+vault+"/jobs/"+id, &d)
	return d
}

// finished waits until a job has succeeded. The API has no other way to wait
// than to ask.
func (h *house) finished(vault, id string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	for {
		d := h.describeJob(vault, id)
		if d.Completed {
			if d.StatusCode != glacier.Succeeded {
				h.t.Fatalf("job is %s", d.StatusCode)
			}
			return
		}
		if ctx.Err() != nil {
			h.t.Fatal("job does not end")
		}
	}
}
