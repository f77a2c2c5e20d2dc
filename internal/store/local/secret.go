package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"firn/internal/catalog"
	"firn/internal/disk"
)

const (
	secretsDir = "secrets"
	sealFile   = "secrets/seal.key"
)

var errNoSealKey = errors.New("the key that seals this store's secrets is not in " + sealFile +
	": give --seal-key if it is in a file of its own, or, if it is lost, --accept-loss with a new root key")

// SealKey returns the key that seals secrets in the store. It is made if there
// is none, unless secrets are there, which another key has sealed.
//
// Lost: the secrets of access keys cannot be opened any more, and have to be
// set again, see [Store.RenewSealKey]; archives are not affected. In the wrong
// hands, together with the journal: the holder can sign as any user.
func (s *Store) SealKey() (key [32]byte, err error) {
	key, err = s.ReadSealKey()
	if !errors.Is(err, errNoSealKey) {
		return key, err
	}
	sealed, e := s.hasSecrets()
	switch {
	case e != nil:
		return key, fmt.Errorf("look for sealed secrets: %w", e)
	case sealed:
		return key, err
	}
	return s.makeSealKey()
}

// RenewSealKey returns the key, too, and makes it in any case if there is none:
// secrets that are there do not open with it.
func (s *Store) RenewSealKey() (key [32]byte, err error) {
	key, err = s.ReadSealKey()
	if !errors.Is(err, errNoSealKey) {
		return key, err
	}
	s.log.Warn("the sealing key is missing, so a new one is made; secrets of access keys must be set again", "file", sealFile)
	return s.makeSealKey()
}

// ReadSealKey returns the key, and makes none.
func (s *Store) ReadSealKey() (key [32]byte, err error) {
	data, err := disk.ReadFile(s.fs, sealFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return key, errNoSealKey
	case err != nil:
		return key, fmt.Errorf("read the sealing key: %w", err)
	case len(data) != len(key):
		return key, fmt.Errorf("%s has %d bytes, not %d", sealFile, len(data), len(key))
	}
	return [32]byte(data), nil
}

func (s *Store) makeSealKey() (key [32]byte, err error) {
	rand.Read(key[:])
	return key, disk.WriteFile(s.fs, sealFile, key[:])
}

// Secret returns the secret file of that name, and makes it if there is none.
//
// Lost: it is made anew, and what rested on the old one has to be told.
func (s *Store) Secret(name string, create func() ([]byte, error)) ([]byte, error) {
	file := secretsDir + "/" + name
	data, err := disk.ReadFile(s.fs, file)
	if !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			err = fmt.Errorf("read %s: %w", file, err)
		}
		return data, err
	}
	if data, err = create(); err != nil {
		return nil, err
	}
	return data, disk.WriteFile(s.fs, file, data)
}

// hasSecrets reports whether the store has secrets that a key has sealed.
func (s *Store) hasSecrets() (has bool, err error) {
	err = s.View(s.ctx, func(tx *catalog.Tx) error {
		keys, err := tx.AccessKeys(0, 1)
		has = len(keys) > 0
		return err
	})
	return has, err
}
