package sigv4

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// PathForm is one of the two ways to canonicalise a path. They differ only if the path has segments that are empty or dots.
type PathForm int

const (
	// PathNormalized has dot segments and empty segments removed, as Amazon documents it and botocore does it.
	PathNormalized PathForm = iota
	// PathAsSent keeps every segment, as aws-sdk-go-v2 does it.
	PathAsSent
)

// CanonicalRequest returns the canonical form of a request: of one that a server received, or of one that a client is about
// to send. The names of the signed headers are in lower case and sorted; payloadHash is the hexadecimal SHA-256 of the body.
// It does not change r.
func CanonicalRequest(r *http.Request, signedHeaders []string, payloadHash string, form PathForm) string {
	path, query := target(r)
	var b strings.Builder
	b.Grow(512)
	b.WriteString(r.Method)
	b.WriteByte('\n')
	b.WriteString(canonicalPath(path, form))
	b.WriteByte('\n')
	b.WriteString(canonicalQuery(query))
	b.WriteByte('\n')
	for _, name := range signedHeaders {
		b.WriteString(name)
		b.WriteByte(':')
		for i, value := range headerValues(r, name) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCollapsed(&b, value)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	for i, name := range signedHeaders {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(name)
	}
	b.WriteByte('\n')
	b.WriteString(payloadHash)
	return b.String()
}

// target returns path and query as they are on the wire. r.URL would not do: it has no memory of escapes that need not have
// been there or should have been.
func target(r *http.Request) (path, query string) {
	s := r.RequestURI
	if s == "" { // a client's request
		s = r.URL.RequestURI()
	}
	if !strings.HasPrefix(s, "/") {
		// The absolute form, http://host/path, which is what a proxy gets and some clients send to a server.
		if _, rest, ok := strings.Cut(s, "://"); ok {
			if i := strings.IndexAny(rest, "/?"); i >= 0 {
				s = rest[i:]
			} else {
				s = ""
			}
		}
	}
	path, query, _ = strings.Cut(s, "?")
	if path == "" {
		path = "/"
	}
	return path, query
}

// canonicalPath encodes a path that is encoded already once more, as for every service but S3.
func canonicalPath(path string, form PathForm) string {
	if form == PathNormalized {
		path = normalize(path)
	}
	return encode(path, "/")
}

// normalize removes the segments that are empty, "." or "..", the latter with the segment before it; a slash at the end stays.
func normalize(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	if len(kept) == 0 {
		return "/"
	}
	clean := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") {
		clean += "/"
	}
	return clean
}

// canonicalQuery sorts the parameters by encoded name and value, and gives each the one right encoding.
func canonicalQuery(query string) string {
	if query == "" {
		return ""
	}
	type parameter struct{ name, value string }
	var list []parameter
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, parameter{encode(decode(name), ""), encode(decode(value), "")})
	}
	slices.SortFunc(list, func(a, b parameter) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var b strings.Builder
	for i, p := range list {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// headerValues returns the values of a header by its lower-case name. net/http keeps some out of the map.
func headerValues(r *http.Request, name string) []string {
	if name == "host" {
		if r.Host == "" && r.URL != nil {
			return []string{r.URL.Host}
		}
		return []string{r.Host}
	}
	if values, ok := r.Header[http.CanonicalHeaderKey(name)]; ok {
		return values
	}
	if values, ok := r.Header[name]; ok { // a client may keep the spelling of the documentation
		return values
	}
	switch {
	case name == "content-length" && r.ContentLength >= 0:
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	case name == "transfer-encoding":
		return r.TransferEncoding
	}
	return nil
}

// writeCollapsed writes a header's value without spaces around it, and with one space for each run of them.
func writeCollapsed(b *strings.Builder, value string) {
	value = strings.TrimSpace(value)
	for {
		head, tail, found := strings.Cut(value, "  ")
		b.WriteString(head)
		if !found {
			return
		}
		b.WriteByte(' ')
		value = strings.TrimLeft(tail, " ")
	}
}
