package console

import (
	"net/http"

	"firn/glacier"
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
func (l *errands) showEmptying(c *call) error {
	name := c.query.Get("vault")
	return l.showErrand(c, emptying, page{
		Title: "Empty " + name, Tab: "empty",
		Commands: []command{
			glacierCommand("Delete an archive; once for each that an inventory lists", "delete-archive", "vault-name", name, "archive-id", "ARCHIVE_ID"),
			glacierCommand("Delete the vault when an inventory has shown that it is empty", "delete-vault", "vault-name", name),
		},
	})
}

// showRetrieving shows how all archives of a vault are retrieved, or those of a
// filter, and how far that is.
func (l *errands) showRetrieving(c *call) error {
	name := c.query.Get("vault")
	return l.showErrand(c, retrieving, page{
		Title: "Retrieve from " + name, Tab: "archives",
		Commands: []command{glacierCommand("Retrieve an archive; once for each that an inventory lists", "initiate-job", "vault-name", name,
			"job-parameters", `{"Type": "archive-retrieval", "ArchiveId": "ARCHIVE_ID", "Tier": "Bulk"}`)},
	})
}

func (l *errands) showErrand(c *call, kind string, p page) error {
	name := c.query.Get("vault")
	view := errandView{
		Vault: name, Kind: kind, Filter: filterOf(c.query), Tiers: tiers, Self: c.r.URL.RequestURI(),
		May: c.rights(name, "DeleteArchive", "DeleteVault", "InitiateJob"),
	}
	q, err := view.Filter.query()
	if err != nil {
		return err
	}
	q.Limit = 1
	found, missing := c.archives(name, q)
	if e := asRefusal(missing); missing != nil && (e == nil || e.status != http.StatusNotFound) {
		return missing
	}
	view.Archives, view.Bytes = found.Archives, found.Bytes
	p.Data, p.Scripts = &view, []string{"live.js"}
	e := l.of(c.caller.Account, name)
	if e != nil {
		s := e.state()
		view.State, view.Live, view.Last, view.Other = &s, e.busy(), e.last, e.kind != kind
		view.Narrow = e.filter.Narrow()
	}
	if missing == nil {
		return c.render(http.StatusOK, "errand", c.ofVault(name, p))
	}
	if e == nil || !e.last || view.State.State != finished {
		return missing
	}
	view.Gone, p.Tab, p.Crumbs = true, "vaults", []crumb{{"Vaults", Root + "vaults"}}
	return c.render(http.StatusOK, "errand", p)
}

// empty does what a button of the page of emptying says.
func (l *errands) empty(c *call) error {
	return l.actOnErrand(c, &errand{kind: emptying, last: c.form.Get("last") == "yes"}, "empty", c.form.Get("vault"))
}

// retrieveAll does what a button of the page of retrieving says.
func (l *errands) retrieveAll(c *call) error {
	return l.actOnErrand(c, &errand{kind: retrieving, job: c.retrievalOf(), filter: filterOf(c.form)}, "retrieve", "all")
}

// actOnErrand begins an errand if the word has been typed that it takes, or
// does to the one that there is what the button says.
func (l *errands) actOnErrand(c *call, e *errand, at, word string) error {
	name := c.form.Get("vault")
	back := link(at, append(filterOf(c.form).params(), "vault", name)...)
	old := l.of(c.caller.Account, name)
	kind := e.kind
	if old != nil && c.form.Get("do") != "begin" {
		kind = old.kind
	}
	if !c.mayAll(name, "InitiateJob", "GetJobOutput") || kind == emptying && !c.mayAll(name, "DeleteArchive") {
		return c.instead(back, refuse(http.StatusForbidden, "You are not allowed to do that to the archives of this vault."))
	}
	switch do := c.form.Get("do"); {
	case do == "begin":
		if err := l.beginErrand(c, e, name, word); err != nil {
			return c.instead(back, err)
		}
	case old == nil: // it is over, whatever was to be done to it
	case do == "pause":
		old.pause()
	case do == "resume":
		l.resume(old, c.lastingAPIs())
	case do == "forget":
		l.forget(old)
	default:
		return refuse(http.StatusBadRequest, "There is no such button.")
	}
	c.redirect(back)
	return nil
}

// beginErrand begins an errand on a vault if the word has been typed.
func (l *errands) beginErrand(c *call, e *errand, name, word string) error {
	if c.form.Get("word") != word {
		return refuse(http.StatusBadRequest, "Nothing was done: what you typed is not "+word+".")
	}
	if _, err := e.filter.query(); err != nil {
		return err
	}
	e.vault, e.owner, e.cfg, e.apis, e.did = name, c.caller.Account, c.cfg, c.lastingAPIs(), map[glacier.ArchiveID]bool{}
	return l.begin(e)
}
