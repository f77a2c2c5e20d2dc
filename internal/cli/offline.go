package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firn/glacier"
	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/remote"
)

// CatalogueToRead is Catalogue for who only reads it. Names in a place that cannot be
// written are read where they are. If nobody answers who would say whose the vault is,
// and only the names of one vault can be meant, it is those, with a warning.
func (s *Session) CatalogueToRead(ctx context.Context, v *remote.Vault) (*names.Catalogue, error) {
	if s.Account != glacier.CallersAccount {
		return s.catalogue(ctx, v, false, names.OpenToRead)
	}
	hurried := s.config
	hurried.Retry.Attempts = 1
	owner, made, err := s.owner(ctx, remote.New(hurried).Vault(v.Name), false)
	if err == nil {
		return s.catalogueOf(ctx, v, owner, made, names.OpenToRead)
	}
	var known []names.Owner
	if _, away := errors.AsType[*remote.Unreachable](err); away {
		var lost error
		if known, lost = s.knownOwners(ctx, v); lost != nil {
			return nil, lost
		}
	}
	if len(known) == 0 { // somebody may answer the next time
		return s.catalogue(ctx, v, false, names.OpenToRead)
	}
	if len(known) > 1 {
		var accounts []string
		for _, o := range known {
			accounts = append(accounts, string(o.Account))
		}
		return nil, fmt.Errorf("%w; there are names of vaults that are called %s in the accounts %s: say which with --account-id", err, v.Name, strings.Join(accounts, ", "))
	}
	s.Warn("%v; this is what is known here of vault %s of account %s", err, v.Name, known[0].Account)
	return s.catalogueOf(ctx, v, known[0], made, names.OpenToRead)
}

// knownOwners are those of the vaults of which there are names, and of which one is
// meant.
func (s *Session) knownOwners(ctx context.Context, v *remote.Vault) (owners []names.Owner, err error) {
	o := names.Owner{Endpoint: s.Endpoint, Region: s.Region, Vault: v.Name}
	file, folder, err := s.namesPlace()
	if err != nil || folder == "" {
		return known(ctx, file, o), err
	}
	accounts, err := names.Accounts(folder, o)
	for _, account := range accounts {
		o.Account = account
		owners = append(owners, known(ctx, names.DefaultFile(folder, o), o)...)
	}
	return owners, err
}

// known is whose the names in a file are, if they can be read, and are of that vault
// in whichever account.
func known(ctx context.Context, file string, of names.Owner) []names.Owner {
	if _, err := files.Stat(file); err != nil { // which OpenToRead would make
		return nil
	}
	c, err := names.OpenToRead(ctx, file)
	if err != nil {
		return nil
	}
	is, _, err := c.Owner(ctx)
	of.Account = is.Account
	if err = errors.Join(err, c.Close()); err != nil || is != of {
		return nil
	}
	return []names.Owner{is}
}
