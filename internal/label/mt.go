package label

import (
	"strings"
	"unicode/utf8"
)

// maxMT bounds the text of mt-aws-glacier's forms, as it does.
const maxMT = 1024

// parseMT reads mt1 and mt2: a word that says which, and one more. What follows is ignored, as the original does.
func parseMT(s string) (Label, bool) {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n\r\f\v", r) })
	if len(words) < 2 || len(words[1]) > maxMT {
		return Label{}, false
	}
	switch words[0] {
	case "mt1":
		once, ok := latin1(decode(words[1]))
		if !ok {
			return Label{}, false
		}
		return parseMTObject(once, MT1)
	case "mt2":
		return parseMTObject(decode(words[1]), MT2)
	}
	return Label{}, false
}

// latin1 undoes one of two UTF-8 encodings: every character stands for a byte.
func latin1(b []byte) ([]byte, bool) {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r > 0xff || r == utf8.RuneError {
			return nil, false
		}
		out = append(out, byte(r))
		b = b[n:]
	}
	return out, true
}

// parseMTObject reads the object, in which both members are required and the time has to be one.
func parseMTObject(doc []byte, format Format) (Label, bool) {
	o, ok := readObject(doc)
	if !ok {
		return Label{}, false
	}
	name, ok := o.text("filename")
	if !ok || !valid(name.value) || name.value == "" {
		return Label{}, false
	}
	mtime, ok := o.text("mtime")
	if !ok {
		return Label{}, false
	}
	when, ok := parseTime(mtime.value)
	if !ok {
		return Label{}, false
	}
	return Label{Path: name.value, Modified: when, Format: format}, true
}
