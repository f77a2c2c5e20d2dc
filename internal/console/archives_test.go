package console_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/iam"
	"firn/internal/sigv4"
	"firn/treehash"
)

// direct asks the server's API as root, beside the console.
func (v *visitor) direct(method, path string, header http.Header, body []byte, want int) *http.Response {
	v.t.Helper()
	api, err := client.New(client.Config{
		Endpoint: v.srv.URL, Region: v.srv.Region, Key: sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	q := client.Request{Method: method, Path: path, Header: header}
	if body != nil {
		q.Body = client.Bytes(body)
	}
	resp, err := api.Do(context.WithoutCancel(v.t.Context()), q)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	v.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != want {
		v.t.Fatalf("%s %s: status %d, want %d", method, path, resp.StatusCode, want)
	}
	return resp
}

// store makes an archive, and returns its id.
func (v *visitor) store(vault, description string, data []byte) string {
	v.t.Helper()
	h := http.Header{glacier.HeaderTreeHash: {treehash.Sum(data).String()}, glacier.HeaderArchiveDescription: {description}}
	return v.direct(http.MethodPost, "/-/vaults/"+url.PathEscape(vault)+"/archives", h, data, http.StatusCreated).Header.Get(glacier.HeaderArchiveID)
}

// jobs are a vault's, as the API lists them.
func (v *visitor) jobs(vault string) []glacier.JobDescription {
	v.t.Helper()
	var list glacier.JobList
	resp := v.direct(http.MethodGet, "/-/vaults/"+url.PathEscape(vault)+"/jobs", nil, nil, http.StatusOK)
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		v.t.Fatal(err)
	}
	return list.JobList
}

// archiveCount is how many archives a vault has, as the API says.
func (v *visitor) archiveCount(vault string) int64 {
	v.t.Helper()
	var d glacier.VaultDescription
	resp := v.direct(http.MethodGet, "/-/vaults/"+url.PathEscape(vault), nil, nil, http.StatusOK)
	if err := json.NewDecoder(resp.Body).Decode(&d); err != nil {
		v.t.Fatal(err)
	}
	return d.NumberOfArchives
}

var nextPage = regexp.MustCompile(`rel="next" href="([^"]+)"`)

// An archive that was imported is shown by its own id, also where another's
// description has that in it.
func TestAnImportedArchiveIsShown(t *testing.T) {
	v := signedIn(t)
	v.direct(http.MethodPut, "/-/vaults/photos", nil, nil, http.StatusCreated)
	h := http.Header{
		glacier.HeaderTreeHash: {treehash.Sum([]byte("old")).String()}, glacier.HeaderArchiveDescription: {"from afar"},
		glacier.HeaderImportID: {"-old"}, glacier.HeaderImportDate: {"2014-03-20T17:03:43Z"},
	}
	v.direct(http.MethodPost, "/-/vaults/photos/archives", h, []byte("old"), http.StatusCreated)
	v.store("photos", "not the -old one", []byte("x"))
	page := v.page("/console/archive?vault=photos&archive=-old").body
	for _, want := range []string{"from afar", "2014-03-20", "--archive-id=-old"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestArchivesAreBrowsedPageByPage(t *testing.T) {
	v := signedIn(t)
	v.vault("..")
	for i := range 120 {
		v.store("..", fmt.Sprintf("file %03d", i), []byte{byte(i)})
	}
	seen, path := "", "/console/archives?vault=.."
	for range 3 {
		a := v.page(path)
		seen += a.text()
		if m := nextPage.FindStringSubmatch(a.body); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		} else {
			path = ""
		}
	}
	if path != "" {
		t.Errorf("there is a fourth page: %s", path)
	}
	for i := range 120 {
		if n := strings.Count(seen, fmt.Sprintf("file %03d", i)); n != 1 {
			t.Errorf("file %03d is there %d times", i, n)
		}
	}
	if first := strings.Index(seen, "file 119"); first < 0 || first > strings.Index(seen, "file 000") {
		t.Error("the newest is not before the oldest")
	}
}

func TestArchivesAreFiltered(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	small := v.store("photos", "Small <b>one</b>", []byte("x"))
	v.store("photos", "large", bytes.Repeat([]byte("y"), 2<<20))
	today := time.Now().UTC()
	for _, row := range []struct {
		name, filter string
		small, large bool
	}{
		{"nothing", "", true, true},
		{"a part of the description, in another case", "match=SMALL", true, false},
		{"the beginning of an id", "match=" + small[:20], true, false},
		{"a whole id", "match=" + small, true, false},
		{"at least", "least=1M", false, true},
		{"at most", "most=1+KiB", true, false},
		{"neither", "least=2+KiB&most=1+MiB", false, false},
		{"from today", "from=" + today.AddDate(0, 0, -1).Format(time.DateOnly), true, true},
		{"until yesterday", "to=" + today.AddDate(0, 0, -2).Format(time.DateOnly), false, false},
		{"oldest first", "order=oldest", true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.page("/console/archives?vault=photos&" + row.filter)
			if got := strings.Contains(a.text(), "Small <b>one</b>"); got != row.small {
				t.Errorf("the small one is there: %t", got)
			}
			if got := strings.Contains(a.body, ">large<"); got != row.large {
				t.Errorf("the large one is there: %t", got)
			}
			v.lacks(a, "<b>one")
		})
	}
	for _, bad := range []string{"from=yesterday", "least=many", "most=-1", "most=0", "most=1e99", "least=NaN"} {
		a := v.page("/console/archives?vault=photos&" + bad)
		if !strings.Contains(a.body, `role="alert"`) {
			t.Errorf("%s: no complaint\n%s", bad, a.text())
		}
		v.lacks(a, `name="archive"`)
	}
	if a := v.get("/console/archives?vault=photos&cursor=rubbish"); a.status != http.StatusBadRequest {
		t.Errorf("a cursor of nobody's: %d", a.status)
	}
	if a := v.get("/console/archives?vault=nowhere"); a.status != http.StatusNotFound {
		t.Errorf("a vault that is not there: %d", a.status)
	}
}

func TestRetrievingTheChosen(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	ids := []string{v.store("photos", "a", []byte("a")), v.store("photos", "b", []byte("b"))}
	v.says(v.submit("/console/archives", "vault", "photos", "do", "retrieve"), "Choose an archive first.")
	v.submit("/console/archives", "vault", "photos", "do", "retrieve", "tier", "Bulk", "archive", ids[0], "archive", ids[1])
	jobs := v.jobs("photos")
	if len(jobs) != 2 || *jobs[0].Tier != glacier.Bulk {
		t.Fatalf("jobs: %+v", jobs)
	}
	a := v.submit("/console/archives", "vault", "photos", "do", "retrieve", "tier", "Bulk", "archive", ids[0], "range", "5-6")
	if len(v.jobs("photos")) != 2 {
		t.Error("a range that is no range began a job")
	}
	if !strings.Contains(a.text(), "nvalid") {
		t.Errorf("the refusal is not shown: %s", a.text())
	}
	v.submit("/console/archives", "vault", "photos", "do", "retrieve", "tier", "Bulk", "archive", ids[0], "description", "Bulk")
	if jobs := v.jobs("photos"); len(jobs) != 3 {
		t.Errorf("a description that is like the tier: %d jobs", len(jobs))
	}
}

func TestDeletingTheChosenTakesTwoForms(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	ids := []string{v.store("photos", "first", []byte("a")), v.store("photos", "second", []byte("b")), v.store("photos", "third", []byte("c"))}
	a := v.submit("/console/archives", "vault", "photos", "do", "delete", "archive", ids[0], "archive", ids[1])
	v.says(a, "Delete 2 archives?", "first", "second")
	v.lacks(a, "third")
	if n := v.archiveCount("photos"); n != 3 {
		t.Fatalf("the question alone has deleted: %d left", n)
	}
	a = v.submit("/console/archives", "vault", "photos", "do", "delete-confirmed", "archive", ids[0], "archive", ids[1])
	v.says(a, "2 archives deleted.", "third")
	if n := v.archiveCount("photos"); n != 1 {
		t.Fatalf("%d left", n)
	}
	v.says(v.submit("/console/archives", "vault", "photos", "do", "delete", "archive", ids[0]), "These archives are gone already.")
	v.says(v.submit("/console/archives", "vault", "photos", "do", "sell", "archive", ids[2]), "There is no such button.")
}

func TestAnArchivesPage(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	id := v.store("photos", "<script>alert(1)</script>", []byte("hello"))
	a := v.page("/console/archive?vault=photos&archive=" + id)
	sum := sha256.Sum256([]byte("hello"))
	v.says(a, id, "5 bytes", fmt.Sprintf("%x", sum), "<script>alert(1)</script>", "aws glacier delete-archive")
	v.lacks(a, "<script>alert")
	if a := v.get("/console/archive?vault=photos&archive=" + id[:30]); a.status != http.StatusNotFound {
		t.Errorf("a part of an id: %d", a.status)
	}
}

// What is uploaded through the console's own door is the API's.
func TestTheDoorForScripts(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	token, data := v.token(), []byte("through the door")
	send := func(method, path string, body []byte, header ...string) answer {
		r := v.request(method, "/console/api?path="+url.QueryEscape(path), bytes.NewReader(body))
		r.Header.Set("X-Firn-CSRF", token)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return v.do(r)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	hashes := []string{glacier.HeaderContentSHA256, sum, glacier.HeaderTreeHash, treehash.Sum(data).String(), glacier.HeaderArchiveDescription, "door"}
	if a := send(http.MethodPost, "/-/vaults/photos/archives", data, hashes...); a.status != http.StatusCreated {
		t.Fatalf("upload: %d %s", a.status, a.body)
	}
	for _, row := range []struct {
		name, method, path string
		body               []byte
		header             []string
		want               int
		says               string
	}{
		{"list", http.MethodGet, "/-/vaults?limit=1", nil, nil, 200, `"NumberOfArchives":1`},
		{"a refusal of the API's", http.MethodGet, "/-/vaults/none", nil, nil, 404, "ResourceNotFoundException"},
		{"a wrong hash", http.MethodPost, "/-/vaults/photos/archives", data, []string{glacier.HeaderContentSHA256, strings.Repeat("0", 64), glacier.HeaderTreeHash, treehash.Sum(data).String()}, 403, "InvalidSignatureException"},
		{"no hash", http.MethodPost, "/-/vaults/photos/archives", data, nil, 400, "x-amz-content-sha256"},
		{"an address", http.MethodGet, "http://elsewhere/-/vaults", nil, nil, 400, "not a path"},
		{"another server", http.MethodGet, "//elsewhere/-/vaults", nil, nil, 400, "not a path"},
		{"no path", http.MethodGet, "", nil, nil, 400, "not a path"},
		{"the console itself", http.MethodGet, "/console/vaults", nil, nil, 403, "Access denied for account ID: console"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := send(row.method, row.path, row.body, row.header...)
			if a.status != row.want || !strings.Contains(a.body, row.says) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	token = "another"
	if a := send(http.MethodGet, "/-/vaults", nil); a.status != http.StatusForbidden {
		t.Errorf("without the token: %d", a.status)
	}
	if a := another(t, v.srv).get("/console/api?path=/-/vaults"); a.status != http.StatusUnauthorized {
		t.Errorf("without a session: %d %s", a.status, a.body)
	}
}

// What a user may not do is not offered, and is refused if tried.
func TestAReaderIsOfferedNothingElse(t *testing.T) {
	root := signedIn(t)
	root.vault("photos")
	id := root.store("photos", "a", []byte("a"))
	bob := root.colleagueWith("bob", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["glacier:DescribeVault","glacier:ListVaults","glacier:GetJobOutput"],"Resource":"*"}}`)
	bob.lacks(bob.page("/console/vaults"), "Create vault", ">Users<")
	bob.lacks(bob.page("/console/vault?vault=photos"), "/console/archives", "/console/upload", "Empty")
	if a := bob.get("/console/archives?vault=photos"); a.status != http.StatusForbidden || strings.Contains(a.body, id) {
		t.Errorf("archives: %d", a.status)
	}
	if a := bob.get("/console/archive?vault=photos&archive=" + id); a.status != http.StatusForbidden {
		t.Errorf("an archive: %d", a.status)
	}
	bob.says(bob.submit("/console/archives", "vault", "photos", "do", "delete-confirmed", "archive", id), "is not authorized to perform: glacier:DeleteArchive")
	bob.says(bob.submit("/console/vaults", "vault", "made"), "is not authorized to perform: glacier:CreateVault")
	bob.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos")
	if n := root.archiveCount("photos"); n != 1 {
		t.Errorf("%d archives are left", n)
	}
}

// A script that asks too often is told so in the API's words, and waits.
func TestTheDoorForScriptsHasItsRate(t *testing.T) {
	v := signedIn(t, firntest.Rates(0, 3))
	token := ""
	for token == "" { // pages have the rate, too
		if m := tokenOf.FindStringSubmatch(v.get("/console/vaults").body); m != nil {
			token = m[1]
		}
	}
	for range 20 {
		r := v.request(http.MethodGet, "/console/api?path=/-/vaults", nil)
		r.Header.Set("X-Firn-CSRF", token)
		if a := v.do(r); a.status != http.StatusOK {
			if a.status != http.StatusBadRequest || !strings.Contains(a.body, `"code":"ThrottlingException"`) {
				t.Fatalf("%d %s", a.status, a.body)
			}
			return
		}
	}
	t.Fatal("no limit")
}

// A session ends with its key.
func TestAKeyThatIsGoneEndsItsSession(t *testing.T) {
	root := signedIn(t)
	root.vault("photos")
	bob := root.colleagueWith("bob", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"glacier:*","Resource":"*"}}`)
	bob.says(bob.page("/console/vault?vault=photos"), "photos")
	root.iam(nil, "DeleteUserPolicy", "UserName", "bob", "PolicyName", "p")
	if a := bob.get("/console/vault?vault=photos"); a.status != http.StatusForbidden {
		t.Errorf("without his policy: %d", a.status)
	}
	var keys iam.ListAccessKeysResult
	root.iam(&keys, "ListAccessKeys", "UserName", "bob")
	root.iam(nil, "UpdateAccessKey", "UserName", "bob", "AccessKeyId", keys.AccessKeyMetadata.Member[0].AccessKeyID, "Status", "Inactive")
	if a := bob.get("/console/vaults"); a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("without his key: %d %v", a.status, a.header)
	}
}
