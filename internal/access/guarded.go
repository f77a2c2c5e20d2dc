package access

import (
	"context"

	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

type requestKey struct{}

// Authorize decides whether a request may go on. The context that it returns
// is for the operation: a store that is [Service.Guarded] decides again, in
// each update that is made with it.
//
// An AccessDeniedException does not tell whether the vault exists.
func (s *Service) Authorize(ctx context.Context, q Request) (context.Context, error) {
	err := s.store.View(ctx, func(tx *catalog.Tx) error { return s.decide(tx, &q) })
	if err != nil {
		return ctx, err
	}
	return context.WithValue(ctx, requestKey{}, &q), nil
}

// Guarded returns a store for the rules: an update on behalf of a request is
// decided about again in its own transaction, where no lock, policy or tag can
// come between the decision and the deed. What the house does by itself has no
// request in its context, and is not asked.
func (s *Service) Guarded(under store.Store) store.Store { return guarded{under, s} }

type guarded struct {
	store.Store
	access *Service
}

// Update implements [store.Store].
func (g guarded) Update(ctx context.Context, rule store.Rule) error {
	q, ok := ctx.Value(requestKey{}).(*Request)
	if !ok {
		return g.Store.Update(ctx, rule)
	}
	return g.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		if err := g.access.decide(tx, q); err != nil {
			return record.Record{}, err
		}
		return rule(tx)
	})
}
