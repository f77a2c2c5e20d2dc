package duckdb

import (
	"fmt"
	"strings"
)

// uncast is a column as it is, which Firn takes for what is wanted of it; DuckDB is told. It must not be compared with another text.
func (g *generator) uncast(k kind) pair {
	n := [...]int{kindInt: columnInt, kindDecimal: columnDecimal, kindDouble: columnDouble, kindBool: columnBool, kindUTC: columnUTC, kindInstant: columnInstant}[k]
	c := g.column(n)
	if k >= kindUTC {
		return pair{c.firn, "instant(" + c.duck + ")"}
	}
	return pair{c.firn, "CAST(" + c.duck + " AS " + k.duck() + ")"}
}

// coerced compares a column as it is with literals.
func (g *generator) coerced() pair {
	k := oneOf(g.rng, []kind{kindInt, kindDecimal, kindDouble, kindBool, kindUTC, kindInstant})
	c, l := g.uncast(k), func() pair { return g.literal(k) }
	return g.one(
		func() pair { return both("(%s "+g.operator()+" %s)", c, l()) },
		func() pair { return both("(%s "+g.operator()+" %s)", l(), c) },
		func() pair { return both("(%s "+g.not()+"BETWEEN %s AND %s)", c, l(), l()) },
		func() pair { return both("(%s "+g.not()+"IN (%s, %s))", c, l(), l()) },
		func() pair { return both("(NULLIF(%s, %s) IS NULL)", c, l()) },
		func() pair { return both("(CASE %s WHEN %s THEN 1 WHEN %s THEN 2 ELSE 3 END = 2)", c, l(), l()) },
	)
}

// missing asks whether something is MISSING: only what is not there is.
func (g *generator) missing(depth int) pair {
	k := kind(g.rng.IntN(int(kindInstant) + 1))
	switch g.rng.IntN(4) {
	case 0:
		return pair{"((MISSING IS " + g.not() + "MISSING) IS NULL)", "FALSE"}
	case 1:
		return differ("(COALESCE(%s, NULL) IS MISSING)", "(%s IS NULL AND FALSE)", g.expr(k, depth))
	case 2:
		return pair{"(" + g.column(1+g.rng.IntN(columns)).firn + " IS NOT MISSING)", "TRUE"}
	}
	return pair{"(NULL IS MISSING)", "FALSE"}
}

// amongMany is IN with a long list of integers, or of texts.
func (g *generator) amongMany(depth int) pair {
	k, of := kindInt, oneOf(g.rng, []kind{kindInt, kindDecimal, kindDouble})
	if g.chance(3) {
		k, of = kindText, kindText
	}
	var list []string
	for range 2 + g.rng.IntN(60) {
		if k == kindText {
			list = append(list, g.literal(k).firn)
			continue
		}
		list = append(list, fmt.Sprint(g.rng.IntN(41)-20))
	}
	operand := g.expr(of, depth)
	if k == kindInt && g.chance(2) {
		operand = g.uncast(of)
	}
	return both("(%s "+g.not()+"IN (%s))", operand, same(strings.Join(list, ", ")))
}

// substring has a start and a length that are computed: not before the first, and not from the end.
func (g *generator) substring(depth int) pair {
	at := func(least int) pair {
		return both(fmt.Sprintf("(CASE WHEN %%[1]s BETWEEN %d AND 9 THEN %%[1]s ELSE 2 END)", least), g.expr(kindInt, depth-1))
	}
	if g.chance(2) {
		return both("SUBSTRING(%s, %s, %s)", g.expr(kindText, depth), at(1), at(0))
	}
	return both("SUBSTRING(%s FROM %s)", g.expr(kindText, depth), at(1))
}

// toString is TO_STRING with a pattern of some symbols.
func (g *generator) toString(depth int) pair {
	var pattern pair
	for range 1 + g.rng.IntN(6) {
		mark := oneOf(g.rng, []string{" ", "-", ":", ", "})
		s := oneOf(g.rng, []pair{
			{"yyyy", "%Y"}, {"y", "%Y"}, {"yy", "%y"}, {"MM", "%m"}, {"M", "%-m"}, {"MMM", "%b"}, {"MMMM", "%B"}, {"dd", "%d"}, {"d", "%-d"}, {"a", "%p"}, {"hh", "%I"}, {"h", "%-I"},
			{"HH", "%H"}, {"H", "%-H"}, {"mm", "%M"}, {"m", "%-M"}, {"ss", "%S"}, {"s", "%-S"}, {"SSS", "%g"}, {"SSSSSS", "%f"}, {"X", "Z"}, {"xxx", "+00:00"}, {"xx", "+0000"},
			{"''T''", "T"}, {"''o''''clock''", "o''clock"}, {"\u6f22", "\u6f22"},
		})
		pattern.firn += s.firn + mark
		pattern.duck += s.duck + mark
	}
	of := g.expr(kindUTC, depth)
	if g.chance(3) {
		of = g.uncast(kindUTC)
	}
	return pair{"TO_STRING(" + of.firn + ", '" + pattern.firn + "')", "strftime(" + of.duck + ", '" + pattern.duck + "')"}
}
