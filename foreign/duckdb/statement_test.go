package duckdb

import (
	"fmt"
	"strings"
	"unicode"
)

// A check is how the texts of a column are compared.
type check int

const (
	exactly   check = iota
	asNumber        // by value
	asDouble        // as the same double
	nearly          // within a tolerance, because the two calculate with different types, or in another order
	asInstant       // as the same moment
)

func (k kind) check() check {
	return [...]check{exactly, asNumber, asDouble, exactly, exactly, asInstant, asInstant}[k]
}

// A statement is a query in both dialects.
type statement struct {
	pair
	checks []check // of its columns; nil is all exactly, however many
}

// statement makes a statement.
func (g *generator) statement() statement {
	var s statement
	var list []pair
	add := func(e pair, c check) {
		list = append(list, e)
		s.checks = append(s.checks, c)
	}
	depth := 1 + g.rng.IntN(3)
	star := g.chance(15)
	switch {
	case star:
	case g.chance(4):
		for range 1 + g.rng.IntN(3) {
			add(g.aggregate(depth - 1))
		}
	default:
		for range 1 + g.rng.IntN(3) {
			g.project(depth, add)
		}
	}
	firn, duck := make([]string, len(list)), make([]string, len(list))
	for i, e := range list {
		firn[i], duck[i] = e.firn, "CAST("+e.duck+" AS VARCHAR)"
	}
	columns := pair{strings.Join(firn, ", "), strings.Join(duck, ", ")}
	if star {
		columns = same("*")
	}
	s.pair = both("SELECT %s FROM archive s", columns)
	if g.chance(2) || star {
		s.pair = both("%s WHERE %s", s.pair, g.expr(kindBool, depth))
	}
	if g.chance(6) {
		s.pair = both(fmt.Sprintf("%%s LIMIT %d", g.rng.IntN(20)), s.pair)
	}
	if g.chance(3) {
		s.firn = g.disguise(s.firn)
	}
	return s
}

// disguise changes what makes no difference outside of quotes: the case of letters, and the white space.
func (g *generator) disguise(text string) string {
	var b strings.Builder
	quote := rune(0)
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case strings.ContainsRune("'\"`", r):
			quote = r
		case r == ' ':
			b.WriteString(oneOf(g.rng, []string{" ", " ", "\n", "\t", "\r\n", "/* it's */", " -- \"\n", "\u00a0"}))
			continue
		case g.chance(2):
			r = unicode.ToUpper(r)
		default:
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// project makes a column of the result. Of a text there is a second one that tells NULL from what is empty.
func (g *generator) project(depth int, add func(pair, check)) {
	k := kind(g.rng.IntN(int(kindInstant) + 1))
	if k == kindDecimal && g.chance(3) {
		add(both("(%s / NULLIF(%s, 0))", g.expr(k, depth), g.expr(oneOf(g.rng, []kind{kindInt, kindDecimal}), depth)), nearly)
		return
	}
	e := g.expr(k, depth)
	add(e, k.check())
	if k == kindText {
		add(both("(%s IS NULL)", e), exactly)
	}
}

// aggregate makes a column about all rows.
func (g *generator) aggregate(depth int) (pair, check) {
	k := kind(g.rng.IntN(int(kindInstant) + 1))
	e := g.expr(k, depth)
	switch {
	case g.chance(5):
		return same("COUNT(*)"), exactly
	case g.chance(5):
		return both("COUNT(%s)", e), exactly
	case k > kindDouble || g.chance(3):
		return both(oneOf(g.rng, []string{"MIN", "MAX"})+"(%s)", e), k.check()
	case g.chance(2):
		return both("AVG(%s)", e), nearly
	case k == kindDouble:
		return both("SUM(%s)", e), nearly
	case g.chance(3):
		return both("(SUM(%s) - COUNT(*) * 2)", e), k.check()
	}
	return both("SUM(%s)", e), k.check()
}
