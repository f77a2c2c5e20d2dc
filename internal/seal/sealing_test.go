package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"filippo.io/age"

	"firn/internal/seal"
)

// pattern is n bytes, no two pieces of 64 KiB of it alike.
func pattern(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(p)
	return p
}

// newKey is a recipient and the identity that opens what is sealed for it.
func newKey(t testing.TB) (seal.Recipients, seal.Identities, *age.X25519Identity) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var to seal.Recipients
	if err := to.Add(key.Recipient().String()); err != nil {
		t.Fatal(err)
	}
	return to, identities(t, key.String()), key
}

func identities(t testing.TB, text string) seal.Identities {
	t.Helper()
	var with seal.Identities
	if err := with.Read(bytes.NewReader([]byte(text)), "key.txt", nil); err != nil {
		t.Fatal(err)
	}
	return with
}

// sealed is a whole archive.
func sealed(t testing.TB, to seal.Recipients, plain []byte) []byte {
	t.Helper()
	s, err := seal.New(to)
	if err != nil {
		t.Fatal(err)
	}
	return all(t, s, plain)
}

func all(t testing.TB, s *seal.Sealing, plain []byte) []byte {
	t.Helper()
	size := s.Size(int64(len(plain)))
	got, err := io.ReadAll(io.NewSectionReader(s.ReaderAt(bytes.NewReader(plain), int64(len(plain))), 0, size+1))
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(got)) != size {
		t.Fatalf("sealed archive has %d bytes, Size says %d", len(got), size)
	}
	return got
}

var sizes = []int{0, 1, 65535, 65536, 65537, 2 * 65536, 3*65536 + 4711}

func TestSealedArchiveIsAnAgeFile(t *testing.T) {
	to, _, key := newKey(t)
	for _, size := range sizes {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			plain := pattern(size)
			r, err := age.Decrypt(bytes.NewReader(sealed(t, to, plain)), key)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("age reads %d bytes, error %v; want the %d that were sealed", len(got), err, size)
			}
		})
	}
}

func TestSealingReadsAtAnyPlace(t *testing.T) {
	to, _, _ := newKey(t)
	s, err := seal.New(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range sizes {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			plain := pattern(size)
			s, err := seal.New(to)
			if err != nil {
				t.Fatal(err)
			}
			want := all(t, s, plain)
			r := io.NewSectionReader(s.ReaderAt(bytes.NewReader(plain), int64(size)), 0, s.Size(int64(size)))
			if err := iotest.TestReader(r, want); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := s.ReaderAt(bytes.NewReader(nil), 0).ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("reading before the beginning: no error")
	}
}

func TestSealingTakenUpAgain(t *testing.T) {
	to, _, _ := newKey(t)
	s, err := seal.New(to)
	if err != nil {
		t.Fatal(err)
	}
	plain := pattern(200_000)
	want := all(t, s, plain)
	again, err := seal.Restore(s.State())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(all(t, again, plain), want) {
		t.Error("the restored Sealing comes to other bytes")
	}
	if bytes.Equal(sealed(t, to, plain), want) {
		t.Error("another Sealing comes to the same bytes")
	}

	state := s.State()
	for name, state := range map[string][]byte{
		"nothing":           nil,
		"of a newer format": bytes.Replace(state, []byte("seal 1"), []byte("seal 2"), 1),
		"cut off":           state[:40],
		"damaged":           bytes.Replace(state, []byte("age-encryption"), []byte("ega-encryption"), 1),
	} {
		if _, err := seal.Restore(state); err == nil {
			t.Errorf("state %s: restored without error", name)
		}
	}
}

func TestSealingOfWhatCannotBeRead(t *testing.T) {
	to, _, _ := newKey(t)
	s, err := seal.New(to)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("disk on fire")
	for _, tt := range []struct {
		name  string
		plain io.ReaderAt
		want  error
	}{
		{"file shorter than it was", bytes.NewReader(pattern(70_000)), io.ErrUnexpectedEOF},
		{"file that cannot be read", failing{bytes.NewReader(nil), broken, nil}, broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			size := s.Size(100_000)
			_, err := io.ReadAll(io.NewSectionReader(s.ReaderAt(tt.plain, 100_000), 0, size))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := seal.New(seal.Recipients{}); err == nil {
		t.Error("sealing for nobody: no error")
	}
}

// failing fails, outside of the spans that it may be asked for.
type failing struct {
	io.ReaderAt
	err     error
	allowed []seal.Span
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	for _, s := range f.allowed {
		if s.Offset <= off && off+int64(len(p)) <= s.Offset+s.Size {
			return f.ReaderAt.ReadAt(p, off)
		}
	}
	return 0, f.err
}

func TestStreams(t *testing.T) {
	to, with, _ := newKey(t)
	for _, size := range sizes {
		plain := pattern(size)
		var written bytes.Buffer
		w, err := seal.Writer(&written, to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := seal.Reader(bytes.NewReader(plain), to)
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for name, archive := range map[string][]byte{"Writer": written.Bytes(), "Reader": read} {
			if got, err := open(archive, with); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s of %d bytes: read back %d, error %v", name, size, len(got), err)
			}
		}
	}
}

func BenchmarkSealing(b *testing.B) {
	to, _, _ := newKey(b)
	s, err := seal.New(to)
	if err != nil {
		b.Fatal(err)
	}
	plain := pattern(16 << 20)
	r := s.ReaderAt(bytes.NewReader(plain), int64(len(plain)))
	buf := make([]byte, 1<<20)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		if _, err := r.ReadAt(buf, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}
