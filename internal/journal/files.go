package journal

import (
	"container/list"
	"sync"

	"firn/internal/disk"
)

// maxFiles is how many files are kept open for reading. Files in use are not
// closed, so it can be exceeded by as many as are read at once.
const maxFiles = 256

// files keeps files open for reading. It is safe for concurrent use.
type files struct {
	fs  disk.FS
	max int

	mu    sync.Mutex
	named map[string]*file
	idle  list.List // of *file that nobody uses, most recently used first
	shut  bool
}

// file is an open file with users. It stays readable while it has one, even if
// its name has been removed.
type file struct {
	disk.File
	files *files
	name  string

	// Guarded by files.mu.
	users int
	idle  *list.Element // nil while it has users
	gone  bool          // not in files.named any more
}

func newFiles(fs disk.FS, limit int) *files {
	return &files{fs: fs, max: limit, named: map[string]*file{}}
}

// open returns the file of that name. The caller releases it.
func (c *files) open(name string) (*file, error) {
	if f := c.use(name); f != nil {
		return f, nil
	}
	opened, err := c.fs.Open(name) // Not under the lock: a slow medium must not stop others.
	if err != nil {
		return nil, err
	}
	if f := c.use(name); f != nil {
		opened.Close() // Another was faster.
		return f, nil
	}
	f := &file{File: opened, files: c, name: name, users: 1}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut || c.named[name] != nil {
		f.gone = true
		return f, nil
	}
	c.named[name] = f
	c.trim()
	return f, nil
}

func (c *files) use(name string) *file {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.named[name]
	if f == nil {
		return nil
	}
	if f.users++; f.idle != nil {
		c.idle.Remove(f.idle)
		f.idle = nil
	}
	return f
}

// trim closes the least recently used files beyond the limit.
func (c *files) trim() {
	for len(c.named) > c.max && c.idle.Len() > 0 {
		f := c.idle.Remove(c.idle.Back()).(*file)
		delete(c.named, f.name)
		f.File.Close() // It was only read.
	}
}

// release gives the file back.
func (f *file) release() {
	c := f.files
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.users--; f.users > 0 {
		return
	}
	if f.gone {
		f.File.Close()
		return
	}
	f.idle = c.idle.PushFront(f)
	c.trim()
}

// forget closes the file of that name as soon as nobody uses it, so that a file
// whose name was removed gives its space back.
func (c *files) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.named[name]
	if f == nil {
		return
	}
	delete(c.named, name)
	f.gone = true
	if f.idle != nil {
		c.idle.Remove(f.idle)
		f.idle = nil
		f.File.Close()
	}
}

// close forgets all files and keeps none from now on.
func (c *files) close() {
	c.mu.Lock()
	c.shut = true
	names := make([]string, 0, len(c.named))
	for name := range c.named {
		names = append(names, name)
	}
	c.mu.Unlock()
	for _, name := range names {
		c.forget(name)
	}
}
