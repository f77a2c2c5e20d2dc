package access

import (
	"fmt"
	"sync"
	"time"

	"firn/glacier"
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

// open reports whether neither a policy nor a lock guards the vault, and no
// archive's age can matter: then the request alone decides.
func (g *vaultGuards) open(q *Request) bool {
	return g.policy == nil && g.lock == nil && (q.Archive == "" || q.Caller.Root())
}

// A nameCache remembers guards by their vault's name, for as long as nothing
// changes.
type nameCache struct {
	mu    sync.RWMutex
	epoch uint64
	names map[vaultName]*vaultGuards
}

type vaultName struct {
	owner glacier.AccountID
	vault glacier.VaultName
}

// get returns the guards as of an epoch, nil if they are not known.
func (c *nameCache) get(q *Request, epoch uint64) *vaultGuards {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if epoch == 0 || epoch != c.epoch {
		return nil
	}
	return c.names[vaultName{q.Owner, q.Vault}]
}

// put remembers guards that were looked up in an epoch, which may be over. Names
// of vaults that do not exist are not remembered: there are too many.
func (c *nameCache) put(q *Request, g *vaultGuards, epoch uint64) {
	if epoch == 0 || g.id == 0 && q.Vault != "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch || len(c.names) >= maxGuards {
		c.epoch, c.names = epoch, map[vaultName]*vaultGuards{}
	}
	c.names[vaultName{q.Owner, q.Vault}] = g
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
