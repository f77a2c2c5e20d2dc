package job

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
)

// MaxRecent is how many jobs a page of Recent can have.
const MaxRecent = 100

// A RecentQuery says which of an account's jobs to list.
type RecentQuery struct {
	Status string // glacier.InProgress, glacier.Succeeded or glacier.Failed; "" is all
	Cursor string // Next of the page before; "" begins with the newest
	Limit  int    // jobs on the page, 1 to MaxRecent
}

// A RecentJob is a job as it stands in a list of several vaults'.
type RecentJob struct {
	glacier.JobDescription
	Vault glacier.VaultName
}

// A RecentPage is what one call of Recent has found.
type RecentPage struct {
	Jobs []RecentJob
	Next string // the cursor of the page behind this one; "" if there is none
	// Done is that all jobs were looked at. A page with fewer than Limit jobs that
	// is not Done ended because that was enough for one call: the search goes on at
	// Next.
	Done bool
}

// Recent lists the jobs of all of an account's vaults, newest first. What it does
// in one call is bounded, whatever there is to be looked at. A cursor keeps its
// place while jobs come and go.
func (s *Service) Recent(ctx context.Context, owner glacier.AccountID, q RecentQuery) (RecentPage, error) {
	g, err := s.newRecent(owner, q)
	if err != nil {
		return RecentPage{}, err
	}
	err = s.cfg.Store.View(ctx, g.begin)
	for err == nil && !g.over() {
		err = s.cfg.Store.View(ctx, g.look)
	}
	var p RecentPage
	if err == nil {
		err = s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
			p, err = s.recentPage(tx, g)
			return err
		})
	}
	if err != nil {
		return RecentPage{}, fmt.Errorf("list recent jobs: %w", err)
	}
	return p, nil
}

// recentCursor marks the cursors of this list.
const recentCursor = 2 << 8

// newRecent checks the query.
func (s *Service) newRecent(owner glacier.AccountID, q RecentQuery) (*gathering, error) {
	g := &gathering{owner: owner, status: q.Status, limit: q.Limit, from: math.MaxInt64, left: recentWork}
	switch q.Status {
	case "", glacier.InProgress, glacier.Succeeded, glacier.Failed:
	default:
		return nil, invalid("The job status code is not valid: %s", q.Status)
	}
	if q.Limit < 1 || q.Limit > MaxRecent {
		return nil, invalid("Invalid limit: %s", strconv.Itoa(q.Limit))
	}
	if q.Cursor == "" {
		return g, nil
	}
	id, ok := s.cfg.IDs.Open(token.PageMarker, q.Cursor)
	if !ok || id.Vault != record.AccountKey(owner).A || id.Random != recentCursor {
		return nil, invalid("Invalid marker: %s", q.Cursor)
	}
	g.from = id.Number
	return g, nil
}

// recentPage describes the jobs that were found and are still there.
func (s *Service) recentPage(tx *catalog.Tx, g *gathering) (RecentPage, error) {
	p := RecentPage{Done: g.ended && len(g.found) <= g.limit}
	vaults := map[uint64]record.Vault{}
	for _, at := range g.found[:min(len(g.found), g.limit)] {
		j, ok, err := tx.Job(at.Vault, at.ID)
		if err != nil {
			return p, err
		}
		v, known := vaults[at.Vault]
		if !known {
			if v, _, err = tx.VaultByID(at.Vault); err != nil {
				return p, err
			}
			vaults[at.Vault] = v
		}
		if ok && v.ID != 0 && g.wants(j.Status) {
			p.Jobs = append(p.Jobs, RecentJob{s.describe(&v, &j), v.Name})
		}
	}
	if !p.Done {
		p.Next = s.cfg.IDs.Seal(token.ID{Kind: token.PageMarker, Vault: record.AccountKey(g.owner).A, Number: g.place(), Random: recentCursor})
	}
	return p, nil
}
