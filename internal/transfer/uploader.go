package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/treehash"
)

// An Uploader stores archives in a vault. Its methods may be called concurrently.
type Uploader struct {
	Vault *remote.Vault
	// Work remembers uploads that are not complete, so that they can be gone on with; nil does not.
	Work  *names.Catalogue
	Slots *Slots
	// PartSize of multipart uploads; 0 is chosen by the archive's size, and 64 MiB for streams.
	PartSize int64
	// Single is the size up to which an archive is stored by one request; 0 is 32 MiB. If that request's reply is lost, the
	// archive may be there twice at a server that is no Firn; with parts it is not.
	Single int64
	// Buffers is how many parts of a stream are kept at a time; 0 is 2.
	Buffers int
	// Spool is the folder in which parts of streams are kept that are too large for memory; "" is the system's.
	Spool string
}

// An Item is an archive to be stored, of something that can be read more than once.
type Item struct {
	// Key names the work in the catalogue, so that another process can go on with it; "" if it cannot.
	Key         string
	Description string
	Content     io.ReaderAt
	Size        int64
	// Modified and Node say together with Size whether the content is still the one that an earlier process began with.
	Modified time.Time
	Node     string
	// Seal is kept with the unfinished work, for a process that goes on: what is needed to make the same content again. It is
	// a secret.
	Seal []byte
	// Again makes it an archive of its own also if the vault has the same already, with the same description.
	Again bool
	// Changed returns an error if the content is not what it was when Size was found; nil if it cannot change. Then nothing
	// is kept of it.
	Changed func() error
	Events
}

// Events are what a caller hears of.
type Events struct {
	// Progress hears of bytes that have come to where they belong, or were found there, and with a negative number of those
	// that have to come again. It may be called concurrently; nil if nobody wants to know.
	Progress func(n int64)
	// Keep remembers the archive durably. Only after that the unfinished work is forgotten; it is called again for the same
	// archive if the process ends in between. It is not called with a context that ends.
	Keep func(ctx context.Context, a names.Archive) error
}

func (e *Events) progress(n int64) {
	if e.Progress != nil && n != 0 {
		e.Progress(n)
	}
}

// Upload stores an archive, or goes on with it where another process has stopped. If it fails for the moment, what the
// server has got stays there for the next time. If the content has changed, the upload is given up and the error is
// Changed's.
func (u *Uploader) Upload(ctx context.Context, it Item) (names.Archive, error) {
	switch {
	case it.Size <= 0:
		return names.Archive{}, ErrEmpty
	case it.Size > min(cmp.Or(u.Single, 2*smallestPart), glacier.MaxUploadSize):
		return u.multipart(ctx, it)
	}
	if err := u.note(ctx, it); err != nil {
		return names.Archive{}, err
	}
	a, err := u.whole(ctx, it)
	if err != nil || it.Seal == nil {
		return a, err
	}
	return a, u.drop(context.WithoutCancel(ctx), it.Key)
}

// note makes the catalogue know the seal of what is stored by one request, so that another process makes the same archive of
// it, and nothing of an upload in parts that was larger once.
func (u *Uploader) note(ctx context.Context, it Item) error {
	if u.Work == nil || it.Key == "" {
		return nil
	}
	row, ok, err := u.Work.Upload(ctx, it.Key)
	if err != nil || ok && row.Node == it.Node && row.Seal != nil && row.PartSize == 0 {
		return err
	}
	if ok {
		if err := u.abort(ctx, row); err != nil {
			return err
		}
	}
	if it.Seal == nil {
		return nil
	}
	return u.Work.SetUpload(ctx, names.Upload{
		Key: it.Key, Size: it.Size, Modified: it.Modified, Node: it.Node, Seal: it.Seal, Description: it.Description, Begun: time.Now(),
	})
}

// token names an upload by what it is of, so that it is the same archive when it is repeated, by whichever process.
func (it *Item) token(tree treehash.Hash) string {
	if it.Again {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", tree, it.Size, it.Description))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// whole stores an archive by one request.
func (u *Uploader) whole(ctx context.Context, it Item) (names.Archive, error) {
	if err := u.Slots.take(ctx); err != nil {
		return names.Archive{}, err
	}
	defer u.Slots.release()
	content, err := remote.Measure(ctx, it.Content, 0, it.Size)
	if err == nil {
		err = it.changed() // what is sent is what was hashed, or the server refuses it
	}
	if err != nil {
		return names.Archive{}, it.explain(ctx, err)
	}
	content.Token = it.token(content.Tree)
	p := newPatience(ctx, content.Size)
	defer p.end()
	content.Sent = func(n int64) {
		p.moved(n)
		it.progress(n)
	}
	receipt, err := u.Vault.Upload(p.ctx, it.Description, content)
	if err != nil {
		return names.Archive{}, it.explain(ctx, err)
	}
	return u.keep(ctx, it, receipt)
}

// keep has the caller remember an archive that is in the vault.
func (u *Uploader) keep(ctx context.Context, it Item, r remote.Receipt) (names.Archive, error) {
	ctx = context.WithoutCancel(ctx)
	a := names.Archive{ID: r.Archive, Description: it.Description, Size: it.Size, TreeHash: r.Tree, Created: r.Date}
	if it.Keep != nil {
		if err := it.Keep(ctx, a); err != nil {
			return a, fmt.Errorf("the archive is in the vault as %s, and was not noted: %w", r.Archive, err)
		}
	}
	return a, nil
}

func (it *Item) changed() error {
	if it.Changed == nil {
		return nil
	}
	return it.Changed()
}

// explain is the reason of a failure: that the content has changed, if it has.
func (it *Item) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if changed := it.changed(); changed != nil {
		return changed
	}
	return err
}

// GiveUp ends the upload that the catalogue knows by a key, if there is one: with what nobody will go on.
func (u *Uploader) GiveUp(ctx context.Context, key string) error {
	if u.Work == nil || key == "" {
		return nil
	}
	row, ok, err := u.Work.Upload(ctx, key)
	if err != nil || !ok {
		return err
	}
	return u.abort(ctx, row)
}

// abort ends an upload, there and here.
func (u *Uploader) abort(ctx context.Context, row names.Upload) (err error) {
	if row.ID == "" && row.PartSize > 0 {
		if row.ID, err = u.find(ctx, row); err != nil {
			return err
		}
	}
	if row.ID == "" {
		return u.drop(ctx, row.Key)
	}
	// One that is complete cannot be aborted, and is no longer an upload.
	if err := u.Vault.Abort(ctx, row.ID); err != nil && !remote.IsGone(err) {
		return fmt.Errorf("give an unfinished upload up: %w", err)
	}
	return u.drop(ctx, row.Key)
}

// drop forgets an upload.
func (u *Uploader) drop(ctx context.Context, key string) error {
	if u.Work == nil || key == "" {
		return nil
	}
	return u.Work.DropUpload(ctx, key)
}
