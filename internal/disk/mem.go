package disk

import (
	"io/fs"
	"path"
	"strings"
	"sync"
	"syscall"
)

// Mem is a file system in memory that can suffer a power cut: see [Mem.Crash]. It behaves as [OS] does, and shares a test with it.
//
// It keeps two states, what calls see and what the medium holds, and the changes between them. File.Sync moves the blocks and
// the size of a file to the medium; SyncDir moves the changes of names in one directory, in the sense of POSIX: it brings no file's
// bytes and no other directory's names with it. A Sync or SyncDir that [Inject] makes fail moves nothing, but marks what it should
// have moved as clean, so that a later one does not move it either; calls still see it, until the power cut.
//
// It does not model that a block written twice between two Syncs may survive in its first version, nor an inode or a name needing space.
// The space of a removed file is free at once. Its methods may be called concurrently.
type Mem struct {
	mu       sync.Mutex // guards everything below, and every inode
	root     *inode
	pending  []change // changes of names that the medium lacks, oldest first
	capacity int64    // bytes; 0 is unlimited
	used     int64    // bytes in the blocks of all files that have a name or are open
	dead     bool     // crashed
}

// change is one atomic change of names.
type change struct {
	links     []link
	journaled bool // a SyncDir came after it: in mode Ordered it survives
}

// link says that a name in a directory now leads to an inode, or, if that is nil, nowhere.
type link struct {
	dir  *inode
	name string
	to   *inode
}

// NewMem returns an empty file system that holds capacity bytes, in blocks of 4 KiB; 0 means no limit.
func NewMem(capacity int64) *Mem {
	return &Mem{root: newInode(true), capacity: capacity}
}

// enter begins a call: it takes the mutex and returns what gives it back.
func (m *Mem) enter() (leave func()) {
	m.mu.Lock()
	return m.mu.Unlock
}

// find returns the inode of a name.
func (m *Mem) find(name string) (*inode, error) {
	if m.dead {
		return nil, ErrCrashed
	}
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	at := m.root
	if name == "." {
		return at, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		if !at.dir {
			return nil, syscall.ENOTDIR
		}
		next, ok := at.names[part]
		if !ok {
			return nil, syscall.ENOENT
		}
		at = next
	}
	return at, nil
}

// parent returns the directory that holds a name or could hold it, as a link to what is there.
func (m *Mem) parent(name string) (link, error) {
	if name == "." || !fs.ValidPath(name) {
		return link{}, fs.ErrInvalid
	}
	dir, err := m.find(path.Dir(name))
	if err != nil {
		return link{}, err
	}
	if !dir.dir {
		return link{}, syscall.ENOTDIR
	}
	base := path.Base(name)
	return link{dir: dir, name: base, to: dir.names[base]}, nil
}

// apply makes a change visible to calls, and remembers it for the medium.
func (m *Mem) apply(links ...link) {
	for _, l := range links {
		if l.to != nil {
			l.to.links++
		}
	}
	for _, l := range links {
		old := l.dir.names[l.name]
		if l.to == nil {
			delete(l.dir.names, l.name)
		} else {
			l.dir.names[l.name] = l.to
		}
		if old != nil {
			old.links--
			m.release(old)
		}
	}
	m.pending = append(m.pending, change{links: links})
}

// release gives back the space of a file that nobody can reach any more. Its blocks stay: the medium may still have a name for it.
func (m *Mem) release(i *inode) {
	if i.links == 0 && i.opens == 0 {
		m.used -= blockSize * int64(len(i.now.blocks))
	}
}
