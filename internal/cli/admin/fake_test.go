package admin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/cli/admin"
	"firn/treehash"
)

// A slow is a service that counts what is in its vault, and lists it, as of
// some day: the way of Amazon's.
type slow struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	there    map[string]bool
	listed   []string // as of the day
	day      int
	jobs     int
	deletes  int
	tampered bool // outputs are not what was said of them
	refuse   string
	tired    int    // deletions after which it is out of order; 0 is never
	away     string // the call from which on there is no vault; its deletion is not answered before
	gone     bool
}

func newSlow(t *testing.T, archives int) *slow {
	f := &slow{t: t, there: map[string]bool{}}
	for i := range archives {
		f.there[fmt.Sprintf("%0138d", i)] = true
	}
	f.nextDay()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.url = s.URL
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": s.URL, "AWS_MAX_ATTEMPTS": "2",
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "HOME": t.TempDir(), "XDG_DATA_HOME": "", "FIRN_NAMES": "",
	} {
		t.Setenv(name, value)
	}
	return f
}

// nextDay counts.
func (f *slow) nextDay() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = nil
	for id := range f.there {
		f.listed = append(f.listed, id)
	}
	f.day++
}

func (f *slow) put(id string) {
	f.mu.Lock()
	f.there[id] = true
	f.mu.Unlock()
}

func (f *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rest := strings.TrimPrefix(r.URL.Path, "/-/vaults/v")
	date := glacier.At(int64(f.day) * 86400_000)
	call := r.Method + " " + rest
	if f.away == call {
		f.gone = true
	}
	switch {
	case f.gone:
		f.fail(w, glacier.ResourceNotFound, "Vault not found for ARN: v")
	case call == "DELETE " && f.away != "":
		w.WriteHeader(http.StatusServiceUnavailable)
	case call == "GET ":
		json.NewEncoder(w).Encode(glacier.VaultDescription{
			VaultName: "v", VaultARN: "arn:aws:glacier:us-east-1:111122223333:vaults/v", NumberOfArchives: int64(len(f.listed)), LastInventoryDate: &date,
		})
	case call == "DELETE " && len(f.listed) > 0:
		f.fail(w, glacier.InvalidParameterValue, "Vault not empty or recently written to: v")
	case call == "DELETE ":
		w.WriteHeader(http.StatusNoContent)
	case call == "GET /multipart-uploads":
		io.WriteString(w, `{"UploadsList":[]}`)
	case call == "GET /jobs":
		io.WriteString(w, `{"JobList":[]}`) // it has forgotten them
	case call == "POST /jobs":
		f.jobs++
		w.Header().Set(glacier.HeaderJobID, "job")
		w.WriteHeader(http.StatusAccepted)
	case call == "GET /jobs/job":
		io.WriteString(w, `{"JobId":"job","Action":"InventoryRetrieval","Completed":true,"StatusCode":"Succeeded","CreationDate":"2026-01-31T00:00:00Z"}`)
	case call == "GET /jobs/job/output":
		f.output(w, r)
	case strings.HasPrefix(call, "DELETE /archives/"):
		id := strings.TrimPrefix(rest, "/archives/")
		f.deletes++
		if f.tired > 0 && f.deletes > f.tired {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if f.refuse == id {
			f.fail(w, glacier.AccessDenied, "a lock says no")
			return
		}
		delete(f.there, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.t.Errorf("asked for %s %s", r.Method, r.URL)
	}
}

func (f *slow) fail(w http.ResponseWriter, code glacier.Code, message string) {
	w.WriteHeader(code.Status())
	json.NewEncoder(w).Encode(map[string]string{"code": string(code), "message": message, "type": "Client"})
}

func (f *slow) output(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	b.WriteString(`{"VaultARN":"arn:aws:glacier:us-east-1:111122223333:vaults/v","InventoryDate":"2026-01-31T00:00:00Z","ArchiveList":[`)
	for i, id := range f.listed {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ArchiveId":%q,"ArchiveDescription":"","CreationDate":"2026-01-01T00:00:00Z","Size":1,"SHA256TreeHash":%q}`, id, strings.Repeat("0", 64))
	}
	b.WriteString("]}")
	if f.tampered && r.Header.Get("Range") == "" {
		b.WriteByte(' ')
	}
	w.Header().Set(glacier.HeaderTreeHash, treehash.Sum(b.Bytes()).String())
	w.Header().Set("Content-Length", fmt.Sprint(b.Len()))
	w.Write(b.Bytes())
}

// firn runs a command line, and returns what it prints and its exit code.
func firn(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	root := &cobra.Command{Use: "firn", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(admin.Commands()...)
	root.SetArgs(cli.Arguments(root, args))
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(""))
	err := root.ExecuteContext(t.Context())
	if err != nil {
		fmt.Fprintln(&errs, err)
	}
	return out.String(), errs.String(), cli.Code(err)
}
