package files

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Kind is what is the matter with a file. It is written as it is where programs read it.
type Kind string

// The kinds of problems with what is read.
const (
	Unreadable Kind = "unreadable" // the system refuses it
	Vanished   Kind = "vanished"   // it was listed and is gone, or has become something else
	Changed    Kind = "changed"    // it is not, or no longer, what was walked
	NotUTF8    Kind = "not-utf8"   // its name is not UTF-8
	Link       Kind = "symlink"    // a symbolic link, and they are not followed; or it leads nowhere
	Special    Kind = "special"    // neither file nor folder
	Loop       Kind = "loop"       // a link to a folder that it is in
)

// The kinds of problems with what is written.
const (
	BadName    Kind = "bad-name"   // such a name is not written
	TooLong    Kind = "too-long"   // the file system cannot have such a name
	Exists     Kind = "exists"     // it is there already
	Blocked    Kind = "blocked"    // a link, or something that is no folder, is in the way
	Busy       Kind = "busy"       // another process writes it
	Full       Kind = "full"       // no space is left
	Unwritable Kind = "unwritable" // the system refuses it
)

// A Problem is what is the matter with one file or folder. Others are not concerned.
type Problem struct {
	Name string // relative, with slashes; the path if there is no name
	Kind Kind
	Err  error // of the system, or more words; nil if the kind says all
}

// A RootProblem is what is the matter with the root of a walk itself: nothing is known of what is below it. It is no *[Problem].
type RootProblem struct{ Problem }

// Error says what is the matter in a sentence.
func (p *Problem) Error() string {
	if p.Err == nil {
		return fmt.Sprintf("%s %s", Printable(p.Name), p.words())
	}
	return fmt.Sprintf("%s %s: %v", Printable(p.Name), p.words(), bare(p.Err))
}

// Unwrap returns the system's error.
func (p *Problem) Unwrap() error { return p.Err }

func (p *Problem) words() string {
	switch p.Kind {
	case Unreadable:
		return "cannot be read"
	case Vanished:
		return "was there when the folder was listed, and is gone"
	case Changed:
		return "was changed while it was read"
	case NotUTF8:
		return "has a name that is not UTF-8, which a vault cannot have; rename it"
	case Link:
		return "is a symbolic link and was not followed"
	case Special:
		return "is not a file"
	case Loop:
		return "is a symbolic link to a folder that it is in"
	case BadName:
		return "is not a name that a file may be written by"
	case TooLong:
		return "has a name that is too long for the file system"
	case Exists:
		return "is there already and was kept"
	case Blocked:
		return "cannot be written: something is in the way"
	case Busy:
		return "is being written by another process"
	case Full:
		return "cannot be written, no space is left; what is there is kept, and the same command goes on from it"
	default:
		return "cannot be written"
	}
}

// bare is an error without the path that the sentence names already.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Printable is a name as it may be shown: quoted, if it has characters that would disturb a terminal or a list.
func Printable(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) || r == '"' }) ||
		strings.TrimSpace(name) != name || strings.ContainsRune(name, '\uFFFD') {
		return strconv.Quote(name)
	}
	return name
}

// reading is the problem behind an error of the system while name was read.
func reading(name string, err error) *Problem {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return &Problem{name, Vanished, nil}
	case errors.Is(err, unix.ELOOP):
		return &Problem{name, Loop, nil}
	}
	return &Problem{name, Unreadable, err}
}

// writing is the problem behind an error of the system while name was written.
func writing(name string, err error) *Problem {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return &Problem{name, Full, err}
	case errors.Is(err, unix.ENAMETOOLONG):
		return &Problem{name, TooLong, nil}
	case errors.Is(err, fs.ErrExist):
		return &Problem{name, Exists, nil}
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.EISDIR):
		return &Problem{name, Blocked, err}
	}
	return &Problem{name, Unwritable, err}
}
