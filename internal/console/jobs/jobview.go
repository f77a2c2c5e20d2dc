package jobs

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/console/frame"
	"firn/internal/job"
)

// inList is how many characters of a text are shown where there are many.
const inList = 120

// A jobView is a job as pages show it.
type jobView struct {
	glacier.JobDescription
	Vault    string
	More     job.Particulars
	MayFetch bool

	now time.Time
}

// viewJobs completes jobs of a vault that the API has shown. What only an
// output tells stays out for those who may not have it.
func viewJobs(c *frame.Call, vault string, jobs ...glacier.JobDescription) ([]jobView, error) {
	ids := make([]glacier.JobID, len(jobs))
	for i := range jobs {
		ids[i] = jobs[i].JobID
	}
	more, err := c.Config.Jobs.Particulars(c.Request.Context(), c.Caller.Account, glacier.VaultName(vault), ids...)
	if err != nil {
		return nil, err
	}
	fetch := c.MayAll(vault, "GetJobOutput")
	views := make([]jobView, len(jobs))
	for i := range jobs {
		v := jobView{JobDescription: jobs[i], Vault: vault, More: more[jobs[i].JobID], MayFetch: fetch, now: c.Config.Now()}
		if !fetch {
			v.More.Note = ""
		}
		views[i] = v
	}
	return views, nil
}

// Kind is what sort of job it is.
func (j jobView) Kind() string {
	switch j.Action {
	case glacier.ActionInventoryRetrieval:
		return "Inventory"
	case glacier.ActionSelect:
		return "Query"
	}
	return "Archive"
}

// Title is what the job's page is called.
func (j jobView) Title() string {
	switch {
	case j.Action == glacier.ActionInventoryRetrieval:
		return "Inventory of " + j.Vault
	case j.Action == glacier.ActionSelect && j.More.Note != "":
		return "Query over " + frame.Clip(j.More.Note, inList)
	case j.Action == glacier.ActionSelect:
		return "Query"
	case j.More.Note != "":
		return "Retrieval of " + frame.Clip(j.More.Note, inList)
	}
	return "Retrieval"
}

// State is how it stands with the job, in two words at most.
func (j jobView) State() string {
	switch {
	case j.StatusCode != glacier.InProgress:
		return j.StatusCode
	case j.Waits():
		return "Waiting"
	}
	return "In progress"
}

// Tone is the colour of the state's badge.
func (j jobView) Tone() string {
	switch {
	case j.StatusCode == glacier.Succeeded:
		return "good"
	case j.StatusCode == glacier.Failed:
		return "bad"
	case j.Waits():
		return "warn"
	}
	return ""
}

// Waits reports whether the job's time has not come.
func (j jobView) Waits() bool { return !j.Completed && j.now.Before(j.More.Due) }

// Fetchable reports whether there is an output for the visitor.
func (j jobView) Fetchable() bool { return j.MayFetch && j.StatusCode == glacier.Succeeded }

// What is what the job gets, in a few words.
func (j jobView) What() string {
	switch j.Action {
	case glacier.ActionInventoryRetrieval:
		return j.whatInventory()
	case glacier.ActionSelect:
		return frame.Clip(j.Query().expression(), inList)
	}
	what := frame.Clip(j.More.Note, inList)
	if what == "" && j.ArchiveID != nil {
		what = frame.Short(*j.ArchiveID)
	}
	if j.Part() {
		what += ", bytes " + *j.RetrievalByteRange
	}
	return what
}

// Described is the beginning of the job's description.
func (j jobView) Described() string {
	return frame.Clip(textOf(j.JobDescription.JobDescription), inList)
}

func (j jobView) whatInventory() string {
	p := j.InventoryRetrievalParameters
	if p == nil {
		return ""
	}
	what := p.Format
	if p.StartDate != nil {
		what += ", from " + *p.StartDate
	}
	if p.EndDate != nil {
		what += ", before " + *p.EndDate
	}
	if p.Limit != nil {
		what += ", at most " + *p.Limit
	}
	return what
}

// Part reports whether the job retrieves less than the archive.
func (j jobView) Part() bool {
	return j.RetrievalByteRange != nil && j.ArchiveSizeInBytes != nil &&
		*j.RetrievalByteRange != "0-"+strconv.FormatInt(*j.ArchiveSizeInBytes-1, 10)
}

// Link is the job's page.
func (j jobView) Link() string { return frame.Link("job", "vault", j.Vault, "job", string(j.JobID)) }

// ArchivePage is the page of the archive that the job is about.
func (j jobView) ArchivePage() string {
	if j.ArchiveID == nil {
		return ""
	}
	return frame.Link("archive", "vault", j.Vault, "archive", string(*j.ArchiveID))
}

// Output is where the output comes from.
func (j jobView) Output() string {
	return frame.Link("output", "vault", j.Vault, "job", string(j.JobID), "name", j.FileName())
}

// FileName is the name of the output as a file, empty if the archive's
// description says it.
func (j jobView) FileName() string {
	switch {
	case j.Action == glacier.ActionSelect:
		return j.Vault + "-query.csv"
	case j.Action != glacier.ActionInventoryRetrieval:
		return ""
	case j.InventoryRetrievalParameters != nil && j.InventoryRetrievalParameters.Format == glacier.FormatCSV:
		return j.Vault + "-inventory.csv"
	}
	return j.Vault + "-inventory.json"
}

// Lasting is how long the job takes at least, empty if it takes no longer than
// its work.
func (j jobView) Lasting() string {
	d := j.More.Due.Sub(j.CreationDate.Time)
	if d <= 0 {
		return ""
	}
	return lasting(d)
}

// A query is what a select job was asked for.
type query struct {
	glacier.SelectParameters
	Location glacier.S3Location
}

// Query reads it; nil if the job is none.
func (j jobView) Query() *query {
	if j.Action != glacier.ActionSelect {
		return nil
	}
	var q query
	var o glacier.OutputLocation
	if json.Unmarshal(j.SelectParameters, &q.SelectParameters) != nil || json.Unmarshal(j.OutputLocation, &o) != nil {
		return &q // it is not there: the API has shown what it has
	}
	if o.S3 != nil {
		q.Location = *o.S3
	}
	return &q
}

func (q *query) expression() string { return textOf(q.Expression) }

// textOf is the value of an optional string.
func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// pace is how many seconds a page that shows jobs waits before it asks again; 0
// if they have all ended.
func pace(jobs []jobView) int {
	const quick, slow = 2 * time.Second, time.Minute
	next := time.Duration(0)
	for i := range jobs {
		if jobs[i].Completed {
			continue
		}
		wait := min(max(jobs[i].More.Due.Sub(jobs[i].now)/4, quick), slow)
		if next == 0 || wait < next {
			next = wait
		}
	}
	return int(next / time.Second)
}

// lasting says a length of time in its largest units.
func lasting(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int64(d / u.unit); n > 0 && len(parts) < 2 {
			parts = append(parts, frame.Plural(n, u.name))
			d -= time.Duration(n) * u.unit
		}
	}
	if len(parts) == 0 {
		return "no time"
	}
	return strings.Join(parts, " and ")
}

// inProgress says how many jobs are.
func inProgress(jobs []jobView) string {
	n := 0
	for i := range jobs {
		if !jobs[i].Completed {
			n++
		}
	}
	if n == 0 {
		return "No job is in progress."
	}
	return fmt.Sprintf("%s in progress.", frame.Plural(n, "job"))
}

// LastByte is the last byte of the output.
func (j jobView) LastByte() int64 { return j.More.Size - 1 }

// Input says how the archive is to be read, as far as that was said.
func (q *query) Input() string {
	in := q.InputSerialization
	if in == nil {
		return ""
	}
	said := pairs{}
	said.add("packed", in.CompressionType)
	if c := in.CSV; c != nil {
		said.add("first line", c.FileHeaderInfo)
		said.add("fields end with", c.FieldDelimiter)
		said.add("records end with", c.RecordDelimiter)
		said.add("quotes", c.QuoteCharacter)
		said.add("escapes", c.QuoteEscapeCharacter)
		said.add("comments", c.Comments)
	}
	if j := in.JSON; j != nil {
		said.add("JSON", j.Type)
	}
	return strings.Join(said, ", ")
}

// Form says how the result is to be written, as far as that was said.
func (q *query) Form() string {
	if q.OutputSerialization == nil || q.OutputSerialization.CSV == nil {
		return ""
	}
	c, said := q.OutputSerialization.CSV, pairs{}
	said.add("fields end with", c.FieldDelimiter)
	said.add("records end with", c.RecordDelimiter)
	said.add("quotes", c.QuoteCharacter)
	said.add("escapes", c.QuoteEscapeCharacter)
	said.add("fields are quoted", c.QuoteFields)
	return strings.Join(said, ", ")
}

// pairs are settings that were given.
type pairs []string

func (p *pairs) add(name string, value *string) {
	if v := textOf(value); v != "" {
		*p = append(*p, name+" "+visible(v))
	}
}
