package access

import (
	"fmt"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/policy"
)

// A Request is a call as far as a decision about it goes.
type Request struct {
	Caller Caller
	Client Client
	// Action is what policies call the operation, such as
	// glacier:UploadArchive.
	Action string
	// Owner and Vault name the vault that it is about. Without a Vault it is
	// about the account, or a thing of the account's.
	Owner glacier.AccountID
	Vault glacier.VaultName
	// Resource is what it is about, as policies name it.
	Resource glacier.ARN
	// Archive is the archive that it is about, if one.
	Archive glacier.ArchiveID
	// Values are condition keys of the service's own, in lower case, and what
	// they stand for, such as sns:protocol.
	Values map[string]string
}

// A reason is what a decision rests on.
type reason string

const (
	permitted      reason = ""
	byIdentity     reason = " with an explicit deny in an identity-based policy"
	byVaultPolicy  reason = " with an explicit deny in a resource-based policy"
	byVaultLock    reason = " with an explicit deny in a vault lock policy"
	noIdentity     reason = " because no identity-based policy allows the %s action"
	noResource     reason = " because no resource-based policy allows the %s action"
	foreignAccount reason = "foreign"
)

// decideAgain is decide in the transaction of an update. The owner's account may
// have ended by then.
func (s *Service) decideAgain(tx *catalog.Tx, q *Request) error {
	_, exists, err := tx.Account(q.Owner)
	if err != nil {
		return err
	}
	if !exists {
		return Foreign(string(q.Owner))
	}
	g, err := s.guards(tx, q)
	if err != nil {
		return err
	}
	return s.decide(tx, q, g)
}

// decide returns nil if the request may go on.
func (s *Service) decide(tx *catalog.Tx, q *Request, g *vaultGuards) error {
	f, err := s.facts(tx, q, g)
	if err != nil {
		return err
	}
	return refusalOf(q, g, f)
}

// refusalOf words the verdict. It does not tell whether the vault exists.
func refusalOf(q *Request, g *vaultGuards, f *facts) error {
	switch why := verdict(q, g, f); why {
	case permitted:
		return nil
	case foreignAccount:
		return Foreign(string(q.Owner))
	default:
		return denial(q, why)
	}
}

// denial words the refusal of a request.
func denial(q *Request, why reason) error {
	if why == noIdentity || why == noResource {
		why = reason(fmt.Sprintf(string(why), q.Action))
	}
	return glacier.Errorf(glacier.AccessDenied, "User: %s is not authorized to perform: %s on resource: %s%s",
		q.Caller.ARN(), q.Action, q.Resource, why)
}

// Foreign is the refusal of a request on another account's things. It is the
// same whether they exist or not.
func Foreign(account string) error {
	return glacier.Errorf(glacier.AccessDenied, "Access denied for account ID: %s", account)
}

// opinions are what those say who have a say in a request.
type opinions struct {
	own, vault, lock policy.Verdict // of the caller's own policies, of the vault's access policy and of its lock
}

func opinionsOn(q *Request, g *vaultGuards, f *facts) opinions {
	o := opinions{own: q.Caller.identityVerdict(f), vault: g.policyVerdict(f), lock: g.lockVerdict(f)}
	if strings.HasPrefix(q.Action, ours) {
		o.vault, o.lock = forbidding(o.vault), forbidding(o.lock)
	}
	return o
}

// ours begins the actions that Glacier does not have. A vault's policies cannot
// name them, and what they say of all actions gives none of these away; but it
// can forbid them.
const ours = "firn:"

// ImportArchive is the right to upload an archive with the id and the date that
// it had elsewhere. No action of Glacier's covers it.
const ImportArchive = ours + "ImportArchive"

// forbidding is what is left of a verdict that cannot allow.
func forbidding(v policy.Verdict) policy.Verdict {
	if v.Effect == policy.Allow {
		return policy.Verdict{}
	}
	return v
}

// verdict is the reason for which a request is refused, or that it is not.
func verdict(q *Request, g *vaultGuards, f *facts) reason { return opinionsOn(q, g, f).weigh(q, g) }

// weigh applies IAM's rules: an explicit deny anywhere is the end; within the
// account one allow is enough; between accounts both sides must allow.
func (o opinions) weigh(q *Request, g *vaultGuards) reason {
	locked := o.lock.Effect == policy.Deny && !q.abortsLock(g)
	shut := o.vault.Effect == policy.Deny && !q.mendsPolicy()
	granted := o.vault.Effect == policy.Allow || o.lock.Effect == policy.Allow
	directly := o.vault.Effect == policy.Allow && o.vault.Direct || o.lock.Effect == policy.Allow && o.lock.Direct
	foreign := q.Caller.Account != q.Owner
	switch {
	case foreign && (locked || shut || !granted):
		return foreignAccount // first: nothing else may tell what there is
	case o.own.Effect == policy.Deny:
		return byIdentity
	case locked:
		return byVaultLock
	case shut:
		return byVaultPolicy
	case o.own.Effect == policy.Allow || directly && !foreign:
		return permitted
	}
	return noIdentity
}

// abortsLock reports whether the request takes back the vault's lock while it
// is in progress. That no such lock can forbid.
func (q *Request) abortsLock(g *vaultGuards) bool {
	return q.Action == "glacier:AbortVaultLock" && !g.held.Locked
}

// mendsPolicy reports whether the owner's root is about to look at, replace or
// remove the thing's policy. That no such policy can keep it from: otherwise one
// mistake would shut everybody out for good. A lock can.
func (q *Request) mendsPolicy() bool {
	if !q.Caller.Root() || q.Caller.Account != q.Owner {
		return false
	}
	switch q.Action {
	case "glacier:GetVaultAccessPolicy", "glacier:SetVaultAccessPolicy", "glacier:DeleteVaultAccessPolicy",
		"sns:GetTopicAttributes", "sns:SetTopicAttributes", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes":
		return true
	}
	return false
}

// identityVerdict is what the caller's own policies say. Root may do
// everything that nobody else's policy forbids.
func (c Caller) identityVerdict(f *facts) policy.Verdict {
	if c.Root() {
		return policy.Verdict{Effect: policy.Allow, Direct: true}
	}
	var sum policy.Verdict
	for _, p := range c.identity {
		switch v := p.Evaluate(&f.request); v.Effect {
		case policy.Deny:
			return v
		case policy.Allow:
			sum = v
		}
	}
	return sum
}

func (g *vaultGuards) policyVerdict(f *facts) policy.Verdict {
	if g.policy == nil {
		return policy.Verdict{}
	}
	return g.policy.Evaluate(&f.request)
}

// clockTolerance is how far the machine's clock and the lock clock may be
// apart before a lock is asked by both.
const clockTolerance = time.Minute

// lockVerdict is what the vault's lock says, if it is in force. A condition on
// the time is asked by the machine's clock and by the lock clock: it forbids
// what it forbids by either.
func (g *vaultGuards) lockVerdict(f *facts) policy.Verdict {
	if g.lock == nil || g.lapsed(f.lockNow) {
		return policy.Verdict{}
	}
	v := g.lock.Evaluate(&f.request)
	if apart := f.now.Sub(f.lockNow).Abs(); v.Effect == policy.Deny || apart <= clockTolerance {
		return v
	}
	byLock := *f
	byLock.now = f.lockNow
	byLock.request.Value = byLock.value
	if w := g.lock.Evaluate(&byLock.request); w.Effect != policy.Allow {
		return w // a deny, or an allow that only one of the clocks gives
	}
	return v
}

// AuthorizeIdentity decides about a request on the caller's own account that
// no vault's policy has a say in, such as those on users and keys.
func (s *Service) AuthorizeIdentity(q Request) error {
	q.Owner, q.Vault = q.Caller.Account, ""
	now := s.now()
	f := newFacts(&q, nil, now, now)
	f.region = s.region
	switch q.Caller.identityVerdict(f).Effect {
	case policy.Allow:
		return nil
	case policy.Deny:
		return denial(&q, byIdentity)
	}
	return denial(&q, noIdentity)
}
