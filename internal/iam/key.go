package iam

import (
	"cmp"
	"slices"
	"time"

	"firn/internal/access"
)

// The states of a key.
const (
	active   = "Active"
	inactive = "Inactive"
)

// An AccessKey is a key that was just made, with its secret. One of an
// account's root has no user's name.
type AccessKey struct {
	UserName        string `xml:",omitempty" json:",omitempty"`
	AccessKeyID     string `xml:"AccessKeyId" json:"AccessKeyId"`
	Status          string
	SecretAccessKey string
	CreateDate      time.Time
}

// AccessKeyMetadata is a key without its secret.
type AccessKeyMetadata struct {
	UserName    string `xml:",omitempty" json:",omitempty"`
	AccessKeyID string `xml:"AccessKeyId" json:"AccessKeyId"`
	Status      string
	CreateDate  time.Time
}

// AccessKeyLastUsed says when a key was last used. Firn does not keep that:
// it is always N/A, as of a key that never was.
type AccessKeyLastUsed struct {
	ServiceName string
	Region      string
}

// The results of actions on keys.
type (
	// CreateAccessKeyResult is CreateAccessKey's.
	CreateAccessKeyResult struct{ AccessKey AccessKey }
	// ListAccessKeysResult is ListAccessKeys's.
	ListAccessKeysResult struct {
		AccessKeyMetadata Members[AccessKeyMetadata]
		Truncation
	}
	// GetAccessKeyLastUsedResult is GetAccessKeyLastUsed's. Without a name the
	// key is the account's root's, and so is the caller.
	GetAccessKeyLastUsedResult struct {
		UserName          string `xml:",omitempty" json:",omitempty"`
		AccessKeyLastUsed AccessKeyLastUsed
	}
)

func newKey(k access.NewlyMade) AccessKey {
	return AccessKey{UserName: k.User, AccessKeyID: k.ID, Status: active, SecretAccessKey: k.Secret, CreateDate: when(k.Created)}
}

func createAccessKey(c *call) (any, error) {
	k, err := c.h.cfg.Access.CreateKey(c.ctx, c.caller.Account, c.user())
	return CreateAccessKeyResult{newKey(k)}, err
}

func listAccessKeys(c *call) (any, error) {
	keys, err := c.h.cfg.Access.Keys(c.ctx, c.caller.Account, c.user())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(keys, func(a, b access.KeyInfo) int { return cmp.Compare(a.ID, b.ID) })
	var r ListAccessKeysResult
	keys, r.Truncation = cut(keys, c.page(), func(k access.KeyInfo) string { return k.ID })
	for _, k := range keys {
		status := inactive
		if k.Active {
			status = active
		}
		r.AccessKeyMetadata.Member = append(r.AccessKeyMetadata.Member, AccessKeyMetadata{
			UserName: k.User, AccessKeyID: k.ID, Status: status, CreateDate: when(k.Created),
		})
	}
	return r, nil
}

// getAccessKeyLastUsed tells whose a key is. Root's keys are there for root
// only, as in every other action.
func getAccessKeyLastUsed(c *call) (any, error) {
	id := c.params["AccessKeyId"]
	user, err := c.h.cfg.Access.KeyHolder(c.ctx, c.caller.Account, id)
	if err != nil {
		return nil, err
	}
	if user == "" && !c.caller.Root() {
		return nil, refuse(NoSuchEntity, "The Access Key with id %s cannot be found.", id)
	}
	return GetAccessKeyLastUsedResult{user, AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}}, nil
}

func updateAccessKey(c *call) (any, error) {
	return nil, c.h.cfg.Access.SetKeyActive(c.ctx, c.caller.Account, c.user(), c.params["AccessKeyId"], c.params["Status"] == active)
}

func deleteAccessKey(c *call) (any, error) {
	return nil, c.h.cfg.Access.DeleteKey(c.ctx, c.caller.Account, c.user(), c.params["AccessKeyId"])
}
