package access

import (
	"sync"
	"time"

	"firn/internal/sigv4"
)

// maxKeys bounds the keyring. Only keys that exist are in it, so strangers
// cannot fill it.
const maxKeys = 1024

// A keyring remembers keys that were looked up, so that a request costs no
// look into the store, no decryption and no key derivation.
type keyring struct {
	life time.Duration

	mu   sync.RWMutex
	keys bounded[string, *knownKey]
	// turn counts the keys forgotten on purpose. What was looked up before
	// the latest of them may be out of date, and is not put in.
	turn uint64
}

// A knownKey is immutable but for its signing keys.
type knownKey struct {
	caller  Caller
	secret  string
	expires time.Time

	mu sync.RWMutex
	// days holds the latest two: around midnight requests come for both.
	days [2]daySigner
}

type daySigner struct {
	scope sigv4.Scope
	key   [32]byte
}

func newKeyring(life time.Duration) keyring {
	return keyring{life: life}
}

// get returns a remembered key, and the turn to hand to put if there is none.
func (r *keyring) get(id string, now time.Time) (k *knownKey, turn uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k = r.keys.entries[id]
	// A clock that was set back must not lengthen a key's life.
	if k != nil && (!now.Before(k.expires) || k.expires.Sub(now) > r.life) {
		k = nil
	}
	return k, r.turn
}

// put remembers a key that was looked up after get.
func (r *keyring) put(id string, k *knownKey, now time.Time, turn uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if turn != r.turn {
		return
	}
	k.expires = now.Add(r.life)
	r.keys.put(id, k, maxKeys)
}

// forget makes the next request look the key up.
func (r *keyring) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys.drop(id)
	r.turn++
}

// forgetAll makes the next request of everybody look its key up.
func (r *keyring) forgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys.clear()
	r.turn++
}

// Size is how many bytes the policies of the key's holder have.
func (k *knownKey) Size() int {
	n := 0
	for _, p := range k.caller.identity {
		n += p.Size()
	}
	return n
}

// signing returns the key that signs for the scope.
func (k *knownKey) signing(scope sigv4.Scope) [32]byte {
	k.mu.RLock()
	for _, d := range k.days {
		if d.scope == scope {
			k.mu.RUnlock()
			return d.key
		}
	}
	k.mu.RUnlock()
	key := sigv4.SigningKey(k.secret, scope)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.days[0].scope != scope {
		k.days[1] = k.days[0]
		k.days[0] = daySigner{scope, key}
	}
	return key
}
