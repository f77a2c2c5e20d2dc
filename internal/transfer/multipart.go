package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/treehash"
)

// A multipart is an upload in parts under way.
type multipart struct {
	u    *Uploader
	it   Item
	row  names.Upload
	have map[int64]remote.Part // what the server had when we came, by offset
	// trees are the parts' tree hashes, once they are known.
	trees []treehash.Hash
	told  atomic.Int64 // bytes that the caller has heard of
}

// multipart stores an archive in parts.
func (u *Uploader) multipart(ctx context.Context, it Item) (names.Archive, error) {
	m, a, err := u.goOn(ctx, it)
	if err != nil || a.ID != "" {
		return a, err
	}
	for again := true; ; again = false {
		if m == nil {
			if m, err = u.begin(ctx, it); err != nil {
				return names.Archive{}, err
			}
		}
		switch a, err = m.run(ctx); {
		case err == nil:
			return a, nil
		case ctx.Err() != nil:
			return a, context.Cause(ctx)
		case it.changed() != nil:
			return a, errors.Join(it.changed(), u.abort(ctx, m.row))
		case !again || !errors.Is(err, errGone):
			return a, err
		}
		it.progress(-m.told.Load())
		m = nil // it has expired, or somebody has aborted it
	}
}

// errGone marks the refusal of a part because its upload is gone.
var errGone = errors.New("the upload is gone")

// begin begins an upload.
func (u *Uploader) begin(ctx context.Context, it Item) (*multipart, error) {
	size, err := PartSize(it.Size, u.PartSize)
	if err != nil {
		return nil, err
	}
	row, err := u.begun(ctx, names.Upload{
		Key: it.Key, PartSize: size, Size: it.Size, Modified: it.Modified, Node: it.Node, Seal: it.Seal, Description: it.Description, Begun: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	return u.newMultipart(it, row), nil
}

func (u *Uploader) newMultipart(it Item, row names.Upload) *multipart {
	return &multipart{u: u, it: it, row: row, have: map[int64]remote.Part{}, trees: make([]treehash.Hash, (it.Size-1)/row.PartSize+1)}
}

// goOn finds the upload that an earlier process has begun. It may also find that it was completed, and is an archive. If
// there is nothing to go on with, all results are nil.
func (u *Uploader) goOn(ctx context.Context, it Item) (*multipart, names.Archive, error) {
	var a names.Archive
	if u.Work == nil || it.Key == "" {
		return nil, a, nil
	}
	row, ok, err := u.Work.Upload(ctx, it.Key)
	if err != nil || !ok {
		return nil, a, err
	}
	if row.Size != it.Size || !row.Modified.Equal(it.Modified) || row.Node != it.Node || row.Description != it.Description ||
		!glacier.ValidPartSize(row.PartSize) || it.Size > row.PartSize*glacier.MaxParts {
		return nil, a, u.abort(ctx, row) // it was another file
	}
	if row.ID == "" {
		if row.ID, err = u.find(ctx, row); err != nil || row.ID == "" {
			return nil, a, err
		}
		if err := u.Work.SetUpload(ctx, row); err != nil {
			return nil, a, err
		}
	}
	m := u.newMultipart(it, row)
	for p, err := range u.Vault.Parts(ctx, row.ID) {
		if remote.IsNotFound(err) {
			return m.late(ctx)
		}
		if err != nil {
			return nil, a, fmt.Errorf("ask what the server has of the upload: %w", err)
		}
		m.have[p.Offset] = p
	}
	return m, a, nil
}

// late looks whether an upload that is gone is gone because it was completed, and only the news of it was lost. A server that
// forgets completed uploads will say no.
func (m *multipart) late(ctx context.Context) (*multipart, names.Archive, error) {
	crew := newCrew(ctx, m.u.Slots)
	for i := range m.trees {
		crew.do(func(ctx context.Context) (err error) {
			offset, size := m.bounds(i)
			m.trees[i], err = hashAt(ctx, m.it.Content, offset, size)
			return err
		})
	}
	if err := crew.end(); err != nil {
		return nil, names.Archive{}, m.it.explain(ctx, err)
	}
	a, err := m.complete(ctx)
	if remote.IsNotFound(err) {
		return nil, names.Archive{}, m.u.drop(ctx, m.row.Key)
	}
	if err == nil {
		m.it.progress(m.it.Size)
	}
	return nil, a, err
}

// run sends the parts that are missing, and completes the upload.
func (m *multipart) run(ctx context.Context) (names.Archive, error) {
	crew := newCrew(ctx, m.u.Slots)
	for i := range m.trees {
		if !crew.do(func(ctx context.Context) error { return m.part(ctx, i) }) {
			break
		}
	}
	if err := crew.end(); err != nil {
		return names.Archive{}, err
	}
	if err := m.it.changed(); err != nil {
		return names.Archive{}, err
	}
	a, err := m.complete(ctx)
	if remote.IsNotFound(err) {
		err = fmt.Errorf("the server has taken all parts and then forgotten the upload; if it has the archive, its next inventory will: %w", err)
	}
	return a, err
}

// bounds are where the i-th part begins and how long it is.
func (m *multipart) bounds(i int) (offset, size int64) {
	offset = int64(i) * m.row.PartSize
	return offset, min(m.row.PartSize, m.it.Size-offset)
}

// part stores the i-th part, unless the server has it.
func (m *multipart) part(ctx context.Context, i int) error {
	offset, size := m.bounds(i)
	if p, ok := m.have[offset]; ok && p.Size == size {
		tree, err := hashAt(ctx, m.it.Content, offset, size) // one of the two hashes
		if err != nil {
			return err
		}
		if tree == p.Tree {
			m.trees[i] = tree
			m.progress(size)
			return nil
		}
	}
	c, err := remote.Measure(ctx, m.it.Content, offset, size)
	if err != nil {
		return err
	}
	m.trees[i] = c.Tree
	c.Sent = m.progress
	err = m.u.Vault.Part(ctx, m.row.ID, c.Offset, c)
	if remote.IsNotFound(err) {
		err = errors.Join(errGone, err)
	}
	return err
}

func (m *multipart) progress(n int64) {
	m.told.Add(n)
	m.it.progress(n)
}

// complete makes the parts an archive, has it noted, and forgets the upload.
func (m *multipart) complete(ctx context.Context) (names.Archive, error) {
	tree := treehash.Root(m.trees)
	receipt, err := m.u.Vault.Complete(ctx, m.row.ID, m.it.Size, tree)
	if err != nil {
		return names.Archive{}, err
	}
	a, err := m.u.keep(ctx, m.it, receipt)
	if err != nil {
		return a, err
	}
	return a, m.u.drop(context.WithoutCancel(ctx), m.row.Key)
}
