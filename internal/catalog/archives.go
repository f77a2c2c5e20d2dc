package catalog

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"

	"firn/glacier"
	"firn/internal/record"
	"firn/internal/token"
)

const (
	selectArchive  = "SELECT image FROM archives WHERE vault = $1 AND id = $2"
	selectArchives = "SELECT image FROM archives WHERE vault = $1 AND id > $2 AND id <= $3 AND deleted = 0 ORDER BY id LIMIT $4"
	// Deleted ones are among them, so that a limit bounds the work.
	glanceUp      = "SELECT id, size, deleted, image FROM archives WHERE vault = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4"
	glanceDown    = "SELECT id, size, deleted, image FROM archives WHERE vault = $1 AND id > $2 AND id <= $3 ORDER BY id DESC LIMIT $4"
	someImported  = "SELECT 1 FROM archives WHERE vault = $1 AND imported IS NOT NULL LIMIT 1"
	selectPayload = "SELECT image FROM payloads WHERE id = $1"
)

// Archive looks an archive up, deleted but pinned ones included.
func (tx *Tx) Archive(vault, id uint64) (a record.Archive, ok bool, err error) {
	return one[record.Archive](tx, selectArchive, num(vault), num(id))
}

// Named looks up an archive of a vault by its public id, be it a token of the
// store or an id that came with the archive; deleted but pinned ones included. An
// id can stand for one of these and for a later one that was imported: that is
// the one then.
func (tx *Tx) Named(ids token.Key, vault uint64, id glacier.ArchiveID) (a record.Archive, ok bool, err error) {
	t, is := ids.Open(token.Archive, string(id))
	if is && t.Vault == vault {
		// A disk that was set back hands a number out twice. The random bits tell
		// the two archives apart.
		if a, ok, err = tx.Archive(vault, t.Number); err != nil {
			return record.Archive{}, false, err
		}
		if ok = ok && a.Public == id; ok && !a.Deleted {
			return a, true, nil
		}
	}
	later, found, err := tx.imported(vault, id)
	if err != nil || found {
		return later, found, err
	}
	if !ok {
		a = record.Archive{}
	}
	return a, ok, nil
}

// imported looks up the archive that was imported into a vault with an id, and
// that is not deleted.
func (tx *Tx) imported(vault uint64, id glacier.ArchiveID) (a record.Archive, ok bool, err error) {
	// Of several, which no rule makes, the later counts.
	found, err := list[record.Archive](tx, maxAlike, selectImported, num(vault), textNumber(string(id)))
	if err != nil {
		return a, false, err
	}
	for _, a := range found {
		if a.Public == id {
			return a, true, nil
		}
	}
	return a, false, nil
}

// HasImported reports whether any of a vault's archives was imported.
func (tx *Tx) HasImported(vault uint64) (bool, error) {
	var one int64
	return tx.row(someImported, []any{num(vault)}, &one)
}

// Sent looks up the archive that was uploaded into a vault with a token, and that
// is not deleted.
func (tx *Tx) Sent(vault uint64, by glacier.UploadToken) (a record.Archive, ok bool, err error) {
	found, err := list[record.Archive](tx, maxAlike, selectSent, num(vault), textNumber(string(by)))
	if err != nil {
		return a, false, err
	}
	for _, a := range found {
		if a.Token == by {
			return a, true, nil
		}
	}
	return a, false, nil
}

// maxAlike bounds how many archives with the same number are looked at. To find
// three texts that share one is beyond anybody.
const maxAlike = 16

// textNumber is what an id from elsewhere, or a token, is found by.
func textNumber(text string) int64 {
	sum := sha256.Sum256([]byte(text))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}

// Archives lists a vault's archives, without deleted ones, by id, which is the
// order in which they were committed: those with after < id ≤ upto.
func (tx *Tx) Archives(vault, after, upto uint64, limit int) ([]record.Archive, error) {
	return list[record.Archive](tx, limit, selectArchives, num(vault), bound(after), bound(upto))
}

// A Glance is an archive that a search passes. It is good for the call that it
// was handed to.
type Glance struct {
	ID      uint64
	Size    int64
	Deleted bool // and pinned

	tx    *Tx
	from  string
	image sql.RawBytes
	loose *[]byte // room for it
}

// Loose is a text as [Glance.Without] takes it, which no longer tells upper case
// from lower.
func Loose(text string) []byte {
	loose := make([]byte, len(text))
	loosen(loose, []byte(text))
	return loose
}

// loosen takes from each character what tells a letter's cases apart, and some
// other characters, too; it need not look which they are.
func loosen(to, from []byte) {
	const lower = 'a' ^ 'A'
	for i, c := range from {
		to[i] = c | lower
	}
}

// Without reports whether none of the archive's texts has a text in it, in
// whichever case. It is quick and errs on one side: false may be wrong.
func (g *Glance) Without(loose []byte) bool {
	// Texts stand in an image as they are, in one piece.
	n := len(g.image)
	*g.loose = slices.Grow((*g.loose)[:0], n)[:n]
	loosen(*g.loose, g.image)
	return !bytes.Contains(*g.loose, loose)
}

// Length is how many bytes the archive's record has.
func (g *Glance) Length() int { return len(g.image) }

// Archive is the archive itself.
func (g *Glance) Archive() (record.Archive, error) {
	var a record.Archive
	if err := record.Decode(g.image, &a); err != nil {
		return a, g.tx.note(undecodable(g.from, err))
	}
	return a, nil
}

// GlanceArchives passes a vault's archives by id, deleted but pinned ones
// included: those with after < id ≤ upto, the last first if down, at most limit of
// them, until see says that it has seen enough.
func (tx *Tx) GlanceArchives(vault, after, upto uint64, down bool, limit int, see func(*Glance) (more bool, err error)) error {
	from := glanceUp
	if down {
		from = glanceDown
	}
	g := Glance{tx: tx, from: from, loose: new([]byte)}
	err := tx.each(from, []any{num(vault), bound(after), bound(upto), int64(max(limit, 0))}, func(rows *sql.Rows) error {
		var id, deleted int64
		if err := rows.Scan(&id, &g.Size, &deleted, &g.image); err != nil {
			return undecodable(from, err)
		}
		g.ID, g.Deleted = uint64(id), deleted != 0
		more, err := see(&g)
		if err == nil && !more {
			err = errEnough
		}
		return err
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Payload looks a payload up.
func (tx *Tx) Payload(id uint64) (p record.Payload, ok bool, err error) {
	return one[record.Payload](tx, selectPayload, num(id))
}
