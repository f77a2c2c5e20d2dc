package crashtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"firn/internal/client"
	"firn/treehash"
)

// maxResident is what the server may take, in KiB.
const maxResident = 256 << 10

// TestMemory sends parts side by side, and reads the archive that they make,
// and looks at the most that the server has ever had resident.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("LEFT OUT: it reads /proc")
	}
	const senders = 16
	size := int64(4 << 20)
	if long() {
		size = 64 << 20
	}
	data := filepath.Join(t.TempDir(), "data")
	p, a := start(t, data)
	if err := a.createVault("v"); err != nil {
		t.Fatal(err)
	}
	upload, err := a.make("POST", path("v", "multipart-uploads"), "x-amz-multipart-upload-id",
		http.Header{"X-Amz-Part-Size": {fmt.Sprint(size)}}, client.Body{})
	if err != nil {
		t.Fatal(err)
	}
	tree, lin, _, err := treehash.SumReader(zeros(size))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range int64(senders) {
		group.Go(func() {
			_, _, err := a.do("PUT", path("v", "multipart-uploads", upload), http.Header{
				"Content-Range":          {fmt.Sprintf("bytes %d-%d/*", i*size, (i+1)*size-1)},
				"X-Amz-Sha256-Tree-Hash": {tree.String()},
			}, client.Stream(zeros(size), size, lin))
			if err != nil {
				t.Errorf("part %d: %v", i, err)
			}
		})
	}
	group.Wait()
	whole, linearSum, _, err := treehash.SumReader(zeros(senders * size))
	if err != nil {
		t.Fatal(err)
	}
	id, err := a.make("POST", path("v", "multipart-uploads", upload), "x-amz-archive-id", http.Header{
		"X-Amz-Archive-Size": {fmt.Sprint(senders * size)}, "X-Amz-Sha256-Tree-Hash": {whole.String()},
	}, client.Body{})
	if err != nil {
		t.Fatal(err)
	}
	job, err := a.retrieve("v", id)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		group.Go(func() {
			if got, err := download(a, job); err != nil || got != linearSum {
				t.Errorf("download: %v, equal: %v", err, got == linearSum)
			}
		})
	}
	group.Wait()
	peak := resident(t, p.cmd.Process.Pid)
	t.Logf("%d parts of %d MiB: the server had at most %d MiB resident", senders, size>>20, peak>>10)
	if peak > maxResident {
		t.Errorf("the server had %d KiB resident; at most %d are allowed", peak, maxResident)
	}
	p.end()
}

func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// download reads a job's output without keeping it, and returns its SHA-256.
func download(a *api, job string) (sum treehash.Hash, err error) {
	if err := a.done("v", job, patience); err != nil {
		return sum, err
	}
	resp, err := a.client.Do(context.Background(), client.Request{Method: "GET", Path: path("v", "jobs", job, "output")})
	if err != nil {
		return sum, err
	}
	defer resp.Body.Close()
	h := sha256.New()
	_, err = io.Copy(h, resp.Body)
	return treehash.Hash(h.Sum(nil)), err
}

// resident is the most that a process has ever had resident, in KiB.
func resident(t *testing.T, pid int) (kib int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatalf("VmHWM: %v", err)
	}
	return kib
}
