package query

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"firn/internal/value"
)

const mib = 1 << 20

// patience is how long an evaluation may go on when its context has ended. What
// forgets to look goes on for many times as long.
const patience = 2 * time.Second

// repeated is a list of a text, as long as an expression may be.
func repeated(first, more, last string) string {
	return first + strings.Repeat(more, (MaxExpression-len(first)-len(last)-64)/len(more)) + last
}

// chained is a row of operators, as long as may be, of which more brings so many.
func chained(first, more string, brings int) string {
	return first + strings.Repeat(more, (maxHeight-10)/brings)
}

// TestEndsWithContext evaluates what takes long, or would. It is done soon, or ends
// with its context.
func TestEndsWithContext(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the race detector takes its time, too")
	}
	as := strings.Repeat("a", mib)
	// Of these a sixteenth is enough: what forgets to look takes long all the same.
	zeros, spaces := strings.Repeat("0", mib/16), strings.Repeat(" ", mib/16)
	runes := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteRune(rune(0x4e00 + i))
		}
		return b.String()
	}
	for _, tt := range []struct {
		name, expr string
		row        fields
	}{
		{"LIKE with many percent signs", "_1 LIKE '" + strings.Repeat("%a", 60000) + "b'", fields{as}},
		{"LIKE with many wild segments", "_1 LIKE '" + strings.Repeat("%_", 60000) + "b'", fields{as}},
		{"LIKE with one wild segment", "_1 LIKE '%" + strings.Repeat("_a", 60000) + "b%'", fields{as}},
		{"LIKE with a long piece behind a wild one", "_1 LIKE '%_" + strings.Repeat("a", 120000) + "b%'", fields{as}},
		{"LIKE with a long piece before a wild one", "_1 LIKE '%" + strings.Repeat("a", 120000) + "b_%'", fields{as}},
		{"LIKE with a pattern of a column", "_1 LIKE _2", fields{as, "%" + strings.Repeat("_a", mib/2-2) + "b%"}},
		{"LIKE with a pattern of a column, many times", repeated("_1 LIKE _2", " OR _1 LIKE _2", ""), fields{as, strings.Repeat("%_", mib/2-1) + "b"}},
		{"LIKE of constants", "'" + strings.Repeat("a", 50000) + "' LIKE '%" + strings.Repeat("_a", 20000) + "b%'", fields{}},
		{"IN with numbers and a text of zeros", "_1 IN (" + repeated("1", ",1", ")"), fields{zeros}},
		{"IN with numbers and a text of spaces", "_1 IN (" + repeated("1", ",1", ")"), fields{spaces}},
		{"IN with columns", "_1 IN (" + repeated("_2", ",_2", ")"), fields{as + "b", as + "c"}},
		{"comparisons of a text of zeros", repeated("_1=1", " OR _1=1", ""), fields{zeros}},
		{"comparisons of a text of spaces", repeated("_1=1", " OR _1=1", ""), fields{spaces}},
		{"comparisons of two long texts", repeated("_1=_2", " OR _1=_2", ""), fields{as + "b", as + "c"}},
		{"sum of texts of zeros", chained("_1", "+_1", 1), fields{zeros}},
		{"casts of texts of zeros", repeated("COALESCE(NULL", ",NULLIF(CAST(_1 AS INT),0)", ")"), fields{zeros}},
		{"casts of texts of zeros in a condition", repeated("FALSE", " OR CAST(_1 AS INT)=1", ""), fields{zeros}},
		{"sum of decimals far apart", chained("CAST(_1 AS DECIMAL)", "+1+_1", 2), fields{"1e99999"}},
		{"remainder of decimals far apart", repeated("COALESCE(NULL", ",NULLIF(_1%7,_1%7)", ")"), fields{"1e37"}},
		{"comparisons of decimals far apart", "_1=_2" + strings.Repeat(" OR _1=_2+1", 1500), fields{"1e99999", "1e-99999"}},
		{"products of a float's decimals", chained("1e0", "*_1/_1", 2), fields{"1e300"}},
		{"UPPER of UPPER", strings.Repeat("UPPER(", 255) + "_1" + strings.Repeat(")", 255), fields{strings.Repeat("ɐ", mib/2)}},
		{"LOWER of UPPER, many times", chained("CHAR_LENGTH('')", "+CHAR_LENGTH(LOWER(UPPER(_1)))", 1), fields{strings.Repeat("ɐ", mib/2)}},
		{"CHAR_LENGTH, many times", chained("CHAR_LENGTH(_1)", "+CHAR_LENGTH(_1)", 1), fields{as}},
		{"SUBSTRING of SUBSTRING", strings.Repeat("SUBSTRING(", 250) + "_1" + strings.Repeat(",2)", 250), fields{strings.Repeat("é", mib/2)}},
		{"SUBSTRING, many times", repeated("CHAR_LENGTH('')", "+CHAR_LENGTH(SUBSTRING(_1,1048575))", ""), fields{strings.Repeat("é", mib/2)}},
		{"TRIM with a large set", "TRIM('" + runes(3000) + "é' FROM _1)", fields{strings.Repeat("é", mib/2)}},
		{"TRIM with a large set that is a column", "TRIM(_2 FROM _1)", fields{strings.Repeat("é", mib/2), runes(3000) + "é"}},
		{"TRIM of spaces, many times", chained("CHAR_LENGTH('')", "+CHAR_LENGTH(TRIM(_1))", 1), fields{spaces}},
		{"TO_STRING with patterns of a column", repeated("CHAR_LENGTH('')", "+CHAR_LENGTH(TO_STRING(`2017T`,_1))", ""), fields{strings.Repeat("MMMM ", 200)}},
		{"TO_STRING with a long pattern", "TO_STRING(`2017T`,_1)", fields{strings.Repeat("y ", mib/2)}},
		{"TO_TIMESTAMP of a long text", repeated("COALESCE(0", ",EXTRACT(year FROM _1)", ")"), fields{"2017-01-02T03:04:05." + zeros}},
		{"timestamps of texts of spaces", repeated("_1=`2017T`", " OR _1=`2017T`", ""), fields{spaces}},
		{"truths of texts of spaces", repeated("_1=TRUE", " OR _1=TRUE", ""), fields{spaces}},
		{"CASE with many branches", repeated("CASE _1", " WHEN 1 THEN 2", " END"), fields{zeros}},
		{"long texts looked up in sets", repeated("FALSE", " OR _1 IN ('a')", ""), fields{as}},
		{"deep sum", chained("_1", "+_1", 1), fields{"1"}},
		{"deep comparison", chained("_1", "<_1", 1), fields{"1"}},
		{"long AND", repeated("_1=1", " AND _1=1", ""), fields{"1"}},
		{"long OR", repeated("_1=2", " OR _1=2", ""), fields{"1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			s, err := Parse("SELECT " + tt.expr + " FROM archive")
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.Bind(Positions())
			if err != nil {
				t.Fatal(err)
			}
			if d := time.Since(begin); d > patience {
				t.Errorf("to bind it takes %v, and nothing ends that", d)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			env := NewEnv(ctx, testNow())
			env.Row = tt.row.bytes()
			begin = time.Now()
			_, err = p.Column(env, 0)
			if d := time.Since(begin); d > patience {
				t.Errorf("it takes %v (error %.200v)", d, err)
			}
		})
	}
}

// bytes is the row without the copying of its columns.
func (f fields) bytes() raw {
	r := make(raw, len(f))
	for i := range f {
		r[i] = []byte(f[i])
	}
	return r
}

type raw [][]byte

func (r raw) Column(i int) value.Value {
	if b, ok := r.Text(i); ok {
		return value.Text(b)
	}
	return value.Missing()
}

func (r raw) Text(i int) ([]byte, bool) {
	if i >= len(r) {
		return nil, false
	}
	return r[i], true
}

// TestBindOfManyNames binds as many names as fit an expression to as many as fit a
// header.
func TestBindOfManyNames(t *testing.T) {
	s, err := Parse("SELECT " + repeated("a", ",a", "") + " FROM archive")
	if err != nil {
		t.Fatal(err)
	}
	header := make([]string, MaxColumn/32)
	header[0] = "a"
	begin := time.Now()
	if _, err := s.Bind(Header(header)); err != nil {
		t.Error(err)
	}
	if d := time.Since(begin); d > patience {
		t.Errorf("it takes %v", d)
	}
}

// TestBindOfEmptyNames binds to as many columns as there may be, which have no names.
func TestBindOfEmptyNames(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: under the race detector it takes more")
	}
	s, err := Parse("SELECT a FROM archive")
	if err != nil {
		t.Fatal(err)
	}
	header := make([]string, MaxColumn)
	header[MaxColumn-1] = "a"
	if n := allocated(func() { _, err = s.Bind(Header(header)) }); err != nil || n > 16*mib {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemory bounds what evaluating one record allocates, in times its length.
func TestMemory(t *testing.T) {
	as := strings.Repeat("a", mib)
	for _, tt := range []struct {
		name, expr string
		row        fields
		times      uint64
	}{
		{"column", "_1", fields{as}, 0},
		{"comparison", "_1 = 'b'", fields{as}, 0},
		{"SUBSTRING", "SUBSTRING(_1, 2)", fields{as}, 0},
		{"TRIM", "TRIM('a' FROM _1)", fields{as}, 0},
		{"UPPER", "UPPER(_1)", fields{as}, 2},
		{"UPPER that grows", "UPPER(_1)", fields{strings.Repeat("ɐ", mib/2)}, 4},
		{"UPPER within UPPER", strings.Repeat("UPPER(", 255) + "_1" + strings.Repeat(")", 255), fields{as}, 17},
		{"strings that are held until they are compared", strings.Repeat("NULLIF(UPPER(_1),", 250) + "1" + strings.Repeat(")", 250), fields{as}, 17},
		{"strings that grow to three times their length", strings.Repeat("NULLIF(UPPER(_1),", 250) + "1" + strings.Repeat(")", 250), fields{strings.Repeat("\xff", mib)}, 100},
		{"CAST of what is no number", "CAST(_1 AS INT)", fields{as}, 1},
		{"CAST of a number that is too long", "CAST(_1 AS DECIMAL)", fields{strings.Repeat("9", mib)}, 4},
		{"LIKE", "_1 LIKE '%b%'", fields{as}, 0},
		{"LIKE with a pattern of percent signs", "'a' LIKE _1", fields{strings.Repeat("%", mib)}, 16},
		{"LIKE with a pattern of underscores", "'a' LIKE _1", fields{strings.Repeat("_", mib)}, 16},
		{"LIKE with a pattern of letters and underscores", "'a' LIKE _1", fields{strings.Repeat("a_", mib/2)}, 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse("SELECT " + tt.expr + " FROM archive")
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.Bind(Positions())
			if err != nil {
				t.Fatal(err)
			}
			env := NewEnv(context.Background(), testNow())
			env.Row = tt.row.bytes()
			n := allocated(func() { _, err = p.Column(env, 0) })
			if n > tt.times*mib+64<<10 {
				t.Errorf("%d bytes for a record of %d (error %.100v)", n, mib, err)
			}
		})
	}
}

// TestGiantLiterals has literals as long as an expression may be.
func TestGiantLiterals(t *testing.T) {
	n := MaxExpression - 100
	for _, tt := range []struct{ name, expr, want string }{
		{"nines", strings.Repeat("9", n), "ValueParseFailure"},
		{"zeros", strings.Repeat("0", n) + "7", "7"},
		{"fraction", "0." + strings.Repeat("0", n), "ValueParseFailure"},
		{"exponent", "1e" + strings.Repeat("9", n), "ValueParseFailure"},
		{"exponent of zeros", "1e" + strings.Repeat("0", n), "ValueParseFailure"},
		{"string", "CHAR_LENGTH('" + strings.Repeat("a", n) + "')", fmt.Sprint(n)},
		{"string of quotes", "CHAR_LENGTH('" + strings.Repeat("''", n/2) + "')", fmt.Sprint(n / 2)},
		{"timestamp", "`2017-01-01T00:00:00." + strings.Repeat("0", n) + "Z`", "ValueParseFailure"},
		{"name", strings.Repeat("a", n), "EvaluatorBindingDoesNotExist"},
		{"position", "_" + strings.Repeat("9", n), "InvalidColumnIndex"},
		{"function", strings.Repeat("a", n) + "()", "UnsupportedFunction"},
		{"escape", "'a' LIKE 'a' ESCAPE '" + strings.Repeat("a", n) + "'", "EvaluatorInvalidArguments"},
		{"cast", "CAST('" + strings.Repeat("9", n) + "' AS INT)", "CastFailed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := evaluate(t, tt.expr)
			if err != nil {
				if len(err.Error()) > 500 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
				got = codeOf(t, err)
			}
			if got != tt.want {
				t.Errorf("%.100s, want %s", got, tt.want)
			}
		})
	}
}
