package job

import (
	"testing"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/vault"
)

// TestCallerOfAnotherAccount: somebody whom a vault's policy lets in has the
// results in his own bucket, and not in one of the vault's owner. Who may have
// them from here is a matter of the vault.
func TestCallerOfAnotherAccount(t *testing.T) {
	l := newLibrary(t)
	h := newHouse(t, l.selects())
	h.start()
	a := h.small(photos, "a\n")
	const message = "Invalid BucketName: remote. The account " + string(stranger) + " may not use this bucket."
	_, err := h.InitiateJob(t.Context(), stranger, owner, photos, parameters(t, selectInto("remote", a, everything, "")))
	refused(t, err, glacier.InvalidParameterValue, message)
	b, err := h.InitiateJob(t.Context(), stranger, owner, photos, parameters(t, selectJob(a, everything, "")))
	if err != nil {
		t.Fatal(err)
	}
	if d := h.await(b.ID); d.StatusCode != glacier.Succeeded {
		t.Fatalf("%s", *d.StatusMessage)
	}
	if got := l.objects(string(stranger) + "/results/" + b.OutputPath); len(got) != 3 {
		t.Errorf("the caller has %v", got)
	}
	if got := l.objects(inResults(b.ID)); len(got) != 0 {
		t.Errorf("the owner has %v", got)
	}
	h.same("output", "a\n", string(h.read(b.ID)))
	t.Run("and who fails, fails there", func(t *testing.T) {
		b, err := h.InitiateJob(t.Context(), stranger, owner, photos, parameters(t, selectJob(a, "SELECT CAST(_1 AS INT) FROM archive", "")))
		if err != nil {
			t.Fatal(err)
		}
		h.await(b.ID)
		if got := l.objects(string(stranger) + "/results/" + b.OutputPath); got["error_manifest.txt"] == "" {
			t.Errorf("%v", got)
		}
	})
	t.Run("the other way round", func(t *testing.T) {
		if err := h.vaults.CreateVault(t.Context(), stranger, photos); err != nil {
			t.Fatal(err)
		}
		a := h.foreign()
		_, err := h.InitiateJob(t.Context(), stranger, stranger, photos, parameters(t, selectInto("remote", a, everything, "")))
		refused(t, err, glacier.InvalidParameterValue, message)
		if _, err = h.InitiateJob(t.Context(), owner, stranger, photos, parameters(t, selectInto("remote", a, everything, ""))); err != nil {
			t.Error(err)
		}
	})
}

// foreign puts an archive into the stranger's vault.
func (h *house) foreign() record.Archive {
	h.t.Helper()
	var v record.Vault
	if err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		v, err = vault.Find(tx, region, stranger, photos)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	p := h.payload(v.ID, []byte("a\n"))
	return h.put(record.Archive{Vault: v.ID, Size: p.Size, TreeHash: p.TreeHash, Pieces: []record.Piece{
		{Payload: p.ID, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash},
	}})
}
