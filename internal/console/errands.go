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

	Archives, Bytes int64 // that there are now
	Locked          string
}

// Left is how many archives an errand has not come to yet.
func (v errandView) Left() int64 {
	if v.State == nil {
		return v.Archives
	}
	return max(0, v.State.Total-v.State.Done-v.State.Refused)
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
	if e := l.of(c.caller.Account, name); e != nil {
		s := e.state()
		view.State, view.Live, view.Last, view.Other = &s, e.busy(), e.last, e.kind != kind
		if s.State == finished && e.last && s.Refused == 0 {
			return c.showErrandDone(view, p) // the vault is gone, and has no figures
		}
	}
	q, err := view.Filter.query()
	if err != nil {
		return err
	}
	q.Limit = 1
	found, err := c.archives(name, q)
	if err != nil {
		return err
	}
	view.Archives, view.Bytes = found.Archives, found.Bytes
	p.Data, p.Scripts = view, []string{"live.js"}
	return c.render(http.StatusOK, "errand", c.ofVault(name, p))
}

// showErrandDone shows the page of a vault that is gone.
func (c *call) showErrandDone(view errandView, p page) error {
	p.Data, p.Tab = view, "vaults"
	p.Crumbs = []crumb{{"Vaults", Root + "vaults"}}
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
	owner := c.caller.Account
	old := l.of(owner, name)
	switch c.form.Get("do") {
	case "begin":
		if c.form.Get("word") != word {
			return c.instead(back, refuse(http.StatusBadRequest, "Nothing was done: what you typed is not "+word+"."))
		}
		if !c.mayAll(name, "InitiateJob", "GetJobOutput") || e.kind == emptying && !c.mayAll(name, "DeleteArchive") {
			return c.instead(back, refuse(http.StatusForbidden, "You are not allowed to do that to the archives of this vault."))
		}
		e.vault, e.owner, e.cfg, e.apis, e.did = name, owner, l.cfg, c.lastingAPIs(), map[glacier.ArchiveID]bool{}
		if err := l.begin(e); err != nil {
			return c.instead(back, err)
		}
	case "pause":
		if old != nil {
			old.pause()
		}
	case "resume":
		if old != nil {
			l.resume(old, c.lastingAPIs())
		}
	case "forget":
		l.forget(owner, name)
	default:
		return refuse(http.StatusBadRequest, "There is no such button.")
	}
	c.redirect(back)
	return nil
}

// lastingAPIs are the APIs for what goes on after the request.
func (c *call) lastingAPIs() apis {
	a := c.apis()
	from := &http.Request{RemoteAddr: c.r.RemoteAddr, TLS: c.r.TLS, Header: http.Header{}}
	for _, name := range introduced {
		from.Header[name] = c.r.Header.Values(name)
	}
	a.from = from
	return a
}
