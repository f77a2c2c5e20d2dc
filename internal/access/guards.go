package access

import (
	"fmt"
	"sync"
	"time"

	"firn/internal/catalog"
	"firn/internal/policy"
	"firn/internal/record"
)

// vaultGuards are what decides about access to one vault: its tags, its access
// policy and its lock, compiled. They are immutable. Those of a vault that does
// not exist are empty.
type vaultGuards struct {
	id     uint64 // of the vault, 0 if there is none
	from   catalog.Guards
	tags   map[string]string
	policy *policy.Policy // nil if there is none
	lock   *policy.Policy
	held   record.VaultLock
}

// lapsed reports whether the lock's time to be completed is over.
func (g *vaultGuards) lapsed(lockNow time.Time) bool { return g.held.Lapsed(lockNow) }

// maxGuards bounds the vaults whose guards are remembered.
const maxGuards = 4096

// A vaultCache remembers guards by the records that they were made of. So it
// is never out of date, and nobody has to tell it anything.
type vaultCache struct {
	mu     sync.RWMutex
	vaults map[uint64]*vaultGuards
}

func (c *vaultCache) get(from catalog.Guards) *vaultGuards {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if g := c.vaults[from.Vault]; g != nil && g.from == from {
		return g
	}
	return nil
}

func (c *vaultCache) put(g *vaultGuards) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.vaults == nil {
		c.vaults = map[uint64]*vaultGuards{}
	}
	if len(c.vaults) >= maxGuards {
		for other := range c.vaults { // whichever comes first will do
			delete(c.vaults, other)
			break
		}
	}
	c.vaults[g.id] = g
}

// guards returns what guards the vault of a request.
func (s *Service) guards(tx *catalog.Tx, q *Request) (*vaultGuards, error) {
	if q.Vault == "" || !q.Vault.Valid() {
		return &vaultGuards{}, nil
	}
	from, ok, err := tx.Guards(q.Owner, q.Vault)
	if err != nil {
		return nil, fmt.Errorf("look up what guards the vault: %w", err)
	}
	if !ok {
		return &vaultGuards{}, nil
	}
	if g := s.vaults.get(from); g != nil {
		return g, nil
	}
	g, err := readGuards(tx, from)
	if err != nil {
		return nil, fmt.Errorf("read what guards vault %d: %w", from.Vault, err)
	}
	// Inside an update the records may still come to nothing, and others be
	// given their numbers.
	if !tx.Updating() {
		s.vaults.put(g)
	}
	return g, nil
}

func readGuards(tx *catalog.Tx, from catalog.Guards) (*vaultGuards, error) {
	g := &vaultGuards{id: from.Vault, from: from}
	if from.Tags != 0 {
		t, err := tx.Tags(g.id)
		if err != nil {
			return nil, err
		}
		g.tags = t.Tags
	}
	if from.Policy != 0 {
		p, _, err := tx.VaultPolicy(g.id)
		if err == nil {
			g.policy, err = policy.Parse(policy.Resource, p.Policy)
		}
		if err != nil {
			return nil, fmt.Errorf("access policy: %w", err)
		}
	}
	if from.Lock != 0 {
		l, _, err := tx.VaultLock(g.id)
		if err == nil {
			g.held = l
			g.lock, err = policy.Parse(policy.Resource, l.Policy)
		}
		if err != nil {
			return nil, fmt.Errorf("lock policy: %w", err)
		}
	}
	return g, nil
}
