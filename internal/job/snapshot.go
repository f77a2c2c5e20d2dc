package job

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"firn/glacier"
	"firn/internal/payload"
	"firn/internal/record"
)

// A snapshot is the rows of a vault's inventory, kept as a payload of the
// store. It begins anew with every leaf of the payload, so that a reader needs
// one leaf at a time and finds its place by looking at a few of them. Numbers
// are little-endian. A leaf is
//
//	 0  magic                 "FIRNINV\n"
//	 8  version               uint32, 1
//	12  rows in this leaf     uint32
//	16  vault                 uint64, internal id
//	24  head                  uint64, the inventory's
//	32  rows before this leaf int64
//	40  the rows, then zeros; the last leaf ends with its last row
//
// and a row, of which none begins in one leaf and ends in another,
//
//	 0  archive               uint64, internal id; ascending
//	 8  created               int64, Unix milliseconds
//	16  size                  int64, bytes
//	24  tree hash             32 bytes
//	56  length of public id   uint16
//	58  length of description uint16
//	60  public id, description
//
// Every leaf has at least one row. How many rows there are in all stands in
// the inventory that names the payload. There are no checksums: the payload
// has them.
const (
	snapshotMagic   = "FIRNINV\n"
	snapshotVersion = 1

	leafHeadSize = 40
	rowHeadSize  = 60
	maxRowText   = 1<<16 - 1
)

// errSnapshot is the error of a payload that is not the snapshot that it
// should be, or not one that this version can read.
var errSnapshot = errors.New("not a snapshot of the inventory")

// A snapshotWriter writes a snapshot, a leaf at a time. It is for one
// goroutine.
type snapshotWriter struct {
	w    io.Writer
	head leafHead // of the leaf in the making
	leaf []byte   // what there is of it; its capacity is a leaf
}

// A leafHead is what stands at the beginning of a leaf.
type leafHead struct {
	vault  uint64
	head   record.LSN
	before int64 // rows in the leaves before
	rows   uint32
}

// newSnapshotWriter begins the snapshot of a vault's archives up to head. buf
// is the memory of one leaf.
func newSnapshotWriter(w io.Writer, vault uint64, head record.LSN, buf []byte) *snapshotWriter {
	return &snapshotWriter{
		w:    w,
		head: leafHead{vault: vault, head: head},
		leaf: buf[:leafHeadSize:payload.LeafSize],
	}
}

// add writes a row. It does not keep the archive.
func (s *snapshotWriter) add(a *record.Archive) error {
	if len(a.Public) > maxRowText || len(a.Description) > maxRowText {
		return fmt.Errorf("archive %d has %d bytes of text", a.ID, len(a.Public)+len(a.Description))
	}
	if len(s.leaf)+rowHeadSize+len(a.Public)+len(a.Description) > payload.LeafSize {
		clear(s.leaf[len(s.leaf):payload.LeafSize])
		s.leaf = s.leaf[:payload.LeafSize]
		if err := s.flush(); err != nil {
			return err
		}
	}
	b := binary.LittleEndian.AppendUint64(s.leaf, a.ID)
	b = binary.LittleEndian.AppendUint64(b, uint64(a.Created))
	b = binary.LittleEndian.AppendUint64(b, uint64(a.Size))
	b = append(b, a.TreeHash[:]...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(a.Public)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(a.Description)))
	b = append(b, a.Public...)
	s.leaf = append(b, a.Description...)
	s.head.rows++
	return nil
}

// flush writes the leaf, of as many bytes as it has, and begins the next.
func (s *snapshotWriter) flush() error {
	s.head.encode(s.leaf)
	_, err := s.w.Write(s.leaf)
	s.head.before += int64(s.head.rows)
	s.head.rows, s.leaf = 0, s.leaf[:leafHeadSize]
	return err
}

// encode writes the head over the beginning of a leaf.
func (h *leafHead) encode(b []byte) {
	copy(b, snapshotMagic)
	binary.LittleEndian.PutUint32(b[8:], snapshotVersion)
	binary.LittleEndian.PutUint32(b[12:], h.rows)
	binary.LittleEndian.PutUint64(b[16:], h.vault)
	binary.LittleEndian.PutUint64(b[24:], uint64(h.head))
	binary.LittleEndian.PutUint64(b[32:], uint64(h.before))
}

// decodeLeaf reads the head of a leaf, and returns the rows behind it.
func decodeLeaf(b []byte) (h leafHead, rows []byte, err error) {
	switch {
	case len(b) < leafHeadSize || !bytes.HasPrefix(b, []byte(snapshotMagic)):
		return h, nil, errSnapshot
	case binary.LittleEndian.Uint32(b[8:]) != snapshotVersion:
		return h, nil, fmt.Errorf("%w of version %d; this is version %d", errSnapshot, binary.LittleEndian.Uint32(b[8:]), snapshotVersion)
	}
	h.rows = binary.LittleEndian.Uint32(b[12:])
	h.vault = binary.LittleEndian.Uint64(b[16:])
	h.head = record.LSN(binary.LittleEndian.Uint64(b[24:]))
	h.before = int64(binary.LittleEndian.Uint64(b[32:]))
	return h, b[leafHeadSize:], nil
}

// decodeRow reads a row, and returns what is behind it.
func decodeRow(b []byte) (a record.Archive, rest []byte, err error) {
	if len(b) < rowHeadSize {
		return a, nil, fmt.Errorf("%w: a row is cut off", errSnapshot)
	}
	id := int(binary.LittleEndian.Uint16(b[56:]))
	end := rowHeadSize + id + int(binary.LittleEndian.Uint16(b[58:]))
	if len(b) < end {
		return a, nil, fmt.Errorf("%w: a row is cut off", errSnapshot)
	}
	a.ID = binary.LittleEndian.Uint64(b)
	a.Created = int64(binary.LittleEndian.Uint64(b[8:]))
	a.Size = int64(binary.LittleEndian.Uint64(b[16:]))
	copy(a.TreeHash[:], b[24:])
	a.Public = glacier.ArchiveID(b[rowHeadSize : rowHeadSize+id])
	a.Description = string(b[rowHeadSize+id : end])
	return a, b[end:], nil
}
