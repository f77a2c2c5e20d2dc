package server

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/client"
)

// A pinned is a retrieval that is done, and what it gave out.
type pinned struct {
	archive, job string
	data         []byte
	first, last  int
}

// retrieve begins and awaits the retrieval of the bytes first to last.
func (h *house) retrieve(vault, archive string, data []byte, first, last int) pinned {
	h.t.Helper()
	job := h.initiate(vault, fmt.Sprintf(`{"Type":"archive-retrieval","ArchiveId":"%s","RetrievalByteRange":"%d-%d"}`, archive, first, last))
	if d := h.await(vault, job); d.StatusCode != "Succeeded" {
		h.t.Fatalf("retrieval of %d-%d: %+v", first, last, d)
	}
	return pinned{archive, job, data[first : last+1], first, last}
}

// sameOutput fails the test unless the output is what it was.
func (h *house) sameOutput(vault string, p pinned) {
	h.t.Helper()
	whole := h.output(vault, p.job, "")
	if whole.status != 200 || !bytes.Equal(whole.body, p.data) {
		h.t.Errorf("output of %d bytes: status %d %s, %d bytes, equal: %v", len(p.data), whole.status, whole.message, len(whole.body), bytes.Equal(whole.body, p.data))
	}
	if got, want := whole.header.Get("x-amz-sha256-tree-hash"), naiveTree(p.data); whole.status == 200 && got != want {
		h.t.Errorf("output of %d bytes: tree hash %s, want %s", len(p.data), got, want)
	}
	from, to := len(p.data)/3, len(p.data)*2/3
	part := h.output(vault, p.job, spanOf(from, to))
	if part.status != 206 || !bytes.Equal(part.body, p.data[from:to+1]) {
		h.t.Errorf("bytes %d-%d of the output: status %d %s, equal: %v", from, to, part.status, part.message, bytes.Equal(part.body, p.data[from:to+1]))
	}
}

// uploadInParts makes an archive of parts of 1 MiB.
func (h *house) uploadInParts(vault string, data []byte) (id string) {
	h.t.Helper()
	began := h.must(client.Request{Method: "POST", Path: vaultPath(vault, "multipart-uploads"), Header: http.Header{"X-Amz-Part-Size": {"1048576"}}})
	path := vaultPath(vault, "multipart-uploads", began.header.Get("x-amz-multipart-upload-id"))
	first := int64(0)
	for part := range chunks(data) {
		h.must(client.Request{Method: "PUT", Path: path, Body: client.Bytes(part), Header: http.Header{
			"Content-Range": {contentRange(first, part)}, "X-Amz-Sha256-Tree-Hash": {naiveTree(part)},
		}})
		first += int64(len(part))
	}
	done := h.must(client.Request{Method: "POST", Path: path, Header: http.Header{
		"X-Amz-Archive-Size": {fmt.Sprint(len(data))}, "X-Amz-Sha256-Tree-Hash": {naiveTree(data)},
	}})
	return done.header.Get("x-amz-archive-id")
}

// files lists the files below a directory of the data.
func (h *house) files(dir string) (names []string, size int64) {
	h.t.Helper()
	err := filepath.WalkDir(filepath.Join(h.cfg.Data, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			names, size = append(names, path), size+info.Size()
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return names, size
}

// segments lists the journal's segments. Their indexes come and go besides.
func (h *house) segments() []string {
	h.t.Helper()
	names, _ := h.files("journal")
	return slices.DeleteFunc(names, func(n string) bool { return filepath.Ext(n) != ".seg" })
}

// compact does what the server does every minute, and fails the test unless
// it leads to other segments than before.
func (h *house) compact() {
	h.t.Helper()
	before := h.segments()
	if err := h.srv.store.Compact(h.t.Context()); err != nil {
		h.t.Fatalf("compact: %v", err)
	}
	if slices.Equal(before, h.segments()) {
		h.t.Fatal("there was nothing to compact; the test shows nothing")
	}
}

func TestRetrievedOutputOutlivesItsArchive(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.SegmentSize = 256 << 10 })
	h.createVault("v")
	inline, filed, parted := noise(100_000), noise(5<<20+3), noise(3<<20+77)
	var pins []pinned
	for id, data := range map[string][]byte{
		h.upload("v", "inline", inline): inline,
		h.upload("v", "filed", filed):   filed,
		h.uploadInParts("v", parted):    parted,
	} {
		pins = append(pins, h.retrieve("v", id, data, 0, len(data)-1))
		if len(data) > 2<<20 {
			pins = append(pins, h.retrieve("v", id, data, 2<<20, 3<<20-1))
		}
	}
	list := h.initiate("v", `{"Type":"inventory-retrieval","Format":"CSV"}`)
	h.await("v", list)
	rows := h.output("v", list, "").body
	pins = append(pins, pinned{job: list, data: rows})

	var filler []string
	for range 8 {
		filler = append(filler, h.upload("v", "", noise(150_000)))
	}
	for _, p := range pins {
		if p.archive != "" {
			h.deleteArchive("v", p.archive)
		}
	}
	for _, id := range filler {
		h.deleteArchive("v", id)
	}
	same := func(when string) {
		t.Run(when, func(t *testing.T) {
			for _, p := range pins[:len(pins)-1] {
				h.sameOutput("v", p)
			}
			if got := h.output("v", list, ""); !bytes.Equal(got.body, rows) {
				t.Errorf("inventory: got\n%s\nwant\n%s", got.body, rows)
			}
			if got := h.call(client.Request{Method: "POST", Path: vaultPath("v", "jobs"), Body: client.Bytes(
				[]byte(`{"Type":"archive-retrieval","ArchiveId":"` + pins[0].archive + `"}`))}); got.code != glacier.ResourceNotFound {
				t.Errorf("a new job for the deleted archive: %d %s", got.status, got.code)
			}
		})
	}
	same("after the deletes")
	h.compact()
	same("after compaction")
	h.restart(false)
	same("after a restart")
	h.restart(true)
	same("after a restart without the catalog")
	now := h.initiate("v", `{"Type":"inventory-retrieval","Format":"CSV"}`)
	h.await("v", now)
	if got := string(h.output("v", now, "").body); strings.Count(got, "\n") != 1 {
		t.Errorf("the inventory still lists what was deleted:\n%s", got)
	}
}

func TestExpiredOutputGivesItsSpaceBack(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.SegmentSize = 256 << 10
		c.Timing.OutputLife = time.Minute
	})
	h.createVault("v")
	// From here on what is complete has expired at the next sweep. The test
	// sweeps itself; the server's own sweep may be faster on a slow machine.
	h.hasty, h.cfg.Timing.OutputLife = true, time.Millisecond
	h.restart(false)
	var archives, jobs []string
	for _, n := range []int{100_000, 200_000, 180_000, 5 << 20} {
		archives = append(archives, h.upload("v", "", noise(n)))
		jobs = append(jobs, h.initiate("v", `{"Type":"archive-retrieval","ArchiveId":"`+archives[len(archives)-1]+`"}`))
	}
	for _, job := range jobs {
		h.until("the job is complete", func() bool {
			got := h.call(client.Request{Method: "GET", Path: vaultPath("v", "jobs", job)})
			return got.status == 404 || bytes.Contains(got.body, []byte(`"Succeeded"`))
		})
	}
	if names, _ := h.files("payload"); len(names) != 1 {
		t.Fatalf("payload files before the deletes: %q", names)
	}
	for _, id := range archives {
		h.deleteArchive("v", id)
	}
	_, journalBefore := h.files("journal")
	if err := h.srv.jobs.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs {
		if got := h.output("v", job, ""); got.status != 404 || got.message != "The job ID was not found: "+job {
			t.Errorf("output after its life: %d %s", got.status, got.message)
		}
	}
	h.until("the payload file is removed", func() bool { names, _ := h.files("payload"); return len(names) == 0 })
	h.upload("v", "", noise(200_000)) // so that the segment before it is sealed
	h.upload("v", "", noise(200_000))
	h.compact()
	h.until("the old segments are removed", func() bool { _, size := h.files("journal"); return size < journalBefore })
}

// until waits for what a background task does on the disk, where nothing tells.
func (h *house) until(what string, done func() bool) {
	h.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if done() {
			return
		}
	}
	h.t.Fatalf("after %v not yet: %s", patience, what)
}
