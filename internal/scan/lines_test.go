package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"firn/internal/query"
	"firn/internal/value"
)

// evaluationOf reads lines for any paths, and all of their members.
func evaluationOf(paths [][]query.Name) *lines {
	q := &Query{out: defaultFormat()}
	return &lines{
		rows:   rows{q: q, env: query.NewEnv(context.Background(), time.Unix(0, 0))},
		reader: reader{index: newIndex(paths), all: true},
		values: make([]value.Value, len(paths)),
	}
}

// A pair is a member of an object.
type pair struct {
	name  string
	value json.RawMessage
}

// pairs is what encoding/json makes of an object: its members in their order.
func pairs(line []byte) ([]pair, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("this is no object")
	}
	var all []pair
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		p := pair{name: t.(string)}
		if err := d.Decode(&p.value); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// nesting is how deep a value of JSON is.
func nesting(line []byte) int {
	depth, most := 0, 0
	for d := json.NewDecoder(bytes.NewReader(line)); ; {
		switch t, err := d.Token(); {
		case err != nil:
			return most
		case t == json.Delim('{') || t == json.Delim('['):
			depth++
			most = max(most, depth)
		case t == json.Delim('}') || t == json.Delim(']'):
			depth--
		}
	}
}

// referenceValue is a value as the language has it.
func referenceValue(raw json.RawMessage) value.Value {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		panic(err)
	}
	switch v := v.(type) {
	case nil:
		return value.Null()
	case bool:
		return value.Bool(v)
	case string:
		return value.Text([]byte(v))
	case json.Number:
		mantissa, _, _ := strings.Cut(strings.ToLower(string(v)), "e")
		digits := strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(mantissa), "0")
		if n, ok := value.ParseNumber([]byte(v)); ok && len(digits) <= 38 {
			return n
		}
	}
	return value.Text(raw)
}

// referencePath follows a path. The error is the code of one.
func referencePath(object []byte, path []query.Name) (value.Value, string) {
	all, err := pairs(object)
	if err != nil {
		return value.Missing(), ""
	}
	byName := make(map[string]json.RawMessage)
	for _, p := range all {
		byName[p.name] = p.value
	}
	found, ok := byName[path[0].Text]
	if !ok {
		var similar []string
		for name := range byName {
			if path[0].Is(name) {
				similar = append(similar, name)
			}
		}
		switch len(similar) {
		case 0:
			return value.Missing(), ""
		case 1:
			found = byName[similar[0]]
		default:
			return value.Missing(), "AmbiguousFieldName"
		}
	}
	if len(path) == 1 {
		return referenceValue(found), ""
	}
	return referencePath(found, path[1:])
}

// referenceLine is what a line is, by encoding/json.
func referenceLine(line []byte, paths [][]query.Name) (values []value.Value, row []byte, code string) {
	all, err := pairs(line)
	if err != nil || !json.Valid(line) || nesting(line) > maxNesting {
		return nil, nil, "JSONParsingError"
	}
	out := defaultFormat()
	for i, p := range all {
		text := []byte(p.value)
		if c := text[0]; c == '"' || c == 'n' {
			v := referenceValue(p.value)
			text = v.Bytes()
		}
		if i == 0 {
			row = out.AppendFirst(row, text)
		} else {
			row = out.AppendField(append(row, out.Field), text)
		}
	}
	for _, path := range paths {
		v, code := referencePath(line, path)
		if code != "" {
			return nil, nil, code
		}
		values = append(values, v)
	}
	return values, row, ""
}

// likeReference compares what comes of a line with the reference, and returns the
// code of the error.
func likeReference(t *testing.T, e *lines, line []byte, paths [][]query.Name) string {
	t.Helper()
	values, row, code := referenceLine(line, paths)
	_, err := e.read(line)
	var failed *query.Error
	if errors.As(err, &failed) != (code != "") || failed != nil && failed.Code != code {
		t.Fatalf("%q, %v: %v; want %q", line, paths, err, code)
	}
	if code != "" {
		return code
	}
	if !reflect.DeepEqual(e.values, values) && len(paths) > 0 {
		t.Fatalf("%q, %v: %v; want %v", line, paths, e.values, values)
	}
	if got := e.appendObject(nil); !bytes.Equal(got, row) {
		t.Fatalf("%q as a row is %q; want %q", line, got, row)
	}
	return ""
}

var memberNames = []string{"a", "A", "b", "ab", "aB", "Ab", "s", "S", "ſ", "k", "\u212a", "é", "É", "ß", "ẞ", "", "#"}

// randomObject is one, most of whose names are few.
func randomObject(random *rand.Rand, depth int) string {
	var b strings.Builder
	b.WriteString([]string{"{", "{", " { ", "\t{\r"}[random.IntN(4)])
	for i := range random.IntN(6) {
		if i > 0 {
			b.WriteString([]string{",", " ,\t"}[random.IntN(2)])
		}
		name := memberNames[random.IntN(len(memberNames))]
		if random.IntN(8) == 0 {
			name = strings.ReplaceAll(strings.ReplaceAll(name, "a", `\u0061`), "S", `\u017F`)
		}
		b.WriteString(`"` + name + `"` + []string{":", " : "}[random.IntN(2)])
		if depth > 0 && random.IntN(2) == 0 {
			b.WriteString(randomObject(random, depth-1))
			continue
		}
		b.WriteString([]string{"1", "-0", "1.50", "1e5", "-2.5E-3", "10000000000000000000000000000001", "123456789012345678901234567890123456789.5", "-0.00000000000000000000000000000000000000000012345E3", "true", "false", "null", `"x"`, `""`, `"#"`,
			`"a\n\"\\\/\b\f\r\t"`, `"\ud83d\ude00\ud83dx\ude00\ud83d\u0041"`, `"\uD83D\uD83D\uDE00"`, "[]", `[1,{"a":[2]}, "]"]`, "{}"}[random.IntN(20)])
	}
	b.WriteString([]string{"}", " }", "} "}[random.IntN(3)])
	return b.String()
}

func randomPaths(random *rand.Rand) [][]query.Name {
	paths := make([][]query.Name, random.IntN(8))
	for i := range paths {
		for range 1 + random.IntN(3) {
			paths[i] = append(paths[i], query.Name{Text: memberNames[random.IntN(len(memberNames))], Exact: random.IntN(3) == 0})
		}
	}
	return paths
}

// TestLinesLikeReference reads random lines, some of them spoilt.
func TestLinesLikeReference(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			codes := map[string]int{}
			for range 500 {
				paths := randomPaths(random)
				e := evaluationOf(paths)
				for range 10 {
					line := []byte(randomObject(random, 3))
					if random.IntN(4) == 0 {
						i := random.IntN(len(line))
						line = slices.Replace(line, i, i+random.IntN(2), `{}[],:"\0.eE-+tu `[random.IntN(17)])
					}
					if !utf8.Valid(line) {
						continue
					}
					codes[likeReference(t, e, line, paths)]++
				}
			}
			for _, code := range []string{"", "JSONParsingError", "AmbiguousFieldName"} {
				if codes[code] < 30 {
					t.Errorf("%d lines came to %q", codes[code], code)
				}
			}
		})
	}
}

// FuzzLines compares a line with what encoding/json makes of it. Each line of paths
// is one, with points between its names; one that begins with ! has case.
func FuzzLines(f *testing.F) {
	f.Fuzz(func(t *testing.T, line, paths string) {
		if strings.ToValidUTF8(line, "") != line || strings.Contains(line, "\n") || len(line) > 1<<14 || len(paths) > 1<<10 || strings.Trim(line, " \t\r") == "" {
			t.Skip()
		}
		var all [][]query.Name
		for path := range strings.SplitSeq(paths, "\n") {
			var names []query.Name
			for name := range strings.SplitSeq(path, ".") {
				text, exact := strings.CutPrefix(name, "!")
				names = append(names, query.Name{Text: text, Exact: exact})
			}
			all = append(all, names)
		}
		e := evaluationOf(all)
		likeReference(t, e, []byte(line), all)
		likeReference(t, e, []byte(`{"a":{"b":1}}`), all)
		likeReference(t, e, []byte(line), all)
	})
}

func TestLinesThatAreNoObjects(t *testing.T) {
	for _, tt := range []struct{ name, line, want string }{
		{"array", ` [1]`, "it does not begin with one, at byte 2"},
		{"two objects", `{"a":1} {}`, "there is more behind it, at byte 9"},
		{"no end", `{"a":1`, "it ends too early, at byte 7"},
		{"no end of a string", `{"a":"b}`, "it ends too early, at byte 9"},
		{"no end of an escape", `{"a":"\`, "it ends too early, at byte 8"},
		{"name that is none", `{a:1}`, "there is no name, at byte 2"},
		{"comma behind the last member", `{"a":1,}`, "there is no name, at byte 8"},
		{"comma behind the last element", `{"a":[1,]}`, "there is no value, at byte 9"},
		{"two members without a comma", `{"a":1 "b":2}`, "there is neither a comma nor the end of an object, at byte 8"},
		{"two elements without a comma", `{"a":[1 2]}`, "there is neither a comma nor the end of an array, at byte 9"},
		{"no colon", `{"a" 1}`, "there is no colon, at byte 6"},
		{"word that is none", `{"a":nul}`, "there is no value, at byte 9"},
		{"not a number", `{"a":NaN}`, "there is no value, at byte 6"},
		{"number with a leading zero", `{"a":01}`, "there is neither a comma nor the end of an object, at byte 7"},
		{"number that ends in a point", `{"a":1.}`, "a digit is missing, at byte 8"},
		{"number without digits", `{"a":-}`, "a digit is missing, at byte 7"},
		{"exponent without digits", `{"a":1e+}`, "a digit is missing, at byte 9"},
		{"unknown escape", `{"a":"\x"}`, "there is no such escape, at byte 8"},
		{"escape of three digits", `{"a":"\u123"}`, "there are not four hexadecimal digits, at byte 12"},
		{"control character", "{\"a\":\"\t\"}", "a control character is in a string, at byte 7"},
		{"space that JSON does not have", "\u00a0", "it does not begin with one, at byte 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := evaluationOf(nil).read([]byte(tt.line))
			if want := "JSONParsingError: a line is not a JSON object: " + tt.want + "."; err == nil || err.Error() != want {
				t.Errorf("%v; want %s", err, want)
			}
		})
	}
}

func TestNesting(t *testing.T) {
	for _, tt := range []struct {
		name       string
		open, shut string
		levels     int
		ok         bool
	}{
		{"objects as deep as they may be", `{"a":`, "}", maxNesting, true},
		{"objects too deep", `{"a":`, "}", maxNesting + 1, false},
		{"arrays as deep as they may be", "[", "]", maxNesting - 1, true},
		{"arrays too deep", "[", "]", maxNesting, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := slices.Repeat([]query.Name{{Text: "A"}}, maxNesting)
			line := strings.Repeat(tt.open, tt.levels) + "7" + strings.Repeat(tt.shut, tt.levels)
			if tt.open == "[" {
				line, path = `{"a":`+line+"}", path[:1]
			}
			e := evaluationOf([][]query.Name{path})
			if _, err := e.read([]byte(line)); (err == nil) != tt.ok {
				t.Fatal(err)
			}
			if v := e.values[0].Append(nil); tt.ok && !bytes.Contains(v, []byte("7")) {
				t.Errorf("%s", v)
			}
		})
	}
}

// TestWorkOfLines has lines and paths whose members and names, multiplied, would be
// billions.
func TestWorkOfLines(t *testing.T) {
	const letters = "abcdefghijklmnopqrst"
	var below, variants [][]query.Name
	for i := range 5000 {
		n := query.Name{Text: cased(letters, i)}
		variants = append(variants, []query.Name{n})
		below = append(below, []query.Name{n, {Text: "x"}})
	}
	var members strings.Builder
	for i := range 36000 {
		fmt.Fprintf(&members, `"%s":%d,`, cased(letters, i), i)
	}
	for _, tt := range []struct {
		name, line string
		paths      [][]query.Name
		last       string
	}{
		{"names that differ in case", "{" + members.String() + `"z":0}`, variants, "4999"},
		{"object under many names", "{" + strings.Repeat(`"A`+letters[1:]+`":{"y":0,"X":1},`, 25000) + `"z":0}`, below, "1"},
		{"paths each a name longer", strings.Repeat(`{"a":`, 900) + "{" + members.String() + `"a":7}` + strings.Repeat("}", 900), prefixes(901), "7"},
		{"path that is longer than the line is deep", strings.Repeat(`{"a":`, 900) + "{" + members.String() + `"a":7}` + strings.Repeat("}", 900), [][]query.Name{slices.Repeat([]query.Name{{Text: "a"}}, 4900)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := evaluationOf(tt.paths)
			begin := time.Now()
			_, err := e.read([]byte(tt.line))
			if d := time.Since(begin); d > 3*time.Second {
				t.Errorf("it takes %v", d)
			}
			if got := e.values[len(tt.paths)-1].Append(nil); err != nil || string(got) != tt.last {
				t.Errorf("%.60q, %v", got, err)
			}
		})
	}
}

// prefixes is paths of one to n names.
func prefixes(n int) [][]query.Name {
	whole := slices.Repeat([]query.Name{{Text: "a"}}, n)
	paths := make([][]query.Name, n)
	for i := range paths {
		paths[i] = whole[:i+1]
	}
	return paths
}

// cased is a name with those letters large that n has bits for.
func cased(name string, n int) string {
	b := []byte(name)
	for i := range b {
		if n>>i&1 != 0 {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// TestWorkOfShortLines has a context end what is about many short lines and many
// names.
func TestWorkOfShortLines(t *testing.T) {
	e := evaluationOf(slices.Repeat([][]query.Name{{{Text: "a"}}}, 10000))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e.env, e.names = query.NewEnv(ctx, time.Unix(0, 0)), 10000
	for range 100 {
		if _, err := e.read([]byte("{}")); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("a context that has ended is not noticed")
}

func TestLinesDoNotAllocate(t *testing.T) {
	e := evaluationOf([][]query.Name{{{Text: "name"}}, {{Text: "CITY"}}, {{Text: "amount"}}})
	line := []byte(`{"id":1,"name":"a\u00e9\n","city":"Oslo","amount":12.50,"more":{"a":[1,2]},"last":null}`)
	if n := testing.AllocsPerRun(10, func() {
		if _, err := e.read(line); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a line", n)
	}
}

// objects makes lines of six members, about 100 bytes each.
func objects(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	cities := []string{"Oslo", "Bergen", "Trondheim", "Stavanger", "Paris", "Berlin", "Rome", "Bern"}
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"id":%d,"name":"user%06d","city":"%s","amount":%d.%02d,"when":"2024-%02d-%02dT07:08Z","size":%d}`+"\n", i, r.IntN(1e6), cities[r.IntN(len(cities))],
			r.IntN(1000), r.IntN(100), 1+r.IntN(12), 1+r.IntN(28), r.IntN(100))
	}
	return b.Bytes()
}

func BenchmarkJSONLines(b *testing.B) {
	data := objects(tableSize)
	for _, statement := range []string{
		"SELECT COUNT(*) FROM archive s WHERE s.city = 'Oslo'",
		"SELECT s.id, s.name FROM archive s WHERE s.city = 'Oslo' AND s.\"size\" > 50",
		"SELECT * FROM archive s WHERE s.\"size\" > 90",
		"SELECT * FROM archive s",
		"SELECT s.id, s.name, s.city, s.amount, s.\"when\", s.\"size\" FROM archive s",
	} {
		b.Run(statement, func(b *testing.B) {
			q, err := Compile(statement, Input{Form: JSONLines}, defaultFormat())
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := q.Run(context.Background(), bytes.NewReader(data), io.Discard, Options{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
