package archives

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"firn/internal/console/frame"
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

// params are the filter as parameters, for [frame.Link].
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
		err = frame.Refuse(http.StatusBadRequest, "Every archive has at least one byte.")
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
		return at, frame.Refuse(http.StatusBadRequest, "A date is written like 2026-01-31.")
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
		return 0, frame.Refuse(http.StatusBadRequest, "A size is written like 700, 10 MiB or 1.5G.")
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
func showArchives(c *frame.Call) error {
	name, f := c.Query.Get("vault"), filterOf(c.Query)
	list := archiveList{
		Vault: name, Filter: f, Tiers: tiers, May: c.Rights(name, "DeleteArchive", "InitiateJob", "UploadArchive"),
		Self: frame.Link("archives", append(f.params(), "vault", name, "cursor", c.Query.Get("cursor"))...),
	}
	q, err := f.query()
	q.Cursor, q.Limit = c.Query.Get("cursor"), archivePage
	if e := frame.AsRefusal(err); e != nil {
		list.Complaint, q = e.Text, vault.ArchiveQuery{Limit: 1} // for the vault's figures
	}
	if list.Page, err = c.Archives(name, q); err != nil {
		return err
	}
	if list.Complaint != "" {
		list.Page.Rows, list.Page.Next, list.Page.Done = nil, "", true
	}
	to := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return frame.Link("archives", append(f.params(), "vault", name, "cursor", cursor)...)
	}
	list.Next, list.Previous = to(list.Page.Next), to(list.Page.Previous)
	return c.Render(http.StatusOK, "archives", c.OfVault(name, frame.Page{
		Title: "Archives of " + name, Tab: "archives", Data: list, Scripts: []string{"archives.js"},
		Commands: []frame.Command{
			frame.GlacierCommand("The AWS CLI lists archives by an inventory: start one", "initiate-job", "vault-name", name,
				"job-parameters", `{"Type": "inventory-retrieval"}`),
			frame.GlacierCommand("Retrieve an archive", "initiate-job", "vault-name", name,
				"job-parameters", `{"Type": "archive-retrieval", "ArchiveId": "ARCHIVE_ID", "Tier": "Standard"}`),
			frame.GlacierCommand("Delete an archive", "delete-archive", "vault-name", name, "archive-id", "ARCHIVE_ID"),
		},
	}))
}
