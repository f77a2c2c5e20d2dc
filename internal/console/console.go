// Package console is the web console: pages for people, served at /console/.
//
// It is a client of Firn's own APIs, in process: a page asks, and a form
// changes, with requests that are signed with the session's key. So what may
// be done, what is said when it may not, and what stands in the audit log are
// the APIs'. Only what they cannot say comes from the rules themselves: a
// vault's archives page by page, the latest jobs, the state of the server.
//
// Nothing is shown and nothing is changed without a session. A session holds
// an access key, ends by itself, and is asked at each request whether its key
// is still good. Pages are whole without JavaScript, which adds uploads and
// live figures; they load nothing from elsewhere, run nothing that stands in
// them, and cannot be framed.
//
// Names of vaults may be "." and "..", and ids may begin with a hyphen: they
// are never part of a path here, but parameters.
package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/audit"
	"firn/internal/health"
	"firn/internal/history"
	"firn/internal/job"
	"firn/internal/vault"
)

// Root is the path that everything of the console is below.
const Root = "/console/"

// A Trail keeps a line for each time that somebody signs in.
type Trail interface {
	// Append writes a line; durable waits until it is on the medium.
	Append(e *audit.Event, durable bool) error
}

// An Audit is an audit log that can be read.
type Audit interface {
	// Latest returns a page of what the log has, from the newest backwards.
	Latest(ctx context.Context, q audit.Query) (*audit.Page, error)
}

// Config is what a Handler works with. API, Access, Vaults, Jobs and Region are
// required.
type Config struct {
	API    http.Handler    // all of Firn's APIs, told apart by the signature
	Access *access.Service // who may
	Vaults *vault.Service  // what is in a vault, page by page
	Jobs   *job.Service    // what their descriptions do not say
	Region string
	// Management is the account whose callers may see and change what belongs to
	// the server: other accounts, its state, and calls that nobody is known for.
	Management glacier.AccountID
	// Proxies are believed when they say whom a request comes from.
	Proxies []netip.Prefix
	// Trail gets a line for each attempt to sign in; nil keeps none.
	Trail Trail
	// Audit is the audit log, to be read; nil if there is none.
	Audit Audit
	// History is how accounts have grown; nil if nobody has kept it.
	History History
	// Usage is what an account has at this moment; nil if nobody can count it.
	Usage func(context.Context, glacier.AccountID) (history.State, error)
	// Health says how the server stands, for callers of the management account;
	// nil if nobody knows.
	Health func(context.Context) health.Report
	// Settings are what the server was told to do, for the same callers. There
	// are no secrets in them.
	Settings []Setting
	// Now is the clock of sessions; default time.Now.
	Now func() time.Time
	// Log receives failures that are not the visitor's; nil discards them.
	Log *slog.Logger
}

// A Handler serves the console. It may be used concurrently, but Close belongs
// to the owner.
type Handler struct {
	cfg      Config
	routes   map[string]route
	pages    pages
	assets   assets
	sessions *sessions
	tries    *tries
	errands  *errands
	origin   *http.CrossOriginProtection
	version  string // of the program
}

// New returns a Handler.
func New(cfg Config) (*Handler, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{
		cfg: cfg, sessions: newSessions(cfg.Now), tries: newTries(cfg.Now),
		origin: http.NewCrossOriginProtection(), version: "unknown",
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		h.version = info.Main.Version
	}
	h.errands = newErrands()
	h.routes = routes(h.errands)
	var err error
	if h.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if h.pages, err = parsePages(h.assets.version); err != nil {
		return nil, err
	}
	return h, nil
}

// Close ends what the console does by itself, and waits for that. Call it
// before what the Handler works with is closed.
func (h *Handler) Close() { h.errands.close() }
