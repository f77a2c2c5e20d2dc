package access_test

import (
	"fmt"
	"testing"

	"firn/glacier"
	"firn/internal/access"
)

// What one of a user's policies bars, no other offers.
func TestMayAnywhere(t *testing.T) {
	team := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"glacier:CreateVault","Resource":"arn:aws:glacier:*:*:vaults/team-*"}}`
	all := glacier.VaultARN("us-east-1", alice, "")
	for _, row := range []struct {
		name     string
		policies []string
		want     bool
	}{
		{"no policy", nil, false},
		{"somewhere", []string{team}, true},
		{"another action", []string{allow("", "List*")}, false},
		{"one of two", []string{allow("", "List*"), team}, true},
		{"barred for another vault", []string{team, deny("", "Create*")}, true},
		{"barred by another", []string{team, `{"Statement":{"Effect":"Deny","Action":"glacier:Create*","Resource":"*"}}`}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCourt(t)
			c.caller(alice, "ann", "")
			for i, text := range row.policies {
				c.must(c.PutPolicy(t.Context(), alice, "ann", fmt.Sprint("p", i), text))
			}
			who, err := c.CallerNamed(t.Context(), alice, "ann")
			c.must(err)
			if got := who.MayAnywhere("glacier:CreateVault", all); got != row.want {
				t.Errorf("%t, want %t", got, row.want)
			}
		})
	}
	if !access.RootOf(alice).MayAnywhere("glacier:CreateVault", all) {
		t.Error("root is not offered it")
	}
}
