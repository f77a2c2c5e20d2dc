package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/access"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the templates, each with the layout around it.
type pages map[string]*template.Template

// parsePages reads what is built in. A file whose name begins with an
// underscore is shared by all pages.
func parsePages(version string) (pages, error) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
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
		t, err := template.New("layout").Funcs(funcs).ParseFS(templateFiles, "templates/_*.html", name)
		if err != nil {
			return nil, fmt.Errorf("parse the console's template %s: %w", base, err)
		}
		all[strings.TrimSuffix(base, ".html")] = t
	}
	return all, nil
}

// A page is what a template shows.
type page struct {
	Title    string
	Tab      string    // of the navigation that is current
	Crumbs   []crumb   // the way here, without the page itself
	Vault    string    // whose tabs are shown; "" for none
	Commands []command // that do the same
	Scripts  []string  // modules of the assets
	Wide     bool
	Data     any

	// What render fills in.
	User, Who, Account, Region, CSRF, Version, Next string
	Flash                                           flash
	Nav                                             []navigation
	Tabs                                            []navigation
}

type crumb struct{ Text, Link string }

// A navigation is a place to go to.
type navigation struct {
	Text, Link string
	Current    bool
}

// render answers with a page.
func (c *call) render(status int, name string, p page) error {
	p.Region, p.Version = c.cfg.Region, c.h.version
	if c.session != nil {
		p.User, p.Who, p.Account, p.CSRF = "root", c.caller.ARN(), string(c.caller.Account), c.session.csrf
		if !c.caller.Root() {
			p.User = c.caller.User
		}
		if !byItself(c.r) { // what is to be said is for the next page that somebody looks at
			if c.r.Method != http.MethodHead {
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
	c.begun = true
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(b.Bytes()) // who has gone away gets nothing
	}
	return nil
}

// place is the part of the console that the page is in.
func (p *page) place() string {
	if p.Vault != "" {
		return "vaults"
	}
	return p.Tab
}

// navigation is what the caller may go to.
func (c *call) navigation(current string) []navigation {
	var all []navigation
	for _, n := range []struct {
		text, page string
		shown      bool
	}{
		{"Vaults", "vaults", c.may("glacier:ListVaults")},
		{"Jobs", "jobs", c.may("glacier:ListJobs")},
		{"Topics", "topics", c.may("sns:ListTopics")},
		{"Users", "users", c.may("iam:ListUsers")},
		{"Your keys", "user", !c.may("iam:ListUsers") && c.permitted("iam:ListAccessKeys", "", glacier.ARN(c.caller.ARN()))},
		{"Capacity", "capacity", c.may("glacier:ListProvisionedCapacity") || c.may("glacier:GetDataRetrievalPolicy")},
		{"System", "system", c.may("glacier:ListVaults") || c.runsServer()},
		{"Audit", "audit", c.audits()},
	} {
		if n.shown {
			all = append(all, navigation{n.text, Root + n.page, n.page == current})
		}
	}
	return all
}

// tabs are the pages of a vault that the caller may see.
func (c *call) tabs(vault, current string) []navigation {
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
		if c.mayAll(vault, n.actions...) {
			all = append(all, navigation{n.text, link(n.page, "vault", vault), n.page == current})
		}
	}
	return all
}

// may reports whether the caller may do something that is about no vault of its
// own.
func (c *call) may(action string) bool {
	return c.permitted(action, "", c.resourceOf(action))
}

// mayAll reports whether the caller may do all of some things of the vault API
// to a vault.
func (c *call) mayAll(vault string, operations ...string) bool {
	for _, op := range operations {
		name := glacier.VaultName(vault)
		if !c.permitted("glacier:"+op, name, glacier.VaultARN(c.cfg.Region, c.caller.Account, name)) {
			return false
		}
	}
	return true
}

// permitted asks as the API would.
func (c *call) permitted(action string, vault glacier.VaultName, resource glacier.ARN) bool {
	return c.cfg.Access.May(c.r.Context(), access.Request{
		Caller: c.caller, Client: c.client, Action: action, Owner: c.caller.Account, Vault: vault, Resource: resource,
	})
}

// rights are those of some operations that the caller may do to a vault.
func (c *call) rights(vault string, operations ...string) map[string]bool {
	all := make(map[string]bool, len(operations))
	for _, op := range operations {
		all[op] = c.mayAll(vault, op)
	}
	return all
}
