package archives

import (
	"context"
	"net/http"
	"sync"

	"firn/glacier"
	"firn/internal/console/frame"
)

const (
	// maxErrands bounds how many errands are kept, running or not, and
	// maxErrandsEach how many an account has.
	maxErrands     = 256
	maxErrandsEach = 16
)

// errands are those of the server, and the pages that show them.
type errands struct {
	ctx  context.Context //nolint:containedctx // it is the life of the errands, which no request's is
	stop context.CancelFunc
	work sync.WaitGroup

	mu  sync.Mutex
	all map[errandKey]*errand
}

type errandKey struct {
	owner glacier.AccountID
	vault string
}

func newErrands() *errands {
	ctx, stop := context.WithCancel(context.Background())
	return &errands{ctx: ctx, stop: stop, all: map[errandKey]*errand{}}
}

// close ends all errands, and waits until they have ended.
func (l *errands) close() {
	l.stop()
	l.work.Wait()
}

// of returns the errand of a vault, nil if there is none.
func (l *errands) of(owner glacier.AccountID, name string) *errand {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[errandKey{owner, name}]
}

// begin begins an errand, in the place of one of the vault's that does not
// run.
func (l *errands) begin(e *errand) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := errandKey{e.owner, e.vault}
	if old := l.all[key]; old != nil && old.busy() {
		return frame.Refuse(http.StatusConflict, "Something is being done to this vault's archives already.")
	}
	delete(l.all, key)
	if l.busy(e.owner) >= maxErrandsEach {
		return frame.Refuse(http.StatusServiceUnavailable, "Enough is being done in this account at the moment. Try again later.")
	}
	l.makeRoom()
	if len(l.all) >= maxErrands {
		return frame.Refuse(http.StatusServiceUnavailable, "Too much is being done at the moment. Try again later.")
	}
	l.all[key] = e
	e.Begun = e.cfg.Now()
	l.run(e)
	return nil
}

// busy counts an account's errands that run.
func (l *errands) busy(owner glacier.AccountID) (n int) {
	for key, e := range l.all {
		if key.owner == owner && e.busy() {
			n++
		}
	}
	return n
}

// makeRoom forgets errands that do not run, if there are too many.
func (l *errands) makeRoom() {
	for key, e := range l.all {
		if len(l.all) >= maxErrands && !e.busy() {
			delete(l.all, key)
		}
	}
}

// forget forgets the errand of a vault, if it does not run.
func (l *errands) forget(e *errand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := errandKey{e.owner, e.vault}
	if l.all[key] == e && !e.busy() {
		delete(l.all, key)
	}
}

// resume lets an errand go on that was paused or got stuck, with the key of
// who says so.
func (l *errands) resume(e *errand, by frame.APIs) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := e.state(); s.State == paused || s.State == stuck {
		e.apis = by
		l.run(e)
	}
}

// run has the errand run. l.mu is held.
func (l *errands) run(e *errand) {
	if l.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(l.ctx)
	e.mu.Lock()
	e.State, e.Why, e.cancel = running, "", cancel
	e.mu.Unlock()
	l.work.Go(func() {
		defer cancel()
		e.run(ctx)
	})
}
