package rest

import (
	"firn/glacier"
	"firn/internal/access"
)

// resolve returns the account that the path names: "-" is the caller's own.
// Another one is let through only where a vault's policy may let others in.
func (c *call) resolve(segment string) (glacier.AccountID, error) {
	switch account := glacier.AccountID(segment); {
	case account == glacier.CallersAccount, account == c.caller.Account:
		return c.caller.Account, nil
	case account.Valid() && !c.op.own:
		return account, nil
	}
	return "", access.Foreign(segment)
}

// authorize finds out whether the caller may do what he asks for. It comes
// before everything that would tell what there is.
//
// Who begins a select job is given its output with it, and must be allowed to
// have that, too. Who says where an archive comes from must be allowed to import.
// All decisions are made again with the record.
func (c *call) authorize() (err error) {
	q := access.Request{
		Caller: c.caller, Client: c.client, Action: "glacier:" + c.op.name,
		Owner: c.owner, Vault: c.vault, Resource: c.resource(), Archive: c.archive(),
	}
	if c.ctx, err = c.h.cfg.Access.Authorize(c.ctx, q); err != nil {
		return err
	}
	switch {
	case c.selects():
		q.Action = "glacier:GetJobOutput"
	case c.imported().Any():
		q.Action = access.ImportArchive
	default:
		return nil
	}
	c.ctx, err = c.h.cfg.Access.Authorize(c.ctx, q)
	return err
}

// selects reports whether the call begins a select job.
func (c *call) selects() bool {
	if c.op.name != "InitiateJob" {
		return false
	}
	p, err := c.job()
	return err == nil && p != nil && p.Type != nil && *p.Type == glacier.Select
}

// resource is what the call is about, as policies name it.
func (c *call) resource() glacier.ARN {
	region := c.h.cfg.Region
	switch c.op.name {
	case "SetDataRetrievalPolicy", "GetDataRetrievalPolicy":
		return glacier.RetrievalPolicyARN(region, c.owner)
	case "PurchaseProvisionedCapacity", "ListProvisionedCapacity":
		return glacier.CapacityARN(region, c.owner)
	}
	// Without a name of ListVaults. More of a name than any vault has is no work
	// for policies: there is no such vault.
	name := c.vault[:min(len(c.vault), glacier.MaxVaultNameLength+1)]
	return glacier.VaultARN(region, c.owner, name)
}

// archive is the archive that the call is about, "" if it is about none. A
// document that cannot be read is about nothing: it is refused later.
func (c *call) archive() glacier.ArchiveID {
	switch c.op.name {
	case "DeleteArchive":
		return glacier.ArchiveID(c.id)
	case "InitiateJob":
		if p, err := c.job(); err == nil && p != nil && p.ArchiveID != nil {
			return glacier.ArchiveID(*p.ArchiveID)
		}
	}
	return ""
}
