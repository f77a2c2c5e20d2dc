package payload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"firn/internal/disk"
	"firn/treehash"
)

// pageLeaves is how many entries of the leaf table a reader holds at a time: 13 KiB, for 256 MiB of payload.
const pageLeaves = 256

// Open opens a payload that has a file. If there is none, the error is [io/fs.ErrNotExist]; if header, trailer or length are not
// those of the payload, it is a *[DamageError]; [ErrFuture] is as it says. No leaf has been looked at.
func (f *Files) Open(ref Ref) (Reader, error) {
	if ref.LSN != 0 {
		return nil, fmt.Errorf("open payload %016x: its bytes are in record %d, not in a file", ref.ID, ref.LSN)
	}
	file, err := f.cfg.FS.Open(Name(ref.ID))
	if err != nil {
		return nil, fmt.Errorf("open payload %016x: %w", ref.ID, err)
	}
	r := &reader{file: file, id: ref.ID}
	if err := r.open(ref.Size, f.cfg.Pool); err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

// A reader is the [Reader] of a payload's file.
type reader struct {
	file disk.File
	id   uint64
	seal seal

	page    []byte // entries of the leaf table, from leaf first on
	first   int64
	checked bool // the table agrees with its CRC
}

// open reads what stands before and behind the payload, which is to have size bytes.
func (r *reader) open(size int64, pool [16]byte) error {
	length, err := r.file.Size()
	if err != nil {
		return fmt.Errorf("open payload %016x: %w", r.id, err)
	}
	l, s, whole, err := r.ends(length)
	switch {
	case err != nil:
		return err
	case !whole:
		return damage(r.id, "its file of %d bytes has no valid trailer", length)
	case l.pool != pool:
		return damage(r.id, "its file is from another store")
	case s.Size != size:
		return damage(r.id, "its file holds %d bytes, not %d", s.Size, size)
	}
	r.seal = s
	return nil
}

// ends reads header and trailer of a file of some length. whole is false, without an error, if there is no valid trailer; the
// header then need not be valid either, and label has what could be read. A header from the future is ErrFuture in any case.
func (r *reader) ends(length int64) (l label, s seal, whole bool, err error) {
	if length >= headerSize+trailerSize {
		b := make([]byte, trailerSize)
		if err := r.readAt(b, length-trailerSize); err != nil {
			return l, s, false, err
		}
		s, whole = decodeSeal(b, length)
	}
	if length >= headerSize {
		b := make([]byte, headerSize)
		if err := r.readAt(b, 0); err != nil {
			return l, s, whole, err
		}
		l, err = decodeLabel(b, r.id)
	}
	switch {
	case err != nil && (whole || !isDamage(err)):
		return l, s, whole, err
	case whole && s.id != r.id:
		return l, s, whole, damage(r.id, "its trailer is that of payload %016x", s.id)
	}
	return l, s, whole, nil
}

// readAt fills b with the bytes at off. That the file ends before is damage: its length was right when it was opened.
func (r *reader) readAt(b []byte, off int64) error {
	n, err := r.file.ReadAt(b, off)
	switch {
	case n == len(b) && (err == nil || errors.Is(err, io.EOF)):
		return nil
	case errors.Is(err, io.EOF):
		return damage(r.id, "its file was cut off")
	}
	return fmt.Errorf("read payload %016x at %d: %w", r.id, off, err)
}

// ID returns the payload's id.
func (r *reader) ID() uint64 { return r.id }

// Size implements [Reader].
func (r *reader) Size() int64 { return r.seal.Size }

// Leaf implements [Reader]. An error that is not a *[DamageError] may be gone at the next try.
func (r *reader) Leaf(i int64, buf []byte) ([]byte, error) {
	if err := r.inside(i, 1); err != nil {
		return nil, err
	}
	n := leafLength(r.seal.Size, i)
	if int64(len(buf)) < n {
		return nil, fmt.Errorf("read leaf %d of payload %016x: %w", i, r.id, io.ErrShortBuffer)
	}
	entry, err := r.entry(i)
	if err != nil {
		return nil, err
	}
	leaf := buf[:n]
	if err := r.readAt(leaf, leafOffset(i)); err != nil {
		return nil, err
	}
	if checksum(leaf) != binary.LittleEndian.Uint32(entry[entrySum:]) {
		return nil, &DamageError{Payload: r.id, Leaf: i, What: "it does not agree with its checksum"}
	}
	return leaf, nil
}

// Hashes implements [Reader]. The first call reads the whole leaf table, to check it.
func (r *reader) Hashes(i, n int64) ([]treehash.Hash, error) {
	if err := r.inside(i, n); err != nil {
		return nil, err
	}
	if err := r.checkTable(); err != nil {
		return nil, err
	}
	hashes := make([]treehash.Hash, n)
	for k := range hashes {
		entry, err := r.entry(i + int64(k))
		if err != nil {
			return nil, err
		}
		copy(hashes[k][:], entry)
	}
	return hashes, nil
}

// inside refuses leaves that the payload does not have.
func (r *reader) inside(i, n int64) error {
	if all := Leaves(r.seal.Size); i < 0 || n < 0 || i > all || n > all-i {
		return fmt.Errorf("payload %016x has %d leaves, not %d from %d on", r.id, all, n, i)
	}
	return nil
}

// checkTable checks the leaf table, once.
func (r *reader) checkTable() error {
	if r.checked {
		return nil
	}
	var sum uint32
	for i := int64(0); i < Leaves(r.seal.Size); i += pageLeaves {
		if _, err := r.entry(i); err != nil {
			return err
		}
		sum = extend(sum, r.page)
	}
	if sum != r.seal.table {
		return damage(r.id, "its leaf table does not agree with its checksum")
	}
	r.checked = true
	return nil
}

// entry returns the leaf table's entry of a leaf. It is good until the next call.
func (r *reader) entry(i int64) ([]byte, error) {
	first := i / pageLeaves * pageLeaves
	if r.page == nil || first != r.first {
		n := min(pageLeaves, Leaves(r.seal.Size)-first)
		page := r.page[:0]
		r.page = nil // It has nothing, if it cannot be read.
		if int64(cap(page)) < n*entrySize {
			page = make([]byte, n*entrySize)
		}
		page = page[:n*entrySize]
		if err := r.readAt(page, tableOffset(r.seal.Size)+first*entrySize); err != nil {
			return nil, err
		}
		r.page, r.first = page, first
	}
	return r.page[(i-first)*entrySize:][:entrySize], nil
}

// Close implements [Reader].
func (r *reader) Close() error { return r.file.Close() }
