package crashtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// needDevices skips the test where it cannot mount.
func needDevices(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("LEFT OUT: it mounts a file system of its own, which takes root on Linux")
	}
}

// mount mounts a file system until the test ends, and skips the test if the
// kernel does not let it, as in a container.
func mount(t *testing.T, args ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("LEFT OUT: mount %v: %v: %s", args, err, out)
	}
	t.Cleanup(func() { unmount(t, dir) })
	return dir
}

// unmount unmounts what is mounted. A second time it does nothing.
func unmount(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Unmount(dir, 0); err != nil && err != syscall.EINVAL {
		t.Errorf("unmount %s: %v", dir, err)
	}
}

// newImage makes a file with an empty ext4 in it.
func newImage(t *testing.T, size int64) string {
	t.Helper()
	mkfs, err := exec.LookPath("mkfs.ext4")
	if err != nil {
		t.Skip("LEFT OUT: there is no mkfs.ext4")
	}
	image := filepath.Join(t.TempDir(), "image")
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	// Nothing is left to be initialised later: the image is as it is.
	run(t, mkfs, "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
	return image
}
