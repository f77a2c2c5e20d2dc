package retrieve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
)

// A job retrieves a range of an archive.
type job struct {
	span  span
	known names.Retrieval
}

// tokenIntro is what the descriptions of Firn's own jobs begin with.
const tokenIntro = "firn get "

// begin finds or begins the jobs of an order.
func (r *Retriever) begin(ctx context.Context, o Order) (task, error) {
	t := task{order: o}
	for _, s := range o.span().spans(r.Hourly) {
		j, err := r.ensure(ctx, o.Archive, s)
		if err != nil {
			return t, err
		}
		t.jobs = append(t.jobs, j)
	}
	return t, nil
}

// known looks for a job of an earlier process.
func (r *Retriever) known(ctx context.Context, id glacier.ArchiveID, s span) (names.Retrieval, bool, error) {
	for k, err := range r.Names.Retrievals(ctx, id) {
		if err != nil {
			return k, false, err
		}
		if k.First == s.first && k.Last == s.last() {
			return k, true, nil
		}
	}
	return names.Retrieval{}, false, nil
}

// ensure finds the job that retrieves a range, or begins it.
func (r *Retriever) ensure(ctx context.Context, a names.Archive, s span) (*job, error) {
	k, found, err := r.known(ctx, a.ID, s)
	if err != nil {
		return nil, err
	}
	if found && k.Job == "" { // whether it was begun, nobody knows
		id, heard, err := r.Vault.FindJob(ctx, k.Token)
		if err != nil {
			return nil, err
		}
		if heard {
			k.Job = id
			return &job{s, k}, r.Names.SetRetrieval(ctx, k)
		}
	}
	if found && k.Job != "" {
		return &job{s, k}, nil
	}
	if !found {
		k = names.Retrieval{Token: tokenIntro + rand.Text(), Archive: a.ID, First: s.first, Last: s.last(), Tier: r.Tier}
	}
	return r.start(ctx, a, s, k)
}

// start begins a job. What it is begun for is known to the catalogue before.
func (r *Retriever) start(ctx context.Context, a names.Archive, s span, k names.Retrieval) (*job, error) {
	if err := r.pace.wait(ctx, s.size, r.Hourly, r); err != nil {
		return nil, err
	}
	k.Tier, k.Begun = r.Tier, r.now()
	if err := r.Names.SetRetrieval(ctx, k); err != nil {
		return nil, err
	}
	kind, archive := glacier.ArchiveRetrieval, string(a.ID)
	p := glacier.JobParameters{Type: &kind, ArchiveID: &archive, Description: &k.Token}
	if r.Tier != "" {
		p.Tier = &r.Tier
	}
	if s != (span{0, a.Size}) {
		text := fmt.Sprintf("%d-%d", s.first, s.last())
		p.RetrievalByteRange = &text
	}
	id, err := r.Vault.StartJob(ctx, p)
	if err != nil {
		if _, none := errors.AsType[*remote.NotBegun](err); none {
			err = errors.Join(err, r.Names.DropRetrieval(context.WithoutCancel(ctx), k.Token))
		}
		return nil, refusedArchive(err)
	}
	k.Job = id
	return &job{s, k}, r.Names.SetRetrieval(context.WithoutCancel(ctx), k)
}

// refusedArchive makes the refusal of a job one archive's trouble, if the next
// archive may fare better.
func refusedArchive(err error) error {
	if remote.IsRefusal(err, glacier.ResourceNotFound, glacier.InvalidParameterValue) {
		return &archiveError{err}
	}
	return err
}

// The pauses between looks at a job: a twentieth of the time since it was
// begun.
const (
	shortestPause = 20 * time.Millisecond
	longestPause  = time.Minute
	quiet         = 2 * time.Second // after which a wait is worth a word
)

// wait waits until a job has succeeded. One that the server has forgotten is
// begun anew.
func (r *Retriever) wait(ctx context.Context, o Order, j *job) error {
	told := false
	for {
		d, err := r.Vault.Job(ctx, j.known.Job)
		switch {
		case remote.IsNotFound(err):
			if err := r.again(ctx, o, j); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case d.StatusCode == glacier.Failed:
			message := "no reason is given"
			if d.StatusMessage != nil {
				message = *d.StatusMessage
			}
			err = fmt.Errorf("the retrieval job failed: %s", message)
			return &archiveError{errors.Join(err, r.Names.DropRetrieval(ctx, j.known.Token))}
		case d.Completed:
			return nil
		}
		age := r.now().Sub(j.known.Begun)
		if !told && age > quiet && r.Waiting != nil {
			told = true
			r.Waiting(o)
		}
		if err := r.sleep(ctx, min(max(age/20, shortestPause), longestPause)); err != nil {
			return err
		}
	}
}

// again begins a job anew whose output is gone: the server keeps it for a day.
func (r *Retriever) again(ctx context.Context, o Order, j *job) error {
	if err := r.Names.DropRetrieval(ctx, j.known.Token); err != nil {
		return err
	}
	fresh, err := r.ensure(ctx, o.Archive, j.span)
	if err == nil {
		*j = *fresh
	}
	return err
}

func (r *Retriever) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	return sleep(ctx, d)
}

func (r *Retriever) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// hourly counts bytes by the hour. Its zero value has counted none.
type hourly struct {
	mu     sync.Mutex
	window []begun // of the last hour, the oldest first
}

type begun struct {
	at   time.Time
	size int64
}

// wait waits until size bytes more may be begun. What is larger than the limit
// waits for an hour in which nothing was begun.
func (h *hourly) wait(ctx context.Context, size, limit int64, r *Retriever) error {
	if limit <= 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		now := r.now()
		for len(h.window) > 0 && now.Sub(h.window[0].at) >= time.Hour {
			h.window = h.window[1:]
		}
		sum := int64(0)
		for _, b := range h.window {
			sum += b.size
		}
		if sum == 0 || sum+size <= limit {
			h.window = append(h.window, begun{now, size})
			return nil
		}
		if err := r.sleep(ctx, time.Hour-now.Sub(h.window[0].at)); err != nil {
			return err
		}
	}
}
