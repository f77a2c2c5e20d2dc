package jobs

import (
	"net/http"
	"net/url"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
)

// Where results go if nobody says where: as with firn select.
const (
	selectBucket = "firn-select"
	selectPrefix = "results"
)

// A selectPage is the editor of queries.
type selectPage struct {
	Vault    string
	Form     url.Values // as it was typed
	Refusal  string
	Marked   *marked // if the refusal names a place
	Tiers    []string
	Headers  []selectChoice
	Quotes   []selectChoice
	Examples []example
	Topic    string
}

type selectChoice struct{ Value, Text string }

type example struct{ Does, Expression, Link string }

// selectFields are the fields of the form beside the query, with what they are
// at first.
func selectFields() map[string]string {
	return map[string]string{
		"archive": "", "tier": glacier.Standard, "bucket": selectBucket, "prefix": selectPrefix, "description": "", "topic": "",
		"header": "", "field": "", "record": "", "quote": "", "escape": "", "comments": "",
		"outfield": "", "outrecord": "", "outquote": "", "outescape": "", "quotefields": "",
	}
}

// showSelect shows the editor: for an archive, or with the query of a job.
func showSelect(c *frame.Call) error {
	vault, err := c.VaultName()
	if err != nil {
		return err
	}
	form := url.Values{}
	if !c.MayAll(vault, "InitiateJob", "GetJobOutput") { // a query wants both
		return frame.Refuse(http.StatusForbidden, "You may not start queries in this vault.")
	}
	for name, value := range selectFields() {
		form.Set(name, value)
	}
	form.Set("expression", "SELECT *\nFROM archive\nLIMIT 10")
	if id := c.Query.Get("again"); id != "" {
		if err := fillAgain(c, form, vault, id); err != nil {
			return err
		}
	}
	for _, name := range []string{"archive", "expression", "header"} {
		if c.Query.Has(name) {
			form.Set(name, c.Query.Get(name))
		}
	}
	return editor(c, http.StatusOK, vault, form, nil)
}

// fillAgain fills the form with what a job was asked for.
func fillAgain(c *frame.Call, form url.Values, vault, id string) error {
	var d glacier.JobDescription
	if err := c.Get(frame.VaultPath(vault, "jobs", id), &d); err != nil {
		return err
	}
	j := jobView{JobDescription: d}
	q := j.Query()
	if q == nil {
		return frame.NotFound("That job is no query.")
	}
	set := func(name string, value *string) {
		if v := textOf(value); v != "" {
			form.Set(name, v)
		}
	}
	set("expression", q.Expression)
	set("tier", d.Tier)
	set("description", d.JobDescription)
	set("topic", d.SNSTopic)
	set("bucket", q.Location.BucketName)
	set("prefix", q.Location.Prefix)
	if d.ArchiveID != nil {
		form.Set("archive", string(*d.ArchiveID))
	}
	shown := func(name string, value *string) { form.Set(name, visible(textOf(value))) }
	if in := q.InputSerialization; in != nil && in.CSV != nil {
		form.Set("header", strings.ToUpper(textOf(in.CSV.FileHeaderInfo)))
		shown("field", in.CSV.FieldDelimiter)
		shown("record", in.CSV.RecordDelimiter)
		shown("quote", in.CSV.QuoteCharacter)
		shown("escape", in.CSV.QuoteEscapeCharacter)
		shown("comments", in.CSV.Comments)
	}
	if out := q.OutputSerialization; out != nil && out.CSV != nil {
		shown("outfield", out.CSV.FieldDelimiter)
		shown("outrecord", out.CSV.RecordDelimiter)
		shown("outquote", out.CSV.QuoteCharacter)
		shown("outescape", out.CSV.QuoteEscapeCharacter)
		form.Set("quotefields", strings.ToUpper(textOf(out.CSV.QuoteFields)))
	}
	return nil
}

// startSelect starts a query. If it is refused, what was typed is shown again.
func startSelect(c *frame.Call) error {
	vault, err := c.VaultName()
	if err != nil {
		return err
	}
	id, err := begin(c, vault, selectRequest(c.Form))
	if e := frame.AsRefusal(err); e != nil {
		return editor(c, e.Status, vault, c.Form, e)
	}
	if err != nil {
		return err
	}
	return c.Done(frame.Link("job", "vault", vault, "job", id), "The query has been started.")
}

// selectRequest is the job that a form asks for.
func selectRequest(form url.Values) jobRequest {
	typed := func(name string) *string { return some(actual(form.Get(name))) }
	q := jobRequest{
		Type: glacier.Select, ArchiveID: some(strings.TrimSpace(form.Get("archive"))), Tier: some(form.Get("tier")),
		Description: some(form.Get("description")), SNSTopic: some(strings.TrimSpace(form.Get("topic"))),
		OutputLocation: &glacier.OutputLocation{S3: &glacier.S3Location{
			BucketName: some(form.Get("bucket")), Prefix: some(form.Get("prefix")),
		}},
		SelectParameters: &glacier.SelectParameters{Expression: some(expressionOf(form)), ExpressionType: new("SQL")},
	}
	in := glacier.CSVInput{
		FileHeaderInfo: some(form.Get("header")), FieldDelimiter: typed("field"), RecordDelimiter: typed("record"),
		QuoteCharacter: typed("quote"), QuoteEscapeCharacter: typed("escape"), Comments: typed("comments"),
	}
	if in != (glacier.CSVInput{}) { // else it is found out whether it is JSON
		q.SelectParameters.InputSerialization = &glacier.InputSerialization{CSV: &in}
	}
	out := glacier.CSVOutput{
		FieldDelimiter: typed("outfield"), RecordDelimiter: typed("outrecord"), QuoteCharacter: typed("outquote"),
		QuoteEscapeCharacter: typed("outescape"), QuoteFields: some(form.Get("quotefields")),
	}
	if out != (glacier.CSVOutput{}) {
		q.SelectParameters.OutputSerialization = &glacier.OutputSerialization{CSV: &out}
	}
	return q
}

// expressionOf is the query of a form. Browsers send each end of a line as two
// characters, and places in the query are counted with one.
func expressionOf(form url.Values) string {
	return strings.ReplaceAll(form.Get("expression"), "\r\n", "\n")
}

// editor shows the form.
func editor(c *frame.Call, status int, vault string, form url.Values, e *frame.Refusal) error {
	p := selectPage{
		Vault: vault, Form: form, Topic: topicPrefix(c),
		Tiers:    []string{glacier.Expedited, glacier.Standard, glacier.Bulk},
		Headers:  []selectChoice{{"", "is data, as are lines of JSON"}, {"USE", "names the columns"}, {"IGNORE", "is left out"}},
		Quotes:   []selectChoice{{"", "where they need it"}, {"ALWAYS", "always"}},
		Examples: examples(vault, form.Get("archive")),
	}
	if e != nil {
		p.Refusal = e.Text
		if m := mark(expressionOf(form), e.Text); m.Line > 0 {
			p.Marked = m
		}
	}
	return c.Render(status, "select", ofJob(c, vault, frame.Page{
		Title: "Query an archive", Data: p, Scripts: []string{"select.js"},
		Commands: []frame.Command{initiateCommand("Start the query", vault, selectRequest(form))},
	}))
}

func examples(vault, archive string) []example {
	all := []example{
		{Does: "The first records", Expression: "SELECT *\nFROM archive\nLIMIT 10"},
		{Does: "Two columns of some records", Expression: "SELECT s._1, s._3\nFROM archive s\nWHERE s._2 > 100"},
		{Does: "Columns by name, if the first line has them, or the archive is JSON", Expression: "SELECT name, city\nFROM archive\nWHERE city LIKE 'O%'"},
		{Does: "Counts and sums", Expression: "SELECT COUNT(*), SUM(CAST(s._2 AS DECIMAL)), MAX(s._2)\nFROM archive s"},
		{Does: "A choice", Expression: "SELECT s._1, CASE WHEN s._2 > 100 THEN 'much' ELSE 'little' END\nFROM archive s"},
	}
	for i := range all {
		header := ""
		if strings.Contains(all[i].Expression, "city") {
			header = "USE"
		}
		all[i].Link = frame.Link("select", "vault", vault, "archive", archive, "expression", all[i].Expression, "header", header)
	}
	return all
}

// visible writes a text so that it can be seen in a field: a tab as \t.
func visible(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(s)
}

// actual reads it back. A backslash that stands for nothing else is one.
func actual(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r").Replace(s)
}

// Said reports whether one of some fields is filled in.
func (p selectPage) Said(names ...string) bool {
	for _, name := range names {
		if p.Form.Get(name) != "" {
			return true
		}
	}
	return false
}

// Elsewhere reports whether the result goes somewhere of the visitor's choice.
func (p selectPage) Elsewhere() bool {
	return p.Form.Get("bucket") != selectBucket || p.Form.Get("prefix") != selectPrefix || p.Said("description", "topic")
}
