package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firn/firntest"
)

func TestTheAuditLogIsShownAndFiltered(t *testing.T) {
	v := signedIn(t)
	anna := newcomer(t, v, "anna", "glacier:ListVaults")
	if a := anna.get("/console/vault?vault=secrets"); a.status != http.StatusForbidden {
		t.Fatalf("status %d", a.status)
	}
	v.submit("/console/vaults", "vault", "secrets")
	all := v.page("/console/audit?all=yes")
	usual := v.page("/console/audit")
	v.says(usual, "CreateVault", "ConsoleLogin", "Shown is only what changes something")
	v.lacks(usual, "DescribeVault")
	v.lacks(all, "Shown is only")
	v.says(all, "CreateVault", "secrets", "done", "ConsoleLogin", "DescribeVault", "AccessDenied", "127.0.0.1", "Request id", "Asked: vaultName")
	for name, row := range map[string]struct{ query, has, lacks string }{
		"a user":     {"user=anna", `<td>anna</td>`, `<td>root</td>`},
		"a vault":    {"vault=secrets", "CreateVault", "ConsoleLogin"},
		"a name":     {"name=createv", "CreateVault", "CreateUser"},
		"failures":   {"failed=yes", "AccessDenied", ">done<"},
		"changes":    {"changes=yes", "CreateVault", "DescribeVault"},
		"a text":     {"text=SECRETS", "CreateVault", "CreateUser"},
		"from":       {"from=2999-01-01T00:00", "There is nothing that fits.", "CreateVault"},
		"to":         {"to=2001-01-01", "There is nothing that fits.", "CreateVault"},
		"both times": {"from=2001-01-01T00:00&to=2999-01-01T00:00", "CreateVault", "There is nothing"},
		"hostile":    {"text=" + url.QueryEscape(`"><b>x`), "There is nothing that fits.", "<b>x"},
	} {
		t.Run(name, func(t *testing.T) {
			a := v.page("/console/audit?" + row.query)
			if !strings.Contains(a.body, row.has) {
				t.Errorf("it lacks %s:\n%s", row.has, a.text())
			}
			v.lacks(a, row.lacks)
		})
	}
	for query, says := range map[string]string{"from=yesterday": "“yesterday” is no time.", "cursor=nowhere": "There is no such page of the log."} {
		a := v.get("/console/audit?" + query)
		if a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", query, a.status)
		}
		v.says(a, says)
	}
}

func TestTheAuditLogHasPages(t *testing.T) {
	v := signedIn(t)
	for i := range 30 {
		v.askSNS("CreateTopic", "Name", fmt.Sprintf("t%02d", i))
	}
	first := v.page("/console/audit?name=CreateTopic")
	v.says(first, "t29", "t05", "Looked back to", "Older")
	v.lacks(first, ">t04<", "Newest")
	second := v.page(between(first.body, `<a class="button quiet" href="`, `"`))
	v.says(second, "t04", "t00", "Newest")
	v.lacks(second, ">t05<")
	v.says(v.page(between(second.body, `<a class="button quiet" href="`, `"`)), "t29")
}

// An account sees its own lines. Those of nobody are for the management
// account.
func TestOthersDoNotSeeOnesLines(t *testing.T) {
	v := signedIn(t)
	v.submit("/console/vaults", "vault", "mine")
	stranger := another(t, v.srv)
	stranger.send("/console/", url.Values{"key": {"AKIANOBODYKNOWSTHIS1"}, "secret": {"x"}})
	made := v.submit("/console/users", "do", "create-account", "account", "444455556666")
	other := another(t, v.srv)
	other.signIn(between(made.body, `aria-label="Access key id">`, "<"), between(made.body, `aria-label="Secret access key">`, "<"))
	other.submit("/console/vaults", "vault", "theirs")

	v.says(v.page("/console/audit"), "mine", "AKIANOBODYKNOWSTHIS1")
	v.lacks(v.page("/console/audit"), "theirs")
	theirs := other.page("/console/audit")
	other.says(theirs, "theirs", "444455556666")
	other.lacks(theirs, "mine", "AKIANOBODYKNOWSTHIS1", "111122223333")
}

// Whoever is given the number of an account that was deleted sees nothing of
// the one before.
func TestTheAuditLogBeginsWithTheAccount(t *testing.T) {
	var ahead atomic.Int64
	v := signedIn(t, firntest.Clock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
	create := func() *visitor {
		made := v.submit("/console/users", "do", "create-account", "account", "444455556666")
		owner := another(t, v.srv)
		owner.signIn(between(made.body, `aria-label="Access key id">`, "<"), between(made.body, `aria-label="Secret access key">`, "<"))
		return owner
	}
	first := create()
	first.get("/console/vault?vault=secret-plans")
	first.says(first.page("/console/audit?all=yes"), "secret-plans", "DescribeVault")
	v.says(v.submit("/console/users", "do", "delete-account", "account", "444455556666"), "is deleted")
	ahead.Add(int64(5 * time.Second)) // of the clock that accounts are made by: lines have times to the second
	second := create()
	for _, query := range []string{"", "?all=yes", "?from=2001-01-01"} {
		a := second.page("/console/audit" + query)
		second.lacks(a, "secret-plans", "DescribeVault")
	}
}

func TestTheAuditLogIsForThoseWhoMay(t *testing.T) {
	v := signedIn(t)
	auditor := newcomer(t, v, "auditor", "cloudtrail:LookupEvents")
	auditor.says(auditor.page("/console/audit"), "ConsoleLogin")
	other := newcomer(t, v, "other", "glacier:*", "iam:*")
	other.lacks(other.page("/console/users"), `href="/console/audit"`)
	other.lacks(other.page("/console/user?user=auditor"), "See its calls")
	a := other.get("/console/audit")
	if a.status != http.StatusForbidden {
		t.Errorf("status %d", a.status)
	}
	other.says(a, "user/other is not authorized to perform: cloudtrail:LookupEvents")
	other.lacks(a, "ConsoleLogin")
}
