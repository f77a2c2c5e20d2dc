package job

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
)

// unitsPage is more capacity units than are ever kept of an account: a
// purchase leaves no more than glacier.MaxCapacity.
const unitsPage = 100

// PurchaseProvisionedCapacity buys an account a unit of capacity for a month
// and returns the unit's id. When it returns nil the unit is on the medium.
func (s *Service) PurchaseProvisionedCapacity(ctx context.Context, owner glacier.AccountID) (id string, err error) {
	id = token.NewShortID(rand.Reader)
	err = s.update(ctx, "PurchaseProvisionedCapacity", func(tx *catalog.Tx) (record.Record, error) {
		live, expired, err := units(tx, owner)
		if err != nil {
			return record.Record{}, err
		}
		if len(live) >= glacier.MaxCapacity {
			return record.Record{}, glacier.Errorf(glacier.LimitExceeded,
				"The limit of %d provisioned capacity units per account has been reached.", glacier.MaxCapacity)
		}
		var r record.Record
		for i := range expired {
			r.Delete(expired[i].Key())
		}
		r.Put(&record.Capacity{
			Number:  uint64(tx.LSN()),
			Account: owner,
			Public:  id,
			Start:   tx.Now().UnixMilli(),
			Expires: nextMonth(tx.Now()).UnixMilli(),
		})
		return r, nil
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// ListProvisionedCapacity lists the units that an account has now, those that
// were bought first first.
func (s *Service) ListProvisionedCapacity(ctx context.Context, owner glacier.AccountID) (glacier.CapacityList, error) {
	list := glacier.CapacityList{ProvisionedCapacityList: []glacier.Capacity{}}
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		live, _, err := units(tx, owner)
		if err != nil {
			return err
		}
		slices.SortFunc(live, func(a, b record.Capacity) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Number, b.Number))
		})
		for _, u := range live {
			list.ProvisionedCapacityList = append(list.ProvisionedCapacityList, glacier.Capacity{
				CapacityID:     u.Public,
				ExpirationDate: glacier.At(u.Expires),
				StartDate:      glacier.At(u.Start),
			})
		}
		return nil
	})
	return list, err
}

// units looks up an account's units, and which of them have expired.
func units(tx *catalog.Tx, owner glacier.AccountID) (live, expired []record.Capacity, err error) {
	all, err := tx.Capacity(owner, unitsPage)
	if err != nil {
		return nil, nil, fmt.Errorf("look up capacity: %w", err)
	}
	now := tx.Now().UnixMilli()
	for _, u := range all {
		if u.Expires > now {
			live = append(live, u)
		} else {
			expired = append(expired, u)
		}
	}
	return live, expired, nil
}

// nextMonth is the same time of the same day of the next month, or of that
// month's last day if it is shorter, cut to the second.
func nextMonth(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second)
	next := t.AddDate(0, 1, 0)
	if next.Day() != t.Day() {
		// There is no such day, and AddDate has gone on counting into the month after.
		next = next.AddDate(0, 0, -next.Day())
	}
	return next
}
