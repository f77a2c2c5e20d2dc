package jobs

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"firn/glacier"
	"firn/internal/console/frame"
)

// jobRows is how many jobs a page shows. The description of a query may have
// 220 KiB, and a reply has a limit.
const jobRows = 25

// A jobList is what the list of a vault's jobs shows.
type jobList struct {
	Vault  string // "" for those of all vaults
	Show   string // what is shown: one of jobFilters
	Vaults bool   // it is one of all vaults
	Rows   []jobView
	Next   string // link to the next page
	First  string // link to the first, if this is another
	Here   string
	Pace   int
	Say    string
	Filter []jobFilter

	MayBegin  bool
	MayAsk    bool       // start a query
	Topic     string     // what a topic's name begins with
	Form      url.Values // of an inventory, as it was typed
	Complaint string     // why it was refused
}

// Typed reports whether something of the form is filled in that is not seen at
// first.
func (l jobList) Typed() bool {
	for _, name := range []string{"start", "end", "limit", "description", "topic"} {
		if l.Form.Get(name) != "" {
			return true
		}
	}
	return false
}

// DateField is the kind of field that can show what was typed as a date.
func (l jobList) DateField(name string) string {
	typed := l.Form.Get(name)
	if _, err := time.Parse(time.DateOnly, typed); typed != "" && err != nil {
		return "text"
	}
	return "date"
}

// A jobFilter is a choice of jobs, as the API has it.
type jobFilter struct{ Name, Text, status, completed string }

func jobFilters() []jobFilter {
	return []jobFilter{
		{"", "All jobs", "", ""},
		{"running", "In progress", glacier.InProgress, ""},
		{"ended", "Ended", "", "true"},
		{"succeeded", "Succeeded", glacier.Succeeded, ""},
		{"failed", "Failed", glacier.Failed, ""},
	}
}

// showJobs lists jobs: of a vault, or the latest of all.
func showJobs(c *frame.Call) error {
	if !c.Query.Has("vault") {
		return showRecentJobs(c)
	}
	vault, err := c.VaultName()
	if err != nil {
		return err
	}
	return vaultJobs(c, http.StatusOK, vault, url.Values{}, "")
}

// vaultJobs shows the jobs of a vault, with what was typed into the form, and
// why it was refused.
func vaultJobs(c *frame.Call, status int, vault string, form url.Values, complaint string) (err error) {
	show, marker := c.Query.Get("show"), c.Query.Get("marker")
	list := jobList{
		Vault: vault, Show: show, Filter: jobFilters(), MayBegin: c.MayAll(vault, "InitiateJob"),
		MayAsk: c.MayAll(vault, "InitiateJob", "GetJobOutput"),
		Here:   frame.Link("jobs", "vault", vault, "show", show, "marker", marker), Topic: topicPrefix(c),
		Form: form, Complaint: complaint,
	}
	q, options := filtered(show)
	if marker != "" {
		q.Set("marker", marker)
		list.First = frame.Link("jobs", "vault", vault, "show", show)
	}
	var got glacier.JobList
	if err := c.Get(frame.VaultPath(vault, "jobs")+"?"+q.Encode(), &got); err != nil {
		return err
	}
	if got.Marker != nil {
		list.Next = frame.Link("jobs", "vault", vault, "show", show, "marker", *got.Marker)
	}
	if list.Rows, err = viewJobs(c, vault, got.JobList...); err != nil {
		return err
	}
	list.Pace, list.Say = pace(list.Rows), inProgress(list.Rows)
	commands := []frame.Command{frame.GlacierCommand("List these jobs", "list-jobs", append([]string{"vault-name", vault}, options...)...)}
	if list.MayBegin {
		inventory := jobRequest{Type: glacier.InventoryRetrieval, Format: new(glacier.FormatJSON)}
		commands = append(commands, initiateCommand("Start an inventory", vault, inventory))
	}
	return c.Render(status, "jobs", c.OfVault(vault, frame.Page{
		Title: "Jobs of " + vault, Tab: "jobs", Data: list, Scripts: []string{"live.js"}, Wide: true, Commands: commands,
	}))
}

// filtered is a choice of jobs as a query of the API's, and as options of its
// command.
func filtered(show string) (q url.Values, options []string) {
	q = url.Values{"limit": {strconv.Itoa(jobRows)}}
	for _, f := range jobFilters() {
		if f.Name != show {
			continue
		}
		if f.status != "" {
			q.Set("statuscode", f.status)
			options = append(options, "statuscode", f.status)
		}
		if f.completed != "" {
			q.Set("completed", f.completed)
			options = append(options, "completed", f.completed)
		}
	}
	return q, options
}

// topicPrefix is what the name of a topic of the account begins with.
func topicPrefix(c *frame.Call) string {
	return "arn:aws:sns:" + c.Config.Region + ":" + string(c.Caller.Account) + ":"
}
