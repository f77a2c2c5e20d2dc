package names

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"firn/glacier"
)

// ErrCutOff means that a text has no end.
var ErrCutOff = errors.New("the text is cut off")

// longestLine bounds the lines of a text.
const longestLine = 1 << 20

// Export writes the catalogue as text, one line an archive and one a version of a file, so that it can be searched, compared and kept:
//
//	firn names<TAB>1<TAB>ENDPOINT<TAB>REGION<TAB>ACCOUNT<TAB>VAULT
//	#…                                                 lines that begin so are comments
//	archive<TAB>ID<TAB>CREATED<TAB>SIZE<TAB>TREE HASH<TAB>IS<TAB>DESCRIPTION
//	…                                                  by id
//	file<TAB>PATH<TAB>CREATED<TAB>SIZE<TAB>MODIFIED<TAB>MODE<TAB>TREE HASH<TAB>OFFSET<TAB>ARCHIVE
//	…                                                  by path, then the newest first
//	end<TAB>ARCHIVES<TAB>FILES                         how many lines of each there are
//
// Fields are between tabs. One that begins with a quote, or has characters in it that cannot be printed, is quoted as in Go. IS is bundle,
// sealed, both with a comma, or -; what else is not known is - as well. Two catalogues that say the same are the same text. Unfinished work
// is not in it.
func (c *Catalogue) Export(ctx context.Context, w io.Writer) error {
	// One connection and one transaction: archives and files are those of one moment.
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return c.explain("export the names", err)
	}
	defer tx.Rollback()
	out := bufio.NewWriterSize(w, 64<<10)
	owner, err := ownerIn(ctx, tx)
	if err != nil {
		return c.explain("export the names", err)
	}
	buf := append(appendOwner(nil, owner), textColumns...)
	if _, err := out.Write(buf); err != nil {
		return err
	}
	archives, err := writeAll(ctx, tx, out, scanArchive, appendArchive, archiveColumns+byID)
	if err != nil {
		return c.explain("export the names", err)
	}
	files, err := writeAll(ctx, tx, out, scanFile, appendFile, fileColumns+byPath)
	if err != nil {
		return c.explain("export the names", err)
	}
	if _, err := out.Write(line(nil, "end", strconv.FormatInt(archives, 10), strconv.FormatInt(files, 10))); err != nil {
		return err
	}
	return out.Flush()
}

func ownerIn(ctx context.Context, tx *sql.Tx) (o Owner, err error) {
	err = tx.QueryRowContext(ctx, selectOwner).Scan(&o.Endpoint, &o.Region, &o.Account, &o.Vault)
	if errors.Is(err, sql.ErrNoRows) {
		return Owner{}, nil
	}
	return o, err
}

// writeAll writes a line for each row of a statement.
func writeAll[T any](
	ctx context.Context, tx *sql.Tx, out *bufio.Writer, scan func(*sql.Rows) (T, error), appendLine func([]byte, *T) []byte, q string,
) (n int64, err error) {
	rows, err := tx.QueryContext(ctx, q)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var buf []byte
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return n, err
		}
		buf = appendLine(buf[:0], &v)
		if _, err := out.Write(buf); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// Import adds what a text of [Catalogue.Export] says: all of it, or after an error nothing. Archives that are known already are replaced,
// with their files; others stay. What was removed, or is to be deleted, may be gone whatever the text says: its files are [File.Doomed]. The
// text has to be of the same vault, if the catalogue has one already ([ErrOther]); it may be known at another address. Otherwise the
// catalogue becomes that vault's.
func (c *Catalogue) Import(ctx context.Context, r io.Reader) (err error) {
	const doing = "import names"
	if c.frozen != thawed {
		return c.explain(doing, ErrReadOnly)
	}
	b, err := c.openBulk(ctx)
	if err != nil {
		return c.explain(doing, err)
	}
	defer func() { err = errors.Join(err, b.close()) }()
	return c.explain(doing, c.alone(ctx, b, func() error {
		tx := &transaction{Conn: b.Conn}
		if err := newImport(ctx, tx, r).all(); err != nil {
			return err
		}
		return tx.total()
	}))
}

// An importer is a text on its way into the catalogue.
type importer struct {
	ctx             context.Context
	tx              *transaction
	in              *bufio.Reader
	number          int64 // of the line
	archives, files int64
}

func newImport(ctx context.Context, tx *transaction, r io.Reader) *importer {
	return &importer{ctx: ctx, tx: tx, in: bufio.NewReaderSize(r, longestLine)}
}

func (i *importer) all() error {
	for {
		if err := i.ctx.Err(); err != nil {
			return err
		}
		text, err := i.next()
		if err != nil {
			return err
		}
		ended, err := i.line(text)
		if err != nil {
			return fmt.Errorf("line %d: %w", i.number, err)
		}
		if ended {
			break
		}
	}
	switch text, err := i.next(); {
	case text != "" || err == nil:
		return fmt.Errorf("line %d: %.100q follows on the end", i.number, text)
	case !errors.Is(err, ErrCutOff):
		return err
	}
	return nil
}

// next is the next line. Every line has an end.
func (i *importer) next() (string, error) {
	text, err := i.in.ReadSlice('\n')
	i.number++
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("line %d has more than %d bytes", i.number, longestLine)
	case errors.Is(err, io.EOF):
		return string(text), fmt.Errorf("%w after line %d", ErrCutOff, i.number-1)
	case err != nil:
		return "", err
	}
	return strings.TrimSuffix(string(text[:len(text)-1]), "\r"), nil
}

func (i *importer) line(text string) (ended bool, err error) {
	if i.number == 1 {
		owner, err := parseOwner(text)
		if err != nil {
			return false, err
		}
		return false, i.tx.bindTo(owner)
	}
	switch kind, _, _ := strings.Cut(text, "\t"); {
	case text == "" || strings.HasPrefix(text, "#"):
		return false, nil
	case kind == "archive":
		a, err := parseArchive(text)
		if err != nil {
			return false, err
		}
		i.archives++
		_, err = i.tx.putArchive(a)
		return false, err
	case kind == "file":
		i.files++
		return false, i.file(text)
	case kind == "end":
		return true, i.end(text)
	default:
		return false, fmt.Errorf("%q is no kind of line", kind)
	}
}

func (i *importer) file(text string) error {
	f, err := parseFile(text)
	if err != nil {
		return err
	}
	var n, created int64
	known, err := i.tx.Row("SELECT n, created FROM archives WHERE id = ?", []any{string(f.Archive)}, &n, &created)
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("there is no line of archive %s before this one", f.Archive)
	}
	return i.tx.putFile(n, glacier.At(created).Time, &f)
}

func (i *importer) end(text string) error {
	f, err := fieldsOf(text, 3)
	if err != nil {
		return err
	}
	if f[1] != strconv.FormatInt(i.archives, 10) || f[2] != strconv.FormatInt(i.files, 10) {
		return fmt.Errorf("%w somewhere: it should have %s archives and %s files, and has %d and %d", ErrCutOff, f[1], f[2], i.archives, i.files)
	}
	return nil
}
