package vault

import (
	"strconv"

	"firn/glacier"
	"firn/treehash"
)

// A Page is the part of a listing that a client asks for, as it stands in the
// query. An empty member was absent or empty, which mean the same.
type Page struct {
	Limit  string
	Marker string
}

// Limit reads the limit of a listing: how many entries its page may have. None
// is most, and more than that is cut to it, however large the number.
func Limit(text string, most int) (int, error) {
	if text == "" {
		return most, nil
	}
	if !Digits(text) {
		return 0, invalid("limit", text)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil: // out of range: digits it has
		return most, nil
	case n == 0:
		return 0, invalid("limit", text)
	}
	return int(min(n, uint64(most))), nil
}

func invalidMarker(marker string) error { return invalid("marker", marker) }

// invalid is the refusal of a parameter's value, in the style of the texts
// that are known.
func invalid(name, value string) error {
	return glacier.Errorf(glacier.InvalidParameterValue, "Invalid %s: %s", name, value)
}

// decimal reads a number as headers have it: digits only, no sign, no space,
// at most 2^63-1.
func decimal(s string) (n int64, ok bool) {
	if !Digits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// Digits reports whether a text is a number of decimal digits and nothing else.
func Digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// hashHeader reads a hash from a header that must be there.
func hashHeader(name, value string) (treehash.Hash, error) {
	h, err := treehash.ParseHash(value)
	if err != nil {
		return treehash.Hash{}, invalid(name, value)
	}
	return h, nil
}

// checkDescription refuses a description that no archive may have. It does not
// repeat it: what is wrong with it may not be fit to print.
func checkDescription(s string) error {
	if glacier.ValidDescription(s) {
		return nil
	}
	return glacier.Errorf(glacier.InvalidParameterValue,
		"Invalid %s: it must be at most %d characters long, each from 0x20 to 0x7E",
		glacier.HeaderArchiveDescription, glacier.MaxDescriptionLength)
}

// optional returns nil for an empty string, which documents show as null.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
