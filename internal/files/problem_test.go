package files

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestProblemsOfTheSystem(t *testing.T) {
	wrapped := func(e error) error { return &fs.PathError{Op: "op", Path: "/some/where/else", Err: e} }
	for _, tt := range []struct {
		name string
		p    *Problem
		kind Kind
		text string
	}{
		{"disk full", writing("a", wrapped(unix.ENOSPC)), Full, "a cannot be written, no space is left; what is there is kept, and the same command goes on from it: no space left on device"},
		{"quota", writing("a", wrapped(unix.EDQUOT)), Full, "a cannot be written, no space is left; what is there is kept, and the same command goes on from it: disk quota exceeded"},
		{"name too long", writing("a", wrapped(unix.ENAMETOOLONG)), TooLong, "a has a name that is too long for the file system"},
		{"exists", writing("a", wrapped(unix.EEXIST)), Exists, "a is there already and was kept"},
		{"file in the way", writing("a", wrapped(unix.ENOTDIR)), Blocked, "a cannot be written: something is in the way: not a directory"},
		{"read only", writing("a", wrapped(unix.EROFS)), Unwritable, "a cannot be written: read-only file system"},
		{"no permission to write", writing("a", wrapped(unix.EACCES)), Unwritable, "a cannot be written: permission denied"},
		{"no permission to read", reading("a", wrapped(unix.EACCES)), Unreadable, "a cannot be read: permission denied"},
		{"broken disk", reading("a", wrapped(unix.EIO)), Unreadable, "a cannot be read: input/output error"},
		{"links in a circle", reading("a", wrapped(unix.ELOOP)), Loop, "a is a symbolic link to a folder that it is in"},
		{"gone", reading("a", wrapped(unix.ENOENT)), Vanished, "a was there when the folder was listed, and is gone"},
		{"bad name", &Problem{"a\xff\x1b", NotUTF8, nil}, NotUTF8, `"a\xff\x1b" has a name that is not UTF-8, which a vault cannot have; rename it`},
		{"name with a space at its end", &Problem{"a ", Special, nil}, Special, `"a " is not a file`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.p.Kind != tt.kind || tt.p.Error() != tt.text {
				t.Errorf("%q: %s", tt.p.Kind, tt.p)
			}
		})
	}
	if p := writing("a", wrapped(unix.ENOSPC)); !errors.Is(p, unix.ENOSPC) || strings.Contains(p.Error(), "/some") {
		t.Errorf("%v", p)
	}
}
