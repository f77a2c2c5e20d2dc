package rest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

// prepare uploads an archive of size bytes and retrieves it. It returns the
// path of the output.
func prepare(t *testing.T, s *firntest.Server, size int) (path string, archive []byte) {
	t.Helper()
	c := newClient(t, s)
	archive, err := fill(fmt.Sprintf("fill=position from=0 size=%d", size))
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path string, body []byte, header http.Header) *http.Response {
		t.Helper()
		resp, err := c.Do(context.Background(), client.Request{Method: method, Path: path, Header: header, Body: client.Bytes(body)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	do("PUT", "/-/vaults/v", nil, nil)
	resp := do("POST", "/-/vaults/v/archives", archive, http.Header{glacier.HeaderTreeHash: {treehash.Sum(archive).String()}})
	id := resp.Header.Get(glacier.HeaderArchiveID)
	resp = do("POST", "/-/vaults/v/jobs", []byte(`{"Type":"archive-retrieval","ArchiveId":"`+id+`"}`), nil)
	path = resp.Header.Get("Location")
	for began := time.Now(); time.Since(began) < patience; <-time.After(2 * time.Millisecond) {
		var job struct{ StatusCode string }
		if err := json.NewDecoder(do("GET", path, nil, nil).Body).Decode(&job); err != nil {
			t.Fatal(err)
		}
		if job.StatusCode == glacier.Succeeded {
			return path + "/output", archive
		}
	}
	t.Fatal("the job does not end")
	return "", nil
}

func newClient(t *testing.T, s *firntest.Server) *client.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	c, err := client.New(client.Config{
		Endpoint: s.URL, Region: s.Region,
		Key:  sigv4.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey},
		HTTP: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// openOutput asks for an output.
func openOutput(t *testing.T, s *firntest.Server, path string) net.Conn {
	t.Helper()
	c := dial(t, strings.TrimPrefix(s.URL, "http://"))
	r, err := http.NewRequest("GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(glacier.HeaderVersion, glacier.Version)
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey},
		s.Region, glacier.Service, fmt.Sprintf("%x", sha256.Sum256(nil)), time.Now())
	if err := r.Write(c); err != nil {
		t.Fatal(err)
	}
	return c
}

// A client that takes nothing is hung up on: only then is there a place for
// the next one.
func TestOutputOfAStalledReader(t *testing.T) {
	s := firntest.Start(t, firntest.BodyTimeout(200*time.Millisecond), firntest.MaxConnections(1))
	path, _ := prepare(t, s, 32<<20)
	stalled := openOutput(t, s, path)
	if _, err := io.ReadFull(stalled, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resp, err := newClient(t, s).Do(ctx, client.Request{Method: "GET", Path: "/-/vaults"})
	if err != nil {
		t.Fatalf("the stalled reader is in the way: %v", err)
	}
	resp.Body.Close()
	if n, err := io.Copy(io.Discard, stalled); n >= 32<<20 {
		t.Errorf("the stalled reader got everything: %d bytes, %v", n, err)
	}
}

// One that keeps taking may take much longer than the timeout, which is for
// pauses.
func TestOutputOfASteadyReader(t *testing.T) {
	const timeout = time.Second
	s := firntest.Start(t, firntest.BodyTimeout(timeout))
	path, archive := prepare(t, s, 32<<20)
	c := openOutput(t, s, path)
	began := time.Now()
	pace := time.NewTicker(timeout / 16)
	defer pace.Stop()
	var got bytes.Buffer
	for { // the header is a few hundred bytes; the rest is the archive
		<-pace.C
		if _, err := io.CopyN(&got, c, 1<<20); err == io.EOF || got.Len() > len(archive) {
			break
		} else if err != nil {
			t.Fatalf("after %v and %d bytes: %v", time.Since(began), got.Len(), err)
		}
		if got.Len() >= len(archive) {
			break
		}
	}
	if time.Since(began) < timeout {
		t.Fatalf("the reader was not slow: %v", time.Since(began))
	}
	// The last bytes, of which the header took the place.
	_, sent, found := bytes.Cut(got.Bytes(), []byte("\r\n\r\n"))
	if !found {
		t.Fatalf("no header in %.300q", got.Bytes())
	}
	tail := make([]byte, len(archive)-len(sent))
	if _, err := io.ReadFull(c, tail); err != nil {
		t.Fatalf("after %v: %v", time.Since(began), err)
	}
	if !bytes.Equal(append(bytes.Clone(sent), tail...), archive) {
		t.Error("other bytes than the archive's")
	}
}
