package audit

import (
	"bytes"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// someName is the name of a file of an earlier life.
const someName = "audit-20260101T000000.000Z-0000000007.jsonl"

func TestTornTail(t *testing.T) {
	const a, b = `{"a":1}` + "\n", `{"b":{"c":"}"}}` + "\n"
	zeros := strings.Repeat("\x00", 5*maxLine)
	longest := `{"a":"` + strings.Repeat("x", maxLine-9) + `"}` + "\n"
	for _, row := range []struct {
		name       string
		data, want string
	}{
		{"whole", a + b, a + b},
		{"one line", a, a},
		{"no newline at the end", a + b[:len(b)-1], a},
		{"half a line", a + b[:5], a},
		{"only half a line", b[:5], ""},
		{"nothing", "", ""},
		{"zeros at the end", a + b + "\x00\x00\x00", a + b},
		{"zeros in the last line", a + `{"b":` + "\x00\x00" + "}\n", a},
		{"zeros longer than two windows", a + zeros, a},
		{"nothing but zeros", zeros, ""},
		{"zeros, then a newline", a + zeros + "\n", a},
		{"line longer than any", a + `{"a":"` + strings.Repeat("x", 3*maxLine) + `"}` + "\n", a},
		{"line as long as a line can be", b + longest, b + longest},
		{"line as long as can be, then zeros", b + longest + zeros, b + longest},
		{"empty lines at the end", a + "\n\n", a},
		{"empty line at the beginning", "\n" + a, "\n" + a},
		{"JSON, but no object", a + "17\n", a},
		{"two objects in a line", a + "{}{}\n", a},
		{"torn in the middle: what follows is whole and stays", a + `{"b":` + "\x00\n" + b, a + `{"b":` + "\x00\n" + b},
	} {
		t.Run(row.name, func(t *testing.T) {
			mem := disk.NewMem(0)
			if err := disk.WriteFile(mem, someName, []byte(row.data)); err != nil {
				t.Fatal(err)
			}
			var heard notes
			l := open(t, Config{FS: mem, Log: heard.logger()})
			after := mem.Crash(nil, disk.Lost)
			if got := string(text(t, after)); got != row.want {
				t.Errorf("%d bytes are left, want %d", len(got), len(row.want))
			}
			if n := len(names(t, after)); (n == 0) != (row.want == "") || len(l.past) != n {
				t.Errorf("%d files, of which the log knows %d", n, len(l.past))
			}
			var want []string
			if row.data != row.want {
				want = []string{"audit file is torn; the end is cut off"}
			}
			if diff := cmp.Diff(want, heard.take()); diff != "" {
				t.Errorf("reported:\n%s", diff)
			}
		})
	}
}

// TestFileThatCannotBeRepaired is no reason not to open a log, and the next file is readable all the same.
func TestFileThatCannotBeRepaired(t *testing.T) {
	const torn = `{"a":1}` + "\n" + `{"b":`
	for _, kind := range []disk.Kind{disk.OpOpen, disk.OpRead, disk.OpTruncate, disk.OpSync} {
		t.Run(string(kind), func(t *testing.T) {
			mem := disk.NewMem(0)
			if err := disk.WriteFile(mem, someName, []byte(torn)); err != nil {
				t.Fatal(err)
			}
			var heard notes
			l := open(t, Config{FS: disk.Inject(mem, disk.NthOp(1, disk.Fault{Err: syscall.EIO}, kind)), Log: heard.logger()})
			if msgs := heard.take(); len(msgs) == 0 || msgs[len(msgs)-1] != "audit file may be torn at its end" {
				t.Errorf("reported %q", msgs)
			}
			appendAll(t, l, true, 1)
			lines := bytes.Split(text(t, mem.Crash(nil, disk.Lost)), []byte("\n"))
			if n := len(lines); !isWhole(lines[0]) || !isWhole(lines[n-2]) || len(lines[n-1]) != 0 {
				t.Errorf("the log is now %q", lines)
			}
		})
	}
}

// TestRepairReachesBack is about a power cut that tears all files that were waiting for a sync.
func TestRepairReachesBack(t *testing.T) {
	mem := disk.NewMem(0)
	n := name{begun: clock()}
	for range maxOpen {
		n = n.next(clock())
		if err := disk.WriteFile(mem, n.String(), []byte("{}\n{")); err != nil {
			t.Fatal(err)
		}
	}
	open(t, Config{FS: mem})
	if got, want := string(text(t, mem)), strings.Repeat("{}\n", maxOpen); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzLastWhole compares the search from the end with one from the beginning. Its lines are short, so that small inputs are
// many windows long.
func FuzzLastWhole(f *testing.F) {
	const longest = 16
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := lastWhole(bytes.NewReader(data), int64(len(data)), longest)
		if err != nil {
			t.Fatal(err)
		}
		var want, at int64
		for line := range bytes.SplitAfterSeq(data, []byte("\n")) {
			at += int64(len(line))
			if text, ok := bytes.CutSuffix(line, []byte("\n")); ok && len(line) <= longest && isWhole(text) {
				want = at
			}
		}
		if got != want {
			t.Errorf("the last whole line ends at %d, found %d", want, got)
		}
	})
}

// FuzzOpen opens a log of any one file. What one start finds, the next finds again, and a line appended then can be read.
func FuzzOpen(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		mem := disk.NewMem(0)
		if err := disk.WriteFile(mem, someName, data); err != nil {
			t.Fatal(err)
		}
		open(t, Config{FS: mem})
		first := text(t, mem)
		l := open(t, Config{FS: mem})
		if !bytes.Equal(first, text(t, mem)) || !bytes.HasPrefix(data, first) {
			t.Fatal("the second start has found something else")
		}
		appendAll(t, l, true, 1)
		rest, ok := bytes.CutPrefix(text(t, mem), first)
		if !ok || len(rest) != smallLine || len(first) > 0 && first[len(first)-1] != '\n' {
			t.Errorf("after %q there is %q", first, rest)
		}
	})
}

// FuzzCut checks the bound of a text, and that what needs no cutting is not cut.
func FuzzCut(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 10 + max(0, limit%50)
		got := cut(s, limit)
		if !sound(got, limit) {
			t.Errorf("cut(%q, %d) = %q", s, limit, got)
		}
		if sound(s, limit) && got != s || got != cut(got, limit) {
			t.Errorf("cut(%q, %d) = %q", s, limit, got)
		}
	})
}
