package rest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"firn/internal/sigv4"
	"firn/treehash"
)

// request makes the bytes of a step's request.
func (run *runner) request(s *step) (m message, err error) {
	body, err := run.bytes(s)
	if err != nil {
		return m, err
	}
	run.vars["linear"] = fmt.Sprintf("%x", sha256.Sum256(body))
	run.vars["tree"] = treehash.Sum(body).String()
	m = message{body: body, wait: s.wait, after: s.after, head1: s.method == "HEAD"}
	if s.chunked {
		m.body = inChunks(body)
	}
	if s.part >= 0 {
		m.body = m.body[:s.part]
	}
	var head bytes.Buffer
	if s.kind == "raw" {
		for _, f := range s.headers {
			head.WriteString(run.expand(f.name) + "\r\n")
		}
	} else {
		target := run.expand(s.target)
		fmt.Fprintf(&head, "%s %s HTTP/1.1\r\n", s.method, target)
		headers := run.headers(s, len(body))
		if _, none := s.sign["none"]; !none {
			headers = run.signed(s, target, headers, body)
		}
		for _, f := range append(headers, s.late...) {
			fmt.Fprintf(&head, "%s: %s\r\n", f.name, run.expand(f.value))
		}
		head.WriteString("\r\n")
	}
	m.head = head.Bytes()
	return m, nil
}

// inChunks splits a body in two chunks.
func inChunks(body []byte) []byte {
	half := len(body)/2 + 1
	return fmt.Appendf(nil, "%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], len(body)-half, body[half:])
}

// headers are the automatic ones, and in their place those of the step.
func (run *runner) headers(s *step, length int) []field {
	list := []field{{"Host", run.vars["host"]}, {"x-amz-glacier-version", "2012-06-01"}}
	if s.chunked {
		list = append(list, field{"Transfer-Encoding", "chunked"})
	} else if s.method == "POST" || s.method == "PUT" || length > 0 {
		list = append(list, field{"Content-Length", strconv.Itoa(length)})
	}
	if s.archive {
		list = append(list, field{"x-amz-content-sha256", run.vars["linear"]}, field{"x-amz-sha256-tree-hash", run.vars["tree"]})
	}
	list = slices.DeleteFunc(list, func(f field) bool {
		same := func(g field) bool { return strings.EqualFold(g.name, f.name) }
		return slices.ContainsFunc(s.headers, same) || slices.Contains(s.without, f.name)
	})
	for _, f := range s.headers {
		list = append(list, field{f.name, run.expand(f.value)})
	}
	return list
}

// signed adds the signature. What is signed as the body's hash is the header
// that says so, if there is one.
func (run *runner) signed(s *step, target string, list []field, body []byte) []field {
	r := &http.Request{Method: s.method, RequestURI: target, Header: http.Header{}}
	for _, f := range list {
		if f.name == "Host" {
			r.Host = f.value
			continue
		}
		r.Header.Add(f.name, f.value)
	}
	hash := r.Header.Get("x-amz-content-sha256")
	if hash == "" {
		sum := sha256.Sum256(body)
		hash = hex.EncodeToString(sum[:])
	}
	or := func(name, value string) string {
		if v, ok := s.sign[name]; ok {
			return v
		}
		return value
	}
	at := time.Now()
	if age, err := time.ParseDuration(s.sign["age"]); err == nil {
		at = at.Add(-age)
	}
	key := sigv4.Credentials{
		AccessKeyID: or("key", run.server.AccessKey), SecretAccessKey: or("secret", run.server.SecretKey),
		SessionToken: s.sign["token"],
	}
	sigv4.Sign(r, key, or("region", run.server.Region), or("service", "glacier"), hash, at)
	run.vars["date"] = r.Header.Get("x-amz-date")
	for _, name := range []string{"X-Amz-Date", "X-Amz-Security-Token", "Authorization"} {
		if v := r.Header.Get(name); v != "" {
			list = append(list, field{strings.ToLower(name), v})
		}
	}
	return list
}

// bytes makes a step's body.
func (run *runner) bytes(s *step) ([]byte, error) {
	text := run.expand(s.body)
	if !strings.HasPrefix(text, "fill=") {
		return []byte(text), nil
	}
	return fill(text)
}

var fillForm = regexp.MustCompile(`^fill=(\w+) from=(\d+) size=(\d+)$`)

// fill makes bytes of a pattern: zeros, or at each offset its own number plus
// that of its MiB.
func fill(text string) ([]byte, error) {
	m := fillForm.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("what is %q?", text)
	}
	from, err1 := strconv.Atoi(m[2])
	size, err2 := strconv.Atoi(m[3])
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("numbers of %q", text)
	}
	b := make([]byte, size)
	if m[1] == "position" {
		for i := range b {
			o := from + i
			b[i] = byte(o + o>>20)
		}
	}
	return b, nil
}

var variable = regexp.MustCompile(`\$\{([^}]+)\}`)

// expand replaces the variables of a text. One that is not known stays, and
// will be seen in the failure.
func (run *runner) expand(text string) string {
	return variable.ReplaceAllStringFunc(text, func(v string) string {
		name := v[2 : len(v)-1]
		if value, ok := run.vars[name]; ok {
			return value
		}
		if c, n, ok := strings.Cut(name, "*"); ok {
			if n, err := strconv.Atoi(n); err == nil {
				return strings.Repeat(c, n)
			}
		}
		if f := strings.Split(name, ":"); len(f) == 4 && f[0] == "tree" {
			if b, err := fill(fmt.Sprintf("fill=%s from=%s size=%s", f[1], f[2], f[3])); err == nil {
				return treehash.Sum(b).String()
			}
		}
		return v
	})
}

// kinds are the names of what expected texts may leave open.
var kinds = map[string]string{
	"time":    `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ`,
	"seconds": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
	"date":    `\d{8}T\d{6}Z`,
	"http":    `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT`,
	"archive": `[A-Za-z0-9_][A-Za-z0-9_-]{137}`,
	"id":      `[A-Za-z0-9_][A-Za-z0-9_-]{91}`, // of a job or an upload
	"lock":    `[A-Za-z0-9_][A-Za-z0-9_-]{23}`, // or of a capacity unit
	"whole":   `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z`,
	"marker":  `[A-Za-z0-9_-]{50}`,  // of ListParts
	"next":    `[A-Za-z0-9_-]{135}`, // of an inventory
	"request": `[A-Za-z0-9_][A-Za-z0-9_-]{46}`,
	"hash":    `[0-9a-f]{64}`,
	"any":     `.*`,
}

var hole = regexp.MustCompile(`\{\{(?:([a-z0-9]+)=)?(.+?)\}\}`)

// fits compares a text with what was expected, and keeps what it captures.
func (run *runner) fits(want, got string) bool {
	want = run.expand(want)
	var pattern strings.Builder
	pattern.WriteString(`(?s)^`)
	end := 0
	for _, at := range hole.FindAllStringSubmatchIndex(want, -1) {
		pattern.WriteString(regexp.QuoteMeta(want[end:at[0]]))
		end = at[1]
		inner := want[at[4]:at[5]]
		if kind, ok := kinds[inner]; ok {
			inner = kind
		}
		if at[2] >= 0 {
			fmt.Fprintf(&pattern, "(?P<%s>%s)", want[at[2]:at[3]], inner)
		} else {
			fmt.Fprintf(&pattern, "(?:%s)", inner)
		}
	}
	pattern.WriteString(regexp.QuoteMeta(want[end:]) + `$`)
	re, err := regexp.Compile(pattern.String())
	if err != nil {
		run.t.Fatalf("%s: pattern of %q: %v", run.file, want, err)
	}
	m := re.FindStringSubmatch(got)
	for i, name := range re.SubexpNames() {
		if m != nil && name != "" {
			run.vars[name] = m[i]
		}
	}
	return m != nil
}

// compare says what is wrong with an answer.
func (run *runner) compare(s *step, a answer) string {
	if s.nothing || a.none {
		if s.nothing && a.none {
			return ""
		}
		return fmt.Sprintf("a reply was expected: %v; one came: %v", !s.nothing, !a.none)
	}
	if a.status != s.status {
		return fmt.Sprintf("status %d, not %d, with %v\n%.2000s", a.status, s.status, a.headers, a.body)
	}
	if a.cut != s.cut {
		return fmt.Sprintf("cut off: %v, expected: %v", a.cut, s.cut)
	}
	if problem := run.compareHeaders(s, a); problem != "" {
		return problem
	}
	if s.cut {
		return ""
	}
	want := ""
	if s.reply != nil {
		want = *s.reply
	}
	if text := run.expand(want); strings.HasPrefix(text, "fill=") {
		b, err := fill(text)
		if err != nil || !bytes.Equal(a.body, b) {
			return fmt.Sprintf("the body is not %s (%v): %d bytes, %.100q…", text, err, len(a.body), a.body)
		}
		return ""
	}
	if !run.fits(want, string(a.body)) {
		return fmt.Sprintf("body\n%.4000s\nnot\n%.4000s", a.body, run.expand(want))
	}
	return ""
}

// compareHeaders wants exactly the headers that are expected.
func (run *runner) compareHeaders(s *step, a answer) string {
	want := []field{{"x-amzn-RequestId", "{{request}}"}, {"Date", "{{http}}"}}
	if s.status != http.StatusNoContent {
		length := "{{\\d+}}"
		if !s.cut && s.method != "HEAD" {
			length = strconv.Itoa(len(a.body))
		}
		want = append(want, field{"Content-Type", "application/json"}, field{"Content-Length", length})
	}
	want = slices.DeleteFunc(want, func(f field) bool {
		return slices.Contains(s.absent, f.name) || slices.ContainsFunc(s.expect, func(g field) bool { return g.name == f.name })
	})
	want = append(want, s.expect...)
	for _, w := range want {
		i := slices.IndexFunc(a.headers, func(f field) bool { return f.name == w.name })
		if i < 0 {
			return fmt.Sprintf("no header %s in %v", w.name, a.headers)
		}
		if !run.fits(w.value, a.headers[i].value) {
			return fmt.Sprintf("header %s is %q, not %q", w.name, a.headers[i].value, run.expand(w.value))
		}
	}
	if len(a.headers) != len(want) {
		return fmt.Sprintf("headers %v, expected only %v", a.headers, want)
	}
	return ""
}
