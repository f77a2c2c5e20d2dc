package filter

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"firn/internal/tree"
)

// A value is a scalar of a message: null, a boolean, a number or a text.
type value struct {
	kind tree.Kind
	text string // as the Value of a tree.Node

	parsed  bool
	decimal decimal // of a number that has been parsed
	inRange bool
}

// number is the value as a number, if it is one that is in the range. It is parsed once.
func (v *value) number(m *Message) (d decimal, ok bool) {
	if v.kind != tree.Number {
		return 0, false
	}
	if !v.parsed {
		v.parsed = true
		if m.spend(numberWork(v.text)) {
			v.decimal, v.inRange = parseDecimal(v.text)
		}
	}
	return v.decimal, v.inRange
}

// matchAttributes matches the attributes of a message.
func (p *Policy) matchAttributes(m *Message) bool {
	if len(m.attributes) == 0 {
		return false
	}
	for _, a := range p.alternatives {
		if m.allAttributes(a) {
			return true
		}
	}
	return false
}

func (m *Message) allAttributes(a alternative) bool {
	for i := range a {
		if !m.spend(lookupWork+len(a[i].path)/bytesPerWork) || !m.holds(&a[i], m.attribute(a[i].path)) {
			return false
		}
	}
	return true
}

// absent is the value of what is not there: an array without elements.
func absent() any { return []any(nil) }

// attributeValue is the JSON value of an attribute. Those of type Binary are ignored, and arrays that are none.
func (m *Message) attributeValue(a Attribute) any {
	base, rest, _ := strings.Cut(a.Type, ".")
	switch {
	case base == "Binary":
		return absent()
	case rest == "Array":
		v, ok := m.decode(a.Value)
		if list, isArray := v.([]any); ok && isArray {
			return list
		}
		return absent()
	case base == "Number":
		return json.Number(strings.TrimSpace(a.Value))
	}
	return a.Value
}

// decode reads one JSON value and nothing else.
func decode(s string) (v any, ok bool) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return v, err == io.EOF
}

// matchBody matches a body that is a JSON object.
func (p *Policy) matchBody(m *Message, body string) bool {
	root := m.root(body)
	if len(root) == 0 {
		return false
	}
	for _, a := range p.alternatives {
		if m.all(a, root) {
			return true
		}
	}
	return false
}

// all reports whether all conditions hold, with paths that begin at v. Each value of a body is reached on one way only, so no condition
// looks at one twice.
func (m *Message) all(conditions []condition, v any) bool {
	if !m.spend(1) {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		return m.allOfObject(conditions, v)
	case []any:
		branches := false
		for _, item := range v {
			if isBranch(item) {
				if m.all(conditions, item) {
					return true
				}
				branches = true
			} else if !m.spend(1) {
				return false
			}
		}
		if branches {
			return false
		}
	}
	for i := range conditions {
		if !m.holds(&conditions[i], absent()) {
			return false
		}
	}
	return true
}

func isBranch(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// A step is a member of an object and the conditions that are about what is in it.
type step struct {
	name       string
	conditions []condition
}

// allOfObject keeps conditions together that go the same way, for they must hold of the same elements of arrays.
func (m *Message) allOfObject(conditions []condition, o map[string]any) bool {
	var steps []step
	for i := range conditions {
		c := &conditions[i]
		ways := m.ways(c.path, o)
		switch {
		case len(ways) == 0:
			if !m.holds(c, absent()) {
				return false
			}
		case len(ways) > 1:
			if !m.anyWay(c, ways, o) {
				return false
			}
		case ways[0] == c.path:
			if !m.holds(c, o[c.path]) {
				return false
			}
		default:
			if !m.spend(stepWork + len(steps)) {
				return false
			}
			steps = addStep(steps, ways[0], c)
		}
	}
	for _, s := range steps {
		if !m.all(s.conditions, o[s.name]) {
			return false
		}
	}
	return true
}

// ways are the members that a path may lead to: itself, or what stands before one of its dots and can have members.
func (m *Message) ways(path string, o map[string]any) []string {
	var found []string
	for i := 0; i < len(path); i++ {
		if path[i] != '.' {
			continue
		}
		if !m.spend(lookupWork + i/bytesPerWork) {
			return nil
		}
		if v, ok := o[path[:i]]; ok && isBranch(v) {
			found = append(found, path[:i])
		}
	}
	if !m.spend(lookupWork + len(path)/bytesPerWork) {
		return nil
	}
	if _, ok := o[path]; ok {
		found = append(found, path)
	}
	return found
}

// anyWay is for a condition that names two members of an object, one of them with a dot.
func (m *Message) anyWay(c *condition, ways []string, o map[string]any) bool {
	for _, name := range ways {
		if name == c.path {
			if m.holds(c, o[name]) {
				return true
			}
		} else if m.all([]condition{c.within(name)}, o[name]) {
			return true
		}
	}
	return false
}

// within is the condition as it is in a member.
func (c *condition) within(name string) condition {
	return condition{c.path[len(name)+1:], c.tests}
}

func addStep(steps []step, name string, c *condition) []step {
	for i := range steps {
		if steps[i].name == name {
			steps[i].conditions = append(steps[i].conditions, c.within(name))
			return steps
		}
	}
	return append(steps, step{name, []condition{c.within(name)}})
}

// holds reports whether one of the condition's tests matches one of the scalars that v is or has.
func (m *Message) holds(c *condition, v any) bool {
	there, matched := m.scan(c, v)
	if matched || there {
		return matched
	}
	return m.spend(len(c.tests)) && slices.Contains(c.tests, test(exists(false)))
}

// scan says whether there is a scalar at all, and whether one matches.
func (m *Message) scan(c *condition, v any) (there, matched bool) {
	if !m.spend(1) {
		return false, false
	}
	switch v := v.(type) {
	case map[string]any:
		return false, false
	case []any:
		for _, item := range v {
			t, ok := m.scan(c, item)
			if there = there || t; ok {
				return true, true
			}
		}
		return there, false
	}
	scalar := scalarOf(v)
	for _, t := range c.tests {
		if !m.spend(1) {
			return true, false
		}
		if t.match(m, &scalar) {
			return true, true
		}
	}
	return true, false
}

func scalarOf(v any) value {
	switch v := v.(type) {
	case bool:
		return value{kind: tree.Boolean, text: strconv.FormatBool(v)}
	case json.Number:
		return value{kind: tree.Number, text: v.String()}
	case string:
		return value{kind: tree.Text, text: v}
	}
	return value{kind: tree.Null}
}
