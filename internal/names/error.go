package names

import (
	"context"
	"errors"
	"fmt"

	"firn/internal/sqlite"
)

var (
	// ErrNewer means that a newer Firn made the catalogue, and that this one would misread it.
	ErrNewer = sqlite.ErrNewer
	// ErrForeign means that the file is no catalogue.
	ErrForeign = errors.New("it is not a file of names of firn's")
	// ErrOther means that the catalogue is that of another vault.
	ErrOther = errors.New("it holds the names of another vault")
	// ErrEarlier means that the catalogue is that of an earlier vault of the same name. [SetAside] makes way for a new one.
	ErrEarlier = errors.New("the vault was deleted since, and made anew")
	// ErrDamaged means that the file is not what was once written. [SetAside] makes way for a new one.
	ErrDamaged = sqlite.ErrDamaged
	// ErrFull means that there was no space left to write to. Nothing was changed.
	ErrFull = errors.New("no space left on the disk")
	// ErrReadOnly means that the catalogue was opened to be read.
	ErrReadOnly = errors.New("it can only be read here")
	// ErrBusy means that another process has what was wanted.
	ErrBusy = errors.New("another firn is at work")
)

// explain says what an error of the engine means for the user's names.
func (c *Catalogue) explain(doing string, err error) error {
	switch code := sqlite.Code(err); {
	case err == nil:
		return nil
	case sqlite.Interrupted(code):
		return fmt.Errorf("%s in %s: %w (%w)", doing, c.file, context.Canceled, err)
	case errors.Is(err, ErrNewer):
		return fmt.Errorf("%s in %s: %w; use that one, or move the file away and run `firn names rebuild`", doing, c.file, err)
	case errors.Is(err, ErrEarlier):
		return fmt.Errorf("%s in %s: %w; the archives that it names were in the earlier one, and are gone with it: "+
			"`firn names rebuild` sets it aside and begins anew", doing, c.file, err)
	case errors.Is(err, ErrDamaged), sqlite.Damaged(code):
		return fmt.Errorf("%s in %s: %w; the archives are safe in the vault, and `firn names rebuild` makes the names anew from its inventory (%w)",
			doing, c.file, ErrDamaged, err)
	case sqlite.Full(code):
		return fmt.Errorf("%s in %s: %w; nothing was changed (%w)", doing, c.file, ErrFull, err)
	case sqlite.Busy(code):
		return fmt.Errorf("%s in %s: %w and has not let go of the file for %d seconds; try again (%w)",
			doing, c.file, ErrBusy, int(busyPatience.Seconds()), err)
	case sqlite.Unwritable(code):
		return fmt.Errorf("%s in %s: it cannot be written, or its folder cannot be written, or it is no file; look what it is, and whom it belongs to (%w)", doing, c.file, err)
	default:
		return fmt.Errorf("%s in %s: %w", doing, c.file, err)
	}
}
