package console_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestTheSystemIsShownToWhoRunsIt(t *testing.T) {
	v := signedIn(t)
	v.submit("/console/vaults", "vault", "photos")
	a := v.page("/console/system")
	v.says(a, "Stored in this account 0 bytes", "Vaults 1", "Used of the server’s file system", "Takes requests, since", "Clock well Steady.",
		"Audit log well", "Profile", "us-east-1", "Standard retrievals take", "no longer than the work does", "Outputs of jobs stay for 25 hours",
		"None is known.", "firn check --deep DATA")
	for _, link := range []string{"24h", "30d", "1y"} {
		page := v.page("/console/system?range=" + link)
		if got := strings.Count(page.body, `role="img"`); got < 2 {
			t.Errorf("%s: %d charts", link, got)
		}
		if !strings.Contains(page.body, `<a href="/console/system?range=`+link+`" aria-current="page">`) {
			t.Errorf("%s is not the range that is current", link)
		}
		if strings.Contains(page.body, " style=") {
			t.Errorf("%s has a style of its own", link)
		}
	}
	v.page("/console/system?range=" + strings.Repeat("x", 100)) // the usual one
}

// Looking at charts writes nothing, and the present is in them once: also what
// was uploaded since the last sample.
func TestTheChartsEndWithThePresent(t *testing.T) {
	v := signedIn(t)
	file := filepath.Join(v.srv.Data, "history", v.srv.Account)
	sampled := func() string {
		data, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(data)
	}
	for began := time.Now(); sampled() == ""; <-time.After(time.Millisecond) { // the one that each server begins with
		if time.Since(began) > 30*time.Second {
			t.Fatal("there is no sample")
		}
	}
	v.vault("photos")
	v.described("photos", "", "sea")
	before := sampled()
	for range 3 {
		a := v.page("/console/system?range=1y")
		v.says(a, "Stored in this account 3 bytes", "Uploaded, each week 3 bytes in all", "Times, and where days begin, are UTC.")
		_, figures, _ := strings.Cut(a.body, `aria-label="Figures: Archives"`)
		figures, _, _ = strings.Cut(figures, "</table>")
		if got := strings.Count(figures, `<th scope="row">`); got != 1 {
			t.Errorf("%d figures, want the present alone:\n%s", got, figures)
		}
	}
	if sampled() != before {
		t.Error("looking has written a sample")
	}
}

// Whoever is given the number of an account that was deleted has a history of
// his own.
func TestTheChartsBeginWithTheAccount(t *testing.T) {
	v := signedIn(t)
	v.submit("/console/users", "do", "create-account", "account", "444455556666")
	file := filepath.Join(v.srv.Data, "history", "444455556666")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("of the first owner"), 0o600); err != nil {
		t.Fatal(err)
	}
	v.says(v.submit("/console/users", "do", "delete-account", "account", "444455556666"), "is deleted")
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the history outlives the account: %v", err)
	}
}

// Every chart has a name, says what it shows, and has its figures as a table.
func TestChartsAreForThoseWhoDoNotSeeThem(t *testing.T) {
	v := signedIn(t)
	body := v.page("/console/system").body
	charts := strings.Count(body, `<svg `)
	for _, want := range []string{`<svg [^>]*role="img" aria-labelledby="(chart-\w+-title) chart-\w+-says"`, `<title id="chart-\w+-title">[^<]+<`,
		`<desc id="chart-\w+-says">[^<]+<`, `<summary>The figures<span class="unseen"> of [^<]+<`, `aria-label="Figures: [^"]+"><table>`} {
		if got := len(regexp.MustCompile(want).FindAllString(body, -1)); got != charts || charts == 0 {
			t.Errorf("%d charts, %d times %s", charts, got, want)
		}
	}
}

func TestOthersSeeTheirAccountAlone(t *testing.T) {
	v := signedIn(t)
	made := v.submit("/console/users", "do", "create-account", "account", "444455556666")
	other := another(t, v.srv)
	other.signIn(between(made.body, `aria-label="Access key id">`, "<"), between(made.body, `aria-label="Secret access key">`, "<"))
	plain := newcomer(t, v, "plain", "glacier:ListVaults")
	for name, who := range map[string]*visitor{"another account's root": other, "a user": plain} {
		a := who.page("/console/system")
		who.says(a, "Stored in this account", "Bytes stored")
		for _, secret := range []string{"How the server stands", "How it is set up", "file system", "goroutine"} {
			if strings.Contains(a.text(), secret) {
				t.Errorf("%s is told of %s", name, secret)
			}
		}
	}
	operator := newcomer(t, v, "operator", "firn:DescribeServer")
	a := operator.page("/console/system")
	operator.says(a, "How the server stands")
	operator.lacks(a, "Stored in this account")
	nobody := newcomer(t, v, "nobody", "iam:ListUsers")
	nobody.lacks(nobody.page("/console/users"), `href="/console/system"`)
	if a := nobody.get("/console/system"); a.status != http.StatusForbidden {
		t.Errorf("status %d", a.status)
	}
}

func TestTheLastCheckIsShown(t *testing.T) {
	v := signedIn(t)
	made := v.submit("/console/users", "do", "create-account", "account", "444455556666")
	other := another(t, v.srv)
	other.signIn(between(made.body, `aria-label="Access key id">`, "<"), between(made.body, `aria-label="Secret access key">`, "<"))
	check := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(v.srv.Data, "check.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const times = `"version":1,"began":"2026-01-02T03:04:05Z","ended":"2026-01-02T04:04:05Z"`
	const mine = `{"account":"111122223333","vault":"..","archive":"-archive-of-mine","size":5,"why":"<b>two bits"}`
	const theirs = `{"account":"444455556666","vault":"theirs","archive":"THEIRS","size":6,"why":"a bit"}`

	check(`{` + times + `,"deep":true,"exit":0,"archives":10,"bytes":1099511627776}`)
	v.says(v.page("/console/system"), "nothing is wrong Every byte was read, from 2026-01-02 03:04 UTC", "10 archives, 1.00 TiB")
	other.says(other.page("/console/system"), "nothing is wrong")
	other.lacks(other.page("/console/system"), "10 archives", "1.00 TiB")

	check(`{` + times + `,"exit":3,"damaged_count":2,"damaged":[` + mine + `,` + theirs + `],"problem_count":1,"problems":["journal: a <hole>"]}`)
	a := v.page("/console/system")
	v.says(a, "2 damaged archives", "<b>two bits", "theirs", "journal: a <hole>", "All but the bytes of archives")
	v.lacks(a, "<b>two bits", "<hole>")
	if !strings.Contains(a.body, `href="/console/archive?archive=-archive-of-mine&amp;vault=.."`) || strings.Contains(a.body, "archive=THEIRS") {
		t.Errorf("the links are wrong:\n%s", a.body)
	}
	b := other.page("/console/system")
	other.says(b, "1 damaged archive", "a bit")
	other.lacks(b, "two bits", "a hole", "111122223333", "-archive-of-mine")
	lister := v.colleague("lister", "glacier:ListVaults") // who may not see archives
	b = lister.page("/console/system")
	lister.says(b, "1 damaged archive")
	lister.lacks(b, "two bits", "-archive-of-mine")

	check(`{` + times + `,"exit":3,"damaged_count":1,"damaged":[` + mine + `]}`)
	other.says(other.page("/console/system"), "nothing is wrong")
	check(`{` + times + `,"exit":3,"damaged_count":5,"damaged":[` + mine + `]}`)
	other.says(other.page("/console/system"), "not all is well", "There is more damage than is named here")
	check(`{` + times + `,"exit":1,"error":"no <space>"}`)
	v.says(v.page("/console/system"), "not all is well", "The check broke off: no <space>.")
	check(`nonsense`)
	v.says(v.page("/console/system"), "read check.json")
	b = other.page("/console/system")
	other.says(b, "The result cannot be read.")
	other.lacks(b, "check.json")
}
