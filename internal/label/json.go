package label

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"firn/treehash"
)

// The members of the object. Others there may be are somebody else's.
const (
	memberPath     = "Path"
	memberModified = "UTCDateModified"
	memberBundle   = "FirnBundle"
	memberSealed   = "FirnSealed"
	memberSize     = "FirnSize"
	memberHash     = "FirnTreeHash"
)

// parseJSON reads CloudBerry's form and Firn's additions, also as a JSON string in which it stands.
func parseJSON(s string) (Label, bool) {
	if strings.HasPrefix(s, `"`) {
		var inner string
		if json.Unmarshal([]byte(s), &inner) != nil {
			inner = unquoted(s)
		}
		s = inner
	}
	o, ok := readObject([]byte(s))
	if !ok {
		return Label{}, false
	}
	l := Label{Format: CloudBerry}
	l.Index, l.Nameless, l.Bundle = o.bundle()
	if sealed, ok := o.text(memberSealed); ok {
		b, err := base64.StdEncoding.DecodeString(sealed.value)
		l.Sealed = b
		return l, err == nil && len(b) > 0
	}
	if l.Nameless {
		return l, true
	}
	path, ok := o.text(memberPath)
	if !ok || !valid(path.value) {
		return l, l.Bundle && o[memberPath] == nil
	}
	l.Path = pathOf(path)
	if when, ok := o.text(memberModified); ok {
		l.Modified, _ = parseTime(when.value)
	}
	l.Size, l.Hash = o.content()
	return l, valid(l.Path)
}

// content says what is sealed, as far as it can be true.
func (o object) content() (size int64, hash treehash.Hash) {
	if json.Unmarshal(o[memberSize], &size) != nil || size < 0 {
		size = 0
	}
	if said, ok := o.text(memberHash); ok {
		hash, _ = treehash.ParseHash(said.value) // the zero Hash says nothing
	}
	return size, hash
}

// bundle says where the index is, and whether the bundle is sealed, if the archive is
// one.
func (o object) bundle() (index int64, sealed, ok bool) {
	inner, ok := readObject(o[memberBundle])
	if !ok {
		return 0, false, false
	}
	if json.Unmarshal(inner["Index"], &index) != nil || index < 0 {
		return 0, false, false
	}
	return index, string(inner["Sealed"]) == "true", true
}

// pathOf decodes a path that CloudBerry itself has written, with the slashes that Windows has not.
func pathOf(path text) string {
	if strings.TrimSpace(path.value) == "" && !path.escaped {
		return ""
	}
	if path.escaped || !strings.Contains(path.value, "+") {
		return path.value
	}
	if decoded, ok := utf7(path.value); ok {
		return strings.ReplaceAll(decoded, `\`, "/")
	}
	return path.value
}
