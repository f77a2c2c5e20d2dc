package vault_test

import (
	"bytes"
	"strings"
	"testing"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/vault"
)

// sending is the header of an upload with a token.
func sending(token, description string, body []byte) vault.UploadRequest {
	q := request(body)
	q.Token, q.Description = token, description
	return q
}

// send uploads an archive whole.
func (h *house) send(name glacier.VaultName, q vault.UploadRequest, body []byte) (vault.Receipt, error) {
	h.t.Helper()
	in, err := h.BeginUpload(h.t.Context(), owner, name, q)
	if err != nil {
		return vault.Receipt{}, err
	}
	defer in.Close()
	h.must(in.Copy(bytes.NewReader(body)))
	return in.Commit(h.t.Context())
}

const (
	taken    = "InvalidParameterValueException: Invalid x-firn-upload-token: the vault has another archive that was uploaded with this token"
	badToken = "InvalidParameterValueException: Invalid x-firn-upload-token: it must be 1 to 64 characters long, each a letter, a digit, - or _"
)

// What is sent again with its token is there once, be it small or large.
func TestUploadWithToken(t *testing.T) {
	for name, size := range map[string]int{"in the journal": 5, "in a file": 1<<20 + 5} {
		t.Run(name, func(t *testing.T) {
			h := open(t, nil)
			body := data(size)
			first, err := h.send(photos, sending("t-1", "d", body), body)
			h.must(err)
			again, err := h.send(photos, sending("t-1", "d", body), body)
			h.must(err)
			if again != first {
				t.Errorf("receipts %+v and %+v", first, again)
			}
			if a := h.archive(photos, first.Archive); a.Token != "t-1" || a.Description != "d" || a.Imported != 0 || !bytes.Equal(h.read(a), body) {
				t.Errorf("archive %+v", a)
			}
			if p := h.archives(vault.ArchiveQuery{Limit: 9}); len(p.Rows) != 1 || p.Archives != 1 || p.Bytes != int64(size) {
				t.Errorf("the vault has %+v", p)
			}
			if n := h.payloads(); n != 1 {
				t.Errorf("%d payloads are kept", n)
			}
		})
	}
}

func TestUploadTokensTellArchivesApart(t *testing.T) {
	h := open(t, nil)
	body, other := data(5), data(6)
	longest := strings.Repeat("x", glacier.MaxUploadTokenLength)
	first, err := h.send(photos, sending("t", "d", body), body)
	h.must(err)
	flipped := bytes.Clone(body)
	flipped[0] ^= 1
	for _, tt := range []struct {
		name  string
		vault glacier.VaultName
		q     vault.UploadRequest
		body  []byte
		want  string
	}{
		{"another size", photos, sending("t", "d", other), other, taken},
		{"other bytes", photos, sending("t", "d", flipped), flipped, taken},
		{"another description", photos, sending("t", "D", body), body, taken},
		{"no description", photos, sending("t", "", body), body, taken},
		{"another token", photos, sending("T", "d", body), body, ""},
		{"no token", photos, sending("", "d", body), body, ""},
		{"another vault", films, sending("t", "", other), other, ""},
		{"64 characters", photos, sending(longest, "", body), body, ""},
		{"65 characters", photos, sending(longest+"x", "", body), body, badToken},
		{"a dot", photos, sending("a.b", "", body), body, badToken},
		{"beyond ASCII", photos, sending("é", "", body), body, badToken},
		{"a space", photos, sending(" ", "", body), body, badToken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := h.send(tt.vault, tt.q, tt.body)
			wantError(t, err, tt.want)
			if err == nil && r.Archive == first.Archive {
				t.Errorf("it is taken for the first, %s", r.Archive)
			}
		})
	}
	both := sending("u", "", body)
	both.Import.Archive = amazons
	_, err = h.send(photos, both, body)
	wantError(t, err, "InvalidParameterValueException: Invalid x-firn-upload-token: an archive that comes with an x-firn-archive-id has none")
	if p := h.archives(vault.ArchiveQuery{Limit: 9}); p.Archives != 4 {
		t.Errorf("the vault has %+v", p)
	}
}

// A token stands for its archive as long as that is there; jobs that still read it
// do not count.
func TestUploadTokenIsFreeAgain(t *testing.T) {
	h := open(t, nil)
	body, other := data(5), data(6)
	first, err := h.send(photos, sending("t", "", body), body)
	h.must(err)
	old := h.archive(photos, first.Archive)
	h.write(func(*catalog.Tx) []record.Entity {
		return []record.Entity{&record.Job{Vault: old.Vault, ID: 1 << 40, Action: "ArchiveRetrieval", Status: "InProgress", Archive: old.ID}}
	})
	h.faked = true // nobody else knows that job
	h.must(h.DeleteArchive(t.Context(), owner, photos, first.Archive))
	for _, b := range [][]byte{other, body} {
		r, err := h.send(photos, sending("t", "", b), b)
		h.must(err)
		if a := h.archive(photos, r.Archive); r.Archive == first.Archive || a.Size != int64(len(b)) {
			t.Errorf("sent again: %+v", a)
		}
		h.must(h.DeleteArchive(t.Context(), owner, photos, r.Archive))
	}
	h.must(h.DeleteArchive(t.Context(), owner, photos, first.Archive))
	h.view(func(tx *catalog.Tx) error {
		a, ok, err := tx.Archive(old.Vault, old.ID)
		if !ok || !a.Deleted || a.Token != "t" {
			t.Errorf("the one that jobs read is %+v", a)
		}
		return err
	})
}

// Of two uploads with one token that are under way at the same time the second
// finds the first's archive, or is refused.
func TestUploadsWithOneTokenThatMeet(t *testing.T) {
	h := open(t, nil)
	for name, size := range map[string]int{"small": 5, "large": 1<<20 + 5} {
		t.Run(name, func(t *testing.T) {
			body, other := data(size), data(size+1)
			kept := h.payloads()
			var all []*vault.Ingest
			for _, b := range [][]byte{body, body, other} {
				in, err := h.BeginUpload(t.Context(), owner, photos, sending(name, "d", b))
				h.must(err)
				defer in.Close()
				h.must(in.Copy(bytes.NewReader(b)))
				all = append(all, in)
			}
			type outcome struct {
				vault.Receipt
				err error
			}
			done := make(chan outcome)
			for _, in := range all[:2] {
				go func() {
					r, err := in.Commit(t.Context())
					done <- outcome{r, err}
				}()
			}
			one, two := <-done, <-done
			if one != two || one.err != nil || one.Archive == "" {
				t.Errorf("outcomes %+v and %+v", one, two)
			}
			_, err := all[2].Commit(t.Context())
			wantError(t, err, taken)
			if n := h.payloads() - kept; n != 1 {
				t.Errorf("%d payloads are kept", n)
			}
		})
	}
	if p := h.archives(vault.ArchiveQuery{Limit: 9}); p.Archives != 2 {
		t.Errorf("the vault has %+v", p)
	}
}

// Tokens are of a vault, and not of the next one of that name.
func TestUploadTokenEndsWithItsVault(t *testing.T) {
	h := open(t, nil)
	body := data(5)
	first, err := h.send(photos, sending("t", "", body), body)
	h.must(err)
	in, err := h.BeginUpload(t.Context(), owner, photos, sending("t", "", body)) // which is there now
	h.must(err)
	defer in.Close()
	h.must(in.Copy(bytes.NewReader(body)))
	h.must(h.DeleteArchive(t.Context(), owner, photos, first.Archive))
	h.must(h.DeleteVault(t.Context(), owner, photos))
	h.must(h.CreateVault(t.Context(), owner, photos))
	_, err = in.Commit(t.Context())
	wantError(t, err, "ResourceNotFoundException: Vault not found for ARN: …")
	second, err := h.send(photos, sending("t", "", data(6)), data(6))
	h.must(err)
	if second.Archive == first.Archive {
		t.Errorf("the id is given out again: %s", second.Archive)
	}
}
