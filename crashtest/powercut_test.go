package crashtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestPowerCut lets clients work on a server on a file system that writes
// back nothing by itself for ten minutes, stops everything, and copies the
// disk below the file system: what was not synced is not on the copy, just as
// after a power cut. On the copy the ledger must be true.
func TestPowerCut(t *testing.T) {
	needDevices(t)
	rng := newRand(t)
	cuts := 1
	if long() {
		cuts = 12
	}
	c := newCrowd(t, rng, members)
	image := newImage(t, 1<<30)
	for n := range cuts {
		flags := []string{"--segment-size", "1048576", "--reserve", "1048576"}
		if n%2 == 1 {
			flags = flags[2:]
		}
		image = cut(t, c, image, flags, func() { after(rng, 100*time.Millisecond, 1500*time.Millisecond) })
		if t.Failed() {
			return
		}
	}
	dir := mount(t, "-o", "loop,commit=600", image)
	controlIsGone(t, dir)
	p, a := start(t, filepath.Join(dir, "data"))
	c.ledger.verify(a, nil)
	p.end()
	checkDeep(t, filepath.Join(dir, "data"))
}

// cut verifies the ledger on an image, works there for a while, and returns
// what is left after a power cut.
func cut(t *testing.T, c *crowd, image string, flags []string, wait func()) (left string) {
	t.Helper()
	dir := mount(t, "-o", "loop,commit=600", image)
	controlIsGone(t, dir)
	p, a := start(t, filepath.Join(dir, "data"), flags...)
	c.ledger.verify(a, nil)
	writeControl(t, dir)
	done := c.work(a, new(atomic.Bool))
	wait()
	p.pause()
	// What was acknowledged until now is in the ledger, or on its way there;
	// an answer that is still in a socket comes into the ledger in time too.
	left = filepath.Join(t.TempDir(), "image")
	run(t, "cp", "--sparse=always", image, left)
	p.kill()
	done()
	unmount(t, dir)
	if err := os.Remove(image); err != nil {
		t.Fatal(err)
	}
	return left
}

// pause stops the server, and waits until all its threads have left the kernel:
// one that is inside a sync finishes it first.
func (p *process) pause() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	until(p.t, "all threads stand still", func() bool {
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		if err != nil || len(stats) == 0 {
			p.t.Fatalf("threads of the server: %v, %v", stats, err)
		}
		for _, name := range stats {
			text, err := os.ReadFile(name)
			if _, state, _ := strings.Cut(string(text), ") "); err == nil && !strings.HasPrefix(state, "T") {
				return false
			}
		}
		return true
	})
}

// writeControl writes a file and does not sync it: it must not be on the copy.
// Its name is new, since ext4 syncs what takes an old file's place.
func writeControl(t *testing.T, dir string) {
	t.Helper()
	f, err := os.CreateTemp(dir, "unsynced-")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(bytes.Repeat([]byte("not synced\n"), 100_000)); err != nil {
		t.Fatal(err)
	}
}

// controlIsGone fails the test if the copy has what was never synced: it is
// then not what a power cut leaves, and shows nothing.
func controlIsGone(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "unsynced-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if got, err := os.ReadFile(name); err != nil || bytes.Contains(got, []byte("not synced")) {
			t.Fatalf("the copy of the disk has data that was never synced (%v); this test shows nothing", err)
		}
	}
}
