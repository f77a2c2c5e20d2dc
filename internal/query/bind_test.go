package query

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeader(t *testing.T) {
	header := []string{"id", "Name", "NAME", "größe", "id", "select", "_2", "a b", "", "Größe", "x"}
	for _, tt := range []struct{ name, columns, want string }{
		{"name", "x", "10"},
		{"name in another case", "X", "10"},
		{"name behind the table's", "s.x, S.X", "10|10"},
		{"name behind the table's in quotes", `"s".x`, "10"},
		{"name in quotes", `"x"`, "10"},
		{"name in quotes in another case", `"X"`, `MissingHeaderName: the header has no column "X" at line 1, column 8.`},
		{"no such name", "y", "MissingHeaderName: the header has no column y at line 1, column 8."},
		{"two names that differ by case", "name", "AmbiguousFieldName: the name name matches more than one column; in double quotes it has case at line 1, column 8."},
		{"two names that differ by case, in quotes", `"NAME", "Name"`, "2|1"},
		{"neither of two names, in quotes", `"name"`, `MissingHeaderName: the header has no column "name" at line 1, column 8.`},
		{"two names that differ by case beyond ASCII", "GRÖSSE", "MissingHeaderName: the header has no column GRÖSSE at line 1, column 8."},
		{"two names that differ by case of one letter", "GRÖßE", "AmbiguousFieldName: the name GRÖßE matches more than one column; in double quotes it has case at line 1, column 8."},
		{"two equal names", "id", "AmbiguousFieldName: the name id matches more than one column; they are called by their positions at line 1, column 8."},
		{"two equal names, in another case", "ID", "AmbiguousFieldName: the name ID matches more than one column; in double quotes it has case at line 1, column 8."},
		{"two equal names, in quotes", `"id"`, `AmbiguousFieldName: the name "id" matches more than one column; they are called by their positions at line 1, column 8.`},
		{"reserved word in quotes", `"select"`, "5"},
		{"name with a space", `"a b"`, "7"},
		{"empty name", `""`, "8"},
		{"position", "_1, s._11", "0|10"},
		{"position beyond the header", "_12", "MISSING"},
		{"position like a name: the position", "_2", "1"},
		{"position in quotes: the name", `"_2"`, "6"},
		{"position in quotes that is no name", `"_1"`, `MissingHeaderName: the header has no column "_1" at line 1, column 8.`},
		{"name and position", "x, _1", "UnsupportedSqlStructure: columns are called by name or by position, not both: x and _1 at line 1, column 11."},
		{"position and name", "_1, x", "UnsupportedSqlStructure: columns are called by name or by position, not both: _1 and x at line 1, column 12."},
		{"name in quotes and position", `"_2", _2`, `UnsupportedSqlStructure: columns are called by name or by position, not both: "_2" and _2 at line 1, column 14.`},
		{"position in a condition", "x FROM archive s WHERE _1 = 1", "UnsupportedSqlStructure: columns are called by name or by position, not both: x and _1 at line 1, column 31."},
		{"position in an aggregate", "SUM(x), SUM(_1)", "UnsupportedSqlStructure: columns are called by name or by position, not both: x and _1 at line 1, column 20."},
		{"position 0", "_0", "InvalidColumnIndex: there is no column _0: they are _1 to _1048576 at line 1, column 8."},
		{"position with a zero", "_01", "InvalidColumnIndex: there is no column _01: they are _1 to _1048576 at line 1, column 8."},
		{"last position", "_1048576", "MISSING"},
		{"position behind the last", "_1048577", "InvalidColumnIndex: there is no column _1048577: they are _1 to _1048576 at line 1, column 8."},
		{"position beyond 64 bits", "_99999999999999999999", "InvalidColumnIndex: there is no column _99999999999999999999: they are _1 to _1048576 at line 1, column 8."},
		{"no position", "_", "MissingHeaderName: the header has no column _ at line 1, column 8."},
		{"no position either", "_1a", "MissingHeaderName: the header has no column _1a at line 1, column 8."},
		{"other table", "archive.x", "EvaluatorBindingDoesNotExist: there is no table archive: it is called s at line 1, column 8."},
		{"path", "s.x.y", "UnsupportedSyntax: a path is not supported for CSV at line 1, column 8."},
		{"the table alone", "s", "MissingHeaderName: the header has no column s at line 1, column 8."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			statement := "SELECT " + tt.columns
			if !strings.Contains(statement, "FROM") {
				statement += " FROM archive s"
			}
			s, err := Parse(statement)
			if err != nil {
				t.Fatal(err)
			}
			row := make(fields, len(header))
			for i := range row {
				row[i] = fmt.Sprint(i)
			}
			p, err := s.Bind(Header(header))
			got := errText(err)
			if err == nil {
				out, err := rowsOf(p, []fields{row})
				got = strings.Join(out, "") + errText(err)
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestPositions(t *testing.T) {
	for _, tt := range []struct{ name, columns, want string }{
		{"position in quotes", `"_1"`, ""},
		{"last position", "_1048576", ""},
		{"position behind the last", "_1048577", "InvalidColumnIndex: there is no column _1048577: they are _1 to _1048576 at line 1, column 8."},
		{"position 0 in quotes", `"_0"`, `InvalidColumnIndex: there is no column "_0": they are _1 to _1048576 at line 1, column 8.`},
		{"name", "id", "EvaluatorBindingDoesNotExist: there is no column id: columns have names only with FileHeaderInfo USE, and are called _1, _2 and so on without at line 1, column 8."},
		{"the table's own name", "archive._1", ""},
		{"other table", "s._1", "EvaluatorBindingDoesNotExist: there is no table s: it is called archive at line 1, column 8."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseError("SELECT " + tt.columns + " FROM archive"); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestAliasInQuotesHasCase(t *testing.T) {
	for columns, ok := range map[string]bool{`"S"._1`: true, `S._1`: true, `s._1`: true, `"s"._1`: false} {
		if got := parseError(`SELECT ` + columns + ` FROM archive "S"`); (got == "") != ok {
			t.Errorf("%s: %s", columns, got)
		}
	}
}

func TestPaths(t *testing.T) {
	s, err := Parse(`SELECT s.a, A, "A", s.s, s.a.b."C", x.y, _1 FROM archive s WHERE s.a = 1 AND "s".z IS MISSING`)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Bind(Paths())
	if err != nil {
		t.Fatal(err)
	}
	want := [][]Name{
		{{"a", false}}, {{"A", false}}, {{"A", true}}, {{"s", false}}, {{"a", false}, {"b", false}, {"C", true}}, {{"x", false}, {"y", false}}, {{"_1", false}}, {{"z", false}},
	}
	if diff := cmp.Diff(want, p.Paths()); diff != "" {
		t.Error(diff)
	}
}

func TestNameIs(t *testing.T) {
	for _, tt := range []struct {
		name Name
		of   string
		want bool
	}{{Name{"a", false}, "A", true}, {Name{"a", true}, "A", false}, {Name{"a", true}, "a", true}, {Name{"ö", false}, "Ö", true}, {Name{"a", false}, "ab", false}} {
		if got := tt.name.Is(tt.of); got != tt.want {
			t.Errorf("%v is %s: %v", tt.name, tt.of, got)
		}
	}
}
