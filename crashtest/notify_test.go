package crashtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

const (
	shortRounds, longRounds = 2, 12
	topicARN                = "arn:aws:sns:" + region + ":111122223333:done"
	// patientPolicy has a failed delivery tried again after a second, for as
	// long as the test lasts.
	patientPolicy = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":100}}}`
)

// TestNotificationsOutliveKills has jobs tell an HTTP subscriber that they are
// done, archive and inventory jobs, those that succeed and those that fail. The
// subscriber takes nothing until the server has been killed, between the jobs'
// completion and the delivery. Whatever was completed reaches it in the end,
// with a signature that another program finds good.
func TestNotificationsOutliveKills(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("LEFT OUT: openssl is not installed, which verifies the signatures (./check installs it)")
	}
	rounds := shortRounds
	if long() {
		rounds = longRounds
	}
	data := filepath.Join(t.TempDir(), "data")
	sub := newSubscriber(t)
	p, a := start(t, data, "--allow-private-endpoints")
	sub.subscribe(a)
	archives := listened(t, a, data)
	var jobs []string
	for range rounds {
		sub.refuse(true)
		began := a.beginJobs(t, archives)
		jobs = append(jobs, began...)
		a.awaitJobs(t, began)
		p.kill()
		sub.refuse(false)
		p, a = start(t, data, "--allow-private-endpoints")
		until(t, "every completed job was told", func() bool { return sub.heardOf(jobs) })
	}
	sub.compare(a, jobs)
	p.end()
	// Whether the archive whose file was removed is found damaged is another
	// test's business.
	t.Logf("%d jobs, %d messages, %d of them more than once", len(jobs), sub.count(), sub.repeats())
}

// listened makes a vault that tells the topic, with a small and a large archive
// and one whose bytes are gone.
func listened(t *testing.T, a *api, data string) (archives []string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(a.createVault("told"))
	_, _, err := a.do("PUT", path("told", "notification-configuration"), nil, client.Bytes(
		fmt.Appendf(nil, `{"SNSTopic":%q,"Events":["ArchiveRetrievalCompleted","InventoryRetrievalCompleted"]}`, topicARN)))
	check(err)
	for i, size := range []int{10, 3 << 20, 2<<20 + 1} {
		id, err := a.upload("told", fmt.Sprint("archive ", i), content{uint64(i), size}.bytes())
		check(err)
		archives = append(archives, id)
	}
	files, err := filepath.Glob(filepath.Join(data, "payload", "*", "*.pay"))
	check(err)
	for _, file := range files {
		info, err := os.Stat(file)
		check(err)
		if info.Size() < 3<<20 {
			check(os.Remove(file))
		}
	}
	return archives
}

// beginJobs begins a retrieval of each archive, one of which will fail, and an
// inventory in each format.
func (a *api) beginJobs(t *testing.T, archives []string) (jobs []string) {
	t.Helper()
	bodies := []string{`{"Type":"inventory-retrieval"}`, `{"Type":"inventory-retrieval","Format":"CSV"}`}
	for _, id := range archives {
		bodies = append(bodies, fmt.Sprintf(`{"Type":"archive-retrieval","ArchiveId":%q}`, id))
	}
	for _, body := range bodies {
		id, err := a.make("POST", path("told", "jobs"), "x-amz-job-id", nil, client.Bytes([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, id)
	}
	return jobs
}

func (a *api) awaitJobs(t *testing.T, jobs []string) {
	t.Helper()
	for _, id := range jobs {
		until(t, "job "+id, func() bool {
			var d struct{ Completed bool }
			if err := a.get(path("told", "jobs", id), &d); err != nil {
				t.Fatal(err)
			}
			return d.Completed
		})
	}
}

// A subscriber is somebody else's HTTP server.
type subscriber struct {
	t    *testing.T
	http *httptest.Server

	mu       sync.Mutex
	closed   bool              // it refuses what comes
	pending  string            // SubscribeURL, until it was visited
	messages map[string]string // by JobId
	times    map[string]int    // by MessageId
}

func newSubscriber(t *testing.T) *subscriber {
	s := &subscriber{t: t, messages: map[string]string{}, times: map[string]int{}}
	s.http = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.http.Close)
	return s
}

func (s *subscriber) refuse(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = yes
}

// An envelope is what SNS posts.
type envelope struct {
	Type, MessageId, Token, TopicArn, Subject, Message, SubscribeURL, Timestamp, SignatureVersion, Signature, SigningCertURL string
}

// take takes one message, if its signature is good.
func (s *subscriber) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var e envelope
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.t.Errorf("a message that cannot be read: %v", err)
		return
	case s.closed:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case r.Header.Get("x-amz-sns-message-type") != e.Type, r.Header.Get("x-amz-sns-message-id") != e.MessageId, e.TopicArn != topicARN:
		s.t.Errorf("headers %v of %s", r.Header, body)
	}
	if err := verify(s.t.TempDir(), &e); err != nil {
		s.t.Errorf("signature of %s: %v", body, err)
	}
	if e.Type == "SubscriptionConfirmation" {
		s.pending = e.SubscribeURL
		return
	}
	var job struct{ JobId string }
	if err := json.Unmarshal([]byte(e.Message), &job); err != nil {
		s.t.Errorf("message %s: %v", e.Message, err)
	}
	s.times[e.MessageId]++
	s.messages[job.JobId] = e.Message
}

// verify has openssl verify a signature, over what SNS says is signed.
func verify(dir string, e *envelope) error {
	var text strings.Builder
	add := func(name, value string) { text.WriteString(name + "\n" + value + "\n") }
	add("Message", e.Message)
	add("MessageId", e.MessageId)
	if e.Type == "SubscriptionConfirmation" {
		add("SubscribeURL", e.SubscribeURL)
	} else if e.Subject != "" {
		add("Subject", e.Subject)
	}
	add("Timestamp", e.Timestamp)
	if e.Type == "SubscriptionConfirmation" {
		add("Token", e.Token)
	}
	add("TopicArn", e.TopicArn)
	add("Type", e.Type)
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil {
		return err
	}
	resp, err := http.Get(e.SigningCertURL)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	certificate, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, data := range map[string][]byte{"text": []byte(text.String()), "signature": signature, "certificate": certificate} {
		if err := os.WriteFile(in(name), data, 0o600); err != nil {
			return err
		}
	}
	key, err := exec.Command("openssl", "x509", "-in", in("certificate"), "-noout", "-pubkey").Output()
	if err != nil {
		return fmt.Errorf("certificate from %s: %w", e.SigningCertURL, err)
	}
	if err := os.WriteFile(in("key"), key, 0o600); err != nil {
		return err
	}
	digest := map[string]string{"1": "-sha1", "2": "-sha256"}[e.SignatureVersion]
	out, err := exec.Command("openssl", "dgst", digest, "-verify", in("key"), "-signature", in("signature"), in("text")).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Verified OK")) {
		return fmt.Errorf("%s: %w", out, err)
	}
	return nil
}

// subscribe makes the topic, and follows the link that the subscriber is sent.
func (s *subscriber) subscribe(a *api) {
	s.t.Helper()
	a.sns(s.t, "CreateTopic", "Name", "done")
	a.sns(s.t, "SetTopicAttributes", "TopicArn", topicARN, "AttributeName", "DeliveryPolicy", "AttributeValue", patientPolicy)
	a.sns(s.t, "Subscribe", "TopicArn", topicARN, "Protocol", "http", "Endpoint", s.http.URL+"/hook")
	link := ""
	until(s.t, "the request to confirm", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		link = s.pending
		return link != ""
	})
	resp, err := http.Get(link)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s", link, resp.Status)
	}
}

// sns sends a signed request of SNS's Query API, which is to succeed.
func (a *api) sns(t *testing.T, action string, parameters ...string) {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-03-31"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	body := form.Encode()
	r, err := http.NewRequestWithContext(t.Context(), "POST", a.url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	hash := treehash.Sum([]byte(body)) // of less than a MiB: the plain SHA-256
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, region, "sns", hash.String(), time.Now())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || xml.Unmarshal(reply, new(struct{})) != nil {
		t.Fatalf("%s: %s, %v\n%s", action, resp.Status, err, reply)
	}
}

func (s *subscriber) heardOf(jobs []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range jobs {
		if s.messages[id] == "" {
			return false
		}
	}
	return true
}

// compare holds what was told against what is described.
func (s *subscriber) compare(a *api, jobs []string) {
	s.t.Helper()
	outcomes := map[string]int{}
	for _, id := range jobs {
		_, described, err := a.do("GET", path("told", "jobs", id), nil, client.Body{})
		if err != nil {
			s.t.Fatal(err)
		}
		if got := s.messages[id]; got != string(described) {
			s.t.Errorf("told\n%s\nand described\n%s", got, described)
		}
		var d struct{ Action, StatusCode string }
		if err := json.Unmarshal(described, &d); err != nil {
			s.t.Fatal(err)
		}
		outcomes[d.Action+" "+d.StatusCode]++
	}
	for _, want := range []string{"ArchiveRetrieval Succeeded", "ArchiveRetrieval Failed", "InventoryRetrieval Succeeded"} {
		if outcomes[want] == 0 {
			s.t.Errorf("no job ended as %s: %v", want, outcomes)
		}
	}
}

func (s *subscriber) count() (n int) {
	for _, times := range s.times {
		n += times
	}
	return n
}

func (s *subscriber) repeats() (n int) {
	for _, times := range s.times {
		if times > 1 {
			n++
		}
	}
	return n
}
