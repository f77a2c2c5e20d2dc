package migrate

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/remote"
)

// watch looks at jobs until there are none any more.
func (m *Migration) watch(ctx context.Context) error {
	since := map[glacier.JobID]time.Time{} // when jobs under way were first looked at
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
		if err := m.lookAt(ctx, asked); err != nil {
			return err
		}
		if err := m.cfg.Sleep(ctx, m.oldest(since, asked)); err != nil {
			return err
		}
	}
}

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
	return pauseAfter(longest)
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

// lookAt finds out how jobs stand. Those that are not listed are asked for one
// by one.
func (m *Migration) lookAt(ctx context.Context, asked map[glacier.JobID]Archive) error {
	left := make(map[glacier.JobID]Archive, len(asked))
	for id, a := range asked {
		left[id] = a
	}
	for j, err := range m.cfg.Source.Jobs(ctx, remote.JobFilter{}) {
		if err != nil {
			return fmt.Errorf("list the source's jobs: %w", err)
		}
		a, ours := left[j.JobID]
		if !ours {
			continue
		}
		delete(left, j.JobID)
		if err := m.take(&a, &j); err != nil {
			return err
		}
	}
	for id, a := range left {
		j, err := m.cfg.Source.Job(ctx, id)
		switch {
		case remote.IsNotFound(err):
			err = m.again(&a, errExpired)
		case err == nil:
			err = m.take(&a, &j)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take notes how an archive's job stands.
func (m *Migration) take(a *Archive, j *glacier.JobDescription) error {
	switch {
	case !j.Completed:
		return nil
	case j.StatusCode != glacier.Succeeded:
		return m.again(a, fmt.Errorf("the retrieval failed: %s", text(j.StatusMessage)))
	case j.SHA256TreeHash != nil && *j.SHA256TreeHash != a.Tree.String():
		return m.fail(a, fmt.Errorf("the source says that its tree hash is %s, and its inventory %s", *j.SHA256TreeHash, a.Tree), false)
	}
	_, err := m.edit(a.N, func(a *Archive, _ *ledger) { a.Stage = Ready })
	return err
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
