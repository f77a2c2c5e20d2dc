package frame

import (
	"strings"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/sns"
	"firn/internal/sqs"
)

// May reports whether the caller may do something that is about no vault of its
// own.
func (c *Call) May(action string) bool {
	return c.Permitted(action, "", c.resourceOf(action))
}

// MayAnywhere reports whether there may be something that the caller may do an
// action to: then it is offered, and refused for what he may not.
func (c *Call) MayAnywhere(action string) bool {
	return c.Caller.MayAnywhere(action, c.resourceOf(action))
}

// MayAll reports whether the caller may do all of some things of the vault API
// to a vault.
func (c *Call) MayAll(vault string, operations ...string) bool {
	for _, op := range operations {
		name := glacier.VaultName(vault)
		if !c.Permitted("glacier:"+op, name, glacier.VaultARN(c.Config.Region, c.Caller.Account, name)) {
			return false
		}
	}
	return true
}

// Permitted asks as the API would.
func (c *Call) Permitted(action string, vault glacier.VaultName, resource glacier.ARN) bool {
	return c.Config.Access.May(c.Request.Context(), access.Request{
		Caller: c.Caller, Client: c.Client, Action: action, Owner: c.Caller.Account, Vault: vault, Resource: resource,
	})
}

// Rights are those of some operations that the caller may do to a vault.
func (c *Call) Rights(vault string, operations ...string) map[string]bool {
	all := make(map[string]bool, len(operations))
	for _, op := range operations {
		all[op] = c.MayAll(vault, op)
	}
	return all
}

// MayEach are those of some actions that the caller may do to a thing, by the
// names they have without the service's.
func (c *Call) MayEach(resource, service string, names ...string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = c.Permitted(service+":"+name, "", glacier.ARN(resource))
	}
	return all
}

// resourceOf is what the APIs take an action to be about that is about the
// account, or about all of a kind.
func (c *Call) resourceOf(action string) glacier.ARN {
	region, account := c.Config.Region, c.Caller.Account
	service, name, _ := strings.Cut(action, ":")
	switch {
	case service == "iam" && strings.HasSuffix(name, "Policies"):
		return glacier.ARN("arn:aws:iam::" + string(account) + ":policy/")
	case service == "iam" && (strings.HasSuffix(name, "Account") || strings.HasSuffix(name, "Accounts")):
		return glacier.ARN("arn:aws:iam::" + string(account) + ":account/")
	case service == "iam":
		return glacier.ARN("arn:aws:iam::" + string(account) + ":user/")
	case service == sns.Service, service == sqs.Service:
		return glacier.ARN("arn:aws:" + service + ":" + region + ":" + string(account) + ":*")
	case strings.HasSuffix(name, "ProvisionedCapacity"):
		return glacier.CapacityARN(region, account)
	case strings.HasSuffix(name, "DataRetrievalPolicy"):
		return glacier.RetrievalPolicyARN(region, account)
	case service == "glacier":
		return glacier.VaultARN(region, account, "")
	}
	return "*"
}

// Audits reports whether the caller may look into the audit log.
func (c *Call) Audits() bool { return c.Config.Audit != nil && c.May("cloudtrail:LookupEvents") }

// RunsServer reports whether the caller may know how the server as a whole
// stands, which is not one account's alone.
func (c *Call) RunsServer() bool {
	return c.Config.Health != nil && c.Caller.Account == c.Config.Management && c.May("firn:DescribeServer")
}
