package vault

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// CreateVault makes a vault. If the owner has one of that name, nothing
// changes and that is a success, too.
func (s *Service) CreateVault(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) error {
	if !name.Valid() {
		return glacier.Errorf(glacier.InvalidParameterValue, "Invalid vault name: %s", name)
	}
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		_, exists, err := tx.Vault(owner, name)
		if err != nil || exists {
			return r, err
		}
		n, err := tx.CountVaults(owner)
		if err != nil {
			return r, err
		}
		if n >= glacier.MaxVaults {
			return r, glacier.Errorf(glacier.LimitExceeded,
				"The limit of %d vaults per account and region has been reached.", glacier.MaxVaults)
		}
		r.Put(&record.Vault{
			ID:      uint64(tx.LSN()),
			Account: owner,
			Name:    name,
			Created: tx.Now().UnixMilli(),
		})
		return r, nil
	})
}

// DeleteVault ends a vault and all that hangs on it: its inventory, tags,
// notifications, policies, jobs and open uploads. A vault with archives is refused; which archives count is up to
// Config.Live. That a vault does not exist is a success.
func (s *Service) DeleteVault(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) error {
	if !name.Valid() {
		return nil // it cannot exist
	}
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, ok, err := tx.Vault(owner, name)
		if err != nil || !ok {
			return r, err
		}
		f, err := tx.Figures(v.ID)
		if err != nil {
			return r, err
		}
		if !s.deletable(v, f) {
			return r, glacier.Errorf(glacier.InvalidParameterValue,
				"Vault not empty or recently written to: %s", s.arn(v))
		}
		g, _, err := tx.Guards(owner, name)
		if err != nil {
			return r, err
		}
		n, told, err := tx.Notifications(v.ID)
		if err != nil {
			return r, err
		}
		if told {
			r.Delete(n.Key())
		}
		for _, end := range []struct {
			made record.LSN
			key  record.Key
		}{
			{g.Tags, (&record.Tags{Vault: v.ID}).Key()},
			{g.Policy, record.VaultPolicyKey(v.ID)},
			{g.Lock, record.VaultLockKey(v.ID)},
		} {
			if end.made != 0 {
				r.Delete(end.key)
			}
		}
		if snapshot := v.Inventory.Payload; snapshot != 0 {
			r.Delete(record.PayloadKey(snapshot)) // only the vault knows of it
		}
		r.Delete(v.Key())
		return r, nil
	})
}

// deletable says whether a vault counts as empty. As of the last inventory
// means: it found nothing, and nothing was written since. A vault that was
// never written to needs no inventory.
func (s *Service) deletable(v record.Vault, f catalog.Figures) bool {
	if s.live {
		return f.Archives == 0
	}
	inv := v.Inventory
	return f.LastWrite == 0 || inv.Taken() && inv.Archives == 0 && f.LastWrite <= inv.Head
}

// DescribeVault returns a vault's dates and counters.
func (s *Service) DescribeVault(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) (glacier.VaultDescription, error) {
	var d glacier.VaultDescription
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		v, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		d, err = s.describe(tx, v)
		return err
	})
	return d, err
}

func (s *Service) describe(tx *catalog.Tx, v record.Vault) (glacier.VaultDescription, error) {
	d := glacier.VaultDescription{
		CreationDate: glacier.At(v.Created),
		VaultARN:     s.arn(v),
		VaultName:    v.Name,
	}
	if v.Inventory.Taken() {
		at := glacier.At(v.Inventory.Completed)
		d.LastInventoryDate = &at
	}
	archives, bytes := v.Inventory.Archives, v.Inventory.Bytes
	if s.live {
		f, err := tx.Figures(v.ID)
		if err != nil {
			return d, err
		}
		archives, bytes = f.Archives, f.Bytes
	}
	d.NumberOfArchives = archives
	d.SizeInBytes = bytes + archives*glacier.ArchiveOverhead
	return d, nil
}

// ListVaults returns one page of the owner's vaults, by name in byte order:
// those after the vault whose ARN is the marker.
func (s *Service) ListVaults(ctx context.Context, owner glacier.AccountID, page Page) (glacier.VaultList, error) {
	limit, err := Limit(page.Limit, glacier.MaxVaultPage)
	if err != nil {
		return glacier.VaultList{}, err
	}
	after, err := s.vaultMarker(owner, page.Marker)
	if err != nil {
		return glacier.VaultList{}, err
	}
	list := glacier.VaultList{VaultList: []glacier.VaultDescription{}}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		vaults, err := tx.Vaults(owner, after, limit+1)
		if err != nil {
			return fmt.Errorf("list vaults: %w", err)
		}
		if len(vaults) > limit {
			vaults = vaults[:limit]
			last := string(s.arn(vaults[limit-1]))
			list.Marker = &last
		}
		for _, v := range vaults {
			d, err := s.describe(tx, v)
			if err != nil {
				return fmt.Errorf("describe vault %d: %w", v.ID, err)
			}
			list.VaultList = append(list.VaultList, d)
		}
		return nil
	})
	return list, err
}

// vaultMarker returns the vault name in a marker of ListVaults. The vault need
// not exist any more. An ARN has characters that clients may have escaped once
// more than the URL needs.
func (s *Service) vaultMarker(owner glacier.AccountID, marker string) (glacier.VaultName, error) {
	if marker == "" {
		return "", nil
	}
	arn := marker
	if !strings.HasPrefix(arn, "arn:") {
		if plain, err := url.QueryUnescape(arn); err == nil {
			arn = plain
		}
	}
	name, ok := strings.CutPrefix(arn, string(glacier.VaultARN(s.region, owner, "")))
	if !ok || !glacier.VaultName(name).Valid() {
		return "", invalidMarker(marker)
	}
	return glacier.VaultName(name), nil
}
