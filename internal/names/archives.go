package names

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"firn/glacier"
	"firn/treehash"
)

// An Archive is one that is in the vault.
type Archive struct {
	ID          glacier.ArchiveID
	Description string
	Size        int64
	TreeHash    treehash.Hash
	Created     time.Time // in whole milliseconds
	Bundle      bool      // it holds many files, and an index of them
	Sealed      bool      // it is encrypted, and so is the name in its description
}

// A File is a version of a name: a piece of an archive's content (of its plain text, if it is sealed).
type File struct {
	Path     string
	Archive  glacier.ArchiveID
	Offset   int64
	Size     int64         // [UnknownSize] if it is sealed and nobody has said it
	Modified time.Time     // the zero Time if it is not known
	Hash     treehash.Hash // of the file's bytes; zero if it is not known
	Created  time.Time     // of the archive
	Mode     uint32        // of the file, as Unix has it; 0 if it is not known
	Doomed   bool          // the archive was about to be deleted: whether it still is in the vault, nobody knows
}

// UnknownSize is the size of a file whose name was read from the description of a sealed archive: how long the plain text is stands in
// the archive.
const UnknownSize = -1

// Totals are how much there is.
type Totals struct {
	Archives int64
	Files    int64 // versions of names
	Bytes    int64 // in archives
}

// Add says that an archive is in the vault, and which files are in it. If the archive is known already, this replaces what was known of
// it, so that the same again changes nothing. When Add returns nil, that is durable.
//
// Every file needs a path, in UTF-8 and without a zero byte; its Archive and Created are the archive's, whatever it says.
func (c *Catalogue) Add(ctx context.Context, a Archive, files ...File) error {
	if a.ID == "" {
		return fmt.Errorf("add an archive to the names: it has no id")
	}
	for i := range files {
		if err := checkPath(files[i].Path); err != nil {
			return fmt.Errorf("add archive %s to the names: %w", a.ID, err)
		}
	}
	return c.update(ctx, "add an archive to the names", func(tx *transaction) error {
		if _, err := tx.Exec("DELETE FROM removed WHERE id = ?", string(a.ID)); err != nil {
			return err
		}
		n, err := tx.putArchive(a)
		if err != nil {
			return err
		}
		for i := range files {
			if err := tx.putFile(n, a.Created, &files[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkPath refuses what cannot be a name.
func checkPath(path string) error {
	switch {
	case path == "":
		return fmt.Errorf("a file has no name")
	case !utf8.ValidString(path):
		return fmt.Errorf("the name %q is not UTF-8", path)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("the name %q has a zero byte", path)
	}
	return nil
}

// putArchive adds or replaces an archive, without its files, and returns its number.
func (tx *transaction) putArchive(a Archive) (n int64, err error) {
	var size int64
	known, err := tx.Row("SELECT n, size FROM archives WHERE id = ?", []any{string(a.ID)}, &n, &size)
	if err != nil {
		return 0, err
	}
	if !known {
		tx.added.Archives++
		tx.added.Bytes += a.Size
		_, err = tx.Row(`INSERT INTO archives (id, description, size, hash, created, bundle, sealed) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING n`,
			[]any{string(a.ID), a.Description, a.Size, a.TreeHash[:], a.Created.UnixMilli(), a.Bundle, a.Sealed}, &n)
		return n, err
	}
	tx.added.Bytes += a.Size - size
	if err := tx.dropFiles(n); err != nil {
		return 0, err
	}
	_, err = tx.Exec("UPDATE archives SET description = ?, size = ?, hash = ?, created = ?, bundle = ?, sealed = ? WHERE n = ?",
		a.Description, a.Size, a.TreeHash[:], a.Created.UnixMilli(), a.Bundle, a.Sealed, n)
	return n, err
}

func (tx *transaction) putFile(n int64, created time.Time, f *File) error {
	added, err := tx.Exec("INSERT INTO files (path, created, modified, nanos, archive, offset, size, hash, mode) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"+
		" ON CONFLICT DO NOTHING",
		f.Path, created.UnixMilli(), f.Modified.Unix(), f.Modified.Nanosecond(), n, f.Offset, f.Size, hashBytes(f.Hash), f.Mode)
	tx.added.Files += added
	return err
}

func (tx *transaction) dropFiles(n int64) error {
	gone, err := tx.Exec("DELETE FROM files WHERE archive = ?", n)
	tx.added.Files -= gone
	return err
}

// Doom says that archives are about to be deleted from the vault. Until [Catalogue.Remove], [Catalogue.Spare] or [Catalogue.Add], or until
// an inventory of a day later lists them, their files are [File.Doomed], so that nobody takes them for safe if the process ends in between.
// Archives that are not known are no error.
func (c *Catalogue) Doom(ctx context.Context, ids ...glacier.ArchiveID) error {
	when := time.Now().UnixMilli()
	return c.update(ctx, "note that archives are to be deleted", func(tx *transaction) error {
		for _, id := range ids {
			if err := tx.doom(id, when); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *transaction) doom(id glacier.ArchiveID, when int64) error {
	_, err := tx.Exec("INSERT OR REPLACE INTO removed SELECT id, ? FROM archives WHERE id = ?", when, string(id))
	return err
}

// Spare says that an archive that was about to be deleted is in the vault.
func (c *Catalogue) Spare(ctx context.Context, id glacier.ArchiveID) error {
	return c.update(ctx, "note that an archive is not deleted", func(tx *transaction) error {
		_, err := tx.Exec("DELETE FROM removed WHERE id = ? AND EXISTS (SELECT 1 FROM archives a WHERE a.id = removed.id)", string(id))
		return err
	})
}

// Remove says that an archive was deleted from the vault: it and the files in it are forgotten, and only that it was removed, and when,
// is remembered. So an inventory that is older than that does not bring it back. One that is not known is no error.
func (c *Catalogue) Remove(ctx context.Context, id glacier.ArchiveID) error {
	when := time.Now().UnixMilli()
	return c.update(ctx, "remove an archive from the names", func(tx *transaction) error {
		if _, err := tx.Exec("INSERT OR REPLACE INTO removed VALUES (?, ?)", string(id), when); err != nil {
			return err
		}
		var n, size int64
		known, err := tx.Row("SELECT n, size FROM archives WHERE id = ?", []any{string(id)}, &n, &size)
		if err != nil || !known {
			return err
		}
		if err := tx.dropFiles(n); err != nil {
			return err
		}
		tx.added.Archives--
		tx.added.Bytes -= size
		_, err = tx.Exec("DELETE FROM archives WHERE n = ?", n)
		return err
	})
}

const (
	archiveColumns = "SELECT a.id, a.description, a.size, a.hash, a.created, a.bundle, a.sealed, a.n FROM archives a"
	withID         = " WHERE a.id = ?"
	byID           = " ORDER BY a.id"
	behindID       = " WHERE a.id > ?"
	unnamed        = " WHERE a.n > ? AND NOT EXISTS (SELECT 1 FROM files f WHERE f.archive = a.n) ORDER BY a.n"
)

// A numbered is an archive with its number in the catalogue.
type numbered struct {
	Archive
	n int64
}

func scanNumbered(rows *sql.Rows) (a numbered, err error) {
	var hash []byte
	var created int64
	err = rows.Scan(&a.ID, &a.Description, &a.Size, &hash, &created, &a.Bundle, &a.Sealed, &a.n)
	copy(a.TreeHash[:], hash)
	a.Created = glacier.At(created).Time
	return a, err
}

func scanArchive(rows *sql.Rows) (Archive, error) {
	a, err := scanNumbered(rows)
	return a.Archive, err
}

// Archive looks an archive up.
func (c *Catalogue) Archive(ctx context.Context, id glacier.ArchiveID) (Archive, bool, error) {
	return first(list(ctx, c, "look up an archive", scanArchive, archiveColumns+withID, string(id)))
}

// Archives lists all of them, by id.
func (c *Catalogue) Archives(ctx context.Context) iter.Seq2[Archive, error] {
	return paged(ctx, c, "list the archives", scanArchive, archiveColumns+behindID+byID+onePage, []any{""},
		func(a *Archive) []any { return []any{string(a.ID)} })
}

// Unnamed lists the archives that no file is known to be in, in the order in which they became known.
func (c *Catalogue) Unnamed(ctx context.Context) iter.Seq2[Archive, error] {
	all := paged(ctx, c, "list archives without a name", scanNumbered, archiveColumns+unnamed+onePage, []any{0},
		func(a *numbered) []any { return []any{a.n} })
	return func(yield func(Archive, error) bool) {
		for a, err := range all {
			if !yield(a.Archive, err) {
				return
			}
		}
	}
}

// Totals counts.
func (c *Catalogue) Totals(ctx context.Context) (t Totals, err error) {
	_, err = c.row(ctx, "SELECT archives, files, bytes FROM totals", nil, &t.Archives, &t.Files, &t.Bytes)
	return t, c.explain("count the names", err)
}

// hashBytes is what is kept of a hash: nothing, if it is not known.
func hashBytes(h treehash.Hash) []byte {
	if h == (treehash.Hash{}) {
		return []byte{}
	}
	return h[:]
}
