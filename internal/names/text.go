package names

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"firn/glacier"
	"firn/treehash"
)

// The text form of a catalogue. It is described at [Catalogue.Export].

const (
	textMagic   = "firn names"
	textVersion = "1"
	textColumns = "#archive\tid\tcreated\tsize\ttree hash\tis\tdescription\n" +
		"#file\tpath\tcreated\tsize\tmodified\tmode\ttree hash\toffset\tarchive\n"
	absent = "-"
)

func appendOwner(b []byte, o Owner) []byte {
	return line(b, textMagic, textVersion, o.Endpoint, o.Region, string(o.Account), string(o.Vault))
}

func appendArchive(b []byte, a *Archive) []byte {
	is := absent
	switch {
	case a.Bundle && a.Sealed:
		is = "bundle,sealed"
	case a.Bundle:
		is = "bundle"
	case a.Sealed:
		is = "sealed"
	}
	return line(b, "archive", string(a.ID), a.Created.UTC().Format(createdFormat), strconv.FormatInt(a.Size, 10), a.TreeHash.String(), is, a.Description)
}

func appendFile(b []byte, f *File) []byte {
	mode, hash := absent, absent
	if f.Mode != 0 {
		mode = fmt.Sprintf("%#o", f.Mode)
	}
	if f.Hash != (treehash.Hash{}) {
		hash = f.Hash.String()
	}
	return line(b, "file", f.Path, f.Created.UTC().Format(createdFormat), strconv.FormatInt(f.Size, 10), formatTime(f.Modified), mode, hash,
		strconv.FormatInt(f.Offset, 10), string(f.Archive))
}

const createdFormat = "2006-01-02T15:04:05.000Z"

// formatTime writes an exact time, also one that RFC 3339 has no words for.
func formatTime(t time.Time) string {
	switch year := t.UTC().Year(); {
	case t.IsZero():
		return absent
	case year < 0 || year > 9999:
		return fmt.Sprintf("@%d.%09d", t.Unix(), t.Nanosecond())
	default:
		return t.UTC().Format(time.RFC3339Nano)
	}
}

// line appends a line of fields.
func line(b []byte, fields ...string) []byte {
	for i, f := range fields {
		if i > 0 {
			b = append(b, '\t')
		}
		if isPlain(f) {
			b = append(b, f...)
		} else {
			b = strconv.AppendQuote(b, f)
		}
	}
	return append(b, '\n')
}

// isPlain reports whether a field may stand as it is.
func isPlain(s string) bool {
	if strings.HasPrefix(s, `"`) {
		return false
	}
	for i, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
	}
	return true
}

// fieldsOf cuts a line into its fields, so many of them.
func fieldsOf(text string, n int) ([]string, error) {
	fields := strings.Split(text, "\t")
	if len(fields) != n {
		return nil, fmt.Errorf("it has %d fields in place of %d", len(fields), n)
	}
	for i, f := range fields {
		if !strings.HasPrefix(f, `"`) {
			continue
		}
		plain, err := strconv.Unquote(f)
		if err != nil {
			return nil, fmt.Errorf("the quotes of %s are wrong", f)
		}
		fields[i] = plain
	}
	return fields, nil
}

func parseOwner(text string) (o Owner, err error) {
	head := strings.SplitN(text, "\t", 3)
	switch {
	case head[0] != textMagic || len(head) < 3:
		return Owner{}, fmt.Errorf("%w: it does not begin with %q", ErrForeign, textMagic)
	case head[1] != textVersion:
		return Owner{}, fmt.Errorf("%w: its format is %s, and this firn knows %s", ErrNewer, head[1], textVersion)
	}
	f, err := fieldsOf(text, 6)
	if err != nil {
		return Owner{}, err
	}
	return Owner{Endpoint: f[2], Region: f[3], Account: glacier.AccountID(f[4]), Vault: glacier.VaultName(f[5])}, nil
}

func parseArchive(text string) (a Archive, err error) {
	f, err := fieldsOf(text, 7)
	if err != nil {
		return Archive{}, err
	}
	a.ID, a.Description = glacier.ArchiveID(f[1]), f[6]
	if a.Created, err = time.Parse(createdFormat, f[2]); err != nil {
		return Archive{}, fmt.Errorf("%q is no time", f[2])
	}
	if a.Size, err = strconv.ParseInt(f[3], 10, 64); err != nil || a.Size < 0 || a.ID == "" {
		return Archive{}, fmt.Errorf("archive %q has %q bytes", f[1], f[3])
	}
	if a.TreeHash, err = treehash.ParseHash(f[4]); err != nil {
		return Archive{}, err
	}
	for is := range strings.SplitSeq(f[5], ",") {
		switch is {
		case "bundle":
			a.Bundle = true
		case "sealed":
			a.Sealed = true
		case absent:
		default:
			return Archive{}, fmt.Errorf("nothing is known of archives that are %q", is)
		}
	}
	return a, nil
}

func parseFile(text string) (file File, err error) {
	f, err := fieldsOf(text, 9)
	if err != nil {
		return File{}, err
	}
	file.Path, file.Archive = f[1], glacier.ArchiveID(f[8])
	if err := checkPath(file.Path); err != nil {
		return File{}, err
	}
	if file.Size, err = strconv.ParseInt(f[3], 10, 64); err != nil || file.Size < UnknownSize {
		return File{}, fmt.Errorf("%q is no size", f[3])
	}
	if file.Modified, err = parseTime(f[4]); err != nil {
		return File{}, fmt.Errorf("%q is no time", f[4])
	}
	if f[5] != absent {
		mode, err := strconv.ParseUint(f[5], 8, 32)
		if err != nil {
			return File{}, fmt.Errorf("%q is no mode", f[5])
		}
		file.Mode = uint32(mode)
	}
	if f[6] != absent {
		if file.Hash, err = treehash.ParseHash(f[6]); err != nil {
			return File{}, err
		}
	}
	if file.Offset, err = strconv.ParseInt(f[7], 10, 64); err != nil || file.Offset < 0 {
		return File{}, fmt.Errorf("%q is no offset", f[7])
	}
	return file, nil
}

func parseTime(s string) (time.Time, error) {
	if s == absent {
		return time.Time{}, nil
	}
	if !strings.HasPrefix(s, "@") {
		return time.Parse(time.RFC3339Nano, s)
	}
	seconds, nanos, _ := strings.Cut(s[1:], ".")
	sec, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	nsec, err := strconv.ParseUint(nanos, 10, 30)
	return time.Unix(sec, int64(nsec)).UTC(), err
}
