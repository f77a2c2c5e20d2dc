package query

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSet looks values up in lists of constants, and compares each answer with that of
// a chain of comparisons.
func TestSet(t *testing.T) {
	for name, list := range map[string][]string{
		"INTs":                {"9223372036854775807", "-9223372036854775808", "9007199254740993", "0", "42", "1005"},
		"strings":             {"'a'", "''", "'42'", "'1005.0'", "' 42 '", "'true'"},
		"INTs and a string":   {"42", "'a'", "1005"},
		"INTs and a DECIMAL":  {"42", "1005.5", "0"},
		"INTs and a FLOAT":    {"42", "1005e0", "0"},
		"INTs and NULL":       {"42", "NULL", "1005"},
		"strings and MISSING": {"'a'", "MISSING", "'42'"},
		"INTs and a column":   {"42", "_2", "1005"},
		"BOOLs":               {"TRUE", "FALSE"},
		"timestamps":          {"`2017T`", "`2018T`"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{"42", " 42 ", "+42", "042", "42.0", "42.000000000000000000000", "4.2e1", "42.5", "41", "1005", "1005.0", "1005.5", "-0", "", "a", "x", "true", "TRUE", "2017T",
				"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "9007199254740993", "9007199254740992", "1e400", "1e-400", strings.Repeat("0", 2000) + "42"} {
				forms := []string{"_1", "COALESCE(_9, _1)", "'" + text + "'", "CAST(_1 AS STRING)"}
				if n, err := evaluate(t, "CAST(_1 AS DECIMAL)", text); err == nil && n != "" {
					forms = append(forms, "_1 + 0", "CAST(_1 AS DECIMAL)", "CAST(_1 AS DECIMAL) + 0.0")
				}
				if _, err := evaluate(t, "CAST(_1 AS FLOAT)", text); err == nil {
					forms = append(forms, "CAST(_1 AS FLOAT)")
				}
				for _, form := range append(forms, "NULL", "_9", "TRUE", "`2017T`", "42", "42.0", "42e0") {
					inAsChain(t, form, list, text)
				}
			}
		})
	}
}

// inAsChain compares IN with a chain of comparisons.
func inAsChain(t *testing.T, form string, list []string, text string) {
	t.Helper()
	want := outcome(t, form+" = "+strings.Join(list, " OR "+form+" = "), text, "7")
	in := "IN (" + strings.Join(list, ", ") + ")"
	if got := outcome(t, form+" "+in, text, "7"); got != want {
		t.Errorf("%s of %.30q %s: %s, want %s", form, text, in, got, want)
	}
	want = map[string]string{"t": "f", "f": "t", "u": "u"}[want]
	if got := outcome(t, form+" NOT "+in, text, "7"); got != want {
		t.Errorf("%s of %.30q NOT %s: %s, want %s", form, text, in, got, want)
	}
}

// TestLongListIsLookedUp has lists that it would take seconds to go through for each of
// some records.
func TestLongListIsLookedUp(t *testing.T) {
	var ints []string
	for i := range 16000 {
		ints = append(ints, fmt.Sprint(i))
	}
	s, err := Parse("SELECT _1 FROM archive WHERE _1 IN (" + strings.Join(ints, ",") + ") OR CAST(_1 AS DECIMAL) IN (" + strings.Join(ints[:4000], ",") + ")")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Bind(Positions())
	if err != nil {
		t.Fatal(err)
	}
	env, begin := NewEnv(context.Background(), testNow()), time.Now()
	for range 3000 {
		env.Row = fields{"-7.50"}
		if found, err := p.Selects(env); found || err != nil {
			t.Fatal(found, err)
		}
	}
	if d := time.Since(begin); d > patience {
		t.Errorf("it takes %v", d)
	}
}
