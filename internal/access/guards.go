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

// maxText bounds what each of the caches here remembers by the bytes of the
// policies' texts. Compiled, a text takes up to some twelve times its length, so
// all of them together stay within some 50 MiB.
const maxText = 1 << 20

// A bounded map forgets what it must to stay within a number of entries and
// within maxText. A single entry may be larger than that.
type bounded[K comparable, V interface{ Size() int }] struct {
	entries map[K]V
	size    int // of all entries
}

func (b *bounded[K, V]) put(k K, v V, most int) {
	b.drop(k)
	for other := range b.entries { // whichever comes first will do
		if len(b.entries) < most && b.size+v.Size() <= maxText {
			break
		}
		b.drop(other)
	}
	if b.entries == nil {
		b.entries = map[K]V{}
	}
	b.entries[k] = v
	b.size += v.Size()
}

func (b *bounded[K, V]) drop(k K) {
	if v, ok := b.entries[k]; ok {
		b.size -= v.Size()
		delete(b.entries, k)
	}
}

func (b *bounded[K, V]) clear() { *b = bounded[K, V]{} }

// Size is how many bytes of text the guards were made of and keep.
func (g *vaultGuards) Size() int {
	n := g.policy.Size() + g.lock.Size() + len(g.held.Policy)
	for k, v := range g.tags {
		n += len(k) + len(v)
	}
	return n
}

// A vaultCache remembers guards by the records that they were made of. So it
// is never out of date, and nobody has to tell it anything.
type vaultCache struct {
	mu     sync.RWMutex
	vaults bounded[uint64, *vaultGuards]
}

func (c *vaultCache) get(from catalog.Guards) *vaultGuards {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if g := c.vaults.entries[from.Vault]; g != nil && g.from == from {
		return g
	}
	return nil
}

func (c *vaultCache) put(g *vaultGuards) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vaults.put(g.id, g, maxGuards)
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
	names bounded[vaultName, *vaultGuards]
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
	return c.names.entries[vaultName{q.Owner, q.Vault}]
}

// put remembers guards that were looked up in an epoch, which may be over. Names
// of vaults that do not exist are not remembered: there are too many.
func (c *nameCache) put(q *Request, g *vaultGuards, epoch uint64) {
	if epoch == 0 || g.id == 0 && q.Vault != "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		c.epoch = epoch
		c.names.clear()
	}
	c.names.put(vaultName{q.Owner, q.Vault}, g, maxGuards)
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
