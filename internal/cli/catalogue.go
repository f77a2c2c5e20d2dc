package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/remote"
)

// Owner says whose names those of a vault are. If the account is not known, the
// vault is asked for it.
func (s *Session) Owner(ctx context.Context, v *remote.Vault) (names.Owner, error) {
	o, _, err := s.owner(ctx, v, false)
	return o, err
}

// owner is Owner, and when the vault was made: if it was asked, or if it has to be
// and tells it.
func (s *Session) owner(ctx context.Context, v *remote.Vault, ask bool) (o names.Owner, made time.Time, err error) {
	o = names.Owner{Endpoint: s.Endpoint, Region: s.Region, Account: s.Account, Vault: v.Name}
	known := o.Account != glacier.CallersAccount
	if known && !ask {
		return o, made, nil
	}
	d, err := v.Describe(ctx)
	switch {
	case known && remote.IsRefusal(err, glacier.AccessDenied):
		return o, made, nil
	case known || err != nil:
		return o, d.CreationDate.Time, err
	}
	arn := strings.Split(string(d.VaultARN), ":") // arn:aws:glacier:region:account:vaults/name
	if len(arn) == 6 {
		o.Account = glacier.AccountID(arn[4])
	}
	if !o.Account.Valid() {
		return o, made, fmt.Errorf("the server says that the vault is %q, from which no account can be told: give --account-id", d.VaultARN)
	}
	return o, d.CreationDate.Time, nil
}

// NamesFile is where the names of a vault are kept: where --names or FIRN_NAMES
// say, or else in the user's folder for data.
func (s *Session) NamesFile(ctx context.Context, v *remote.Vault) (string, error) {
	owner, err := s.Owner(ctx, v)
	if err != nil {
		return "", err
	}
	return s.namesFile(owner)
}

// NamesFileUnasked is a name like NamesFile, and of the same vault always the same,
// that is found without asking the vault whose it is.
func (s *Session) NamesFileUnasked(v *remote.Vault) (string, error) {
	return s.namesFile(names.Owner{Endpoint: s.Endpoint, Region: s.Region, Account: s.Account, Vault: v.Name})
}

func (s *Session) namesFile(owner names.Owner) (string, error) {
	file, folder, err := s.namesPlace()
	if err != nil || folder == "" {
		return file, err
	}
	return names.DefaultFile(folder, owner), nil
}

// namesPlace is the file of names, or the folder below which there is one for each
// vault.
func (s *Session) namesPlace() (file, folder string, err error) {
	said := cmp.Or(s.names, os.Getenv("FIRN_NAMES"))
	switch {
	case strings.HasSuffix(said, ".db"):
		return said, "", nil
	case said != "":
		return "", said, nil
	}
	folder, err = dataHome()
	return "", folder, err
}

// Catalogue opens the names of a vault. It is the caller's to close.
func (s *Session) Catalogue(ctx context.Context, v *remote.Vault) (*names.Catalogue, error) {
	return s.catalogue(ctx, v, false, names.Open)
}

// CurrentCatalogue is Catalogue for who relies on what is in the vault: the vault is
// asked in any case whether it still is the one that the names are of.
func (s *Session) CurrentCatalogue(ctx context.Context, v *remote.Vault) (*names.Catalogue, error) {
	return s.catalogue(ctx, v, true, names.Open)
}

// SoundCatalogue is CurrentCatalogue for who makes the names anew: damaged ones, and
// those of an earlier vault, are set aside, with a warning, and there are none yet in
// their place.
func (s *Session) SoundCatalogue(ctx context.Context, v *remote.Vault) (*names.Catalogue, error) {
	open := func(ctx context.Context, file string) (*names.Catalogue, error) {
		c, moved, err := names.OpenSound(ctx, file)
		if moved != "" {
			s.Warn("the names of vault %s were damaged; the damaged file is now %s", v.Name, moved)
		}
		return c, err
	}
	c, err := s.catalogue(ctx, v, true, open)
	if !errors.Is(err, names.ErrEarlier) {
		return c, err
	}
	file, err := s.NamesFile(ctx, v)
	if err != nil {
		return nil, err
	}
	moved, err := names.SetAside(file, "earlier")
	if err != nil {
		return nil, err
	}
	s.Warn("vault %s was made anew since; the names of the earlier one are now in %s", v.Name, moved)
	return s.catalogue(ctx, v, true, open)
}

func (s *Session) catalogue(
	ctx context.Context, v *remote.Vault, ask bool, open func(context.Context, string) (*names.Catalogue, error),
) (*names.Catalogue, error) {
	owner, made, err := s.owner(ctx, v, ask)
	if err != nil {
		return nil, err
	}
	return s.catalogueOf(ctx, v, owner, made, open)
}

// catalogueOf opens the names of a vault whose owner is known, and perhaps when it
// was made.
func (s *Session) catalogueOf(
	ctx context.Context, v *remote.Vault, owner names.Owner, made time.Time, open func(context.Context, string) (*names.Catalogue, error),
) (*names.Catalogue, error) {
	file, err := s.namesFile(owner)
	if err != nil {
		return nil, err
	}
	if _, err := files.Stat(file); s.DryRun && errors.Is(err, fs.ErrNotExist) {
		return names.OpenEmpty(ctx)
	}
	c, err := open(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("vault %s: %w", v.Name, err)
	}
	if err = c.Bind(ctx, owner); err == nil && !made.IsZero() {
		err = c.Of(ctx, made)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vault %s: %w", v.Name, err), c.Close())
	}
	return c, nil
}

// KnownCatalogue opens the names of a vault if there are any; else it returns
// nil, as when nothing may be asked of the vault. Names that cannot be opened
// are warned of: they are to be rebuilt, and no reason to leave undone what has
// little to do with them.
func (s *Session) KnownCatalogue(ctx context.Context, v *remote.Vault) *names.Catalogue {
	file, err := s.NamesFile(ctx, v)
	if err != nil {
		return nil
	}
	if _, err := files.Stat(file); err != nil {
		return nil
	}
	c, err := s.Catalogue(ctx, v)
	if err != nil {
		s.Warn("%v; its names are not kept up: see firn names rebuild", err)
		return nil
	}
	return c
}

// Folder is where the client keeps what it has to remember besides names:
// $XDG_DATA_HOME/firn, or ~/.local/share/firn. It may not exist.
func Folder() (string, error) {
	home, err := dataHome()
	return filepath.Join(home, "firn"), err
}

// dataHome is the user's folder for data.
func dataHome() (string, error) {
	if home := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(home) {
		return home, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home directory: %w", err)
	}
	return filepath.Join(home, ".local", "share"), nil
}
