package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What was typed for an inventory that is refused is there again.
func TestARefusedInventoryKeepsWhatWasTyped(t *testing.T) {
	v := signedIn(t)
	v.vault("..")
	form := url.Values{
		"csrf": {v.token()}, "format": {"CSV"}, "start": {"2026-01-02"}, "end": {"2026-01-01T10:00:00Z"}, "limit": {"12"}, "marker": {`<mark"er>`},
		"description": {`my "list"`}, "topic": {"arn:aws:sns:us-east-1:111122223333:none"},
	}
	a := v.send(at("jobs", ".."), form)
	if a.status != http.StatusBadRequest {
		t.Fatalf("status %d\n%s", a.status, a.text())
	}
	for _, want := range []string{
		`<p class="notice bad" role="alert" tabindex="-1" data-said>`, `value="CSV" checked`, `<details open><summary>Not all`,
		`name="start" type="date" value="2026-01-02"`, `name="end" type="text" value="2026-01-01T10:00:00Z"`, `name="limit" inputmode="numeric" pattern="[0-9]+" maxlength="18" value="12"`,
		`name="marker" value="&lt;mark&#34;er&gt;"`, `value="my &#34;list&#34;"`, `value="arn:aws:sns:us-east-1:111122223333:none"`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("it lacks %s:\n%s", want, a.body)
		}
	}
	v.lacks(a, `value="JSON" checked`)
	v.lacks(v.page(at("jobs", "..")), `<details open><summary>Not all`, `role="alert"`)

	// Who may not see the list is told of the refusal all the same.
	starter := v.colleague("starter", "glacier:InitiateJob")
	form.Set("csrf", starter.token())
	a = starter.send(at("jobs", ".."), form)
	if a.status != http.StatusBadRequest || strings.Contains(a.text(), "ListJobs") {
		t.Errorf("%d: %s", a.status, a.text())
	}
	form.Set("csrf", v.token())
	if a := v.send(at("jobs", "nowhere"), form); a.status != http.StatusNotFound && a.status != http.StatusBadRequest {
		t.Errorf("no such vault: %d", a.status)
	}
}
