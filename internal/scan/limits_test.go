package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"firn/internal/csv"
)

func TestRecordLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	as := func(n int) string { return strings.Repeat("a", n) }
	const most = csv.MaxRecord
	for _, tt := range []struct{ name, statement, data, err string }{
		{"record of 1 MiB", "SELECT CHAR_LENGTH(_1) FROM archive", "x\n" + as(most) + "\ny\n", ""},
		{"record of 1 MiB at the end", "SELECT CHAR_LENGTH(_1) FROM archive", "x\n" + as(most), ""},
		{"record of 1 MiB that ends in CR LF", "SELECT CHAR_LENGTH(_1) FROM archive", "x\r\n" + as(most) + "\r\n", ""},
		{"record of 1 MiB and one", "SELECT CHAR_LENGTH(_1) FROM archive", "x\n" + as(most+1) + "\ny\n", "OverMaxRecordSize: a record is longer than 1 MiB in record 2."},
		{"record of 1 MiB and one at the end", "SELECT CHAR_LENGTH(_1) FROM archive", "x\n" + as(most+1), "OverMaxRecordSize: a record is longer than 1 MiB in record 2."},
		{"record of 4 MiB", "SELECT CHAR_LENGTH(_1) FROM archive", "x\n" + as(4*most) + "\n", "OverMaxRecordSize: a record is longer than 1 MiB in record 2."},
		{"record of 4 MiB in quotes with line breaks", "SELECT CHAR_LENGTH(_1) FROM archive", "x\n\"" + strings.Repeat("a\n", 2*most) + "\"\n", "OverMaxRecordSize: a record is longer than 1 MiB in record 2."},
		{"record of 1 MiB of line breaks in quotes", "SELECT CHAR_LENGTH(_1) FROM archive", "x\n\"" + strings.Repeat("\n", most-2) + "\"\ny\n", ""},
		{"result of 1 MiB", "SELECT _1 FROM archive", "x\n" + as(most) + "\ny\n", ""},
		{"result of 1 MiB, all of the record", "SELECT * FROM archive", "x\n" + as(most) + "\ny\n", ""},
		{"result of 1 MiB and one", "SELECT _1, 'b' FROM archive", "x\n" + as(most-1) + "\n", "OverMaxRecordSize: a record of the result has 1048577 bytes, and may have 1048576 in record 2."},
		{"result that is too long for its quotes", "SELECT * FROM archive", "x\n" + strings.Repeat("\"\"\"\",", most/5) + "\n", ""},
		{"result that grows too long with quotes", "SELECT _1 FROM archive", "x\n\"" + strings.Repeat("\"\"", most/2-1) + "\"\n", ""},
		{"result of ten thousand times a record", "SELECT _1" + strings.Repeat(",_1", 10000) + " FROM archive", as(most) + "\n", "OverMaxRecordSize: a record of the result has 2097153 bytes, and may have 1048576 in record 1."},
		{"columns up to the limit", "SELECT _1048576 FROM archive", "x\n" + strings.Repeat(",", csv.MaxColumns-1) + "\n", ""},
		{"one column too many", "SELECT _1048576 FROM archive", "x\n" + strings.Repeat(",", csv.MaxColumns) + "\n", "OverMaxColumn: a record has more than 1048576 columns in record 2."},
		{"line of JSON of 1 MiB", "SELECT s.b FROM archive s", `{"a":1}` + "\n{\"a\":\"" + as(most-8) + "\"}\n", ""},
		{"line of JSON of 1 MiB that ends in CR LF", "SELECT s.b FROM archive s", `{"a":1}` + "\r\n{\"a\":\"" + as(most-8) + "\"}\r\n", ""},
		{"line of JSON of 1 MiB and one", "SELECT s.b FROM archive s", `{"a":1}` + "\n{\"a\":\"" + as(most-7) + "\"}\n", "OverMaxRecordSize: a record has more than 1048576 bytes in record 2."},
		{"header of 1 MiB and one", "SELECT a FROM archive", as(most+1) + "\n1\n", "EvaluatorBindingDoesNotExist"},
		{"comment longer than a record", "SELECT _1 FROM archive", "x\n#" + as(most) + "\ny\n", "OverMaxRecordSize: a record is longer than 1 MiB in record 2."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := Input{CSV: csv.Dialect{Field: ',', Quote: '"', Escape: '"', Comment: '#', Record: "\n"}}
			for _, size := range []int{0, 100000, 300000} {
				q := compile(t, tt.statement, in)
				q.blockSize = size
				_, _, err := run(q, tt.data)
				if message := errText(err); message != tt.err && (tt.err == "" || strings.Contains(tt.err, ":") || !strings.HasPrefix(message, tt.err)) {
					t.Errorf("blocks of %d: %.200s, want %s", size, message, tt.err)
				}
			}
		})
	}
}

// TestMuchOutput makes more of a block than is held at a time.
func TestMuchOutput(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	columns := "SELECT _1" + strings.Repeat(",_1", 999) + " FROM archive"
	var data, want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&data, "%d\n", i)
		want.WriteString(strings.Repeat(fmt.Sprint(i, ","), 999) + fmt.Sprintln(i))
	}
	for _, limit := range []int{-1, 1, 2500, 4999, 5000, 6000} {
		statement, rows := columns, 5000
		if limit >= 0 {
			statement, rows = fmt.Sprint(columns, " LIMIT ", limit), min(limit, rows)
		}
		q := compile(t, statement, Input{})
		for _, size := range []int{0, 1000} {
			q.blockSize = size
			longest := 0
			var out strings.Builder
			r, err := q.Run(context.Background(), strings.NewReader(data.String()), writerFunc(func(p []byte) (int, error) {
				longest = max(longest, len(p))
				return out.Write(p)
			}), Options{Workers: 2})
			if err != nil || r.Rows != int64(rows) || !strings.HasPrefix(want.String(), out.String()) || strings.Count(out.String(), "\n") != rows {
				t.Errorf("limit %d: %+v, %v, %d bytes", limit, r, err, out.Len())
			}
			if longest > maxOut+csv.MaxRecord+1 {
				t.Errorf("a Write of %d bytes", longest)
			}
		}
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// endless repeats a text up to a number of bytes, and then ends.
func endless(text string, size int) io.Reader {
	at := 0
	return readerFunc(func(p []byte) (int, error) {
		if at >= size {
			return 0, io.EOF
		}
		n := 0
		for n < len(p) && at < size {
			m := copy(p[n:min(len(p), n+size-at)], text[at%len(text):])
			n, at = n+m, at+m
		}
		return n, nil
	})
}

// peak is the most memory in use while f runs, above that before, as it is seen
// when watch is called.
func peak(f func(watch func())) uint64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	most := before.HeapAlloc
	f(func() {
		runtime.GC() // only what lives counts
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapAlloc)
	})
	return most - min(most, before.HeapAlloc)
}

// TestMemoryOfStream reads 64 MiB with two workers.
func TestMemoryOfStream(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	const size, most = 64 << 20, 40 << 20
	for _, tt := range []struct{ name, statement, text string }{
		{"all of short records", "SELECT * FROM archive", "1,abc,\"d,e\",2017T\n"},
		{"much made of short records", "SELECT _1" + strings.Repeat(",'a long literal'", 20) + " FROM archive", strings.Repeat("1\n", 10) + strings.Repeat("-", 1000) + "\n"},
		{"line breaks in quotes", "SELECT COUNT(*) FROM archive", "1,\"" + strings.Repeat("a\n", 50) + "\"\n"},
		{"a total", "SELECT SUM(_1), MAX(_2) FROM archive", "1,abc,\"d,e\",2017T\n"},
		{"long records", "SELECT UPPER(_1) FROM archive", strings.Repeat("a", csv.MaxRecord) + "\n"},
		{"lines of JSON", "SELECT s.a FROM archive s", `{"a":"` + strings.Repeat("x", 1000) + `","b":[1,2]}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := compile(t, tt.statement, Input{})
			n := peak(func(watch func()) {
				r, next := endless(tt.text, size), 0
				read := readerFunc(func(p []byte) (int, error) {
					n, err := r.Read(p)
					if next -= n; next < 0 {
						next = 4 << 20
						watch()
					}
					return n, err
				})
				if _, err := q.Run(context.Background(), read, io.Discard, Options{Workers: 2}); err != nil && !strings.Contains(err.Error(), "not closed") && !strings.Contains(err.Error(), "no closing quote") && !strings.Contains(err.Error(), "JSON") {
					t.Error(err)
				}
			})
			if n > most {
				t.Errorf("%d bytes", n)
			}
		})
	}
}

// TestBombs unpacks what is much larger than it looks.
func TestBombs(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	zeros := make([]byte, 1<<20)
	for range 256 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, header := range []Header{HeaderNone, HeaderUse, HeaderIgnore} {
		q := compile(t, "SELECT * FROM archive", Input{Header: header})
		n := peak(func(watch func()) {
			_, err := q.Run(context.Background(), bytes.NewReader(packed.Bytes()), io.Discard, Options{Workers: 2})
			watch()
			if err == nil || !strings.HasPrefix(err.Error(), "OverMaxRecordSize") {
				t.Errorf("error %v", err)
			}
		})
		if n > 32<<20 {
			t.Errorf("%d bytes", n)
		}
	}
}

// TestHugeWindow has a frame of zstd that wants a window of 512 MiB.
func TestHugeWindow(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(zstd.MaxWindowSize))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"a,b\n", strings.Repeat("1,2\n", 1<<20)} { // of two writes the size is not known beforehand
		if _, err := io.WriteString(w, p); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err = run(compile(t, "SELECT * FROM archive", Input{}), b.String())
	want := "InvalidCompressionFormat: the archive cannot be unpacked: its window is larger than 32 MiB, as zstd makes it with --long or --ultra."
	if !isQueryError(err) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestPackedNothing has archives of which nothing is ever unpacked. They are read until
// the context ends.
func TestPackedNothing(t *testing.T) {
	const size = 8 << 20
	for name, text := range map[string]string{
		"members of gzip": strings.Repeat(gzipped(t, ""), 100), "frames of zstd": strings.Repeat(zstded(t, ""), 100), "frames to be skipped": strings.Repeat("\x50\x2a\x4d\x18\x00\x00\x00\x00", 100),
	} {
		for _, header := range []Header{HeaderNone, HeaderUse} {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r, read := endless(text, size/len(text)*len(text)), 0
			q := compile(t, "SELECT * FROM archive", Input{Header: header})
			_, err := q.Run(ctx, readerFunc(func(p []byte) (int, error) {
				n, err := r.Read(p)
				if read += n; read > size/4 {
					cancel()
				}
				return n, err
			}), io.Discard, Options{Workers: 1})
			if !errors.Is(err, context.Canceled) || read > size/2 {
				t.Errorf("%s: %d bytes are read, error %v", name, read, err)
			}
		}
	}
}

// TestNothingIsLeft ends runs early, and waits until their goroutines are gone.
func TestNothingIsLeft(t *testing.T) {
	broken := errors.New("it is broken")
	text := "1,\"a\nb\"\n"
	for _, tt := range []struct {
		name, statement string
		run             func(q *Query) error
		want            error // nil: any, or none
	}{
		{"limit", "SELECT * FROM archive LIMIT 3", func(q *Query) error {
			_, err := q.Run(context.Background(), endless(text, 16<<20), io.Discard, Options{Workers: 4})
			return err
		}, nil},
		{"limit of none", "SELECT * FROM archive LIMIT 0", func(q *Query) error {
			_, err := q.Run(context.Background(), endless(text, 16<<20), io.Discard, Options{Workers: 4})
			return err
		}, nil},
		{"error of a record", "SELECT 1 / (_1 - 1) FROM archive", func(q *Query) error {
			_, err := q.Run(context.Background(), endless(text, 16<<20), io.Discard, Options{Workers: 4})
			return err
		}, nil},
		{"context that ends", "SELECT * FROM archive", func(q *Query) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			_, err := q.Run(ctx, endless(text, 16<<20), writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }), Options{Workers: 4})
			return err
		}, context.Canceled},
		{"writer that fails", "SELECT * FROM archive", func(q *Query) error {
			_, err := q.Run(context.Background(), endless(text, 16<<20), writerFunc(func([]byte) (int, error) { return 0, broken }), Options{Workers: 4})
			return err
		}, broken},
		{"reader that fails", "SELECT * FROM archive", func(q *Query) error {
			_, err := q.Run(context.Background(), io.MultiReader(endless(text, 8<<20), readerFunc(func([]byte) (int, error) { return 0, broken })), io.Discard, Options{Workers: 4})
			return err
		}, broken},
		{"header with another name", "SELECT b FROM archive", func(q *Query) error {
			q.in.Header = HeaderUse
			_, err := q.Run(context.Background(), endless(text, 8<<20), io.Discard, Options{Workers: 4})
			return err
		}, nil},
		{"zstd", "SELECT * FROM archive LIMIT 1", func(q *Query) error {
			_, err := q.Run(context.Background(), strings.NewReader(zstded(t, strings.Repeat(text, 1<<19))), io.Discard, Options{Workers: 4})
			return err
		}, nil},
		{"zstd that is only checked", "SELECT * FROM archive", func(q *Query) error {
			return q.Check(context.Background(), strings.NewReader(zstded(t, strings.Repeat(text, 1<<19))))
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			q := compile(t, tt.statement, Input{})
			if err := tt.run(q); tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
				if time.Now().After(deadline) {
					t.Fatalf("%d goroutines, before %d", runtime.NumGoroutine(), before)
				}
			}
		})
	}
}

// TestReaderIsLeftAlone counts reads that begin after Run has returned.
func TestReaderIsLeftAlone(t *testing.T) {
	var done, late atomic.Bool
	r := endless("1,2\n", 64<<20)
	q := compile(t, "SELECT * FROM archive LIMIT 1", Input{})
	_, err := q.Run(context.Background(), readerFunc(func(p []byte) (int, error) {
		if done.Load() {
			late.Store(true)
		}
		return r.Read(p)
	}), io.Discard, Options{Workers: 3})
	done.Store(true)
	for range 1000 {
		runtime.Gosched()
	}
	if err != nil || late.Load() {
		t.Errorf("read after the end (error %v)", err)
	}
}

// TestErrorThatComesOnce has a reader whose error comes with its last bytes, and is
// followed by the end: the archive is not whole all the same.
func TestErrorThatComesOnce(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, size := range []int{3, 4, 4000, 64 << 10, 128 << 10, blockSize, headSize, headSize + blockSize, 2 * blockSize, 3 * blockSize} {
		for _, compression := range []Compression{Uncompressed, DetectCompression} {
			left, failed := size, false
			r := readerFunc(func(p []byte) (int, error) {
				if left == 0 {
					if failed {
						return 0, io.EOF
					}
					failed = true
					return 0, broken
				}
				n := min(len(p), left)
				copy(p[:n], bytes.Repeat([]byte("1,2\n"), n/4+1))
				if left -= n; left == 0 {
					failed = true
					return n, broken
				}
				return n, nil
			})
			q := compile(t, "SELECT COUNT(*) FROM archive", Input{Compression: compression})
			if _, err := q.Run(context.Background(), r, io.Discard, Options{Workers: 2}); !errors.Is(err, broken) {
				t.Errorf("%d bytes, compression %d: error %v", size, compression, err)
			}
		}
	}
}

// TestJSONEndsWithContext looks for many things in long objects.
func TestJSONEndsWithContext(t *testing.T) {
	var paths, members strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&paths, ",s.a.x%d", i)
		fmt.Fprintf(&members, `,"y%d":0`, i)
	}
	data := `{"a":{"z":1` + members.String() + "}}\n"
	q := compile(t, "SELECT s.b"+paths.String()+" FROM archive s", Input{Form: JSONLines})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := q.Run(ctx, strings.NewReader(data), io.Discard, Options{Workers: 1})
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("it takes %v (error %v)", d, err)
	}
}

func TestJSONAsItIs(t *testing.T) {
	for _, tt := range []struct{ name, object, want string }{
		{"number of many digits", `{"a":1.2345678901234567890123456789012345678901234567890}`, "1.2345678901234567890123456789012345678901234567890\n"},
		{"number with an exponent", `{"a":1.0e5}`, "1.0e5\n"},
		{"number below zero that is zero", `{"a":-0}`, "-0\n"},
		{"number of many zeros", `{"a":1e70}`, "1e70\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := run(compile(t, "SELECT * FROM archive", Input{Form: JSONLines}), tt.object+"\n")
			if err != nil || got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TestJSONNumbers shows that a number keeps its digits, and counts as what it is.
func TestJSONNumbers(t *testing.T) {
	for _, tt := range []struct{ name, number, expr, want string }{
		{"as many digits as a DECIMAL has", "12345678901234567890123456789012345678", "s.a", "12345678901234567890123456789012345678\n"},
		{"one digit more", "123456789012345678901234567890123456789", "s.a", "123456789012345678901234567890123456789\n"},
		{"one digit more, of a fraction", "-1.23456789012345678901234567890123456789", "s.a", "-1.23456789012345678901234567890123456789\n"},
		{"one digit more, calculated with", "123456789012345678901234567890123456789", "s.a + 0", "123456789012345678901234567890123456790\n"},
		{"one digit more, compared", "123456789012345678901234567890123456789", "s.a > 5, s.a < 5, s.a BETWEEN 1 AND 1e50", "true,false,true\n"},
		{"zeros before its digits", "0.000000000000000000000000000000000000000000012", "s.a * 1e0", "1.2e-44\n"},
		{"zeros behind its digits", "1.500", "s.a", "1.500\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := run(compile(t, "SELECT "+tt.expr+" FROM archive s", Input{Form: JSONLines}), `{"a":`+tt.number+"}\n")
			if err != nil || got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TestErrorsOfTotals has errors that must not be hidden by those of merging, which
// do not know the record.
func TestErrorsOfTotals(t *testing.T) {
	for _, tt := range []struct{ name, expr, data, want string }{
		{"the first value is no number", "SUM(_1)", "x\n1\n", "InvalidDataType: SUM takes numbers, and 'x' is none at line 1, column 8 in record 1."},
		{"a later value is no number", "SUM(_1)", "1\n2\nx\n", "InvalidDataType: SUM takes numbers, and 'x' is none at line 1, column 8 in record 3."},
		{"the first value is no number for AVG", "AVG(_1)", "x\n", "InvalidDataType: AVG takes numbers, and 'x' is none at line 1, column 8 in record 1."},
		{"values that do not compare", "MIN(CASE _1 WHEN 'x' THEN TRUE ELSE 1 END)", "1\nx\n", "InvalidDataType: MIN cannot compare true with 1 at line 1, column 8"},
		{"sum too large", "SUM(CAST(_1 AS FLOAT))", "1e308\n1e308\n", "NumericOverflow: the result of 1e+308 + 1e+308 is too large at line 1, column 8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := compile(t, "SELECT "+tt.expr+" FROM archive", Input{})
			for _, size := range []int{1, 2, 5, 0} {
				q.blockSize = size
				if _, r, err := run(q, tt.data); !strings.HasPrefix(errText(err), tt.want) || r.Rows != 0 {
					t.Errorf("blocks of %d: %d rows, error\n     %s\nwant %s", size, r.Rows, errText(err), tt.want)
				}
			}
		})
	}
}

// TestRowsOfTotals counts the rows that were written, not those that were added up.
func TestRowsOfTotals(t *testing.T) {
	for limit, rows := range map[string]int64{"": 1, " LIMIT 0": 0, " LIMIT 1": 1, " LIMIT 5": 1} {
		out, r, err := run(compile(t, "SELECT COUNT(*) FROM archive"+limit, Input{}), people)
		if err != nil || r.Rows != rows || int64(strings.Count(out, "\n")) != rows {
			t.Errorf("%q: %+v, %q, %v", limit, r, out, err)
		}
	}
}
