package vault_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/internal/vault"
)

const (
	amazons = "-BkfPJfvFsh2vsTjkmg3kbGbMtVyE0Aeg07mHHIeuzLWQNtLAqmQkbO-v3mHvqSiAJIbUsVjBR7ANgQDEMhqBGXSxjOZ6TEHXXZ5MRdyTJP_TeLe2yKTWdEN2pz8zrxXhX4_2tWQxw"
	long    = "2014-03-20T17:03:43.221Z" // ago
)

// bring imports an archive into photos whole.
func (h *house) bring(from vault.Import, body []byte) (vault.Receipt, error) {
	h.t.Helper()
	q := request(body)
	q.Description, q.Import = "d d", from
	in, err := h.BeginUpload(h.t.Context(), owner, photos, q)
	if err != nil {
		return vault.Receipt{}, err
	}
	defer in.Close()
	h.must(in.Copy(bytes.NewReader(body)))
	return in.Commit(h.t.Context())
}

// inParts imports an archive into photos in parts of 1 MiB.
func (h *house) inParts(from vault.Import, body []byte) (vault.Receipt, error) {
	h.t.Helper()
	q := request(body)
	id, there, err := h.InitiateImport(h.t.Context(), owner, photos, vault.ImportRequest{
		Import: from, PartSize: "1048576", Description: "  d d", Size: size(body), Tree: q.Tree,
	})
	if err != nil || there.Archive != "" {
		return there, err
	}
	h.parts(id, body)
	return h.CompleteMultipartUpload(h.t.Context(), owner, photos, id, size(body), q.Tree)
}

func (h *house) parts(id glacier.UploadID, body []byte) {
	h.t.Helper()
	for first := 0; first < len(body); first += 1 << 20 {
		h.part(id, int64(first), body[first:min(first+1<<20, len(body))])
	}
}

func size(body []byte) string { return strconv.Itoa(len(body)) }

func TestImportedArchive(t *testing.T) {
	for name, bring := range map[string]func(*house, vault.Import, []byte) (vault.Receipt, error){
		"whole": (*house).bring, "in parts": (*house).inParts,
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, nil)
			body := data(1<<20 + 5)
			for range 2 { // a lost reply is asked for again
				r, err := bring(h, vault.Import{Archive: amazons, Created: long}, body)
				h.must(err)
				if r.Archive != amazons || r.Tree.String() != request(body).Tree {
					t.Fatalf("receipt %+v", r)
				}
				h.pass(time.Hour)
			}
			a := h.archive(photos, amazons)
			if glacier.At(a.Created).String() != long || glacier.At(a.Imported).String() != noon || glacier.At(a.AgesFrom()).String() != noon || a.Description != "d d" {
				t.Errorf("archive %+v", a)
			}
			if !bytes.Equal(h.read(a), body) {
				t.Error("the archive has other bytes than were sent")
			}
			_, err := bring(h, vault.Import{Archive: amazons, Created: long}, data(5))
			wantError(t, err, "InvalidParameterValueException: Invalid x-firn-archive-id: the vault has an archive with this id already, of 1048581 bytes, with the tree hash …")
			if p := h.archives(vault.ArchiveQuery{Limit: 9}); len(p.Rows) != 1 || p.Archives != 1 || p.Rows[0].Created.String() != long {
				t.Errorf("the vault has %+v", p)
			}
			h.must(h.DeleteArchive(t.Context(), owner, photos, amazons))
			wantError(t, h.DeleteArchive(t.Context(), owner, photos, amazons), "ResourceNotFoundException: …")
			if n := h.payloads(); n != 0 {
				t.Errorf("%d payloads are kept", n)
			}
			r, err := bring(h, vault.Import{Archive: amazons}, data(5)) // the id is free again
			h.must(err)
			if a := h.archive(photos, r.Archive); a.Created != a.Imported || a.Size != 5 {
				t.Errorf("archive without a date %+v", a)
			}
		})
	}
}

func TestImportRefused(t *testing.T) {
	h := open(t, nil)
	mine, films1 := h.upload(photos, data(5)), h.upload(films, data(5))
	form := "InvalidParameterValueException: Invalid x-firn-archive-id: it must be 1 to 256 characters long, each a letter, a digit, - or _"
	date := func(s string) string {
		return "InvalidParameterValueException: Invalid x-firn-creation-date: " + s
	}
	for _, tt := range []struct {
		name, id, created, want string
	}{
		{"a date alone", "", long, "MissingParameterValueException: Required parameter missing: x-firn-archive-id"},
		{"257 characters", strings.Repeat("x", 257), "", form},
		{"a slash", "a/b", "", form},
		{"beyond ASCII", "é", "", form},
		{"a date that is none", "x", "yesterday", date("yesterday")},
		{"a day", "x", "2014-03-20", date("2014-03-20")},
		{"before there were computers", "x", "1969-12-31T23:59:59Z", date("1969-12-31T23:59:59Z")},
		{"the future", "x", "2026-01-02T12:00:00.001Z", date("2026-01-02T12:00:00.001Z is in the future")},
		{"the id of one of the vault's", string(mine), "", "InvalidParameterValueException: Invalid x-firn-archive-id: the vault has an archive with this id already, of 5 bytes, …"},
		{"the id of another vault's", string(films1), "", "InvalidParameterValueException: Invalid x-firn-archive-id: it is the id of an archive in another vault of this server"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := vault.Import{Archive: tt.id, Created: tt.created}
			_, err := h.bring(from, data(6))
			wantError(t, err, tt.want)
			_, _, err = h.InitiateImport(t.Context(), owner, photos, vault.ImportRequest{Import: from, PartSize: "1048576"})
			wantError(t, err, strings.Replace(tt.want, "of 5 bytes, …", "…", 1))
		})
	}
	if uploads, err := h.ListMultipartUploads(t.Context(), owner, photos, vault.Page{}); err != nil || len(uploads.UploadsList) > 0 {
		t.Errorf("uploads have begun: %+v, %v", uploads, err)
	}
	_, _, err := h.InitiateImport(t.Context(), owner, photos, vault.ImportRequest{Import: vault.Import{Archive: "x"}, PartSize: "7"})
	wantError(t, err, "InvalidParameterValueException: Invalid part size: 7. …")
	_, _, err = h.InitiateImport(t.Context(), owner, photos, vault.ImportRequest{Import: vault.Import{Archive: "x"}, PartSize: "1048576", Size: "1"})
	wantError(t, err, "MissingParameterValueException: Required parameter missing: x-amz-sha256-tree-hash")
}

// An archive comes back under an id of this store's own that names nothing any
// more; if jobs still read what it named, the two are kept apart.
func TestImportOfAnIDThatWasGivenOutHere(t *testing.T) {
	h := open(t, nil)
	id := h.upload(photos, data(5))
	first := h.archive(photos, id)
	h.write(func(*catalog.Tx) []record.Entity {
		return []record.Entity{&record.Job{Vault: first.Vault, ID: 1 << 40, Action: "ArchiveRetrieval", Status: "InProgress", Archive: first.ID}}
	})
	r, err := h.bring(vault.Import{Archive: string(id)}, data(5))
	h.must(err)
	if now := h.archive(photos, id); r.Archive != id || now.ID != first.ID {
		t.Errorf("the archive that is there is imported as %+v", now)
	}
	h.must(h.DeleteArchive(t.Context(), owner, photos, id))
	r, err = h.bring(vault.Import{Archive: string(id), Created: long}, data(6))
	h.must(err)
	now := h.archive(photos, id)
	if r.Archive != id || now.ID == first.ID || now.Size != 6 {
		t.Errorf("imported again: %+v", now)
	}
	h.view(func(tx *catalog.Tx) error {
		old, ok, err := tx.Archive(first.Vault, first.ID)
		if !ok || !old.Deleted || old.Size != 5 {
			t.Errorf("the one that jobs read is %+v", old)
		}
		return err
	})
	if p := h.archives(vault.ArchiveQuery{Limit: 9, Match: string(id)}); len(p.Rows) != 1 || p.Rows[0].Size != 6 {
		t.Errorf("found %+v", p)
	}
	h.must(h.DeleteArchive(t.Context(), owner, photos, id))
	h.must(h.DeleteArchive(t.Context(), owner, photos, id)) // as with every id that was given out here
	h.write(func(*catalog.Tx) []record.Entity {
		return []record.Entity{&record.Job{Vault: first.Vault, ID: 1 << 40, Action: "ArchiveRetrieval", Status: "Succeeded", Archive: first.ID, Expires: 1}}
	})
	h.faked = true // nobody has the job's archive any more
}

// An id is of one vault. In another it is free, and unknown.
func TestImportIntoOneVaultOnly(t *testing.T) {
	h := open(t, nil)
	_, err := h.bring(vault.Import{Archive: amazons}, data(5))
	h.must(err)
	wantError(t, h.DeleteArchive(t.Context(), owner, films, amazons), "ResourceNotFoundException: The archive ID was not found: "+amazons)
	q := request(data(7))
	q.Import.Archive = amazons
	in, err := h.BeginUpload(t.Context(), owner, films, q)
	h.must(err)
	h.finish(in, data(7))
	h.must(h.DeleteArchive(t.Context(), owner, films, amazons))
	if a := h.archive(photos, amazons); a.Size != 5 {
		t.Errorf("archive %+v", a)
	}
	h.must(h.DeleteArchive(t.Context(), owner, photos, amazons))
	h.must(h.DeleteVault(t.Context(), owner, photos))
	h.must(h.CreateVault(t.Context(), owner, photos))
	wantError(t, h.DeleteArchive(t.Context(), owner, photos, amazons), "ResourceNotFoundException: …")
}

// Of two uploads of one archive the second changes nothing, and is answered
// alike; of two archives with one id the second is refused, and stays open.
func TestImportsThatMeet(t *testing.T) {
	h := open(t, nil)
	begin := func() glacier.UploadID {
		id, _, err := h.InitiateImport(t.Context(), owner, photos, vault.ImportRequest{
			Import: vault.Import{Archive: amazons, Created: long}, PartSize: "1048576",
		})
		h.must(err)
		return id
	}
	body := data(2<<20 + 1)
	first, second, other := begin(), begin(), begin()
	h.parts(second, body)
	h.parts(first, body)
	h.parts(other, data(9))
	for range 2 {
		for _, id := range []glacier.UploadID{second, first} {
			if r := h.complete(id, body); r.Archive != amazons {
				t.Errorf("receipt %+v", r)
			}
		}
	}
	_, err := h.CompleteMultipartUpload(t.Context(), owner, photos, other, "9", request(data(9)).Tree)
	wantError(t, err, "InvalidParameterValueException: Invalid x-firn-archive-id: the vault has an archive with this id already, …")
	if n := h.payloads(); n != 4 { // three of the archive, one of the upload that is open
		t.Errorf("%d payloads are kept", n)
	}
	if l, err := h.ListMultipartUploads(t.Context(), owner, photos, vault.Page{}); err != nil || len(l.UploadsList) != 1 || l.UploadsList[0].MultipartUploadID != other {
		t.Errorf("open are %+v, %v", l, err)
	}
	h.must(h.AbortMultipartUpload(t.Context(), owner, photos, other))

	late, whole := data(3), request(data(3))
	whole.Import.Archive = "late"
	one, err := h.BeginUpload(t.Context(), owner, photos, whole)
	h.must(err)
	two, err := h.BeginUpload(t.Context(), owner, photos, whole)
	h.must(err)
	if a, b := h.finish(one, late), h.finish(two, late); a != b || a.Archive != "late" {
		t.Errorf("receipts %+v and %+v", a, b)
	}
	if n := h.payloads(); n != 4 {
		t.Errorf("%d payloads are kept", n)
	}
}

func TestImportedArchivesByDate(t *testing.T) {
	h := open(t, nil)
	start := h.clock()
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	ours := make([]glacier.ArchiveID, 0, 3)
	bring := func(id string, created time.Time) {
		_, err := h.bring(vault.Import{Archive: id, Created: created.Format(time.RFC3339)}, data(5))
		h.must(err)
		h.pass(24 * time.Hour)
	}
	ours = append(ours, h.upload(photos, data(1)))
	h.pass(24 * time.Hour)
	bring("old", day(-100))
	ours = append(ours, h.upload(photos, data(1)))
	h.pass(24 * time.Hour)
	bring(amazons, day(0))
	ours = append(ours, h.upload(photos, data(1)))
	for _, tt := range []struct {
		name string
		q    vault.ArchiveQuery
		want []glacier.ArchiveID
	}{
		{"all, as they arrived", vault.ArchiveQuery{}, []glacier.ArchiveID{ours[0], "old", ours[1], amazons, ours[2]}},
		{"before the vault was", vault.ArchiveQuery{To: day(0)}, []glacier.ArchiveID{"old"}},
		{"the first day", vault.ArchiveQuery{From: day(0), To: day(1)}, []glacier.ArchiveID{ours[0], amazons}},
		{"later", vault.ArchiveQuery{From: day(1)}, []glacier.ArchiveID{ours[1], ours[2]}},
		{"long ago", vault.ArchiveQuery{From: day(-101), To: day(-99)}, []glacier.ArchiveID{"old"}},
		{"the whole id", vault.ArchiveQuery{Match: amazons}, []glacier.ArchiveID{amazons}},
		{"the whole id, and a day when it was not", vault.ArchiveQuery{Match: amazons, From: day(1)}, nil},
		{"a short id", vault.ArchiveQuery{Match: "old"}, []glacier.ArchiveID{"old"}},
		{"a short id, and nothing else", vault.ArchiveQuery{ID: "old"}, []glacier.ArchiveID{"old"}},
		{"a short id that is none", vault.ArchiveQuery{ID: "d"}, nil},
		{"a description", vault.ArchiveQuery{Match: "D D"}, []glacier.ArchiveID{"old", amazons}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.q.Oldest, tt.q.Limit = true, 1
			var got []glacier.ArchiveID
			for {
				p := h.archives(tt.q)
				got = append(got, idsOf(p)...)
				if tt.q.Cursor = p.Next; p.Next == "" {
					break
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// An id that reads as a token, and names nothing, is an id like any other.
func TestAnImportIsNotTakenForAToken(t *testing.T) {
	h := open(t, nil)
	v := h.vault(films)
	forged := h.store.IDKey().Seal(token.ID{Kind: token.Archive, Vault: v.ID, Number: 1 << 40, Random: 7})
	_, err := h.bring(vault.Import{Archive: forged}, data(5)) // it names nothing, and never will
	h.must(err)
	if a := h.archive(photos, glacier.ArchiveID(forged)); a.Size != 5 {
		t.Errorf("archive %+v", a)
	}
	wantError(t, h.DeleteArchive(t.Context(), owner, films, glacier.ArchiveID(forged)), "")
	if a := h.archive(photos, glacier.ArchiveID(forged)); a.Size != 5 {
		t.Errorf("archive %+v", a)
	}
}
