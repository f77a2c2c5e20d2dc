package server

import (
	"context"
	"errors"
	"fmt"

	"firn/internal/access"
)

// sealKey is the key that was given, or else the store's own.
func (s *Server) sealKey() ([32]byte, error) {
	switch given := s.cfg.SealKey; {
	case given != nil:
		return *given, nil
	case s.renewsSeal():
		return s.store.RenewSealKey()
	default:
		return s.store.SealKey()
	}
}

// renewsSeal reports whether this start may seal with a new key: the old one is
// lost, which takes the operator's word and another root key.
func (s *Server) renewsSeal() bool { return s.cfg.AcceptLoss && s.cfg.RootKey.ID != "" }

// checkKeys returns an error if the accounts and keys in the store are not those
// that this server was started for. It changes nothing.
func (s *Server) checkKeys(keys *access.Service) error {
	ctx := context.Background()
	if !s.renewsSeal() {
		if err := keys.CheckSeal(ctx); err != nil {
			return err
		}
	}
	if err := s.checkPublicKey(ctx, keys); err != nil {
		return err
	}
	return keys.CheckAccount(ctx, s.cfg.Account)
}

// checkPublicKey keeps the key that everybody knows apart from all others.
func (s *Server) checkPublicKey(ctx context.Context, keys *access.Service) error {
	id, root := s.cfg.PublicKey, s.cfg.RootKey.ID
	if id == "" {
		return nil
	}
	if id == root {
		fits, err := keys.FitsRoot(ctx, s.cfg.Account, id)
		if err == nil && !fits {
			err = errors.New("the root of this store has a key of its own, which one that everybody knows must not replace: " +
				"use firn serve, or another directory")
		}
		return err
	}
	holder, has, err := keys.AccountOf(ctx, id)
	replaced := root != "" && holder == s.cfg.Account && s.store.Ready() == nil
	if err != nil || !has || replaced {
		return err
	}
	return fmt.Errorf("account %s has the key %s, which everybody knows: give it another root key, in a start with --account %s",
		holder, id, holder)
}
