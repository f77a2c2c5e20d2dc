package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"firn/glacier"
)

// archiveFile archives a file: archive VAULT FILE VARIABLE. The archive's id is
// then in the variable.
func archiveFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: archive VAULT FILE VARIABLE")
	}
	sendArchive(ts, args[0], []byte(ts.ReadFile(args[1])), args[2])
}

// takeLine puts the line that the last program has printed into a variable: line
// VARIABLE.
func takeLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: line VARIABLE")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile("stdout"), "\n"))
}

// packFile compresses a file: gzip FILE PACKED.
func packFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gzip FILE PACKED")
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), packed.Bytes(), 0o600))
}

// startBucket starts an object store that takes everything, and forgets it:
// bucket VARIABLE. Its URL is then in the variable.
func startBucket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bucket VARIABLE")
	}
	store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // what is cut off the client finds out
	}))
	ts.Defer(store.Close)
	ts.Setenv(args[0], store.URL)
}

// half answers with a job's description, or with less of its nine bytes than
// there are; who asks for the rest gets it from rest.
func half(w http.ResponseWriter, r *http.Request, description string, rest func()) {
	switch {
	case !strings.HasSuffix(r.URL.Path, "/output"):
		io.WriteString(w, description)
	case r.Header.Get("Range") == "bytes=0-0":
		w.Header().Set("Content-Range", "bytes 0-0/9")
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, "a")
	case r.Header.Get("Range") == "bytes=4-8":
		rest()
	default:
		w.Header().Set("Content-Length", "9")
		io.WriteString(w, "a,b\n")
	}
}

// TestSelectComesBack: who cannot wait any longer is told how to come back.
func TestSelectComesBack(t *testing.T) {
	const progress = `{"Completed":false,"StatusCode":"InProgress"}`
	const succeeded = `{"Action":"Select","Completed":true,"JobId":"job/1","StatusCode":"Succeeded"}`
	t.Setenv("AWS_ACCESS_KEY_ID", devKey.ID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", devKey.Secret)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("HOME", t.TempDir()) // which has no profiles
	for _, tt := range []struct {
		name   string
		reply  func(w http.ResponseWriter, r *http.Request, interrupt func())
		output string
		want   string // "" if all goes well
	}{
		{"interrupted", func(w http.ResponseWriter, _ *http.Request, interrupt func()) {
			interrupt()
			io.WriteString(w, progress)
		}, "", "not waiting any longer; the job goes on, and --job job/1 comes back to it"},
		{"the server goes away", func(http.ResponseWriter, *http.Request, func()) {
			panic(http.ErrAbortHandler)
		}, "", "; --job job/1 comes back to the job"},
		{"a description that is none", func(w http.ResponseWriter, _ *http.Request, _ func()) {
			io.WriteString(w, "<html>")
		}, "", "; --job job/1 comes back to the job"},
		{"the server goes away amid the output", func(w http.ResponseWriter, r *http.Request, _ func()) {
			half(w, r, succeeded, func() { panic(http.ErrAbortHandler) })
		}, "", "print the output; --job job/1 begins anew: "},
		{"the server goes away amid the output, and comes back", func(w http.ResponseWriter, r *http.Request, _ func()) {
			half(w, r, succeeded, func() {
				w.Header().Set("Content-Range", "bytes 4-8/9")
				w.WriteHeader(http.StatusPartialContent)
				io.WriteString(w, "c,dd\n")
			})
		}, "a,b\nc,dd\n", ""},
		{"a job that is no query", func(w http.ResponseWriter, r *http.Request, _ func()) {
			half(w, r, strings.Replace(succeeded, "Select", "ArchiveRetrieval", 1), nil)
		}, "", "job job/1 is none that firn select has started"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					w.Header().Set(glacier.HeaderJobID, "job/1")
					w.WriteHeader(http.StatusAccepted)
					return
				}
				if !strings.HasPrefix(r.URL.EscapedPath(), "/-/vaults/ab/jobs/job%2F1") {
					t.Errorf("asked for %s", r.URL.EscapedPath())
				}
				tt.reply(w, r, interrupt)
			}))
			defer s.Close()
			var stdout bytes.Buffer
			root := newRoot()
			root.SetArgs([]string{"select", "ab", "archive", "SELECT", "--endpoint-url", s.URL})
			root.SetOut(&stdout)
			root.SetErr(io.Discard)
			if err := root.ExecuteContext(ctx); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if stdout.String() != tt.output {
				t.Errorf("output %q, want %q", &stdout, tt.output)
			}
		})
	}
}
