package scan

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"firn/internal/query"
)

// An index has those members of a line's objects that a path of the program may
// lead through, so that each path is followed in as many steps as it has names,
// whatever the line and the other paths are. It is for one goroutine.
type index struct {
	paths   [][]step
	texts   map[string]called // by a name of a path
	folds   map[string]name   // by a name of a path that has no case, folded
	members []member
	found   map[slot]int32 // which of them is in which
	objects object         // the number of the last
	folded  []byte         // the name that was looked up last
}

// A name is the number of one in the paths. One whose case does not count has a
// number for how it is spelled, and one for all that are like it.
type name int32

// A step is a name in a path. like is 0 if its case counts.
type step struct {
	text        string
	exact, like name
}

// A called is what the paths call a member, 0 if they do not.
type called struct{ exact, like name }

func (c called) known() bool { return c != called{} }

// An object is the number of one in the line.
type object int32

const (
	noObject   object = iota // one that no path leads to, or something else
	rootObject               // the line
)

// A slot is a name in an object.
type slot struct {
	in     object
	called name
}

// A member is a value of an object.
type member struct {
	slot
	value   slice
	object  object // that it is
	name    []byte // of one that is like a path's
	several bool   // others are like it, too
	path    int32  // the first that ends here, counted from 1 on; 0 is none yet
}

func newIndex(paths [][]query.Name) *index {
	x := &index{texts: make(map[string]called), folds: make(map[string]name), found: make(map[slot]int32)}
	spelled := make(map[name]map[string]bool) // how a name is whose case does not count
	for _, path := range paths {
		steps := make([]step, len(path))
		for i, n := range path {
			s := x.step(n)
			if s.like != 0 && spelled[s.like] == nil {
				spelled[s.like] = make(map[string]bool)
			}
			if s.like != 0 {
				spelled[s.like][s.text] = true
			}
			steps[i] = s
		}
		x.paths = append(x.paths, steps)
	}
	for text, c := range x.texts {
		like := x.folds[string(appendFold(nil, []byte(text)))]
		if len(spelled[like]) > 1 || !spelled[like][text] { // otherwise it is found as it is spelled
			c.like = like
			x.texts[text] = c
		}
	}
	return x
}

// step gives a name its numbers.
func (x *index) step(n query.Name) step {
	c, ok := x.texts[n.Text]
	if !ok {
		c.exact = x.next()
		x.texts[n.Text] = c
	}
	s := step{text: n.Text, exact: c.exact}
	if !n.Exact {
		fold := string(appendFold(nil, []byte(n.Text)))
		if s.like, ok = x.folds[fold]; !ok {
			s.like = x.next()
			x.folds[fold] = s.like
		}
	}
	return s
}

// next is a number that no name has yet.
func (x *index) next() name { return name(len(x.texts) + len(x.folds) + 1) }

const (
	// few members are found sooner by looking at each of them.
	few = 16
	// maxKept bounds the memory that an index keeps from one line to the next.
	maxKept = 1 << 12
)

// reset begins another line.
func (x *index) reset() {
	if len(x.members) > maxKept {
		x.members, x.found = nil, make(map[slot]int32)
	}
	if len(x.members) > few {
		clear(x.found)
	}
	x.members, x.objects = x.members[:0], rootObject
}

func (x *index) newObject() object {
	x.objects++
	return x.objects
}

// called looks up the name of a member.
func (x *index) called(name []byte) called {
	if c, ok := x.texts[string(name)]; ok {
		return c
	}
	if len(x.folds) == 0 {
		return called{}
	}
	x.folded = appendFold(x.folded[:0], name)
	return called{like: x.folds[string(x.folded)]}
}

// add adds a member of an object. Of equal names the last counts.
func (x *index) add(o object, c called, name []byte, m member) {
	if c.exact != 0 {
		m.slot = slot{o, c.exact}
		*x.at(m.slot) = m
	}
	if c.like != 0 {
		m.slot = slot{o, c.like}
		at := x.at(m.slot)
		m.several = at.several || at.name != nil && string(at.name) != string(name)
		m.name = name
		*at = m
	}
}

// at is the member in a slot, an empty one if there was none.
func (x *index) at(s slot) *member {
	if m := x.find(s); m != nil {
		return m
	}
	x.members = append(x.members, member{slot: s})
	switch n := len(x.members); {
	case n == few+1:
		for i := range x.members {
			x.found[x.members[i].slot] = int32(i)
		}
	case n > few+1:
		x.found[s] = int32(n - 1)
	}
	return &x.members[len(x.members)-1]
}

// find is the member in a slot, nil if there is none.
func (x *index) find(s slot) *member {
	if len(x.members) > few {
		if i, ok := x.found[s]; ok {
			return &x.members[i]
		}
		return nil
	}
	for i := range x.members {
		if x.members[i].slot == s {
			return &x.members[i]
		}
	}
	return nil
}

// follow follows a path: in each object to the member whose name is exactly that,
// else to the only one whose name is that but for case. It returns nil if there is
// none, or something is on the way that is no object.
func (x *index) follow(path []step) (*member, error) {
	var m *member
	in := rootObject
	for _, s := range path {
		m = x.find(slot{in, s.exact})
		if m == nil && s.like != 0 {
			m = x.find(slot{in, s.like})
		}
		if m == nil {
			return nil, nil
		}
		if m.several {
			return nil, &query.Error{Code: "AmbiguousFieldName", Message: fmt.Sprintf("the name %.64s matches more than one member of an object", s.text)}
		}
		in = m.object
	}
	return m, nil
}

// appendFold appends a text so that those are equal then that are equal but for
// case, as strings.EqualFold has it: of characters that are, the smallest.
func appendFold(dst, text []byte) []byte {
	for len(text) > 0 {
		if c := text[0]; c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst, text = append(dst, c), text[1:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		dst, text = utf8.AppendRune(dst, smallest(r)), text[size:]
	}
	return dst
}

// smallest is the smallest character that is r but for case.
func smallest(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
