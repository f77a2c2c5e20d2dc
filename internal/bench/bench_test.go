package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/treehash"
)

// TestHashesAreOfTheBytes: what is declared for a content is what its bytes
// hash to.
func TestHashesAreOfTheBytes(t *testing.T) {
	m := newMaterial()
	sizes := []int64{3*mib + 5, 0, 1, mib, mib - 1, 4 * mib}
	m.prepare(sizes...)
	for _, size := range append(sizes, 2*mib+1) { // the last is prepared alone
		var all bytes.Buffer
		if err := m.each(0, size, func(p []byte) error { all.Write(p); return nil }); err != nil {
			t.Fatal(err)
		}
		tree, linear, n, err := treehash.SumReader(&all)
		if err != nil || n != size {
			t.Fatalf("%d bytes of %d, %v", n, size, err)
		}
		if diff := cmp.Diff(content{size: size, linear: linear, tree: tree}, m.of(size), cmp.AllowUnexported(content{})); diff != "" {
			t.Errorf("content of %d bytes (-want +got):\n%s", size, diff)
		}
	}
	if whole, want := repeatPart(m.of(mib), 4), m.of(4*mib); whole.tree != want.tree || whole.size != want.size {
		t.Errorf("four parts of a MiB are %v, not %v", whole, want)
	}
}

func TestCompareNoticesAChange(t *testing.T) {
	m := newMaterial()
	got := append(bytes.Clone(m.block[mib-10:]), m.block[:20]...)
	if err := m.compare(5*mib-10, got); err != nil {
		t.Error(err)
	}
	got[15] ^= 1
	if m.compare(5*mib-10, got) == nil {
		t.Error("a changed byte is not noticed")
	}
}

func TestMedian(t *testing.T) {
	for _, row := range []struct {
		name   string
		values []float64
		want   float64
	}{
		{"of nothing", nil, 0},
		{"of one", []float64{7}, 7},
		{"of an odd number, out of order", []float64{9, 1, 2}, 2},
		{"of an even number", []float64{4, 1, 3, 100}, 3.5},
	} {
		if got := median(row.values); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

// TestTable: ratios are taken round by round, and what was not measured is
// not compared with.
func TestTable(t *testing.T) {
	r := &report{Plan: "test", Machine: "this"}
	r.begin("large")
	for i, v := range []float64{100, 300, 200} {
		r.add("copy", "MB/s", v)
		r.add("upload", "MB/s", v/float64(i+1))
		r.also("upload", "CPU", "s/GB", v/100)
	}
	r.compare("upload", "copy", "the copy")
	r.compare("upload", "nothing", "nothing")
	r.Figures[1].Ratios = append(r.Figures[1].Ratios, ratio{"the best", []float64{0.01, 0.01}})
	r.note("%d things", 2)
	var got strings.Builder
	if err := r.print(&got); err != nil {
		t.Fatal(err)
	}
	want := `Firn, plan test, this. Medians of the rounds, with the least and the most.

LARGE   median  spread       unit  also           ratio
copy    200     [100..300]   MB/s
upload  100     [66.7..150]  MB/s  CPU 2.00 s/GB  x0.50 [0.33..1.00] of the copy
                                                  x0.01 [0.01..0.01] of the best

Note: 2 things.
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("the table (-want +got):\n%s", diff)
	}
}

// TestPlainServer: what one session puts there another gets back, and is told
// what is wrong.
func TestPlainServer(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: newPlainServer(dir)}
	served := make(chan error, 1)
	go func() { served <- web.Serve(l) }()
	defer func() {
		web.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	m := newMaterial()
	p := &peer{endpoint: &endpoint{host: l.Addr().String(), stuff: m}, prefix: "/"}
	pace, err := load(t.Context(), p.endpoint, 3, 7, func(s *session, i int) error {
		name := string(rune('a' + i))
		return errors.Join(p.put(s, name, m.of(int64(i)*mib+3)), p.get(s, name))
	})
	if err != nil || len(pace.latencies) != 7 {
		t.Errorf("%d operations, %v", len(pace.latencies), err)
	}
	files, err := filepath.Glob(filepath.Join(dir.Name(), "*"))
	if err != nil || len(files) != 7 {
		t.Errorf("%d files, want 7 and nothing else: %v, %v", len(files), files, err)
	}
	s := p.open(t.Context())
	defer s.close()
	if err := p.get(s, "missing"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir.Name(), "a"), []byte("xyz"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.get(s, "a"); err == nil || !strings.Contains(err.Error(), "not those that were sent") {
		t.Errorf("a changed file: %v", err)
	}
}

// TestLoadEndsWithTheFirstError: nobody goes on after it.
func TestLoadEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	_, err := load(t.Context(), &endpoint{}, 1, 1000, func(_ *session, i int) error {
		switch {
		case i == 3:
			return broken
		case i > 3:
			t.Errorf("operation %d comes after the error", i)
		}
		return nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestCommandLine(t *testing.T) {
	for _, row := range []struct {
		name, args, err string
	}{
		{"a plan that is not there", "slow", "no plan"},
		{"a section that is not there", "quick --sections large,huge", "no section"},
		{"a peer that is not there", "--peers ceph", "no peer"},
		{"a part of three MiB", "--part-size 3", "power of two"},
		{"no rounds", "full --rounds 0", "at least 1"},
		{"something behind the flags", "quick --json quick", "not a flag"},
		{"a plan with a section of its own, which is no flag", "select --sections selected", "no section"},
		{"all is well", "quick --sections small,memory --part-size 16 --archives 3 --peers=", ""},
	} {
		o, err := parse(strings.Fields(row.args), io.Discard)
		switch {
		case row.err == "" && (err != nil || o.plan.bigPart != 16*mib || o.plan.archives != 3 || o.plan.name != "quick"):
			t.Errorf("%s: %v, %+v", row.name, err, o)
		case row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)):
			t.Errorf("%s: %v, want %q", row.name, err, row.err)
		}
	}
}

// TestNothingStays: a run that fails removes what it has made and says what
// it failed of; a cancelled one does too.
func TestNothingStays(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name, firn, want string
		ctx              context.Context
	}{
		{"no such binary", filepath.Join(t.TempDir(), "missing"), "no such file", t.Context()},
		{"a server that ends at once", "/bin/false", "has ended", t.Context()},
		{"a run that was given up", "/bin/false", "canceled", cancelled},
	} {
		dir := t.TempDir()
		err := run(row.ctx, []string{"quick", "--sections", "inventory", "--firn", row.firn, "--dir", dir}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("%s: left behind: %v", row.name, left)
		}
	}
}

// TestReadersAgree: the engine's and encoding/csv's answers are the same, of one
// table and of several one after the other.
func TestReadersAgree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.csv")
	size, err := writeTable(path, 300_000)
	if err != nil || size < 300_000 || size > 300_200 {
		t.Fatalf("a table of %d bytes, %v", size, err)
	}
	answer := func(args ...string) string {
		var out strings.Builder
		if ok, err := readTable(args, &out); !ok || err != nil {
			t.Fatalf("%v: %t, %v", args, ok, err)
		}
		return strings.TrimSpace(out.String())
	}
	q := &queries{answers: map[string]string{"count": answer(decodeCommand, path)}}
	asked := questions()[0]
	if err := q.agree("count", "the engine", answer(scanCommand, path, "1", asked.what, asked.firn)); err != nil {
		t.Error(err)
	}
	if err := q.agree("count", "somebody", "1"); err == nil {
		t.Error("another answer is not noticed")
	}
	all := questions()[2]
	one, err := strconv.Atoi(answer(scanCommand, path, "1", all.what, all.firn))
	if four := answer(scanCommand, path, "4", all.what, all.firn); err != nil || four != strconv.Itoa(4*one) {
		t.Errorf("%d rows, four times %s, %v", one, four, err)
	}
	if ok, err := readTable([]string{"quick"}, io.Discard); ok || err != nil {
		t.Errorf("a plan is taken for a reader: %v", err)
	}
}
