package policy

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSeeds(t *testing.T) {
	for _, name := range []string{"FuzzParse", "FuzzEvaluate", "FuzzMatch"} {
		if seeds, err := os.ReadDir("testdata/fuzz/" + name); err != nil || len(seeds) == 0 {
			t.Errorf("%s has %d seeds, %v", name, len(seeds), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, kind int, text string) {
		p, err := Parse(Kind(kind&1), text)
		if err != nil {
			if p != nil || len(err.Error()) > 2000 {
				t.Errorf("policy %v, error of %d bytes", p, len(err.Error()))
			}
			return
		}
		if again, err := Parse(Kind(kind&1), text); err != nil || len(again.statements) != len(p.statements) {
			t.Errorf("a second time: %v", err)
		}
		_ = p.Covers(withAgent("").Resource)
	})
}

// FuzzEvaluate holds that evaluation ends, that the order of statements does not matter, that a Deny wins, and that an Allow that
// names the caller makes an Allow direct.
func FuzzEvaluate(f *testing.F) {
	f.Fuzz(func(t *testing.T, kind int, text, action, resource, value string) {
		p, err := Parse(Kind(kind&1), text)
		if err != nil {
			return
		}
		r := withAgent("")
		r.Action, r.Resource = action, resource
		r.Value = func(key string) ([]string, bool) {
			return []string{value, key}[:len(key)%3%2+len(value)%2], len(key)%5 > 0
		}
		v, n := worked(p, r)
		if n > maxWork+1<<20 {
			t.Fatalf("work for %d", n)
		}
		if v.Statement == overWork {
			return
		}
		backwards := &Policy{kind: p.kind, statements: slices.Clone(p.statements)}
		slices.Reverse(backwards.statements)
		if b := backwards.Evaluate(r); b.Statement != overWork && (b.Effect != v.Effect || b.Direct != v.Direct) {
			t.Errorf("%+v forwards, %+v backwards", v, b)
		}
		for _, tt := range []struct{ effect, want string }{{"Deny", "Deny"}, {"Allow", max(v.Effect, Allow).String()}} {
			all, err := Parse(Identity, `{"Statement": {"Effect": "`+tt.effect+`", "Action": "*", "Resource": "*"}}`)
			if err != nil {
				t.Fatal(err)
			}
			more := &Policy{kind: p.kind, statements: append(slices.Clone(p.statements), all.statements...)}
			if m := more.Evaluate(r); m.Effect.String() != tt.want && m.Statement != overWork || m.Effect == Allow && !m.Direct {
				t.Errorf("%+v, with %s everything: %+v", v, tt.effect, m)
			}
		}
	})
}

// FuzzMatch compares the matchers with slow ones that try everything.
func FuzzMatch(f *testing.F) {
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 300 || len(text) > 300 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		e := &evaluation{work: maxWork}
		g := newGlob(encode(pattern))
		if got, want := g.match(text, e), slowMatch(pattern, text, false); got != want {
			t.Errorf("StringLike %q for %q: %v, want %v", pattern, text, got, want)
		}
		if got, want := matchParts(encode(pattern), strings.Split(text, ":"), e), slowMatch(pattern, text, true); got != want {
			t.Errorf("Resource %q for %q: %v, want %v", pattern, text, got, want)
		}
		if p, err := parseARNPattern(false, "", pattern); err == nil {
			if got, want := p.match(text, e), slowMatch(pattern, text, true); got != want {
				t.Errorf("parsed Resource %q for %q: %v, want %v", pattern, text, got, want)
			}
		}
		if got, want := arnTest(encode(pattern)).match(text, e), slowARN(pattern, text); got != want {
			t.Errorf("ArnLike %q for %q: %v, want %v", pattern, text, got, want)
		}
	})
}

// slowMatch keeps, for each end of the pattern, which beginnings of the text it matches. With parts, wildcards do not match a colon,
// but for a star before a colon or at the end.
func slowMatch(pattern, text string, parts bool) bool {
	p, s := []rune(pattern), []rune(text)
	reached := make([]bool, len(s)+1)
	reached[0] = true
	for i, c := range p {
		crosses := !parts || c == '*' && (i+1 == len(p) || p[i+1] == ':')
		next := make([]bool, len(s)+1)
		for j := range reached {
			switch {
			case c == '*':
				next[j] = reached[j] || j > 0 && next[j-1] && (s[j-1] != ':' || crosses)
			case j > 0:
				next[j] = reached[j-1] && (c == s[j-1] || c == '?' && (s[j-1] != ':' || crosses))
			}
		}
		reached = next
	}
	return reached[len(s)]
}

func slowARN(pattern, text string) bool {
	p, s := strings.SplitN(pattern, ":", arnParts), strings.SplitN(text, ":", arnParts)
	if len(p) == 1 {
		return slowMatch(pattern, text, false)
	}
	if len(p) != arnParts || len(s) != arnParts {
		return false
	}
	for i := range p {
		if !slowMatch(p[i], s[i], false) {
			return false
		}
	}
	return true
}

func TestMatchersAgree(t *testing.T) {
	// All patterns of five characters for all texts of four.
	var patterns, texts []string
	product(5, "a:*?", func(s string) { patterns = append(patterns, s) })
	product(4, "a:é", func(s string) { texts = append(texts, s) })
	e := &evaluation{work: 1 << 40}
	for _, pattern := range patterns {
		g, code := newGlob(encode(pattern)), encode(pattern)
		for _, text := range texts {
			if got, want := g.match(text, e), slowMatch(pattern, text, false); got != want {
				t.Fatalf("StringLike %q for %q: %v, want %v", pattern, text, got, want)
			}
			if got, want := matchParts(code, strings.Split(text, ":"), e), slowMatch(pattern, text, true); got != want {
				t.Fatalf("Resource %q for %q: %v, want %v", pattern, text, got, want)
			}
		}
	}
}

// product calls do with all texts of up to n of the characters.
func product(n int, characters string, do func(string)) {
	var add func(s string, n int)
	add = func(s string, n int) {
		do(s)
		if n == 0 {
			return
		}
		for _, c := range characters {
			add(s+string(c), n-1)
		}
	}
	add("", n)
}
