package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"firn/glacier"
)

// maxDepth bounds the nesting of members that are skipped.
const maxDepth = 32

// readJSON reads the document, whose members may come in any order, and others among them.
func (in *Reader) readJSON(yield func(Row) bool) error {
	err := in.object(func(name string) error {
		switch name {
		case "ArchiveList":
			if in.listed {
				return malformed("it has two lists")
			}
			in.listed = true
			return in.list(yield)
		case "VaultARN":
			s, err := in.scalar()
			in.arn = glacier.ARN(s)
			return err
		case "InventoryDate":
			s, err := in.scalar()
			if err != nil || s == "" {
				return err
			}
			if in.date, err = parseDate(s); err != nil {
				return malformed("its date is %q", s)
			}
			return nil
		default:
			return in.skip(0)
		}
	})
	if err != nil {
		return err
	}
	if !in.listed {
		return malformed("it has no ArchiveList")
	}
	switch c, err := in.next(); {
	case err == nil:
		return malformed("%q follows on its end", c)
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// list reads the list of archives.
func (in *Reader) list(yield func(Row) bool) error {
	return in.elements('[', ']', func() error {
		row, err := in.archive()
		if err != nil {
			return err
		}
		in.rows++
		if !yield(row) {
			return errEnough
		}
		return nil
	})
}

func (in *Reader) archive() (Row, error) {
	var f fields
	err := in.object(func(name string) error {
		to := &f.id
		switch name {
		case "ArchiveId":
		case "ArchiveDescription":
			to = &f.description
		case "CreationDate":
			to = &f.created
		case "Size":
			to = &f.size
		case "SHA256TreeHash":
			to = &f.hash
		default:
			return in.skip(0)
		}
		s, err := in.scalar()
		*to = s
		return err
	})
	if err != nil {
		return Row{}, err
	}
	return f.row()
}

// object reads an object and calls member for each of its members, to read its value.
func (in *Reader) object(member func(name string) error) error {
	return in.elements('{', '}', func() error {
		if c, err := in.next(); err != nil || c != '"' {
			return unexpected(c, err)
		}
		name, err := in.quoted()
		if err != nil {
			return err
		}
		if c, err := in.next(); err != nil || c != ':' {
			return unexpected(c, err)
		}
		in.discard(1)
		return member(string(name))
	})
}

// elements reads what is between two brackets, and commas between.
func (in *Reader) elements(open, closing byte, element func() error) error {
	if c, err := in.next(); err != nil || c != open {
		return unexpected(c, err)
	}
	in.discard(1)
	for first := true; ; first = false {
		c, err := in.next()
		switch {
		case err != nil:
			return err
		case c == closing:
			in.discard(1)
			return nil
		case first:
		case c != ',':
			return unexpected(c, nil)
		default:
			in.discard(1)
			if c, err := in.next(); err != nil || c == closing {
				return unexpected(c, err)
			}
		}
		if err := element(); err != nil {
			return err
		}
	}
}

func unexpected(c byte, err error) error {
	if err != nil {
		return err
	}
	return malformed("%q is not what belongs there", c)
}

// next is the next byte that is not space, which stays unread.
func (in *Reader) next() (byte, error) {
	for {
		b, err := in.in.Peek(1)
		if err != nil {
			return 0, err
		}
		switch b[0] {
		case ' ', '\t', '\n', '\r':
			in.discard(1)
		default:
			return b[0], nil
		}
	}
}

// quoted reads a string. The result is good until the next call.
func (in *Reader) quoted() ([]byte, error) {
	in.discard(1)
	in.text = in.text[:0]
	for {
		part, err := in.in.ReadSlice('"')
		in.size += int64(len(part))
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, malformed("a text in it has more than %d bytes", readSize)
		}
		if err != nil {
			return nil, err
		}
		in.text = append(in.text, part...)
		if len(in.text) > readSize {
			return nil, malformed("a text in it has more than %d bytes", readSize)
		}
		if !openEscape(in.text[:len(in.text)-1]) {
			break
		}
	}
	in.text = in.text[:len(in.text)-1]
	if bytes.IndexByte(in.text, '\\') < 0 && !hasControl(in.text) {
		return in.text, nil
	}
	var s string
	if err := json.Unmarshal(append(append([]byte{'"'}, in.text...), '"'), &s); err != nil {
		return nil, malformed("%q is no text", in.text)
	}
	return []byte(s), nil
}

// openEscape reports whether the quote that follows belongs to the text: whether an odd number of backslashes stands before it.
func openEscape(b []byte) bool {
	n := len(b) - len(bytes.TrimRight(b, `\`))
	return n%2 == 1
}

func hasControl(b []byte) bool {
	for _, c := range b {
		if c < 0x20 {
			return true
		}
	}
	return false
}

// scalar reads a string, a number, or null, which is the empty string, as text.
func (in *Reader) scalar() (string, error) {
	c, err := in.next()
	if err != nil {
		return "", err
	}
	if c == '"' {
		b, err := in.quoted()
		return string(b), err
	}
	word, err := in.word()
	if err != nil || string(word) == "null" {
		return "", err
	}
	if c < '0' || c > '9' {
		return "", malformed("%q is neither a text nor a number", word)
	}
	return string(word), nil
}

// word reads what is no string: a number, true, false or null.
func (in *Reader) word() ([]byte, error) {
	in.text = in.text[:0]
	for {
		b, err := in.in.Peek(1)
		if err != nil {
			return nil, err
		}
		c := b[0]
		if c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != 'E' {
			break
		}
		if len(in.text) > 64 {
			return nil, malformed("%q is no number", in.text)
		}
		in.text = append(in.text, c)
		in.discard(1)
	}
	if !json.Valid(in.text) {
		return nil, malformed("%q is no value", in.text)
	}
	return in.text, nil
}

// skip passes over a value.
func (in *Reader) skip(depth int) error {
	if depth > maxDepth {
		return malformed("it is nested more than %d deep", maxDepth)
	}
	c, err := in.next()
	if err != nil {
		return err
	}
	switch c {
	case '"':
		_, err = in.quoted()
	case '{':
		err = in.object(func(string) error { return in.skip(depth + 1) })
	case '[':
		err = in.elements('[', ']', func() error { return in.skip(depth + 1) })
	default:
		_, err = in.word()
	}
	return err
}
