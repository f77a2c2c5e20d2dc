package duckdb

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A kind is the type of an expression.
type kind int

const (
	kindInt kind = iota
	kindDecimal
	kindDouble
	kindText
	kindBool
	kindUTC     // a timestamp in UTC, whose parts are the same for both
	kindInstant // a timestamp with any offset
)

// duck is the type as DuckDB has it.
func (k kind) duck() string {
	return [...]string{"BIGINT", "DECIMAL(18,4)", "DOUBLE", "VARCHAR", "BOOLEAN", "TIMESTAMP", "TIMESTAMP"}[k]
}

// firn is the type as Firn has it.
func (k kind) firn() string {
	return [...]string{"INT", "DECIMAL", "FLOAT", "STRING", "BOOL", "TIMESTAMP", "TIMESTAMP"}[k]
}

// A pair is the same expression in both dialects.
type pair struct{ firn, duck string }

func same(text string) pair { return pair{text, text} }

// both puts expressions into a text that is the same in both dialects.
func both(format string, parts ...pair) pair {
	return pair{fill(format, parts, func(p pair) string { return p.firn }), fill(format, parts, func(p pair) string { return p.duck })}
}

// differ is both, with a text for each.
func differ(firn, duck string, parts ...pair) pair {
	return pair{both(firn, parts...).firn, both(duck, parts...).duck}
}

func fill(format string, parts []pair, side func(pair) string) string {
	args := make([]any, len(parts))
	for i, p := range parts {
		args[i] = side(p)
	}
	return fmt.Sprintf(format, args...)
}

// A generator makes expressions. None of them fails by its nature: divisors are never 0, casts are of what can be cast, and products
// are too small to overflow. So the order of evaluation, which SQL leaves open, does not show.
type generator struct {
	rng    *rand.Rand
	header bool
}

func (g *generator) one(list ...func() pair) pair { return list[g.rng.IntN(len(list))]() }

func (g *generator) chance(n int) bool { return g.rng.IntN(n) == 0 }

// column is a reference to a column, in one of the forms that there are.
func (g *generator) column(n int) pair {
	name := fmt.Sprintf("_%d", n)
	if g.header {
		name = oneOf(g.rng, []string{"c%d", "C%d", `"c%d"`})
		name = fmt.Sprintf(name, n)
	}
	return pair{oneOf(g.rng, []string{"s.", "S.", ""}) + name, fmt.Sprintf("_%d", n)}
}

// absent is NULL, or MISSING, or a column that is not there.
func (g *generator) absent(k kind) pair {
	duck := "CAST(NULL AS " + k.duck() + ")"
	if g.header {
		return pair{oneOf(g.rng, []string{"NULL", "MISSING"}), duck}
	}
	return pair{oneOf(g.rng, []string{"NULL", "MISSING", "s._12", "_1048576"}), duck}
}

// literal is a literal.
func (g *generator) literal(k kind) pair {
	switch k {
	case kindInt:
		n := integer(g.rng)
		return pair{fmt.Sprint(n), fmt.Sprintf("CAST(%d AS BIGINT)", n)}
	case kindDecimal:
		return same(oneOf(g.rng, []string{"0.5", "-1.5", "2.25", "1.0", "0.0001", "100.75"}))
	case kindDouble:
		return same(oneOf(g.rng, []string{"1e0", "2.5e-1", "-1E3", "0e0", "1.7e2"}))
	case kindText:
		s := text(g.rng, 4)
		if g.chance(2) {
			s = oneOf(g.rng, cities())
		}
		return same(quote(s))
	case kindBool:
		return same(oneOf(g.rng, []string{"TRUE", "FALSE"}))
	default:
		offset := "Z"
		if k == kindInstant {
			offset = "+02:00"
		}
		s := instant(g.rng, offset)
		return pair{"`" + s + "`", "instant(" + quote(s) + ")"}
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// leaf is a literal, a column as what it is, or nothing.
func (g *generator) leaf(k kind) pair {
	if g.chance(12) {
		return g.absent(k)
	}
	if g.chance(3) {
		return g.literal(k)
	}
	switch k {
	case kindInt:
		if g.chance(3) {
			return differ("CAST(NULLIF(%s, '') AS INT)", "CAST(NULLIF(%s, '') AS BIGINT)", g.column(columnSparse))
		}
		return g.cast(k, columnInt)
	case kindDecimal:
		return g.cast(k, columnDecimal)
	case kindDouble:
		return g.cast(k, columnDouble)
	case kindText:
		return g.column(oneOf(g.rng, []int{columnCity, columnText, columnText, columnMixed}))
	case kindBool:
		return g.cast(k, columnBool)
	case kindUTC:
		c := g.column(columnUTC)
		return pair{"CAST(" + c.firn + " AS TIMESTAMP)", "instant(" + c.duck + ")"}
	default:
		c := g.column(oneOf(g.rng, []int{columnInstant, columnUTC}))
		return pair{"CAST(" + c.firn + " AS TIMESTAMP)", "instant(" + c.duck + ")"}
	}
}

func (g *generator) cast(k kind, column int) pair {
	return differ("CAST(%s AS "+k.firn()+")", "CAST(%s AS "+k.duck()+")", g.column(column))
}

// expr is an expression that nests at most depth deep.
func (g *generator) expr(k kind, depth int) pair {
	if depth <= 0 || g.chance(5) {
		return g.leaf(k)
	}
	if g.chance(5) {
		return g.choice(k, depth-1)
	}
	switch k {
	case kindInt:
		return g.integer(depth - 1)
	case kindDecimal:
		return g.decimal(depth - 1)
	case kindDouble:
		return g.double(depth - 1)
	case kindText:
		return g.text(depth - 1)
	case kindBool:
		return g.condition(depth - 1)
	case kindUTC:
		return g.dateAdd(depth - 1)
	default:
		return g.expr(kindUTC, depth-1)
	}
}

// choice is an expression that is one of others.
func (g *generator) choice(k kind, depth int) pair {
	e := func() pair { return g.expr(k, depth) }
	return g.one(
		func() pair { return both("CASE WHEN %s THEN %s ELSE %s END", g.expr(kindBool, depth), e(), e()) },
		func() pair {
			return both("CASE WHEN %s THEN %s WHEN %s THEN %s END", g.expr(kindBool, depth), e(), g.expr(kindBool, depth), e())
		},
		func() pair {
			of := oneOf(g.rng, []kind{kindInt, kindText, kindBool})
			return both("CASE %s WHEN %s THEN %s WHEN %s THEN %s ELSE %s END", g.expr(of, depth), g.expr(of, depth), e(), g.leaf(of), e(), e())
		},
		func() pair { return both("COALESCE(%s, %s)", e(), e()) },
		func() pair { return both("COALESCE(%s, %s, %s)", g.absent(k), e(), e()) },
		func() pair { return both("NULLIF(%s, %s)", e(), e()) },
	)
}

func (g *generator) integer(depth int) pair {
	e := func() pair { return g.expr(kindInt, depth) }
	return g.one(
		func() pair { return both("(%s + %s)", e(), e()) },
		func() pair { return both("(%s - %s)", e(), e()) },
		func() pair { return both("(%s - %s + %s)", e(), e(), e()) },
		func() pair { return both("(%s + %s * "+oneOf(g.rng, []string{"2", "-3", "7"})+")", e(), e()) },
		func() pair { return differ("(%s / NULLIF(%s, 0))", "(%s // NULLIF(%s, 0))", e(), e()) },
		func() pair { return both("(%s %% NULLIF(%s, 0))", e(), e()) },
		func() pair { return both("(- %s)", e()) },
		func() pair { return both("(+ %s)", e()) },
		func() pair { return both("(%s + %s)", g.uncast(kindInt), e()) },
		func() pair { return both("CHAR_LENGTH(%s)", g.text(depth)) },
		func() pair { return differ("CAST(%s AS INT)", "CAST(trunc(%s) AS BIGINT)", g.expr(kindDecimal, depth)) },
		func() pair { return differ("CAST(%s AS INT)", "CAST(%s AS BIGINT)", g.expr(kindBool, depth)) },
		func() pair {
			part := oneOf(g.rng, []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"})
			return both("EXTRACT("+part+" FROM %s)", g.one(func() pair { return g.expr(kindUTC, depth) }, func() pair { return g.uncast(kindUTC) }))
		},
		func() pair {
			part := oneOf(g.rng, []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"})
			duck := "date_sub('" + part + "', %s, %s)"
			if part == "YEAR" || part == "MONTH" {
				duck = "whole_" + part + "s(%s, %s)"
			}
			return differ("DATE_DIFF("+part+", %s, %s)", duck, g.expr(kindInstant, depth), g.expr(kindInstant, depth))
		},
	)
}

func (g *generator) decimal(depth int) pair {
	e := func() pair { return g.expr(kindDecimal, depth) }
	return g.one(
		func() pair { return both("(%s + %s)", e(), e()) },
		func() pair { return both("(%s - %s)", e(), g.expr(kindInt, depth)) },
		func() pair { return both("(%s - %s)", g.uncast(kindDecimal), e()) },
		func() pair { return both("(%s * "+oneOf(g.rng, []string{"2.0", "-1.5", "0.25"})+")", e()) },
		func() pair { return both("(%s %% 7.5)", e()) },
		func() pair { return both("(- %s)", e()) },
		func() pair { return differ("CAST(%s AS DECIMAL)", "CAST(%s AS DECIMAL(18,0))", g.expr(kindInt, depth)) },
	)
}

func (g *generator) double(depth int) pair {
	e := func() pair { return g.expr(kindDouble, depth) }
	return g.one(
		func() pair { return both("(%s "+oneOf(g.rng, []string{"+", "-", "*"})+" %s)", e(), e()) },
		func() pair {
			return both("(%s "+oneOf(g.rng, []string{"+", "-", "*"})+" %s)", e(), g.expr(kindInt, depth))
		},
		func() pair {
			return both("(%s "+oneOf(g.rng, []string{"+", "-", "*"})+" %s)", g.expr(kindDecimal, depth), e())
		},
		func() pair { return both("(%s / NULLIF(%s, 0))", e(), e()) },
		func() pair { return both("(%s %% NULLIF(%s, 0))", e(), e()) },
		func() pair { return both("(- %s)", e()) },
		func() pair { return both("(%s * %s)", g.uncast(kindInt), e()) },
		func() pair {
			return differ("CAST(%s AS FLOAT)", "CAST(%s AS DOUBLE)", g.expr(oneOf(g.rng, []kind{kindInt, kindDecimal}), depth))
		},
	)
}

func (g *generator) text(depth int) pair {
	e := func() pair { return g.expr(kindText, depth) }
	from, length := 1+g.rng.IntN(5), g.rng.IntN(4)
	return g.one(
		func() pair { return both("LOWER(%s)", e()) },
		func() pair { return both("UPPER(%s)", e()) },
		func() pair { return both(fmt.Sprintf("SUBSTRING(%%s, %d)", from), e()) },
		func() pair { return both(fmt.Sprintf("SUBSTRING(%%s FROM %d FOR %d)", from, length), e()) },
		func() pair { return differ("TRIM(%s)", "trim(%s, ' ')", e()) },
		func() pair { return differ("TRIM(FROM %s)", "trim(%s, ' ')", e()) },
		func() pair { return differ("TRIM(%s FROM %s)", "trim(%[2]s, %[1]s)", g.leaf(kindText), e()) },
		func() pair { return g.substring(depth) },
		func() pair { return g.toString(depth) },
		func() pair { return differ("TRIM(LEADING FROM %s)", "ltrim(%s, ' ')", e()) },
		func() pair {
			return differ("TRIM(TRAILING %s FROM %s)", "rtrim(%[2]s, %[1]s)", g.literal(kindText), e())
		},
		func() pair { return differ("TRIM(BOTH %s FROM %s)", "trim(%[2]s, %[1]s)", g.leaf(kindText), e()) },
		func() pair {
			return differ("CAST(%s AS STRING)", "CAST(%s AS VARCHAR)", g.expr(oneOf(g.rng, []kind{kindInt, kindBool, kindText}), depth))
		},
	)
}

// dateAdd adds to a timestamp.
func (g *generator) dateAdd(depth int) pair {
	part := oneOf(g.rng, []string{"year", "month", "day", "hour", "minute", "second"})
	n := pair{}
	n.firn = fmt.Sprint(g.rng.IntN(41) - 20)
	n.duck = n.firn
	of := g.expr(kindUTC, depth)
	if g.chance(4) {
		of = g.uncast(kindUTC)
	}
	return differ("DATE_ADD("+part+", %s, %s)", "(%[2]s + to_"+part+"s(%[1]s))", n, of)
}
