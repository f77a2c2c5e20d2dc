package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
)

// unlimited is what a Mem without a capacity reports as free.
const unlimited = 1 << 50

// Free implements [Volume]. Without a capacity, it is a pebibyte.
func (m *Mem) Free() (int64, error) {
	defer m.enter()()
	switch {
	case m.dead:
		return 0, &fs.PathError{Op: "statfs", Path: ".", Err: ErrCrashed}
	case m.capacity == 0:
		return unlimited, nil
	}
	return max(0, m.capacity-m.used) / blockSize * blockSize, nil
}

// Total implements [Volume].
func (m *Mem) Total() (int64, error) {
	defer m.enter()()
	switch {
	case m.dead:
		return 0, &fs.PathError{Op: "statfs", Path: ".", Err: ErrCrashed}
	case m.capacity == 0:
		return unlimited, nil
	}
	return m.capacity / blockSize * blockSize, nil
}

// Lock implements [Volume].
func (m *Mem) Lock(name string) (io.Closer, error) {
	defer m.enter()()
	i, err := m.find(name)
	if errors.Is(err, syscall.ENOENT) {
		i, err = m.make(name, false)
	}
	if err == nil && i.dir {
		err = syscall.EISDIR
	}
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
	}
	if i.locked {
		return nil, fmt.Errorf("lock %s: %w", name, ErrLocked)
	}
	i.locked = true
	i.opens++
	return &memLock{mem: m, inode: i}, nil
}

type memLock struct {
	mem   *Mem
	inode *inode // nil once closed
}

func (l *memLock) Close() error {
	defer l.mem.enter()()
	if l.inode == nil {
		return fs.ErrClosed
	}
	l.inode.locked = false
	l.inode.opens--
	l.mem.release(l.inode)
	l.inode = nil
	return nil
}

// Corrupt damages a file as a failing medium would. f is given the bytes from off to the end; each one that it changes is changed for
// readers and on the medium, if the medium has it, and no Sync undoes it. It panics if there is nothing to damage.
func (m *Mem) Corrupt(name string, off int64, f func([]byte)) {
	defer m.enter()()
	i, err := m.find(name)
	if err != nil || i.dir || off >= i.now.size {
		panic(fmt.Sprintf("disk: no byte %d of %s to corrupt (%v)", off, name, err))
	}
	old := make([]byte, i.now.size-off)
	i.now.read(old, off)
	data := append([]byte(nil), old...)
	f(data)
	for k := range data {
		at := off + int64(k)
		if data[k] == old[k] {
			continue
		}
		if _, ok := i.now.blocks[at/blockSize]; !ok {
			m.used += blockSize // A hole is filled.
		}
		i.now.patch(data[k:k+1], at)
		if _, ok := i.stable.blocks[at/blockSize]; ok && at < i.stable.size {
			i.stable.patch(data[k:k+1], at)
		}
	}
}
