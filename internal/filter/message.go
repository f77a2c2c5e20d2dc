package filter

// maxWork is the work that may be spent on a message: about a few nanoseconds each.
const maxWork = 1 << 19

// What is done costs so much work. Looking at a value and comparing it cost one each.
const (
	lookupWork = 4    // to look up a member of an object
	stepWork   = 16   // to go into one
	parseWork  = 8    // to parse a number or an address
	slowWork   = 4096 // to parse a number of more digits than strconv has a fast way for

	foldWork = 2 // to compare a byte without regard to case

	bytesPerWork = 32 // of what is hashed or compared byte by byte
)

// A Message is a message that policies are to match, one after another: what is published to all subscriptions of a topic. It decodes
// each of its bodies once, when a policy first asks for it, and has an amount of work for all policies together. It must not be used
// concurrently.
type Message struct {
	attributes map[string]Attribute
	lists      map[string]any // the values of attributes that have been asked for
	bodies     []body         // those that have been asked for: as many as protocols have a text of their own
	work       int
	decodes    int // how often JSON was decoded, for tests
}

// A body is a text and what is in it.
type body struct {
	text string
	root map[string]any // nil if it is no JSON object
}

// NewMessage returns a message with all its work before it. It keeps the attributes, which must not change.
func NewMessage(attributes map[string]Attribute) *Message {
	return &Message{attributes: attributes, work: maxWork}
}

// spend reports whether there was so much work left. Otherwise there is none left.
func (m *Message) spend(n int) bool {
	m.work = max(m.work-n, 0)
	return !m.exhausted()
}

// spendBytes spends what it costs to compare so many bytes.
func (m *Message) spendBytes(n int) bool { return m.spend(n / bytesPerWork) }

func (m *Message) exhausted() bool { return m.work == 0 }

// root is what a body is, nil if that is no object.
func (m *Message) root(text string) map[string]any {
	for i := range m.bodies {
		if m.bodies[i].text == text { // soon said: it is most often the very same
			return m.bodies[i].root
		}
	}
	if !m.spend(len(text) / 2) {
		return nil
	}
	var root map[string]any
	if v, ok := m.decode(text); ok {
		root, _ = v.(map[string]any)
	}
	m.bodies = append(m.bodies, body{text, root})
	return root
}

// decode reads one JSON value and nothing else.
func (m *Message) decode(s string) (v any, ok bool) {
	m.decodes++
	return decode(s)
}

// attribute is the JSON value of an attribute.
func (m *Message) attribute(name string) any {
	if v, known := m.lists[name]; known {
		return v
	}
	a, ok := m.attributes[name]
	if !ok || !m.spend(len(a.Value)/2) {
		return absent()
	}
	v := m.attributeValue(a)
	if m.lists == nil {
		m.lists = make(map[string]any)
	}
	m.lists[name] = v
	return v
}
