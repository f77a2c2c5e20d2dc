package bundle

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"firn/treehash"
)

// A Writer packs files. Not for concurrent use.
type Writer struct {
	dst     counter
	tar     *tar.Writer
	hasher  *treehash.Hasher
	file    []byte       // the file that is being added
	index   bytes.Buffer // its lines
	members int
	err     error // of writing: the bundle is lost
}

// NewWriter begins a bundle that is written to dst, front to back.
func NewWriter(dst io.Writer) *Writer {
	w := &Writer{dst: counter{dst: dst}, hasher: treehash.NewHasher()}
	w.tar = tar.NewWriter(&w.dst)
	return w
}

// Add packs a file whose bytes src has. A file that cannot be read to its end, or has another size, leaves the bundle as it was, and
// further files may be added: the error is src's own, or [ErrChanged], [ErrPath], [ErrTooLarge] or [ErrFull]. It is otherwise that
// of writing, and so will be all that follow.
func (w *Writer) Add(f File, src io.Reader) (Member, error) {
	switch err := f.Fits(); {
	case w.err != nil:
		return Member{}, w.err
	case err != nil:
		return Member{}, err
	case w.members == MaxMembers:
		return Member{}, ErrFull
	}
	// All of it is read before anything is written: what a tar has promised in a header it cannot take back.
	if err := w.read(f.Size, src); err != nil {
		return Member{}, err
	}
	w.hasher.Reset()
	w.hasher.Write(w.file)
	hash, _ := w.hasher.Sum()

	w.err = w.tar.WriteHeader(header(f))
	m := Member{f, w.dst.n, hash}
	if w.err == nil {
		_, w.err = w.tar.Write(w.file)
	}
	if w.err == nil {
		w.err = list(&w.index, m)
	}
	if w.err != nil {
		return Member{}, w.err
	}
	w.members++
	return m, nil
}

// header is what stands before a file's bytes.
func header(f File) *tar.Header {
	return &tar.Header{
		Name: f.Path, Size: f.Size, Mode: int64(f.Mode & 0o777), ModTime: f.Modified.Truncate(time.Second),
		Typeflag: tar.TypeReg, Format: tar.FormatPAX,
	}
}

// read reads a file of that size into w.file.
func (w *Writer) read(size int64, src io.Reader) error {
	if int64(cap(w.file)) <= size {
		w.file = make([]byte, size+1)
	}
	w.file = w.file[:size+1] // one more, to see that there is not
	n, err := 0, error(nil)
	for n < len(w.file) && err == nil {
		// Not io.ReadFull: its io.ErrUnexpectedEOF could as well be src's own.
		var k int
		k, err = src.Read(w.file[n:])
		n += k
	}
	if err != nil && err != io.EOF { //nolint:errorlint // the end is this very value; wrapped, it is a fault
		return err
	}
	if int64(n) != size {
		return ErrChanged
	}
	w.file = w.file[:size]
	return nil
}

// A line of the index.
type line struct {
	Path     string
	Offset   int64
	Size     int64
	Modified time.Time
	Mode     uint32
	TreeHash string
}

// list adds a member to an index.
func list(index *bytes.Buffer, m Member) error {
	lines := json.NewEncoder(index)
	lines.SetEscapeHTML(false)
	return lines.Encode(line{m.Path, m.Offset, m.Size, m.Modified.UTC(), m.Mode & 0o777, m.Hash.String()})
}

// Close writes the index and the end, and returns where the index is. It does not close what the bundle is written to.
func (w *Writer) Close() (index int64, err error) {
	if w.err != nil {
		return 0, w.err
	}
	w.err = errors.New("the bundle is closed")
	if err := w.tar.Flush(); err != nil {
		return 0, fmt.Errorf("end the bundle: %w", err)
	}
	index = w.dst.n
	return index, finish(w.tar, &w.index)
}

// finish writes an index, and the end of the bundle.
func finish(w *tar.Writer, index *bytes.Buffer) error {
	err := w.WriteHeader(&tar.Header{
		Name: IndexName, Size: int64(index.Len()), Mode: 0o600, ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
	})
	if err == nil {
		_, err = index.WriteTo(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("write the bundle's index: %w", err)
	}
	return nil
}

// A counter counts what is written.
type counter struct {
	dst io.Writer
	n   int64
}

// Write is io.Writer's.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.dst.Write(p)
	c.n += int64(n)
	return n, err
}
