package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Limits of names that are written.
const (
	maxElement = 255  // bytes, of most file systems
	maxName    = 4000 // bytes; a path of 4,096 and more cannot be named to Linux
)

// partialSuffix is what the name of a file that is being written ends in.
const partialSuffix = ".firn-partial"

// CheckName returns a *[Problem] if a file of that name would not be written.
func CheckName(name string) error {
	if why := refused(name); why != "" {
		return &Problem{name, BadName, errors.New(why)}
	}
	long := len(name) > maxName
	for element := range strings.SplitSeq(name, "/") {
		long = long || len(element) > maxElement
	}
	if long {
		return &Problem{Name: name, Kind: TooLong}
	}
	return nil
}

// refused says why a name is not written; empty if it is.
func refused(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case strings.ContainsRune(name, 0):
		return "it has a NUL in it"
	case !utf8.ValidString(name):
		return "it is not UTF-8"
	case name[0] == '/' || strings.HasPrefix(name, `\\`):
		return "it is absolute"
	case drive(name):
		return "it begins with a drive letter"
	case strings.HasSuffix(name, partialSuffix):
		return "it ends as the names of unfinished downloads do"
	}
	for element := range strings.SplitSeq(name, "/") {
		switch element {
		case "":
			return "two slashes follow each other, or one is at the end"
		case ".", "..":
			return "it has " + element + " in it"
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "it means something else on this system"
	}
	return ""
}

// drive reports whether a name begins with the letter of a drive: C:, C:/x, C:\x. "a:b" is a good name where there are no
// drives.
func drive(name string) bool {
	if len(name) < 2 || name[1] != ':' {
		return false
	}
	letter := name[0] | 0x20
	return letter >= 'a' && letter <= 'z' && (len(name) == 2 || name[2] == '/' || name[2] == '\\')
}

// partialName is the name that a file has while it is written, beside the one it gets.
func partialName(base string) string {
	if name := "." + base + partialSuffix; len(name) <= maxElement {
		return name
	}
	sum := sha256.Sum256([]byte(base))
	return "." + hex.EncodeToString(sum[:16]) + partialSuffix
}
