package label

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// utf7 decodes UTF-7 as .NET writes it (RFC 2152, without the optional direct characters, and every sequence ended by a hyphen). Anything
// else is refused, so that a path in which a + is only a + is not taken for it.
func utf7(s string) (string, bool) {
	var b strings.Builder
	for {
		direct, rest, more := strings.Cut(s, "+")
		if !isDirect(direct) {
			return "", false
		}
		b.WriteString(direct)
		if !more {
			return b.String(), true
		}
		digits, after, ended := strings.Cut(rest, "-")
		if !ended {
			return "", false
		}
		decoded, ok := utf7Sequence(digits)
		if !ok {
			return "", false
		}
		b.WriteString(decoded)
		s = after
	}
}

// isDirect reports whether all characters are such as stand for themselves.
func isDirect(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("\t\n\r '(),-./:?", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// utf7Sequence decodes what stands between + and -: UTF-16 in Base64, or nothing, which is a +.
func utf7Sequence(digits string) (string, bool) {
	if digits == "" {
		return "+", true
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(digits)
	if err != nil || len(b)%2 != 0 || len(b) == 0 {
		return "", false
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	var out strings.Builder
	for _, r := range utf16.Decode(units) {
		if r == utf8.RuneError || r == 0 || r < utf8.RuneSelf && isDirect(string(r)) {
			return "", false
		}
		out.WriteRune(r)
	}
	return out.String(), true
}
