package bundle

import (
	"archive/tar"
	"bytes"
	"io"

	"firn/treehash"
)

// A One is a bundle of a single file, of any size. Its bytes, the same as a [Writer] would write, are made where they are read: the file's own
// are the content's, and all that stands around them is made of what is known of the file. It may be used concurrently.
type One struct {
	member Member
	head   []byte // before the file's bytes
	tail   []byte // after them
	index  int64
}

// NewOne makes the bundle of a file whose bytes have a hash. The errors are [ErrPath], [ErrDate] and [ErrTooLarge], which here is a size below 0.
func NewOne(f File, hash treehash.Hash) (*One, error) {
	if err := f.valid(); err != nil {
		return nil, err
	}
	var head bytes.Buffer
	if err := tar.NewWriter(&head).WriteHeader(header(f)); err != nil {
		return nil, err
	}
	m := Member{f, int64(head.Len()), hash}
	padding := (block - f.Size%block) % block
	tail := bytes.NewBuffer(make([]byte, padding))
	var index bytes.Buffer
	if err := list(&index, m); err != nil {
		return nil, err
	}
	if err := finish(tar.NewWriter(tail), &index); err != nil {
		return nil, err
	}
	return &One{m, head.Bytes(), tail.Bytes(), m.Offset + f.Size + padding}, nil
}

// Member is the file in the bundle.
func (o *One) Member() Member { return o.member }

// Index is where the index is.
func (o *One) Index() int64 { return o.index }

// Size is how many bytes the bundle has.
func (o *One) Size() int64 { return int64(len(o.head)) + o.member.Size + int64(len(o.tail)) }

// Frame is the tree hash of all that stands around the file's bytes, their hash included. So it names the bundle.
func (o *One) Frame() treehash.Hash { return treehash.Sum(append(bytes.Clone(o.head), o.tail...)) }

// ReaderAt returns the bundle, with the file's bytes read from content. If there are fewer than was said, it fails with io.ErrUnexpectedEOF.
func (o *One) ReaderAt(content io.ReaderAt) io.ReaderAt { return &oneAt{o, content} }

type oneAt struct {
	*One
	content io.ReaderAt
}

// ReadAt is io.ReaderAt's.
func (r *oneAt) ReadAt(p []byte, off int64) (n int, err error) {
	begin, end := r.member.Offset, r.member.Offset+r.member.Size
	for n < len(p) && err == nil {
		switch at := off + int64(n); {
		case at < begin:
			n += copy(p[n:], r.head[at:])
		case at < end:
			var k int
			k, err = r.content.ReadAt(p[n:n+int(min(int64(len(p)-n), end-at))], at-begin)
			n += k
			switch {
			case at+int64(k) == end:
				err = nil
			case err == io.EOF:
				err = io.ErrUnexpectedEOF
			}
		case at < r.Size():
			n += copy(p[n:], r.tail[at-end:])
		default:
			err = io.EOF
		}
	}
	return n, err
}
