package vault

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
)

// MaxOverview is how many vaults a page of Overview can have.
const MaxOverview = 100

// An OverviewQuery says which of an account's vaults to show.
type OverviewQuery struct {
	Contains string            // what the name has in it, in whichever case; "" does not narrow
	After    glacier.VaultName // the last of the page before; "" begins at the beginning
	Limit    int               // vaults on the page, 1 to MaxOverview
}

// An OverviewRow is a vault as it stands in an overview.
type OverviewRow struct {
	glacier.VaultDescription

	// Lock is glacier.LockInProgress or glacier.LockLocked, or "" for a vault
	// without a lock. One in progress has an end.
	Lock        string
	LockExpires *glacier.Time
}

// An OverviewPage is one page of an account's vaults, by name in byte order.
type OverviewPage struct {
	Rows []OverviewRow

	Vaults  int // of the account
	Matches int // of them with a name that is asked for
	Before  int // of those, how many come before this page

	// Next is After of the page behind this one, "" if there is none. Previous is
	// After of the page before, if anything comes before: "" is the first page's.
	Next, Previous glacier.VaultName
}

// Overview shows an account's vaults page by page, as DescribeVault does, and
// how they are locked. It is one look at the store.
func (s *Service) Overview(ctx context.Context, owner glacier.AccountID, q OverviewQuery) (OverviewPage, error) {
	if q.Limit < 1 || q.Limit > MaxOverview {
		return OverviewPage{}, invalid("limit", strconv.Itoa(q.Limit))
	}
	var p OverviewPage
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		names, err := tx.VaultNames(owner, "", glacier.MaxVaults)
		if err != nil {
			return fmt.Errorf("list vaults: %w", err)
		}
		p = OverviewPage{Vaults: len(names)}
		for _, name := range p.turn(names, q) {
			row, err := s.overview(tx, owner, name)
			if err != nil {
				return err
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return OverviewPage{}, err
	}
	return p, nil
}

// turn turns to the page, and returns the names that are on it.
func (p *OverviewPage) turn(all []catalog.VaultName, q OverviewQuery) []glacier.VaultName {
	var names []glacier.VaultName
	part := strings.ToLower(q.Contains)
	for _, v := range all {
		if !strings.Contains(strings.ToLower(string(v.Name)), part) {
			continue
		}
		names = append(names, v.Name)
		if v.Name <= q.After {
			p.Before++
		}
	}
	p.Matches = len(names)
	if p.Before > q.Limit {
		p.Previous = names[p.Before-q.Limit-1]
	}
	end := min(p.Before+q.Limit, len(names))
	page := names[p.Before:end]
	if end < len(names) {
		p.Next = page[len(page)-1]
	}
	return page
}

func (s *Service) overview(tx *catalog.Tx, owner glacier.AccountID, name glacier.VaultName) (OverviewRow, error) {
	v, l, held, err := s.lock(tx, owner, name)
	if err != nil {
		return OverviewRow{}, err
	}
	d, err := s.describe(tx, v)
	if err != nil {
		return OverviewRow{}, fmt.Errorf("describe vault %d: %w", v.ID, err)
	}
	row := OverviewRow{VaultDescription: d}
	switch {
	case held && l.Locked:
		row.Lock = glacier.LockLocked
	case held:
		at := glacier.At(l.Expires)
		row.Lock, row.LockExpires = glacier.LockInProgress, &at
	}
	return row, nil
}
