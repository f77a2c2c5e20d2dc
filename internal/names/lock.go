package names

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"firn/internal/disk"
)

// Lock keeps other programs, and others in this one, from what must not be done twice at a time, such as two syncs of one vault. It does
// not keep anybody from reading or from changes of the catalogue. Whoever has the lock calls unlock; the end of the process does so, too.
//
// [ErrBusy] means that somebody has it. Lock does not wait for him.
func (c *Catalogue) Lock(ctx context.Context) (unlock func() error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	held, err := disk.OS(filepath.Dir(c.file)).Lock(filepath.Base(c.file) + ".lock")
	if errors.Is(err, disk.ErrLocked) {
		return nil, fmt.Errorf("%w on this vault, and only one can be: wait for its end, or stop it (it has locked %s.lock)", ErrBusy, c.file)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the names: %w", err)
	}
	return held.Close, nil
}

// SetAside renames a catalogue that is damaged, or of use no more, with what belongs to it, so that [Open] makes a new one. It returns the new
// name, which is the old one with a word for the reason. Nobody may have it open.
func SetAside(file, reason string) (moved string, err error) {
	dir, name := disk.OS(filepath.Dir(file)), filepath.Base(file)
	aside := name + "." + reason
	for i := 2; ; i++ {
		there, err := disk.Exists(dir, aside)
		if err != nil {
			return "", fmt.Errorf("set the names aside: %w", err)
		}
		if !there {
			break
		}
		aside = fmt.Sprintf("%s.%s-%d", name, reason, i)
	}
	// The log goes first: without it the file is older, but with another's log it is wrong.
	for _, part := range []string{"-wal", "-shm", ""} {
		there, err := disk.Exists(dir, name+part)
		if err == nil && there {
			err = dir.Rename(name+part, aside+part)
		}
		if err != nil {
			return "", fmt.Errorf("set the names aside: %w", err)
		}
	}
	if err := dir.SyncDir("."); err != nil {
		return "", fmt.Errorf("set the names aside: %w", err)
	}
	return filepath.Join(filepath.Dir(file), aside), nil
}
