package filter

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// A value is a scalar of a message: null, a boolean, a number or a text.
type value struct {
	kind nodeKind
	text string // as in node
}

// An evaluation is one match.
type evaluation struct {
	work int
}

// spend reports whether there is work left.
func (e *evaluation) spend() bool {
	e.work--
	return e.work > 0
}

// matchAttributes matches the attributes of a message.
func (p *Policy) matchAttributes(e *evaluation, attributes map[string]Attribute) bool {
	if len(attributes) == 0 {
		return false
	}
	// The values of an array are decoded once for all alternatives.
	decoded := make(map[string]any)
	for _, a := range p.alternatives {
		if e.allAttributes(a, attributes, decoded) {
			return true
		}
	}
	return false
}

func (e *evaluation) allAttributes(a alternative, attributes map[string]Attribute, decoded map[string]any) bool {
	for i := range a {
		v, known := decoded[a[i].path]
		if !known {
			v = attributeValue(attributes, a[i].path)
			decoded[a[i].path] = v
		}
		if !e.holds(&a[i], v) {
			return false
		}
	}
	return true
}

// absent is the value of what is not there: an array without elements.
func absent() any { return []any(nil) }

// attributeValue is the JSON value of an attribute. Those of type Binary are ignored, and arrays that are none.
func attributeValue(attributes map[string]Attribute, name string) any {
	a, ok := attributes[name]
	if !ok {
		return absent()
	}
	base, rest, _ := strings.Cut(a.Type, ".")
	switch {
	case base == "Binary":
		return absent()
	case rest == "Array":
		v, ok := decode(a.Value)
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
func (p *Policy) matchBody(e *evaluation, body string) bool {
	v, ok := decode(body)
	root, isObject := v.(map[string]any)
	if !ok || !isObject || len(root) == 0 {
		return false
	}
	for _, a := range p.alternatives {
		if e.all(a, root) {
			return true
		}
	}
	return false
}

// all reports whether all conditions hold, with paths that begin at v. Each value of a body is reached on one way only, so no condition
// looks at one twice.
func (e *evaluation) all(conditions []condition, v any) bool {
	if !e.spend() {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		return e.allOfObject(conditions, v)
	case []any:
		branches := false
		for _, item := range v {
			if isBranch(item) {
				if e.all(conditions, item) {
					return true
				}
				branches = true
			} else if !e.spend() {
				return false
			}
		}
		if branches {
			return false
		}
	}
	for i := range conditions {
		if !e.holds(&conditions[i], absent()) {
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
func (e *evaluation) allOfObject(conditions []condition, o map[string]any) bool {
	var steps []step
	for i := range conditions {
		c := &conditions[i]
		ways := e.ways(c.path, o)
		switch {
		case len(ways) == 0:
			if !e.holds(c, absent()) {
				return false
			}
		case len(ways) > 1:
			if !e.anyWay(c, ways, o) {
				return false
			}
		case ways[0] == c.path:
			if !e.holds(c, o[c.path]) {
				return false
			}
		default:
			steps = addStep(steps, ways[0], c)
		}
	}
	for _, s := range steps {
		if !e.all(s.conditions, o[s.name]) {
			return false
		}
	}
	return true
}

// ways are the members that a path may lead to: itself, or what stands before one of its dots and can have members.
func (e *evaluation) ways(path string, o map[string]any) []string {
	var found []string
	for i := 0; i < len(path); i++ {
		if path[i] != '.' {
			continue
		}
		if !e.spend() {
			return nil
		}
		if v, ok := o[path[:i]]; ok && isBranch(v) {
			found = append(found, path[:i])
		}
	}
	if _, ok := o[path]; ok {
		found = append(found, path)
	}
	return found
}

// anyWay is for a condition that names two members of an object, one of them with a dot.
func (e *evaluation) anyWay(c *condition, ways []string, o map[string]any) bool {
	for _, name := range ways {
		if name == c.path {
			if e.holds(c, o[name]) {
				return true
			}
		} else if e.all([]condition{c.within(name)}, o[name]) {
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
func (e *evaluation) holds(c *condition, v any) bool {
	there, matched := e.scan(c, v)
	if matched || there {
		return matched
	}
	for _, t := range c.tests {
		if t == exists(false) {
			return e.work > 0
		}
	}
	return false
}

// scan says whether there is a scalar at all, and whether one matches.
func (e *evaluation) scan(c *condition, v any) (there, matched bool) {
	if !e.spend() {
		return false, false
	}
	switch v := v.(type) {
	case map[string]any:
		return false, false
	case []any:
		for _, item := range v {
			t, m := e.scan(c, item)
			if there = there || t; m {
				return true, true
			}
		}
		return there, false
	}
	scalar := scalarOf(v)
	for _, t := range c.tests {
		if e.spend() && t.match(scalar) {
			return true, true
		}
	}
	return true, false
}

func scalarOf(v any) value {
	switch v := v.(type) {
	case bool:
		return value{boolean, strconv.FormatBool(v)}
	case json.Number:
		return value{number, v.String()}
	case string:
		return value{text, v}
	}
	return value{kind: null}
}
