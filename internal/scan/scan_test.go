package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"firn/internal/csv"
	"firn/internal/query"
)

func defaultFormat() csv.Format {
	return csv.Format{Field: ',', Quote: '"', Escape: '"', Record: "\n"}
}

func compile(t *testing.T, statement string, in Input) *Query {
	t.Helper()
	if in.CSV == (csv.Dialect{}) {
		in.CSV = csv.Default()
	}
	q, err := Compile(statement, in, defaultFormat())
	if err != nil {
		t.Fatalf("compile %s: %v", statement, err)
	}
	return q
}

// run returns the result of a query, and its error.
func run(q *Query, data string) (string, Result, error) {
	var out strings.Builder
	r, err := q.Run(context.Background(), strings.NewReader(data), &out, Options{Now: time.Unix(0, 0)})
	return out.String(), r, err
}

const people = "name,age,city\nAnn,31,Oslo\nBob,45,\"Ber\ngen\"\n\n\"Eve \"\"E\"\"\",29,\"a,b\"\nKim,x,Oslo"

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name, statement, data string
		in                    Input
		want                  string
		err                   string
	}{
		{"all of it", "SELECT * FROM archive", people, Input{}, "name,age,city\nAnn,31,Oslo\nBob,45,\"Ber\ngen\"\n\"Eve \"\"E\"\"\",29,\"a,b\"\nKim,x,Oslo\n", ""},
		{"header ignored", "SELECT s._1 FROM archive s", people, Input{Header: HeaderIgnore}, "Ann\nBob\n\"Eve \"\"E\"\"\"\nKim\n", ""},
		{"header used", "SELECT NAME FROM archive s WHERE s.city = 'Oslo'", people, Input{Header: HeaderUse}, "Ann\nKim\n", ""},
		{"quoted name has case", "SELECT \"NAME\" FROM archive", people, Input{Header: HeaderUse}, "", "MissingHeaderName: the header has no column \"NAME\" at line 1, column 8."},
		{"ambiguous name", "SELECT a FROM archive", "a,A\n1,2\n", Input{Header: HeaderUse}, "", "AmbiguousFieldName: the name a matches more than one column; in double quotes it has case at line 1, column 8."},
		{"name in quotes of two that differ by case", "SELECT \"A\" FROM archive", "a,A\n1,2\n", Input{Header: HeaderUse}, "2\n", ""},
		{"name and position mixed", "SELECT a, _2 FROM archive", "a,b\n1,2\n", Input{Header: HeaderUse}, "", "UnsupportedSqlStructure: columns are called by name or by position, not both: a and _2 at line 1, column 11."},
		{"number compared with text that is none", "SELECT _1 FROM archive WHERE _2 > 30", people, Input{}, "Ann\nBob\n", ""},
		{"failed cast", "SELECT CAST(_2 AS INT) FROM archive", people, Input{Header: HeaderIgnore}, "31\n45\n29\n", "CastFailed: 'x' cannot be cast to INT at line 1, column 8 in record 5."},
		{"limit", "SELECT _1 FROM archive LIMIT 2", people, Input{}, "name\nAnn\n", ""},
		{"limit of none", "SELECT _1 FROM archive LIMIT 0", people, Input{}, "", ""},
		{"limit stops before what would fail", "SELECT CAST(_2 AS INT) FROM archive LIMIT 3", people, Input{Header: HeaderIgnore}, "31\n45\n29\n", ""},
		{"aggregates", "SELECT COUNT(*), SUM(CAST(_2 AS INT)), AVG(_2), MIN(_1), MAX(_3) FROM archive WHERE _2 < 100", people, Input{Header: HeaderIgnore}, "3,105,35,Ann,\"a,b\"\n", ""},
		{"aggregates of nothing", "SELECT COUNT(*), SUM(_2) FROM archive WHERE FALSE", people, Input{}, "0,\n", ""},
		{"aggregates and a limit", "SELECT COUNT(*) FROM archive LIMIT 1", people, Input{}, "5\n", ""},
		{"quote in the middle", "SELECT _1 FROM archive", "a\"b,c\n", Input{}, "\"a\"\"b\"\n", ""},
		{"text behind a closing quote", "SELECT _1 FROM archive", "x\n\"a\"b,c\n", Input{}, "x\n", "CSVUnescapedQuote"},
		{"quote not closed", "SELECT _1 FROM archive", "x\n\"ab,c\n", Input{}, "x\n", "CSVUnescapedQuote"},
		{"not UTF-8", "SELECT _1 FROM archive", "x\n\xff\n", Input{}, "x\n", "InvalidTextEncoding"},
		{"lines that end in CR LF", "SELECT _2 FROM archive", "a,b\r\nc,d\r\n", Input{}, "b\nd\n", ""},
		{"byte order mark", "SELECT a FROM archive", "\ufeffa,b\n1,2\n", Input{Header: HeaderUse}, "1\n", ""},
		{"byte order mark before a quote", "SELECT \"a,b\" FROM archive", "\ufeff\"a,b\",c\n1,2\n", Input{Header: HeaderUse}, "1\n", ""},
		{"byte order mark before a header to ignore", "SELECT _1 FROM archive", "\ufeff\"a\nb\"\n1\n", Input{Header: HeaderIgnore}, "1\n", ""},
		{"byte order mark alone", "SELECT COUNT(*) FROM archive", "\ufeff", Input{}, "0\n", ""},
		{"half a byte order mark", "SELECT COUNT(*) FROM archive", "\ufeff"[:2], Input{}, "", "InvalidTextEncoding"},
		{"second byte order mark", "SELECT CHAR_LENGTH(_1) FROM archive", "\ufeff\ufeffa\n\ufeff\n", Input{}, "2\n1\n", ""},
		{"UTF-16", "SELECT * FROM archive", "\xff\xfea\x00\n\x00", Input{}, "", "InvalidTextEncoding"},
		{"NUL bytes", "SELECT CHAR_LENGTH(_1), _2 FROM archive WHERE _1 LIKE '_\x00%'", "a\x00b,\"\x00\"\n\x00,2\n", Input{}, "3,\x00\n", ""},
		{"only a header", "SELECT a FROM archive", "a,b\n", Input{Header: HeaderUse}, "", ""},
		{"a record of one empty column", "SELECT _9 FROM archive", "a,b\n", Input{}, "\"\"\n", ""},
		{"JSON, found out", "SELECT s.name, s.home.city FROM archive s WHERE s.age > 30", `{"name":"Ann","age":31,"home":{"city":"Oslo"}}` + "\n\n" + `{"name":"Bob","age":29}` + "\n" + `{"name":"Kim","age":"44","home":[1,2]}`, Input{}, "Ann,Oslo\nKim,\n", ""},
		{"JSON as it is", "SELECT * FROM archive", `{"a":1.50,"b":null,"c":[1,{"d":"x"}],"e":true,"f":"q\"r"}` + "\n", Input{}, "1.50,,\"[1,{\"\"d\"\":\"\"x\"\"}]\",true,\"q\"\"r\"\n", ""},
		{"JSON with a bad line", "SELECT a FROM archive", "{\"a\":1}\n{\"a\":\n", Input{Form: JSONLines}, "1\n", "JSONParsingError"},
		{"JSON numbers keep their digits", "SELECT a, a = 10000000000000000000000000000001 FROM archive", "{\"a\":10000000000000000000000000000001}\n", Input{}, "10000000000000000000000000000001,true\n", ""},
		{"no number", "SELECT _1 + 1 FROM archive", "1\nb\n", Input{}, "2\n", "InvalidDataType: 'b' is not a number at line 1, column 11 in record 2."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.in.CSV == (csv.Dialect{}) {
				tt.in.CSV = csv.Default()
			}
			q, err := Compile(tt.statement, tt.in, defaultFormat())
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{1, 3, 7, 0} {
				q.blockSize = size
				got, _, err := run(q, tt.data)
				if got != tt.want {
					t.Errorf("blocks of %d: got %q, want %q", size, got, tt.want)
				}
				if message := errText(err); (tt.err == "") != (err == nil) || !strings.HasPrefix(message, tt.err) {
					t.Errorf("blocks of %d: error %q, want %q", size, message, tt.err)
				}
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestRunsAtOnce runs a query several times at once. All constants are shared, the long
// ones too.
func TestRunsAtOnce(t *testing.T) {
	for _, columns := range []string{
		"_1 * 12345678901234567890.123456789 % 3.00000000000000000000001, _1 / 1.23456789012345678901234567, 1e0 + 123456789012345678901234567890.5, _1 IN (123456789012345678901234567890.5, 2), _1 IN (1, 2)",
		"CASE WHEN _1 LIKE '%1_%' THEN CAST(123456789012345678901234567890.5 AS STRING) ELSE TO_STRING(`2017T`, 'yyyy') END, DATE_ADD(day, 1, `2017-01-01T`), COALESCE(NULLIF(_1, 1.00000000000000000000000001), 5)",
		"SUM(_1 * 12345678901234567890.123456789), MIN(_1), MAX(CAST(_1 AS DECIMAL) + 12345678901234567890123.50), AVG(_1), COUNT(_1)",
	} {
		q := compile(t, "SELECT "+columns+" FROM archive WHERE _1 < 12345678901234567890123.50", Input{})
		q.blockSize = 64
		data := strings.Repeat("1\n2\n\"3\"\n12\n", 100)
		want, _, err := run(q, data)
		if err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		for range 3 {
			running.Go(func() {
				var out strings.Builder
				if _, err := q.Run(context.Background(), strings.NewReader(data), &out, Options{Workers: 3, Now: time.Unix(0, 0)}); err != nil || out.String() != want {
					t.Errorf("%s: %.200q, %v", columns, out.String(), err)
				}
			})
		}
		running.Wait()
	}
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t *testing.T, s string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(s), nil))
}

func TestCompressed(t *testing.T) {
	want := "Ann\nKim\n"
	statement := "SELECT name FROM archive s WHERE s.city = 'Oslo'"
	z, zs := gzipped(t, people), zstded(t, people)
	for _, tt := range []struct {
		name, data string
		c          Compression
		err        string
	}{
		{"gzip, found out", z, DetectCompression, ""},
		{"gzip", z, Gzip, ""},
		{"two members of gzip", gzipped(t, people[:30]) + gzipped(t, people[30:]), DetectCompression, ""},
		{"zstd, found out", zs, DetectCompression, ""},
		{"zstd", zs, Zstd, ""},
		{"plain", people, Uncompressed, ""},
		{"gzip cut off", z[:len(z)-9], DetectCompression, "InvalidCompressionFormat"},
		{"gzip with a bad sum", z[:len(z)-8] + "xxxx" + z[len(z)-4:], DetectCompression, "InvalidCompressionFormat"},
		{"zstd cut off", zs[:len(zs)-3], DetectCompression, "InvalidCompressionFormat"},
		{"plain called gzip", people, Gzip, "InvalidCompressionFormat"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := run(compile(t, statement, Input{Compression: tt.c, Header: HeaderUse}), tt.data)
			if tt.err != "" {
				if !strings.HasPrefix(errText(err), tt.err) || !isQueryError(err) {
					t.Errorf("error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil || got != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
}

// failing gives out some bytes and then an error.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

func TestErrorsOfOthers(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, data := range map[string]string{"plain": people, "gzip": gzipped(t, people)} {
		t.Run("reader fails, "+name, func(t *testing.T) {
			q := compile(t, "SELECT * FROM archive", Input{})
			_, err := q.Run(context.Background(), &failing{strings.NewReader(data), broken}, io.Discard, Options{})
			if !errors.Is(err, broken) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("writer fails", func(t *testing.T) {
		q := compile(t, "SELECT * FROM archive", Input{})
		pr, pw := io.Pipe()
		pr.CloseWithError(broken)
		_, err := q.Run(context.Background(), strings.NewReader(people), pw, Options{})
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		q := compile(t, "SELECT * FROM archive", Input{})
		_, err := q.Run(ctx, strings.NewReader(people), io.Discard, Options{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("compile", func(t *testing.T) {
		var e *query.Error
		if _, err := Compile("SELECT", Input{}, defaultFormat()); !errors.As(err, &e) {
			t.Errorf("error %v", err)
		}
	})
}
