package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/remote"
	"firn/internal/sigv4"
	"firn/treehash"
)

// service returns a Service of a server, which retries without pauses.
func service(t *testing.T, h http.HandlerFunc, change ...func(*remote.Config)) *remote.Service {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return at(t, server.URL, change...)
}

func at(t *testing.T, endpoint string, change ...func(*remote.Config)) *remote.Service {
	t.Helper()
	c, err := client.New(client.Config{Endpoint: endpoint, Region: "us-east-1", Key: sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := remote.Config{Client: c, Retry: remote.Retry{Attempts: 4, Sleep: func(context.Context, time.Duration) error { return nil }}}
	for _, f := range change {
		f(&cfg)
	}
	return remote.New(cfg)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"code":%q,"type":"Client","message":"words"}`, code)
}

func hangUp(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		c.Close()
	}
}

// TestWhatIsTriedAgain: how many attempts a failure is worth.
func TestWhatIsTriedAgain(t *testing.T) {
	for name, row := range map[string]struct {
		fail  func(http.ResponseWriter)
		tries int32
	}{
		"throttled with status 400":           {func(w http.ResponseWriter) { refuse(w, 400, "ThrottlingException") }, 4},
		"too many requests without an answer": {func(w http.ResponseWriter) { w.WriteHeader(429) }, 4},
		"request timeout (boto#3043)":         {func(w http.ResponseWriter) { refuse(w, 408, "RequestTimeoutException") }, 4},
		"internal failure":                    {func(w http.ResponseWriter) { refuse(w, 500, "ServiceUnavailableException") }, 4},
		"bad gateway of a proxy":              {func(w http.ResponseWriter) { w.WriteHeader(502) }, 4},
		"service unavailable":                 {func(w http.ResponseWriter) { w.WriteHeader(503) }, 4},
		"no capacity":                         {func(w http.ResponseWriter) { refuse(w, 503, "InsufficientCapacityException") }, 1},
		"not found":                           {func(w http.ResponseWriter) { refuse(w, 404, "ResourceNotFoundException") }, 1},
		"access denied":                       {func(w http.ResponseWriter) { refuse(w, 403, "AccessDeniedException") }, 1},
		"wrong parameter":                     {func(w http.ResponseWriter) { refuse(w, 400, "InvalidParameterValueException") }, 1},
		"a stranger that hangs up":            {hangUp, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int32
			s := service(t, func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				row.fail(w)
			})
			if _, err := s.Vault("v").Describe(t.Context()); err == nil {
				t.Error("no error")
			}
			// net/http itself repeats a GET whose kept connection was closed.
			if got := tries.Load(); got != row.tries {
				t.Errorf("%d attempts, want %d", got, row.tries)
			}
		})
	}
}

// TestBodiesAreSentAgain: an upload whose connection breaks in the midst is
// sent whole by the next attempt.
func TestBodiesAreSentAgain(t *testing.T) {
	data := strings.Repeat("0123456789abcdef", 200_000)
	var tries atomic.Int32
	s := service(t, func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) < 3 {
			io.CopyN(io.Discard, r.Body, 1000)
			hangUp(w)
			return
		}
		tree, _, n, err := treehash.SumReader(r.Body)
		if err != nil || n != int64(len(data)) || tree.String() != r.Header.Get("x-amz-sha256-tree-hash") {
			t.Errorf("got %d bytes with hash %s, error %v", n, tree, err)
		}
		w.Header().Set("x-amz-archive-id", "THE-ARCHIVE")
		w.Header().Set("x-amz-sha256-tree-hash", tree.String())
		w.WriteHeader(201)
	})
	content, err := remote.Measure(t.Context(), strings.NewReader(data), 0, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	content.Sent = func(n int64) { sent.Add(n) }
	got, err := s.Vault("v").Upload(t.Context(), "name", content)
	if err != nil || got.Archive != "THE-ARCHIVE" {
		t.Errorf("got %v, %v", got, err)
	}
	if sent.Load() != int64(len(data)) {
		t.Errorf("progress says %d bytes, want %d", sent.Load(), len(data))
	}
}

// TestOtherBytes: a server that has kept something else is not believed.
func TestOtherBytes(t *testing.T) {
	s := service(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("x-amz-archive-id", "A")
		w.Header().Set("x-amz-sha256-tree-hash", treehash.Sum([]byte("other")).String())
		w.WriteHeader(201)
	})
	content, _ := remote.Measure(t.Context(), strings.NewReader("these"), 0, 5)
	if _, err := s.Vault("v").Upload(t.Context(), "", content); err == nil || !strings.Contains(err.Error(), "other bytes") {
		t.Errorf("got %v", err)
	}
}

// TestReaderFails: what cannot be read here is not the server's fault, and is
// not tried again.
func TestReaderFails(t *testing.T) {
	var tries atomic.Int32
	s := service(t, func(w http.ResponseWriter, r *http.Request) {
		tries.Add(1)
		io.Copy(io.Discard, r.Body)
		hangUp(w)
	})
	content := remote.Content{At: brokenReader{}, Size: 10}
	_, err := s.Vault("v").Upload(t.Context(), "", content)
	if !errors.Is(err, errBroken) || tries.Load() > 1 {
		t.Errorf("got %v after %d attempts", err, tries.Load())
	}
}

var errBroken = errors.New("the disk is broken")

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

// TestLostReplyOfAJob: a job whose reply is lost is found again by its
// description, not begun twice.
func TestLostReplyOfAJob(t *testing.T) {
	for name, row := range map[string]struct {
		heard  bool // the first, lost request was heard
		begins int32
	}{
		"heard":     {true, 1},
		"not heard": {false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var begins atomic.Int32
			s := service(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/jobs") && row.heard:
					io.WriteString(w, `{"JobList":[{"JobId":"OTHER","JobDescription":null},{"JobId":"FOUND","JobDescription":"token"}],"Marker":null}`)
				case r.Method == http.MethodGet:
					io.WriteString(w, `{"JobList":[],"Marker":null}`)
				case begins.Add(1) == 1:
					w.WriteHeader(504)
				default:
					w.Header().Set("x-amz-job-id", "SECOND")
					w.WriteHeader(202)
				}
			})
			token := "token"
			id, err := s.Vault("v").StartJob(t.Context(), glacier.JobParameters{Description: &token})
			if want := map[bool]glacier.JobID{true: "FOUND", false: "SECOND"}[row.heard]; err != nil || id != want {
				t.Errorf("got %q, %v; want %q", id, err, want)
			}
			if begins.Load() != row.begins {
				t.Errorf("begun %d times, want %d", begins.Load(), row.begins)
			}
		})
	}
}

// TestNotBegun: a job is said not to be begun only if that is certain.
func TestNotBegun(t *testing.T) {
	type reply struct {
		status int
		code   string // of the API; not its words if empty
	}
	for name, row := range map[string]struct {
		begins []reply // the last for ever; status 0 breaks the connection off
		find   reply   // status 0 is an empty list
		want   bool
	}{
		"refused":                  {[]reply{{400, "PolicyEnforcedException"}}, reply{}, true},
		"not allowed":              {[]reply{{403, "AccessDeniedException"}}, reply{}, true},
		"throttled to the end":     {[]reply{{400, "ThrottlingException"}}, reply{}, true},
		"no capacity":              {[]reply{{503, "InsufficientCapacityException"}}, reply{}, true},
		"unavailable to the end":   {[]reply{{503, "ServiceUnavailableException"}}, reply{}, false},
		"a proxy that gives up":    {[]reply{{504, ""}}, reply{}, false},
		"a proxy with other words": {[]reply{{507, ""}}, reply{}, false},
		"timed out":                {[]reply{{408, "RequestTimeoutException"}}, reply{}, false},
		"broken off":               {[]reply{{0, ""}}, reply{}, false},
		"the search is refused":    {[]reply{{504, ""}}, reply{403, "AccessDeniedException"}, false},
		"refused after a loss":     {[]reply{{504, ""}, {400, "PolicyEnforcedException"}}, reply{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var begins atomic.Int32
			s := service(t, func(w http.ResponseWriter, r *http.Request) {
				answer := row.find
				if r.Method == http.MethodPost {
					answer = row.begins[min(int(begins.Add(1)), len(row.begins))-1]
				} else if answer.status == 0 {
					io.WriteString(w, `{"JobList":[],"Marker":null}`)
					return
				}
				switch {
				case answer.status == 0:
					hangUp(w)
				case answer.code == "":
					w.WriteHeader(answer.status)
				default:
					refuse(w, answer.status, answer.code)
				}
			})
			token := "token"
			_, err := s.Vault("v").StartJob(t.Context(), glacier.JobParameters{Description: &token})
			if _, got := errors.AsType[*remote.NotBegun](err); err == nil || got != row.want {
				t.Errorf("got %T: %v", err, err)
			}
		})
	}
}

// TestGoneByAnEarlierAttempt: a deletion whose reply was lost has worked.
func TestGoneByAnEarlierAttempt(t *testing.T) {
	var tries atomic.Int32
	s := service(t, func(w http.ResponseWriter, _ *http.Request) {
		if tries.Add(1) == 1 {
			w.WriteHeader(500)
			return
		}
		refuse(w, 404, "ResourceNotFoundException")
	})
	if err := s.Vault("v").Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Vault("v").Delete(t.Context()); !remote.IsNotFound(err) {
		t.Errorf("a vault that was never there: %v", err)
	}
}

// TestKept: what was to be deleted is said to be there only if that is certain.
func TestKept(t *testing.T) {
	for name, row := range map[string]struct {
		statuses []int // of the attempts, the last for ever; 0 breaks the connection off
		code     string
		want     bool
	}{
		"not allowed":                 {[]int{403}, "AccessDeniedException", true},
		"throttled to the end":        {[]int{400}, "ThrottlingException", true},
		"unavailable to the end":      {[]int{503}, "ServiceUnavailableException", false},
		"timed out":                   {[]int{408}, "RequestTimeoutException", false},
		"broken off, and not allowed": {[]int{0, 403}, "AccessDeniedException", false},
		"never there":                 {[]int{404}, "ResourceNotFoundException", false},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int32
			s := service(t, func(w http.ResponseWriter, _ *http.Request) {
				if status := row.statuses[min(int(tries.Add(1)), len(row.statuses))-1]; status != 0 {
					refuse(w, status, row.code)
				} else {
					hangUp(w)
				}
			})
			err := s.Vault("v").DeleteArchive(t.Context(), "a")
			if _, got := errors.AsType[*remote.Kept](err); err == nil || got != row.want {
				t.Errorf("got %T: %v", err, err)
			}
		})
	}
}

// TestNothingIsBoughtTwice: a purchase is not repeated when it may have been
// heard.
func TestNothingIsBoughtTwice(t *testing.T) {
	var tries atomic.Int32
	s := service(t, func(w http.ResponseWriter, _ *http.Request) {
		tries.Add(1)
		w.WriteHeader(500)
	})
	if _, err := s.BuyCapacity(t.Context()); err == nil || tries.Load() != 1 {
		t.Errorf("%d attempts, error %v", tries.Load(), err)
	}
}

// TestStalledReply: a body on which nothing arrives any more ends.
func TestStalledReply(t *testing.T) {
	s := service(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "12345")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, func(c *remote.Config) { c.Retry.Stall = 50 * time.Millisecond })
	out, err := s.Vault("v").Output(t.Context(), "job", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	got, err := io.ReadAll(out.Body)
	if _, ok := errors.AsType[*remote.Unreachable](err); !ok || string(got) != "12345" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestOutputRanges: what a reply says of its range is taken at its word, and
// other bytes than asked for are refused.
func TestOutputRanges(t *testing.T) {
	for name, row := range map[string]struct {
		status      int
		said        string
		want        [3]int64 // First, Size, Total
		first, last int64
		bad         bool
	}{
		"whole":              {status: 200, want: [3]int64{0, 4, 4}, last: -1},
		"range":              {206, "bytes 4-7/100", [3]int64{4, 4, 100}, 4, 7, false},
		"unknown total":      {206, "bytes 4-7/*", [3]int64{4, 4, -1}, 4, 7, false},
		"range is ignored":   {status: 200, first: 4, last: 7, bad: true},
		"from elsewhere":     {206, "bytes 0-3/100", [3]int64{}, 4, 7, true},
		"nonsense":           {206, "bytes of it", [3]int64{}, 4, 7, true},
		"last before first":  {206, "bytes 4-3/100", [3]int64{}, 4, 7, true},
		"first bytes anyway": {200, "", [3]int64{0, 4, 4}, 0, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := service(t, func(w http.ResponseWriter, _ *http.Request) {
				if row.said != "" {
					w.Header().Set("Content-Range", row.said)
				}
				w.WriteHeader(row.status)
				io.WriteString(w, "abcd")
			})
			out, err := s.Vault("v").Output(t.Context(), "job", row.first, row.last)
			if row.bad != (err != nil) {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				return
			}
			defer out.Body.Close()
			if got := [3]int64{out.First, out.Size, out.Total}; got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}

// TestClockOff: a signature that is refused for the clock is explained.
func TestClockOff(t *testing.T) {
	s := service(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		refuse(w, 403, "InvalidSignatureException")
	})
	_, err := s.Vault("v").Describe(t.Context())
	skewed, ok := errors.AsType[*remote.Skewed](err)
	if !ok || skewed.Off.Round(time.Minute) != time.Hour || !strings.Contains(err.Error(), "ahead of the server's") {
		t.Errorf("got %v", err)
	}
}

// TestDateOfAnArchive: when an archive was made is told by the server's clock, if
// ours is wrong, or it would count as older than an inventory that it is not in.
func TestDateOfAnArchive(t *testing.T) {
	for name, off := range map[string]time.Duration{"together": 0, "ours is behind": 3 * time.Minute, "ours is ahead": -3 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			s := service(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
				w.Header().Set("x-amz-archive-id", "A")
				w.WriteHeader(201)
			})
			content, err := remote.Measure(t.Context(), strings.NewReader("these"), 0, 5)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Vault("v").Upload(t.Context(), "", content)
			if err != nil {
				t.Fatal(err)
			}
			if d := time.Until(got.Date.Add(-off)); d.Abs() > time.Minute {
				t.Errorf("off by %s", d)
			}
		})
	}
}

// TestInterrupted: the end of the context ends the attempts.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("interrupted")
	s := service(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel(over)
		w.WriteHeader(500)
	})
	if _, err := s.Vault("v").Describe(ctx); !errors.Is(err, over) {
		t.Errorf("got %v", err)
	}
}
