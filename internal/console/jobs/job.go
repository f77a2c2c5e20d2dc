package jobs

import (
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
)

// A jobPage is what the page of a job shows.
type jobPage struct {
	jobView
	Here     string
	Pace     int
	Say      string
	Advice   advice  // if the job has failed
	Table    *table  // the beginning of an output that is one
	Trouble  string  // why there is no table
	Rest     bool    // the inventory has another page
	Again    string  // link to the editor, of a query
	Marked   *marked // the query, with the place of its error
	MayBegin bool
}

// showJob describes a job.
func showJob(c *frame.Call) error {
	vault, err := c.VaultName()
	if err != nil {
		return err
	}
	id := c.Query.Get("job")
	if id == "" { // which the API would take for the list
		return frame.NotFound("There is no such job.")
	}
	var d glacier.JobDescription
	if err := c.Get(frame.VaultPath(vault, "jobs", id), &d); err != nil {
		return err
	}
	views, err := viewJobs(c, vault, d)
	if err != nil {
		return err
	}
	j := jobPage{jobView: views[0], Here: frame.Link("job", "vault", vault, "job", id), Pace: pace(views)}
	j.Say = "The job: " + strings.ToLower(j.State()) + "."
	j.MayBegin = c.MayAll(vault, "InitiateJob")
	if p := d.InventoryRetrievalParameters; p != nil && d.StatusCode == glacier.Succeeded {
		j.Rest = p.Marker != nil
	}
	if d.StatusCode == glacier.Failed {
		j.Advice = advise(textOf(d.StatusMessage))
	}
	if q := j.Query(); q != nil {
		j.Marked = mark(q.expression(), textOf(d.StatusMessage))
		if j.MayBegin && j.MayFetch {
			j.Again = frame.Link("select", "vault", vault, "again", id)
		}
	}
	if err := preview(c, &j); err != nil {
		return err
	}
	return c.Render(http.StatusOK, "job", ofJob(c, vault, frame.Page{
		Title: j.Title(), Data: j, Scripts: []string{"live.js"}, Commands: j.commands(),
	}))
}

// ofJob completes the page of a job.
func ofJob(c *frame.Call, vault string, p frame.Page) frame.Page {
	p.Tab = "jobs"
	p = c.OfVault(vault, p)
	p.Crumbs = append(p.Crumbs, frame.Crumb{Text: "Jobs", Link: frame.Link("jobs", "vault", vault)})
	return p
}

// commands are those that do what the page does.
func (j *jobPage) commands() []frame.Command {
	id := string(j.JobID)
	all := []frame.Command{frame.GlacierCommand("Describe the job", "describe-job", "vault-name", j.Vault, "job-id", id)}
	if j.Fetchable() {
		file := j.FileName()
		if file == "" {
			file = fileName(j.More.Note, "archive")
		}
		all = append(all,
			outputCommand("Fetch the output", j.Vault, id, file),
			outputCommand("Fetch the first MiB of it", j.Vault, id, file, "range", "bytes=0-1048575"))
	}
	if j.MayBegin {
		all = append(all, initiateCommand("Start such a job", j.Vault, j.again()))
	}
	return all
}
