package crashtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"testing"

	"firn/internal/client"
	"firn/treehash"
)

// growth is how much more a large archive may take than a small one, in KiB.
const growth = 32 << 10

// TestSelectMemory queries a small and a large archive, each in a life of the
// server's own, and compares the most that it has ever had resident.
func TestSelectMemory(t *testing.T) {
	switch {
	case runtime.GOOS != "linux":
		t.Skip("LEFT OUT: it reads /proc")
	case !long():
		t.Skip("LEFT OUT: it takes a minute; FIRN_LONG=1 runs it")
	}
	block := repeatable(1 << 20)
	data := filepath.Join(t.TempDir(), "data")
	p, a := start(t, data)
	if err := a.createVault("v"); err != nil {
		t.Fatal(err)
	}
	small, large := 256, 2048 // blocks
	archives := map[int]string{small: a.repeated(t, block, small), large: a.repeated(t, block, large)}
	p.end()
	peaks := map[int]int{}
	for blocks, archive := range archives {
		p, a := start(t, data)
		a.everything(t, archive, block, blocks)
		a.counted(t, archive, blocks)
		peaks[blocks] = resident(t, p.cmd.Process.Pid)
		p.end()
	}
	t.Logf("at most %d MiB resident for %d blocks, %d MiB for %d", peaks[small]>>10, small, peaks[large]>>10, large)
	if peaks[large] > maxResident || peaks[large] > peaks[small]+growth {
		t.Errorf("the server had %d KiB resident, %d for a smaller archive", peaks[large], peaks[small])
	}
}

// repeatable is a table that can be followed by another.
func repeatable(size int) []byte {
	b := table(size)
	return append(b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1], "0,again,1,1\n"...)
}

// times is a block again and again.
func times(block []byte, n int) io.Reader {
	readers := make([]io.Reader, n)
	for i := range readers {
		readers[i] = bytes.NewReader(block)
	}
	return io.MultiReader(readers...)
}

// repeated archives a block n times over.
func (a *api) repeated(t *testing.T, block []byte, n int) (id string) {
	t.Helper()
	tree, linear, size, err := treehash.SumReader(times(block, n))
	if err != nil {
		t.Fatal(err)
	}
	id, err = a.make("POST", path("v", "archives"), "x-amz-archive-id",
		http.Header{"X-Amz-Sha256-Tree-Hash": {tree.String()}}, client.Stream(times(block, n), size, linear))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// everything selects all of an archive, which is what was archived.
func (a *api) everything(t *testing.T, archive string, block []byte, n int) {
	t.Helper()
	_, want, _, err := treehash.SumReader(times(block, n))
	if err != nil {
		t.Fatal(err)
	}
	job, err := a.selects(selectBucket, archive, "SELECT * FROM archive")
	if err == nil {
		err = a.done("v", job, selectPatience)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := download(a, job); err != nil || got != want {
		t.Errorf("all of %d blocks: %v, equal: %t", n, err, got == want)
	}
}

// counted counts the last records of the blocks.
func (a *api) counted(t *testing.T, archive string, n int) {
	t.Helper()
	job, err := a.selects(selectBucket, archive, `SELECT SUM(CAST(s._3 AS INT)), COUNT(*) FROM archive s WHERE UPPER(s._2) = 'AGAIN'`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.outputWithin("v", job, selectPatience)
	if want := fmt.Sprintf("%d,%[1]d\n", n); err != nil || string(got) != want {
		t.Errorf("the last records of %d blocks: %q, %v", n, got, err)
	}
}
