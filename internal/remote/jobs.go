package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"

	"firn/glacier"
	"firn/internal/client"
	"firn/treehash"
)

// A JobFilter narrows a list of jobs. Empty members do not.
type JobFilter struct {
	Completed string // "true" or "false"
	Status    string // one of [glacier.InProgress], [glacier.Succeeded], [glacier.Failed]
}

// Jobs lists the vault's jobs by the time they were begun. An error ends the
// sequence.
func (v *Vault) Jobs(ctx context.Context, f JobFilter) iter.Seq2[glacier.JobDescription, error] {
	return pages(func(marker string) ([]glacier.JobDescription, *string, error) {
		var list glacier.JobList
		err := v.s.get(ctx, query(v.path("jobs"), "completed", f.Completed, "statuscode", f.Status, "marker", marker), &list)
		return list.JobList, list.Marker, err
	})
}

// Job describes a job.
func (v *Vault) Job(ctx context.Context, id glacier.JobID) (d glacier.JobDescription, err error) {
	err = v.s.get(ctx, v.path("jobs", string(id)), &d)
	return d, err
}

// A NotBegun is the error of a job of which it is certain that it was not begun.
// After any other error there may be one, which [Vault.FindJob] finds.
type NotBegun struct{ Err error }

func (e *NotBegun) Error() string { return e.Err.Error() }

func (e *NotBegun) Unwrap() error { return e.Err }

// StartJob begins a job. A job costs money, so a request whose reply is lost is
// not simply sent again: if p has a description, the jobs are searched for it
// first, and one that is found is the answer. So a description should be one
// that no other job has. The error is a [*NotBegun] if the server has refused.
func (v *Vault) StartJob(ctx context.Context, p glacier.JobParameters) (glacier.JobID, error) {
	for attempt := 1; ; attempt++ {
		h, err := v.s.change(ctx, call{method: http.MethodPost, path: v.path("jobs"), once: true}, p)
		if err == nil {
			id, err := header(h, glacier.HeaderJobID)
			return glacier.JobID(id), err
		}
		if attempt == 1 && refused(err) { // a later one says nothing of those before it
			return "", &NotBegun{err}
		}
		if !v.s.unsure(err) || p.Description == nil || attempt >= v.s.cfg.Retry.Attempts || ctx.Err() != nil {
			return "", err
		}
		if id, found, err := v.FindJob(ctx, *p.Description); err != nil || found {
			return id, err
		}
		if err := v.s.cfg.Retry.Sleep(ctx, v.s.cfg.Retry.pause(attempt)); err != nil {
			return "", err
		}
	}
}

// refused reports whether a call has failed because the server has decided to do
// nothing, and not because it, or something before it, is not well.
func refused(err error) bool {
	refusal, ok := errors.AsType[*client.Error](err)
	switch {
	case !ok, refusal.Status == http.StatusRequestTimeout:
		return false
	case IsRefusal(err, glacier.InsufficientCapacity, glacier.NotImplemented):
		return true
	}
	return refusal.Status < 500 || passing(refusal, true)
}

// unsure reports whether the server may have acted although the call failed.
func (s *Service) unsure(err error) bool {
	if refusal, ok := errors.AsType[*client.Error](err); ok {
		return passing(refusal, false) && !passing(refusal, true)
	}
	_, ok := errors.AsType[*Unreachable](err)
	return ok && s.answered.Load()
}

// FindJob searches the jobs for one with a description.
func (v *Vault) FindJob(ctx context.Context, description string) (id glacier.JobID, found bool, err error) {
	for j, err := range v.Jobs(ctx, JobFilter{}) {
		if err != nil {
			return "", false, err
		}
		if j.JobDescription != nil && *j.JobDescription == description {
			return j.JobID, true, nil
		}
	}
	return "", false, nil
}

// An Output is a job's output, or a range of it, as it arrives.
type Output struct {
	Body io.ReadCloser
	// First is the offset of the first byte, Size how many there are, or -1,
	// and Total how many the whole output has, or -1.
	First, Size, Total int64
	// Tree is the tree hash of these bytes; Hashed is false if the server did
	// not say it, which it does for the whole and for aligned ranges.
	Tree        treehash.Hash
	Hashed      bool
	Type        string // application/octet-stream, application/json or text/csv
	Description string // of the archive
}

// ErrOtherBytes is the error of a server that was asked for a range and sends
// other bytes, as one does that knows no ranges.
var ErrOtherBytes = errors.New("the server sends other bytes of the output")

// Output opens a job's output: the bytes from first to last, both included, or
// all of them if last is negative. A reply that has other bytes than asked for
// is [ErrOtherBytes], but for a range that reaches beyond the end, or begins at
// the beginning.
func (v *Vault) Output(ctx context.Context, id glacier.JobID, first, last int64) (*Output, error) {
	c := call{method: http.MethodGet, path: v.path("jobs", string(id), "output")}
	if last >= 0 {
		c.header = http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", first, last)}}
	}
	resp, err := v.s.do(ctx, c)
	if err != nil {
		return nil, err
	}
	o, err := newOutput(resp)
	if err == nil && last >= 0 && o.First != first {
		err = fmt.Errorf("%w: asked for those from %d, and got those from %d", ErrOtherBytes, first, o.First)
	}
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	return o, nil
}

func newOutput(resp *http.Response) (o *Output, err error) {
	o = &Output{
		Body: resp.Body, Size: resp.ContentLength, Total: resp.ContentLength,
		Type: resp.Header.Get("Content-Type"), Description: resp.Header.Get(glacier.HeaderArchiveDescription),
	}
	if said := resp.Header.Get(glacier.HeaderTreeHash); said != "" {
		if o.Tree, err = treehash.ParseHash(said); err != nil {
			return nil, fmt.Errorf("the reply's tree hash: %w", err)
		}
		o.Hashed = true
	}
	if resp.StatusCode != http.StatusPartialContent {
		return o, nil
	}
	var last int64
	var total string
	said := resp.Header.Get("Content-Range")
	if _, err := fmt.Sscanf(said, "bytes %d-%d/%s", &o.First, &last, &total); err != nil || o.First < 0 || last < o.First {
		return nil, fmt.Errorf("the reply's Content-Range %q is no range", said)
	}
	o.Size, o.Total = last-o.First+1, -1
	if n, err := strconv.ParseInt(total, 10, 64); err == nil {
		o.Total = n
	}
	return o, nil
}
