package crashtest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"firn/internal/client"
)

// TestOrderlyEndFinishesUploads ends the server while an upload of each kind
// is on its way. They finish and are acknowledged, and are there at the next
// start; nobody new is let in.
func TestOrderlyEndFinishesUploads(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, a := start(t, data, "--segment-size", "1048576", "--reserve", "1048576")
	if err := a.createVault("v"); err != nil {
		t.Fatal(err)
	}
	upload, err := a.begin("v", "in parts")
	if err != nil {
		t.Fatal(err)
	}
	small, filed, part := content{1, 60_000}.bytes(), content{2, 5 << 20}.bytes(), content{3, 1 << 20}.bytes()
	var flights []*flight
	for _, f := range []*flight{
		{method: "POST", path: path("v", "archives"), body: small},
		{method: "POST", path: path("v", "archives"), body: filed},
		{method: "PUT", path: path("v", "multipart-uploads", upload), body: part, span: "bytes 0-1048575/*"},
	} {
		f.begin(a)
		// The server reads a body when it is at work on the request.
		if _, err := f.w.Write(f.body[:len(f.body)/2]); err != nil {
			t.Fatal(err)
		}
		flights = append(flights, f)
	}
	// A reply on a connection of its own tells that what came before is being worked on.
	if err := a.createVault("v2"); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	address := strings.TrimPrefix(a.url, "http://")
	until(t, "new connections are refused", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	select {
	case <-p.exited:
		t.Fatalf("the server has ended with uploads in flight: %v", p.err)
	default:
	}
	var ids []string
	for _, f := range flights {
		ids = append(ids, f.finish(t))
	}
	p.ended()

	p, a = start(t, data)
	for i, want := range [][]byte{small, filed} {
		job, err := a.retrieve("v", ids[i])
		if err != nil {
			t.Errorf("archive of %d bytes: %v", len(want), err)
			continue
		}
		if got, err := a.output("v", job); err != nil || !bytes.Equal(got, want) {
			t.Errorf("archive of %d bytes: %v, equal: %v", len(want), err, bytes.Equal(got, want))
		}
	}
	if list, err := a.parts("v", upload); err != nil || list["0-1048575"] != treeOf(part) {
		t.Errorf("parts: %v, %v", list, err)
	}
	p.end()
	checkDeep(t, data)
}

// A flight is a request that has been begun.
type flight struct {
	method, path, span string
	body               []byte
	w                  *io.PipeWriter
	header             http.Header
	done               chan error
}

func (f *flight) begin(a *api) {
	r, w := io.Pipe()
	f.w, f.done = w, make(chan error, 1)
	h := http.Header{"X-Amz-Sha256-Tree-Hash": {treeOf(f.body)}}
	if f.span != "" {
		h.Set("Content-Range", f.span)
	}
	go func() {
		var err error
		f.header, _, err = a.do(f.method, f.path, h, client.Stream(r, int64(len(f.body)), linear(f.body)))
		r.CloseWithError(io.ErrClosedPipe)
		f.done <- err
	}()
}

// finish sends the rest, and returns the id of the archive.
func (f *flight) finish(t *testing.T) (id string) {
	t.Helper()
	_, err := f.w.Write(f.body[len(f.body)/2:])
	f.w.Close()
	if doneErr := <-f.done; err != nil || doneErr != nil {
		t.Errorf("%s %s, %d bytes, in flight at SIGTERM: %v, %v", f.method, f.path, len(f.body), err, doneErr)
	}
	return f.header.Get("x-amz-archive-id")
}
