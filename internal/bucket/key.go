package bucket

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxKey  = 1024 // bytes, by S3's rule
	maxName = 255  // bytes of one name in a directory, by that of most file systems
)

// CheckKey reports why a [Directory] can have no object of this key, or nil. The error satisfies [ErrDenied].
//
// A key is cut at its slashes, and each segment is the name of a directory or, the last one, of a file. In it the sign % and all
// control characters are written as %XX, byte by byte; so are the dots of the segments "." and "..", and the empty segment is a
// single %. Such a name may have 255 bytes.
func CheckKey(key string) error {
	if err := checkLength(key); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(key, "/") {
		if n := len(escape(segment)); n > maxName {
			return fmt.Errorf("%w: the key %.40q… has a segment that would need a file name of %d bytes, and %d can be had", ErrDenied, key, n, maxName)
		}
	}
	return nil
}

// checkLength is CheckKey for S3.
func checkLength(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: the key is empty", ErrDenied)
	case len(key) > maxKey:
		return fmt.Errorf("%w: the key %.40q… has %d bytes, and %d are allowed", ErrDenied, key, len(key), maxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: the key %.40q is not UTF-8", ErrDenied, key)
	}
	return nil
}

// keyPath returns the path of a key that CheckKey accepts. No other key has the same.
func keyPath(key string) string {
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		segments[i] = escape(segment)
	}
	return strings.Join(segments, "/")
}

// escape returns the file name of a segment.
func escape(segment string) string {
	switch segment {
	case "":
		return "%"
	case ".", "..":
		return strings.ReplaceAll(segment, ".", "%2E")
	}
	var name strings.Builder
	for _, r := range segment {
		if r != '%' && !unicode.IsControl(r) {
			name.WriteRune(r)
			continue
		}
		for _, b := range []byte(string(r)) {
			fmt.Fprintf(&name, "%%%02X", b)
		}
	}
	return name.String()
}

// unescape returns the segment whose file name this is, and whether there is one.
func unescape(name string) (segment string, ok bool) {
	if name == "%" {
		return "", true
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			b.WriteByte(name[i])
			continue
		}
		if i+2 >= len(name) {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	segment = b.String()
	return segment, utf8.ValidString(segment) && escape(segment) == name
}

const hexDigits = "0123456789ABCDEF"
