package files

import (
	"fmt"
	"io/fs"
	"syscall"
)

// node tells a file from every other, and from itself before its content or its attributes were changed. Empty if the
// system does not say.
func node(info fs.FileInfo) string {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d:%d.%09d", s.Dev, s.Ino, s.Ctimespec.Sec, s.Ctimespec.Nsec)
}

// links is how many names a file has.
func links(info fs.FileInfo) uint64 {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return uint64(s.Nlink)
}
