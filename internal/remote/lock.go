package remote

import (
	"context"
	"net/http"

	"firn/glacier"
)

// Lock is the vault's lock, in progress or for good. A vault without one is
// ResourceNotFoundException.
func (v *Vault) Lock(ctx context.Context) (l glacier.VaultLock, err error) {
	err = v.s.get(ctx, v.path("lock-policy"), &l)
	return l, err
}

// StartLock puts a lock policy to the test for [glacier.LockWindow]. It is not
// repeated if the reply is lost: [Vault.Lock] tells whether it was heard.
func (v *Vault) StartLock(ctx context.Context, policy string) (glacier.LockID, error) {
	h, err := v.s.change(ctx, call{method: http.MethodPost, path: v.path("lock-policy"), once: true}, glacier.VaultPolicy{Policy: &policy})
	if err != nil {
		return "", err
	}
	id, err := header(h, glacier.HeaderLockID)
	return glacier.LockID(id), err
}

// CompleteLock locks the vault, for ever.
func (v *Vault) CompleteLock(ctx context.Context, id glacier.LockID) error {
	_, err := v.s.tell(ctx, call{method: http.MethodPost, path: v.path("lock-policy", string(id))})
	return err
}

// AbortLock ends the test. That there is none is a success.
func (v *Vault) AbortLock(ctx context.Context) error {
	_, err := v.s.tell(ctx, call{method: http.MethodDelete, path: v.path("lock-policy"), gone: true})
	return err
}
