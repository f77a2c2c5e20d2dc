package archives

import (
	"net/http"

	"firn/glacier"
	"firn/internal/console/frame"
)

// An errandView is what the page of an errand shows: of emptying a vault, or
// of retrieving all of its archives.
type errandView struct {
	Vault  string
	Kind   string
	State  *errandState // nil if there is none
	Other  bool         // the errand that there is is of the other kind
	Live   bool         // it is at work
	Last   bool         // the vault goes, too
	Self   string
	Filter archiveFilter
	Tiers  []string
	May    map[string]bool

	Narrow bool // it is about some archives only, nobody knows how many
	Gone   bool // the vault is not there any more

	Archives, Bytes int64 // that there are now
}

// Begins reports whether the page offers to begin.
func (v *errandView) Begins() bool {
	return !v.Gone && (v.State == nil || v.Other && !v.Live || v.State.State == finished)
}

// showEmptying shows how a vault is emptied, and how far that is.
func (l *errands) showEmptying(c *frame.Call) error {
	name := c.Query.Get("vault")
	return l.showErrand(c, emptying, frame.Page{
		Title: "Empty " + name, Tab: "empty",
		Commands: []frame.Command{
			frame.GlacierCommand("Delete an archive; once for each that an inventory lists", "delete-archive", "vault-name", name, "archive-id", "ARCHIVE_ID"),
			frame.GlacierCommand("Delete the vault when an inventory has shown that it is empty", "delete-vault", "vault-name", name),
		},
	})
}

// showRetrieving shows how all archives of a vault are retrieved, or those of a
// filter, and how far that is.
func (l *errands) showRetrieving(c *frame.Call) error {
	name := c.Query.Get("vault")
	return l.showErrand(c, retrieving, frame.Page{
		Title: "Retrieve from " + name, Tab: "archives",
		Commands: []frame.Command{frame.GlacierCommand("Retrieve an archive; once for each that an inventory lists", "initiate-job", "vault-name", name,
			"job-parameters", `{"Type": "archive-retrieval", "ArchiveId": "ARCHIVE_ID", "Tier": "Bulk"}`)},
	})
}

func (l *errands) showErrand(c *frame.Call, kind string, p frame.Page) error {
	name := c.Query.Get("vault")
	view := errandView{
		Vault: name, Kind: kind, Filter: filterOf(c.Query), Tiers: tiers, Self: c.Request.URL.RequestURI(),
		May: c.Rights(name, "DeleteArchive", "DeleteVault", "InitiateJob"),
	}
	q, err := view.Filter.query()
	if err != nil {
		return err
	}
	q.Limit = 1
	found, missing := c.Archives(name, q)
	if e := frame.AsRefusal(missing); missing != nil && (e == nil || e.Status != http.StatusNotFound) {
		return missing
	}
	view.Archives, view.Bytes = found.Archives, found.Bytes
	p.Data, p.Scripts = &view, []string{"live.js"}
	e := l.of(c.Caller.Account, name)
	if e != nil {
		s := e.state()
		view.State, view.Live, view.Last, view.Other = &s, e.busy(), e.last, e.kind != kind
		view.Narrow = e.filter.Narrow()
	}
	if missing == nil {
		return c.Render(http.StatusOK, "errand", c.OfVault(name, p))
	}
	if e == nil || !e.last || view.State.State != finished {
		return missing
	}
	view.Gone, p.Tab, p.Crumbs = true, "vaults", []frame.Crumb{{Text: "Vaults", Link: frame.Root + "vaults"}}
	return c.Render(http.StatusOK, "errand", p)
}

// empty does what a button of the page of emptying says.
func (l *errands) empty(c *frame.Call) error {
	return l.actOnErrand(c, &errand{kind: emptying, last: c.Form.Get("last") == "yes"}, "empty", c.Form.Get("vault"))
}

// retrieveAll does what a button of the page of retrieving says.
func (l *errands) retrieveAll(c *frame.Call) error {
	return l.actOnErrand(c, &errand{kind: retrieving, job: retrievalOf(c), filter: filterOf(c.Form)}, "retrieve", "all")
}

// actOnErrand begins an errand if the word has been typed that it takes, or
// does to the one that there is what the button says.
func (l *errands) actOnErrand(c *frame.Call, e *errand, at, word string) error {
	name := c.Form.Get("vault")
	back := frame.Link(at, append(filterOf(c.Form).params(), "vault", name)...)
	old := l.of(c.Caller.Account, name)
	kind := e.kind
	if old != nil && c.Form.Get("do") != "begin" {
		kind = old.kind
	}
	if !c.MayAll(name, "InitiateJob", "GetJobOutput") || kind == emptying && !c.MayAll(name, "DeleteArchive") {
		return c.Instead(back, frame.Refuse(http.StatusForbidden, "You are not allowed to do that to the archives of this vault."))
	}
	switch do := c.Form.Get("do"); {
	case do == "begin":
		if err := l.beginErrand(c, e, name, word); err != nil {
			return c.Instead(back, err)
		}
	case old == nil: // it is over, whatever was to be done to it
	case do == "pause":
		old.pause()
	case do == "resume":
		l.resume(old, c.LastingAPIs())
	case do == "forget":
		l.forget(old)
	default:
		return frame.Refuse(http.StatusBadRequest, "There is no such button.")
	}
	c.Redirect(back)
	return nil
}

// beginErrand begins an errand on a vault if the word has been typed.
func (l *errands) beginErrand(c *frame.Call, e *errand, name, word string) error {
	if c.Form.Get("word") != word {
		return frame.Refuse(http.StatusBadRequest, "Nothing was done: what you typed is not "+word+".")
	}
	if _, err := e.filter.query(); err != nil {
		return err
	}
	e.vault, e.owner, e.cfg, e.apis, e.did = name, c.Caller.Account, c.Config, c.LastingAPIs(), map[glacier.ArchiveID]bool{}
	return l.begin(e)
}
