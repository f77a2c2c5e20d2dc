package payload

import (
	"errors"
	"fmt"

	"firn/internal/disk"
)

// Info is what a payload's file says about itself.
type Info struct {
	ID     uint64 // as its name has it
	Header Header // the zero Header if it cannot be read
	Pool   [16]byte
	Whole  bool // it has a valid trailer: it was finished
	Sum    Sum  // from the trailer; the zero Sum if not whole
}

// Inspect reads what a payload's file says about itself, but for the leaves.
//
// A file that was never finished is no error: Whole is false, and the header may be missing too. A file with a valid trailer of
// which something else is damaged, the leaf table included, is a *[DamageError], and Info has what could be read. One from the
// future is [ErrFuture], whole or not, and must be left alone. Anything else means that the file could not be read, and says
// nothing about its content.
func Inspect(fsys disk.Opener, name string) (Info, error) {
	id, ok := parseName(name)
	if !ok {
		return Info{}, fmt.Errorf("inspect %s: not the name of a payload file", name)
	}
	file, err := fsys.Open(name)
	if err != nil {
		return Info{ID: id}, fmt.Errorf("inspect payload %016x: %w", id, err)
	}
	defer file.Close()
	length, err := file.Size()
	if err != nil {
		return Info{ID: id}, fmt.Errorf("inspect payload %016x: %w", id, err)
	}
	r := &reader{file: file, id: id}
	l, s, whole, err := r.ends(length)
	info := Info{ID: id, Header: l.Header, Pool: l.pool, Whole: whole, Sum: s.Sum}
	if err != nil || !whole {
		return info, err
	}
	r.seal = s
	return info, r.checkTable()
}

// isDamage reports whether an error is a *DamageError.
func isDamage(err error) bool {
	var d *DamageError
	return errors.As(err, &d)
}
