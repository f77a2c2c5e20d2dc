package label

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// An object is one in JSON. Its members are known by their exact names.
type object map[string]json.RawMessage

// readObject reads one that is the whole of a text in UTF-8.
func readObject(doc []byte) (object, bool) {
	doc = bytes.TrimSpace(doc)
	if !utf8.Valid(doc) || len(doc) == 0 || doc[0] != '{' {
		return nil, false
	}
	var o object
	if err := json.Unmarshal(doc, &o); err != nil {
		return nil, false
	}
	return o, true
}

// A text is a string of an object, and how it was written.
type text struct {
	value   string
	escaped bool // with \u
}

// text returns a member that is a string. One with half a character in it is none.
func (o object) text(name string) (text, bool) {
	raw := o[name]
	if len(raw) < 2 || raw[0] != '"' {
		return text{}, false
	}
	return unescape(string(raw[1 : len(raw)-1]))
}

// unescape reads what stands between the quotes of a valid JSON string. Unlike encoding/json it refuses half a surrogate pair, and does not
// make another character of it.
func unescape(s string) (t text, ok bool) {
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			plain := strings.IndexByte(s, '\\')
			if plain < 0 {
				plain = len(s)
			}
			b.WriteString(s[:plain])
			s = s[plain:]
			continue
		}
		if s[1] != 'u' {
			b.WriteByte(simple(s[1]))
			s = s[2:]
			continue
		}
		r, n := unicode(s)
		if n == 0 {
			return text{}, false
		}
		t.escaped = true
		b.WriteRune(r)
		s = s[n:]
	}
	t.value = b.String()
	return t, true
}

// simple is what a backslash and a letter stand for.
func simple(c byte) byte {
	if i := strings.IndexByte("bfnrt", c); i >= 0 {
		return "\b\f\n\r\t"[i]
	}
	return c
}

// unicode reads the \u escape, or the two of a pair, that s begins with. n is 0 if there is only half a pair.
func unicode(s string) (r rune, n int) {
	high := unit(s)
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	if r := utf16.DecodeRune(high, unit(s[6:])); r != utf8.RuneError {
		return r, 12
	}
	return 0, 0
}

func unit(s string) rune {
	if len(s) < 6 || s[:2] != `\u` {
		return 0
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}
