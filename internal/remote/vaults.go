package remote

import (
	"context"
	"iter"
	"net/http"
	"strconv"

	"firn/glacier"
)

// pages goes through a listing page by page. page returns the elements at a
// marker, and the next marker, nil at the end.
func pages[E any](page func(marker string) ([]E, *string, error)) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		for marker := ""; ; {
			elements, next, err := page(marker)
			if err != nil {
				var none E
				yield(none, err)
				return
			}
			for _, e := range elements {
				if !yield(e, nil) {
					return
				}
			}
			if next == nil || *next == "" {
				return
			}
			marker = *next
		}
	}
}

// Vaults lists the account's vaults by name. An error ends the sequence.
func (s *Service) Vaults(ctx context.Context) iter.Seq2[glacier.VaultDescription, error] {
	return pages(func(marker string) ([]glacier.VaultDescription, *string, error) {
		var list glacier.VaultList
		limit := strconv.Itoa(glacier.MaxVaultPage)
		err := s.get(ctx, query(s.path("vaults"), "limit", limit, "marker", marker), &list)
		return list.VaultList, list.Marker, err
	})
}

// Create makes the vault. That it exists already is a success.
func (v *Vault) Create(ctx context.Context) error {
	_, err := v.s.tell(ctx, call{method: http.MethodPut, path: v.path()})
	return err
}

// Describe describes the vault.
func (v *Vault) Describe(ctx context.Context) (d glacier.VaultDescription, err error) {
	err = v.s.get(ctx, v.path(), &d)
	return d, err
}

// Delete deletes the vault, which must be empty.
func (v *Vault) Delete(ctx context.Context) error {
	_, err := v.s.tell(ctx, call{method: http.MethodDelete, path: v.path(), gone: true})
	return err
}

// Tags are the vault's tags.
func (v *Vault) Tags(ctx context.Context) (map[string]string, error) {
	var tags glacier.Tags
	err := v.s.get(ctx, v.path("tags"), &tags)
	return tags.Tags, err
}

// AddTags sets tags; those with other keys stay.
func (v *Vault) AddTags(ctx context.Context, tags map[string]string) error {
	_, err := v.s.change(ctx, call{method: http.MethodPost, path: v.path("tags") + "?operation=add"}, glacier.Tags{Tags: tags})
	return err
}

// RemoveTags removes tags. That one is not there is a success.
func (v *Vault) RemoveTags(ctx context.Context, keys []string) error {
	_, err := v.s.change(ctx, call{method: http.MethodPost, path: v.path("tags") + "?operation=remove"}, glacier.TagKeys{TagKeys: keys})
	return err
}

// Policy is the vault's access policy. A vault without one is
// ResourceNotFoundException.
func (v *Vault) Policy(ctx context.Context) (string, error) {
	var p glacier.VaultPolicy
	if err := v.s.get(ctx, v.path("access-policy"), &p); err != nil || p.Policy == nil {
		return "", err
	}
	return *p.Policy, nil
}

// SetPolicy sets the access policy.
func (v *Vault) SetPolicy(ctx context.Context, policy string) error {
	_, err := v.s.change(ctx, call{method: http.MethodPut, path: v.path("access-policy")}, glacier.VaultPolicy{Policy: &policy})
	return err
}

// DeletePolicy removes the access policy.
func (v *Vault) DeletePolicy(ctx context.Context) error {
	_, err := v.s.tell(ctx, call{method: http.MethodDelete, path: v.path("access-policy"), gone: true})
	return err
}

// Notifications are who is told of which events. A vault without any is
// ResourceNotFoundException.
func (v *Vault) Notifications(ctx context.Context) (n glacier.Notifications, err error) {
	err = v.s.get(ctx, v.path("notification-configuration"), &n)
	return n, err
}

// SetNotifications sets them.
func (v *Vault) SetNotifications(ctx context.Context, n glacier.Notifications) error {
	_, err := v.s.change(ctx, call{method: http.MethodPut, path: v.path("notification-configuration")}, n)
	return err
}

// DeleteNotifications removes them.
func (v *Vault) DeleteNotifications(ctx context.Context) error {
	_, err := v.s.tell(ctx, call{method: http.MethodDelete, path: v.path("notification-configuration"), gone: true})
	return err
}
