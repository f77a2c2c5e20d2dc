package query

import (
	"strconv"
)

const (
	// MaxExpression is how many bytes an expression has at most.
	MaxExpression = 128 << 10
	// maxDepth bounds how deep expressions nest.
	maxDepth = 256
	// tables are the names that FROM takes.
	tableArchive, tableObject = "ARCHIVE", "OBJECT"
)

// Parse reads a statement. The error is an *[Error] that says where it is.
func Parse(text string) (*Statement, error) {
	if len(text) > MaxExpression {
		return nil, &Error{Code: "ExpressionTooLong", Message: "the expression has " + strconv.Itoa(len(text)) +
			" bytes, and may have " + strconv.Itoa(MaxExpression)}
	}
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, statement: &Statement{limit: -1}}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.statement, nil
}

// A parser is a recursive descent through the tokens.
type parser struct {
	tokens    []token // ends with tokenEnd
	depth     int
	inside    *aggregate // the one whose operand is being read
	statement *Statement
}

func (p *parser) peek() token { return p.tokens[0] }

// ahead is the token after the next one.
func (p *parser) ahead() token {
	if len(p.tokens) > 1 {
		return p.tokens[1]
	}
	return p.tokens[0]
}

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

// is reports whether the token is a keyword or a symbol.
func (t token) is(text string) bool {
	return (t.kind == tokenKeyword || t.kind == tokenSymbol) && t.text == text
}

// accept consumes the next token if it is the keyword or symbol.
func (p *parser) accept(text string) bool {
	if !p.peek().is(text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.unexpected(text)
	}
	return nil
}

// unexpected is the error of the next token, where something else was wanted.
func (p *parser) unexpected(wanted string) error {
	t := p.peek()
	if t.kind == tokenKeyword && !clause(t.text) {
		return errorAt(t.at, "ParseUnexpectedKeyword", "expected %s, found the reserved word %s, which is a name only in double quotes", wanted, t)
	}
	return errorAt(t.at, "ParseUnexpectedToken", "expected %s, found %s", wanted, t)
}

// clause reports whether a keyword is one of the language's own.
func clause(word string) bool {
	switch word {
	case "SELECT", "FROM", "WHERE", "LIMIT", "AS", "AND", "OR", "NOT", "IN", "IS", "LIKE", "BETWEEN", "ESCAPE", "NULL", "MISSING",
		"CASE", "WHEN", "THEN", "ELSE", "END":
		return true
	}
	return false
}

// unsupported are the beginnings of what SQL has and the language has not.
func (p *parser) unsupported() error {
	t := p.peek()
	what := ""
	switch {
	case t.kind != tokenKeyword:
		return nil
	case t.is("GROUP"), t.is("ORDER"):
		what = t.text + " BY"
	case t.is("HAVING"), t.is("UNION"), t.is("INTERSECT"), t.is("EXCEPT"), t.is("DISTINCT"):
		what = t.text
	case t.is("JOIN"), t.is("INNER"), t.is("LEFT"), t.is("RIGHT"), t.is("FULL"), t.is("CROSS"), t.is("NATURAL"), t.is("OUTER"):
		what = "JOIN"
	default:
		return nil
	}
	return errorAt(t.at, "UnsupportedSqlStructure", "%s is not supported", what)
}

func (p *parser) parse() error {
	if t := p.peek(); !t.is("SELECT") {
		if t.kind == tokenKeyword || t.kind == tokenName {
			return errorAt(t.at, "UnsupportedSqlOperation", "expected SELECT, found %s: a statement is one SELECT", t)
		}
		return p.unexpected("SELECT")
	}
	p.next()
	for _, step := range []func() error{p.parseProjections, p.parseFrom, p.parseWhere, p.parseLimit, p.parseEnd} {
		if err := step(); err != nil {
			return err
		}
	}
	return p.checkAggregates()
}

func (p *parser) parseProjections() error {
	if err := p.unsupported(); err != nil {
		return err
	}
	if p.accept("*") {
		p.statement.star = true
		if p.peek().is(",") {
			return errorAt(p.peek().at, "UnsupportedSqlStructure", "* stands alone: other columns beside it are not supported")
		}
		return nil
	}
	for {
		column, err := p.parseExpr()
		if err != nil {
			return err
		}
		p.statement.projections = append(p.statement.projections, projection{column})
		if _, err := p.parseAlias(); err != nil {
			return err
		}
		if !p.accept(",") {
			return nil
		}
	}
}

// parseAlias reads a name, behind AS or not, if there is one.
func (p *parser) parseAlias() (*name, error) {
	as := p.accept("AS")
	if t := p.peek(); t.kind == tokenName || t.kind == tokenQuoted {
		n := named(p.next())
		return &n, nil
	}
	if as {
		return nil, p.unexpected("a name")
	}
	return nil, nil
}

func named(t token) name { return name{t.text, t.kind == tokenQuoted, t.at} }

func (p *parser) parseFrom() error {
	if err := p.expect("FROM"); err != nil {
		return err
	}
	t := p.next()
	if t.is("(") {
		return errorAt(t.at, "UnsupportedSqlStructure", "a query inside a query is not supported")
	}
	if table := upperCase(t.text); t.kind != tokenName || table != tableArchive && table != tableObject {
		return errorAt(t.at, "UnsupportedSqlStructure", "expected ARCHIVE or OBJECT after FROM, found %s", t)
	}
	if p.peek().is(".") || p.peek().is("[") {
		return errorAt(p.peek().at, "UnsupportedSqlStructure", "a path behind FROM is not supported")
	}
	alias, err := p.parseAlias()
	if err != nil {
		return err
	}
	if alias == nil {
		alias = &name{text: t.text}
	}
	p.statement.alias = alias
	if p.peek().is(",") {
		return errorAt(p.peek().at, "UnsupportedSqlStructure", "several tables are not supported")
	}
	return p.unsupported()
}

func (p *parser) parseWhere() error {
	if !p.accept("WHERE") {
		return nil
	}
	condition, err := p.parseExpr()
	p.statement.condition = condition
	return err
}

func (p *parser) parseLimit() error {
	if !p.accept("LIMIT") {
		return p.unsupported()
	}
	t := p.next()
	n, err := strconv.ParseInt(t.text, 10, 64)
	if t.kind != tokenNumber || err != nil {
		return errorAt(t.at, "ParseUnexpectedToken", "expected a whole number after LIMIT, found %s", t)
	}
	p.statement.limit = n
	return nil
}

func (p *parser) parseEnd() error {
	if err := p.unsupported(); err != nil {
		return err
	}
	p.accept(";")
	if p.peek().kind != tokenEnd {
		return p.unexpected("the end of the expression")
	}
	return nil
}

// checkAggregates refuses what has no meaning: a column beside the total of all,
// and totals in a condition, which was refused when it was read.
func (p *parser) checkAggregates() error {
	s := p.statement
	if len(s.aggregates) == 0 {
		return nil
	}
	for _, pr := range s.projections {
		if at, ok := bareColumn(pr.value); ok {
			return errorAt(at, "UnsupportedSqlStructure", "a column beside an aggregate is not supported")
		}
	}
	return nil
}
