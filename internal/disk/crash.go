package disk

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Mode says what a crash leaves of that which was not synced.
type Mode int

const (
	// Lost leaves nothing: the medium holds what was synced.
	Lost Mode = iota

	// Kept leaves everything: only the processes die, as by kill -9, and what was not synced is still not synced.
	Kept

	// Ordered is like the journal of ext4: of the changes of names, a first part in their order survives, and at least all those that came
	// before a SyncDir of any directory; of the blocks and sizes of files, some.
	Ordered

	// Chaos leaves what POSIX does not forbid: any of the changes of names, whatever came before; of a file any blocks, or some of their
	// 512-byte sectors, and any size it had or passed.
	Chaos
)

// Modes returns all modes, for tests that loop over them.
func Modes() []Mode { return []Mode{Lost, Kept, Ordered, Chaos} }

func (m Mode) String() string {
	switch m {
	case Lost:
		return "lost"
	case Kept:
		return "kept"
	case Ordered:
		return "ordered"
	case Chaos:
		return "chaos"
	}
	return "mode " + strconv.Itoa(int(m))
}

// Crash ends m and returns the file system that the next start finds. Every later call on m and its files fails with [ErrCrashed], so
// nothing that still runs can write past the crash; locks and open files are gone. Crash may be called again on the same m: each call
// returns another, independent outcome of the same crash. Modes Lost and Kept do not use rng, which may then be nil; the others
// are determined by it.
func (m *Mem) Crash(rng *rand.Rand, mode Mode) *Mem {
	defer m.enter()()
	m.dead = true
	c := m.copy()
	if mode == Kept {
		return c
	}
	for _, ch := range survivors(c.pending, rng, mode) {
		for _, l := range ch.links {
			l.persist()
		}
	}
	c.pending = nil
	c.root.settle(rng, mode, map[*inode]bool{})
	c.recount()
	return c
}

// Clone returns an independent copy of m: what calls see, what the medium holds, and what lies between. Nothing is open or locked in it.
func (m *Mem) Clone() *Mem {
	defer m.enter()()
	return m.copy()
}

func (m *Mem) copy() *Mem {
	seen := map[*inode]*inode{}
	c := &Mem{capacity: m.capacity, root: m.root.copy(seen)}
	for _, ch := range m.pending {
		links := make([]link, len(ch.links))
		for k, l := range ch.links {
			links[k] = link{dir: l.dir.copy(seen), name: l.name, to: l.to.copy(seen)}
		}
		c.pending = append(c.pending, change{links: links, journaled: ch.journaled})
	}
	c.recount()
	return c
}

// recount sets the links of each inode and the used space anew.
func (m *Mem) recount() {
	m.used = 0
	seen := map[*inode]bool{}
	var walk func(*inode)
	walk = func(i *inode) {
		if seen[i] {
			i.links++
			return
		}
		seen[i] = true
		i.links = 1
		m.used += blockSize * int64(len(i.now.blocks))
		for _, child := range i.names {
			walk(child)
		}
	}
	walk(m.root)
}

// survivors returns those of the pending changes that reach the medium.
func survivors(pending []change, rng *rand.Rand, mode Mode) []change {
	switch mode {
	case Ordered:
		first := 0
		for k, ch := range pending {
			if ch.journaled {
				first = k + 1
			}
		}
		return pending[:first+rng.IntN(len(pending)-first+1)]
	case Chaos:
		var kept []change
		p := likelihood(rng)
		for _, ch := range pending {
			if rng.Float64() < p {
				kept = append(kept, ch)
			}
		}
		return kept
	}
	return nil
}

// likelihood draws how likely each of many things is to survive. All and none are drawn often: by single coins they would hardly ever be.
func likelihood(rng *rand.Rand) float64 {
	switch rng.IntN(4) {
	case 0:
		return 0
	case 1:
		return 1
	}
	return rng.Float64()
}

// settle gives the inode, and everything below it, the one state that the crash leaves. All its random choices are made in a fixed order.
func (i *inode) settle(rng *rand.Rand, mode Mode, seen map[*inode]bool) {
	if seen[i] {
		return
	}
	seen[i] = true
	if i.dir {
		i.names = maps.Clone(i.stableNames)
		for _, name := range i.sortedNames() {
			i.names[name].settle(rng, mode, seen)
		}
		return
	}
	if mode != Lost {
		i.settleBlocks(rng, mode)
		i.stable.size = i.settleSize(rng, mode)
	}
	i.stable.cut(i.stable.size)
	i.now = i.stable.clone()
	i.clean()
}

func (i *inode) settleBlocks(rng *rand.Rand, mode Mode) {
	p := likelihood(rng)
	for _, b := range slices.Sorted(maps.Keys(i.dirty)) {
		switch {
		case mode == Chaos && rng.IntN(4) == 0:
			i.stable.blocks[b] = tear(rng, i.stable.blocks[b], i.now.blocks[b])
		case rng.Float64() < p:
			i.stable.take(b, &i.now)
		}
	}
}

// settleSize chooses among the sizes between the last Sync and now. That Mem knows only the smallest of them is enough: a file that only
// grew had all between the two, and one that shrank can be left at the bottom.
func (i *inode) settleSize(rng *rand.Rand, mode Mode) int64 {
	if !i.resized {
		return i.stable.size
	}
	choices := []int64{i.stable.size, i.now.size, min(i.lowest, i.stable.size)}
	if mode == Chaos {
		low, high := slices.Min(choices), slices.Max(choices)
		choices = append(choices, low+rng.Int64N(high-low+1))
	}
	return choices[rng.IntN(len(choices))]
}

// tear returns a block of which each sector is old or new. A nil block is zeros.
func tear(rng *rand.Rand, before, after *block) *block {
	torn := new(block)
	for at := 0; at < blockSize; at += sectorSize {
		from := before
		if rng.IntN(2) == 0 {
			from = after
		}
		if from != nil {
			copy(torn[at:at+sectorSize], from[at:])
		}
	}
	return torn
}
