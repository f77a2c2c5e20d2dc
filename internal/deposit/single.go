package deposit

import (
	"context"

	"firn/glacier"
	"firn/internal/files"
	"firn/internal/label"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/internal/transfer"
	"firn/treehash"
)

// single makes an archive of one file.
func (d *Depositor) single(ctx context.Context, it Item) (glacier.ArchiveID, error) {
	src, err := files.Open(it.File)
	if err != nil {
		return "", err
	}
	defer src.Close()
	plain := names.File{Path: it.Name, Size: src.Size(), Modified: it.File.Modified, Mode: uint32(it.File.Mode.Perm())}
	up := transfer.Item{
		Key: it.Name, Content: src, Size: src.Size(), Modified: it.File.Modified, Node: it.File.Node, Changed: src.Changed, Again: d.Again,
		Events: transfer.Events{Progress: d.progress},
	}
	name := label.Label{Path: it.Name, Modified: it.File.Modified}
	if d.Recipients.Len() == 0 {
		if up.Description, err = d.Describe(name); err != nil {
			return "", err
		}
		up.Keep = func(ctx context.Context, a names.Archive) error {
			plain.Hash = a.TreeHash
			return d.Names.Add(ctx, a, plain)
		}
	} else if err := d.sealSingle(ctx, &up, &plain, name); err != nil {
		return "", err
	}
	a, err := d.Uploader.Upload(ctx, up)
	return a.ID, err
}

// sealSingle makes an upload one of the sealed file. That is read once before, since
// a seal is kept with the hash of what it is for; so the sealed name can have it, too.
func (d *Depositor) sealSingle(ctx context.Context, up *transfer.Item, plain *names.File, name label.Label) error {
	measured, err := remote.Measure(ctx, up.Content, 0, up.Size)
	if err != nil {
		return err
	}
	plain.Hash = measured.Tree
	name.Size, name.Hash = plain.Size, plain.Hash
	if err := d.seal(ctx, up, measured.Tree, name); err != nil {
		return err
	}
	up.Keep = func(ctx context.Context, a names.Archive) error {
		a.Sealed = true
		return d.Names.Add(ctx, a, *plain)
	}
	return nil
}

// seal seals what an upload is of, which tree names. If an earlier process has
// begun it, it is sealed again in the same way, so that the parts fit.
func (d *Depositor) seal(ctx context.Context, up *transfer.Item, tree treehash.Hash, name label.Label) error {
	sealing, err := d.sealing(ctx, up, tree, name)
	if err != nil {
		return err
	}
	up.Content, up.Size = sealing.ReaderAt(up.Content, up.Size), sealing.Size(up.Size)
	return nil
}

// sealing finds the seal that an earlier process has begun with, or makes a
// new one. A seal must never be used for two contents, so the catalogue keeps it
// with a tree hash of it. Node and Description of the upload are set.
func (d *Depositor) sealing(ctx context.Context, up *transfer.Item, tree treehash.Hash, name label.Label) (*seal.Sealing, error) {
	up.Node += " " + tree.String() + " " + d.Recipients.Digest()
	row, ok, err := d.Names.Upload(ctx, up.Key)
	if err != nil {
		return nil, err
	}
	if ok && row.Node == up.Node {
		if sealing, err := seal.Restore(row.Seal); err == nil {
			up.Seal, up.Description = row.Seal, row.Description
			return sealing, nil
		}
	}
	sealing, err := seal.New(d.Recipients)
	if err != nil {
		return nil, err
	}
	up.Seal = sealing.State()
	up.Description, err = d.Describe(name)
	return sealing, err
}

// Describe makes the description of an archive, sealed if archives are.
func (d *Depositor) Describe(name label.Label) (string, error) {
	if d.Recipients.Len() == 0 {
		return label.Write(name)
	}
	sealed, err := seal.Name(d.Recipients, name)
	if isTooLong(err) && name.Bundle { // its names are in it; its own nobody needs
		return label.Write(label.Label{Bundle: true, Index: name.Index, Nameless: true})
	}
	if err != nil {
		return "", err
	}
	return label.Write(label.Label{Sealed: sealed})
}

func (d *Depositor) progress(n int64) {
	if d.Progress != nil {
		d.Progress(n)
	}
}
