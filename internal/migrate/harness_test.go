package migrate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/migrate"
	"firn/internal/remote"
	"firn/internal/sigv4"
	"firn/treehash"
)

// The vault has the same name on both sides.
const vault = "photos"

// A side is a server of Firn's with a proxy before it, which counts, and in
// which things go wrong.
type side struct {
	t     *testing.T
	proxy *httptest.Server
	to    string // the server

	access, secret string
	userKey        sigv4.Credentials // of the proxy's callers, if it is another

	mu       sync.Mutex
	inFlight int        // connections and requests
	left     *sync.Cond // of mu: one of them has ended
	rng      *rand.Rand
	fault    int            // of so many requests one goes wrong; 0 is none
	done     map[string]int // what the server has accepted, by what it was

	deaf     bool              // it takes no notice of Firn's headers
	expires  int               // so many outputs are gone when they are first asked for
	gone     []string          // jobs of these
	garbled  string            // an archive that is not read as it was written
	archives map[string]string // by the jobs that retrieve them
}

func newSide(t *testing.T, options ...firntest.Option) *side {
	t.Helper()
	server := firntest.Start(t, options...)
	s := &side{t: t, to: server.URL, access: server.AccessKey, secret: server.SecretKey, done: map[string]int{}, archives: map[string]string{}, rng: rand.New(rand.NewPCG(1, 2))}
	s.left = sync.NewCond(&s.mu)
	s.proxy = httptest.NewUnstartedServer(s)
	s.proxy.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.enter(1)
		case http.StateClosed, http.StateHijacked:
			s.enter(-1)
		}
	}
	s.proxy.Start()
	t.Cleanup(s.proxy.Close)
	return s
}

// amazon is a source with Amazon's ways, but for its patience.
func amazon(t *testing.T) *side {
	return newSide(t, firntest.Profile("aws"), firntest.InventoryInterval(0),
		firntest.Delays(5*time.Millisecond, 30*time.Millisecond, 60*time.Millisecond, 40*time.Millisecond))
}

// service connects to a side, through its proxy or directly.
func (s *side) service(endpoint string) *remote.Service {
	s.t.Helper()
	key := sigv4.Credentials{AccessKeyID: s.access, SecretAccessKey: s.secret}
	if endpoint != s.to && s.userKey.AccessKeyID != "" {
		key = s.userKey
	}
	c, err := client.New(client.Config{Endpoint: endpoint, Region: "us-east-1", Key: key})
	if err != nil {
		s.t.Fatal(err)
	}
	return remote.New(remote.Config{Client: c, Retry: remote.Retry{Attempts: 30, First: time.Millisecond, Longest: 5 * time.Millisecond}})
}

func (s *side) vault() *remote.Vault    { return s.service(s.proxy.URL).Vault(vault) }
func (s *side) straight() *remote.Vault { return s.service(s.to).Vault(vault) }

// user makes the key of the proxy's callers one of a user's.
func (s *side) user(t *testing.T, policy string) {
	t.Helper()
	s.iam(t, "CreateUser&UserName=mover")
	s.iam(t, "AttachUserPolicy&UserName=mover&PolicyArn=arn:aws:iam::aws:policy/"+policy)
	key := s.iam(t, "CreateAccessKey&UserName=mover")
	s.userKey = sigv4.Credentials{AccessKeyID: between(key, "AccessKeyId"), SecretAccessKey: between(key, "SecretAccessKey")}
}

func (s *side) iam(t *testing.T, form string) string {
	t.Helper()
	form = "Version=2010-05-08&Action=" + form
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.to+"/", strings.NewReader(form))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: s.access, SecretAccessKey: s.secret}, "us-east-1", "iam", treehash.Sum([]byte(form)).String(), time.Now())
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", form, resp.Status, body, err)
	}
	return string(body)
}

func between(xml, name string) string {
	_, rest, _ := strings.Cut(xml, "<"+name+">")
	text, _, _ := strings.Cut(rest, "<")
	return text
}

// chance reports whether something goes wrong, and how.
func (s *side) chance() (how int, wrong bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == 0 || s.rng.IntN(s.fault) != 0 {
		return 0, false
	}
	return s.rng.IntN(5), true
}

// settled waits until no connection is open, and with it no request under way:
// whoever had them has ended.
func (s *side) settled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.inFlight > 0 {
		s.left.Wait()
	}
}

func (s *side) enter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight += n
	s.left.Broadcast()
}

// ServeHTTP implements http.Handler.
func (s *side) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.enter(1)
	defer s.enter(-1)
	if s.isGone(r) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"code":"ResourceNotFoundException","type":"Client","message":"The job ID was not found: x"}`)
		return
	}
	if s.deaf && r.Header.Get(glacier.HeaderImportID) != "" {
		r.Header.Del(glacier.HeaderImportID)
		r.Header.Del(glacier.HeaderImportDate)
		signed := r.Clone(r.Context())
		signed.RequestURI = ""
		sigv4.Sign(signed, sigv4.Credentials{AccessKeyID: s.access, SecretAccessKey: s.secret}, "us-east-1", glacier.Service, treehash.Sum(nil).String(), time.Now())
		r.Header = signed.Header
	}
	how, wrong := s.chance()
	switch {
	case wrong && how == 0: // nobody there
		hangUp(w)
		return
	case wrong && how == 1: // an internal failure
		http.Error(w, `{"code":"ServiceUnavailableException","type":"Server","message":"words"}`, http.StatusInternalServerError)
		return
	case wrong && how == 2: // a body that breaks off
		r.Body = io.NopCloser(&cut{r.Body, 1000})
	}
	var document []byte
	if strings.HasSuffix(r.URL.Path, "/jobs") && r.Method == http.MethodPost {
		document, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(document))
	}
	out := r.Clone(context.WithoutCancel(r.Context())) // a killed client has sent what it has sent
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", s.to[len("http://"):]
	out.Host = r.Host // which is signed
	out.URL.Opaque = r.RequestURI
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		hangUp(w)
		return
	}
	defer resp.Body.Close()
	s.learn(document, resp)
	s.count(r, resp)
	if wrong && how == 3 { // a lost reply
		hangUp(w)
		return
	}
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	var body io.Reader = resp.Body
	if s.garbles(r) {
		body = io.MultiReader(bytes.NewReader([]byte("x")), &skip{resp.Body, 1})
	}
	if wrong && how == 4 { // a reply that breaks off
		body = io.LimitReader(body, 1000)
	}
	n, err := io.Copy(w, body)
	if err != nil || wrong && how == 4 && n == 1000 {
		panic(http.ErrAbortHandler)
	}
}

var outputPath = regexp.MustCompile(`/jobs/([^/]+)/output$`)

// isGone reports whether a job has expired.
func (s *side) isGone(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, job := range s.gone {
		if strings.Contains(r.URL.Path, job) {
			return true
		}
	}
	out := outputPath.FindStringSubmatch(r.URL.Path)
	if s.expires == 0 || out == nil || s.archives[out[1]] == "" {
		return false
	}
	s.expires--
	s.gone = append(s.gone, out[1])
	return true
}

// garble makes an archive be read as something else.
func (s *side) garble(id glacier.ArchiveID) {
	s.mu.Lock()
	s.garbled = string(id)
	s.mu.Unlock()
}

func (s *side) garbles(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := outputPath.FindStringSubmatch(r.URL.Path)
	return out != nil && s.garbled != "" && s.archives[out[1]] == s.garbled
}

// skip is a reader without its first bytes.
type skip struct {
	r io.Reader
	n int
}

func (s *skip) Read(p []byte) (int, error) {
	if s.n > 0 {
		if _, err := io.ReadFull(s.r, make([]byte, s.n)); err != nil {
			return 0, err
		}
		s.n = 0
	}
	return s.r.Read(p)
}

// cut is a body that breaks off.
type cut struct {
	r    io.Reader
	left int
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.r.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func hangUp(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		c.Close()
	}
}

// learn notes what a job is for.
func (s *side) learn(document []byte, resp *http.Response) {
	var p struct{ ArchiveID string }
	if json.Unmarshal(document, &p) != nil || p.ArchiveID == "" {
		return
	}
	s.mu.Lock()
	s.archives[resp.Header.Get(glacier.HeaderJobID)] = p.ArchiveID
	s.mu.Unlock()
}

var uploadPath = regexp.MustCompile(`/multipart-uploads/([^/]+)$`)

// count counts what the server has accepted.
func (s *side) count(r *http.Request, resp *http.Response) {
	if resp.StatusCode >= 300 {
		return
	}
	var what string
	upload := uploadPath.FindStringSubmatch(r.URL.Path)
	switch {
	case r.Method == http.MethodPut && upload != nil:
		what = "part " + upload[1] + " " + r.Header.Get("Content-Range")
	case r.Method == http.MethodPost && resp.Header.Get(glacier.HeaderJobID) != "":
		what = "job"
	case r.Method == http.MethodPost && resp.Header.Get(glacier.HeaderArchiveID) != "":
		what = "archive " + resp.Header.Get(glacier.HeaderArchiveID)
	default:
		return
	}
	s.mu.Lock()
	s.done[what]++
	s.mu.Unlock()
}

// counted are how often things were accepted whose name begins like that.
func (s *side) counted(prefix string) (things, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for what, n := range s.done {
		if len(what) >= len(prefix) && what[:len(prefix)] == prefix {
			things++
			times += n
		}
	}
	return things, times
}

// A row is an archive as an inventory has it.
type row struct {
	Description, Created, Tree string
	Size                       int64
}

// fill makes a vault of archives of some sizes, and returns their bytes by id.
func (s *side) fill(sizes ...int) map[glacier.ArchiveID][]byte {
	s.t.Helper()
	v := s.straight()
	must(s.t, v.Create(s.t.Context()))
	all := map[glacier.ArchiveID][]byte{}
	for i, size := range sizes {
		data := bytesOf(uint64(i), size)
		c, err := remote.Measure(s.t.Context(), bytes.NewReader(data), 0, int64(size))
		must(s.t, err)
		r, err := v.Upload(s.t.Context(), fmt.Sprintf(`number %d of "some" \`, i), c)
		must(s.t, err)
		all[r.Archive] = data
	}
	return all
}

func bytesOf(seed uint64, size int) []byte {
	data := make([]byte, size)
	rng := rand.New(rand.NewPCG(seed, 7))
	for i := 0; i < size; i += 97 {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// migration opens a migration between two sides. change may adjust it.
func migration(t *testing.T, file string, from, to *side, change func(*migrate.Config)) (*migrate.Migration, *migrate.State) {
	t.Helper()
	state, err := migrate.OpenState(t.Context(), file)
	must(t, err)
	t.Cleanup(func() { state.Close() })
	must(t, state.Bind(migrate.Bond{Source: "a", Target: "b"}))
	cfg := migrate.Config{
		Source: from.vault(), Target: to.vault(), State: state, Part: glacier.MiB, Tier: glacier.Standard,
		Sleep: quick,
	}
	if change != nil {
		change(&cfg)
	}
	return migrate.New(cfg), state
}

// quick sleeps a thousand times as quick.
func quick(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(min(d, 10*time.Millisecond)):
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

func stateFile(t *testing.T) string { return filepath.Join(t.TempDir(), "deep", "state.db") }

// rows is a vault's inventory, by id.
func (s *side) rows() map[glacier.ArchiveID]row {
	s.t.Helper()
	rows := map[glacier.ArchiveID]row{}
	body := s.output(glacier.JobParameters{Type: ptr(glacier.InventoryRetrieval)})
	for _, m := range rowPattern.FindAllStringSubmatch(string(body), -1) {
		var size int64
		fmt.Sscan(m[4], &size)
		if _, twice := rows[glacier.ArchiveID(m[1])]; twice {
			s.t.Errorf("the inventory has %s twice", m[1])
		}
		rows[glacier.ArchiveID(m[1])] = row{m[2], m[3], m[5], size}
	}
	return rows
}

var rowPattern = regexp.MustCompile(`\{"ArchiveId":"([^"]*)","ArchiveDescription":"((?:[^"\\]|\\.)*)","CreationDate":"([^"]*)","Size":(\d+),"SHA256TreeHash":"([^"]*)"\}`)

func ptr(s string) *string { return &s }

// output is what a job yields.
func (s *side) output(p glacier.JobParameters) []byte {
	s.t.Helper()
	v, ctx := s.straight(), s.t.Context()
	job, err := v.StartJob(ctx, p)
	must(s.t, err)
	for {
		d, err := v.Job(ctx, job)
		must(s.t, err)
		if d.Completed {
			break
		}
		<-time.After(5 * time.Millisecond) // nothing tells
	}
	out, err := v.Output(ctx, job, 0, -1)
	must(s.t, err)
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	must(s.t, err)
	return body
}

// compare fails the test unless the target has what the source had, under the id
// that renamed says, or else the old one.
func compare(t *testing.T, from, to *side, data map[glacier.ArchiveID][]byte, renamed map[glacier.ArchiveID]glacier.ArchiveID) {
	t.Helper()
	want, got := from.rows(), to.rows()
	if len(want) != len(data) || len(got) != len(data) {
		t.Errorf("the source has %d archives and the target %d, want %d", len(want), len(got), len(data))
	}
	for id, w := range want {
		there := id
		if is := renamed[id]; is != "" {
			there = is
			w.Created = got[there].Created
		}
		if g, ok := got[there]; !ok || g != w {
			t.Errorf("archive %s is %+v (%v), want %+v", there, g, ok, w)
			continue
		}
		if body := to.output(glacier.JobParameters{Type: ptr(glacier.ArchiveRetrieval), ArchiveID: ptr(string(there))}); !bytes.Equal(body, data[id]) {
			t.Errorf("archive %s has other bytes, %d of them", there, len(body))
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
