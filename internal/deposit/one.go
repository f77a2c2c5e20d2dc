package deposit

import (
	"context"

	"firn/glacier"
	"firn/internal/bundle"
	"firn/internal/files"
	"firn/internal/label"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/transfer"
)

// one makes a bundle of one file, which is as an archive of its own: not read into
// memory or another file, and gone on with after a crash. It is read once more
// before, because its hash stands behind its bytes, and in the bundle's name.
func (d *Depositor) one(ctx context.Context, it Item) (glacier.ArchiveID, error) {
	src, err := files.Open(it.File)
	if err != nil {
		return "", err
	}
	defer src.Close()
	measured, err := remote.Measure(ctx, src, 0, src.Size())
	if err == nil {
		err = src.Changed()
	}
	if err != nil {
		return "", err
	}
	b, err := bundle.NewOne(packed(it), measured.Tree)
	if err != nil {
		return "", err
	}
	members := []names.File{member(b.Member())}
	up := transfer.Item{
		Key: it.Name, Content: b.ReaderAt(src), Size: b.Size(), Modified: it.File.Modified, Node: it.File.Node, Changed: src.Changed, Again: d.Again,
		Events: transfer.Events{Progress: d.progress},
	}
	name := label.Label{Path: bundleName(members), Modified: it.File.Modified, Bundle: true, Index: b.Index()}
	sealed := d.Recipients.Len() > 0
	if !sealed {
		up.Node += " " + b.Frame().String()
		up.Description, err = d.Describe(name)
	} else {
		err = d.seal(ctx, &up, b.Frame(), name)
	}
	if err != nil {
		return "", err
	}
	up.Keep = func(ctx context.Context, a names.Archive) error {
		a.Bundle, a.Sealed = true, sealed
		return d.Names.Add(ctx, a, members...)
	}
	a, err := d.Uploader.Upload(ctx, up)
	return a.ID, err
}

// member is what the catalogue says of a file in a bundle.
func member(m bundle.Member) names.File {
	return names.File{Path: m.Path, Offset: m.Offset, Size: m.Size, Modified: m.Modified, Hash: m.Hash, Mode: m.Mode}
}
