package query

import (
	"firn/internal/timestamp"
	"firn/internal/value"
)

// A signature is how many arguments a function takes; most is -1 for any number.
type signature struct{ least, most int }

// signatureOf returns the signature of a function whose arguments are separated by
// commas.
func signatureOf(function string) (signature, bool) {
	switch function {
	case "COALESCE":
		return signature{1, -1}, true
	case "NULLIF", "TO_STRING":
		return signature{2, 2}, true
	case "CHAR_LENGTH", "CHARACTER_LENGTH", "LOWER", "UPPER", "TO_TIMESTAMP":
		return signature{1, 1}, true
	case "UTCNOW":
		return signature{0, 0}, true
	}
	return signature{}, false
}

// parseCall reads a function and its arguments.
func (p *parser) parseCall() (expr, error) {
	t := p.next()
	p.next() // the parenthesis
	function := upperCase(t.text)
	switch function {
	case "CAST":
		return p.parseCast(t.at)
	case "SUBSTRING":
		return p.parseSubstring(t.at)
	case "TRIM":
		return p.parseTrim(t.at)
	case "EXTRACT":
		return p.parseExtract(t.at)
	case "DATE_ADD", "DATE_DIFF":
		return p.parseDate(function, t.at)
	case "COUNT", "SUM", "AVG", "MIN", "MAX":
		return p.parseAggregate(function, t.at)
	}
	want, ok := signatureOf(function)
	if !ok {
		return nil, errorAt(t.at, "UnsupportedFunction", "there is no function %s", t)
	}
	c := &call{position: t.at, function: function}
	if p.accept(")") {
		return c, want.check(c)
	}
	var err error
	if c.args, err = p.parseList(); err != nil {
		return nil, err
	}
	return c, want.check(c)
}

func (s signature) check(c *call) error {
	if n := len(c.args); n < s.least || s.most >= 0 && n > s.most {
		return errorAt(c.position, "EvaluatorInvalidArguments", "%s has %d arguments", c.function, n)
	}
	return nil
}

func (p *parser) parseCast(at position) (expr, error) {
	operand, err := p.parseExpr()
	if err != nil {
		return nil, err
	}
	if err := p.expect("AS"); err != nil {
		return nil, err
	}
	t := p.next()
	to, ok := value.KindNamed(upperCase(t.text))
	if !ok || t.kind != tokenKeyword {
		return nil, errorAt(t.at, "ParseExpectedTypeName", "expected BOOL, INT, INTEGER, STRING, FLOAT, DECIMAL, NUMERIC or TIMESTAMP, found %s", t)
	}
	return &casted{at, operand, to}, p.expect(")")
}

// parseSubstring reads SUBSTRING(s FROM start [FOR length]), or with commas.
func (p *parser) parseSubstring(at position) (expr, error) {
	c := &call{position: at, function: "SUBSTRING"}
	operand, err := p.parseExpr()
	if err != nil {
		return nil, err
	}
	c.args = append(c.args, operand)
	second, third := "FROM", "FOR"
	if p.peek().is(",") {
		second, third = ",", ","
	}
	if err := p.expect(second); err != nil {
		return nil, err
	}
	start, err := p.parseExpr()
	if err != nil {
		return nil, err
	}
	c.args = append(c.args, start)
	if p.accept(third) {
		length, err := p.parseExpr()
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, length)
	}
	return c, p.expect(")")
}

// parseTrim reads TRIM([[LEADING|TRAILING|BOTH] [characters] FROM] s). The string
// becomes the first argument, the characters the second. FROM may stand alone: so the
// guide's brackets have it.
func (p *parser) parseTrim(at position) (expr, error) {
	c := &call{position: at, function: "TRIM", part: "BOTH"}
	side := false
	for _, word := range []string{"LEADING", "TRAILING", "BOTH"} {
		if p.accept(word) {
			c.part, side = word, true
			break
		}
	}
	var characters expr
	if p.accept("FROM") {
		operand, err := p.parseExpr()
		c.args = []expr{operand}
		if err != nil {
			return nil, err
		}
		return c, p.expect(")")
	}
	operand, err := p.parseExpr()
	if err != nil {
		return nil, err
	}
	if side && !p.peek().is("FROM") {
		return nil, p.unexpected("FROM")
	}
	if p.accept("FROM") {
		characters = operand
		if operand, err = p.parseExpr(); err != nil {
			return nil, err
		}
	}
	if c.args = []expr{operand}; characters != nil {
		c.args = append(c.args, characters)
	}
	return c, p.expect(")")
}

// parsePart reads the name of a part of a timestamp.
func (p *parser) parsePart(timezone bool) (string, error) {
	t := p.next()
	part, ok := timestamp.ParsePart(t.text)
	if !ok || t.kind != tokenKeyword || part.Timezone() && !timezone {
		return "", errorAt(t.at, "ParseExpectedDatePart", "expected a part of a timestamp such as YEAR, found %s", t)
	}
	return t.text, nil
}

func (p *parser) parseExtract(at position) (expr, error) {
	part, err := p.parsePart(true)
	if err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	operand, err := p.parseExpr()
	if err != nil {
		return nil, err
	}
	return &call{at, "EXTRACT", part, []expr{operand}}, p.expect(")")
}

func (p *parser) parseDate(function string, at position) (expr, error) {
	part, err := p.parsePart(false)
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	args, err := p.parseList()
	if err != nil {
		return nil, err
	}
	c := &call{at, function, part, args}
	return c, signature{2, 2}.check(c)
}

func (p *parser) parseAggregate(function string, at position) (expr, error) {
	a := &aggregate{position: at, function: function, index: len(p.statement.aggregates)}
	if p.inside != nil || p.statement.alias != nil {
		return nil, errorAt(at, "UnsupportedSqlStructure", "an aggregate stands in the list behind SELECT, and not inside another")
	}
	p.inside = a
	defer func() { p.inside = nil }()
	if err := p.unsupported(); err != nil {
		return nil, err
	}
	if function != "COUNT" || !p.accept("*") {
		operand, err := p.parseExpr()
		if err != nil {
			return nil, err
		}
		a.operand = operand
	}
	p.statement.aggregates = append(p.statement.aggregates, a)
	return a, p.expect(")")
}
