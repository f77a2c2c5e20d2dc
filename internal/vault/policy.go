package vault

import (
	"context"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/policy"
	"firn/internal/record"
)

// The two kinds of a vault's policies, as their refusals call them.
const (
	accessPolicy = "vault access policy"
	lockPolicy   = "vault lock policy"
)

// SetVaultAccessPolicy sets or replaces the vault's access policy. text is the
// policy, nil if the request had none.
func (s *Service) SetVaultAccessPolicy(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, text *string) error {
	if err := s.checkPolicy(owner, name, text, accessPolicy); err != nil {
		return err
	}
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, err := s.find(tx, owner, name)
		if err == nil {
			r.Put(&record.VaultPolicy{Vault: v.ID, Policy: *text})
		}
		return r, err
	})
}

// GetVaultAccessPolicy returns the vault's access policy as it was set.
func (s *Service) GetVaultAccessPolicy(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) (glacier.VaultPolicy, error) {
	var d glacier.VaultPolicy
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		v, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		p, ok, err := tx.VaultPolicy(v.ID)
		if err == nil && !ok {
			err = glacier.Errorf(glacier.ResourceNotFound, "No vault access policy is set for: %s", v.Name)
		}
		d.Policy = &p.Policy
		return err
	})
	return d, err
}

// DeleteVaultAccessPolicy removes the vault's access policy. That there is none
// is a success.
func (s *Service) DeleteVaultAccessPolicy(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, err := s.find(tx, owner, name)
		if err != nil {
			return r, err
		}
		p, ok, err := tx.VaultPolicy(v.ID)
		if err == nil && ok {
			r.Delete(p.Key())
		}
		return r, err
	})
}

// checkPolicy refuses a text that cannot be a policy of the vault. What exactly
// is wrong with it follows in brackets, except where Glacier's own text is
// known.
func (s *Service) checkPolicy(owner glacier.AccountID, name glacier.VaultName, text *string, kind string) error {
	if text == nil {
		return glacier.MissingParameter("Policy")
	}
	if !name.Valid() {
		return glacier.VaultNotFound(s.region, owner, name)
	}
	p, err := policy.Parse(policy.Resource, *text)
	if err == nil {
		err = p.Covers(string(glacier.VaultARN(s.region, owner, name)))
	}
	switch {
	case err == nil:
		return nil
	case kind == lockPolicy:
		s.log.Info("refused a vault lock policy", "vault", name, "why", err)
		return glacier.Errorf(glacier.InvalidParameterValue, "The specified %s is invalid. Provide a valid policy.", kind)
	}
	return glacier.Errorf(glacier.InvalidParameterValue, "The specified %s is invalid. Provide a valid policy. (%v)", kind, err)
}
