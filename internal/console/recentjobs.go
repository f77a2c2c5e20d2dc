package console

import (
	"net/http"

	"firn/glacier"
	"firn/internal/job"
)

// showRecentJobs lists the latest jobs of all vaults whose jobs the visitor may
// see.
func showRecentJobs(c *call) error {
	show, marker := c.query.Get("show"), c.query.Get("marker")
	list := jobList{Show: show, Vaults: true, Here: link("jobs", "show", show, "marker", marker)}
	q := job.RecentQuery{Cursor: marker, Limit: jobRows}
	for _, f := range jobFilters() {
		if f.completed == "" { // which is more than one state
			list.Filter = append(list.Filter, f)
		}
		if f.Name == show {
			q.Status = f.status
		}
	}
	got, err := c.h.cfg.Jobs.Recent(c.r.Context(), c.caller.Account, q)
	if err != nil {
		return err
	}
	if list.Rows, err = c.viewRecent(got.Jobs); err != nil {
		return err
	}
	if marker != "" {
		list.First = link("jobs", "show", show)
	}
	if got.Next != "" {
		list.Next = link("jobs", "show", show, "marker", got.Next)
	}
	list.Pace, list.Say = pace(list.Rows), inProgress(list.Rows)
	return c.render(http.StatusOK, "jobs", page{
		Title: "Jobs", Tab: "jobs", Data: list, Scripts: []string{"live.js"}, Wide: true,
		Commands: []command{glacierCommand("The AWS CLI lists them vault by vault", "list-jobs", "vault-name", "NAME")},
	})
}

// viewRecent completes jobs of several vaults, in their order. Left out are
// those that the visitor may not see, and those of a vault that has gone since.
func (c *call) viewRecent(jobs []job.RecentJob) ([]jobView, error) {
	byVault := map[glacier.VaultName][]glacier.JobDescription{}
	for _, j := range jobs {
		byVault[j.Vault] = append(byVault[j.Vault], j.JobDescription)
	}
	views := map[glacier.JobID]jobView{}
	for name, list := range byVault {
		if !c.mayAll(string(name), "ListJobs") {
			continue
		}
		seen, err := c.viewJobs(string(name), list...)
		if asRefusal(err) != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, v := range seen {
			views[v.JobID] = v
		}
	}
	var rows []jobView
	for _, j := range jobs {
		if v, ok := views[j.JobID]; ok {
			rows = append(rows, v)
		}
	}
	return rows, nil
}
