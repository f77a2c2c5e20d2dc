package access

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
)

// A SealKey encrypts the secrets of access keys in the store, with
// AES-256-GCM:
//
//	offset  size
//	     0     1  version, 1
//	     1    12  nonce, random
//	    13     n  the secret, encrypted
//	  13+n    16  tag
//
// The tag also covers the version, the key's id, a zero byte and the account,
// so a secret moved to another key or account does not open. Whoever has the
// store but not the SealKey learns how long a secret is, and can bring back
// a key's own former secret, but can make no other.
type SealKey [32]byte

// String keeps the key out of logs.
func (SealKey) String() string { return "(seal key)" }

// GoString keeps the key out of logs.
func (SealKey) GoString() string { return "(seal key)" }

const (
	sealVersion = 1
	nonceSize   = 12
	tagSize     = 16
)

var errSeal = errors.New("sealed secret does not open: it was altered, or sealed with another key")

type sealer struct{ aead cipher.AEAD }

func newSealer(k SealKey) (sealer, error) {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return sealer{}, fmt.Errorf("seal key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return sealer{}, fmt.Errorf("seal key: %w", err)
	}
	return sealer{aead}, nil
}

func (s sealer) seal(id string, account glacier.AccountID, secret string) []byte {
	b := make([]byte, 1+nonceSize, 1+nonceSize+len(secret)+tagSize)
	b[0] = sealVersion
	rand.Read(b[1:]) // never fails
	return s.aead.Seal(b, b[1:], []byte(secret), bound(id, account))
}

func (s sealer) open(id string, account glacier.AccountID, b []byte) (secret string, err error) {
	if len(b) < 1+nonceSize+tagSize || b[0] != sealVersion {
		return "", errSeal
	}
	plain, err := s.aead.Open(nil, b[1:1+nonceSize], b[1+nonceSize:], bound(id, account))
	if err != nil {
		return "", errSeal
	}
	return string(plain), nil
}

// bound is what a sealed secret belongs to.
func bound(id string, account glacier.AccountID) []byte {
	return []byte("\x01" + id + "\x00" + string(account))
}

// CheckSeal returns an error if the store has secrets and this Service can open
// none of them: they were sealed with another key. That some do not open is no
// error: they are from before a sealing key was lost.
func (s *Service) CheckSeal(ctx context.Context) error {
	return s.store.View(ctx, func(tx *catalog.Tx) error {
		for after := uint64(0); ; {
			keys, err := tx.AccessKeys(after, keyPage)
			if err != nil {
				return err
			}
			for _, k := range keys {
				if _, err := s.seal.open(k.ID, k.Account, k.Secret); err == nil {
					return nil
				}
				after = k.Number
			}
			switch {
			case after == 0:
				return nil
			case len(keys) < keyPage:
				return errors.New("the secrets in this store were sealed with another key than the one given: give the right one with --seal-key")
			}
		}
	})
}
