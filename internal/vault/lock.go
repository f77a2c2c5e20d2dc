package vault

import (
	"context"
	"crypto/rand"
	"crypto/subtle"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
)

// InitiateVaultLock puts a lock policy in force, and returns the id with which
// it can be completed within glacier.LockWindow. text is the policy, nil if the
// request had none. A vault that has a lock is AccessDeniedException.
func (s *Service) InitiateVaultLock(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, text *string) (glacier.LockID, error) {
	if err := s.checkPolicy(owner, name, text, lockPolicy); err != nil {
		return "", err
	}
	id := glacier.LockID(token.NewShortID(rand.Reader))
	err := s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, old, held, err := s.lock(tx, owner, name)
		switch {
		case err != nil:
			return r, err
		case held && old.Locked:
			return r, lockDenied("The vault %s is locked: its lock policy cannot be changed.", v.Name)
		case held:
			return r, lockDenied("A vault lock is in progress for %s: complete or abort it first.", v.Name)
		}
		now := tx.Now()
		r.Put(&record.VaultLock{
			Vault: v.ID, Public: string(id), Policy: *text,
			Created: now.UnixMilli(), Expires: now.Add(glacier.LockWindow).UnixMilli(),
			Witnessed: tx.LockNow().UnixMilli(),
		})
		return r, nil
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// CompleteVaultLock locks the vault for good. That it is locked already, with
// the same id, is a success.
func (s *Service) CompleteVaultLock(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.LockID) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, l, held, err := s.lock(tx, owner, name)
		if err != nil {
			return r, err
		}
		if !held {
			return r, noLock(v)
		}
		same := subtle.ConstantTimeCompare([]byte(l.Public), []byte(id)) == 1
		switch {
		case same && l.Locked:
			return r, nil
		case same:
			l.Locked = true
			r.Put(&l)
			return r, nil
		case l.Locked:
			return r, lockDenied("The vault %s is locked, and not with this lock ID.", v.Name)
		}
		return r, invalid("lock ID", string(id))
	})
}

// AbortVaultLock takes a lock back that is in progress. That there is none is a
// success; a vault that is locked stays so, and that is AccessDeniedException.
func (s *Service) AbortVaultLock(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, l, held, err := s.lock(tx, owner, name)
		switch {
		case err != nil || !held:
			return r, err
		case l.Locked:
			return r, lockDenied("The vault %s is locked: its lock cannot be aborted.", v.Name)
		}
		r.Delete(l.Key())
		return r, nil
	})
}

// GetVaultLock describes the vault's lock.
func (s *Service) GetVaultLock(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) (glacier.VaultLock, error) {
	var d glacier.VaultLock
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		v, l, held, err := s.lock(tx, owner, name)
		if err != nil {
			return err
		}
		if !held {
			return noLock(v)
		}
		d = glacier.VaultLock{CreationDate: glacier.At(l.Created), Policy: l.Policy, State: glacier.LockLocked}
		if !l.Locked {
			d.State = glacier.LockInProgress
			at := glacier.At(l.Expires)
			d.ExpirationDate = &at
		}
		return nil
	})
	return d, err
}

// lock looks up a vault and its lock. held is false if there is none, or it
// has lapsed, which is the same.
func (s *Service) lock(tx *catalog.Tx, owner glacier.AccountID, name glacier.VaultName) (v record.Vault, l record.VaultLock, held bool, err error) {
	if v, err = s.find(tx, owner, name); err != nil {
		return v, l, false, err
	}
	l, ok, err := tx.VaultLock(v.ID)
	return v, l, ok && !l.Lapsed(tx.LockNow()), err
}

func noLock(v record.Vault) error {
	return glacier.Errorf(glacier.ResourceNotFound, "No vault lock policy is set for: %s", v.Name)
}

func lockDenied(format string, args ...any) error {
	return glacier.Errorf(glacier.AccessDenied, format, args...)
}
