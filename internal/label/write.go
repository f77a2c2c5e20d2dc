package label

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"firn/glacier"
)

var (
	// ErrTooLong means that a name does not fit into a description.
	ErrTooLong = errors.New("the name is too long for the description of an archive")
	// ErrNotText means that a name is not UTF-8, or has a zero byte in it.
	ErrNotText = errors.New("the name is not text in UTF-8")
)

// Write makes the description of an archive with this label: at most 1,024 bytes from 0x20 to 0x7E. [Parse] reads the same label out of it,
// with Modified cut to the second, and Format as it was written: CloudBerry's form, and mt2 for a name that is too long for that. A label that
// says nothing is the empty description.
//
// A name may have 976 letters of ASCII, 361 of Greek or Cyrillic, or 241 of Chinese. [ErrTooLong] and [ErrNotText] are the errors. A time
// outside the years 1000 to 9999 is left out; mt2, which has no name without a time, then says 1970.
func Write(l Label) (string, error) {
	if !valid(l.Path) {
		return "", fmt.Errorf("%w: %q", ErrNotText, l.Path)
	}
	if l.Bundle && l.Index < 0 {
		return "", fmt.Errorf("the index of a bundle cannot begin at %d", l.Index)
	}
	sealed := len(l.Sealed) > 0
	if l.Path == "" && !l.Bundle && !sealed {
		return "", nil
	}
	b := writeJSON(l)
	if len(b) <= glacier.MaxDescriptionLength {
		return string(b), nil
	}
	if !l.Bundle && !sealed {
		if b = writeMT2(l); len(b) <= glacier.MaxDescriptionLength {
			return string(b), nil
		}
	}
	return "", fmt.Errorf("%w: %d bytes, of which %d are possible", ErrTooLong, len(b), glacier.MaxDescriptionLength)
}

func writeJSON(l Label) []byte {
	b := []byte(`{`)
	member := func(name string) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), `":`...)
	}
	switch {
	case len(l.Sealed) > 0:
		member(memberSealed)
		b = append(base64.StdEncoding.AppendEncode(append(b, '"'), l.Sealed), '"')
	case l.Path != "" && !l.Nameless:
		member(memberPath)
		b = append(appendASCII(append(b, '"'), l.Path), '"')
		if written(l.Modified) {
			member(memberModified)
			b = append(l.Modified.UTC().AppendFormat(append(b, '"'), timeFormat), '"')
		}
	}
	if l.Bundle {
		member(memberBundle)
		b = fmt.Appendf(b, `{"Index":%d`, l.Index)
		if l.Nameless {
			b = append(b, `,"Sealed":true`...)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

// written reports whether an instant can be written.
func written(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1000 && year <= 9999
}

func writeMT2(l Label) []byte {
	when := time.Unix(0, 0)
	if written(l.Modified) {
		when = l.Modified
	}
	doc := append(appendUTF8([]byte(`{"filename":"`), l.Path), `","mtime":"`...)
	doc = append(when.UTC().AppendFormat(doc, timeFormat), `"}`...)
	return base64.RawURLEncoding.AppendEncode([]byte("mt2 "), doc)
}

// appendASCII appends what stands between the quotes of a JSON string, in ASCII. A + is escaped, so that the path is not taken for UTF-7,
// and a space that it begins with, so that it is not taken for no name.
func appendASCII(b []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= 0x20 && r <= 0x7e && r != '+' && (i > 0 || r != ' '):
			b = append(b, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}

// appendUTF8 appends what stands between the quotes of a JSON string, with as few escapes as there can be.
func appendUTF8(b []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
