package rest

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

var operationName = regexp.MustCompile(`^[A-Z][A-Za-z]+$`)

func TestOperations(t *testing.T) {
	names := map[string]bool{}
	for _, op := range operations {
		if operationName.MatchString(op.name) {
			names[op.name] = true
		}
		path := strings.NewReplacer("{a}", "-", "{v}", "..", "{id}", "-x").Replace(op.path)
		rt := find(&http.Request{Method: op.method, RequestURI: path, URL: &url.URL{RawQuery: "operation=" + op.query}})
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

// Each operation is specified by a wire script of its own.
func TestOperationsHaveScripts(t *testing.T) {
	capital := regexp.MustCompile(`[A-Z]`)
	for _, op := range operations {
		if !operationName.MatchString(op.name) {
			continue
		}
		name := strings.ToLower(strings.TrimPrefix(capital.ReplaceAllString(op.name, "-$0"), "-"))
		if _, err := os.Stat("testdata/" + name + ".txt"); err != nil {
			t.Errorf("%s: %v", op.name, err)
		}
	}
}

func FuzzFind(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzFind"); err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(line + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		rt := find(r)
		if rt.op == nil {
			return
		}
		if rt.op.method != r.Method || rt.account == "" {
			t.Fatalf("%q is routed to %+v", line, rt)
		}
		// What was found has one plain form, which is routed the same.
		again := *r
		again.RequestURI = strings.NewReplacer("{a}", url.PathEscape(rt.account), "{v}", url.PathEscape(rt.vault),
			"{id}", url.PathEscape(rt.id)).Replace(rt.op.path)
		if got := find(&again); got.op != rt.op || got.account != rt.account || got.vault != rt.vault || got.id != rt.id {
			t.Fatalf("%q is routed to %+v, and %q to %+v", line, rt, again.RequestURI, got)
		}
	})
}
