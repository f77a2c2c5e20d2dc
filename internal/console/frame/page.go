package frame

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"firn/glacier"
)

// pages are the templates, each with the layout around it.
type pages map[string]*template.Template

// ParsePages reads what is built in. A file whose name begins with an
// underscore is shared by all pages.
func ParsePages(files fs.FS, version string) (pages, error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the console's templates: %w", err)
	}
	funcs := words()
	funcs["asset"] = func(name string) string { return Root + "assets/" + name + "?" + version }
	all := pages{}
	for _, name := range names {
		base := path.Base(name)
		if strings.HasPrefix(base, "_") {
			continue
		}
		t, err := template.New("layout").Funcs(funcs).ParseFS(files, "templates/_*.html", name)
		if err != nil {
			return nil, fmt.Errorf("parse the console's template %s: %w", base, err)
		}
		all[strings.TrimSuffix(base, ".html")] = t
	}
	return all, nil
}

// A Page is what a template shows.
type Page struct {
	Title    string
	Tab      string    // of the navigation that is current
	Crumbs   []Crumb   // the way here, without the page itself
	Vault    string    // whose tabs are shown; "" for none
	Commands []Command // that do the same
	Scripts  []string  // modules of the assets
	Wide     bool
	Data     any

	// What render fills in.
	User, Who, Account, Region, CSRF, Version, Next string
	Flash                                           flash
	Nav                                             []navigation
	Tabs                                            []navigation
}

// A Crumb is a step on the way to a page.
type Crumb struct{ Text, Link string }

// A navigation is a place to go to.
type navigation struct {
	Text, Link string
	Current    bool
}

// Render answers with a page.
func (c *Call) Render(status int, name string, p Page) error {
	p.Region, p.Version = c.Config.Region, c.h.version
	if c.session != nil {
		p.User, p.Who, p.Account, p.CSRF = "root", c.Caller.ARN(), string(c.Caller.Account), c.session.csrf
		if !c.Caller.Root() {
			p.User = c.Caller.User
		}
		if !byItself(c.Request) { // what is to be said is for the next page that somebody looks at
			if c.Request.Method != http.MethodHead {
				p.Flash = c.h.sessions.said(c.session)
			}
		}
		p.Nav = c.navigation(p.place())
		p.Tabs = c.tabs(p.Vault, p.Tab)
	}
	t, ok := c.h.pages[name]
	if !ok {
		return fmt.Errorf("there is no template %s", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", &p); err != nil {
		return fmt.Errorf("make page %s: %w", name, err)
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience)) // fails only on a connection that is gone
	c.Begun = true
	c.Writer.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.Writer.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	c.Writer.WriteHeader(status)
	if c.Request.Method != http.MethodHead {
		_, _ = c.Writer.Write(b.Bytes()) // who has gone away gets nothing
	}
	return nil
}

// place is the part of the console that the page is in.
func (p *Page) place() string {
	if p.Vault != "" {
		return "vaults"
	}
	return p.Tab
}

// navigation is what the caller may go to.
func (c *Call) navigation(current string) []navigation {
	var all []navigation
	for _, n := range []struct {
		text, page string
		shown      bool
	}{
		{"Vaults", "vaults", c.May("glacier:ListVaults") || c.MayAnywhere("glacier:DescribeVault") || c.MayAnywhere("glacier:CreateVault")},
		{"Jobs", "jobs", c.MayAnywhere("glacier:ListJobs")},
		{"Topics", "topics", c.May("sns:ListTopics")},
		{"Users", "users", c.May("iam:ListUsers")},
		{"Your keys", "user", !c.May("iam:ListUsers") && c.Permitted("iam:ListAccessKeys", "", glacier.ARN(c.Caller.ARN()))},
		{"Capacity", "capacity", c.May("glacier:ListProvisionedCapacity") || c.May("glacier:GetDataRetrievalPolicy")},
		{"System", "system", c.May("glacier:ListVaults") || c.RunsServer()},
		{"Audit", "audit", c.Audits()},
	} {
		if n.shown {
			all = append(all, navigation{n.text, Root + n.page, n.page == current})
		}
	}
	return all
}

// tabs are the pages of a vault that the caller may see.
func (c *Call) tabs(vault, current string) []navigation {
	if vault == "" {
		return nil
	}
	var all []navigation
	for _, n := range []struct {
		text, page string
		actions    []string
	}{
		{"Overview", "vault", []string{"DescribeVault"}},
		{"Archives", "archives", []string{"InitiateJob", "GetJobOutput"}},
		{"Upload", "upload", []string{"InitiateMultipartUpload", "UploadArchive"}},
		{"Jobs", "jobs", []string{"ListJobs"}},
		{"Tags", "tags", []string{"ListTagsForVault"}},
		{"Notifications", "notifications", []string{"GetVaultNotifications"}},
		{"Access policy", "policy", []string{"GetVaultAccessPolicy"}},
		{"Lock", "lock", []string{"GetVaultLock"}},
	} {
		if c.MayAll(vault, n.actions...) {
			all = append(all, navigation{n.text, Link(n.page, "vault", vault), n.page == current})
		}
	}
	return all
}
