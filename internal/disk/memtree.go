package disk

import (
	"io/fs"
	"os"
	"syscall"
)

// make creates a file or a directory.
func (m *Mem) make(name string, dir bool) (*inode, error) {
	if name == "." {
		return nil, syscall.EEXIST
	}
	l, err := m.parent(name)
	if err != nil {
		return nil, err
	}
	if l.to != nil {
		return nil, syscall.EEXIST
	}
	l.to = newInode(dir)
	m.apply(l)
	return l.to, nil
}

// handle opens an inode.
func (m *Mem) handle(name string, i *inode, write bool) File {
	i.opens++
	return &memFile{mem: m, inode: i, name: name, write: write}
}

// Create implements [Opener].
func (m *Mem) Create(name string) (File, error) {
	defer m.enter()()
	i, err := m.make(name, false)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return m.handle(name, i, true), nil
}

// Open implements [Opener].
func (m *Mem) Open(name string) (File, error) {
	defer m.enter()()
	i, err := m.find(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return m.handle(name, i, false), nil
}

// OpenWrite implements [Opener].
func (m *Mem) OpenWrite(name string) (File, error) {
	defer m.enter()()
	i, err := m.find(name)
	if err == nil && i.dir {
		err = syscall.EISDIR
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return m.handle(name, i, true), nil
}

// Remove implements [Tree].
func (m *Mem) Remove(name string) error {
	defer m.enter()()
	l, err := m.parent(name)
	switch {
	case err != nil:
	case l.to == nil:
		err = syscall.ENOENT
	case len(l.to.names) > 0:
		err = syscall.ENOTEMPTY
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	m.apply(link{dir: l.dir, name: l.name})
	return nil
}

// Rename implements [Tree].
func (m *Mem) Rename(oldname, newname string) error {
	defer m.enter()()
	if err := m.rename(oldname, newname); err != nil {
		return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: err}
	}
	return nil
}

func (m *Mem) rename(oldname, newname string) error {
	from, err := m.parent(oldname)
	if err != nil {
		return err
	}
	to, err := m.parent(newname)
	if err != nil {
		return err
	}
	switch {
	case from.to == nil:
		return syscall.ENOENT
	case to.to != nil && to.to.dir:
		return syscall.EEXIST
	case from.to.dir:
		return syscall.ENOTSUP
	case from.to == to.to:
		return nil // As POSIX has it, even if the two names differ.
	}
	m.apply(link{from.dir, from.name, nil}, link{to.dir, to.name, from.to})
	return nil
}

// Mkdir implements [Tree].
func (m *Mem) Mkdir(name string) error {
	defer m.enter()()
	if _, err := m.make(name, true); err != nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: err}
	}
	return nil
}

// ReadDir implements [Tree].
func (m *Mem) ReadDir(name string) ([]Entry, error) {
	defer m.enter()()
	dir, err := m.directory(name)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	entries := make([]Entry, 0, len(dir.names))
	for _, n := range dir.sortedNames() {
		i := dir.names[n]
		entries = append(entries, Entry{Name: n, Size: i.now.size, Dir: i.dir})
	}
	return entries, nil
}

// directory is find for a name that must be a directory.
func (m *Mem) directory(name string) (*inode, error) {
	i, err := m.find(name)
	if err == nil && !i.dir {
		err = syscall.ENOTDIR
	}
	return i, err
}

// SyncDir implements [Tree].
func (m *Mem) SyncDir(name string) error { return m.syncDir(name, true) }

// failSyncDir implements syncDirFailer.
func (m *Mem) failSyncDir(name string) { _ = m.syncDir(name, false) }

// syncDir moves the pending changes in a directory to the medium or, if persist is false, forgets that the medium lacks them.
func (m *Mem) syncDir(name string, persist bool) error {
	defer m.enter()()
	dir, err := m.directory(name)
	if err != nil {
		return &fs.PathError{Op: "syncdir", Path: name, Err: err}
	}
	var rest []change
	for _, c := range m.pending {
		var links []link
		for _, l := range c.links {
			switch {
			case l.dir != dir:
				links = append(links, l)
			case persist:
				l.persist()
			}
		}
		if len(links) > 0 {
			rest = append(rest, change{links: links, journaled: c.journaled || persist})
		}
	}
	m.pending = rest
	return nil
}

// persist makes the medium know the link.
func (l link) persist() {
	if l.to == nil {
		delete(l.dir.stableNames, l.name)
	} else {
		l.dir.stableNames[l.name] = l.to
	}
}
