package deposit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"firn/internal/bundle"
	"firn/internal/files"
	"firn/internal/label"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/transfer"
)

// Folder is where bundles seem to lie, for programs that take an archive's
// description for its name.
const Folder = ".firn-bundles"

// A parcel is a bundle that is being made.
type parcel struct {
	spool   *files.Spool
	writer  *bundle.Writer
	packed  []Item
	members []names.File
	failed  []Outcome
}

// pack makes a bundle of some items. The error is one that ends all.
func (d *Depositor) pack(ctx context.Context, group []Item) ([]Outcome, error) {
	spool, err := files.NewSpool(d.Spool)
	if err != nil {
		return nil, err
	}
	defer spool.Close()
	p := &parcel{spool: spool, writer: bundle.NewWriter(spool)}
	for _, it := range group {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := p.add(it); err != nil {
			return nil, err
		}
	}
	if len(p.packed) == 0 {
		return p.failed, nil
	}
	a, err := d.send(ctx, p)
	if err != nil {
		return p.failed, err
	}
	outcomes := p.failed
	for _, it := range p.packed {
		outcomes = append(outcomes, Outcome{Item: it, Archive: a.ID})
	}
	return outcomes, nil
}

// add packs one item. What is wrong with it alone is among the failed.
func (p *parcel) add(it Item) error {
	src, err := files.Open(it.File)
	if err != nil {
		p.failed = append(p.failed, Outcome{Item: it, Err: err})
		return nil
	}
	defer src.Close()
	m, err := p.writer.Add(packed(it), &settled{src, io.NewSectionReader(src, 0, src.Size())})
	switch {
	case err == nil:
		p.packed = append(p.packed, it)
		p.members = append(p.members, member(m))
		return nil
	case isFiles(err) && !isFull(err):
		p.failed = append(p.failed, Outcome{Item: it, Err: err})
		return nil
	}
	return err
}

// settled reads a file, and at its end fails if the file was changed meanwhile.
type settled struct {
	src *files.Source
	r   io.Reader
}

func (s *settled) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if errors.Is(err, io.EOF) {
		if changed := s.src.Changed(); changed != nil {
			err = changed
		}
	}
	return n, err
}

// send uploads a bundle, in one request.
func (d *Depositor) send(ctx context.Context, p *parcel) (names.Archive, error) {
	index, err := p.writer.Close()
	if err != nil {
		return names.Archive{}, err
	}
	up := transfer.Item{Content: p.spool, Size: p.spool.Size(), Modified: p.modified(), Node: p.edges().String(), Again: d.Again}
	name := label.Label{Path: bundleName(p.members), Modified: up.Modified, Bundle: true, Index: index}
	if err := d.dress(ctx, &up, name); err != nil {
		return names.Archive{}, err
	}
	sealed := d.Recipients.Len() > 0
	up.Keep = func(ctx context.Context, a names.Archive) error {
		a.Bundle, a.Sealed = true, sealed
		return d.Names.Add(ctx, a, p.members...)
	}
	uploader := *d.Uploader
	uploader.Single = max(uploader.Single, up.Size) // there is nothing to go on with: the next process packs anew
	a, err := d.remembered(ctx, &uploader, up, name, len(p.members) > 1)
	if err != nil {
		return a, err
	}
	for _, it := range p.packed {
		d.progress(it.File.Size)
	}
	return a, nil
}

// dress describes the upload of a bundle, and seals it if archives are: as an earlier
// process has sealed the same bundle, if it did not come to its end, so that the archive
// is the same.
func (d *Depositor) dress(ctx context.Context, up *transfer.Item, name label.Label) (err error) {
	if d.Recipients.Len() == 0 {
		up.Description, err = d.Describe(name)
		return err
	}
	measured, err := remote.Measure(ctx, up.Content, 0, up.Size)
	if err != nil {
		return err
	}
	up.Key = noteKey(name)
	return d.seal(ctx, up, measured.Tree, name)
}

// remembered uploads a bundle. Meanwhile the catalogue knows of it, if it is of several
// files: where it was cut. If it is sealed, the uploader sees to that.
func (d *Depositor) remembered(ctx context.Context, u *transfer.Uploader, up transfer.Item, name label.Label, several bool) (names.Archive, error) {
	if up.Key != "" || !several {
		return u.Upload(ctx, up)
	}
	row := names.Upload{
		Key: noteKey(name), Size: up.Size, Modified: up.Modified, Node: up.Node, Description: up.Description, Begun: time.Now(),
	}
	if err := d.Names.SetUpload(ctx, row); err != nil {
		return names.Archive{}, err
	}
	a, err := u.Upload(ctx, up)
	if err != nil {
		return a, err
	}
	return a, d.Names.DropUpload(context.WithoutCancel(ctx), row.Key)
}

// edges are the first and the last file in the bundle.
func (p *parcel) edges() edges { return edges{p.members[0].Path, p.members[len(p.members)-1].Path} }

// modified is the time of the newest file in a bundle: the same files make the
// same bundle.
func (p *parcel) modified() (newest time.Time) {
	for _, f := range p.members {
		if f.Modified.After(newest) {
			newest = f.Modified
		}
	}
	return newest
}

// bundleName makes the name of a bundle, from what is in it.
func bundleName(members []names.File) string {
	h := sha256.New()
	for _, f := range members {
		fmt.Fprintf(h, "%s %s\n", f.Hash, f.Path)
	}
	return Folder + "/" + hex.EncodeToString(h.Sum(nil)[:12]) + ".tar"
}
