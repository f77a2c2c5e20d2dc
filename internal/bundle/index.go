package bundle

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"firn/treehash"
)

// ErrIndex says that what should be the index of a bundle is not one.
var ErrIndex = errors.New("the index of this bundle cannot be trusted")

// Members reads the index of a bundle of so many bytes: its files, in the order of their bytes. Of the bundle it reads nothing before
// index. An error, the last of what it yields, is ErrIndex or src's own.
func Members(src io.ReaderAt, index, size int64) iter.Seq2[Member, error] {
	return func(yield func(Member, error) bool) {
		lines, err := openIndex(src, index, size)
		if err != nil {
			yield(Member{}, err)
			return
		}
		end := int64(0) // of the files so far
		for n := 1; ; n++ {
			text, err := lines.ReadSlice('\n')
			if err == io.EOF && len(text) == 0 { //nolint:errorlint // the end is this very value; wrapped, it is a fault
				return
			}
			var m Member
			if err == nil {
				m, err = parseMember(text, end, index)
			} else {
				err = lineError(err)
			}
			if err == nil && n > MaxMembers {
				err = fmt.Errorf("%w: it has more than %d files", ErrIndex, MaxMembers)
			}
			if err != nil {
				yield(Member{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(m, nil) {
				return
			}
			end = m.Offset + m.Size
		}
	}
}

// openIndex finds the lines.
func openIndex(src io.ReaderAt, index, size int64) (*bufio.Reader, error) {
	if index < 0 || index%block != 0 || index > size-2*block {
		return nil, fmt.Errorf("%w: it cannot be at byte %d of %d", ErrIndex, index, size)
	}
	tail := tar.NewReader(io.NewSectionReader(src, index, size-index))
	header, err := tail.Next()
	switch {
	case errors.Is(err, tar.ErrHeader), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: there is none at byte %d", ErrIndex, index)
	case err != nil:
		return nil, err
	case header.Name != IndexName || header.Typeflag != tar.TypeReg || header.Size > size-index-block:
		return nil, fmt.Errorf("%w: there is something else at byte %d", ErrIndex, index)
	}
	return bufio.NewReaderSize(tail, maxLine), nil
}

func lineError(err error) error {
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("%w: it is longer than %d bytes", ErrIndex, maxLine)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, tar.ErrHeader):
		return fmt.Errorf("%w: it is cut off", ErrIndex)
	default:
		return err
	}
}

// parseMember reads a line and holds that its file lies after those before, and before the index.
func parseMember(text []byte, end, index int64) (Member, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return Member{}, fmt.Errorf("%w: it is not JSON as expected", ErrIndex)
	}
	m := Member{File: File{l.Path, l.Size, l.Modified, l.Mode & 0o777}, Offset: l.Offset}
	if err := m.valid(); err != nil {
		return Member{}, fmt.Errorf("%w: of a file it says what cannot be: %w", ErrIndex, err)
	}
	if m.Offset < end+block || m.Offset%block != 0 || m.Offset > index-m.Size {
		return Member{}, fmt.Errorf("%w: a file cannot have %d bytes at byte %d", ErrIndex, m.Size, m.Offset)
	}
	var err error
	if m.Hash, err = treehash.ParseHash(l.TreeHash); err != nil {
		return Member{}, fmt.Errorf("%w: a file has no tree hash", ErrIndex)
	}
	return m, nil
}
