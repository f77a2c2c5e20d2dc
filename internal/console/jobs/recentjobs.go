package jobs

import (
	"net/http"

	"firn/glacier"
	"firn/internal/console/frame"
	"firn/internal/job"
)

// showRecentJobs lists the latest jobs of all vaults whose jobs the visitor may
// see.
func showRecentJobs(c *frame.Call) error {
	show, marker := c.Query.Get("show"), c.Query.Get("marker")
	list := jobList{Show: show, Vaults: true, Here: frame.Link("jobs", "show", show, "marker", marker)}
	q := job.RecentQuery{Cursor: marker, Limit: jobRows}
	for _, f := range jobFilters() {
		if f.completed == "" { // which is more than one state
			list.Filter = append(list.Filter, f)
		}
		if f.Name == show {
			q.Status = f.status
		}
	}
	got, err := c.Config.Jobs.Recent(c.Request.Context(), c.Caller.Account, q)
	c.RecordLook(glacier.Service, "ListJobs", err, "accountId", string(c.Caller.Account), "statuscode", q.Status)
	if err != nil {
		return err
	}
	if list.Rows, err = viewRecent(c, got.Jobs); err != nil {
		return err
	}
	if marker != "" {
		list.First = frame.Link("jobs", "show", show)
	}
	if got.Next != "" {
		list.Next = frame.Link("jobs", "show", show, "marker", got.Next)
	}
	list.Pace, list.Say = pace(list.Rows), inProgress(list.Rows)
	return c.Render(http.StatusOK, "jobs", frame.Page{
		Title: "Jobs", Tab: "jobs", Data: list, Scripts: []string{"live.js"}, Wide: true,
		Commands: []frame.Command{frame.GlacierCommand("The AWS CLI lists them vault by vault", "list-jobs", "vault-name", "NAME")},
	})
}

// viewRecent completes jobs of several vaults, in their order. Left out are
// those that the visitor may not see, and those of a vault that has gone since.
func viewRecent(c *frame.Call, jobs []job.RecentJob) ([]jobView, error) {
	byVault := map[glacier.VaultName][]glacier.JobDescription{}
	for _, j := range jobs {
		byVault[j.Vault] = append(byVault[j.Vault], j.JobDescription)
	}
	views := map[glacier.JobID]jobView{}
	for name, list := range byVault {
		if !c.MayAll(string(name), "ListJobs") {
			continue
		}
		seen, err := viewJobs(c, string(name), list...)
		if frame.AsRefusal(err) != nil {
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
