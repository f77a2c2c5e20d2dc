package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/record"
	"firn/internal/token"
	"firn/internal/vault"
	"firn/treehash"
)

func TestUploadArchive(t *testing.T) {
	h := open(t, nil)
	for _, size := range []int{1, 26, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3<<20 + 5} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			body := data(size)
			q := request(body)
			q.Description = "a  b \"~\\"
			q.Linear, q.Tree = strings.ToUpper(q.Linear), strings.ToUpper(q.Tree)
			in, err := h.BeginUpload(t.Context(), owner, photos, q)
			h.must(err)
			receipt := h.finish(in, body)
			if len(receipt.Archive) != 138 || receipt.Archive[0] == '-' {
				t.Errorf("archive id %q", receipt.Archive)
			}
			if receipt.Tree != treehash.Sum(body) {
				t.Errorf("tree hash %s, want %s", receipt.Tree, treehash.Sum(body))
			}
			a := h.archive(photos, receipt.Archive)
			if a.Size != int64(size) || a.TreeHash != receipt.Tree || a.Description != q.Description || glacier.At(a.Created).String() != noon {
				t.Errorf("archive %+v", a)
			}
			if !bytes.Equal(h.read(a), body) {
				t.Error("the archive has other bytes than were sent")
			}
		})
	}
}

func TestUploadTwiceMakesTwoArchives(t *testing.T) {
	h := open(t, nil)
	a, b := h.upload(photos, data(9)), h.upload(photos, data(9))
	if a == b {
		t.Errorf("both are %s", a)
	}
}

// TestUploadRefusedByHeader: what the headers tell is told before the body
// is asked for, and leaves nothing.
func TestUploadRefusedByHeader(t *testing.T) {
	h := open(t, nil)
	sum := strings.Repeat("0", 64)
	good := vault.UploadRequest{Size: 1, Linear: sum, Tree: sum}
	for _, tt := range []struct {
		name   string
		vault  glacier.VaultName
		change func(q *vault.UploadRequest)
		want   string
	}{
		{"no length", photos, func(q *vault.UploadRequest) { q.Size = -1 }, "MissingParameterValueException: Required parameter missing: Content-Length"},
		{"no linear hash", photos, func(q *vault.UploadRequest) { q.Linear = "" }, "MissingParameterValueException: Required parameter missing: x-amz-content-sha256"},
		{"no tree hash", photos, func(q *vault.UploadRequest) { q.Tree = "" }, "MissingParameterValueException: Required parameter missing: x-amz-sha256-tree-hash"},
		{"size 0", photos, func(q *vault.UploadRequest) { q.Size = 0 }, "InvalidParameterValueException: Invalid Content-Length: 0"},
		{"size 4 GiB + 1", photos, func(q *vault.UploadRequest) { q.Size = 4<<30 + 1 }, "InvalidParameterValueException: Invalid Content-Length: 4294967297"},
		{"linear hash no hash", photos, func(q *vault.UploadRequest) { q.Linear = "UNSIGNED-PAYLOAD" }, "InvalidParameterValueException: Invalid x-amz-content-sha256: UNSIGNED-PAYLOAD"},
		{"tree hash short", photos, func(q *vault.UploadRequest) { q.Tree = sum[1:] }, "InvalidParameterValueException: Invalid x-amz-sha256-tree-hash: " + sum[1:]},
		{"description of 1,025", photos, func(q *vault.UploadRequest) { q.Description = strings.Repeat("x", 1025) }, "InvalidParameterValueException: Invalid x-amz-archive-description: …"},
		{"description with a control character", photos, func(q *vault.UploadRequest) { q.Description = "a\x1fb" }, "InvalidParameterValueException: Invalid x-amz-archive-description: …"},
		{"description with DEL", photos, func(q *vault.UploadRequest) { q.Description = "\x7f" }, "InvalidParameterValueException: Invalid x-amz-archive-description: …"},
		{"description beyond ASCII", photos, func(q *vault.UploadRequest) { q.Description = "é" }, "InvalidParameterValueException: Invalid x-amz-archive-description: …"},
		{"no such vault", "none", func(*vault.UploadRequest) {}, "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/none"},
		{"impossible vault", "testz:z", func(*vault.UploadRequest) {}, "ResourceNotFoundException: Vault not found for ARN: testz:z"},
		{"presence before validity", photos, func(q *vault.UploadRequest) { q.Size, q.Tree = 0, "" }, "MissingParameterValueException: Required parameter missing: x-amz-sha256-tree-hash"},
		{"validity before existence", "none", func(q *vault.UploadRequest) { q.Size = 0 }, "InvalidParameterValueException: Invalid Content-Length: 0"},
		{"longest description", photos, func(q *vault.UploadRequest) { q.Description = strings.Repeat("~", 1024) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := good
			tt.change(&q)
			in, err := h.BeginUpload(t.Context(), owner, tt.vault, q)
			wantError(t, err, tt.want)
			if err == nil {
				h.must(in.Close())
			}
		})
	}
	if n := h.payloads(); n != 0 {
		t.Errorf("%d payloads are kept", n)
	}
}

// TestLargestUpload: 4 GiB exactly are let in. (Nobody sends them.)
func TestLargestUpload(t *testing.T) {
	h := open(t, func(c *vault.Config) { c.Store = &fullStore{Store: c.Store, begin: true} })
	sum := strings.Repeat("0", 64)
	_, err := h.BeginUpload(t.Context(), owner, photos, vault.UploadRequest{Size: 4 << 30, Linear: sum, Tree: sum})
	wantError(t, err, "ServiceUnavailableException: …")
}

// slow is a reader whose deadline passes.
type slow struct{}

func (slow) Error() string            { return "i/o timeout" }
func (slow) Timeout() bool            { return true }
func (slow) Read([]byte) (int, error) { return 0, fmt.Errorf("read tcp: %w", slow{}) }

func TestUploadRefusedByBody(t *testing.T) {
	const size = 2<<20 + 100
	body := data(size)
	q := request(body)
	zeros := strings.Repeat("0", 64)
	prefix := func(n int, then io.Reader) io.Reader { return io.MultiReader(bytes.NewReader(body[:n]), then) }
	short := func(n int) string {
		return fmt.Sprintf("BadRequest: The request body ended after %d of the %d bytes declared.", n, size)
	}
	for _, tt := range []struct {
		name         string
		linear, tree string
		body         io.Reader
		want         string
	}{
		{"wrong linear hash", zeros, q.Tree, bytes.NewReader(body),
			"InvalidSignatureException: The value passed in as x-amz-content-sha256 does not match the computed payload hash. Computed digest: " + q.Linear + " expected hash: " + zeros},
		{"wrong tree hash", q.Linear, zeros, bytes.NewReader(body),
			"InvalidParameterValueException: Checksum mismatch: expected " + zeros + ", computed " + q.Tree},
		{"both wrong", zeros, zeros, bytes.NewReader(body), "InvalidSignatureException: …"},
		{"hashes exchanged", q.Tree, q.Linear, bytes.NewReader(body), "InvalidSignatureException: …"},
		{"empty", q.Linear, q.Tree, strings.NewReader(""), short(0)},
		{"ends within a leaf", q.Linear, q.Tree, prefix(7, strings.NewReader("")), short(7)},
		{"ends after a leaf", q.Linear, q.Tree, prefix(1<<20, strings.NewReader("")), short(1 << 20)},
		{"lacks the last byte", q.Linear, q.Tree, prefix(size-1, strings.NewReader("")), short(size - 1)},
		{"broken off", q.Linear, q.Tree, prefix(7, iotest.ErrReader(errors.New("connection reset"))), short(7)},
		{"one byte too many", q.Linear, q.Tree, prefix(size, strings.NewReader("x")),
			fmt.Sprintf("BadRequest: The request body is longer than the %d bytes declared.", size)},
		{"too slow", q.Linear, q.Tree, prefix(7, slow{}), "RequestTimeoutException: Request timed out."},
		{"refused by the reader", q.Linear, q.Tree, prefix(7, iotest.ErrReader(glacier.Errorf(glacier.Throttling, "Rate exceeded"))), "ThrottlingException: Rate exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, nil)
			in, err := h.BeginUpload(t.Context(), owner, photos, vault.UploadRequest{Size: size, Linear: tt.linear, Tree: tt.tree})
			h.must(err)
			wantError(t, in.Copy(tt.body), tt.want)
			if _, err := in.Commit(t.Context()); err == nil {
				t.Error("the refused body could be committed")
			}
			h.must(in.Close())
			if n := h.payloads(); n != 0 {
				t.Errorf("%d payloads are kept", n)
			}
			h.must(h.DeleteVault(t.Context(), owner, photos)) // it is empty
		})
	}
}

func TestBodyInSmallPieces(t *testing.T) {
	h := open(t, nil)
	body := data(1<<20 + 17)
	in, err := h.BeginUpload(t.Context(), owner, photos, request(body))
	h.must(err)
	h.must(in.Copy(iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(body)))))
	receipt, err := in.Commit(t.Context())
	h.must(err)
	h.must(in.Close())
	if !bytes.Equal(h.read(h.archive(photos, receipt.Archive)), body) {
		t.Error("the archive has other bytes than were sent")
	}
}

func TestClosedBeforeCommitKeepsNothing(t *testing.T) {
	for _, size := range []int{5, 2 << 20} {
		h := open(t, nil)
		in, err := h.BeginUpload(t.Context(), owner, photos, request(data(size)))
		h.must(err)
		h.must(in.Copy(bytes.NewReader(data(size))))
		h.must(in.Close())
		if n := h.payloads(); n != 0 {
			t.Errorf("%d bytes: %d payloads are kept", size, n)
		}
	}
}

func TestVaultDeletedDuringUpload(t *testing.T) {
	const want = "ResourceNotFoundException: Vault not found for ARN: " + photo
	for _, anew := range []bool{false, true} {
		h := open(t, nil)
		in, err := h.BeginUpload(t.Context(), owner, photos, request(data(5)))
		h.must(err)
		h.must(h.DeleteVault(t.Context(), owner, photos))
		if anew {
			h.must(h.CreateVault(t.Context(), owner, photos))
		}
		h.must(in.Copy(bytes.NewReader(data(5))))
		_, err = in.Commit(t.Context())
		wantError(t, err, want)
		h.must(in.Close())
		if n := h.payloads(); n != 0 {
			t.Errorf("made anew %t: %d payloads are kept", anew, n)
		}
	}
}

func TestNoSpace(t *testing.T) {
	full := &fullStore{}
	h := open(t, func(c *vault.Config) { full.Store, c.Store = c.Store, full })
	id := h.upload(photos, data(5))
	const want = "ServiceUnavailableException: There is no space left to store this request. Retrievals and deletions continue to work."
	full.begin = true
	_, err := h.BeginUpload(t.Context(), owner, photos, request(data(5)))
	wantError(t, err, want)
	h.must(h.DeleteArchive(t.Context(), owner, photos, id))

	full.begin = false
	in, err := h.BeginUpload(t.Context(), owner, photos, request(data(5)))
	h.must(err)
	h.must(in.Copy(bytes.NewReader(data(5))))
	full.update = true
	_, err = in.Commit(t.Context())
	wantError(t, err, want)
	h.must(in.Close())
	wantError(t, h.CreateVault(t.Context(), owner, "more"), want)
	if n := h.payloads(); n != 0 {
		t.Errorf("%d payloads are kept", n)
	}
}

// TestFullDisk: a disk that is really full refuses uploads, keeps what it has,
// and lets deletes through.
func TestFullDisk(t *testing.T) {
	h := openOn(t, disk.NewMem(96<<20), nil)
	const size = 8 << 20
	var kept []glacier.ArchiveID
	upload := func() error {
		in, err := h.BeginUpload(t.Context(), owner, photos, request(data(size)))
		if err != nil {
			return err
		}
		defer in.Close()
		if err := in.Copy(bytes.NewReader(data(size))); err != nil {
			return err
		}
		receipt, err := in.Commit(t.Context())
		if err == nil {
			kept = append(kept, receipt.Archive)
		}
		return err
	}
	err := upload()
	for err == nil && len(kept) < 96/8 {
		err = upload()
	}
	wantError(t, err, "ServiceUnavailableException: There is no space left to store this request. Retrievals and deletions continue to work.")
	if len(kept) == 0 {
		t.Fatal("not one upload found space")
	}
	for _, id := range kept {
		if !bytes.Equal(h.read(h.archive(photos, id)), data(size)) {
			t.Errorf("archive %s has changed", id)
		}
		h.must(h.DeleteArchive(t.Context(), owner, photos, id))
	}
	if n := h.payloads(); n != 0 {
		t.Errorf("%d payloads are kept", n)
	}
}

func TestFindArchiveAndDeleteArchive(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	mine := h.upload(photos, data(5))
	films1 := h.upload(films, data(5))
	gone := h.upload(photos, data(5))
	h.must(h.DeleteArchive(ctx, owner, photos, gone))
	h.must(h.CreateVault(ctx, owner, "brief"))
	ofGoneVault := h.upload("brief", data(5))
	h.must(h.DeleteArchive(ctx, owner, "brief", ofGoneVault))
	h.must(h.DeleteVault(ctx, owner, "brief"))
	v := h.vault(photos)
	sealed := func(n, random uint64) glacier.ArchiveID {
		return glacier.ArchiveID(h.store.IDKey().Seal(token.ID{Kind: token.Archive, Vault: v.ID, Number: n, Random: random}))
	}
	upload := h.initiate("1048576")
	forged := []byte(mine)
	forged[70] ^= 1

	const invalidVault = "InvalidParameterValueException: Invalid vault name: " + photo
	notFound := func(id glacier.ArchiveID) string {
		return "ResourceNotFoundException: The archive ID was not found: " + string(id)
	}
	for _, tt := range []struct {
		name         string
		id           glacier.ArchiveID
		find, delete string
	}{
		{"of another vault", films1, invalidVault, invalidVault},
		{"deleted", gone, notFound(gone), ""},
		{"of a vault that is gone", ofGoneVault, notFound(ofGoneVault), ""},
		{"never reached", sealed(1<<40, 0), notFound(sealed(1<<40, 0)), ""},
		{"the number, but other random bits", sealed(h.archive(photos, mine).ID, 1), notFound(sealed(h.archive(photos, mine).ID, 1)), ""},
		{"empty", "", notFound(""), notFound("")},
		{"garbage", "x", notFound("x"), notFound("x")},
		{"one character altered", glacier.ArchiveID(forged), notFound(glacier.ArchiveID(forged)), notFound(glacier.ArchiveID(forged))},
		{"an upload's id", glacier.ArchiveID(upload), notFound(glacier.ArchiveID(upload)), notFound(glacier.ArchiveID(upload))},
		{"existing", mine, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, h.store.View(ctx, func(tx *catalog.Tx) error {
				_, err := vault.FindArchive(tx, h.store.IDKey(), region, v, tt.id)
				return err
			}), tt.find)
			wantError(t, h.DeleteArchive(ctx, owner, photos, tt.id), tt.delete)
			wantError(t, h.DeleteArchive(ctx, owner, photos, tt.id), tt.delete) // again
		})
	}
	wantError(t, h.DeleteArchive(ctx, owner, "none", mine),
		"ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/none")
	h.archive(films, films1) // untouched
}

func TestDeleteArchiveFreesItsBytes(t *testing.T) {
	h := open(t, nil)
	for _, size := range []int{5, 2<<20 + 5} {
		id := h.upload(photos, data(size))
		if n := h.payloads(); n != 1 {
			t.Errorf("%d bytes: %d payloads, want 1", size, n)
		}
		h.must(h.DeleteArchive(t.Context(), owner, photos, id))
		if n := h.payloads(); n != 0 {
			t.Errorf("%d bytes: %d payloads are kept", size, n)
		}
	}
}

func TestDeletedArchiveStaysWhilePinned(t *testing.T) {
	h := open(t, nil)
	id := h.upload(photos, data(5))
	a := h.archive(photos, id)
	h.write(func(tx *catalog.Tx) []record.Entity {
		return []record.Entity{&record.Job{
			Vault: a.Vault, ID: uint64(tx.LSN()), Public: "job", Action: glacier.ActionArchiveRetrieval,
			Status: glacier.InProgress, Created: tx.Now().UnixMilli(), Archive: a.ID, ArchiveID: id, ArchiveSize: a.Size,
		}}
	})
	h.must(h.DeleteArchive(t.Context(), owner, photos, id))
	h.must(h.DeleteArchive(t.Context(), owner, photos, id))
	err := h.store.View(t.Context(), func(tx *catalog.Tx) error {
		_, err := vault.FindArchive(tx, h.store.IDKey(), region, h.vault(photos), id)
		return err
	})
	wantError(t, err, "ResourceNotFoundException: The archive ID was not found: "+string(id))
	if got := h.read(a); !bytes.Equal(got, data(5)) {
		t.Errorf("a pinned archive reads %x", got)
	}
	d, err := h.DescribeVault(t.Context(), owner, photos)
	h.must(err)
	if d.NumberOfArchives != 0 || d.SizeInBytes != 0 {
		t.Errorf("a deleted archive counts: %+v", d)
	}
}
