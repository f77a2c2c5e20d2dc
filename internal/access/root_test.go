package access_test

import (
	"testing"

	"firn/glacier"
	"firn/internal/access"
)

func TestCheckSealNeedsOneSecret(t *testing.T) {
	g := open(t)
	ctx := t.Context()
	g.must(g.CheckSeal(ctx))
	g.seal = access.SealKey{1}
	renewed := g.another()
	if err := renewed.CheckSeal(ctx); err == nil {
		t.Error("no secret opens, and nothing is said")
	}
	g.must(renewed.EnsureKey(ctx, bob, "AKIAOFBOB", "bob's"))
	g.must(renewed.CheckSeal(ctx)) // a later secret opens
	g.must(g.CheckSeal(ctx))
}

func TestCheckAccountAndFitsRoot(t *testing.T) {
	g := open(t) // alice's root has keyID
	for _, c := range []struct {
		account     glacier.AccountID
		id          string
		known, fits bool
	}{
		{alice, keyID, true, true},
		{alice, "AKIAOTHER", true, false},
		{bob, keyID, false, true},
	} {
		if err := g.CheckAccount(t.Context(), c.account); (err == nil) != c.known {
			t.Errorf("account %s: %v", c.account, err)
		}
		if fits, err := g.FitsRoot(t.Context(), c.account, c.id); err != nil || fits != c.fits {
			t.Errorf("account %s, key %s: %v, %v", c.account, c.id, fits, err)
		}
	}
	_, err := g.CreateKey(t.Context(), alice, "")
	g.must(err)
	if fits, err := g.FitsRoot(t.Context(), alice, keyID); err != nil || fits {
		t.Errorf("with a second key: %v, %v", fits, err)
	}
}
