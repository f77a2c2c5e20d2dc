package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// The pieces of an age file.
const (
	chunkSize  = 64 << 10
	overhead   = chacha20poly1305.Overhead
	sealedSize = chunkSize + overhead
	nonceSize  = 16
	intro      = "age-encryption.org/v1\n"
)

// A Sealing is the seal of one archive, made before its first byte is read: sealing the same plain text with it comes to the same
// bytes, at any place and as often as one likes. Never seal two plain texts with one Sealing: who sees both results learns how
// the texts differ. A file that has changed needs a new one. It may be used concurrently.
type Sealing struct {
	head []byte // header and nonce
	key  []byte // of the chunks
	aead cipher.AEAD
}

// New makes the seal of a new archive.
func New(to Recipients) (*Sealing, error) {
	if to.Len() == 0 {
		return nil, errors.New("sealing needs a recipient, and none was given")
	}
	// age makes a header and forgets its key, as it should. The first recipient remembers it, since an upload that was broken off
	// can only go on with the same.
	first := &witness{Recipient: to.list[0]}
	list := slices.Concat([]age.Recipient{first}, to.list[1:])
	var head bytes.Buffer
	if _, err := age.Encrypt(&head, list...); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	nonce := head.Bytes()[head.Len()-nonceSize:]
	key, err := hkdf.Key(sha256.New, first.fileKey, nonce, "payload", chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return with(head.Bytes(), key)
}

func with(head, key []byte) (*Sealing, error) {
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Sealing{head, key, aead}, nil
}

// A witness is a recipient that remembers the key.
type witness struct {
	age.Recipient
	fileKey []byte
}

// WrapWithLabels is what age calls, and Wrap if the recipient has no labels.
func (w *witness) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	w.fileKey = bytes.Clone(fileKey)
	if l, ok := w.Recipient.(age.RecipientWithLabels); ok {
		return l.WrapWithLabels(fileKey)
	}
	stanzas, err := w.Wrap(fileKey)
	return stanzas, nil, err
}

// stateIntro stands before what [Sealing.State] returns.
const stateIntro = "firn seal 1\n"

// State returns what [Restore] makes the Sealing of again. It opens the archive, as a private key does: keep it only
// where the plain text is, and only until the archive is uploaded.
func (s *Sealing) State() []byte { return slices.Concat([]byte(stateIntro), s.key, s.head) }

// Restore takes a Sealing up again.
func Restore(state []byte) (*Sealing, error) {
	rest, ok := bytes.CutPrefix(state, []byte(stateIntro))
	if !ok || len(rest) < chacha20poly1305.KeySize+len(intro)+nonceSize {
		return nil, errors.New("restore a seal: this is not the state of one, or of a newer Firn")
	}
	key, head := rest[:chacha20poly1305.KeySize], rest[chacha20poly1305.KeySize:]
	if !bytes.HasPrefix(head, []byte(intro)) {
		return nil, errors.New("restore a seal: its state is damaged")
	}
	return with(bytes.Clone(head), bytes.Clone(key))
}

// Size returns the size of the archive that so many bytes of plain text become.
func (s *Sealing) Size(plain int64) int64 {
	return int64(len(s.head)) + plain + chunks(plain)*overhead
}

// chunks returns how many chunks there are: one at least.
func chunks(plain int64) int64 { return max(1, (plain+chunkSize-1)/chunkSize) }

// ReaderAt returns the archive that so many bytes of plain text become, Size(size) bytes long. It reads of plain what is asked of it,
// rounded to 64 KiB; if there is less than size it fails with io.ErrUnexpectedEOF. It may be used concurrently if plain may.
func (s *Sealing) ReaderAt(plain io.ReaderAt, size int64) io.ReaderAt {
	return &sealedAt{Sealing: s, plain: plain, size: size}
}

type sealedAt struct {
	*Sealing
	plain io.ReaderAt
	size  int64
	last  atomic.Pointer[chunk] // that a read ended in: the next one, of a few bytes, may begin there
}

// A chunk is sealed, and is not changed any more.
type chunk struct {
	index  int64
	sealed []byte
}

// ReadAt is io.ReaderAt's.
func (r *sealedAt) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("seal: negative offset")
	}
	c := r.last.Load()
	for n < len(p) {
		at := off + int64(n)
		if at >= r.Size(r.size) {
			return n, io.EOF
		}
		if at < int64(len(r.head)) {
			n += copy(p[n:], r.head[at:])
			continue
		}
		at -= int64(len(r.head))
		if index := at / sealedSize; c == nil || c.index != index {
			if c, err = r.chunk(index); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], c.sealed[at%sealedSize:])
	}
	r.last.Store(c)
	return n, nil
}

// chunk reads and seals one chunk.
func (r *sealedAt) chunk(index int64) (*chunk, error) {
	start := index * chunkSize
	size := min(chunkSize, r.size-start)
	plain := make([]byte, size, size+overhead)
	if n, err := r.plain.ReadAt(plain, start); n < len(plain) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	var nonce [chacha20poly1305.NonceSize]byte
	binary.BigEndian.PutUint64(nonce[3:], uint64(index))
	if index == chunks(r.size)-1 {
		nonce[len(nonce)-1] = 1
	}
	return &chunk{index, r.aead.Seal(plain[:0], nonce[:], plain, nil)}, nil
}

// Writer seals what is written to it, into dst. Close ends the archive, and does not close dst.
func Writer(dst io.Writer, to Recipients) (io.WriteCloser, error) {
	w, err := age.Encrypt(dst, to.list...)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return w, nil
}

// Reader returns the archive that plain becomes, whose size nobody knows yet. Errors of plain come out as they are.
func Reader(plain io.Reader, to Recipients) (io.Reader, error) {
	r, err := age.EncryptReader(plain, to.list...)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return r, nil
}
