package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
)

// maxRefusal bounds what is kept of a refusal, in bytes.
const maxRefusal = 64 << 10

// showOutput hands the output of a job to the browser, as a file: never as a
// page, whatever is in it. It streams as it comes from the API, in ranges if
// the browser asks for them, so that downloads resume. With from and to, both
// in bytes and included, that part is a file of its own.
func showOutput(c *frame.Call) error {
	vault, id := c.Query.Get("vault"), c.Query.Get("job")
	d := &download{c: c, vault: vault, id: id, header: http.Header{}}
	asked, err := askedRange(c, d)
	if err != nil {
		return err
	}
	r, err := c.SignedGet(frame.VaultPath(vault, "jobs", id, "output"))
	if err != nil {
		return err
	}
	if asked != "" {
		r.Header.Set("Range", asked)
	}
	c.Config.API.ServeHTTP(d, r)
	return d.end()
}

// askedRange is the range of the output that is to be had, as a header's value,
// empty for all of it.
func askedRange(c *frame.Call, d *download) (string, error) {
	from, to := strings.TrimSpace(c.Query.Get("from")), strings.TrimSpace(c.Query.Get("to"))
	if from == "" && to == "" {
		if v := c.Request.Header.Get("If-Range"); v != "" && v != d.etag() {
			return "", nil // the browser has a part of something else
		}
		return c.Request.Header.Get("Range"), nil
	}
	first, err := strconv.ParseUint("0"+from, 10, 63)
	if err != nil {
		return "", frame.Refuse(http.StatusBadRequest, "The first byte is not a number.")
	}
	d.part = fmt.Sprintf("%d-", first)
	if to == "" {
		return "bytes=" + d.part, nil
	}
	last, err := strconv.ParseUint(to, 10, 63)
	if err != nil {
		return "", frame.Refuse(http.StatusBadRequest, "The last byte is not a number.")
	}
	if last < first {
		return "", frame.Refuse(http.StatusBadRequest, "The last byte comes before the first.")
	}
	d.part += strconv.FormatUint(last, 10)
	return "bytes=" + d.part, nil
}

// A download is the reply of GetJobOutput on its way to a browser. The API
// writes to it; what is a file goes on at once, and a refusal is kept, to be
// shown as a page.
type download struct {
	c         *frame.Call
	vault, id string
	part      string // the range that is a file of its own; else empty

	header  http.Header // as the API sets it
	status  int
	refusal []byte
}

// errHead stops the API after the headers, which are all that was asked for.
var errHead = errors.New("only the headers were asked for")

// Header implements [http.ResponseWriter].
func (d *download) Header() http.Header { return d.header }

// Unwrap lets the API set its deadlines.
func (d *download) Unwrap() http.ResponseWriter { return d.c.Writer }

// WriteHeader implements [http.ResponseWriter].
func (d *download) WriteHeader(status int) {
	if d.status != 0 {
		return
	}
	d.status = status
	if status >= http.StatusBadRequest {
		return
	}
	from, to := frame.Canonical(d.header), d.c.Writer.Header()
	to.Set("Content-Length", from.Get("Content-Length"))
	to.Set("Content-Type", fileType(from.Get("Content-Type")))
	to.Set("Content-Disposition", disposition(d.fileName(from)))
	to.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	if d.part != "" {
		status = http.StatusOK // of a file that is this part
	} else {
		to.Set("Accept-Ranges", "bytes")
		to.Set("ETag", d.etag())
		if v := from.Get("Content-Range"); v != "" {
			to.Set("Content-Range", v)
		}
	}
	d.c.Begun = true
	d.c.Writer.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (d *download) Write(p []byte) (int, error) {
	d.WriteHeader(http.StatusOK)
	switch {
	case d.status >= http.StatusBadRequest:
		d.refusal = append(d.refusal, p[:min(len(p), maxRefusal-len(d.refusal))]...)
		return len(p), nil
	case d.c.Request.Method == http.MethodHead:
		return 0, errHead
	}
	return d.c.Writer.Write(p)
}

// end returns the refusal, if it was one.
func (d *download) end() error {
	if d.status < http.StatusBadRequest {
		return nil
	}
	var said struct {
		Code    glacier.Code `json:"code"`
		Message string       `json:"message"`
	}
	if err := json.Unmarshal(d.refusal, &said); err != nil || said.Code == "" {
		return fmt.Errorf("output of job %s: status %d, and not in the words of the API", d.id, d.status)
	}
	if strings.HasPrefix(said.Message, beyondOutput) {
		return frame.Refuse(http.StatusRequestedRangeNotSatisfiable, said.Message)
	}
	return &glacier.Error{Code: said.Code, Message: said.Message}
}

// beyondOutput is what the API's refusal of a range that begins behind the
// output begins with.
const beyondOutput = "The start of the range is larger"

// etag names the output. It is the same bytes as long as there is the job, and
// no other job has its id.
func (d *download) etag() string { return `"` + strings.ReplaceAll(d.id, `"`, "") + `"` }

// fileName is what the file is called.
func (d *download) fileName(header http.Header) string {
	name := d.c.Query.Get("name")
	if name == "" {
		name = header.Get(glacier.HeaderArchiveDescription)
	}
	name = fileName(name, "archive-"+d.id[:min(len(d.id), 12)])
	if d.part != "" {
		name += "." + strings.TrimSuffix(d.part, "-")
	}
	return name
}
