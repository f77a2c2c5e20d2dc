package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/query"
	"firn/internal/record"
	"firn/internal/selection"
	"firn/internal/store"
)

const (
	// fillPage is how many jobs one look at the store fetches. A select job's
	// record may have some 220 KiB.
	fillPage = 100
	// maxTries is how often a job is tried that fails for a reason that may
	// pass. For lack of space it is tried for ever.
	maxTries = 8
	// maxBucketTries is how often that is, beside those, if the reason is a bucket
	// of somebody else's: for about a day, if a try takes no time.
	maxBucketTries = 1500
	// The pause before the next try is firstPause, then twice as long each
	// time, up to longestPause.
	firstPause   = 100 * time.Millisecond
	longestPause = time.Minute
)

// Start begins to work on the jobs, those that an earlier process has left
// included, and, with an interval, to take inventories. It returns at once;
// the work goes on until ctx ends or Close is called. Call it once.
func (s *Service) Start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	d := &dispatcher{s: s, stop: s.stop, work: make(chan entry), done: make(chan result), places: newPlaces(s.cfg.Workers)}
	s.running.Go(func() { d.run(ctx) })
	for range d.places.all() {
		s.running.Go(func() { d.serve(ctx) })
	}
	if s.cfg.InventoryInterval > 0 {
		s.running.Go(func() { s.keepInventories(ctx) })
	}
}

// Close stops the work and waits for it. Jobs in progress stay so, and are
// done again after the next start. The store is closed after the service.
func (s *Service) Close() {
	if s.stop != nil {
		s.stop()
	}
	s.running.Wait()
}

// A dispatcher hands due jobs to the workers, in the order of their ranks.
type dispatcher struct {
	s      *Service
	stop   context.CancelFunc // ends the work for good: the state is not known
	work   chan entry         // to the workers, without a buffer: who is free takes the job that is first by then
	done   chan result        // from them
	places *places            // of the goroutine in run
}

// A result is how a worker's turn with a job has ended.
type result struct {
	entry
	again time.Duration // try once more after this pause, if not 0
	fatal error         // nothing may go on
}

func (d *dispatcher) run(ctx context.Context) {
	q := d.s.queue
	timer := time.NewTimer(longestPause)
	defer timer.Stop()
	for ctx.Err() == nil {
		wait := time.Duration(-1)
		if q.hungry() {
			wait = d.fill(ctx)
		}
		e, ok, next := q.next(d.places)
		if wait < 0 || 0 <= next && next < wait {
			wait = next
		}
		if _, twice := d.places.busy[e.id]; ok && twice {
			q.take(e)
			continue
		}
		work := d.work
		if !ok {
			work = nil
		}
		var due <-chan time.Time
		if wait >= 0 {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case work <- e:
			q.take(e)
			d.places.give(e)
		case r := <-d.done:
			d.ended(r)
		case <-q.wake:
		case <-due:
		case <-ctx.Done():
		}
	}
}

// ended takes a job back from its worker.
func (d *dispatcher) ended(r result) {
	delete(d.places.busy, r.id)
	switch {
	case r.fatal != nil:
		d.fatal(r.fatal)
	case r.again > 0:
		before := r.at
		r.at = time.Now().Add(r.again)
		r.ready += r.at.Sub(before).Milliseconds() // by the store's clock, as those of others are
		d.s.queue.add(r.entry)
	}
}

func (d *dispatcher) fatal(err error) {
	d.s.cfg.Log.Error("jobs have stopped: the state of the store is not known", "err", err)
	d.stop()
}

// fill shows the queue every job in progress. If the store cannot be read it
// returns the pause until the next try, otherwise a negative one.
func (d *dispatcher) fill(ctx context.Context) time.Duration {
	retries := d.s.queue.refill()
	for after, more := uint64(0), true; more; {
		var jobs []record.Job
		var now int64
		err := d.s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
			now = tx.Now().UnixMilli()
			jobs, err = tx.UnfinishedJobs(after, fillPage)
			return err
		})
		if err != nil {
			return d.unfilled(ctx, err)
		}
		for i := range jobs {
			after = jobs[i].ID
			if _, busy := d.places.busy[after]; !busy && !retries[after] && !d.s.held.has(after) {
				d.s.queue.add(newEntry(&jobs[i], now))
			}
		}
		more = len(jobs) == fillPage
	}
	return -1
}

func (d *dispatcher) unfilled(ctx context.Context, err error) time.Duration {
	d.s.queue.unfilled()
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, store.ErrClosed):
		d.fatal(err)
	default:
		d.s.cfg.Log.Error("cannot read the jobs in progress; will try again", "err", err)
	}
	return time.Second
}

// serve is one worker.
func (d *dispatcher) serve(ctx context.Context) {
	for {
		var r result
		select {
		case e := <-d.work:
			r = d.s.do(ctx, e)
		case <-ctx.Done():
			return
		}
		select {
		case d.done <- r:
		case <-ctx.Done():
			return
		}
	}
}

// do works on a job, unless it has ended since it was put in the queue.
func (s *Service) do(ctx context.Context, e entry) result {
	var j record.Job
	var ok bool
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
		j, ok, err = tx.Job(e.vault, e.id)
		return err
	})
	if err == nil {
		if !ok || j.Status != glacier.InProgress {
			return result{entry: e}
		}
		switch j.Action {
		case glacier.ActionInventoryRetrieval:
			err = s.list(ctx, &j)
		case glacier.ActionSelect:
			err = s.query(ctx, &j)
		default:
			err = s.retrieve(ctx, &j)
		}
	}
	return s.judge(ctx, e, &j, err)
}

// judge decides what follows from a turn's error: that this job has failed,
// that it is to be tried again, or that nothing may go on because the state is
// not known.
func (s *Service) judge(ctx context.Context, e entry, j *record.Job, err error) result {
	switch {
	case err == nil, ctx.Err() != nil:
		return result{entry: e}
	case errors.Is(err, store.ErrClosed):
		return result{entry: e, fatal: err}
	}
	pause := min(firstPause<<min(e.tries, 16), longestPause)
	message := e.failed(err)
	log := s.cfg.Log.With("vault", e.vault, "job", e.id, "archive", j.Archive, "err", err)
	if message == "" || j.ID == 0 { // without an id the job could not even be read
		log.Warn("job not done; will try again", "pause", pause)
		return result{entry: e, again: pause}
	}
	if j.Action == glacier.ActionSelect && failureOf(err) == "" {
		s.giveUp(ctx, j, message)
	}
	cause := err
	failed, err := s.fail(ctx, j, message)
	if err != nil {
		return s.judge(ctx, e, &record.Job{}, fmt.Errorf("record a failure: %w", err))
	}
	if !failed {
		return result{entry: e} // its vault went, and with it what the job was to read: nothing is wrong
	}
	if _, asked := errors.AsType[*query.Error](cause); asked {
		log.Info("job failed by its query", "message", message)
	} else {
		log.Error("job failed", "message", message)
	}
	return result{entry: e}
}

// failed counts a try that an error has ended, and returns what the job fails
// with for that, "" if it is to be tried again.
func (e *entry) failed(err error) (message string) {
	e.tries++
	over := false
	switch message = failureOf(err); {
	case message != "", errors.Is(err, store.ErrFull):
		return message
	case errors.Is(err, selection.ErrBucket):
		e.refusals++
		over = e.refusals >= maxBucketTries
	default:
		e.faults++
		over = e.faults >= maxTries
	}
	if over {
		return "The job could not be completed because of an internal failure."
	}
	return ""
}

// failureOf is what a job that has failed for good by an error is described
// with, "" if the error may pass.
func failureOf(err error) string {
	var damage *payload.DamageError
	if e, ok := errors.AsType[*query.Error](err); ok {
		return clip(e.Error())
	}
	if errors.As(err, &damage) || errors.Is(err, errDamaged) || errors.Is(err, store.ErrGone) {
		return "The archive's data is damaged and cannot be retrieved."
	}
	return ""
}
