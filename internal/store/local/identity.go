package local

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"

	"firn/internal/disk"
	"firn/internal/token"
)

// identityFile says which store a directory is. It is written once.
const identityFile = "STORE"

// formatVersion is the version of the layout as a whole. Segments, payload
// files and the catalog carry versions of their own.
const formatVersion = 1

// An identity is what STORE holds. It is JSON so that a person can read it.
//
// Lost: it is remade from a segment's header only by hand; the public ids of
// archives need IDKey to be recognised without a look at the catalog.
// Altered: Sum notices. Rolled back: it never changes.
type identity struct {
	Format int    `json:"format"`
	Pool   string `json:"pool"`  // hex, 16 bytes: the store, on however many drives
	Drive  string `json:"drive"` // hex, 16 bytes: this directory
	Index  int    `json:"index"` // of the drive within the pool
	Layout string `json:"layout"`
	IDKey  string `json:"id_key"` // hex, 32 bytes: authenticates public ids
	Sum    uint32 `json:"sum"`    // CRC32C of the document with sum 0
}

// layoutSingle is a store on one drive, the only layout there is so far.
const layoutSingle = "single"

// ids are an identity's parts, decoded.
type ids struct {
	pool, drive [16]byte
	key         token.Key
}

// openIdentity reads STORE, or writes a new one into a directory that holds
// nothing yet.
func openIdentity(fsys disk.FS) (ids, error) {
	data, err := disk.ReadFile(fsys, identityFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return newIdentity(fsys)
	case err != nil:
		return ids{}, fmt.Errorf("read identity: %w", err)
	}
	return parseIdentity(data)
}

// newIdentity makes a store of an empty directory. A directory with a journal
// but without STORE has lost it, and is not to be taken for a new store.
func newIdentity(fsys disk.FS) (ids, error) {
	for _, dir := range []string{journalDir, payloadDir} {
		entries, err := fsys.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return ids{}, fmt.Errorf("look for an older store: %w", err)
		}
		if len(entries) > 0 {
			return ids{}, fmt.Errorf("the file %s is missing, but %s is not empty: this was a store; bring %s back from a copy", identityFile, dir, identityFile)
		}
	}
	var id ids
	rand.Read(id.pool[:])
	rand.Read(id.drive[:])
	rand.Read(id.key[:])
	doc := identity{
		Format: formatVersion,
		Pool:   hex.EncodeToString(id.pool[:]),
		Drive:  hex.EncodeToString(id.drive[:]),
		Layout: layoutSingle,
		IDKey:  hex.EncodeToString(id.key[:]),
	}
	doc.Sum = doc.sum()
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return ids{}, fmt.Errorf("encode identity: %w", err)
	}
	return id, disk.WriteFile(fsys, identityFile, append(data, '\n'))
}

func parseIdentity(data []byte) (ids, error) {
	var doc identity
	if err := json.Unmarshal(data, &doc); err != nil {
		return ids{}, fmt.Errorf("%s is damaged: %w", identityFile, err)
	}
	if doc.Format > formatVersion {
		return ids{}, fmt.Errorf("the store has format %d; this version of Firn knows formats up to %d: use a newer Firn", doc.Format, formatVersion)
	}
	if doc.Sum != doc.sum() {
		return ids{}, fmt.Errorf("%s is damaged: its checksum does not match", identityFile)
	}
	if doc.Layout != layoutSingle {
		return ids{}, fmt.Errorf("the store has the layout %q, which this version of Firn does not know", doc.Layout)
	}
	var id ids
	for _, f := range []struct {
		to   []byte
		from string
	}{{id.pool[:], doc.Pool}, {id.drive[:], doc.Drive}, {id.key[:], doc.IDKey}} {
		if n, err := hex.Decode(f.to, []byte(f.from)); err != nil || n != len(f.to) {
			return ids{}, fmt.Errorf("%s is damaged: a field has the wrong length", identityFile)
		}
	}
	return id, nil
}

// sum is the checksum of the document without its own field.
func (d identity) sum() uint32 {
	d.Sum = 0
	data, _ := json.Marshal(d) // strings and numbers cannot fail
	return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
}
