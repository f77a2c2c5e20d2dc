package console_test

import (
	"net/http"
	"strings"
	"testing"

	"firn/firntest"
)

func TestDownloads(t *testing.T) {
	v := signedIn(t)
	v.vault("..")
	const page = "<!doctype html><script>alert(1)</script>"
	id := v.retrieved("..", v.described("..", "photos/2019/<sea> 100%.html", page))
	whole := at("output", "..", "job", id)
	etag := v.page(whole).header.Get("Etag")
	for _, row := range []struct {
		name, method, path string
		header             []string
		status             int
		body, span         string
	}{
		{"whole", "GET", whole, nil, 200, page, ""},
		{"headers only", "HEAD", whole, nil, 200, "", ""},
		{"a range", "GET", whole, []string{"Range", "bytes=2-8"}, 206, page[2:9], "bytes 2-8/40"},
		{"headers of a range", "HEAD", whole, []string{"Range", "bytes=2-8"}, 206, "", "bytes 2-8/40"},
		{"the rest", "GET", whole, []string{"Range", "bytes=30-", "If-Range", etag}, 206, page[30:], "bytes 30-39/40"},
		{"the rest of something else", "GET", whole, []string{"Range", "bytes=30-", "If-Range", `"x"`}, 200, page, ""},
		{"two ranges", "GET", whole, []string{"Range", "bytes=0-1,3-4"}, 200, page, ""},
		{"a part", "GET", at("output", "..", "job", id, "from", "10", "to", "13"), nil, 200, page[10:14], ""},
		{"a part to the end", "GET", at("output", "..", "job", id, "from", "35"), []string{"Range", "bytes=0-1"}, 200, page[35:], ""},
		{"the beginning", "GET", at("output", "..", "job", id, "to", "0"), nil, 200, page[:1], ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := v.request(row.method, row.path, nil)
			for i := 0; i+1 < len(row.header); i += 2 {
				r.Header.Set(row.header[i], row.header[i+1])
			}
			a := v.do(r)
			if a.status != row.status || a.body != row.body || a.header.Get("Content-Range") != row.span {
				t.Errorf("%d %q %q, want %d %q %q", a.status, a.body, a.header.Get("Content-Range"), row.status, row.body, row.span)
			}
			if got := a.header.Get("Content-Type"); got != "application/octet-stream" {
				t.Errorf("type %s", got)
			}
			if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="_sea_ 100_.html`) ||
				!strings.Contains(got, `; filename*=UTF-8''_sea_%20100%25.html`) {
				t.Errorf("disposition %s", got)
			}
			if h := a.header; h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
				h.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", h)
			}
			if partly := strings.Contains(row.path, "from") || strings.Contains(row.path, "to="); (a.header.Get("Accept-Ranges") == "bytes") == partly {
				t.Errorf("Accept-Ranges %q", a.header.Get("Accept-Ranges"))
			}
		})
	}
}

func TestDownloadsThatAreRefused(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	id := v.retrieved("photos", v.described("photos", "", "sea"))
	for _, row := range []struct {
		name, path, span string
		status           int
		says             string
	}{
		{"no such job", at("output", "photos", "job", "x"), "", 404, "The job ID was not found: x"},
		{"no such vault", at("output", "none", "job", id), "", 404, "Vault not found"},
		{"a range behind the end", at("output", "photos", "job", id), "bytes=3-", 416, "The start of the range is larger"},
		{"a part behind the end", at("output", "photos", "job", id, "from", "3"), "", 416, "The start of the range is larger"},
		{"not a number", at("output", "photos", "job", id, "from", "-1"), "", 400, "The first byte is not a number."},
		{"no number at the end", at("output", "photos", "job", id, "to", "1e3"), "", 400, "The last byte is not a number."},
		{"backwards", at("output", "photos", "job", id, "from", "2", "to", "1"), "", 400, "The last byte comes before the first."},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := v.request(http.MethodGet, row.path, nil)
			if row.span != "" {
				r.Header.Set("Range", row.span)
			}
			a := v.do(r)
			if a.status != row.status || a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Content-Disposition") != "" {
				t.Errorf("%d %v", a.status, a.header)
			}
			v.says(a, row.says)
		})
	}
	if a := v.get(at("output", "photos", "job", id)); a.header.Get("Content-Disposition") != `attachment; filename="archive-`+id[:12]+`"` {
		t.Errorf("an archive without a description: %v", a.header)
	}
	stranger := another(t, v.srv)
	if a := stranger.get(at("output", "photos", "job", id)); a.status != http.StatusSeeOther {
		t.Errorf("without a session: %d", a.status)
	}
	if a := v.send(at("output", "photos", "job", id), nil); a.status != http.StatusForbidden && a.status != http.StatusMethodNotAllowed {
		t.Errorf("posted: %d", a.status)
	}
}

// What is downloaded is more than what a page may hold.
func TestALargeDownloadStreams(t *testing.T) {
	v := signedIn(t, firntest.Rates(0, 0))
	v.vault("photos")
	content := strings.Repeat("0123456789abcdef", 20<<16)
	id := v.retrieved("photos", v.described("photos", "large.bin", content))
	if a := v.page(at("output", "photos", "job", id)); a.body != content || a.header.Get("Content-Length") != "20971520" {
		t.Errorf("%d bytes, length %s", len(a.body), a.header.Get("Content-Length"))
	}
}
