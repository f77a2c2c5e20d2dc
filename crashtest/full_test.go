package crashtest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/client"
	"firn/treehash"
)

// noSpace reports whether an error is the refusal of a full disk, and fails
// the test for any other refusal.
func noSpace(t *testing.T, err error) bool {
	t.Helper()
	if err == nil {
		return false
	}
	var refusal *glacier.Error
	if !errors.As(err, &refusal) || refusal.Code != glacier.ServiceUnavailable || status(err) != 500 {
		t.Fatalf("on a full disk: %v, want %s with status 500", err, glacier.ServiceUnavailable)
	}
	return true
}

// fill uploads until there is no space for size bytes.
func fill(t *testing.T, a *api, size int, kept map[string]content) {
	t.Helper()
	for n := 0; ; n++ {
		c := content{Seed: uint64(size + n), Size: size}
		id, err := a.upload("v", fmt.Sprint("fill ", size), c.bytes())
		if noSpace(t, err) {
			return
		}
		kept[id] = c
		if n > 100_000 {
			t.Fatal("the disk is never full")
		}
	}
}

// readBack retrieves every archive and compares it.
func readBack(t *testing.T, a *api, kept map[string]content) {
	t.Helper()
	for id, c := range kept {
		job, err := a.retrieve("v", id)
		if err != nil {
			t.Fatalf("retrieve an archive of %d bytes: %v", c.Size, err)
		}
		if got, err := a.output("v", job); err != nil || !bytes.Equal(got, c.bytes()) {
			t.Fatalf("read an archive of %d bytes: %v, equal: %v", c.Size, err, bytes.Equal(got, c.bytes()))
		}
	}
}

// TestFullDisk fills a small disk. Uploads are refused, reads and deletes go
// on, also after a restart and kill -9, and with the space the uploads come back.
func TestFullDisk(t *testing.T) {
	needDevices(t)
	for name, args := range map[string][]string{
		"tmpfs": {"-t", "tmpfs", "-o", "size=80m", "tmpfs"},
		"ext4":  {"-o", "loop", newImage(t, 96<<20)},
	} {
		t.Run(name, func(t *testing.T) { fullDisk(t, filepath.Join(mount(t, args...), "data")) })
	}
}

func fullDisk(t *testing.T, data string) {
	flags := []string{"--segment-size", "4194304", "--reserve", "4194304"}
	p, a := start(t, data, flags...)
	if err := a.createVault("v"); err != nil {
		t.Fatal(err)
	}
	kept := map[string]content{}
	for _, size := range []int{5 << 20, 1 << 20, 100_000, 1000, 1} {
		fill(t, a, size, kept)
	}
	t.Logf("full with %d archives", len(kept))
	upload, err := a.begin("v", "an upload")
	if !noSpace(t, err) {
		noSpace(t, a.part("v", upload, 0, content{Size: partSize}.bytes()))
	}
	big := func(c content) bool { return c.Size > 1<<20 }
	// What is retrieved stays on the disk for its job's life even if it is
	// deleted, so only some of the big ones are.
	sample, bigs := map[string]content{}, 0
	for id, c := range kept {
		if !big(c) && len(sample) < 8 {
			sample[id] = c
		} else if big(c) && bigs < 2 {
			sample[id] = c
			bigs++
		}
	}
	readBack(t, a, sample)
	inventoryOfFull(t, a, len(kept))
	p.end()
	p, a = start(t, data, flags...)
	readBack(t, a, sample)
	p.kill()
	p, a = start(t, data, flags...)
	readBack(t, a, sample)

	for id, c := range kept {
		if big(c) || c.Size < 1000 {
			if err := a.delete("v", id); err != nil {
				t.Fatalf("delete on a full disk: %v", err)
			}
			delete(kept, id)
		}
	}
	fits := content{Seed: 77, Size: 3 << 20}
	until(t, "uploads work again", func() bool {
		id, err := a.upload("v", "again", fits.bytes())
		if noSpace(t, err) {
			return false
		}
		kept[id] = fits
		return true
	})
	p.end()
	checkDeep(t, data)
	p, a = start(t, data, flags...)
	readBack(t, a, kept)
	p.end()
}

// inventoryOfFull takes an inventory: without one nobody knows what to delete.
func inventoryOfFull(t *testing.T, a *api, want int) {
	t.Helper()
	job, err := a.initiate("v", `{"Type":"inventory-retrieval","Format":"CSV"}`)
	if err != nil {
		t.Errorf("inventory job on a full disk: %v", err)
		return
	}
	got, err := a.outputWithin("v", job, 10*time.Second)
	if rows := bytes.Count(got, []byte("\n")) - 1; err != nil || rows != want {
		t.Errorf("inventory on a full disk: %d archives, %v; want %d", rows, err, want)
	}
}

// TestKilledUploadLeavesNothing breaks off uploads, by ending the client and
// by killing the server, and looks at what is left on the disk.
func TestKilledUploadLeavesNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, a := start(t, data, "--segment-size", "1048576", "--reserve", "1048576")
	if err := a.createVault("v"); err != nil {
		t.Fatal(err)
	}
	const size = 20 << 20
	body := content{Seed: 1, Size: size}.bytes()
	begin := func() (broken *io.PipeWriter, failed <-chan error) {
		r, w := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			_, _, err := a.do("POST", path("v", "archives"), map[string][]string{"X-Amz-Sha256-Tree-Hash": {treeOf(body)}},
				client.Stream(r, size, linear(body)))
			r.CloseWithError(errors.New("the request has ended"))
			ended <- err
		}()
		if _, err := w.Write(body[:size/2]); err != nil {
			t.Fatal(err)
		}
		until(t, "half an upload is on the disk", func() bool { return onDisk(t, data) > 0 })
		return w, ended
	}
	w, ended := begin()
	w.CloseWithError(errors.New("the client has had enough"))
	if err := <-ended; err == nil {
		t.Error("half an upload was acknowledged")
	}
	until(t, "the file of a broken upload is gone", func() bool { return onDisk(t, data) == 0 })

	w, ended = begin()
	p.kill()
	w.CloseWithError(errors.New("there is nobody left to send to")) // the client waits for its own body
	if err := <-ended; err == nil {
		t.Error("half an upload was acknowledged by a server that was killed")
	}
	p, a = start(t, data)
	until(t, "the file of an upload to a killed server is gone", func() bool { return onDisk(t, data) == 0 })
	if rows, err := a.inventory("v"); err != nil || len(rows) != 0 {
		t.Errorf("inventory after broken uploads: %v, %v", rows, err)
	}
	p.end()
	checkDeep(t, data)
}

func linear(b []byte) treehash.Hash { return sha256.Sum256(b) }

// onDisk is how many bytes there are in payload files and in quarantine, by
// the blocks that they take.
func onDisk(t *testing.T, data string) (n int64) {
	t.Helper()
	for _, dir := range []string{"payload", "quarantine"} {
		err := filepath.WalkDir(filepath.Join(data, dir), func(_ string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // there is none, or not any more
			}
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				n += info.Sys().(*syscall.Stat_t).Blocks * 512
			} else if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}
