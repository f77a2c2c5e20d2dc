package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"firn/glacier"
	"firn/internal/job"
)

func initiateJob(c *call) error {
	params, err := c.job()
	if err != nil {
		return err
	}
	begun, err := c.h.cfg.Jobs.InitiateJob(c.ctx, c.caller.Account, c.owner, c.vault, params)
	if err != nil {
		return err
	}
	set(c.w.Header(), glacier.HeaderJobID, string(begun.ID))
	if begun.OutputPath != "" {
		// In UTF-8, whatever is in it: HTTP says nothing of what is beyond ASCII,
		// and some clients read it as Latin-1. DescribeJob says it for certain.
		set(c.w.Header(), glacier.HeaderJobOutputPath, begun.OutputPath)
	}
	return c.created(http.StatusAccepted, c.location("jobs", string(begun.ID)))
}

// decodeJob decodes a job's description, nil if the body is empty. The
// reference once shows it wrapped in a member jobParameters; both are taken. It is
// called once only, through c.job: what is decided about is what is done.
func (c *call) decodeJob() (*glacier.JobParameters, error) {
	if c.blank() {
		return nil, nil
	}
	var outer struct {
		Type    *string
		Wrapped json.RawMessage `json:"jobParameters"`
	}
	if err := decode(c.doc, &outer); err != nil {
		return nil, err
	}
	doc := c.doc
	if len(outer.Wrapped) > 0 && outer.Type == nil {
		doc = outer.Wrapped
	}
	var params glacier.JobParameters
	return &params, decode(doc, &params)
}

func describeJob(c *call) error {
	d, err := c.h.cfg.Jobs.DescribeJob(c.ctx, c.owner, c.vault, glacier.JobID(c.id))
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, d)
}

func listJobs(c *call) error {
	q := c.query()
	l, err := c.h.cfg.Jobs.ListJobs(c.ctx, c.owner, c.vault, job.Listing{
		Limit: q.Get("limit"), Marker: q.Get("marker"),
		StatusCode: q.Get("statuscode"), Completed: q.Get("completed"),
	})
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, l)
}

func getJobOutput(c *call) error {
	out, err := c.h.cfg.Jobs.Output(c.ctx, c.owner, c.vault, glacier.JobID(c.id))
	if err != nil {
		return err
	}
	defer out.Close()
	first, last, partial, err := out.Range(c.r.Header.Get("Range"))
	if err != nil {
		return err
	}
	hash, hashed, err := out.TreeHash(c.ctx, first, last)
	if err != nil {
		return err
	}
	// The headers wait for the first bytes: what cannot even begin is refused.
	w := &outputWriter{c: c, begin: func() {
		h := c.w.Header()
		set(h, "Content-Type", out.ContentType)
		set(h, "Content-Length", strconv.FormatInt(last-first+1, 10))
		set(h, "Accept-Ranges", "bytes")
		if hashed {
			set(h, glacier.HeaderTreeHash, hash.String())
		}
		if out.Description != "" {
			set(h, glacier.HeaderArchiveDescription, out.Description)
		}
		if !partial {
			c.begin(http.StatusOK)
			return
		}
		set(h, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, out.Size))
		c.begin(http.StatusPartialContent)
	}}
	err = out.CopyRange(c.ctx, w, first, last)
	if c.begun {
		c.h.cfg.Meter.Downloaded(c.owner, w.sent)
	}
	if err != nil && !w.gone {
		return err
	}
	if !c.begun { // there is not a byte: a query may select nothing
		w.begin()
	}
	return nil
}

// outputChunk is how much of an output a client must take within one timeout.
const outputChunk = 256 << 10

// An outputWriter is the reply's body. Its reader must keep up.
type outputWriter struct {
	c     *call
	begin func() // before the first byte
	gone  bool   // the client takes no more
	sent  int64  // bytes it has taken
}

// Write implements [io.Writer].
func (w *outputWriter) Write(p []byte) (n int, err error) {
	if !w.c.begun {
		w.begin()
	}
	for n < len(p) {
		m := 0
		err := w.c.conn.SetWriteDeadline(time.Now().Add(w.c.h.cfg.BodyTimeout))
		if err == nil {
			m, err = w.c.w.Write(p[n:min(n+outputChunk, len(p))])
		}
		n += m
		w.sent += int64(m)
		if err != nil {
			w.gone = true
			return n, err
		}
	}
	return n, nil
}
