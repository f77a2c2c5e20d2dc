package console_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firn/glacier"
)

const people = "name,age,city\nAnn,31,Oslo\nBob,45,\"Bergen, by the sea\"\nEve,<b>29,Oslo\n"

// asked starts a query with the form, and returns the job and its page.
func (v *visitor) asksArchive(vault string, fields ...string) (id string, page answer) {
	v.t.Helper()
	a := v.submit(at("select", vault), fields...)
	if !strings.Contains(a.text(), "The query has been started.") {
		v.t.Fatalf("the query was refused: %s", a.text())
	}
	var list glacier.JobList
	if err := json.Unmarshal([]byte(v.must(http.MethodGet, "/-/vaults/"+vault+"/jobs?limit=1", "")), &list); err != nil {
		v.t.Fatal(err)
	}
	id = string(list.JobList[0].JobID)
	v.finished(vault, id)
	return id, v.page(at("job", vault, "job", id))
}

func TestAnArchiveIsAsked(t *testing.T) {
	v := signedIn(t)
	v.vault("reports")
	archive := v.upload("reports", people)
	a := v.page(at("select", "reports", "archive", archive))
	if !strings.Contains(a.body, `value="`+archive+`"`) {
		t.Errorf("the archive is not filled in:\n%s", a.body)
	}
	v.says(a, "SELECT * FROM archive LIMIT 10", "Examples", `aws glacier initiate-job --account-id - --vault-name reports --job-parameters '{"Type":"select"`)
	fields := []string{"archive", archive, "tier", "Expedited", "header", "USE", "bucket", "firn-select", "prefix", "results"}
	id, a := v.asksArchive("reports", append(fields, "expression", "SELECT s.city, s.age\r\nFROM archive s\r\nWHERE s.city <> 'x'")...)
	v.says(a, "Succeeded", "Result", "Bergen, by the sea", "<b>29", "That is all: 3 rows.", "SELECT s.city, s.age FROM archive s", "Expedited",
		"first line USE", "firn-select", "results/"+id+"/", "FROM archive s")
	v.lacks(a, "<b>29", "\r")
	out := v.page(at("output", "reports", "job", id, "name", "reports-query.csv"))
	if out.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(out.body, "Oslo,31\n\"Bergen, by the sea\",45\n") {
		t.Errorf("%v\n%s", out.header, out.body)
	}

	id, a = v.asksArchive("reports", append(fields, "expression", "SELECT s.name, s.city FROM archive s", "outfield", `\t`, "outquote", "'", "quotefields", "ALWAYS")...)
	v.says(a, "Bob", "Bergen, by the sea", `fields end with \t, quotes ', fields are quoted ALWAYS`)
	a = v.page(at("select", "reports", "again", id))
	for _, want := range []string{`value="` + archive + `"`, `name="outfield" value="\t"`, `value="ALWAYS" checked`, `value="USE" checked`, "SELECT s.name, s.city FROM archive s"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the query is not filled in again: %s", want)
		}
	}
	_, a = v.asksArchive("reports", append(fields, "expression", "SELECT s.name FROM archive s WHERE s.name = 'x'")...)
	v.says(a, "The query selects nothing.")
}

func TestAQueryThatIsRefused(t *testing.T) {
	v := signedIn(t)
	v.vault("reports")
	archive := v.upload("reports", people)
	for _, row := range []struct {
		name, expression, says, place, marked string
	}{
		{"wrong words", "SELECT *\r\nFROM archive\r\nWHERE <b>", "InvalidParameter", "", ""},
		{"an unknown function", "SELECT *\r\nFROM archive s\r\nWHERE ü = NOPE(1)", "line 3", `data-line="3"`, "<mark>"},
		{"a column that is not there", "SELECT s.size FROM archive s", "size", `data-line="1"`, "<mark>s</mark>"},
	} {
		t.Run(row.name, func(t *testing.T) {
			form := []string{"archive", archive, "tier", "Bulk", "header", "USE", "bucket", "firn-select", "prefix", "mine", "comments", "<", "expression", row.expression}
			a := v.submit(at("select", "reports"), form...)
			if a.status < 400 {
				t.Fatalf("status %d", a.status)
			}
			text := a.text()
			for _, want := range []string{row.place, row.marked, `value="Bulk" checked`, `value="mine"`, `value="&lt;"`, `value="` + archive + `"`} {
				if !strings.Contains(a.body, want) {
					t.Errorf("the page lacks %s:\n%s", want, a.body)
				}
			}
			if row.place != "" && !strings.Contains(text, row.says) {
				t.Errorf("the page does not say %q: %s", row.says, text)
			}
			v.lacks(a, "WHERE <b>")
		})
	}
	v.says(v.submit(at("select", "reports"), "archive", "x", "expression", "SELECT 1 FROM archive", "bucket", "bucket", "prefix", "p"), "The archive ID was not found: x")
	if a := v.get(at("select", "reports", "again", "x")); a.status != http.StatusNotFound {
		t.Errorf("the query of no job: %d", a.status)
	}
}

func TestAQueryThatFails(t *testing.T) {
	v := signedIn(t)
	v.vault("reports")
	archive := v.upload("reports", people)
	id, a := v.asksArchive("reports", "archive", archive, "header", "USE", "bucket", "firn-select", "prefix", "results",
		"expression", "SELECT CAST(s.age AS INT)\nFROM archive s")
	v.says(a, "Failed", "Why it failed", "CastFailed", "in record 4", "A value of the archive cannot be read as the type that the query wants.", "Change the query", "The place is line 1, column")
	if !strings.Contains(a.body, "<mark>") || !strings.Contains(a.body, "again="+id) {
		t.Errorf("the place is not marked, or the way back is missing:\n%s", a.body)
	}
	v.lacks(a, "Download", "<b>29")
}

// A query may have 128 KiB, and a page has a limit.
func TestALongQuery(t *testing.T) {
	v := signedIn(t)
	v.vault("reports")
	archive := v.upload("reports", people)
	long := "SELECT s._1 FROM archive s WHERE s._1 <> '" + strings.Repeat("<", 100_000) + "'"
	id, a := v.asksArchive("reports", "archive", archive, "bucket", "firn-select", "prefix", "results", "expression", long)
	v.says(a, "Succeeded", "Bob", "--job-parameters file://job.json")
	for _, path := range []string{at("job", "reports", "job", id), at("jobs", "reports"), "/console/jobs"} {
		if a := v.page(path); len(a.body) > 60_000 {
			t.Errorf("%s has %d bytes", path, len(a.body))
		}
	}
}

// However hostile a query, its result and its names are, the page has no more
// than it may.
func TestAHeavyJob(t *testing.T) {
	v := signedIn(t)
	v.vault("reports")
	record := strings.Repeat(strings.Repeat("<", 40)+",", 20) + "\n"
	archive := v.described("reports", strings.Repeat("<", 1000), strings.Repeat(record, 400))
	text := strings.Repeat("<", 3000)
	_, a := v.asksArchive("reports", "archive", archive, "bucket", "firn-select", "prefix", strings.Repeat("<", 200), "description", strings.Repeat("<", 1000),
		"expression", "SELECT * FROM archive s WHERE s._1 <> '"+text+"'")
	v.says(a, "Succeeded", "The first ", "The download has all.")
	if len(a.body) > 120_000 { // beside it there are some 30,000 of scripts and styles
		t.Errorf("the page has %d bytes", len(a.body))
	}
}

// What 25 queries are described with fits in a reply.
func TestManyLongQueriesAreListed(t *testing.T) {
	v := signedIn(t)
	v.vault("reports")
	archive := v.upload("reports", people)
	comment := strings.Repeat("x", 110_000)
	document, err := glacier.Encode(map[string]any{
		"Type": "select", "ArchiveId": archive,
		"SelectParameters": map[string]any{"Expression": "SELECT s._1 FROM archive s WHERE s._1 <> '" + comment + "'", "ExpressionType": "SQL"},
		"OutputLocation":   map[string]any{"S3": map[string]any{"BucketName": "firn-select", "Prefix": "results", "Encryption": map[string]any{"EncryptionType": "aws:kms", "KMSContext": "{\"a\":\"" + strings.Repeat("k", 4000) + "\"}"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 26 {
		v.job("reports", string(document))
	}
	for _, path := range []string{at("jobs", "reports"), "/console/jobs"} {
		if a := v.page(path); strings.Count(a.body, "<tr><td>") != 25 || len(a.body) > 100_000 {
			t.Errorf("%s: %d jobs, %d bytes", path, strings.Count(a.body, "<tr><td>"), len(a.body))
		}
	}
}

// What is not to be had is not offered, and it is said why.
func TestResultsThatAreGone(t *testing.T) {
	v := signedIn(t)
	v.vault("reports")
	archive := v.upload("reports", people)
	id, a := v.asksArchive("reports", "archive", archive, "bucket", "firn-select", "prefix", "results", "expression", "SELECT s._1 FROM archive s")
	v.says(a, "Download", "Bob")
	if err := os.RemoveAll(filepath.Join(v.srv.Data, "select", v.srv.Account, "firn-select", "results")); err != nil {
		t.Fatal(err)
	}
	a = v.page(at("job", "reports", "job", id))
	v.says(a, "Succeeded", "The results of the job were removed from bucket firn-select, or changed")
	v.lacks(a, "<h2>Download", "Bob")
}
