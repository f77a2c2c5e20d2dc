package query

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/internal/value"
)

// A tokenKind is what a token is.
type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenKeyword           // text is in upper case
	tokenName              // an identifier
	tokenQuoted            // an identifier in double quotes, without them
	tokenString            // without its quotes
	tokenNumber            // as written
	tokenIon               // what stood between back-quotes
	tokenSymbol            // an operator or a mark
)

// A token is a word of an expression, and where it begins.
type token struct {
	kind tokenKind
	text string
	at   position
}

// A position is a place in an expression, in characters from 1 on.
type position struct{ line, column int }

// String is the token as an error shows it.
func (t token) String() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the expression"
	case tokenQuoted:
		return `"` + value.Clip(t.text) + `"`
	case tokenString:
		return "'" + value.Clip(t.text) + "'"
	case tokenIon:
		return "`" + value.Clip(t.text) + "`"
	default:
		return value.Clip(t.text)
	}
}

// A lexer cuts an expression into tokens.
type lexer struct {
	text string
	pos  int // of the next byte
	at   position
}

func newLexer(text string) *lexer { return &lexer{text: text, at: position{1, 1}} }

// lex returns the tokens of an expression, the end included.
func lex(text string) ([]token, error) {
	if !utf8.ValidString(text) {
		return nil, errorAt(position{1, 1}, "LexerInvalidChar", "the expression is not valid UTF-8")
	}
	l := newLexer(text)
	var tokens []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if t.kind == tokenEnd {
			return tokens, nil
		}
	}
}

// take consumes n bytes, and returns them.
func (l *lexer) take(n int) string {
	s := l.text[l.pos : l.pos+n]
	for _, r := range s {
		if r == '\n' {
			l.at = position{l.at.line + 1, 1}
		} else {
			l.at.column++
		}
	}
	l.pos += n
	return s
}

func (l *lexer) rest() string { return l.text[l.pos:] }

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	rest, at := l.rest(), l.at
	if rest == "" {
		return token{kind: tokenEnd, at: at}, nil
	}
	switch c := rest[0]; {
	case c == '\'':
		return l.enclosed(tokenString, "a string")
	case c == '"':
		return l.enclosed(tokenQuoted, "a quoted name")
	case c == '`':
		return l.enclosed(tokenIon, "a literal in back-quotes")
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.number()
	}
	if n := nameLength(rest); n > 0 {
		return l.word(n), nil
	}
	for _, symbol := range []string{"<=", ">=", "<>", "!=", "||"} {
		if strings.HasPrefix(rest, symbol) {
			return token{tokenSymbol, l.take(2), at}, nil
		}
	}
	if strings.IndexByte("+-*/%<>=(),.;[]", rest[0]) >= 0 {
		return token{tokenSymbol, l.take(1), at}, nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return token{}, errorAt(at, "LexerInvalidChar", "unexpected character %q", r)
}

// skip consumes white space and comments.
func (l *lexer) skip() error {
	for {
		rest := l.rest()
		trimmed := strings.TrimLeftFunc(rest, unicode.IsSpace)
		l.take(len(rest) - len(trimmed))
		switch {
		case strings.HasPrefix(trimmed, "--"):
			n := strings.IndexByte(trimmed, '\n')
			if n < 0 {
				n = len(trimmed)
			}
			l.take(n)
		case strings.HasPrefix(trimmed, "/*"):
			n := strings.Index(trimmed[2:], "*/")
			if n < 0 {
				return errorAt(l.at, "LexerInvalidChar", "a comment is not closed")
			}
			l.take(n + 4)
		default:
			return nil
		}
	}
}

// enclosed reads what stands between two equal quotes; a doubled one stands for
// itself.
func (l *lexer) enclosed(kind tokenKind, what string) (token, error) {
	at, quote := l.at, l.text[l.pos:l.pos+1]
	l.take(1)
	var b strings.Builder
	for {
		n := strings.Index(l.rest(), quote)
		if n < 0 {
			return token{}, errorAt(at, "LexerInvalidLiteral", "%s is not closed", what)
		}
		b.WriteString(l.take(n))
		l.take(1)
		if !strings.HasPrefix(l.rest(), quote) {
			return token{kind, b.String(), at}, nil
		}
		b.WriteString(l.take(1))
	}
}

// number reads digits with an optional fraction and exponent.
func (l *lexer) number() (token, error) {
	rest, at := l.rest(), l.at
	n := digits(rest)
	if n < len(rest) && rest[n] == '.' {
		n += 1 + digits(rest[n+1:])
	}
	if n < len(rest) && rest[n]|0x20 == 'e' {
		sign := 0
		if n+1 < len(rest) && (rest[n+1] == '+' || rest[n+1] == '-') {
			sign = 1
		}
		if d := digits(rest[n+1+sign:]); d > 0 {
			n += 1 + sign + d
		}
	}
	if nameLength(rest[n:]) > 0 {
		return token{}, errorAt(at, "LexerInvalidLiteral", "%q is not a number", value.Clip(rest[:n+nameLength(rest[n:])]))
	}
	return token{tokenNumber, l.take(n), at}, nil
}

// word reads a keyword or a name of n bytes.
func (l *lexer) word(n int) token {
	at := l.at
	text := l.take(n)
	if upper := upperCase(text); isReserved(upper) {
		return token{tokenKeyword, upper, at}
	}
	return token{tokenName, text, at}
}

// upperCase is a word in upper case. Only letters of ASCII have one here: no other
// stands for a keyword.
func upperCase(word string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, word)
}

// nameLength is how many bytes at the beginning of s are a name: letters and
// underscores, and behind the first also digits, dollars, and the marks that many
// scripts write over and between their letters.
func nameLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '$') {
			return i
		}
	}
	return len(s)
}

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
