package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/vault"
)

const (
	// maxErrands bounds how many errands are kept, running or not.
	maxErrands = 256
	// errandPage is how many archives are looked at, and errandHands how many are
	// worked on, at a time. What many hands do at a time becomes durable together.
	errandPage  = 1000
	errandHands = 16
	// retryEvery and maxRetries are for what fails for the moment.
	retryEvery = time.Second
	maxRetries = 5
	// vaultEvery is the pause between two attempts to delete a vault that waits for
	// its inventory.
	vaultEvery = 20 * time.Second
)

// The kinds of errands.
const (
	emptying   = "empty"
	retrieving = "retrieve"
)

// The states of an errand.
const (
	running  = "running"
	waiting  = "waiting" // for the vault's inventory
	paused   = "paused"
	finished = "finished"
	stuck    = "stuck" // it ended before its end, and can go on
)

// An errand is something done to many archives of a vault, one after another,
// that goes on when the visitor has closed his browser. It does what it does
// with the key that it was begun with, one signed request for each archive, so
// it ends when the key does. It is in memory: a restart ends it, and what it has
// done by then stays done.
type errand struct {
	kind   string
	vault  string
	owner  glacier.AccountID
	filter archiveFilter
	job    retrieval // of retrieving
	last   bool      // of emptying: delete the vault, too
	apis   apis
	cfg    *Config

	cancel context.CancelFunc // nil while it does not run

	mu sync.Mutex
	errandState
	did map[glacier.ArchiveID]bool // of the page at the cursor: a pause leaves it half done
}

// errandState is how far an errand has come.
type errandState struct {
	State         string
	Total         int64 // archives there were when it began
	Done, Refused int64
	Why           string // of the first that was refused, or why it is stuck
	Begun, Ended  time.Time
	cursor        string
}

// errands are those of the server, and the pages that show them.
type errands struct {
	cfg  *Config
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

func newErrands(cfg *Config) *errands {
	ctx, stop := context.WithCancel(context.Background())
	return &errands{cfg: cfg, ctx: ctx, stop: stop, all: map[errandKey]*errand{}}
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

// begin begins an errand, in the place of one of the vault's that has ended.
func (l *errands) begin(e *errand) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := errandKey{e.owner, e.vault}
	if old := l.all[key]; old != nil && old.busy() {
		return refuse(http.StatusConflict, "Something is being done to this vault's archives already.")
	}
	delete(l.all, key)
	l.makeRoom()
	if len(l.all) >= maxErrands {
		return refuse(http.StatusServiceUnavailable, "Too much is being done at the moment. Try again later.")
	}
	l.all[key] = e
	e.Begun = e.cfg.Now()
	l.run(e)
	return nil
}

// makeRoom forgets errands that have ended, if there are too many.
func (l *errands) makeRoom() {
	for key, e := range l.all {
		if len(l.all) >= maxErrands && !e.busy() {
			delete(l.all, key)
		}
	}
}

// forget forgets the errand of a vault, if it does not run.
func (l *errands) forget(owner glacier.AccountID, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := errandKey{owner, name}
	if e := l.all[key]; e != nil && !e.busy() {
		delete(l.all, key)
	}
}

// resume lets an errand go on that was paused or got stuck, with the key of
// who says so.
func (l *errands) resume(e *errand, by apis) {
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

// pause stops an errand, which can go on later.
func (e *errand) pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cancel != nil {
		e.cancel()
	}
}

// state is how far the errand has come.
func (e *errand) state() errandState {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.errandState
}

func (e *errand) busy() bool {
	s := e.state().State
	return s == running || s == waiting
}

// run does the errand from where it is.
func (e *errand) run(ctx context.Context) {
	err := e.safely(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancel, e.Ended = nil, e.cfg.Now()
	switch told := asRefusal(err); {
	case err == nil:
		e.State = finished
	case ctx.Err() != nil:
		e.State = paused
	case told != nil:
		e.State, e.Why = stuck, told.text
	default:
		e.State, e.Why = stuck, "Something failed. The server's log says what."
		e.cfg.Log.Error("errand failed", "vault", e.vault, "kind", e.kind, "err", err)
	}
}

// safely turns a panic into an error.
func (e *errand) safely(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if err := e.all(ctx); err != nil {
		return err
	}
	if e.kind == emptying && e.state().Refused == 0 && e.last {
		return e.deleteVault(ctx)
	}
	return nil
}

// all does what is to be done to each archive, page by page.
func (e *errand) all(ctx context.Context) error {
	for {
		found, err := e.next(ctx)
		if err != nil {
			return err
		}
		e.mu.Lock()
		if e.Total == 0 {
			e.Total = found.Archives
		}
		e.mu.Unlock()
		if err := e.each(ctx, found.Rows); err != nil {
			return err
		}
		e.mu.Lock()
		e.cursor = found.Next
		clear(e.did)
		e.mu.Unlock()
		if found.Next == "" {
			return nil
		}
	}
}

// next is the next page of archives, if the key is still good and may see it.
func (e *errand) next(ctx context.Context) (vault.ArchivePage, error) {
	q, err := e.filter.query()
	if err != nil {
		return vault.ArchivePage{}, err
	}
	q.Cursor, q.Limit, q.Oldest = e.state().cursor, errandPage, true
	caller, err := e.cfg.Access.SignIn(ctx, e.apis.key.AccessKeyID, e.apis.key.SecretAccessKey)
	if asRefusal(err) != nil {
		return vault.ArchivePage{}, refuse(http.StatusForbidden, "The access key that this was begun with is not good any more.")
	}
	if err != nil {
		return vault.ArchivePage{}, err
	}
	return inProcess(e.cfg, e.apis.from.WithContext(ctx), caller).archives(e.vault, q)
}

// each works on some archives, many at a time, and returns once all have been
// worked on.
func (e *errand) each(ctx context.Context, rows []vault.ArchiveRow) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan vault.ArchiveRow)
	var hands sync.WaitGroup
	for range min(errandHands, len(rows)) {
		hands.Go(func() {
			for a := range todo {
				if err := e.one(ctx, a); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, a := range rows {
		if e.hasDone(a.ID) {
			continue
		}
		select {
		case todo <- a:
		case <-ctx.Done():
		}
	}
	close(todo)
	hands.Wait()
	return context.Cause(ctx)
}

// one works on one archive. A refusal that is about the archive is counted,
// and the others go on.
func (e *errand) one(ctx context.Context, a vault.ArchiveRow) error {
	err := e.patiently(ctx, func() error {
		if e.kind == emptying {
			_, err := e.apis.change(ctx, http.MethodDelete, vaultPath(e.vault, "archives", string(a.ID)), nil)
			return err
		}
		_, err := e.apis.change(ctx, http.MethodPost, vaultPath(e.vault, "jobs"), e.job.parameters(string(a.ID)))
		return err
	})
	told := asRefusal(err)
	switch {
	case err == nil:
		e.note(a.ID, "")
		return nil
	case told == nil || told.status >= http.StatusInternalServerError:
		return err
	case e.kind == retrieving && told.status != http.StatusNotFound:
		return err // a budget, or a right: the others would fare no better
	}
	e.note(a.ID, told.text)
	return nil
}

// note counts an archive that has been worked on, or refused for a reason.
func (e *errand) note(id glacier.ArchiveID, refused string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did[id] = true
	if refused == "" {
		e.Done++
		return
	}
	e.Refused++
	if e.Why == "" {
		e.Why = refused
	}
}

func (e *errand) hasDone(id glacier.ArchiveID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.did[id]
}

// patiently tries again what fails for the moment.
func (e *errand) patiently(ctx context.Context, try func() error) error {
	for tries := 1; ; tries++ {
		err := try()
		var api *glacier.Error
		moment := errors.As(err, &api) && (api.Code == glacier.Throttling || api.Code.Status() >= http.StatusInternalServerError)
		if !moment || tries > maxRetries {
			return err
		}
		if err := sleep(ctx, retryEvery); err != nil {
			return err
		}
	}
}

// deleteVault deletes the vault, which may have to wait for an inventory that
// shows that it is empty.
func (e *errand) deleteVault(ctx context.Context) error {
	for {
		_, err := e.apis.change(ctx, http.MethodDelete, vaultPath(e.vault), nil)
		var api *glacier.Error
		if !errors.As(err, &api) || api.Code != glacier.InvalidParameterValue {
			return err
		}
		e.mu.Lock()
		e.State, e.Why = waiting, api.Message
		e.mu.Unlock()
		if err := sleep(ctx, vaultEvery); err != nil {
			return err
		}
	}
}

// sleep waits for a while, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
