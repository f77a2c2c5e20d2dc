package transfer_test

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"firn/internal/files"
	"firn/internal/transfer"
)

// A disk that is full says so, what is on it stays, and with space the download goes on.
func TestSaveOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("mount: %v", err)
	}
	defer unix.Unmount(dir, 0)
	w := newWorld(t)
	data := content(5 * mib)
	o := w.put(t, data)
	d := w.downloader()
	d.Slots = transfer.NewSlots(1)
	_, err := save(context.Background(), d, o, dir)
	if p, ok := errors.AsType[*files.Problem](err); !ok || p.Kind != files.Full {
		t.Fatalf("error %v", err)
	}
	if err := unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	w.proxy.forget()
	if _, err := save(context.Background(), d, o, dir); err != nil {
		t.Fatal(err)
	}
	wantFile(t, dir, data)
	if n := w.proxy.count("GET output"); n >= 5 {
		t.Errorf("%d requests: nothing of what was there was used", n)
	}
}
