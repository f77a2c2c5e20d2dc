package scan

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

// awkward are archives in which it matters where they are cut.
func awkward() map[string]string {
	return map[string]string{
		"line breaks in quotes":            "1,\"a\nb\"\n2,\"\n\n\"\n\"3\n4\",\"\"\"\n\"\"\"\n5,c\n",
		"quotes that look like others":     "1,\"a\"\"\n\"\"b\"\n2,x\"\n3,\"\"\n4,\"\",\"\n\"\n",
		"CR LF":                            "1,\"a\r\nb\"\r\n2,\"\r\n\"\r\n\r\n3,\r\r\n4,x\r\n",
		"CR LF without an end":             "1,a\r\n2,b\r",
		"blank lines":                      "\n\n1,a\n\n\r\n\n2,b\n\n",
		"comments":                         "#x\"\n1,a\n#\n\"#2\n#3\",b\n##\"\n4,\"#\n#\"\n#end",
		"characters of several bytes":      "1,é漢\U0001F600\n2,\"漢\né\"\n\"\U0001F600\n\",x\n",
		"a record that is longer than all": "1,a\n2,\"" + strings.Repeat("x\n", 30) + "\"\n3,c\n",
		"a quote that is not closed":       "1,a\n2,b\n3,\"c\nd\ne\n",
		"text behind a quote":              "1,a\n2,\"b\nc\"d\n3,\"e\n",
		"bytes that are no text":           "1,a\n2,\"b\n\"\n3,\xff\n4,\"\n",
		"what cannot be cast":              "1,a\n2,\"b\n\"\nx,\"\n\"\n4,d\n",
		"nothing":                          "",
		"a quote":                          "\"",
		"ragged records":                   "1\n2,b,c,\"d\ne\"\n,\n\"\",\n5",
	}
}

// TestEveryCut cuts archives into blocks of each length that there is, which is to cut
// them behind each record delimiter, whether it ends a record or not.
func TestEveryCut(t *testing.T) {
	d := csv.Default()
	d.Comment = '#'
	in := Input{Compression: Uncompressed, Form: CSV, CSV: d}
	for name, data := range awkward() {
		t.Run(name, func(t *testing.T) {
			for s, header := range map[string]Header{
				"SELECT * FROM archive": HeaderNone, "SELECT _2, CAST(_1 AS INT) FROM archive": HeaderNone, "SELECT COUNT(*), COUNT(_2), MIN(_2), MAX(_1) FROM archive": HeaderNone,
				"SELECT _2, _1 FROM archive WHERE _1 > 1 LIMIT 2": HeaderIgnore,
			} {
				in.Header = header
				want := reference(s, in, defaultFormat(), data)
				for size := 1; size <= len(data)+1; size++ {
					if diff := cmp.Diff(want, outcomeOf(t, s, in, defaultFormat(), data, size, 1+size%3)); diff != "" {
						t.Fatalf("%s\nheader %d, blocks of %d: %s", s, header, size, diff)
					}
				}
			}
		})
	}
}

// TestEveryCutOfJSON does the same with lines of JSON.
func TestEveryCutOfJSON(t *testing.T) {
	const data = "\ufeff{\"a\":1,\"b\":\"x\\n\"}\r\n\n{\"a\":\"é漢\U0001F600\",\"b\":{\"c\":[1,2]}}\n \t\r\n{\"A\":3}\n{\"a\":null,\"b\":\"\\u0000\"}"
	for statement, want := range map[string]string{
		"SELECT * FROM archive":                                  "1,\"x\n\"\né漢\U0001F600,\"{\"\"c\"\":[1,2]}\"\n3\n,\x00\n",
		"SELECT s.a, s.b.c FROM archive s":                       "1,\né漢\U0001F600,\"[1,2]\"\n3,\n,\n",
		"SELECT COUNT(*), COUNT(s.a), MAX(s.b) FROM archive s":   "4,3,\"{\"\"c\"\":[1,2]}\"\n",
		"SELECT s.a FROM archive s WHERE s.b IS MISSING LIMIT 1": "3\n",
	} {
		for size := 1; size <= len(data)+1; size++ {
			q := compile(t, statement, Input{Form: []Form{DetectForm, JSONLines}[size%2]})
			q.blockSize = size
			if got, _, err := run(q, data); err != nil || got != want {
				t.Fatalf("%s\nblocks of %d: %q, %v; want %q", statement, size, got, err, want)
			}
		}
	}
}

// TestEveryReader gives out an archive in other pieces than it is asked for.
func TestEveryReader(t *testing.T) {
	for name, data := range map[string]string{"plain": people, "gzip": gzipped(t, people), "zstd": zstded(t, people)} {
		for as, reader := range map[string]func(io.Reader) io.Reader{
			"a byte at a time": iotest.OneByteReader, "halves": iotest.HalfReader, "the end with the last bytes": iotest.DataErrReader,
			"the end with the last byte": func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
		} {
			for _, size := range []int{1, 7, 0} {
				q := compile(t, "SELECT name, age FROM archive", Input{Header: HeaderUse})
				q.blockSize = size
				var out strings.Builder
				_, err := q.Run(context.Background(), reader(strings.NewReader(data)), &out, Options{Now: time.Unix(0, 0)})
				if want := "Ann,31\nBob,45\n\"Eve \"\"E\"\"\",29\nKim,x\n"; err != nil || out.String() != want {
					t.Errorf("%s, %s, blocks of %d: %q, %v", name, as, size, out.String(), err)
				}
			}
		}
	}
}

// TestEveryMember packs an archive in two parts, cut at each byte.
func TestEveryMember(t *testing.T) {
	for name, pack := range map[string]func(*testing.T, string) string{"gzip": gzipped, "zstd": zstded} {
		for cut := range len(people) + 1 {
			q := compile(t, "SELECT * FROM archive", Input{})
			got, r, err := run(q, pack(t, people[:cut])+pack(t, people[cut:]))
			if err != nil || r.Records != 5 || !strings.HasPrefix(got, "name,age,city\nAnn,31,Oslo\nBob,45,\"Ber\ngen\"\n") {
				t.Errorf("%s cut at %d: %+v, %q, %v", name, cut, r, got, err)
			}
		}
	}
}

// TestPackedCutOff cuts packed archives off at each byte, and spoils each of their
// bytes: either it shows, or nothing has changed.
func TestPackedCutOff(t *testing.T) {
	for name, data := range map[string]string{"gzip": gzipped(t, people), "zstd": zstded(t, people)} {
		form := map[string]Compression{"gzip": Gzip, "zstd": Zstd}[name]
		q := compile(t, "SELECT * FROM archive", Input{Compression: form})
		want, _, err := run(q, data)
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(data) {
			if n == 0 && form == Zstd {
				continue // no frames are a stream, too
			}
			if _, _, err := run(q, data[:n]); !isQueryError(err) {
				t.Errorf("%s of %d bytes: %v", name, n, err)
			}
			for bit := range 8 {
				spoilt := []byte(data)
				spoilt[n] ^= 1 << bit
				if got, _, err := run(q, string(spoilt)); err != nil && !isQueryError(err) || err == nil && got != want {
					t.Errorf("%s with bit %d of byte %d turned: %q, %v", name, bit, n, got, err)
				}
			}
		}
	}
}

// TestBehindPacked has what stands behind the last member of what is packed.
func TestBehindPacked(t *testing.T) {
	z, zs := gzipped(t, people), zstded(t, people)
	for name, data := range map[string]string{
		"text behind gzip": z + "a,b\n", "gzip behind zstd": zs + z, "zstd behind gzip": z + zs, "text behind zstd": zs + "a,b\n", "half a member behind gzip": z + z[:len(z)/2], "half a frame behind zstd": zs + zs[:len(zs)/2],
	} {
		if _, _, err := run(compile(t, "SELECT * FROM archive", Input{}), data); !isQueryError(err) || !strings.HasPrefix(err.Error(), "InvalidCompressionFormat") {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := fmt.Sprint(gzipped(t, ""), z, gzipped(t, ""))
	skip := string(append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00"), "abcd"...))
	for name, data := range map[string]string{"empty members around": empty, "frames to skip around": skip + zs + skip, "an empty frame before": zstded(t, "") + zs} {
		if got, _, err := run(compile(t, "SELECT COUNT(*) FROM archive", Input{}), data); err != nil || got != "5\n" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
