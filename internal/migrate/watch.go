package migrate

import (
	"context"
	"fmt"
	"maps"
	"time"

	"firn/glacier"
	"firn/internal/errand"
	"firn/internal/remote"
)

// watch looks at jobs until there are none any more.
func (m *Migration) watch(ctx context.Context) error {
	since := map[glacier.JobID]time.Time{} // when jobs under way were first looked at
	pages := fewJobs                       // that the list of jobs had
	for {
		var over bool
		changed := m.look(func() { over = m.over() })
		if over {
			return nil
		}
		asked, err := m.asked()
		if err != nil {
			return err
		}
		if len(asked) == 0 {
			clear(since)
			if err := wait(ctx, changed); err != nil {
				return err
			}
			continue
		}
		began := m.cfg.Now()
		if len(asked) <= pages {
			err = m.lookAtEach(ctx, asked)
		} else {
			pages, err = m.lookAt(ctx, asked)
		}
		if err != nil {
			return err
		}
		// To look takes no more than half of the time.
		pause := max(m.oldest(since, asked), m.cfg.Now().Sub(began))
		if err := m.cfg.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// longestPause is how long no job is looked at, and, once they are refused, none
// is begun.
const longestPause = 5 * time.Minute

// oldest is the pause until the next look, by the job that has been waited for
// the longest. Jobs that are done with are forgotten.
func (m *Migration) oldest(since map[glacier.JobID]time.Time, asked map[glacier.JobID]Archive) time.Duration {
	now := m.cfg.Now()
	for id := range since {
		if _, still := asked[id]; !still {
			delete(since, id)
		}
	}
	var longest time.Duration
	for id := range asked {
		at, known := since[id]
		if !known {
			since[id] = now
			continue
		}
		longest = max(longest, now.Sub(at))
	}
	return errand.Pause(longest, longestPause)
}

// asked are the archives whose jobs are under way.
func (m *Migration) asked() (map[glacier.JobID]Archive, error) {
	list, err := m.state.at(Asked, 0, most)
	if err != nil {
		return nil, err
	}
	byJob := make(map[glacier.JobID]Archive, len(list))
	for _, a := range list {
		byJob[a.Job] = a
	}
	return byJob, nil
}

// fewJobs are looked at one by one, as are as many as the list of jobs has pages:
// it has those of a day that are done with.
const fewJobs = 8

// lookAt finds out how jobs stand from the list of all, and returns how many
// pages that has. Those that are not listed are asked for one by one.
func (m *Migration) lookAt(ctx context.Context, asked map[glacier.JobID]Archive) (pages int, err error) {
	left := maps.Clone(asked)
	var done []int64
	listed := 0
	for j, err := range m.cfg.Source.Jobs(ctx, remote.JobFilter{}) {
		if err != nil {
			return 0, fmt.Errorf("list the source's jobs: %w", err)
		}
		listed++
		a, ours := left[j.JobID]
		if !ours {
			continue
		}
		delete(left, j.JobID)
		if done, err = m.take(&a, &j, done); err != nil {
			return 0, err
		}
		if len(done) == takeBatch {
			if err := m.ready(done); err != nil {
				return 0, err
			}
			done = done[:0]
		}
	}
	if err := m.ready(done); err != nil {
		return 0, err
	}
	return max(fewJobs, listed/glacier.MaxPage), m.lookAtEach(ctx, left)
}

// lookAtEach asks for jobs one by one.
func (m *Migration) lookAtEach(ctx context.Context, asked map[glacier.JobID]Archive) error {
	var done []int64
	for id, a := range asked {
		j, err := m.cfg.Source.Job(ctx, id)
		switch {
		case remote.IsNotFound(err):
			err = m.again(&a, errExpired)
		case err == nil:
			done, err = m.take(&a, &j, done)
		}
		if err != nil {
			return err
		}
	}
	return m.ready(done)
}

// takeBatch is how many archives are noted as retrieved at a time.
const takeBatch = 100

// take notes how an archive's job stands. If it is done, that is left to the
// caller.
func (m *Migration) take(a *Archive, j *glacier.JobDescription, done []int64) ([]int64, error) {
	switch {
	case !j.Completed:
		return done, nil
	case j.StatusCode != glacier.Succeeded:
		return done, m.again(a, fmt.Errorf("the retrieval failed: %s", errand.Reason(j)))
	case j.SHA256TreeHash != nil && *j.SHA256TreeHash != a.Tree.String():
		return done, m.fail(a, fmt.Errorf("the source says that its tree hash is %s, and its inventory %s", *j.SHA256TreeHash, a.Tree), false)
	}
	return append(done, a.N), nil
}

// mostAsks is how often an archive is retrieved in one run.
const mostAsks = 3

// again lets an archive be retrieved once more, or gives it up.
func (m *Migration) again(a *Archive, why error) error {
	if a.Asks%mostAsks == 0 {
		if _, err := m.edit(a.N, func(a *Archive, _ *ledger) { a.Job = "" }); err != nil {
			return err
		}
		return m.fail(a, fmt.Errorf("given up after %d retrievals: %w", a.Asks, why), false)
	}
	_, err := m.edit(a.N, func(a *Archive, _ *ledger) { a.Stage, a.Job, a.Failure = Waiting, "", why.Error() })
	return err
}
