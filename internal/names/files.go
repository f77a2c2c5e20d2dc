package names

import (
	"context"
	"database/sql"
	"iter"
	"math"
	"strings"
	"time"

	"firn/glacier"
	"firn/treehash"
)

const (
	setContent = "UPDATE files SET size = ?, hash = ? WHERE path = ? AND archive = (SELECT n FROM archives WHERE id = ?)" +
		" AND size IN (?, -1) AND hash = x''"
	fileColumns = "SELECT f.path, a.id, f.offset, f.size, f.modified, f.nanos, f.hash, f.created, f.mode, EXISTS (SELECT 1 FROM removed r WHERE r.id = a.id) FROM files f JOIN archives a ON a.n = f.archive"
	named       = " WHERE f.path = ?"
	members     = " WHERE a.id = ? AND (f.offset, f.path, f.modified, f.nanos) > (?, ?, ?, ?) ORDER BY f.offset, f.path, f.modified, f.nanos"
	// behind is behind a place in the order of byPath, and before a path.
	behind = ` WHERE f.path >= ?1 AND f.path < ?7 AND (f.path > ?1 OR f.created < ?2 OR f.created = ?2 AND (f.modified < ?3 OR
		f.modified = ?3 AND (f.nanos < ?4 OR f.nanos = ?4 AND (a.id < ?5 OR a.id = ?5 AND f.offset > ?6))))`
	// ofPath is that of a path that is in an archive. The plus keeps SQLite from looking through all that is in the archive, which can be much.
	ofPath      = " WHERE path = ? AND +archive = "
	setModified = "UPDATE OR IGNORE files SET modified = ?, nanos = ?" + ofPath + "(SELECT n FROM archives WHERE id = ?)"
	// byPath puts the newest version of a name first. Of two that are equally new the one that was modified last, and then the one
	// whose id is greater: some order, and always the same.
	byPath = " ORDER BY f.path, f.created DESC, f.modified DESC, f.nanos DESC, a.id DESC, f.offset"
)

func scanFile(rows *sql.Rows) (f File, err error) {
	var hash []byte
	var modified, nanos, created int64
	err = rows.Scan(&f.Path, &f.Archive, &f.Offset, &f.Size, &modified, &nanos, &hash, &created, &f.Mode, &f.Doomed)
	copy(f.Hash[:], hash)
	f.Modified = time.Unix(modified, nanos).UTC()
	f.Created = glacier.At(created).Time
	return f, err
}

// Members lists the files in an archive, by offset.
func (c *Catalogue) Members(ctx context.Context, id glacier.ArchiveID) iter.Seq2[File, error] {
	return paged(ctx, c, "list the files in an archive", scanFile, fileColumns+members+onePage,
		[]any{string(id), -1, "", 0, 0}, func(f *File) []any {
			return []any{string(id), f.Offset, f.Path, f.Modified.Unix(), f.Modified.Nanosecond()}
		})
}

// files lists those from one path to before another.
func (c *Catalogue) files(ctx context.Context, doing, from, before string) iter.Seq2[File, error] {
	return paged(ctx, c, doing, scanFile, fileColumns+behind+byPath+onePage,
		[]any{from, int64(math.MaxInt64), 0, 0, "", 0, before}, func(f *File) []any {
			return []any{f.Path, f.Created.UnixMilli(), f.Modified.Unix(), f.Modified.Nanosecond(), string(f.Archive), f.Offset, before}
		})
}

// Latest is the newest version of a name.
func (c *Catalogue) Latest(ctx context.Context, path string) (File, bool, error) {
	return first(list(ctx, c, "look up a name", scanFile, fileColumns+named+byPath+" LIMIT 1", path))
}

// Versions lists the versions of a name, the newest first.
func (c *Catalogue) Versions(ctx context.Context, path string) iter.Seq2[File, error] {
	return c.files(ctx, "list the versions of a name", path, path+"\x00")
}

// Under lists the file of a name and the files below it as a folder, by path, then the newest first: "a/b" is a/b and a/b/…, "a/b/" only
// what is below, and "" is everything. Unless all versions are wanted, each name comes once, with its newest.
func (c *Catalogue) Under(ctx context.Context, prefix string, all bool) iter.Seq2[File, error] {
	const doing = "list names"
	var files iter.Seq2[File, error]
	switch stem, folder := strings.CutSuffix(prefix, "/"); {
	case prefix == "":
		files = c.files(ctx, doing, "", "\xff") // which no UTF-8 has
	case folder:
		files = c.files(ctx, doing, stem+"/", stem+"0")
	default:
		files = then(c.Versions(ctx, prefix), c.Under(ctx, prefix+"/", true))
	}
	if all {
		return files
	}
	return newest(files)
}

// newest lets the first of the versions of each name through.
func newest(files iter.Seq2[File, error]) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		last := ""
		for f, err := range files {
			if err == nil && f.Path == last {
				continue
			}
			last = f.Path
			if !yield(f, err) {
				return
			}
		}
	}
}

// then is one list after the other, unless the first fails.
func then[T any](one, two iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range one {
			if !yield(v, err) || err != nil {
				return
			}
		}
		two(yield)
	}
}

// SetModified says that a file in an archive has another time than was known, and the same content. What is not known is no error.
func (c *Catalogue) SetModified(ctx context.Context, path string, id glacier.ArchiveID, modified time.Time) error {
	return c.update(ctx, "set the time of a name", func(tx *transaction) error {
		_, err := tx.Exec(setModified,
			modified.Unix(), modified.Nanosecond(), path, string(id))
		return err
	})
}

// SetContent says how large a file in an archive is, and its hash, if that is not known: of what was sealed it is found out when it is
// retrieved. What is not known otherwise is no error.
func (c *Catalogue) SetContent(ctx context.Context, path string, id glacier.ArchiveID, size int64, hash treehash.Hash) error {
	return c.update(ctx, "set the content of a name", func(tx *transaction) error {
		_, err := tx.Exec(setContent, size, hash[:], path, string(id), size)
		return err
	})
}
