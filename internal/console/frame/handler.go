// Package frame is what all pages of the console have in common: sessions and
// who is in them, forms and their tokens, requests to Firn's own APIs in
// process, and the making of a page. A [Room] is pages that belong together; a
// [Handler] serves rooms.
//
// Names of vaults may be "." and "..", and ids may begin with a hyphen: they
// are never part of a path here, but parameters.
package frame

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
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
	routes   map[string]Route
	pages    pages
	assets   assets
	sessions *sessions
	tries    *tries
	rooms    []Room
	origin   *http.CrossOriginProtection
	version  string // of the program
}

// A Room is a part of the console: pages that belong together.
type Room struct {
	Routes map[string]Route
	Close  func() // ends what the room does by itself, and waits for that; nil if it does nothing
}

// New returns a Handler of rooms. The directories assets and templates
// of files have what all of them show.
func New(cfg Config, files fs.FS, rooms ...Room) (*Handler, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{
		cfg: cfg, rooms: rooms, routes: entrance(), sessions: newSessions(cfg.Now), tries: newTries(cfg.Now),
		origin: http.NewCrossOriginProtection(), version: "unknown",
	}
	for _, r := range rooms {
		maps.Copy(h.routes, r.Routes)
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		h.version = info.Main.Version
	}
	var err error
	if h.assets, err = loadAssets(files); err != nil {
		return nil, err
	}
	if h.pages, err = ParsePages(files, h.assets.version); err != nil {
		return nil, err
	}
	return h, nil
}

// entrance is what belongs to no room.
func entrance() map[string]Route {
	return map[string]Route{
		"":         {Show: showSignIn, Do: signIn, open: true},
		"sign-out": {Do: signOut},
		"api":      {raw: passThrough},
	}
}

// Close ends what the rooms do by themselves, and waits for that. Call it
// before what the Handler works with is closed.
func (h *Handler) Close() {
	for _, r := range h.rooms {
		if r.Close != nil {
			r.Close()
		}
	}
}

// A History knows how accounts have grown.
type History interface {
	// Range returns what is known of an account in parts of one length.
	Range(ctx context.Context, q history.Query) ([]history.Point, error)
}

// A Setting is what something is set to, in words.
type Setting struct{ Name, Value string }
