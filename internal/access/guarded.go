package access

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

type questionsKey struct{}

// asked are the questions that were permitted on the way to a context.
func asked(ctx context.Context) []*question {
	list, _ := ctx.Value(questionsKey{}).([]*question)
	return list
}

// with returns a context that has one question more.
func (q *question) with(ctx context.Context) context.Context {
	return context.WithValue(ctx, questionsKey{}, append(slices.Clip(asked(ctx)), q))
}

// A question is a request that was permitted, and the epoch in which it was; 0
// if something was about to change.
type question struct {
	request Request
	epoch   uint64
	at      time.Time
}

// decisionLife is how long a decision holds while nothing changes: policies may
// ask for the time.
const decisionLife = time.Second

// holds reports, in a transaction, whether the answer is still the same.
func (q *question) holds(s *Service) bool {
	return s.epochs.still(q.epoch) && s.now().Sub(q.at) < decisionLife
}

// Authorize decides whether a request may go on. The context that it returns
// is for the operation: a store that is [Service.Guarded] decides again, in
// each update that is made with it. If ctx comes from here, what was asked before
// is decided again, too.
//
// An AccessDeniedException does not tell whether the vault exists.
func (s *Service) Authorize(ctx context.Context, q Request) (context.Context, error) {
	question := &question{request: q, epoch: s.epochs.quiet(), at: s.now()}
	if g := s.known.get(&q, question.epoch); g != nil && g.open(&q) {
		f := newFacts(&q, g, s.now(), s.now())
		f.region = s.region
		if err := refusalOf(&q, g, f); err != nil {
			return ctx, err
		}
		return question.with(ctx), nil
	}
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		g, err := s.guards(tx, &q)
		if err != nil {
			return err
		}
		s.known.put(&q, g, question.epoch)
		return s.decide(tx, &q, g)
	})
	if err != nil {
		return ctx, err
	}
	return question.with(ctx), nil
}

// Guarded returns a store for the rules: an update on behalf of a request is
// decided about again in its own transaction, where no lock, policy or tag can
// come between the decision and the deed. What the house does by itself has no
// request in its context, and is not asked.
//
// All updates of the store that end accounts or change vaults, their tags,
// policies or locks are to go through it: it is how a Service knows that nothing
// has changed.
func (s *Service) Guarded(under store.Store) store.Store { return guarded{under, s} }

type guarded struct {
	store.Store
	access *Service
}

// Update implements [store.Store].
func (g guarded) Update(ctx context.Context, rule store.Rule) error {
	questions := asked(ctx)
	var changes atomic.Bool // once is enough: a rule may run again
	defer func() {
		if changes.Load() {
			g.access.epochs.end()
		}
	}()
	return g.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		for _, q := range questions {
			if q.holds(g.access) {
				continue
			}
			if err := g.access.decideAgain(tx, &q.request); err != nil {
				return record.Record{}, err
			}
		}
		r, err := rule(tx)
		if guards(r) && changes.CompareAndSwap(false, true) {
			g.access.epochs.begin()
		}
		return r, err
	})
}

// guards reports whether a record changes something that decisions rest on.
func guards(r record.Record) bool {
	for _, im := range r.Images {
		switch im.Key.Kind {
		case record.KindAccount, record.KindVault, record.KindTags, record.KindVaultPolicy, record.KindVaultLock:
			return true
		}
	}
	return false
}

// epochs count the changes of what decisions rest on. A decision made while
// none is under way holds in a transaction if none has begun since: changes
// begin in the transaction that makes them, and transactions come one after
// another.
type epochs struct {
	begun, ended atomic.Uint64
}

// quiet is the present epoch, 0 while a change is under way.
func (e *epochs) quiet() uint64 {
	ended := e.ended.Load() // first: a change that begins now is not missed
	if begun := e.begun.Load(); begun == ended {
		return begun + 1
	}
	return 0
}

// still reports, in a transaction, whether nothing has begun to change since
// the epoch.
func (e *epochs) still(epoch uint64) bool { return epoch == e.begun.Load()+1 }

func (e *epochs) begin() { e.begun.Add(1) }
func (e *epochs) end()   { e.ended.Add(1) }
