package rest

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// A Handler without an access service panics when it asks who is calling.
func TestPanicIsAnInternalFailure(t *testing.T) {
	var log bytes.Buffer
	s := httptest.NewServer(New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))}))
	r, err := http.NewRequest("GET", s.URL+"/-/vaults", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=k/20120525/r/glacier/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.Close() // and only then look at the log
	id := resp.Header["X-Amzn-Requestid"]
	want := `{"code":"ServiceUnavailableException","message":"The service could not complete the request. Request id: ` +
		strings.Join(id, "") + `","type":"Server"}`
	if resp.StatusCode != 500 || string(body) != want {
		t.Errorf("status %d with %s, want 500 with %s", resp.StatusCode, body, want)
	}
	for _, needed := range []string{"level=ERROR", strings.Join(id, ""), "operation=ListVaults", "rest.go"} {
		if !strings.Contains(log.String(), needed) {
			t.Errorf("the log has no %q: %s", needed, log.String())
		}
	}
}

func TestOperations(t *testing.T) {
	names := map[string]bool{}
	form := regexp.MustCompile(`^[A-Z][A-Za-z]+$`)
	for _, op := range operations {
		if form.MatchString(op.name) {
			names[op.name] = true
		}
		segment := strings.NewReplacer("{a}", "-", "{v}", "..", "{id}", "-x")
		r := httptest.NewRequest(op.method, segment.Replace(op.path)+"?operation="+op.query, nil)
		rt := find(r)
		if rt.op == nil || rt.op.name != op.name {
			t.Errorf("%s is routed to %+v", op.name, rt.op)
			continue
		}
		for _, part := range []struct{ name, got, want string }{{"{a}", rt.account, "-"}, {"{v}", rt.vault, ".."}, {"{id}", rt.id, "-x"}} {
			if strings.Contains(op.path, part.name) && part.got != part.want {
				t.Errorf("%s: %s is %q", op.name, part.name, part.got)
			}
		}
	}
	if len(names) != 33 {
		t.Errorf("%d operations, and the API has 33", len(names))
	}
}
