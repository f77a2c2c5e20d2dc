package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

// described puts an archive with a description into a vault, and returns its id.
func (v *visitor) described(vault, description, content string) string {
	v.t.Helper()
	return v.ask(client.Request{
		Method: http.MethodPost, Path: "/-/vaults/" + vault + "/archives", Body: client.Bytes([]byte(content)),
		Header: http.Header{
			glacier.HeaderTreeHash: {treehash.Sum([]byte(content)).String()}, glacier.HeaderArchiveDescription: {description},
		},
	}).Get(glacier.HeaderArchiveID)
}

// job starts a job and returns its id.
func (v *visitor) job(vault, document string) string {
	v.t.Helper()
	return v.ask(client.Request{
		Method: http.MethodPost, Path: "/-/vaults/" + vault + "/jobs", Body: client.Bytes([]byte(document)),
	}).Get(glacier.HeaderJobID)
}

// ask asks the vault API as the account's root, and returns the reply's headers.
func (v *visitor) ask(q client.Request) http.Header {
	v.t.Helper()
	api, err := client.New(client.Config{
		Endpoint: v.srv.URL, Region: v.srv.Region,
		Key: sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := api.Do(v.t.Context(), q)
	if err != nil {
		v.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header
}

// finished waits until a job has ended.
func (v *visitor) finished(vault, id string) glacier.JobDescription {
	v.t.Helper()
	for began := time.Now(); time.Since(began) < 30*time.Second; <-time.After(2 * time.Millisecond) {
		var d glacier.JobDescription
		if err := json.Unmarshal([]byte(v.must(http.MethodGet, "/-/vaults/"+vault+"/jobs/"+id, "")), &d); err != nil {
			v.t.Fatal(err)
		}
		if d.Completed {
			return d
		}
	}
	v.t.Fatal("the job does not end")
	return glacier.JobDescription{}
}

// retrieved retrieves an archive, and returns the job.
func (v *visitor) retrieved(vault, archive string) string {
	v.t.Helper()
	id := v.job(vault, `{"Type":"archive-retrieval","ArchiveId":"`+archive+`"}`)
	v.finished(vault, id)
	return id
}

// at is the address of a page of a vault.
func at(page, vault string, params ...string) string {
	q := url.Values{"vault": {vault}}
	for i := 0; i+1 < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	return "/console/" + page + "?" + q.Encode()
}

func TestJobsAreListed(t *testing.T) {
	v := signedIn(t)
	v.vault("..")
	v.says(v.page(at("jobs", "..")), "There is no job.", "Start an inventory")
	archive := v.described("..", "<b>holiday.jpg</b>", "sea")
	v.retrieved("..", archive)
	list := v.job("..", `{"Type":"inventory-retrieval","Format":"CSV","Description":"nightly"}`)
	v.finished("..", list)
	a := v.page(at("jobs", ".."))
	v.says(a, "Succeeded", "Archive <b>holiday.jpg</b>", "Standard", "3 bytes", "Inventory CSV", "nightly",
		"aws glacier list-jobs --account-id - --vault-name ..",
		`aws glacier initiate-job --account-id - --vault-name .. --job-parameters '{"Type":"inventory-retrieval","Format":"JSON"}'`)
	v.lacks(a, "<b>holiday", `data-every="2"`)
	for _, row := range []struct {
		show string
		want bool
	}{{"", true}, {"ended", true}, {"succeeded", true}, {"failed", false}, {"running", false}} {
		a := v.page(at("jobs", "..", "show", row.show))
		if strings.Contains(a.text(), "nightly") != row.want {
			t.Errorf("shown with %q: %t, want %t", row.show, !row.want, row.want)
		}
	}
	v.says(v.page(at("jobs", "..", "show", "failed")), "No job is like that.", "--statuscode Failed")
	v.says(v.page(at("jobs", "..", "show", "ended")), "--completed true")
	if a := v.get(at("jobs", "..", "marker", "x")); a.status != http.StatusBadRequest || !strings.Contains(a.text(), "Invalid marker: x") {
		t.Errorf("a marker that is none: %d %s", a.status, a.text())
	}
	for _, name := range []string{"none", "<i>", "a/b"} {
		if a := v.get(at("jobs", name)); a.status < 400 || strings.Contains(a.body, "<i>") {
			t.Errorf("jobs of vault %q: %d\n%s", name, a.status, a.body)
		}
	}
}

func TestJobsArePaged(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	for range 26 {
		v.job("photos", `{"Type":"inventory-retrieval"}`)
	}
	next := regexp.MustCompile(`href="([^"]+)">Older`)
	a := v.page(at("jobs", "photos"))
	m := next.FindStringSubmatch(a.body)
	if m == nil || strings.Count(a.body, `<tr><td>`) != 25 {
		t.Fatalf("%d rows, next %v", strings.Count(a.body, `<tr><td>`), m)
	}
	a = v.page(strings.ReplaceAll(m[1], "&amp;", "&"))
	if strings.Count(a.body, `<tr><td>`) != 1 || next.MatchString(a.body) || !strings.Contains(a.body, ">Newest") {
		t.Errorf("the second page:\n%s", a.text())
	}
}

func TestAJobThatWaits(t *testing.T) {
	v := signedIn(t, firntest.Delays(0, 4*time.Hour, 0, 0))
	v.vault("photos")
	archive := v.described("photos", "holiday.jpg", "sea")
	id := v.job("photos", `{"Type":"archive-retrieval","ArchiveId":"`+archive+`","SNSTopic":""}`)
	a := v.page(at("jobs", "photos"))
	v.says(a, "Waiting", "not before")
	if !strings.Contains(a.body, `data-every="60"`) || !strings.Contains(a.body, `data-say="1 job in progress."`) {
		t.Errorf("the list does not stay current:\n%s", a.body)
	}
	a = v.page(at("job", "photos", "job", id))
	v.says(a, "Waiting", "at tier Standard such a job takes at least 4 hours here", "Not before", "Refresh", "Tree hash of the archive")
	v.lacks(a, "Download", "get-job-output")
	if a := v.get(at("output", "photos", "job", id)); a.status != http.StatusBadRequest || !strings.Contains(a.text(), "The job is not currently available for download: "+id) {
		t.Errorf("output: %d %s", a.status, a.text())
	}
}

func TestAJobIsDescribed(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	archive := v.described("photos", "<i>sea</i>", strings.Repeat("x", 2<<20))
	id := v.job("photos", `{"Type":"archive-retrieval","ArchiveId":"`+archive+`","RetrievalByteRange":"0-1048575","Tier":"Bulk",`+
		`"Description":"for <b>you</b>","SNSTopic":"arn:aws:sns:us-east-1:111122223333:done"}`)
	d := v.finished("photos", id)
	a := v.page(at("job", "photos", "job", id))
	v.says(a, "Succeeded", "Retrieval of an archive", "Bulk", "for <b>you</b>", "<i>sea</i>", "0-1048575", "1.00 MiB (1,048,576 bytes)", "2.00 MiB",
		*d.SHA256TreeHash, *d.ArchiveSHA256TreeHash, archive, "arn:aws:sns:us-east-1:111122223333:done", "Kept until", "Download 1.00 MiB",
		"describe-job --account-id - --vault-name photos --job-id", "get-job-output", "--range bytes=0-1048575",
		`"Tier":"Bulk","RetrievalByteRange":"0-1048575"}`)
	v.lacks(a, "<i>", "<b>you", `data-every="2"`)
	v.says(v.page(at("archive", "photos", "archive", archive)), "<i>sea</i>")
	if !strings.Contains(a.body, `href="/console/archive?archive=`+archive+`&amp;vault=photos"`) {
		t.Errorf("no link to the archive:\n%s", a.body)
	}
	for _, id := range []string{"", "nonsense", "<b>x</b>", strings.Repeat("x", 5000)} {
		if a := v.get(at("job", "photos", "job", id)); a.status < 400 || strings.Contains(a.body, "<b>x") {
			t.Errorf("job %.20q: %d\n%s", id, a.status, a.text())
		}
	}
}

func TestAnInventoryIsStarted(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	for _, name := range []string{"one", "two, \"three\"", "<b>four</b>"} {
		v.described("photos", name, "sea")
	}
	for _, format := range []string{"JSON", "CSV"} {
		v.says(v.submit(at("jobs", "photos"), "format", format, "description", "mine"), "The inventory has been started.", "Inventory of the vault", format, "mine")
		var list glacier.JobList
		if err := json.Unmarshal([]byte(v.must(http.MethodGet, "/-/vaults/photos/jobs?limit=1", "")), &list); err != nil {
			t.Fatal(err)
		}
		id := string(list.JobList[0].JobID)
		v.finished("photos", id)
		a := v.page(at("job", "photos", "job", id))
		v.says(a, "one", `two, "three"`, "<b>four</b>", "3 bytes", "That is all: 3 rows.")
		v.lacks(a, "<b>four")
		out := v.page(at("output", "photos", "job", id, "name", "photos-inventory."+strings.ToLower(format)))
		if got, want := out.header.Get("Content-Disposition"), `attachment; filename="photos-inventory.`+strings.ToLower(format)+`"`; got != want {
			t.Errorf("disposition %s, want %s", got, want)
		}
	}
	v.says(v.submit(at("jobs", "photos"), "format", "XML"), "Invalid format: XML")
	v.says(v.submit(at("jobs", "photos"), "format", "CSV", "topic", "here"), "here")
}

func TestAnInventoryGoesOn(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	for _, name := range []string{"one", "two", "three"} {
		v.described("photos", name, "sea")
	}
	id := v.job("photos", `{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"2"}}`)
	d := v.finished("photos", id)
	a := v.page(at("job", "photos", "job", id))
	v.says(a, "There is more", "At most so many 2")
	v.says(v.submit(at("jobs", "photos"), "format", "JSON", "limit", "2", "marker", *d.InventoryRetrievalParameters.Marker), "The inventory has been started.")
	var list glacier.JobList
	if err := json.Unmarshal([]byte(v.must(http.MethodGet, "/-/vaults/photos/jobs?limit=1", "")), &list); err != nil {
		t.Fatal(err)
	}
	next := string(list.JobList[0].JobID)
	v.finished("photos", next)
	a = v.page(at("job", "photos", "job", next))
	v.says(a, "That is all: 1 row.")
	v.lacks(a, "There is more")
}

func TestJobsOfThoseWhoMayLittle(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	id := v.retrieved("photos", v.described("photos", "holiday.jpg", "sea"))
	looker := v.colleague("looker", "glacier:ListJobs", "glacier:DescribeJob")
	for _, path := range []string{at("jobs", "photos"), at("job", "photos", "job", id)} {
		a := looker.page(path)
		looker.says(a, "Succeeded")
		looker.lacks(a, "holiday.jpg", "Download", "Start an inventory", "/console/select")
	}
	for _, path := range []string{at("output", "photos", "job", id), at("select", "photos")} {
		if a := looker.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, a.status, a.text())
		}
	}
	looker.says(looker.submit(at("jobs", "photos"), "format", "JSON"), "glacier:InitiateJob")
	looker.says(looker.submit(at("select", "photos"), "archive", "x", "expression", "SELECT 1"), "glacier:InitiateJob")
	nobody := v.colleague("nobody", "glacier:ListVaults")
	nobody.lacks(nobody.page("/console/vaults"), "/console/jobs")
	for _, path := range []string{at("jobs", "photos"), at("job", "photos", "job", id)} {
		if a := nobody.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestJobsOfAllVaults(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/jobs"), "There is no job.")
	for _, name := range []string{"photos", "..", "secret"} {
		v.vault(name)
		id := v.job(name, `{"Type":"inventory-retrieval","Description":"list of `+name+`"}`)
		v.finished(name, id)
	}
	a := v.page("/console/jobs")
	v.says(a, "list of photos", "list of ..", "list of secret", "Download", "aws glacier list-jobs --account-id - --vault-name NAME")
	if first, last := strings.Index(a.body, "list of secret"), strings.Index(a.body, "list of photos"); first > last {
		t.Error("the newest is not the first")
	}
	if !strings.Contains(a.body, `href="/console/jobs?vault=.."`) {
		t.Errorf("no link to the vault's jobs:\n%s", a.body)
	}
	v.lacks(a, "Start an inventory")
	v.says(v.page("/console/jobs?show=succeeded"), "list of photos")
	v.says(v.page("/console/jobs?show=failed"), "No job is like that.")
	if a := v.get("/console/jobs?marker=x"); a.status != http.StatusBadRequest || !strings.Contains(a.text(), "Invalid marker: x") {
		t.Errorf("a marker that is none: %d %s", a.status, a.text())
	}
	some := v.colleagueWith("some", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"glacier:ListJobs","Resource":"arn:aws:glacier:*:*:vaults/photos"}}`)
	a = some.page("/console/jobs")
	some.says(a, "list of photos")
	some.lacks(a, "list of secret", "list of ..", "Download")
}

func TestJobsOfAllVaultsArePaged(t *testing.T) {
	v := signedIn(t)
	for _, name := range []string{"a", "b"} {
		v.vault(name)
		for range 13 {
			v.job(name, `{"Type":"inventory-retrieval"}`)
		}
	}
	m := regexp.MustCompile(`href="([^"]+)">Older`).FindStringSubmatch(v.page("/console/jobs").body)
	if m == nil {
		t.Fatal("there is no second page")
	}
	a := v.page(strings.ReplaceAll(m[1], "&amp;", "&"))
	if n := strings.Count(a.body, "<tr><td>"); n != 1 || !strings.Contains(a.body, ">Newest") {
		t.Errorf("%d jobs on the second page:\n%s", n, a.text())
	}
}

// A list is asked for every two seconds: what others have written makes it no
// larger than that is worth.
func TestAListOfJobsStaysSmall(t *testing.T) {
	v := signedIn(t)
	vault := strings.Repeat("v", 255)
	v.vault(vault)
	quotes := strings.Repeat(`"`, 1024)
	archive := v.described(vault, quotes, "sea")
	document, err := json.Marshal(map[string]string{"Type": "archive-retrieval", "ArchiveId": archive, "Description": quotes})
	if err != nil {
		t.Fatal(err)
	}
	for range 25 {
		v.finished(vault, v.job(vault, string(document)))
	}
	for _, path := range []string{at("jobs", vault), "/console/jobs"} {
		a := v.page(path)
		if n := strings.Count(a.body, `<tr><td>`); n != 25 {
			t.Fatalf("%s: %d rows", path, n)
		}
		if len(a.body) > 120_000 {
			t.Errorf("%s: %d bytes", path, len(a.body))
		}
		v.says(a, strings.Repeat(`"`, 120)+"…")
	}
}
