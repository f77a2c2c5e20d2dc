package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/audit"
	"firn/internal/client"
	"firn/internal/rest"
	"firn/internal/sigv4"
	"firn/treehash"
)

// lines reads the audit log of a server that has ended.
func (h *house) lines() (all []audit.Event) {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.cfg.Data, "audit", "*.jsonl"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			h.t.Fatal(err)
		}
		for in := bufio.NewScanner(bytes.NewReader(data)); in.Scan(); {
			if len(in.Bytes()) == 0 {
				continue
			}
			var e audit.Event
			if err := json.Unmarshal(in.Bytes(), &e); err != nil {
				h.t.Fatalf("%s: %v in %s", file, err, in.Text())
			}
			all = append(all, e)
		}
	}
	return all
}

// Every call has its line: those that succeed, those that are refused, and
// those of nobody.
func TestEveryCallIsAudited(t *testing.T) {
	s := &siege{house: newHouse(t, nil)}
	s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm", Header: http.Header{"User-Agent": {"a client/1"}}})
	archive := s.upload("worm", "x")
	s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/archives", Body: client.Bytes([]byte("x")), Header: http.Header{
		glacier.HeaderTreeHash: {treehash.Sum([]byte("x")).String()},
		glacier.HeaderImportID: {"-old"}, glacier.HeaderImportDate: {"2014-03-20T17:03:43Z"},
	}})
	sent := s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/archives", Body: client.Bytes([]byte("x")), Header: http.Header{
		glacier.HeaderTreeHash: {treehash.Sum([]byte("x")).String()}, glacier.HeaderUploadToken: {"t-1"},
	}}).header.Get(glacier.HeaderArchiveID)
	s.must(client.Request{Method: "GET", Path: "/-/vaults"})
	s.call(client.Request{Method: "GET", Path: "/-/vaults/missing"})
	s.call(client.Request{Method: "GET", Path: "/999999999999/vaults/worm"})
	s.call(client.Request{Method: "GET", Path: "/-/nothing"})
	s.as(sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "not a secret"})
	s.call(client.Request{Method: "DELETE", Path: "/-/vaults/worm"})
	s.as(sigv4.Credentials{AccessKeyID: s.cfg.RootKey.ID, SecretAccessKey: "a wrong secret"})
	s.call(client.Request{Method: "DELETE", Path: "/-/vaults/worm"})
	s.stop()

	type line struct {
		Who, Key, Name, Error string
		ReadOnly              bool
		Request, Response     map[string]string
	}
	var got []line
	for _, e := range s.lines() {
		delete(e.Request, "checksum")
		delete(e.Response, "checksum")
		got = append(got, line{e.Identity.Type, e.Identity.AccessKeyID, e.Name, e.ErrorCode, e.ReadOnly, e.Request, e.Response})
		if e.IP != "127.0.0.1" || e.Region != testRegion || len(e.RequestID) != 47 {
			t.Errorf("line %+v", e)
		}
	}
	root, at := s.cfg.RootKey.ID, "/111122223333/vaults/worm"
	want := []line{
		{"Root", root, "CreateVault", "", false, map[string]string{"accountId": "-", "vaultName": "worm"}, map[string]string{"location": at}},
		{"Root", root, "UploadArchive", "", false, map[string]string{"accountId": "-", "vaultName": "worm"},
			map[string]string{"location": at + "/archives/" + archive, "archiveId": archive}},
		{"Root", root, "UploadArchive", "", false,
			map[string]string{"accountId": "-", "vaultName": "worm", "importedArchiveId": "-old", "importedCreationDate": "2014-03-20T17:03:43Z"},
			map[string]string{"location": at + "/archives/-old", "archiveId": "-old"}},
		{"Root", root, "UploadArchive", "", false, map[string]string{"accountId": "-", "vaultName": "worm", "uploadToken": "t-1"},
			map[string]string{"location": at + "/archives/" + sent, "archiveId": sent}},
		{"Root", root, "ListVaults", "", true, map[string]string{"accountId": "-"}, nil},
		{"Root", root, "DescribeVault", "ResourceNotFoundException", true, map[string]string{"accountId": "-", "vaultName": "missing"}, nil},
		{"Root", root, "DescribeVault", "AccessDeniedException", true, map[string]string{"accountId": "999999999999", "vaultName": "worm"}, nil},
		{"Unknown", "", "", "UnknownOperationException", true, nil, nil},
		{"Unknown", "AKIANOBODY", "DeleteVault", "UnrecognizedClientException", false, map[string]string{"accountId": "-", "vaultName": "worm"}, nil},
		{"Unknown", root, "DeleteVault", "InvalidSignatureException", false, map[string]string{"accountId": "-", "vaultName": "worm"}, nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// Nothing that is secret is in the log: it is for people who may not sign.
func TestNoSecretIsAudited(t *testing.T) {
	s := &siege{house: newHouse(t, nil)}
	s.user(testAccount, "AmazonGlacierFullAccess")
	s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
	s.stop()
	files, err := filepath.Glob(filepath.Join(s.cfg.Data, "audit", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{s.cfg.RootKey.Secret, "Signature", "AWS4-HMAC"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %q", file, secret)
			}
		}
	}
}

// A trail that cannot be written stops what changes something, and nothing
// else, if that is asked for.
func TestAFailedAuditLog(t *testing.T) {
	for _, required := range []bool{false, true} {
		h := newHouse(t, func(c *Config) { c.AuditRequired = required })
		broken := brokenTrail{}
		h.serveWith(func(c *rest.Config) { c.Trail = broken })
		got := h.call(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
		if stopped := got.status == http.StatusInternalServerError; stopped != required {
			t.Errorf("required %v: a change is answered with %d %s", required, got.status, got.code)
		}
		if got := h.call(client.Request{Method: "GET", Path: "/-/vaults"}); got.status != http.StatusOK {
			t.Errorf("required %v: a look is answered with %d", required, got.status)
		} else if made := strings.Contains(string(got.body), "worm"); made == required {
			t.Errorf("required %v: the vault is made: %v", required, made)
		}
	}
}

// A reply that became an error because its line could not be written does not
// carry the headers of the success.
func TestAFailedLineTakesTheHeadersAlong(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.AuditRequired = true })
	h.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
	begun := h.must(client.Request{Method: "POST", Path: "/-/vaults/worm/multipart-uploads", Header: http.Header{glacier.HeaderPartSize: {"1048576"}}})
	h.serveWith(func(c *rest.Config) { c.Trail = lateTrail{} })
	// The names are as they go over the wire, not as http.Header would have them.
	answered, serve := make(chan map[string][]string, 1), h.srv.http.Handler.ServeHTTP
	h.srv.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve(w, r)
		answered <- w.Header().Clone()
	})
	hash := treehash.Sum([]byte("part")).String()
	got := h.call(client.Request{
		Method: "PUT", Path: "/-/vaults/worm/multipart-uploads/" + begun.header.Get(glacier.HeaderUploadID), Body: client.Bytes([]byte("part")),
		Header: http.Header{glacier.HeaderTreeHash: {hash}, "Content-Range": {"bytes 0-3/*"}},
	})
	header := <-answered
	if got.status != http.StatusInternalServerError || header[glacier.HeaderTreeHash] != nil || header[glacier.HeaderRequestID] == nil {
		t.Errorf("answered with %d and %v", got.status, header)
	}
}

// A lateTrail fails when it is too late to refuse.
type lateTrail struct{ brokenTrail }

func (lateTrail) Probe() error { return nil }

type brokenTrail struct{}

func (brokenTrail) Append(*audit.Event, bool) error { return errors.New("no space for it") }
func (brokenTrail) Probe() error                    { return errors.New("no space for it") }

// serveWith has the server's API served in another configuration.
func (h *house) serveWith(change func(*rest.Config)) {
	cfg := h.srv.vaultAPI()
	change(&cfg)
	h.srv.http.Handler = h.srv.handler(rest.New(cfg), http.NotFoundHandler())
}

// With a log that is required, a success reply means that its line is on the
// medium, as all else that is acknowledged.
func TestARequiredLineComesBeforeTheReply(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.AuditRequired = true })
	lines := &orderTrail{Trail: h.srv.audit}
	h.serveWith(func(c *rest.Config) { c.Trail = lines })
	h.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
	h.must(client.Request{Method: "GET", Path: "/-/vaults/worm"})
	if diff := cmp.Diff([]string{"CreateVault durable", "DescribeVault"}, lines.seen); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

type orderTrail struct {
	rest.Trail
	seen []string // the calls come one after another
}

func (o *orderTrail) Append(e *audit.Event, durable bool) error {
	name := e.Name
	if durable {
		name += " durable"
	}
	o.seen = append(o.seen, name)
	return o.Trail.Append(e, durable)
}
