package crashtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/internal/client"
)

// TestThousandsOfJobs has jobs finish all at once, and tell four subscribers:
// one that is well, one that is slow, one that hangs on every message, and one
// that is not there. The first two miss nothing, the third and the fourth hold
// nobody up, and the server's memory stays what it is.
func TestThousandsOfJobs(t *testing.T) {
	jobs, pause := 300, 2*time.Millisecond
	if long() {
		jobs, pause = 10_000, 5*time.Millisecond
	}
	// Long enough to begin them all.
	delay := 3*time.Second + time.Duration(jobs)*time.Millisecond
	p, a := start(t, filepath.Join(t.TempDir(), "data"), "--allow-private-endpoints", "--standard-delay", delay.String())
	a.sns(t, "CreateTopic", "Name", "done")
	well, slow, hung := newListener(t, 0), newListener(t, pause), newListener(t, time.Hour)
	for _, l := range []*listener{well, slow, hung} {
		l.subscribe(t, a)
	}
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	a.sns(t, "Subscribe", "TopicArn", topicARN, "Protocol", "webhook", "Endpoint", dead.URL)

	began := time.Now()
	a.beginThousands(t, jobs)
	ready := began.Add(delay) // the first is done then, and the last soon after
	until(t, "all jobs told the one that is well", func() bool { return well.heard() >= jobs })
	first := time.Since(ready)
	resident1 := resident(t, p.cmd.Process.Pid)
	deadline := time.Now().Add(patience + time.Duration(jobs)*2*pause)
	for slow.heard() < jobs {
		if time.Now().After(deadline) {
			t.Fatalf("the slow one has heard of %d jobs", slow.heard())
		}
		<-time.After(10 * time.Millisecond)
	}
	peak := resident(t, p.cmd.Process.Pid)
	t.Logf("%d jobs: the one that is well has heard of all %v after the first was due, the slow one (%v each) %v; at most %d MiB resident, %d when the first had all",
		jobs, first.Round(10*time.Millisecond), pause, time.Since(ready).Round(10*time.Millisecond), peak>>10, resident1>>10)
	if peak > maxResident {
		t.Errorf("the server had %d KiB resident; at most %d are allowed", peak, maxResident)
	}
	hung.close()
	p.end()
}

// beginThousands begins jobs from many clients at the same time.
func (a *api) beginThousands(t *testing.T, jobs int) {
	t.Helper()
	if err := a.createVault("told"); err != nil {
		t.Fatal(err)
	}
	_, _, err := a.do("PUT", path("told", "notification-configuration"), nil, client.Bytes(
		fmt.Appendf(nil, `{"SNSTopic":%q,"Events":["ArchiveRetrievalCompleted"]}`, topicARN)))
	if err != nil {
		t.Fatal(err)
	}
	archive, err := a.upload("told", "one", content{1, 1000}.bytes())
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Appendf(nil, `{"Type":"archive-retrieval","ArchiveId":%q}`, archive)
	var next atomic.Int64
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for next.Add(1) <= int64(jobs) {
				if _, err := a.make("POST", path("told", "jobs"), "x-amz-job-id", nil, client.Bytes(body)); err != nil {
					t.Errorf("begin a job: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
}

// A listener is a subscriber that counts.
type listener struct {
	http    *httptest.Server
	pause   time.Duration // that it takes for each message
	ended   chan struct{} // closed by close
	once    sync.Once
	mu      sync.Mutex
	jobs    map[string]bool
	pending string
}

func newListener(t *testing.T, pause time.Duration) *listener {
	l := &listener{pause: pause, jobs: map[string]bool{}, ended: make(chan struct{})}
	l.http = httptest.NewServer(http.HandlerFunc(l.take))
	t.Cleanup(func() {
		l.close()
		l.http.Close()
	})
	return l
}

// close lets go of what hangs.
func (l *listener) close() { l.once.Do(func() { close(l.ended) }) }

func (l *listener) take(w http.ResponseWriter, r *http.Request) {
	var e envelope
	if json.NewDecoder(r.Body).Decode(&e) != nil {
		return
	}
	if e.Type == "SubscriptionConfirmation" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pending = e.SubscribeURL
		return
	}
	if l.pause > 0 {
		select {
		case <-time.After(l.pause):
		case <-l.ended:
		}
	}
	var job struct{ JobId string }
	if json.Unmarshal([]byte(e.Message), &job) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs[job.JobId] = true
}

func (l *listener) heard() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.jobs)
}

// subscribe subscribes, and follows the link that comes.
func (l *listener) subscribe(t *testing.T, a *api) {
	t.Helper()
	a.sns(t, "Subscribe", "TopicArn", topicARN, "Protocol", "http", "Endpoint", l.http.URL)
	link := ""
	until(t, "the request to confirm", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		link = l.pending
		return link != ""
	})
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}
