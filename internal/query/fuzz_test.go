package query

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParse parses and binds: what fails does so with an *Error that says where.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		check := func(err error) {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v is not a *Error", err)
			}
			lines := strings.Split(text, "\n")
			if e.Code == "" || e.Message == "" || e.Line < 1 || e.Line > len(lines) || e.Column < 1 || e.Column > utf8.RuneCountInString(lines[e.Line-1])+1 {
				t.Errorf("%v has no place in the text", err)
			}
			if len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		}
		if len(text) > MaxExpression/16 {
			t.Skip()
		}
		s, err := Parse(text)
		if err != nil {
			check(err)
			return
		}
		for _, schema := range []Schema{Positions(), Header([]string{"a", "b", "B", "_1", ""}), Paths()} {
			if _, err := s.Bind(schema); err != nil {
				check(err)
			}
		}
	})
}

// FuzzEvaluate evaluates an expression over two fields. It comes to a value or to an
// *Error, the same one each time.
func FuzzEvaluate(f *testing.F) {
	f.Fuzz(func(t *testing.T, expr, a, b string) {
		if len(expr) > 1<<12 || !utf8.ValidString(a) || !utf8.ValidString(b) {
			t.Skip()
		}
		s, err := Parse("SELECT " + expr + " FROM archive")
		if err != nil {
			t.Skip()
		}
		p, err := s.Bind(Positions())
		if err != nil {
			t.Skip()
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		once := func() string {
			env, totals := NewEnv(ctx, testNow()), p.NewTotals()
			env.Row = fields{a, b}
			_, err := p.Selects(env)
			if err == nil {
				err = p.Count(env, totals)
			}
			env.Use(totals)
			out, columnsErr := []string(nil), error(nil)
			if err == nil {
				out, columnsErr = appendRow(nil, p, env, fields{a, b})
			}
			for _, err := range []error{err, columnsErr} {
				var e *Error
				if err != nil && !errors.As(err, &e) && ctx.Err() == nil {
					t.Fatalf("error %v is not a *Error", err)
				}
			}
			return strings.Join(out, "") + errText(err) + errText(columnsErr)
		}
		begin := time.Now()
		first, second := once(), once()
		if first != second && ctx.Err() == nil {
			t.Errorf("first %q, then %q", first, second)
		}
		if d := time.Since(begin); d > 2*patience {
			t.Errorf("it takes %v", d)
		}
	})
}

// likeExpression is a pattern of LIKE as a regular expression; ok is false if it is
// no pattern.
func likeExpression(pattern string, escape rune) (_ string, ok bool) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped && r != escape && r != '%' && r != '_':
			return "", false
		case !escaped && r == escape:
			escaped = true
			continue
		case !escaped && r == '%':
			b.WriteString(".*")
		case !escaped && r == '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	b.WriteString(`\z`)
	return b.String(), !escaped
}

func FuzzLike(f *testing.F) {
	f.Fuzz(func(t *testing.T, text, pattern, escape string) {
		if !utf8.ValidString(text) || !utf8.ValidString(pattern) || !utf8.ValidString(escape) || utf8.RuneCountInString(escape) > 1 || len(pattern) > 200 {
			t.Skip()
		}
		e, escapeBytes := rune(-1), []byte(nil)
		if escape != "" {
			e, _ = utf8.DecodeRuneInString(escape)
			escapeBytes = []byte(escape)
		}
		expression, ok := likeExpression(pattern, e)
		p, err := parsePattern([]byte(pattern), escapeBytes)
		if (err == nil) != ok {
			t.Fatalf("%q with escape %q: %v", pattern, escape, err)
		}
		if !ok {
			return
		}
		got, err := p.match(&work{ctx: context.Background()}, []byte(text))
		if want := regexp.MustCompile(expression).MatchString(text); err != nil || got != want {
			t.Errorf("%q LIKE %q ESCAPE %q: %v, %v", text, pattern, escape, got, err)
		}
	})
}
