package archives

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/console/frame"
	"firn/internal/vault"
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
	apis   frame.APIs
	cfg    *frame.Config

	cancel context.CancelFunc // nil while it does not run

	mu sync.Mutex
	errandState
	did    map[glacier.ArchiveID]bool // of the page at the cursor: a pause leaves it half done
	number uint64                     // of the vault: another one of the same name has another; 0 before it is known
	cursor string
	over   bool // all archives have been worked on
}

// errandState is how far an errand has come.
type errandState struct {
	State         string
	Total         int64 // archives there were when it began
	Done, Refused int64
	First         string // why the first was refused
	Why           string // it is stuck, or what it waits for
	Begun, Ended  time.Time
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

// pause stops an errand, which can go on later.
func (e *errand) pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cancel != nil {
		e.cancel()
	}
}

// run does the errand from where it is.
func (e *errand) run(ctx context.Context) {
	err := safely(func() error { return e.goOn(ctx) })
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancel, e.Ended = nil, e.cfg.Now()
	switch told := frame.AsRefusal(err); {
	case err == nil:
		e.State, e.apis = finished, frame.APIs{} // the secret goes with it
	case ctx.Err() != nil:
		e.State = paused
	case told != nil:
		e.State, e.Why = stuck, told.Text
	default:
		e.State, e.Why = stuck, "Something failed. The server's log says what."
		e.cfg.Log.Error("errand failed", "vault", e.vault, "kind", e.kind, "err", err)
	}
}

// goOn works on the archives that are left, and then on the vault.
func (e *errand) goOn(ctx context.Context) error {
	if !e.over {
		if err := e.all(ctx); err != nil {
			return err
		}
		e.over = true
	}
	if e.kind == emptying && e.last && e.state().Refused == 0 {
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

// next is the next page of archives, if the key is still good and may see it,
// and the vault is the one that it was.
func (e *errand) next(ctx context.Context) (vault.ArchivePage, error) {
	q, err := e.filter.query()
	if err != nil {
		return vault.ArchivePage{}, err
	}
	e.mu.Lock()
	q.Cursor = e.cursor
	e.mu.Unlock()
	q.Limit, q.Oldest = errandPage, true
	found, err := e.look(ctx, q)
	if err != nil {
		return found, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Total == 0 {
		e.Total = found.Archives
	}
	return found, nil
}

// look asks for some of the vault's archives.
func (e *errand) look(ctx context.Context, q vault.ArchiveQuery) (vault.ArchivePage, error) {
	c, err := e.apis.AsCall(ctx, e.cfg)
	if err != nil {
		return vault.ArchivePage{}, err
	}
	found, err := c.Archives(e.vault, q)
	if e := frame.AsRefusal(err); e != nil && e.Status == http.StatusBadRequest && q.Cursor != "" {
		return found, errOtherVault() // the place is one in the vault that was
	}
	if err != nil {
		return found, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.number == 0 {
		e.number = found.Vault
	}
	if e.number != found.Vault {
		return found, errOtherVault()
	}
	return found, nil
}

func errOtherVault() error {
	return frame.Refuse(http.StatusConflict, "The vault was deleted meanwhile, and this is another one of the same name. Leave this, and begin again.")
}

// safely turns a panic into an error.
func safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}
