package seal_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"firn/internal/seal"
)

func open(archive []byte, with seal.Identities) ([]byte, error) {
	r, err := seal.Open(bytes.NewReader(archive), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func openAt(archive []byte, with seal.Identities) ([]byte, error) {
	r, size, err := seal.OpenAt(bytes.NewReader(archive), int64(len(archive)), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(r, 0, size))
}

func TestOpen(t *testing.T) {
	to, with, _ := newKey(t)
	for _, size := range sizes {
		plain := pattern(size)
		archive := sealed(t, to, plain)
		for name, read := range map[string]func([]byte, seal.Identities) ([]byte, error){"Open": open, "OpenAt": openAt} {
			if got, err := read(archive, with); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s of %d bytes: got %d, error %v", name, size, len(got), err)
			}
		}
	}
}

func TestOpenWhatIsNotInOrder(t *testing.T) {
	to, with, _ := newKey(t)
	_, others, _ := newKey(t)
	plain := pattern(3 * 65536)
	archive := sealed(t, to, plain)
	start := len(archive) - 3*(65536+16) // of the first piece
	flip := func(at int) []byte {
		a := bytes.Clone(archive)
		a[at] ^= 1
		return a
	}
	swapped := bytes.Clone(archive)
	copy(swapped[start:], archive[start+65552:start+2*65552])
	copy(swapped[start+65552:], archive[start:start+65552])

	for _, tt := range []struct {
		name    string
		archive []byte
		with    seal.Identities
		want    error
		whole   int // bytes of plain text that are in order before what is not
	}{
		{"no key", archive, seal.Identities{}, seal.ErrNoKey, 0},
		{"key of others", archive, others, seal.ErrWrongKey, 0},
		{"empty", nil, with, seal.ErrNotSealed, 0},
		{"plain text", []byte("a long letter that nobody has sealed"), with, seal.ErrNotSealed, 0},
		{"plain text, no key", []byte("a letter"), seal.Identities{}, seal.ErrNotSealed, 0},
		{"cut off in the first line", archive[:10], with, seal.ErrDamaged, 0},
		{"cut off in the header", archive[:100], with, seal.ErrDamaged, 0},
		{"cut off in the nonce", archive[:start-3], with, seal.ErrDamaged, 0},
		{"cut off before the first piece", archive[:start], with, seal.ErrDamaged, 0},
		{"cut off in the second piece", archive[:start+65552+100], with, seal.ErrDamaged, 65536},
		{"cut off after the second piece", archive[:start+2*65552], with, seal.ErrDamaged, 2 * 65536},
		{"last byte missing", archive[:len(archive)-1], with, seal.ErrDamaged, 2 * 65536},
		{"a byte after the end", append(bytes.Clone(archive), 0), with, seal.ErrDamaged, 3 * 65536},
		{"bit of the recipient", flip(40), with, seal.ErrDamaged, 0},
		{"bit of the header's check", flip(start - 16 - 20), with, seal.ErrDamaged, 0},
		{"bit of the nonce", flip(start - 1), with, seal.ErrDamaged, 0},
		{"first bit of the first piece", flip(start), with, seal.ErrDamaged, 0},
		{"bit of the second piece", flip(start + 65552 + 30000), with, seal.ErrDamaged, 65536},
		{"last bit of all", flip(len(archive) - 1), with, seal.ErrDamaged, 2 * 65536},
		{"pieces in another order", swapped, with, seal.ErrDamaged, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := open(tt.archive, tt.with)
			if tt.name == "bit of the recipient" { // another key, to age
				if !errors.Is(err, seal.ErrWrongKey) && !errors.Is(err, seal.ErrDamaged) {
					t.Errorf("Open: error %v", err)
				}
				return
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("Open: error %v, want %v", err, tt.want)
			}
			if !bytes.Equal(got, plain[:tt.whole]) {
				t.Errorf("Open: passed %d bytes on, want the %d that are in order", len(got), tt.whole)
			}
			got, err = openAt(tt.archive, tt.with)
			if !errors.Is(err, tt.want) {
				t.Errorf("OpenAt: error %v, want %v", err, tt.want)
			}
			if !bytes.HasPrefix(plain[:tt.whole], got) {
				t.Errorf("OpenAt: passed %d bytes on, and only %d are in order", len(got), tt.whole)
			}
		})
	}
}

func TestOpenFromWhatCannotBeRead(t *testing.T) {
	to, with, _ := newKey(t)
	archive := sealed(t, to, pattern(200_000))
	broken := errors.New("connection reset")
	for _, whole := range []int{0, 5, 100, 190, 210, 70_000, len(archive)} {
		r, err := seal.Open(io.MultiReader(bytes.NewReader(archive[:whole]), iotest.ErrReader(broken)), with)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, broken) || errors.Is(err, seal.ErrDamaged) {
			t.Errorf("Open, broken after %d bytes: error %v, want %v", whole, err, broken)
		}
	}
	size := int64(len(archive))
	for _, allowed := range [][]seal.Span{nil, {{0, 5000}}} {
		_, _, err := seal.OpenAt(failing{bytes.NewReader(archive), broken, allowed}, size, with)
		if !errors.Is(err, broken) || errors.Is(err, seal.ErrDamaged) {
			t.Errorf("OpenAt, readable is %v: error %v, want %v", allowed, err, broken)
		}
	}
}

func TestNeeded(t *testing.T) {
	missing := errors.New("this byte was not retrieved")
	random := rand.New(rand.NewPCG(1, 2))
	var to seal.Recipients
	one, with, _ := newKey(t)
	to = one
	for round := range 100 {
		if round == 50 { // a longer header
			for range 50 {
				_, _, key := newKey(t)
				if err := to.Add(key.Recipient().String()); err != nil {
					t.Fatal(err)
				}
			}
		}
		plain := pattern(1 + random.IntN(400_000))
		archive := sealed(t, to, plain)
		off := random.IntN(len(plain))
		n := random.IntN(len(plain) - off + 1)
		spans := seal.Needed(int64(len(archive)), int64(off), int64(n))
		end := int64(-1)
		for _, s := range spans {
			if s.Offset <= end || s.Size < 1 || s.Offset+s.Size > int64(len(archive)) {
				t.Fatalf("of %d bytes, %d from %d: spans %v", len(archive), n, off, spans)
			}
			end = s.Offset + s.Size
		}
		r, size, err := seal.OpenAt(fetched{archive, spans, missing}, int64(len(archive)), with)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, n)
		if _, err := io.ReadFull(io.NewSectionReader(r, int64(off), int64(n)), got); err != nil || !bytes.Equal(got, plain[off:off+n]) {
			t.Fatalf("of %d, %d bytes from %d with %v: error %v", size, n, off, spans, err)
		}
	}
}

// fetched has some spans of an archive, and reads as far as they go.
type fetched struct {
	archive []byte
	spans   []seal.Span
	missing error
}

func (f fetched) ReadAt(p []byte, off int64) (int, error) {
	for _, s := range f.spans {
		if end := s.Offset + s.Size; s.Offset <= off && off < end {
			n := copy(p, f.archive[off:end])
			if n == len(p) {
				return n, nil
			}
			if end == int64(len(f.archive)) {
				return n, io.EOF
			}
			return n, f.missing
		}
	}
	return 0, f.missing
}
