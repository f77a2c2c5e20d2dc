package server

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/history"
)

const (
	// sampleEvery is the pause between two samples of the history.
	sampleEvery = time.Hour
	// samplePage is how many accounts, or vaults, one look at the catalog takes.
	samplePage = 100
	// lastSample is how long the end of a server may wait for its last sample.
	lastSample = 5 * time.Second
)

// History is how accounts have grown, and what has come and gone.
func (s *Server) History() *history.History { return s.history }

// sampleLoop writes the history, at the start, every hour, and at the end.
func (s *Server) sampleLoop(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	told := false
	for {
		err := s.sample(ctx)
		if err != nil && !told && ctx.Err() == nil {
			s.log.Warn("the history lacks samples", "err", err)
		}
		told = err != nil
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSample)
			defer cancel()
			if err := s.sample(last); err != nil && !told {
				s.log.Warn("the history lacks its last samples", "err", err)
			}
			return
		case <-tick.C:
		}
	}
}

// forget drops the history of an account that was deleted. If it cannot, the next sample does.
func (s *Server) forget(account glacier.AccountID) {
	if err := s.history.Forget(account); err != nil {
		s.log.Debug("the history of a deleted account is still there", "account", account, "err", err)
	}
}

// forgetGone drops what is left of accounts that are there no more: those that were deleted while no server ran, say.
func (s *Server) forgetGone(ctx context.Context) error {
	if s.store.Ready() != nil {
		return nil // an account may be among the records that are missing
	}
	list, err := s.history.Accounts()
	if err != nil {
		return err
	}
	var gone []glacier.AccountID
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		gone = gone[:0] // A look may be taken twice.
		for _, id := range list {
			_, there, err := tx.Account(id)
			if err != nil {
				return err
			}
			if !there {
				gone = append(gone, id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range gone {
		err = cmp.Or(err, s.history.Forget(id))
	}
	return err
}

// sample writes down what each account has now. Its error is the first; the other accounts have their sample.
func (s *Server) sample(ctx context.Context) (first error) {
	gone := s.forgetGone(ctx) // if it fails, nobody loses his sample
	after, failed := glacier.AccountID(""), 0
	for {
		page, err := s.accountsAfter(ctx, after)
		if err != nil {
			return err
		}
		for _, id := range page {
			state, err := s.stateOf(ctx, id)
			if err == nil {
				err = s.history.Sample(id, state)
			}
			if err != nil {
				failed++
				first = cmp.Or(first, err)
			}
		}
		if len(page) < samplePage {
			break
		}
		after = page[len(page)-1]
	}
	if first != nil {
		return fmt.Errorf("%d accounts: %w", failed, first)
	}
	return gone
}

// accountsAfter lists accounts by number.
func (s *Server) accountsAfter(ctx context.Context, after glacier.AccountID) (page []glacier.AccountID, err error) {
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		list, err := tx.Accounts(after, samplePage)
		page = page[:0]
		for i := range list {
			page = append(page, list[i].ID)
		}
		return err
	})
	return page, err
}

// stateOf counts what an account has, over its vaults. Others change it meanwhile: each page of vaults is of one moment.
func (s *Server) stateOf(ctx context.Context, account glacier.AccountID) (history.State, error) {
	var total history.State
	for after := glacier.VaultName(""); ; {
		var sum history.State
		last := after
		err := s.store.View(ctx, func(tx *catalog.Tx) error {
			sum = history.State{} // A look may be taken twice.
			vaults, err := tx.Vaults(account, after, samplePage)
			if err != nil {
				return err
			}
			for i := range vaults {
				f, err := tx.Figures(vaults[i].ID)
				if err != nil {
					return err
				}
				sum.Archives += f.Archives
				sum.Bytes += f.Bytes
				sum.Vaults++
				last = vaults[i].Name
			}
			return nil
		})
		if err != nil {
			return history.State{}, err
		}
		total.Archives += sum.Archives
		total.Bytes += sum.Bytes
		total.Vaults += sum.Vaults
		if sum.Vaults < samplePage {
			return total, nil
		}
		after = last
	}
}
