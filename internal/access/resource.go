package access

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"firn/glacier"
	"firn/internal/policy"
)

// AuthorizeResource decides about a request on a thing that has a policy of its
// own and is no vault: a topic or a queue of q.Owner's. text is the policy, ""
// if it has none. The rules are those for vaults.
//
// A refusal is AccessDeniedException, and is the same whether the thing exists
// or not if the caller gives text "" for one that does not.
func (s *Service) AuthorizeResource(q Request, text string) error {
	g := &vaultGuards{}
	if text != "" {
		p, err := s.policies.parse(text)
		if err != nil {
			return fmt.Errorf("policy of %s: %w", q.Resource, err)
		}
		g.policy = p
	}
	now := s.now()
	f := newFacts(&q, nil, now, now)
	f.region = s.region
	switch why := verdict(&q, g, f); why {
	case permitted:
		return nil
	case foreignAccount:
		return denial(&q, noResource)
	default:
		return denial(&q, why)
	}
}

// MayPublish reports whether an account's things may send to a topic: those of
// the topic's own account, and those that its policy names.
func (s *Service) MayPublish(from, owner glacier.AccountID, topic glacier.ARN, text string) bool {
	return s.AuthorizeResource(Request{
		Caller: RootOf(from), Owner: owner, Action: "sns:Publish", Resource: topic,
	}, text) == nil
}

// maxPolicies bounds the compiled policies that are remembered.
const maxPolicies = 1024

// A policyCache remembers policies of things that are no vaults, by their text.
type policyCache struct {
	mu    sync.Mutex
	texts bounded[[32]byte, *policy.Policy]
}

func (c *policyCache) parse(text string) (*policy.Policy, error) {
	sum := sha256.Sum256([]byte(text))
	c.mu.Lock()
	p := c.texts.entries[sum]
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := policy.Parse(policy.Elsewhere, text)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts.put(sum, p, maxPolicies)
	return p, nil
}
