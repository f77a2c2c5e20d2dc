package crashtest

import (
	"os"
	"path/filepath"
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
	p, a := start(t, filepath.Join(dir, "data"), flags...)
	c.ledger.verify(a, nil)
	unsynced := filepath.Join(dir, "unsynced")
	if err := os.WriteFile(unsynced, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	done := c.work(a, new(atomic.Bool))
	wait()
	p.signal(syscall.SIGSTOP)
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
