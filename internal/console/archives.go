package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/vault"
)

// archivePage is how many archives a page shows.
const archivePage = 50

// An archiveFilter is what of a vault's archives is shown, as it stands in the
// address and in the form.
type archiveFilter struct {
	Match, From, To, Least, Most, Order string
}

// filterOf reads a filter.
func filterOf(q url.Values) archiveFilter {
	return archiveFilter{
		Match: strings.TrimSpace(q.Get("match")), From: q.Get("from"), To: q.Get("to"),
		Least: strings.TrimSpace(q.Get("least")), Most: strings.TrimSpace(q.Get("most")), Order: q.Get("order"),
	}
}

// Narrow reports whether anything is left out.
func (f archiveFilter) Narrow() bool {
	f.Order = ""
	return f != archiveFilter{}
}

// params are the filter as parameters, for [link].
func (f archiveFilter) params() []string {
	return []string{"match", f.Match, "from", f.From, "to", f.To, "least", f.Least, "most", f.Most, "order", f.Order}
}

// query is the filter as the rules know it.
func (f archiveFilter) query() (vault.ArchiveQuery, error) {
	q := vault.ArchiveQuery{Match: f.Match, Oldest: f.Order == "oldest"}
	var err error
	if q.From, err = day(f.From, 0); err != nil {
		return q, err
	}
	if q.To, err = day(f.To, 1); err != nil { // the whole of the last day
		return q, err
	}
	if q.Least, err = byteSize(f.Least); err != nil {
		return q, err
	}
	q.Most, err = byteSize(f.Most)
	if err == nil && f.Most != "" && q.Most == 0 {
		err = refuse(http.StatusBadRequest, "Every archive has at least one byte.")
	}
	return q, err
}

// day reads a date, moved by some days; the zero time for none.
func day(s string, move int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return at, refuse(http.StatusBadRequest, "A date is written like 2026-01-31.")
	}
	return at.AddDate(0, 0, move), nil
}

// byteSize reads a size such as 10M or 1.5 GiB, in binary units; 0 for none.
func byteSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	digits := strings.TrimRight(s, " KMGTIBkmgtib")
	unit := strings.ToUpper(strings.Trim(strings.TrimPrefix(s, digits), " IiBb"))
	shift := map[string]int{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
	n, err := strconv.ParseFloat(digits, 64)
	bits, known := shift[unit]
	if err != nil || !known || !(n >= 0 && n <= 1<<50) { // no NaN either
		return 0, refuse(http.StatusBadRequest, "A size is written like 700, 10 MiB or 1.5G.")
	}
	return int64(min(n*float64(int64(1)<<bits), 1<<62)), nil
}

// An archiveList is what the list of archives shows.
type archiveList struct {
	Vault          string
	Filter         archiveFilter
	Complaint      string // what is wrong with the filter
	Page           vault.ArchivePage
	Next, Previous string // addresses, "" if there is none
	Self           string // the address of this page
	May            map[string]bool
	Tiers          []string
}

// showArchives lists a vault's archives.
func showArchives(c *call) error {
	name, f := c.query.Get("vault"), filterOf(c.query)
	list := archiveList{
		Vault: name, Filter: f, Tiers: tiers, May: c.rights(name, "DeleteArchive", "InitiateJob", "UploadArchive"),
		Self: link("archives", append(f.params(), "vault", name, "cursor", c.query.Get("cursor"))...),
	}
	q, err := f.query()
	q.Cursor, q.Limit = c.query.Get("cursor"), archivePage
	if e := asRefusal(err); e != nil {
		list.Complaint, q = e.text, vault.ArchiveQuery{Limit: 1} // for the vault's figures
	}
	if list.Page, err = c.archives(name, q); err != nil {
		return err
	}
	if list.Complaint != "" {
		list.Page.Rows, list.Page.Next, list.Page.Done = nil, "", true
	}
	to := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return link("archives", append(f.params(), "vault", name, "cursor", cursor)...)
	}
	list.Next, list.Previous = to(list.Page.Next), to(list.Page.Previous)
	return c.render(http.StatusOK, "archives", c.ofVault(name, page{
		Title: "Archives of " + name, Tab: "archives", Data: list, Scripts: []string{"archives.js"},
		Commands: []command{
			glacierCommand("The AWS CLI lists archives by an inventory: start one", "initiate-job", "vault-name", name,
				"job-parameters", `{"Type": "inventory-retrieval"}`),
			glacierCommand("Retrieve an archive", "initiate-job", "vault-name", name,
				"job-parameters", `{"Type": "archive-retrieval", "ArchiveId": "ARCHIVE_ID", "Tier": "Standard"}`),
			glacierCommand("Delete an archive", "delete-archive", "vault-name", name, "archive-id", "ARCHIVE_ID"),
		},
	}))
}

// archives asks the rules for a page of archives: who may take an inventory
// and read it may have the same from here.
func (c *call) archives(name string, q vault.ArchiveQuery) (vault.ArchivePage, error) {
	if !c.mayAll(name, "InitiateJob", "GetJobOutput") {
		return vault.ArchivePage{}, refuse(http.StatusForbidden,
			"To see a vault's archives you need to be allowed what an inventory takes: glacier:InitiateJob and glacier:GetJobOutput.")
	}
	page, err := c.cfg.Vaults.Archives(c.r.Context(), c.caller.Account, glacier.VaultName(name), q)
	c.recordLook("ListArchives", err, "accountId", string(c.caller.Account), "vaultName", name)
	return page, err
}
