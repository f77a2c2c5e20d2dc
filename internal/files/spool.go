package files

import (
	"io"
	"os"
)

// A Spool is a nameless file that keeps bytes for a while: it ends with the process, whatever the process dies of, and
// nobody else can open it. Write it by one goroutine; what was written may be read by many.
type Spool struct {
	f    *os.File
	size int64
}

// NewSpool makes an empty spool on the file system of the folder dir, which must exist; "" is the system's folder for such
// things.
func NewSpool(dir string) (*Spool, error) {
	f, err := os.CreateTemp(dir, ".firn-spool-*") // 0600
	if err != nil {
		return nil, writing("a temporary file", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, writing(f.Name(), err)
	}
	return &Spool{f: f}, nil
}

// Write appends. The error of a full disk is a *[Problem].
func (s *Spool) Write(p []byte) (int, error) {
	n, err := s.f.WriteAt(p, s.size)
	s.size += int64(n)
	if err != nil {
		return n, writing("a temporary file", err)
	}
	return n, nil
}

// ReadAt implements io.ReaderAt.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) { return s.f.ReadAt(p, off) }

// Size is how many bytes were written.
func (s *Spool) Size() int64 { return s.size }

// Reset empties the spool and gives its space back.
func (s *Spool) Reset() error {
	s.size = 0
	return s.f.Truncate(0)
}

// Close gives everything back.
func (s *Spool) Close() error { return s.f.Close() }

var _ io.ReaderAt = (*Spool)(nil)
