package disk

import (
	"maps"
	"slices"
)

const (
	blockSize  = 4096 // what a crash keeps or loses as one
	sectorSize = 512  // what a device writes as one
)

// block is a piece of a file. It is never changed once it is part of a content, so that contents can share it.
type block [blockSize]byte

// content is the bytes of a file. A block that is missing is a hole, one that is nil is allocated but was never written: both read
// as zeros. No block lies beyond the size, and in the last one the bytes beyond it are zero.
type content struct {
	size   int64
	blocks map[int64]*block
}

func (c *content) clone() content {
	return content{size: c.size, blocks: maps.Clone(c.blocks)}
}

// take makes block i what it is in from: full, allocated or a hole.
func (c *content) take(i int64, from *content) {
	if b, ok := from.blocks[i]; ok {
		c.blocks[i] = b
	} else {
		delete(c.blocks, i)
	}
}

// read fills p with the bytes at off, which must all lie within the size.
func (c *content) read(p []byte, off int64) {
	for len(p) > 0 {
		from := off % blockSize
		n := min(int64(len(p)), blockSize-from)
		if b := c.blocks[off/blockSize]; b != nil {
			copy(p[:n], b[from:])
		} else {
			clear(p[:n])
		}
		p, off = p[n:], off+n
	}
}

// patch writes p, which must not cross the end of the block, into the block that holds off. The size is the caller's.
func (c *content) patch(p []byte, off int64) {
	b := new(block)
	if old := c.blocks[off/blockSize]; old != nil && len(p) < blockSize {
		*b = *old
	}
	copy(b[off%blockSize:], p)
	c.blocks[off/blockSize] = b
}

// cut sets the size, drops the blocks beyond it, and returns the numbers of those that it dropped or changed.
func (c *content) cut(size int64) []int64 {
	c.size = size
	var touched []int64
	last := size / blockSize
	for i, b := range c.blocks {
		switch {
		case i > last || i == last && size%blockSize == 0:
			delete(c.blocks, i)
			touched = append(touched, i)
		case i == last && b != nil:
			shorter := new(block)
			copy(shorter[:size%blockSize], b[:])
			c.blocks[i] = shorter
			touched = append(touched, i)
		}
	}
	return touched
}

// inode is a file or a directory of a Mem, with two states: now, which calls see, and stable, which the medium holds.
type inode struct {
	dir                bool
	names, stableNames map[string]*inode // of a directory

	now, stable content        // of a file
	dirty       map[int64]bool // blocks that the next successful Sync will write
	resized     bool           // whether that Sync will write the size
	lowest      int64          // the smallest size since the last Sync

	links  int  // how many names lead here now
	opens  int  // how many open files use it
	locked bool // whether somebody holds its lock
}

func newInode(dir bool) *inode {
	if dir {
		return &inode{dir: true, names: map[string]*inode{}, stableNames: map[string]*inode{}}
	}
	return &inode{
		now:    content{blocks: map[int64]*block{}},
		stable: content{blocks: map[int64]*block{}},
		dirty:  map[int64]bool{},
	}
}

// resize notes a new size for the next Sync.
func (i *inode) resize(size int64) {
	i.now.size = size
	i.resized = true
	i.lowest = min(i.lowest, size)
}

// sync brings the medium up to date, where it is known to be behind.
func (i *inode) sync() {
	for b := range i.dirty {
		i.stable.take(b, &i.now)
	}
	if i.resized {
		i.stable.size = i.now.size
	}
	i.clean()
}

// clean forgets what the medium lacks. Without sync before it, this is what a failed fsync does.
func (i *inode) clean() {
	clear(i.dirty)
	i.resized = false
	i.lowest = i.now.size
}

// copy returns an independent copy of the inode and of all that it leads to, as it would be without any process: nothing is open or
// locked. seen maps what was copied to its copy.
func (i *inode) copy(seen map[*inode]*inode) *inode {
	if i == nil {
		return nil
	}
	if c, ok := seen[i]; ok {
		return c
	}
	c := &inode{dir: i.dir, resized: i.resized, lowest: i.lowest, dirty: maps.Clone(i.dirty)}
	seen[i] = c
	if !i.dir {
		c.now, c.stable = i.now.clone(), i.stable.clone()
		return c
	}
	c.names = copyNames(i.names, seen)
	c.stableNames = copyNames(i.stableNames, seen)
	return c
}

func copyNames(names map[string]*inode, seen map[*inode]*inode) map[string]*inode {
	c := make(map[string]*inode, len(names))
	for name, i := range names {
		c[name] = i.copy(seen)
	}
	return c
}

// sortedNames returns the names in a directory as calls see it.
func (i *inode) sortedNames() []string {
	return slices.Sorted(maps.Keys(i.names))
}
