package migrate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"firn/glacier"
	"firn/internal/remote"
	"firn/treehash"
)

// held reports whether a part is held in memory. Larger ones, which only archives
// of more than 640 GB need unless there is less memory, are read twice: for their
// hashes, and to be sent.
func (m *Migration) held(size int64) bool { return size <= m.cfg.Memory/2 }

// partSize is the size of an archive's parts.
func (m *Migration) partSize(size int64) int64 {
	part := m.cfg.Part
	for part < glacier.MaxPartSize && (size+part-1)/part > glacier.MaxParts {
		part *= 2
	}
	return part
}

// imports reports whether archives are to keep their ids, as far as it is known
// that they can.
func (m *Migration) imports() bool { return m.cfg.IDs != Renew && !m.renews.Load() }

// copy brings an archive whose job is done into the target, and returns the id
// that it has there.
func (m *Migration) copy(ctx context.Context, a *Archive) (glacier.ArchiveID, error) {
	if a.Upload == "" && !a.Begun && a.Size <= m.cfg.Part && m.held(a.Size) && m.imports() && m.keeps.Load() {
		id, err := m.whole(ctx, a)
		if !m.declined(err) {
			return id, err
		}
	}
	for try := 1; ; try++ {
		id, err := m.inParts(ctx, a)
		if !errors.Is(err, errUploadGone) || try == 3 {
			return id, err
		}
		if err := m.note(a, func(a *Archive) { a.Upload = "" }); err != nil {
			return "", err
		}
	}
}

// errUploadGone means that the target no longer knows an upload.
var errUploadGone = errors.New("the target no longer knows the upload")

// declined reports whether an import was refused in a way that a new id helps
// against, and a new id may be given.
func (m *Migration) declined(err error) bool {
	return m.cfg.IDs == KeepIfPossible && (remote.IsRefusal(err, glacier.InvalidParameterValue) || remote.IsRefusal(err, glacier.AccessDenied))
}

// whole sends an archive in one request. It may be repeated, because the id is
// kept.
func (m *Migration) whole(ctx context.Context, a *Archive) (glacier.ArchiveID, error) {
	if err := m.note(a, func(a *Archive) { a.Begun = true }); err != nil {
		return "", err
	}
	buf, err := m.hold(ctx, a.Size)
	if err != nil {
		return "", err
	}
	defer m.release(buf, a.Size)
	c, err := m.fetch(ctx, a, 0, a.Size, buf)
	if err != nil {
		return "", err
	}
	if c.Tree != a.Tree {
		return "", m.otherBytes(a, c.Tree)
	}
	r, err := m.cfg.Target.Import(ctx, origin(a), a.Description, c)
	return r.Archive, err
}

func origin(a *Archive) remote.Origin { return remote.Origin{Archive: a.ID, Created: a.Created} }

func (m *Migration) otherBytes(a *Archive, got treehash.Hash) error {
	return fmt.Errorf("the source has sent other bytes than its inventory says: their tree hash is %s, not %s", got, a.Tree)
}

// hold waits for memory. Release gives it back, when nothing reads it any more.
func (m *Migration) hold(ctx context.Context, size int64) ([]byte, error) {
	if err := m.memory.take(ctx, size); err != nil {
		return nil, err
	}
	return m.shelf.get(size), nil
}

func (m *Migration) release(buf []byte, size int64) {
	m.shelf.put(buf)
	m.memory.give(size)
}

// fetch reads a part of the archive, into buf unless that is nil.
func (m *Migration) fetch(ctx context.Context, a *Archive, offset, size int64, buf []byte) (c remote.Content, err error) {
	if buf == nil {
		c, err = remote.Measure(ctx, &view{m: m, ctx: ctx, a: a, end: offset + size}, offset, size)
	} else if c.Tree, err = m.fill(ctx, a, offset, buf); err == nil {
		c = remote.Content{At: shifted{bytes.NewReader(buf), offset}, Offset: offset, Size: size, Linear: sha256.Sum256(buf), Tree: c.Tree}
	}
	c.Sent = m.cfg.Events.Copied
	return c, err
}

// shifted is bytes that stand further back in a whole.
type shifted struct {
	at     io.ReaderAt
	offset int64
}

func (s shifted) ReadAt(p []byte, off int64) (int, error) { return s.at.ReadAt(p, off-s.offset) }

// inParts goes on with an archive's upload, or begins one.
func (m *Migration) inParts(ctx context.Context, a *Archive) (glacier.ArchiveID, error) {
	have := map[int64]treehash.Hash{}
	if a.Upload != "" {
		id, err := m.resume(ctx, a, have)
		if id != "" || err != nil {
			return id, err
		}
	} else {
		id, err := m.begin(ctx, a)
		if id != "" || err != nil {
			return id, err
		}
	}
	tree, err := m.send(ctx, a, have)
	if err != nil {
		return "", err
	}
	if tree != a.Tree {
		err := m.cfg.Target.Abort(ctx, a.Upload)
		if err == nil {
			err = m.note(a, func(a *Archive) { a.Upload = "" })
		}
		return "", errors.Join(m.otherBytes(a, tree), err)
	}
	r, err := m.cfg.Target.Complete(ctx, a.Upload, a.Size, a.Tree)
	if remote.IsNotFound(err) {
		return "", errUploadGone
	}
	return r.Archive, err
}

// resume finds out which parts the target has. An upload that it does not list
// may be complete: then that is the answer.
func (m *Migration) resume(ctx context.Context, a *Archive, have map[int64]treehash.Hash) (glacier.ArchiveID, error) {
	for p, err := range m.cfg.Target.Parts(ctx, a.Upload) {
		if remote.IsNotFound(err) {
			r, err := m.cfg.Target.Complete(ctx, a.Upload, a.Size, a.Tree)
			if remote.IsNotFound(err) {
				return "", errUploadGone
			}
			return r.Archive, err
		}
		if err != nil {
			return "", err
		}
		if p.Offset%a.Part == 0 && p.Size == min(a.Part, a.Size-p.Offset) {
			have[p.Offset] = p.Tree
			m.cfg.Events.Copied(p.Size)
		}
	}
	return "", nil
}

// begin begins the upload, and writes that down. If the target has the archive
// already its id is the answer.
func (m *Migration) begin(ctx context.Context, a *Archive) (glacier.ArchiveID, error) {
	part := m.partSize(a.Size)
	if m.imports() {
		id, there, err := m.cfg.Target.BeginImport(ctx, origin(a), a.Description, part, a.Size, a.Tree)
		switch {
		case m.declined(err):
			if remote.IsRefusal(err, glacier.AccessDenied) {
				if err := m.renew(); err != nil {
					return "", err
				}
			}
		case err != nil:
			return "", err
		case there.Archive != "":
			return there.Archive, nil
		default:
			return "", m.note(a, func(a *Archive) { a.Upload, a.Part, a.Imports = id, part, true })
		}
	}
	id, err := m.cfg.Target.Begin(ctx, a.Description, part)
	if err != nil {
		return "", err
	}
	return "", m.note(a, func(a *Archive) { a.Upload, a.Part, a.Imports = id, part, false })
}

// renew notes that the target does not keep ids.
func (m *Migration) renew() error {
	m.renews.Store(true)
	return m.state.set(updateRenews)
}

// send sends the parts that the target does not have, some at a time, and
// returns the tree hash of all.
func (m *Migration) send(ctx context.Context, a *Archive, have map[int64]treehash.Hash) (treehash.Hash, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	trees := make([]treehash.Hash, (a.Size+a.Part-1)/a.Part)
	var group sync.WaitGroup
	turns := make(chan struct{}, m.cfg.Parallel)
	for i := range trees {
		offset := int64(i) * a.Part
		if tree, there := have[offset]; there {
			trees[i] = tree
			continue
		}
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-turns }()
			var err error
			if trees[i], err = m.sendPart(ctx, a, offset, min(a.Part, a.Size-offset)); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return treehash.Hash{}, context.Cause(ctx)
	}
	var b treehash.Builder
	for _, t := range trees {
		b.Add(t)
	}
	return b.Root(), nil
}

func (m *Migration) sendPart(ctx context.Context, a *Archive, offset, size int64) (treehash.Hash, error) {
	var buf []byte
	if m.held(size) {
		var err error
		if buf, err = m.hold(ctx, size); err != nil {
			return treehash.Hash{}, err
		}
		defer m.release(buf, size)
	} else {
		if err := m.memory.take(ctx, window); err != nil {
			return treehash.Hash{}, err
		}
		defer m.memory.give(window)
	}
	c, err := m.fetch(ctx, a, offset, size, buf)
	if err != nil {
		return c.Tree, err
	}
	err = m.cfg.Target.Part(ctx, a.Upload, offset, c)
	if remote.IsNotFound(err) {
		err = errUploadGone
	}
	return c.Tree, err
}
