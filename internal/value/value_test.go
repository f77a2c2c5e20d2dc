package value

import (
	"strconv"
	"strings"
	"testing"

	"firn/internal/timestamp"
)

// january is a timestamp of a month's precision.
func january(t *testing.T) timestamp.Timestamp {
	t.Helper()
	at, err := timestamp.Parse("2017-01T")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestValues(t *testing.T) {
	long, _ := ParseNumber([]byte("12345678901234567890.5"))
	for _, tt := range []struct {
		name   string
		v      Value
		kind   Kind
		text   string // as it is appended
		shown  string
		absent bool
	}{
		{"zero value", Value{}, KindMissing, "", "MISSING", true},
		{"MISSING", Missing(), KindMissing, "", "MISSING", true},
		{"NULL", Null(), KindNull, "", "NULL", true},
		{"TRUE", Bool(true), KindBool, "true", "true", false},
		{"FALSE", Bool(false), KindBool, "false", "false", false},
		{"INT", Int(-5), KindInt, "-5", "-5", false},
		{"FLOAT", Float(1.5), KindFloat, "1.5", "1.5", false},
		{"short DECIMAL", Decimal(-7), KindDecimal, "-7", "-7", false},
		{"long DECIMAL", long, KindDecimal, "12345678901234567890.5", "12345678901234567890.5", false},
		{"TIMESTAMP", Timestamp(january(t)), KindTimestamp, "2017-01T", "2017-01T", false},
		{"STRING", String([]byte("5")), KindString, "5", "'5'", false},
		{"text", Text([]byte("5")), KindText, "5", "'5'", false},
		{"text of several lines", Text([]byte("a\nb")), KindText, "a\nb", `'a\u000ab'`, false},
		{"text that is long", Text([]byte(strings.Repeat("é", 61))), KindText, strings.Repeat("é", 61), "'" + strings.Repeat("é", 60) + "...'", false},
		{"text of nothing", Text(nil), KindText, "", "''", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.v.Kind() != tt.kind || tt.v.IsAbsent() != tt.absent {
				t.Errorf("it is a %v (absent %v), want a %v", tt.v.Kind(), tt.v.IsAbsent(), tt.kind)
			}
			if got := string(tt.v.Append([]byte("x"))); got != "x"+tt.text {
				t.Errorf("appended to x: %q, want %q", got, "x"+tt.text)
			}
			if got := tt.v.Show(); got != tt.shown {
				t.Errorf("shown as %q, want %q", got, tt.shown)
			}
			bytes := ""
			if tt.kind >= KindString {
				bytes = tt.text
			}
			if got := string(tt.v.Bytes()); got != bytes || tt.v.IsText() != (tt.kind >= KindString) {
				t.Errorf("bytes %q (text %v), want %q", got, tt.v.IsText(), bytes)
			}
			if n, ok := tt.v.Int(); ok != (tt.kind == KindInt) || ok && n != -5 {
				t.Errorf("as an integer it is %d, %v", n, ok)
			}
		})
	}
}

func TestKindNamed(t *testing.T) {
	for k := KindBool; k <= KindString; k++ {
		if got, ok := KindNamed(k.String()); !ok || got != k {
			t.Errorf("%v is called %v, %v", k, got, ok)
		}
	}
	for _, name := range []string{"", "MISSING", "NULL", "int", "VARCHAR"} {
		if k, ok := KindNamed(name); ok {
			t.Errorf("%q is a name of %v", name, k)
		}
	}
}

// TestKept overwrites the bytes of a string behind the backs of its copies.
func TestKept(t *testing.T) {
	b := []byte("abc")
	shared, none := Text(b), String(nil)
	kept, other := shared.Kept(), none.With(b)
	copy(b, "xyz")
	if string(shared.Bytes()) != "xyz" || string(kept.Bytes()) != "abc" || kept.Kind() != KindText {
		t.Errorf("shared %s, kept %s", shared.Show(), kept.Show())
	}
	if other.Kind() != KindString || string(other.Bytes()) != "xyz" {
		t.Errorf("a string with other bytes is %v %s", other.Kind(), other.Show())
	}
}

func TestScalars(t *testing.T) {
	padded := func(s string, n int) []byte { return []byte(s + strings.Repeat(" ", n-len(s))) }
	for _, tt := range []struct {
		name   string
		v      Value
		number string // "-" is none
		truth  string
		time   string
	}{
		{"number", Int(5), "5", "-", "-"},
		{"truth", Bool(true), "-", "true", "-"},
		{"timestamp", Timestamp(january(t)), "-", "-", "2017-01T"},
		{"text of a number", Text([]byte(" 5.0\t")), "5.0", "-", "-"},
		{"text of a truth", Text([]byte("\r\nFalse ")), "-", "false", "-"},
		{"text of a timestamp", Text([]byte(" 2017-01T ")), "-", "-", "2017-01T"},
		{"string of a number", String([]byte("5")), "-", "-", "-"},
		{"string of a truth", String([]byte("true")), "-", "-", "-"},
		{"string of a timestamp", String([]byte("2017-01T")), "-", "-", "-"},
		{"text of nothing", Text(nil), "-", "-", "-"},
		{"text of a number with no-break space", Text([]byte("\u00a05")), "-", "-", "-"},
		{"text of a number, as long as may be", Text(padded("5", MaxScalar)), "5", "-", "-"},
		{"text of a number, too long", Text(padded("5", MaxScalar+1)), "-", "-", "-"},
		{"text of a truth, too long", Text(padded("true", MaxScalar+1)), "-", "-", "-"},
		{"text of a timestamp, too long", Text(padded("2017-01T", MaxScalar+1)), "-", "-", "-"},
		{"NULL", Null(), "-", "-", "-"},
		{"MISSING", Missing(), "-", "-", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			number, truth, time := "-", "-", "-"
			if n, ok := tt.v.AsNumber(); ok {
				number = string(n.Append(nil))
			}
			if b, ok := tt.v.AsBool(); ok {
				truth = strconv.FormatBool(b)
			}
			if at, ok := tt.v.AsTimestamp(); ok {
				time = string(at.Append(nil))
			}
			if number != tt.number || truth != tt.truth || time != tt.time {
				t.Errorf("it is %s, %s and %s; want %s, %s and %s", number, truth, time, tt.number, tt.truth, tt.time)
			}
		})
	}
}

func TestTruth(t *testing.T) {
	for _, tt := range []struct{ truth, not, value string }{{"yes", "no", "true"}, {"no", "yes", "false"}, {"unknown", "unknown", "NULL"}} {
		named := map[string]Truth{"yes": TruthOf(true), "no": TruthOf(false), "unknown": Compare(Equal, Null(), Int(1))}
		if truth, value := named[tt.truth], named[tt.truth].Value(); truth.Not() != named[tt.not] || value.Show() != tt.value {
			t.Errorf("%s: not %v, value %s", tt.truth, truth.Not(), value.Show())
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  Error
		want string
	}{
		{"without a place", Error{Code: "A", Message: "b"}, "A: b."},
		{"in the expression", Error{Code: "A", Message: "b", Line: 1, Column: 2}, "A: b at line 1, column 2."},
		{"in a record", Error{Code: "A", Message: "b", Record: 3}, "A: b in record 3."},
		{"in both", Error{Code: "A", Message: "b", Line: 1, Column: 2, Record: 3}, "A: b at line 1, column 2 in record 3."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
