package server

import (
	"strings"
	"testing"

	"firn/glacier"
)

// TestStartsWithTheKeysThereAre is which starts a store takes that a first one
// has made, by the keys and accounts that are in it.
func TestStartsWithTheKeysThereAre(t *testing.T) {
	const other = glacier.AccountID("222233334444")
	public, own, second := Key{ID: "AKIAPUBLIC", Secret: "known"}, Key{ID: "AKIAOWN", Secret: "own"}, Key{ID: "AKIASECOND", Secret: "second"}
	seal, wrong := &[32]byte{1}, &[32]byte{2}
	for _, c := range []struct {
		name          string
		first, then   Key
		account       glacier.AccountID
		sealed, opens *[32]byte
		accept        bool
		refusal       string // "" if it starts
	}{
		{name: "the same key", first: own, then: own},
		{name: "no key given", first: own},
		{name: "a new key", first: own, then: second},
		{name: "the public key again", first: public, then: public},
		{name: "the public key is replaced", first: public, then: own},
		{name: "the public key is left", first: public, refusal: "everybody knows"},
		{name: "the public key is another account's", first: public, account: other, refusal: "everybody knows"},
		{name: "and is not replaced", first: public, then: own, account: other, refusal: "everybody knows"},
		{name: "the public key for one's own", first: own, then: public, refusal: "a key of its own"},
		{name: "the public key for a new account", first: own, then: public, account: other, refusal: "has " + testAccount},
		{name: "another account", first: own, account: other, refusal: "has " + testAccount},
		{name: "another account with a key", first: own, then: second, account: other, refusal: "has " + testAccount},
		{name: "sealed", first: own, sealed: seal, opens: seal},
		{name: "sealed with another", first: own, sealed: seal, opens: wrong, refusal: "sealed with another key"},
		{name: "sealing key forgotten", first: own, sealed: seal, refusal: "give --seal-key"},
		{name: "sealing key forgotten, new key", first: own, then: second, sealed: seal, refusal: "give --seal-key"},
		{name: "sealing key for a store with its own", first: own, opens: seal, refusal: "sealed with another key"},
		{name: "sealing key lost, no new key", first: own, sealed: seal, accept: true, refusal: "give --seal-key"},
		{name: "sealing key lost", first: own, then: second, sealed: seal, accept: true},
		{name: "sealing key replaced", first: own, then: second, sealed: seal, opens: wrong, accept: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, func(cfg *Config) {
				cfg.RootKey, cfg.PublicKey, cfg.SealKey = c.first, public.ID, c.sealed
			})
			h.stop()
			before := h.cfg
			h.cfg.RootKey, h.cfg.SealKey, h.cfg.AcceptLoss = c.then, c.opens, c.accept
			if c.account != "" {
				h.cfg.Account = c.account
			}
			srv, err := h.open()
			if err == nil {
				err = srv.Close()
			}
			if c.refusal == "" && err != nil || c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)) {
				t.Fatalf("the start ended with %v, want %q", err, c.refusal)
			}
			if c.refusal != "" { // nothing has changed
				h.cfg = before
				h.start()
			}
		})
	}
}
