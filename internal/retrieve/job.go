package retrieve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/errand"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
)

// A job retrieves a range of an archive.
type job struct {
	span  span
	begun chan struct{} // closed once what follows is known
	known names.Retrieval
	err   error // why it was not begun

	complete bool
	loss     errand.Loss
}

func newJob(s span) *job { return &job{span: s, begun: make(chan struct{})} }

// settle says that the job was begun, or why not.
func (j *job) settle(err error) error {
	j.err = err
	close(j.begun)
	return err
}

// isBegun reports whether that is known already.
func (j *job) isBegun() bool {
	select {
	case <-j.begun:
		return true
	default:
		return false
	}
}

// tokenIntro is what the descriptions of Firn's own jobs begin with.
const tokenIntro = "firn get "

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

// begin finds the job that retrieves a range, or begins it.
func (r *Retriever) begin(ctx context.Context, a names.Archive, j *job) error {
	if a.Sealed && r.Identities.Len() == 0 {
		return seal.ErrNoKey // before it costs anything
	}
	letGo, err := r.flights.hold(ctx, a.ID, j.span)
	if err != nil {
		return err
	}
	defer letGo()
	k, found, err := r.known(ctx, a.ID, j.span)
	if err != nil {
		return err
	}
	if found && k.Job == "" { // whether it was begun, nobody knows
		id, heard, err := r.Vault.FindJob(ctx, k.Token)
		if err != nil {
			return err
		}
		if heard {
			k.Job = id
			j.known = k
			return r.Names.SetRetrieval(ctx, k)
		}
	}
	if found && k.Job != "" {
		j.known = k
		return nil
	}
	if !found {
		k = names.Retrieval{Token: tokenIntro + rand.Text(), Archive: a.ID, First: j.span.first, Last: j.span.last()}
	}
	j.known, err = r.start(ctx, a, j.span, k)
	return err
}

// start begins a job. What it is begun for is known to the catalogue before.
func (r *Retriever) start(ctx context.Context, a names.Archive, s span, k names.Retrieval) (names.Retrieval, error) {
	kind, archive := glacier.ArchiveRetrieval, string(a.ID)
	p := glacier.JobParameters{Type: &kind, ArchiveID: &archive, Description: &k.Token}
	if r.Tier != "" {
		p.Tier = &r.Tier
	}
	if s != (span{0, a.Size}) {
		text := fmt.Sprintf("%d-%d", s.first, s.last())
		p.RetrievalByteRange = &text
	}
	if r.Spend != nil {
		if err := r.Spend(s.size); err != nil {
			return k, err
		}
	}
	for try := 1; ; try++ {
		if err := r.pace.wait(ctx, s.size, r.Hourly, r); err != nil {
			return k, err
		}
		k.Tier, k.Begun = r.Tier, r.now()
		if err := r.Names.SetRetrieval(ctx, k); err != nil {
			return k, err
		}
		id, err := r.Vault.StartJob(ctx, p)
		if err == nil {
			k.Job = id
			r.started.Add(1)
			return k, r.Names.SetRetrieval(context.WithoutCancel(ctx), k)
		}
		if _, none := errors.AsType[*remote.NotBegun](err); !none {
			return k, refusedArchive(err)
		}
		r.pace.giveBack(s.size)
		pause, err := r.patience(err, try)
		if err != nil {
			return k, errors.Join(err, r.Names.DropRetrieval(context.WithoutCancel(ctx), k.Token))
		}
		if err := r.sleep(ctx, pause); err != nil {
			return k, err
		}
	}
}

// How long it is waited for what may not be begun for the moment, and how often.
const (
	policyPause, policyTries     = 10 * time.Minute, 150 // a day: policies are by the hour, or by the day
	capacityPause, capacityTries = time.Minute, 5
)

// patience is for how long to wait before a job that was refused is asked for
// again. The error is that of one that is not worth it.
func (r *Retriever) patience(err error, try int) (time.Duration, error) {
	switch {
	case remote.IsRefusal(err, glacier.PolicyEnforced, glacier.LimitExceeded, glacier.Throttling):
		if try < policyTries {
			r.warn("policy", fmt.Sprintf("no more may be retrieved for now, which is tried again every %d minutes; what is larger than the account's policy allows in an hour comes in pieces with --max-bytes-per-hour (%v)", int(policyPause.Minutes()), err))
			return policyPause, nil
		}
	case remote.IsRefusal(err, glacier.InsufficientCapacity):
		if try < capacityTries {
			r.warn("capacity", fmt.Sprintf("there is no capacity for the tier %s, which is tried again a few times (%v)", r.Tier, err))
			return capacityPause, nil
		}
	default:
		return 0, refusedArchive(err)
	}
	return 0, &archiveError{fmt.Errorf("no job was begun, although it was tried %d times: %w", try, err)}
}

// refusedArchive makes the refusal of a job one archive's trouble, if the next
// archive may fare better.
func refusedArchive(err error) error {
	if remote.IsRefusal(err, glacier.ResourceNotFound, glacier.InvalidParameterValue) {
		return &archiveError{err}
	}
	return err
}

// quiet is how long a wait is not worth a word.
const quiet = 2 * time.Second

// wait waits until a job has succeeded. One that the server has forgotten is
// begun anew.
func (r *Retriever) wait(ctx context.Context, o Order, j *job) error {
	told := false
	for !j.complete {
		d, err := r.errands().Wait(ctx, j.known.Job, j.known.Begun, func(waited time.Duration) {
			r.tellTier(j)
			if !told && waited > quiet && r.Waiting != nil {
				told = true
				r.Waiting(o.called())
			}
		})
		switch {
		case remote.IsNotFound(err):
			if err := r.anew(ctx, o, j); err != nil {
				return err
			}
		case err != nil:
			return err
		case d.StatusCode == glacier.Failed:
			err = fmt.Errorf("the retrieval job failed: %s", errand.Reason(&d))
			return &archiveError{errors.Join(err, r.Names.DropRetrieval(ctx, j.known.Token))}
		default:
			j.complete = true
		}
	}
	return nil
}

// tellTier says that a job that was begun earlier is slower than the one that is
// wanted now.
func (r *Retriever) tellTier(j *job) {
	if was := j.known.Tier; r.isSlower(was) {
		if was == "" {
			was = glacier.Standard
		}
		r.warn("tier", fmt.Sprintf("what was begun earlier with the tier %s is waited for, and not begun again with %s", was, r.Tier))
	}
}

// isSlower reports whether a tier is slower than the one that is wanted now.
func (r *Retriever) isSlower(tier string) bool {
	rank := map[string]int{glacier.Expedited: 2, glacier.Bulk: -1}
	return rank[tier] < rank[r.Tier]
}

// anew begins a job anew whose output is gone, if it is.
func (r *Retriever) anew(ctx context.Context, o Order, j *job) error {
	j.complete = false
	gone, err := r.errands().IsGone(ctx, j.known.Begun, &j.loss)
	switch {
	case errors.Is(err, errand.ErrLost):
		return &archiveError{err}
	case err != nil, !gone:
		return err
	}
	if k, found, err := r.known(ctx, o.Archive.ID, j.span); err != nil {
		return err
	} else if !found || k.Token == j.known.Token { // nobody else has begun one meanwhile
		if err := r.Names.DropRetrieval(ctx, j.known.Token); err != nil {
			return err
		}
	}
	return r.begin(ctx, o.Archive, j)
}

// warn tells something once.
func (r *Retriever) warn(about, text string) {
	if _, told := r.warned.LoadOrStore(about, true); !told && r.Warn != nil {
		r.Warn(text)
	}
}

func (r *Retriever) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	return remote.Sleep(ctx, d)
}

func (r *Retriever) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}
