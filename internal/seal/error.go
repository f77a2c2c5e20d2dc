package seal

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// What can be wrong with a sealed archive or name, and its key. They read as what follows a name: "photos.tar: it is sealed, and …".
var (
	ErrNoKey     = errors.New("it is sealed, and no key to open it was given: name the file with your age or SSH key")
	ErrWrongKey  = errors.New("none of the keys given opens it: it was sealed for others")
	ErrDamaged   = errors.New("it was cut off or changed after it was sealed: nothing of the damaged piece was passed on")
	ErrNotSealed = errors.New("it is not sealed: it does not begin as an age file does")
)

// A TooLongError says that a sealed name does not fit where it has to.
type TooLongError struct {
	Size, Max  int // bytes
	Recipients int
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the name, sealed for %s, would have %d bytes, and there is room for %d: "+
		"use a shorter name, fewer recipients, or classic age1… keys, which take less room than post-quantum and RSA keys",
		count(e.Recipients, "recipient"), e.Size, e.Max)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// A sourceError is one of whatever the sealed bytes are read from. It comes out of age wrapped, and tells an unreadable file or a
// broken connection from a damaged archive.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }

// marked is the source's error as age gets to see it.
func marked(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // the end is this very value; wrapped, it is a fault
		return err
	}
	return &sourceError{err}
}

type markedReader struct{ src io.Reader }

func (r markedReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	return n, marked(err)
}

type markedReaderAt struct{ src io.ReaderAt }

func (r markedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.src.ReadAt(p, off)
	return n, marked(err)
}

// explain says in this package's words what age found wrong.
func explain(err error) error {
	var source *sourceError
	var none *age.NoIdentityMatchError
	switch {
	case err == nil || err == io.EOF: //nolint:errorlint // the end is this very value; wrapped, it is a fault
		return err
	case errors.As(err, &source):
		return source.err
	case errors.As(err, &none):
		return ErrWrongKey
	default:
		return fmt.Errorf("%w (age: %w)", ErrDamaged, err)
	}
}
