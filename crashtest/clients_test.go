package crashtest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// A crowd is clients that work at the same time, and what they remember from
// one life of the server to the next.
type crowd struct {
	t       testing.TB
	ledger  *ledger
	members []*member
}

// A member is one client. It belongs to one goroutine at a time.
type member struct {
	name   string
	ledger *ledger
	rng    *rand.Rand
	api    *api
	n      int // gives things their names
	vaults []string
	live   []*archive // acknowledged, and not asked to be deleted
	upload *building
	sent   *archive // by its token, and not answered
}

// maxVaults is how many vaults a member makes.
const maxVaults = 4

// A building is a multipart upload on its way.
type building struct {
	vault, note, id string
	content         []content
	next            int // part to send; behind the last one it is completed
}

func newCrowd(t testing.TB, rng *rand.Rand, members int) *crowd {
	c := &crowd{t: t, ledger: newLedger(t)}
	for i := range members {
		c.members = append(c.members, &member{
			name: fmt.Sprintf("c%d", i), ledger: c.ledger, rng: rand.New(rand.NewPCG(rng.Uint64(), uint64(i))),
		})
	}
	return c
}

// work lets all members work until the connection breaks, or until stop. A
// refusal fails the test: nothing here is wrong.
func (c *crowd) work(a *api, stop *atomic.Bool) (done func()) {
	var group sync.WaitGroup
	for _, m := range c.members {
		m.api = a
		group.Go(func() {
			for !stop.Load() {
				if err := m.step(); refused(err) {
					c.t.Errorf("client %s: %v", m.name, err)
					return
				} else if err != nil {
					return
				}
			}
		})
	}
	return group.Wait
}

func (m *member) fresh(what string) string {
	m.n++
	return fmt.Sprintf("%s-%s-%d", m.name, what, m.n)
}

func (m *member) content(least, most int) content {
	return content{Seed: m.rng.Uint64(), Size: least + m.rng.IntN(most-least)}
}

// step does one thing.
func (m *member) step() error {
	if len(m.vaults) == 0 {
		return m.makeVault()
	}
	n := m.rng.IntN(100)
	switch {
	case m.sent != nil:
		return m.sendWithToken()
	case m.upload != nil && n < 60:
		return m.build()
	case n < 2:
		return m.makeVault()
	case n < 5:
		return m.tag()
	case n < 55:
		return m.send(m.content(1, 40_000))
	case n < 58:
		return m.send(m.content(900_000, 1<<20+1))
	case n < 66:
		return m.send(m.content(1<<20+1, 5<<19))
	case n < 80 && len(m.live) > 0:
		return m.delete()
	case n < 88 && len(m.live) > 0:
		return m.retrieve()
	case m.upload == nil:
		return m.begin()
	}
	return nil
}

func (m *member) vault() string { return m.vaults[m.rng.IntN(len(m.vaults))] }

// try writes the ledger before and after what do does. do sets what it has
// learned in the entry.
func (m *member) try(e entry, do func(e *entry) error) error {
	e.Try = true
	m.ledger.write(e)
	if err := do(&e); err != nil {
		return err
	}
	e.Try = false
	m.ledger.write(e)
	return nil
}

// makeVault makes a vault, or one of a few again, which is a success and
// changes nothing.
func (m *member) makeVault() error {
	if len(m.vaults) == maxVaults {
		return m.api.createVault(m.vault())
	}
	name := m.fresh("vault")
	err := m.try(entry{Op: "vault", Vault: name}, func(*entry) error { return m.api.createVault(name) })
	if err == nil {
		m.vaults = append(m.vaults, name)
	}
	return err
}

func (m *member) tag() error {
	vault, key := m.vault(), fmt.Sprintf("%s.%d", m.name, m.rng.IntN(20))
	return m.try(entry{Op: "tag", Vault: vault, Note: key}, func(*entry) error { return m.api.addTag(vault, key, key) })
}

func (m *member) send(c content) error {
	a := &archive{vault: m.vault(), note: m.fresh("archive"), content: []content{c}}
	if m.n%3 == 1 {
		m.sent = a
		return m.sendWithToken()
	}
	err := m.try(entry{Op: "upload", Vault: a.vault, Note: a.note, Content: a.content}, func(e *entry) (err error) {
		if m.n%3 == 0 { // which is the id that it had elsewhere
			e.ID, err = m.api.bring(a.vault, a.note, a.note, c.bytes())
		} else {
			e.ID, err = m.api.upload(a.vault, a.note, c.bytes())
		}
		a.id = e.ID
		return err
	})
	if err == nil {
		m.live = append(m.live, a)
	}
	return err
}

// sendWithToken sends an archive until that is answered, which makes one archive.
func (m *member) sendWithToken() error {
	a := m.sent
	err := m.try(entry{Op: "send", Vault: a.vault, Note: a.note, Content: a.content}, func(e *entry) (err error) {
		e.ID, err = m.api.send(a.vault, a.note, a.note, join(a.content))
		a.id = e.ID
		return err
	})
	if err == nil {
		m.sent = nil
		m.live = append(m.live, a)
	}
	return err
}

func (m *member) delete() error {
	i := m.rng.IntN(len(m.live))
	a := m.live[i]
	m.live = append(m.live[:i], m.live[i+1:]...)
	return m.try(entry{Op: "delete", Vault: a.vault, Note: a.note}, func(*entry) error { return m.api.delete(a.vault, a.id) })
}

func (m *member) retrieve() error {
	a := m.live[m.rng.IntN(len(m.live))]
	id, err := m.api.retrieve(a.vault, a.id)
	if err == nil {
		m.ledger.write(entry{Op: "job", Vault: a.vault, ID: id, Content: a.content})
	}
	return err
}

func (m *member) begin() error {
	b := &building{vault: m.vault(), note: m.fresh("upload")}
	for range m.rng.IntN(3) {
		b.content = append(b.content, content{Seed: m.rng.Uint64(), Size: partSize})
	}
	b.content = append(b.content, m.content(1, partSize))
	err := m.try(entry{Op: "begin", Vault: b.vault, Note: b.note}, func(e *entry) (err error) {
		if m.n%3 == 0 {
			e.ID, err = m.api.beginToBring(b.vault, b.note, b.note)
		} else {
			e.ID, err = m.api.begin(b.vault, b.note)
		}
		b.id = e.ID
		return err
	})
	if err == nil {
		m.upload = b
	}
	return err
}

// build sends the next part of the upload on its way, or ends it. What was
// interrupted is done again with the same values.
func (m *member) build() error {
	b := m.upload
	if m.rng.IntN(30) == 0 && b.next < len(b.content) {
		m.upload = nil
		return m.try(entry{Op: "abort", Vault: b.vault, Note: b.note}, func(*entry) error { return m.api.abort(b.vault, b.id) })
	}
	if b.next < len(b.content) {
		c := b.content[b.next]
		err := m.try(entry{Op: "part", Note: b.note, N: b.next, Content: []content{c}}, func(*entry) error {
			return m.api.part(b.vault, b.id, b.next, c.bytes())
		})
		if err == nil {
			b.next++
		}
		return err
	}
	a := &archive{vault: b.vault, note: b.note, content: b.content}
	err := m.try(entry{Op: "complete", Vault: b.vault, Note: b.note, Content: b.content}, func(e *entry) (err error) {
		e.ID, err = m.api.complete(b.vault, b.id, join(b.content))
		a.id = e.ID
		return err
	})
	if err == nil {
		m.upload = nil
		m.live = append(m.live, a)
	}
	return err
}
