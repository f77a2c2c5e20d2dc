package query

import (
	"strings"

	"firn/internal/timestamp"
	"firn/internal/value"
)

// The levels of precedence, lowest first, each a method:
//
//	OR, AND, NOT, IS, = <> (right), < <= > >=, LIKE, BETWEEN, IN, + -, * / %, - (unary)
//
// as in the guide's table of operators. IS is not in it.

func (p *parser) parseExpr() (expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errorAt(p.peek().at, "UnsupportedSyntax", "the expression nests more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	return p.parseJunction("OR", func() (expr, error) { return p.parseJunction("AND", p.parseNot) })
}

func (p *parser) parseJunction(word string, operand func() (expr, error)) (expr, error) {
	first, err := operand()
	if err != nil || !p.peek().is(word) {
		return first, err
	}
	j := &junction{position: p.peek().at, or: word == "OR", terms: []expr{first}}
	for p.accept(word) {
		term, err := operand()
		if err != nil {
			return nil, err
		}
		j.terms = append(j.terms, term)
	}
	return j, nil
}

func (p *parser) parseNot() (expr, error) {
	if t := p.peek(); t.is("NOT") {
		p.next()
		operand, err := p.nested(p.parseNot)
		return &negation{t.at, operand, true}, err
	}
	return p.parseIs()
}

// nested reads an operand of its own kind, one level deeper.
func (p *parser) nested(operand func() (expr, error)) (expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errorAt(p.peek().at, "UnsupportedSyntax", "the expression nests more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	return operand()
}

// parseIs reads IS behind an operand; what that is may be compared on.
func (p *parser) parseIs() (expr, error) {
	e, err := p.parseEquality()
	for tested := false; err == nil; tested = true {
		op, compares := comparisonOf(p.peek())
		switch {
		case p.peek().is("IS"):
			n := &is{position: p.next().at, operand: e}
			n.not = p.accept("NOT")
			if n.missing = p.accept("MISSING"); !n.missing && !p.accept("NULL") {
				return nil, p.unexpected("NULL or MISSING")
			}
			e = n
		case tested && compares:
			n := &compared{position: p.next().at, op: op, a: e}
			n.b, err = p.nested(p.parseEquality)
			e = n
		default:
			return e, nil
		}
	}
	return e, err
}

func comparisonOf(t token) (value.Comparison, bool) {
	if t.kind != tokenSymbol {
		return 0, false
	}
	switch t.text {
	case "=":
		return value.Equal, true
	case "<>", "!=":
		return value.Unequal, true
	case "<":
		return value.Less, true
	case "<=":
		return value.LessOrEqual, true
	case ">":
		return value.Greater, true
	case ">=":
		return value.GreaterOrEqual, true
	}
	return 0, false
}

func (p *parser) parseEquality() (expr, error) {
	a, err := p.parseRelation()
	if err != nil {
		return nil, err
	}
	op, ok := comparisonOf(p.peek())
	if !ok || op > value.Unequal {
		return a, nil
	}
	at := p.next().at
	b, err := p.nested(p.parseEquality)
	return &compared{at, op, a, b}, err
}

func (p *parser) parseRelation() (expr, error) {
	e, err := p.parseLike()
	for err == nil {
		op, ok := comparisonOf(p.peek())
		if !ok || op <= value.Unequal {
			break
		}
		n := &compared{position: p.next().at, op: op, a: e}
		n.b, err = p.parseLike()
		e = n
	}
	return e, err
}

// infix consumes a word, with NOT before it or not, if that comes next.
func (p *parser) infix(word string) (at position, not, ok bool) {
	t := p.peek()
	switch {
	case t.is(word):
	case t.is("NOT") && p.ahead().is(word):
		not = true
		p.next()
	default:
		return at, false, false
	}
	p.next()
	return t.at, not, true
}

func (p *parser) parseLike() (expr, error) {
	e, err := p.parseBetween()
	for err == nil {
		at, not, ok := p.infix("LIKE")
		if !ok {
			break
		}
		n := &like{position: at, operand: e, not: not}
		if n.pattern, err = p.parseBetween(); err == nil && p.accept("ESCAPE") {
			n.escape, err = p.parseBetween()
		}
		e = n
	}
	return e, err
}

func (p *parser) parseBetween() (expr, error) {
	e, err := p.parseIn()
	for err == nil {
		at, not, ok := p.infix("BETWEEN")
		if !ok {
			break
		}
		n := &between{position: at, operand: e, not: not}
		if n.low, err = p.parseIn(); err != nil {
			return nil, err
		}
		if err = p.expect("AND"); err != nil {
			return nil, err
		}
		n.high, err = p.parseIn()
		e = n
	}
	return e, err
}

func (p *parser) parseIn() (expr, error) {
	e, err := p.parseSum()
	for err == nil {
		at, not, ok := p.infix("IN")
		if !ok {
			break
		}
		n := &in{position: at, operand: e, not: not}
		if err = p.expect("("); err != nil {
			return nil, err
		}
		n.list, err = p.parseList()
		e = n
	}
	return e, err
}

// parseList reads expressions up to the closing parenthesis. There is at least
// one.
func (p *parser) parseList() ([]expr, error) {
	var list []expr
	for {
		e, err := p.parseExpr()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if p.accept(")") {
			return list, nil
		}
		if !p.accept(",") {
			return nil, p.unexpected(", or )")
		}
	}
}

func (p *parser) parseSum() (expr, error) { return p.parseLeft("+-", p.parseProduct) }

func (p *parser) parseProduct() (expr, error) { return p.parseLeft("*/%", p.parseUnary) }

// parseLeft reads operands joined by operators that go from left to right.
func (p *parser) parseLeft(operators string, operand func() (expr, error)) (expr, error) {
	e, err := operand()
	for err == nil {
		t := p.peek()
		if t.is("||") {
			return nil, errorAt(t.at, "UnsupportedSyntax", "the operator || is not supported")
		}
		if t.kind != tokenSymbol || len(t.text) != 1 || !strings.Contains(operators, t.text) {
			break
		}
		p.next()
		n := &arithmetic{position: t.at, op: value.Operator(t.text[0]), a: e}
		n.b, err = operand()
		e = n
	}
	return e, err
}

func (p *parser) parseUnary() (expr, error) {
	t := p.peek()
	switch {
	case t.is("-"):
		p.next()
		if n := p.peek(); n.kind == tokenNumber { // so that the least integer can be written
			p.next()
			return parseLiteral("-"+n.text, t.at)
		}
		operand, err := p.nested(p.parseUnary)
		return &negation{t.at, operand, false}, err
	case t.is("+"): // adds to nothing, and so takes numbers only
		p.next()
		operand, err := p.nested(p.parseUnary)
		return &arithmetic{t.at, '+', &literal{t.at, value.Int(0)}, operand}, err
	}
	return p.parsePrimary()
}

// parseLiteral reads a number: with an exponent it is a FLOAT.
func parseLiteral(text string, at position) (expr, error) {
	if strings.ContainsAny(text, "eE") {
		f, ok := value.ParseFloat([]byte(text))
		if !ok {
			return nil, errorAt(at, "ValueParseFailure", "%s is too large for a FLOAT", value.Clip(text))
		}
		return &literal{at, value.Float(f)}, nil
	}
	v, ok := value.ParseNumber([]byte(text))
	if !ok {
		return nil, errorAt(at, "ValueParseFailure", "%s is too long for a number", value.Clip(text))
	}
	return &literal{at, v}, nil
}

func (p *parser) parsePrimary() (expr, error) {
	t := p.peek()
	switch t.kind {
	case tokenNumber:
		p.next()
		return parseLiteral(t.text, t.at)
	case tokenString:
		p.next()
		return &literal{t.at, value.String([]byte(t.text))}, nil
	case tokenIon:
		p.next()
		ts, err := timestamp.Parse(t.text)
		if err != nil {
			return nil, errorAt(t.at, "ValueParseFailure", "%s is not a timestamp", t)
		}
		return &literal{t.at, value.Timestamp(ts)}, nil
	case tokenName, tokenQuoted:
		if t.kind == tokenName && p.ahead().is("(") {
			return p.parseCall()
		}
		return p.parseColumn()
	case tokenKeyword:
		return p.parseKeyword()
	}
	if t.is("(") {
		p.next()
		e, err := p.parseExpr()
		if err != nil {
			return nil, err
		}
		return e, p.expect(")")
	}
	return nil, p.unexpected("an expression")
}

// parseColumn reads name[.name...].
func (p *parser) parseColumn() (expr, error) {
	c := &column{position: p.peek().at}
	for {
		t := p.peek()
		if t.kind != tokenName && t.kind != tokenQuoted {
			return nil, p.unexpected("a name")
		}
		c.path = append(c.path, named(p.next()))
		if p.peek().is("[") {
			return nil, errorAt(p.peek().at, "UnsupportedSyntax", "an index in a path is not supported")
		}
		if !p.accept(".") {
			return c, nil
		}
		if p.peek().is("*") {
			return nil, errorAt(p.peek().at, "UnsupportedSyntax", "* stands alone, without the name of a table")
		}
	}
}

// parseKeyword reads an expression that begins with a reserved word.
func (p *parser) parseKeyword() (expr, error) {
	t := p.peek()
	switch t.text {
	case "TRUE", "FALSE":
		p.next()
		return &literal{t.at, value.Bool(t.text == "TRUE")}, nil
	case "NULL":
		p.next()
		return &literal{t.at, value.Null()}, nil
	case "MISSING":
		p.next()
		return &literal{t.at, value.Missing()}, nil
	case "CASE":
		return p.parseCase()
	case "SELECT":
		return nil, errorAt(t.at, "UnsupportedSqlStructure", "a query inside a query is not supported")
	}
	if p.ahead().is("(") {
		return p.parseCall()
	}
	return nil, p.unexpected("an expression")
}

func (p *parser) parseCase() (expr, error) {
	c := &cases{position: p.next().at}
	var err error
	if !p.peek().is("WHEN") {
		if c.operand, err = p.parseExpr(); err != nil {
			return nil, err
		}
	}
	for p.accept("WHEN") {
		when, err := p.parseExpr()
		if err != nil {
			return nil, err
		}
		if err := p.expect("THEN"); err != nil {
			return nil, err
		}
		then, err := p.parseExpr()
		if err != nil {
			return nil, err
		}
		c.when = append(c.when, [2]expr{when, then})
	}
	if len(c.when) == 0 {
		return nil, p.unexpected("WHEN")
	}
	if p.accept("ELSE") {
		if c.otherwise, err = p.parseExpr(); err != nil {
			return nil, err
		}
	}
	return c, p.expect("END")
}
