package files

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A Source is a file that is being read. It may be used concurrently.
type Source struct {
	f    *os.File
	file File
}

// Open opens a file that was walked. The error is a *[Problem]: [Changed] if it is not the file that was walked.
func Open(file File) (*Source, error) {
	// A pipe that has taken the file's place would keep us waiting for its writer.
	f, err := os.OpenFile(file.Path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, reading(file.Name, err)
	}
	s := &Source{f, file}
	if err := s.Changed(); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// File is what was walked.
func (s *Source) File() File { return s.file }

// Size is how many bytes the file had when it was walked.
func (s *Source) Size() int64 { return s.file.Size }

// ReadAt implements io.ReaderAt, within the size that the file had when it was walked. The error is a *[Problem], of kind
// [Changed] if the file is no longer what was walked: then nobody goes on reading what is of no use, and what is sealed is
// not sealed a second time with other bytes.
func (s *Source) ReadAt(p []byte, off int64) (int, error) {
	want := len(p)
	if rest := max(s.file.Size-off, 0); int64(want) > rest {
		want = int(rest)
	}
	n, err := s.f.ReadAt(p[:want], off)
	if n == want {
		if changed := s.Changed(); changed != nil {
			return 0, changed
		}
	}
	switch {
	case n == want && want < len(p):
		return n, io.EOF
	case n == want:
		return n, nil
	case err == io.EOF:
		return n, &Problem{s.file.Name, Changed, nil}
	}
	return n, &Problem{s.file.Name, Unreadable, err}
}

// Changed returns a *[Problem] if the file is no longer what was walked: another one, or another size, time or status. Ask
// after the last byte was read; what was read is then what the file had when it was walked.
func (s *Source) Changed() error {
	info, err := s.f.Stat()
	if err != nil {
		return &Problem{s.file.Name, Unreadable, err}
	}
	now := File{Size: info.Size(), Modified: info.ModTime(), Node: node(info)}
	if !info.Mode().IsRegular() || now.Size != s.file.Size || !now.Modified.Equal(s.file.Modified) || now.Node != s.file.Node {
		return &Problem{s.file.Name, Changed, nil}
	}
	return nil
}

// Close closes the file.
func (s *Source) Close() error { return s.f.Close() }
