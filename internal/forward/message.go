package forward

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"firn/internal/topic"
)

const userAgent = "firn"

// body is what is sent.
func body(m *topic.Outgoing) []byte {
	if m.Raw {
		return []byte(m.Message)
	}
	return m.Envelope
}

// contentType is the type of the body.
func contentType(m *topic.Outgoing) string {
	if m.Raw {
		return "text/plain; charset=UTF-8"
	}
	return "application/json"
}

// A header stands beside the body.
type header struct{ name, value string }

// origin says what the body is.
func origin(m *topic.Outgoing) []header {
	return []header{
		{"Firn-Topic", string(m.Topic)},
		{"Firn-Subscription", string(m.Subscription)},
		{"Firn-Message-Id", m.MessageID},
	}
}

// headers are the origin, the subject, and the attributes by name.
func headers(m *topic.Outgoing) []header {
	all := origin(m)
	if m.Subject != "" {
		all = append(all, header{"Firn-Subject", m.Subject})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		if a := m.Attributes[name]; a.Type != "Binary" && !strings.HasPrefix(a.Type, "Binary.") {
			all = append(all, header{"Firn-Attribute-" + name, a.Value})
		}
	}
	return all
}

// printable tells whether a value can stand in a header that is a line.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// tokenOnly tells whether a name can be that of a header in a line. All that an attribute may have can.
func tokenOnly(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	})
}
