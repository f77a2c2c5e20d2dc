package duckdb

import (
	"fmt"
	"strings"
)

// operator is one of the comparisons.
func (g *generator) operator() string {
	return oneOf(g.rng, []string{"=", "<>", "!=", "<", "<=", ">", ">="})
}

func (g *generator) not() string { return oneOf(g.rng, []string{"", "NOT "}) }

// condition is an expression that is true, false or unknown.
func (g *generator) condition(depth int) pair {
	e := func() pair { return g.expr(kindBool, depth) }
	return g.one(
		func() pair { return both("(%s AND %s)", e(), e()) },
		func() pair { return both("(%s OR %s)", e(), e()) },
		func() pair { return both("(%s OR %s AND NOT %s)", e(), e(), e()) },
		func() pair { return both("(NOT %s)", e()) },
		func() pair { return g.compared(depth) },
		func() pair { return g.compared(depth) },
		func() pair { return g.loose() },
		func() pair { return g.coerced() },
		func() pair { return g.missing(depth) },
		func() pair { return both("(%s OR %s)", g.uncast(kindBool), e()) },
		func() pair { return g.among(depth) },
		func() pair { return g.amongMany(depth) },
		func() pair { return g.like(depth) },
		func() pair { return g.like(depth) },
		func() pair {
			k := kind(g.rng.IntN(int(kindInstant) + 1))
			return both("(%s "+oneOf(g.rng, []string{"IS NULL", "IS NOT NULL"})+")", g.expr(k, depth))
		},
		func() pair { return differ("CAST(%s AS BOOL)", "CAST(%s AS BOOLEAN)", g.expr(kindInt, depth)) },
	)
}

// comparable is two kinds that compare.
func (g *generator) comparable() (a, b kind) {
	a = kind(g.rng.IntN(int(kindInstant) + 1))
	b = a
	if a <= kindDouble {
		b = kind(g.rng.IntN(int(kindDouble) + 1))
	}
	if a == kindUTC {
		b = kindInstant
	}
	return a, b
}

func (g *generator) compared(depth int) pair {
	a, b := g.comparable()
	if g.chance(4) {
		return both("(%s "+g.not()+"BETWEEN %s AND %s)", g.expr(a, depth), g.expr(b, depth), g.expr(b, depth))
	}
	return both("(%s "+g.operator()+" %s)", g.expr(a, depth), g.expr(b, depth))
}

// loose compares a text of the archive with a number: it is one if it can be, and otherwise neither equal nor less nor greater.
func (g *generator) loose() pair {
	column, n, op := g.column(columnMixed), g.literal(oneOf(g.rng, []kind{kindInt, kindDecimal})), g.operator()
	if g.chance(2) {
		n = same(oneOf(g.rng, []string{"0", "7", "-3", "100", "2.5"}))
	}
	otherwise := "NULL"
	switch op {
	case "=":
		otherwise = "FALSE"
	case "<>", "!=":
		otherwise = "TRUE"
	}
	return differ("(%s "+op+" %s)", "COALESCE(TRY_CAST(%s AS DECIMAL(38,10)) "+op+" %s, "+otherwise+")", column, n)
}

// among is IN with a list.
func (g *generator) among(depth int) pair {
	a, b := g.comparable()
	list := []pair{g.expr(a, depth)}
	for range 1 + g.rng.IntN(4) {
		if g.chance(4) {
			list = append(list, g.expr(b, depth))
		} else {
			list = append(list, g.literal(b))
		}
	}
	return both("(%s "+g.not()+"IN (%s"+strings.Repeat(", %s", len(list)-2)+"))", list...)
}

func (g *generator) like(depth int) pair {
	operand := g.expr(kindText, depth)
	switch g.rng.IntN(4) {
	case 0:
		return both("(%s "+g.not()+"LIKE %s)", operand, g.column(columnPattern))
	case 1:
		escape := oneOf(g.rng, []string{"!", `\`, "a"})
		return both(fmt.Sprintf("(%%s %sLIKE %%s ESCAPE '%s')", g.not(), escape), operand, same(quote(g.escaped(escape))))
	case 2:
		return both("(%s LIKE %s)", operand, g.absent(kindText))
	}
	return both("(%s "+g.not()+"LIKE %s)", operand, same(quote(likePattern(g.rng))))
}

// escaped is a pattern whose escape character stands before what it may stand before.
func (g *generator) escaped(escape string) string {
	var b strings.Builder
	for range g.rng.IntN(6) {
		b.WriteString(oneOf(g.rng, []string{"%", "_", "b", "é", escape + "%", escape + "_", escape + escape, "漢"}))
	}
	return b.String()
}
