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
// single %. Such a name may have 255 bytes. That of a directory may need more: then it is several directories, one in another, and
// the names of all but the last end in %+.
func CheckKey(key string) error {
	if err := checkLength(key); err != nil {
		return err
	}
	if n := len(escape(key[strings.LastIndexByte(key, '/')+1:])); n > maxName {
		return refusef("the key %.40q… ends in a segment that would need a file name of %d bytes, and %d can be had", key, n, maxName)
	}
	return nil
}

// checkLength is CheckKey for S3.
func checkLength(key string) error {
	switch {
	case key == "":
		return refusef("the key is empty")
	case len(key) > maxKey:
		return refusef("the key %.40q… has %d bytes, and %d are allowed", key, len(key), maxKey)
	case !utf8.ValidString(key):
		return refusef("the key %.40q is not UTF-8", key)
	}
	return nil
}

// keyPath returns the path of a key that CheckKey accepts. No other key has the same.
func keyPath(key string) string {
	last := strings.LastIndexByte(key, '/') + 1
	if last == 0 {
		return escape(key)
	}
	return folderPath(key[:last-1]) + "/" + escape(key[last:])
}

// folderPath returns the path of the directory of all keys that begin with folder and a slash.
func folderPath(folder string) string {
	var names []string
	for segment := range strings.SplitSeq(folder, "/") {
		piece := cut(segment)
		for len(piece) < len(segment) {
			names = append(names, escape(piece)+goesOn)
			segment = segment[len(piece):]
			piece = cut(segment)
		}
		names = append(names, escape(piece))
	}
	return strings.Join(names, "/")
}

// goesOn ends the name of a directory that is only the beginning of a segment. No escaped segment ends so.
const goesOn = "%+"

// cut returns what of a segment has room in one name: all of it, or a beginning that leaves room for goesOn.
func cut(segment string) string {
	if len(escape(segment)) <= maxName {
		return segment
	}
	size := 0
	for i, r := range segment {
		if size += len(escapeRune(r)); size > maxName-len(goesOn) {
			return segment[:i]
		}
	}
	return segment
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
		name.WriteString(escapeRune(r))
	}
	return name.String()
}

func escapeRune(r rune) string {
	if r != '%' && !unicode.IsControl(r) {
		return string(r)
	}
	var escaped strings.Builder
	for _, b := range []byte(string(r)) {
		fmt.Fprintf(&escaped, "%%%02X", b)
	}
	return escaped.String()
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
