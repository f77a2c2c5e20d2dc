package policy

import (
	"strings"
	"unicode/utf8"
)

// A code is a pattern in which the wildcards are bytes that no UTF-8 has, so that every other byte means itself. In codes, and so
// after variables have been put into them, a literal "*" is no wildcard.
const (
	star    = '\xfe' // any number of characters
	anyOne  = '\xff' // one character
	starred = "\xfe"
)

// wildcardAt returns the place of the first wildcard, or -1. The functions of strings that take sets of characters will not do: to
// them all bytes that are no UTF-8 are the same.
func wildcardAt(code string) int {
	for i := range len(code) {
		if code[i] >= star {
			return i
		}
	}
	return -1
}

// encode makes a code of a pattern without variables.
func encode(pattern string) string {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern
	}
	b := []byte(pattern)
	for i, c := range b {
		switch c {
		case '*':
			b[i] = star
		case '?':
			b[i] = anyOne
		}
	}
	return string(b)
}

// A glob is a compiled code.
type glob struct {
	form   form
	text   string   // of exact and prefix
	pieces []string // of wildcards: what stands between the stars; only the first and the last may be empty
}

type form byte

const (
	exact     form = iota // text itself
	prefix                // text and whatever follows; everything, if text is empty
	wildcards             // pieces
)

func newGlob(code string) glob {
	at := wildcardAt(code)
	if at < 0 {
		return glob{form: exact, text: code}
	}
	if strings.Count(code[at:], starred) == len(code)-at {
		return glob{form: prefix, text: code[:at]}
	}
	all := strings.Split(code, starred)
	pieces := all[:0]
	for i, piece := range all {
		if piece != "" || i == 0 || i == len(all)-1 {
			pieces = append(pieces, piece)
		}
	}
	return glob{form: wildcards, pieces: pieces}
}

// open says whether the glob ends in a star.
func (g *glob) open() bool {
	return g.form == prefix || g.form == wildcards && g.pieces[len(g.pieces)-1] == "" && len(g.pieces) > 1
}

// match takes time that grows with len(s), and with len(s) times the length of a piece where pieces have single wildcards.
func (g *glob) match(s string, e *evaluation) bool {
	switch g.form {
	case exact:
		return e.spend(len(g.text)) && s == g.text
	case prefix:
		return e.spend(len(g.text)) && strings.HasPrefix(s, g.text)
	}
	n, ok := startsWith(s, g.pieces[0], e)
	if !ok {
		return false
	}
	s = s[n:]
	if len(g.pieces) == 1 {
		return s == ""
	}
	// The leftmost place for a piece leaves the most room to those that follow, so no choice is ever taken back.
	last := len(g.pieces) - 1
	for _, piece := range g.pieces[1:last] {
		end := find(s, piece, e)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
	return endsWith(s, g.pieces[last], e)
}

// startsWith returns the length of what the piece matches at the beginning of s.
func startsWith(s, piece string, e *evaluation) (int, bool) {
	if strings.IndexByte(piece, anyOne) < 0 {
		return len(piece), e.spend(1+len(piece)) && strings.HasPrefix(s, piece)
	}
	n := 0
	for i := 0; i < len(piece); i++ {
		if n == len(s) || !e.spend(1) {
			return 0, false
		}
		if piece[i] == anyOne {
			_, size := utf8.DecodeRuneInString(s[n:])
			n += size
			continue
		}
		if s[n] != piece[i] {
			return 0, false
		}
		n++
	}
	return n, true
}

func endsWith(s, piece string, e *evaluation) bool {
	for i := len(piece) - 1; i >= 0; i-- {
		if s == "" || !e.spend(1) {
			return false
		}
		if piece[i] == anyOne {
			_, size := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-size]
			continue
		}
		if s[len(s)-1] != piece[i] {
			return false
		}
		s = s[:len(s)-1]
	}
	return true
}

// find returns the end of the leftmost match of the piece in s, or -1.
func find(s, piece string, e *evaluation) int {
	if strings.IndexByte(piece, anyOne) < 0 {
		at := strings.Index(s, piece)
		if at < 0 {
			e.spend(len(s) + len(piece))
			return -1
		}
		e.spend(at + len(piece))
		return at + len(piece)
	}
	for at := 0; ; {
		n, ok := startsWith(s[at:], piece, e)
		if ok {
			return at + n
		}
		if at == len(s) || !e.spend(1) {
			return -1
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
}
