package remote

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"time"

	"firn/glacier"
	"firn/treehash"
)

// A Receipt is what the server says of an archive that it keeps.
type Receipt struct {
	Archive glacier.ArchiveID
	Tree    treehash.Hash // as the server has computed it
	Date    time.Time     // of the reply: by our clock, unless the server's is more than a moment off
}

// receipt reads the head of a reply. A server that does not say the hash has
// checked the one that it was sent, which is then believed.
func receipt(h http.Header, sent treehash.Hash) (Receipt, error) {
	id, err := header(h, glacier.HeaderArchiveID)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{Archive: glacier.ArchiveID(id), Tree: sent, Date: date(h, time.Now())}
	if said := h.Get(glacier.HeaderTreeHash); said != "" {
		if r.Tree, err = treehash.ParseHash(said); err != nil {
			return Receipt{}, fmt.Errorf("the reply's tree hash: %w", err)
		}
	}
	if r.Tree != sent {
		return Receipt{}, fmt.Errorf("the server has kept other bytes than it was sent: its tree hash is %s, ours %s (archive %s)", r.Tree, sent, id)
	}
	return r, nil
}

// date is now, or when the server says that it is if our clock is wrong. A
// server says it to the second, which does not tell two archives apart.
func date(h http.Header, now time.Time) time.Time {
	const moment = 2 * time.Second
	said, err := http.ParseTime(h.Get("Date"))
	if err != nil || now.Sub(said).Abs() <= moment {
		return now
	}
	return said.Add(time.Duration(now.Nanosecond()))
}

// Upload stores an archive in one request, of at most [glacier.MaxUploadSize]
// bytes. If a reply is lost and the request repeated, the archive can be there
// twice; not at a Firn, if the content has a token.
func (v *Vault) Upload(ctx context.Context, description string, c Content) (Receipt, error) {
	h, err := v.s.tell(ctx, call{
		method: http.MethodPost, path: v.path("archives"), content: &c,
		header: uploadHeader(description, c),
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt(h, c.Tree)
}

// uploadHeader has Firn's own header, of which other servers take no notice.
func uploadHeader(description string, c Content) http.Header {
	h := describe(description, glacier.HeaderTreeHash, c.Tree.String())
	if c.Token != "" {
		h.Set(glacier.HeaderUploadToken, c.Token)
	}
	return h
}

// describe makes a head of pairs, and of a description if there is one.
func describe(description string, pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	if description != "" {
		h.Set(glacier.HeaderArchiveDescription, description)
	}
	return h
}

// DeleteArchive deletes an archive. One that is gone already may be a success, or
// an error that [IsGone]; one that is certainly there still is a [*Kept].
func (v *Vault) DeleteArchive(ctx context.Context, id glacier.ArchiveID) error {
	_, err := v.s.tell(ctx, call{method: http.MethodDelete, path: v.path("archives", string(id)), gone: true})
	return err
}

// Begin begins a multipart upload.
func (v *Vault) Begin(ctx context.Context, description string, partSize int64) (glacier.UploadID, error) {
	h, err := v.s.tell(ctx, call{
		method: http.MethodPost, path: v.path("multipart-uploads"),
		header: describe(description, glacier.HeaderPartSize, strconv.FormatInt(partSize, 10)),
	})
	if err != nil {
		return "", err
	}
	id, err := header(h, glacier.HeaderUploadID)
	return glacier.UploadID(id), err
}

// Part stores the part that begins at an offset of the archive.
func (v *Vault) Part(ctx context.Context, id glacier.UploadID, offset int64, c Content) error {
	h := describe("", glacier.HeaderTreeHash, c.Tree.String())
	h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/*", offset, offset+c.Size-1))
	reply, err := v.s.tell(ctx, call{method: http.MethodPut, path: v.path("multipart-uploads", string(id)), header: h, content: &c})
	if err != nil {
		return err
	}
	if said := reply.Get(glacier.HeaderTreeHash); said != "" && said != c.Tree.String() {
		return fmt.Errorf("the server has kept other bytes than it was sent: the part's tree hash is %s, ours %s", said, c.Tree)
	}
	return nil
}

// Complete makes an archive of an upload's parts. Firn answers a repeated call
// with the same archive; Amazon has forgotten the upload by then, and says
// ResourceNotFoundException.
func (v *Vault) Complete(ctx context.Context, id glacier.UploadID, size int64, tree treehash.Hash) (Receipt, error) {
	h, err := v.s.tell(ctx, call{
		method: http.MethodPost, path: v.path("multipart-uploads", string(id)),
		header: describe("", glacier.HeaderArchiveSize, strconv.FormatInt(size, 10), glacier.HeaderTreeHash, tree.String()),
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt(h, tree)
}

// Abort ends an upload and forgets its parts. One that is gone already is an
// error that [IsGone].
func (v *Vault) Abort(ctx context.Context, id glacier.UploadID) error {
	_, err := v.s.tell(ctx, call{method: http.MethodDelete, path: v.path("multipart-uploads", string(id)), gone: true})
	return err
}

// Uploads lists the uploads under way. An error ends the sequence.
func (v *Vault) Uploads(ctx context.Context) iter.Seq2[glacier.UploadDescription, error] {
	return pages(func(marker string) ([]glacier.UploadDescription, *string, error) {
		var list glacier.UploadList
		err := v.s.get(ctx, query(v.path("multipart-uploads"), "marker", marker), &list)
		return list.UploadsList, list.Marker, err
	})
}

// A Part is one that the server has: Size bytes from Offset.
type Part struct {
	Offset, Size int64
	Tree         treehash.Hash
}

// Parts lists an upload's parts by offset. An error ends the sequence.
func (v *Vault) Parts(ctx context.Context, id glacier.UploadID) iter.Seq2[Part, error] {
	return pages(func(marker string) ([]Part, *string, error) {
		var list glacier.PartList
		if err := v.s.get(ctx, query(v.path("multipart-uploads", string(id)), "marker", marker), &list); err != nil {
			return nil, nil, err
		}
		parts := make([]Part, len(list.Parts))
		for i, p := range list.Parts {
			var err error
			if parts[i], err = parsePart(p); err != nil {
				return nil, nil, err
			}
		}
		return parts, list.Marker, nil
	})
}

func parsePart(p glacier.Part) (Part, error) {
	var first, last int64
	if _, err := fmt.Sscanf(p.RangeInBytes, "%d-%d", &first, &last); err != nil || first < 0 || last < first {
		return Part{}, fmt.Errorf("the server lists a part %q, which is no range", p.RangeInBytes)
	}
	tree, err := treehash.ParseHash(p.SHA256TreeHash)
	if err != nil {
		return Part{}, fmt.Errorf("the server lists part %s with a bad tree hash: %w", p.RangeInBytes, err)
	}
	return Part{Offset: first, Size: last - first + 1, Tree: tree}, nil
}
