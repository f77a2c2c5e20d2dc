package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestCapacityIsBought(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/capacity"), "There is none.", "aws glacier list-provisioned-capacity --account-id -")
	v.says(v.submit("/console/capacity", "do", "buy"), "No unit was bought: confirm it first.")
	v.says(v.submit("/console/capacity", "do", "buy", "sure", "yes"), "is yours for a month.")
	v.submit("/console/capacity", "do", "buy", "sure", "yes")
	full := v.page("/console/capacity")
	if got := strings.Count(full.body, `<th scope="row"><code>`); got != 2 {
		t.Errorf("%d units are listed", got)
	}
	v.lacks(full, "Buy a unit")
	if a := v.submit("/console/capacity", "do", "buy", "sure", "yes"); !strings.Contains(a.text(), "imit") {
		t.Errorf("a third: %s", a.text())
	}
}

func TestARetrievalPolicyIsSet(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/capacity"), "Now: Whatever is asked for is retrieved.")
	v.says(v.submit("/console/capacity", "do", "policy", "strategy", "FreeTier"), "The retrieval policy is set.", "free allowance lets through")
	a := v.submit("/console/capacity", "do", "policy", "strategy", "BytesPerHour", "rate", "10", "unit", "GiB")
	v.says(a, "Now at most 10.0 GiB may be begun in an hour.")
	for _, want := range []string{`value="BytesPerHour" checked`, `value="10"`, "<option selected>GiB"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the form does not have %s", want)
		}
	}
	v.says(v.submit("/console/capacity", "do", "policy", "strategy", "BytesPerHour", "rate", "1000001", "unit", "bytes"), "Now at most 977 KiB")
	for name, row := range map[string]struct{ rate, unit, says string }{
		"nothing":   {"", "GiB", "a whole number of GiB"},
		"a word":    {"<b>much", "GiB", "a whole number of GiB"},
		"less":      {"-1", "MiB", "a whole number of MiB"},
		"too much":  {"9223372036854775807", "TiB", "a whole number of TiB"},
		"no policy": {"0", "bytes", "at least 1"},
	} {
		a := v.submit("/console/capacity", "do", "policy", "strategy", "BytesPerHour", "rate", row.rate, "unit", row.unit)
		if a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.status)
		}
		v.says(a, row.says)
		v.lacks(a, "<b>much")
	}
	if a := v.submit("/console/capacity", "do", "policy", "strategy", "Dance"); a.status != http.StatusBadRequest || !strings.Contains(a.text(), "trateg") {
		t.Errorf("a strategy that there is not: %d %s", a.status, a.text())
	}
	v.says(v.page("/console/capacity"), "Now at most 977 KiB")
}

func TestCapacityIsForThoseWhoMay(t *testing.T) {
	v := signedIn(t)
	reader := newcomer(t, v, "reader", "glacier:List*", "glacier:Get*")
	page := reader.page("/console/capacity")
	reader.says(page, "Data retrieval policy", "Provisioned capacity")
	reader.lacks(page, `value="buy"`, `value="policy"`)
	for _, form := range [][]string{{"do", "buy", "sure", "yes"}, {"do", "policy", "strategy", "None"}} {
		reader.says(reader.submit("/console/capacity", form...), "is not authorized to perform: glacier:")
	}
	half := newcomer(t, v, "half", "glacier:GetDataRetrievalPolicy")
	half.lacks(half.page("/console/capacity"), "Provisioned capacity</h2>")
	nobody := newcomer(t, v, "nobody", "iam:ListUsers")
	nobody.lacks(nobody.page("/console/users"), `href="/console/capacity"`)
	if a := nobody.get("/console/capacity"); a.status != http.StatusForbidden {
		t.Errorf("status %d", a.status)
	}
}
