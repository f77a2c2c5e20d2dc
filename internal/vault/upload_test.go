package vault_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/internal/vault"
	"firn/treehash"
)

// complete completes an upload of photos that has received all of body.
func (h *house) complete(id glacier.UploadID, body []byte) vault.Receipt {
	h.t.Helper()
	r, err := h.CompleteMultipartUpload(h.t.Context(), owner, photos, id, fmt.Sprint(len(body)), treehash.Sum(body).String())
	h.must(err)
	return r
}

func TestPartSize(t *testing.T) {
	h := open(t, nil)
	bad := func(s string) string {
		return "InvalidParameterValueException: Invalid part size: " + s +
			". Part size must not be null, must be a power of two and be between 1048576 and 4294967296 bytes."
	}
	for _, tt := range []struct{ name, size, want string }{
		{"absent", "", bad("null")},
		{"0", "0", bad("0")},
		{"10 MiB", "10485760", bad("10485760")},
		{"half a MiB", "524288", bad("524288")},
		{"8 GiB", "8589934592", bad("8589934592")},
		{"one more than 1 MiB", "1048577", bad("1048577")},
		{"negative", "-1048576", bad("-1048576")},
		{"signed", "+1048576", bad("+1048576")},
		{"hexadecimal", "0x100000", bad("0x100000")},
		{"fraction", "1048576.0", bad("1048576.0")},
		{"space", " 1048576", bad(" 1048576")},
		{"2^64 + 1 MiB", "18446744073710600192", bad("18446744073710600192")},
		{"2^63", "9223372036854775808", bad("9223372036854775808")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.InitiateMultipartUpload(t.Context(), owner, photos, tt.size, "")
			wantError(t, err, tt.want)
		})
	}
	for shift := 20; shift <= 32; shift++ {
		id := h.initiate(fmt.Sprint(int64(1) << shift))
		if len(id) != 92 || id[0] == '-' {
			t.Errorf("upload id %q", id)
		}
	}
}

func TestInitiateMultipartUpload(t *testing.T) {
	h := open(t, nil)
	for _, tt := range []struct {
		name, description string
		vault             glacier.VaultName
		stored, want      string
	}{
		{"leading spaces", "   a  b ", photos, "a  b ", ""},
		{"1,024 and leading spaces", "  " + strings.Repeat("x", 1024), photos, strings.Repeat("x", 1024), ""},
		{"1,025", strings.Repeat("x", 1025), photos, "", "InvalidParameterValueException: Invalid x-amz-archive-description: …"},
		{"tab", "\t", photos, "", "InvalidParameterValueException: Invalid x-amz-archive-description: …"},
		{"no such vault", "", "none", "", "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/none"},
		{"impossible vault", "", "a:b", "", "ResourceNotFoundException: Vault not found for ARN: a:b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id, err := h.InitiateMultipartUpload(t.Context(), owner, tt.vault, "1048576", tt.description)
			wantError(t, err, tt.want)
			if err != nil {
				return
			}
			list, err := h.ListParts(t.Context(), owner, tt.vault, id, vault.Page{})
			h.must(err)
			if list.ArchiveDescription == nil || *list.ArchiveDescription != tt.stored {
				t.Errorf("description %v, want %q", list.ArchiveDescription, tt.stored)
			}
		})
	}
}

func TestPartRefusedByHeader(t *testing.T) {
	h := open(t, nil)
	id := h.initiate("2097152")
	sum := strings.Repeat("0", 64)
	badRange := func(s string) string { return "InvalidParameterValueException: Invalid Content-Range: " + s }
	for _, tt := range []struct {
		name string
		q    vault.PartRequest // hashes are added
		want string
	}{
		{"no range", vault.PartRequest{Size: 1}, "MissingParameterValueException: Required parameter missing: Content-Range"},
		{"first part", vault.PartRequest{Range: "bytes 0-2097151/*", Size: 2097152}, ""},
		{"no length", vault.PartRequest{Range: "bytes 0-2097151/*", Size: -1}, ""},
		{"short part", vault.PartRequest{Range: "bytes 2097152-2097152/*", Size: 1}, ""},
		{"concrete total", vault.PartRequest{Range: "bytes 0-9/10", Size: 10}, ""},
		{"part 10,000", vault.PartRequest{Range: "bytes 20969422848-20969422848/*", Size: 1}, ""},
		{"part 10,001", vault.PartRequest{Range: "bytes 20971520000-20971520000/*", Size: 1},
			"InvalidParameterValueException: This is part number 10001 for the current multipart upload. It exceeds the limit of 10000 parts."},
		{"not at a multiple", vault.PartRequest{Range: "bytes 1048576-2097151/*", Size: 1048576}, badRange("bytes 1048576-2097151/*")},
		{"longer than the part size", vault.PartRequest{Range: "bytes 0-2097152/*", Size: 2097153}, badRange("bytes 0-2097152/*")},
		{"reversed", vault.PartRequest{Range: "bytes 909994937-909994936/*", Size: 1}, badRange("bytes 909994937-909994936/*")},
		{"length too small", vault.PartRequest{Range: "bytes 0-9/*", Size: 9},
			"InvalidParameterValueException: Content-Range: bytes 0-9/* is incompatible with Content-Length: 9"},
		{"length too large", vault.PartRequest{Range: "bytes 0-9/*", Size: 11},
			"InvalidParameterValueException: Content-Range: bytes 0-9/* is incompatible with Content-Length: 11"},
		{"length 0", vault.PartRequest{Range: "bytes 0-0/*", Size: 0},
			"InvalidParameterValueException: Content-Range: bytes 0-0/* is incompatible with Content-Length: 0"},
		{"other unit", vault.PartRequest{Range: "octets 0-9/*", Size: 10}, badRange("octets 0-9/*")},
		{"equals sign", vault.PartRequest{Range: "bytes=0-9/*", Size: 10}, badRange("bytes=0-9/*")},
		{"no total", vault.PartRequest{Range: "bytes 0-9", Size: 10}, badRange("bytes 0-9")},
		{"garbage total", vault.PartRequest{Range: "bytes 0-9/x", Size: 10}, badRange("bytes 0-9/x")},
		{"empty total", vault.PartRequest{Range: "bytes 0-9/", Size: 10}, badRange("bytes 0-9/")},
		{"no last", vault.PartRequest{Range: "bytes 0-/*", Size: 10}, badRange("bytes 0-/*")},
		{"no first", vault.PartRequest{Range: "bytes -9/*", Size: 10}, badRange("bytes -9/*")},
		{"unsatisfied", vault.PartRequest{Range: "bytes */*", Size: 10}, badRange("bytes */*")},
		{"signed", vault.PartRequest{Range: "bytes +0-9/*", Size: 10}, badRange("bytes +0-9/*")},
		{"2^63", vault.PartRequest{Range: "bytes 9223372036854775808-9223372036854775808/*", Size: 1}, badRange("bytes 9223372036854775808-9223372036854775808/*")},
		{"all of int64", vault.PartRequest{Range: fmt.Sprintf("bytes 0-%d/*", math.MaxInt64), Size: 10}, badRange(fmt.Sprintf("bytes 0-%d/*", math.MaxInt64))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.q.Linear, tt.q.Tree = sum, sum
			in, err := h.BeginPart(t.Context(), owner, photos, id, tt.q)
			wantError(t, err, tt.want)
			if err == nil {
				h.must(in.Close())
			}
		})
	}
	good := vault.PartRequest{Range: "bytes 0-9/*", Size: 10, Linear: sum, Tree: sum}
	without := good
	without.Linear = ""
	_, err := h.BeginPart(t.Context(), owner, photos, id, without)
	wantError(t, err, "MissingParameterValueException: Required parameter missing: x-amz-content-sha256")
	without = good
	without.Tree = ""
	_, err = h.BeginPart(t.Context(), owner, photos, id, without)
	wantError(t, err, "MissingParameterValueException: Required parameter missing: x-amz-sha256-tree-hash")
	_, err = h.BeginPart(t.Context(), owner, "none", id, good)
	wantError(t, err, "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/none")
	for _, unknown := range []glacier.UploadID{"", "x", id[:91] + "!"} {
		_, err = h.BeginPart(t.Context(), owner, photos, unknown, good)
		wantError(t, err, "ResourceNotFoundException: The upload ID was not found: "+string(unknown))
	}
	_, err = h.BeginPart(t.Context(), owner, films, id, good)
	wantError(t, err, "ResourceNotFoundException: The upload ID was not found: "+string(id))
	if n := h.payloads(); n != 0 {
		t.Errorf("%d payloads are kept", n)
	}
}

func TestPartWithWrongHashLeavesTheOldOne(t *testing.T) {
	h := open(t, nil)
	id := h.initiate("1048576")
	h.part(id, 0, data(10))
	q := partRequest(0, data(10))
	q.Tree = strings.Repeat("0", 64)
	in, err := h.BeginPart(t.Context(), owner, photos, id, q)
	h.must(err)
	wantError(t, in.Copy(bytes.NewReader(data(10))), "InvalidParameterValueException: Checksum mismatch: expected "+q.Tree+", computed "+treehash.Sum(data(10)).String())
	h.must(in.Close())
	h.complete(id, data(10))
	if n := h.payloads(); n != 1 {
		t.Errorf("%d payloads are kept, want 1", n)
	}
}

func TestMultipartUpload(t *testing.T) {
	const MiB = 1 << 20
	for _, tt := range []struct {
		name     string
		partSize int
		size     int
		order    []int
	}{
		{"one short part", MiB, 10, []int{0}},
		{"one full part", MiB, MiB, []int{0}},
		{"in order", MiB, 3*MiB + 1, []int{0, 1, 2, 3}},
		{"in reverse", MiB, 3*MiB + 1, []int{3, 2, 1, 0}},
		{"every part twice", MiB, 2*MiB + 1, []int{0, 0, 2, 1, 2, 1}},
		{"parts of 2 MiB", 2 * MiB, 5*MiB + 3, []int{1, 0, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, nil)
			body := data(tt.size)
			id, err := h.InitiateMultipartUpload(t.Context(), owner, photos, fmt.Sprint(tt.partSize), "note")
			h.must(err)
			for _, i := range tt.order {
				h.part(id, int64(i*tt.partSize), body[i*tt.partSize:min(tt.size, (i+1)*tt.partSize)])
			}
			h.pass(time.Minute)
			receipt := h.complete(id, body)
			a := h.archive(photos, receipt.Archive)
			if a.Size != int64(tt.size) || a.TreeHash != treehash.Sum(body) || receipt.Tree != a.TreeHash || a.Description != "note" ||
				glacier.At(a.Created).String() != "2026-01-02T12:01:00.000Z" {
				t.Errorf("archive %+v", a)
			}
			if !bytes.Equal(h.read(a), body) {
				t.Error("the archive has other bytes than were sent")
			}
			parts := (tt.size + tt.partSize - 1) / tt.partSize
			if n := h.payloads(); n != parts {
				t.Errorf("%d payloads are kept, want %d", n, parts)
			}
			h.must(h.DeleteArchive(t.Context(), owner, photos, receipt.Archive))
			if n := h.payloads(); n != 0 {
				t.Errorf("%d payloads are kept after the archive's end", n)
			}
		})
	}
}

func TestPartReplacesTheOneBefore(t *testing.T) {
	h := open(t, nil)
	id := h.initiate("1048576")
	h.part(id, 0, data(1<<20))
	h.part(id, 0, []byte("short"))
	receipt := h.complete(id, []byte("short"))
	if got := h.read(h.archive(photos, receipt.Archive)); string(got) != "short" {
		t.Errorf("archive is %q", got)
	}
	if n := h.payloads(); n != 1 {
		t.Errorf("%d payloads are kept, want 1", n)
	}
}

// TestPartsAndCompleteAtOnce: parts are sent again and again, while the upload
// is completed. Each call succeeds or finds the upload gone; in the end there
// is one archive, whole, and no byte besides.
func TestPartsAndCompleteAtOnce(t *testing.T) {
	const parts, senders, rounds = 3, 4, 5
	h := open(t, nil)
	ctx := t.Context()
	body := data(parts << 20)
	id := h.initiate("1048576")
	gone := glacier.UploadNotFound(id).Error()
	send := func(i int) error {
		piece := body[i<<20 : (i+1)<<20]
		in, err := h.BeginPart(ctx, owner, photos, id, partRequest(int64(i)<<20, piece))
		if err != nil {
			return err
		}
		defer in.Close()
		if err := in.Copy(bytes.NewReader(piece)); err != nil {
			return err
		}
		_, err = in.Commit(ctx)
		return err
	}
	for i := range parts {
		h.must(send(i))
	}
	var wait sync.WaitGroup
	for n := range senders {
		wait.Go(func() {
			for i := range parts * rounds {
				if err := send((n + i) % parts); err != nil && err.Error() != gone {
					t.Errorf("part: %v", err)
				}
			}
		})
	}
	archives := make([]glacier.ArchiveID, 2)
	for i := range archives {
		wait.Go(func() { archives[i] = h.complete(id, body).Archive })
	}
	wait.Wait()
	if archives[0] != archives[1] {
		t.Errorf("two archives came of one upload: %s, %s", archives[0], archives[1])
	}
	if !bytes.Equal(h.read(h.archive(photos, archives[0])), body) {
		t.Error("the archive has other bytes than were sent")
	}
	if n := h.payloads(); n != parts {
		t.Errorf("%d payloads are kept, want %d", n, parts)
	}
}

func TestCompleteRefused(t *testing.T) {
	const MiB = 1 << 20
	body := data(2*MiB + 10)
	right := treehash.Sum(body).String()
	size := fmt.Sprint(len(body))
	zeros := strings.Repeat("0", 64)
	all := []int{0, 1, 2}
	for _, tt := range []struct {
		name       string
		parts      []int
		size, tree string
		want       string
	}{
		{"no size", all, "", right, "MissingParameterValueException: Required parameter missing: x-amz-archive-size"},
		{"no tree hash", all, size, "", "MissingParameterValueException: Required parameter missing: x-amz-sha256-tree-hash"},
		{"size 0", all, "0", right, "InvalidParameterValueException: Invalid x-amz-archive-size: 0"},
		{"size no number", all, "many", right, "InvalidParameterValueException: Invalid x-amz-archive-size: many"},
		{"size above 10,000 parts of 4 GiB", all, "42949672960001", right, "InvalidParameterValueException: Invalid x-amz-archive-size: 42949672960001"},
		{"size beyond int64", all, "9223372036854775808", right, "InvalidParameterValueException: Invalid x-amz-archive-size: 9223372036854775808"},
		{"hash no hash", all, size, "abc", "InvalidParameterValueException: Invalid x-amz-sha256-tree-hash: abc"},
		{"wrong hash", all, size, zeros, "InvalidParameterValueException: Invalid x-amz-sha256-tree-hash: " + zeros},
		{"size too small", all, "2097161", right, "InvalidParameterValueException: Invalid x-amz-archive-size: 2097161. The parts of the upload have 2097162 bytes."},
		{"size too large", all, "2097163", right, "InvalidParameterValueException: Invalid x-amz-archive-size: 2097163. The parts of the upload have 2097162 bytes."},
		{"first part missing", []int{1, 2}, size, right, "InvalidParameterValueException: The upload cannot be completed: bytes 0-1048575 are missing."},
		{"middle part missing", []int{0, 2}, size, right, "InvalidParameterValueException: The upload cannot be completed: bytes 1048576-2097151 are missing."},
		{"last part missing", []int{0, 1}, size, right, "InvalidParameterValueException: Invalid x-amz-archive-size: 2097162. The parts of the upload have 2097152 bytes."},
		{"no parts", nil, size, right, "InvalidParameterValueException: Invalid x-amz-archive-size: 2097162. The parts of the upload have 0 bytes."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, nil)
			id := h.initiate("1048576")
			for _, i := range tt.parts {
				h.part(id, int64(i*MiB), body[i*MiB:min(len(body), (i+1)*MiB)])
			}
			_, err := h.CompleteMultipartUpload(t.Context(), owner, photos, id, tt.size, tt.tree)
			wantError(t, err, tt.want)
			// It stays open for another try.
			for i := range 3 {
				h.part(id, int64(i*MiB), body[i*MiB:min(len(body), (i+1)*MiB)])
			}
			h.complete(id, body)
		})
	}
}

func TestCompleteWithShortMiddlePart(t *testing.T) {
	h := open(t, nil)
	id := h.initiate("1048576")
	h.part(id, 0, data(10))
	h.part(id, 1<<20, data(10))
	_, err := h.CompleteMultipartUpload(t.Context(), owner, photos, id, "20", treehash.Sum(data(20)).String())
	wantError(t, err, "InvalidParameterValueException: The upload cannot be completed: bytes 10-1048575 are missing.")
}

func TestEndedUploads(t *testing.T) {
	body := data(10)
	size, tree, zeros := "10", treehash.Sum(body).String(), strings.Repeat("0", 64)
	for _, tt := range []struct {
		name          string
		end           func(h *house, id glacier.UploadID) glacier.ArchiveID
		repeat, abort bool // succeeds
		payloads      int
		afterArchive  bool // delete the archive in between
	}{
		{"completed", func(h *house, id glacier.UploadID) glacier.ArchiveID { return h.complete(id, body).Archive }, true, false, 1, false},
		{"completed, archive deleted", func(h *house, id glacier.UploadID) glacier.ArchiveID {
			archive := h.complete(id, body).Archive
			h.must(h.DeleteArchive(h.t.Context(), owner, photos, archive))
			return archive
		}, true, false, 0, true},
		{"aborted", func(h *house, id glacier.UploadID) glacier.ArchiveID {
			h.must(h.AbortMultipartUpload(h.t.Context(), owner, photos, id))
			return ""
		}, false, true, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, nil)
			ctx := t.Context()
			id := h.initiate("1048576")
			notFound := "ResourceNotFoundException: The upload ID was not found: " + string(id)
			expect := func(ok bool) string {
				if ok {
					return ""
				}
				return notFound
			}
			h.part(id, 0, body)
			late, err := h.BeginPart(ctx, owner, photos, id, partRequest(1<<20, body))
			h.must(err)
			h.must(late.Copy(bytes.NewReader(body)))
			archive := tt.end(h, id)

			_, err = late.Commit(ctx)
			wantError(t, err, notFound)
			h.must(late.Close())
			_, err = h.BeginPart(ctx, owner, photos, id, partRequest(0, body))
			wantError(t, err, notFound)
			_, err = h.ListParts(ctx, owner, photos, id, vault.Page{})
			wantError(t, err, notFound)
			list, err := h.ListMultipartUploads(ctx, owner, photos, vault.Page{})
			h.must(err)
			if len(list.UploadsList) != 0 {
				t.Errorf("it is still listed: %v", list)
			}
			r, err := h.CompleteMultipartUpload(ctx, owner, photos, id, size, strings.ToUpper(tree))
			wantError(t, err, expect(tt.repeat))
			if r.Archive != archive {
				t.Errorf("the repetition gives %q, want %q", r.Archive, archive)
			}
			_, err = h.CompleteMultipartUpload(ctx, owner, photos, id, "11", tree)
			wantError(t, err, notFound)
			_, err = h.CompleteMultipartUpload(ctx, owner, photos, id, size, zeros)
			wantError(t, err, notFound)
			wantError(t, h.AbortMultipartUpload(ctx, owner, photos, id), expect(tt.abort))
			if n := h.payloads(); n != tt.payloads {
				t.Errorf("%d payloads are kept, want %d", n, tt.payloads)
			}
		})
	}
}

func TestUnknownUpload(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	id := h.initiate("1048576")
	for _, tt := range []struct {
		name  string
		vault glacier.VaultName
		id    glacier.UploadID
		want  string
	}{
		{"no such vault", "none", id, "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/none"},
		{"of another vault", films, id, "ResourceNotFoundException: The upload ID was not found: " + string(id)},
		{"garbage", photos, "x", "ResourceNotFoundException: The upload ID was not found: x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.CompleteMultipartUpload(ctx, owner, tt.vault, tt.id, "1", strings.Repeat("0", 64))
			wantError(t, err, tt.want)
			wantError(t, h.AbortMultipartUpload(ctx, owner, tt.vault, tt.id), tt.want)
			_, err = h.ListParts(ctx, owner, tt.vault, tt.id, vault.Page{})
			wantError(t, err, tt.want)
		})
	}
	_, err := h.ListMultipartUploads(ctx, owner, "none", vault.Page{})
	wantError(t, err, "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/none")
}

// firstFake is the id of the first payload that a test makes up. The store
// does not come so far.
const firstFake = 1_000_000

// fakeParts gives an upload n parts without bytes, all full but the last, which
// has one byte. Their payloads have the ids from firstFake+skip on. It returns
// size and tree hash of the whole.
func (h *house) fakeParts(id glacier.UploadID, skip, n int) (size int64, tree treehash.Hash) {
	h.t.Helper()
	v := h.vault(photos)
	name, ok := h.store.IDKey().Open(token.Upload, string(id))
	if !ok {
		h.t.Fatalf("upload id %s does not open", id)
	}
	var u record.Upload
	h.view(func(tx *catalog.Tx) (err error) {
		u, _, err = tx.Upload(v.ID, name.Number)
		return err
	})
	h.faked = true
	var b treehash.Builder
	h.write(func(tx *catalog.Tx) (all []record.Entity) {
		b, size = treehash.Builder{}, 0
		for i := range uint64(n) {
			part := record.Part{Upload: u.ID, Index: i, Size: u.PartSize, Payload: uint64(firstFake+skip) + i, Received: tx.Now().UnixMilli()}
			part.TreeHash[0], part.TreeHash[1] = byte(i), byte(i>>8)
			if i == uint64(n-1) {
				part.Size = 1
			}
			b.Add(part.TreeHash)
			size += part.Size
			all = append(all, &part, &record.Payload{ID: part.Payload, Size: part.Size, TreeHash: part.TreeHash, Vault: v.ID})
		}
		return all
	})
	return size, b.Root()
}

// fakes tells whether some, and whether all, of the first n payloads from
// fakeParts still exist. Of many it looks at every fiftieth and the last.
func (h *house) fakes(n int) (some, all bool) {
	h.t.Helper()
	all = true
	h.view(func(tx *catalog.Tx) error {
		for i := range n {
			if n > 5000 && i%50 != 0 && i != n-1 {
				continue
			}
			_, ok, err := tx.Payload(uint64(firstFake + i))
			if err != nil {
				return err
			}
			some, all = some || ok, all && ok
		}
		return nil
	})
	return some, all
}

func TestTenThousandParts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	h := open(t, nil)
	ctx := t.Context()
	id := h.initiate("4294967296")
	size, tree := h.fakeParts(id, 0, glacier.MaxParts)
	r, err := h.CompleteMultipartUpload(ctx, owner, photos, id, fmt.Sprint(size), tree.String())
	h.must(err)
	a := h.archive(photos, r.Archive)
	if a.Size != size || len(a.Pieces) != glacier.MaxParts {
		t.Errorf("archive of %d bytes in %d pieces", a.Size, len(a.Pieces))
	}
	if _, all := h.fakes(glacier.MaxParts); !all {
		t.Error("Complete has ended a payload")
	}
	h.must(h.DeleteArchive(ctx, owner, photos, r.Archive))
	if some, _ := h.fakes(glacier.MaxParts); some {
		t.Error("DeleteArchive has left a payload")
	}

	id = h.initiate("1048576")
	h.fakeParts(id, 0, 300) // all of them would take the race detector half a minute
	h.must(h.AbortMultipartUpload(ctx, owner, photos, id))
	if some, _ := h.fakes(300); some {
		t.Error("AbortMultipartUpload has left a payload")
	}
}

func TestListParts(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	id := h.initiate("1048576")
	list, err := h.ListParts(ctx, owner, photos, id, vault.Page{})
	h.must(err)
	at := glacier.Time{Time: h.clock()}
	want := glacier.PartList{CreationDate: at, MultipartUploadID: id, PartSizeInBytes: 1 << 20, Parts: []glacier.Part{}, VaultARN: photo}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("without parts (-want +got):\n%s", diff)
	}
	h.part(id, 2<<20, data(3))
	h.part(id, 0, data(5))
	list, err = h.ListParts(ctx, owner, photos, id, vault.Page{})
	h.must(err)
	want.Parts = []glacier.Part{
		{RangeInBytes: "0-4", SHA256TreeHash: treehash.Sum(data(5)).String()},
		{RangeInBytes: "2097152-2097154", SHA256TreeHash: treehash.Sum(data(3)).String()},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("two parts (-want +got):\n%s", diff)
	}
}

func TestListPartsPages(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	id := h.initiate("1048576")
	h.fakeParts(id, 0, 120)
	var marker string
	var got []string
	for pages := range 4 {
		list, err := h.ListParts(ctx, owner, photos, id, vault.Page{Limit: "1000", Marker: marker})
		h.must(err)
		for _, p := range list.Parts {
			first, _, _ := strings.Cut(p.RangeInBytes, "-")
			got = append(got, first)
		}
		if list.Marker == nil {
			if pages != 2 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
		marker = *list.Marker
		if len(marker) != 50 {
			t.Errorf("marker of %d characters", len(marker))
		}
	}
	var want []string
	for i := range 120 {
		want = append(want, fmt.Sprint(i<<20))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}

	another := h.initiate("1048576")
	for _, tt := range []struct {
		name string
		id   glacier.UploadID
		page vault.Page
		want string
	}{
		{"garbage marker", id, vault.Page{Marker: "1001"}, "InvalidParameterValueException: Invalid marker: 1001"},
		{"marker of another upload", another, vault.Page{Marker: marker}, "InvalidParameterValueException: Invalid marker: " + marker},
		{"upload id as marker", id, vault.Page{Marker: string(id)}, "InvalidParameterValueException: Invalid marker: " + string(id)},
		{"bad limit", id, vault.Page{Limit: "0"}, "InvalidParameterValueException: Invalid limit: 0"},
	} {
		_, err := h.ListParts(ctx, owner, photos, tt.id, tt.page)
		t.Run(tt.name, func(t *testing.T) { wantError(t, err, tt.want) })
	}
}

func TestListMultipartUploads(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	empty, err := h.ListMultipartUploads(ctx, owner, photos, vault.Page{})
	h.must(err)
	if diff := cmp.Diff(glacier.UploadList{UploadsList: []glacier.UploadDescription{}}, empty); diff != "" {
		t.Errorf("no uploads (-want +got):\n%s", diff)
	}
	note := "note"
	id, err := h.InitiateMultipartUpload(ctx, owner, photos, "1048576", note)
	h.must(err)
	list, err := h.ListMultipartUploads(ctx, owner, photos, vault.Page{})
	h.must(err)
	want := glacier.UploadList{UploadsList: []glacier.UploadDescription{{
		ArchiveDescription: &note, CreationDate: glacier.Time{Time: h.clock()}, MultipartUploadID: id, PartSizeInBytes: 1 << 20, VaultARN: photo,
	}}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("one upload (-want +got):\n%s", diff)
	}

	ids := []glacier.UploadID{id}
	for range 54 {
		ids = append(ids, h.initiate("1048576"))
	}
	page := func(limit, marker string) (got []glacier.UploadID, next string) {
		list, err := h.ListMultipartUploads(ctx, owner, photos, vault.Page{Limit: limit, Marker: marker})
		h.must(err)
		for _, u := range list.UploadsList {
			got = append(got, u.MultipartUploadID)
		}
		if list.Marker != nil {
			next = *list.Marker
		}
		return got, next
	}
	got, next := page("1000", "")
	if diff := cmp.Diff(ids[:50], got); diff != "" || next != string(ids[50]) {
		t.Errorf("first page, marker %s (-want +got):\n%s", next, diff)
	}
	// The marker holds when the upload it names ends and another begins.
	h.must(h.AbortMultipartUpload(ctx, owner, photos, ids[50]))
	ids = append(ids, h.initiate("1048576"))
	got, next = page("", next)
	if diff := cmp.Diff(ids[51:], got); diff != "" || next != "" {
		t.Errorf("second page, marker %s (-want +got):\n%s", next, diff)
	}
	_, err = h.ListMultipartUploads(ctx, owner, photos, vault.Page{Marker: "x"})
	wantError(t, err, "InvalidParameterValueException: Invalid marker: x")
	_, err = h.ListMultipartUploads(ctx, owner, films, vault.Page{Marker: string(id)})
	wantError(t, err, "InvalidParameterValueException: Invalid marker: "+string(id))
}
