package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What one page leaves to say is for whoever looks, not for a page that asks by
// itself in another window.
func TestAPageThatStaysCurrentTakesNoMessage(t *testing.T) {
	v := signedIn(t)
	a := v.send("/console/vaults", url.Values{"csrf": {v.token()}, "vault": {"photos"}})
	if a.status != http.StatusSeeOther {
		t.Fatalf("create: %d", a.status)
	}
	const message = "The vault photos is there."
	live := v.request(http.MethodGet, "/console/vaults", nil)
	live.Header.Set("X-Firn-Live", "1")
	if a := v.do(live); a.status != http.StatusOK || strings.Contains(a.text(), message) {
		t.Errorf("the page takes the message: %d %s", a.status, a.text())
	}
	v.says(v.page("/console/vaults"), message)
}
