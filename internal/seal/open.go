package seal

import (
	"bufio"
	"cmp"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

// Open returns the plain text of a sealed archive, as it is read. Errors, also of reading, are [ErrNoKey], [ErrWrongKey], [ErrDamaged]
// and [ErrNotSealed], or src's own. What was read before ErrDamaged was in order, but it is not all: only io.EOF says that.
func Open(src io.Reader, with Identities) (io.Reader, error) {
	buffered := bufio.NewReaderSize(src, sealedSize)
	start, err := buffered.Peek(len(intro))
	if err != nil && err != io.EOF { //nolint:errorlint // the end is this very value; wrapped, it is a fault
		return nil, err
	}
	if err := openable(start, with); err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(markedReader{buffered}, with.list...)
	if err != nil {
		return nil, explain(err)
	}
	return opened{plain}, nil
}

type opened struct{ plain io.Reader }

// Read is io.Reader's.
func (o opened) Read(p []byte) (int, error) {
	n, err := o.plain.Read(p)
	return n, explain(err)
}

// OpenAt is [Open] for an archive of which any place can be read, size bytes long, and returns the size of its plain text too. It reads
// the header and the last piece at once, later the pieces of 64 KiB that it is asked for: [Needed] tells which bytes these are. What it
// returns may be used concurrently if src may.
func OpenAt(src io.ReaderAt, size int64, with Identities) (io.ReaderAt, int64, error) {
	start := make([]byte, min(int64(len(intro)), max(0, size)))
	n, err := src.ReadAt(start, 0)
	if err != nil && err != io.EOF { //nolint:errorlint // the end is this very value; wrapped, it is a fault
		return nil, 0, err
	}
	if err := openable(start[:n], with); err != nil {
		return nil, 0, err
	}
	plain, plainSize, err := age.DecryptReaderAt(markedReaderAt{src}, size, with.list...)
	if err != nil {
		return nil, 0, explain(err)
	}
	return openedAt{plain}, plainSize, nil
}

type openedAt struct{ plain io.ReaderAt }

// ReadAt is io.ReaderAt's.
func (o openedAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.plain.ReadAt(p, off)
	return n, explain(err)
}

// openable looks at the first bytes of what is to be opened.
func openable(start []byte, with Identities) error {
	switch {
	case len(start) == 0 || !strings.HasPrefix(intro, string(start)):
		return ErrNotSealed
	case with.Len() == 0:
		return ErrNoKey
	default:
		return nil
	}
}

// readAhead is how much age reads at once, looking for the end of the header.
const readAhead = 4096

// A Span is a range of bytes of a sealed archive: Size of them from Offset.
type Span struct{ Offset, Size int64 }

// Start returns a byte of a sealed archive before which nothing stands of what is in its plain text from off.
func Start(off int64) int64 { return off / chunkSize * sealedSize }

// Needed returns which bytes of a sealed archive of the given size [OpenAt] needs to read n bytes of its plain text from off: a little
// more than these, the beginning and the end, in order and without overlap.
func Needed(size, off, n int64) []Span {
	first, last := Start(off), Start(off+max(n, 1)-1)
	all := []Span{
		{0, maxHeader + readAhead},
		{first, last - first + sealedSize + maxHeader}, // the header has some length up to maxHeader
		{max(0, size-sealedSize), sealedSize},
	}
	slices.SortFunc(all, func(a, b Span) int { return cmp.Compare(a.Offset, b.Offset) })
	var merged []Span
	for _, s := range all {
		s.Size = min(s.Size, size-s.Offset)
		if s.Size <= 0 {
			continue
		}
		if len(merged) > 0 {
			if m := &merged[len(merged)-1]; s.Offset <= m.Offset+m.Size {
				m.Size = max(m.Size, s.Offset+s.Size-m.Offset)
				continue
			}
		}
		merged = append(merged, s)
	}
	return merged
}
