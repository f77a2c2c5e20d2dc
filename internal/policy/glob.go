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

// A glob is a compiled code. Policies have thousands, so it keeps no more than the code, and finds its pieces when it matches.
type glob struct {
	text  string // of exact and prefix; the whole code of wildcards
	form  form
	plain bool // of wildcards: they are all stars
}

type form byte

const (
	exact     form = iota // text itself
	prefix                // text and whatever follows; everything, if text is empty
	wildcards             // pieces with stars between them
)

func newGlob(code string) glob {
	at := wildcardAt(code)
	if at < 0 {
		return glob{form: exact, text: code}
	}
	if strings.Count(code[at:], starred) == len(code)-at {
		return glob{form: prefix, text: code[:at]}
	}
	return glob{form: wildcards, text: code, plain: strings.IndexByte(code[at:], anyOne) < 0}
}

// match takes time that grows with len(s), and with len(s) times the length of a piece where pieces have single wildcards.
func (g *glob) match(s string, e *evaluation) bool {
	switch {
	case !e.spend(len(g.text)):
		return false
	case g.form == exact:
		return s == g.text
	case g.form == prefix:
		return strings.HasPrefix(s, g.text)
	}
	rest := g.text
	at := strings.IndexByte(rest, star)
	if at < 0 {
		n, ok := startsLike(s, rest, e)
		return ok && n == len(s)
	}
	n, ok := startsWith(s, rest[:at], g.isPlain(rest[:at]), e)
	if !ok {
		return false
	}
	// The leftmost place for a piece leaves the most room to those that follow, so no choice is ever taken back.
	for s = s[n:]; ; {
		rest = rest[at+1:]
		if at = strings.IndexByte(rest, star); at < 0 {
			return endsWith(s, rest, e)
		}
		piece := rest[:at]
		end := find(s, piece, g.isPlain(piece), e)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
}

func (g *glob) isPlain(piece string) bool { return g.plain || strings.IndexByte(piece, anyOne) < 0 }

// startsWith returns the length of what the piece matches at the beginning of s. A plain piece has no wildcards.
func startsWith(s, piece string, plain bool, e *evaluation) (int, bool) {
	if plain {
		return len(piece), e.spend(1+len(piece)) && strings.HasPrefix(s, piece)
	}
	return startsLike(s, piece, e)
}

// startsLike is startsWith, character by character.
func startsLike(s, piece string, e *evaluation) (int, bool) {
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
func find(s, piece string, plain bool, e *evaluation) int {
	if plain {
		at := strings.Index(s, piece)
		if at < 0 {
			e.spend(len(s) + len(piece))
			return -1
		}
		e.spend(at + len(piece))
		return at + len(piece)
	}
	for at := 0; ; {
		n, ok := startsLike(s[at:], piece, e)
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
