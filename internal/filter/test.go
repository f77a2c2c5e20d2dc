package filter

import (
	"net/netip"
	"strconv"
	"strings"
)

// A test is one of the values that a policy allows a key. It looks at one value of a message; exists is not tested so. What it costs
// beyond one comparison it spends itself.
type test interface {
	match(m *Message, v *value) bool
}

// compile makes the test of one value in a policy's array.
func compile(n *node) (test, *Error) {
	switch n.kind {
	case array:
		return nil, refuse("Match value must be String, number, true, false, or null")
	case number:
		return compileNumber(n.value)
	case object:
		m, err := only(n)
		if err != nil {
			return nil, err
		}
		return compileOperator(m)
	}
	return equal{n.value, n.kind}, nil
}

// compileNumber makes the test of a plain number.
func compileNumber(s string) (test, *Error) {
	d, ok := parseDecimal(s)
	if !ok {
		return nil, outOfRange()
	}
	return bounds{d, d}, nil
}

func outOfRange() *Error { return refuse("Value must be between -1.0E9 and 1.0E9, inclusive") }

// only returns the one member of an object.
func only(n *node) (member, *Error) {
	switch len(n.members) {
	case 0:
		return member{}, refuse("Empty objects are not allowed")
	case 1:
		return n.members[0], nil
	}
	return member{}, refuse("Only one key allowed in match expression")
}

func compileOperator(m member) (test, *Error) {
	switch m.name {
	case "prefix", "suffix", "equals-ignore-case":
		return compileText(m)
	case "exists":
		if m.kind != boolean {
			return nil, refuse("exists match pattern must be either true or false.")
		}
		return exists(m.value == "true"), nil
	case "anything-but":
		return compileAnythingBut(m)
	case "numeric":
		return compileNumeric(m)
	case "cidr":
		return compileCIDR(m)
	}
	return nil, refuse("Unrecognized match type %s", clip(m.name))
}

func compileText(m member) (test, *Error) {
	if m.kind != text {
		return nil, refuse("%s match pattern must be a string", m.name)
	}
	switch m.name {
	case "prefix":
		return prefix(m.value), nil
	case "suffix":
		return suffix(m.value), nil
	}
	return fold(m.value), nil
}

func compileAnythingBut(m member) (test, *Error) {
	items := []*node{m.node}
	switch m.kind {
	case text, number:
	case array:
		items = m.items
	case object:
		inner, err := only(m.node)
		if err != nil {
			return nil, err
		}
		if inner.name != "prefix" && inner.name != "suffix" {
			return nil, refuse("Unsupported anything-but pattern: %s", clip(inner.name))
		}
		if inner.kind == text && inner.value == "" {
			return nil, refuse("Null prefix/suffix not allowed")
		}
		t, err := compileText(inner)
		return anythingBut{t}, err
	default:
		return nil, refuse("Value of anything-but must be an array or single string/number value.")
	}
	if len(items) == 0 {
		return nil, refuse("Empty arrays are not allowed")
	}
	but := make(anythingBut, len(items))
	for i, item := range items {
		if item.kind != text && item.kind != number {
			return nil, refuse("Inside anything but list, start|null|boolean is not supported.")
		}
		if item.kind != items[0].kind {
			return nil, refuse("Inside anything but list, either all values are number or string, mixed type is not supported")
		}
		var err *Error
		if but[i], err = compile(item); err != nil {
			return nil, err
		}
	}
	return but, nil
}

func compileCIDR(m member) (test, *Error) {
	if m.kind != text {
		return nil, refuse("prefix match pattern must be a string") // so says SNS
	}
	address, mask, found := strings.Cut(m.value, "/")
	if !found || strings.Contains(mask, "/") {
		return nil, refuse("Malformed CIDR, one '/' required")
	}
	bits, err := strconv.Atoi(mask)
	if err != nil {
		return nil, refuse("Malformed CIDR, mask bits must be an integer")
	}
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Zone() != "" {
		return nil, refuse("Nonstandard IP address: %s", clip(address))
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return nil, refuse("Malformed CIDR, mask bits must be between 0 and %d", ip.BitLen())
	}
	return cidr{network}, nil
}

// maxAddress is the longest text of an address without a zone, which no network contains: an IPv6 one that ends like an IPv4 one.
const maxAddress = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

// equal is null, a boolean or a text.
type equal struct {
	value string
	kind  nodeKind
}

func (t equal) match(m *Message, v *value) bool {
	return v.kind == t.kind && len(v.text) == len(t.value) && m.spendBytes(len(t.value)) && v.text == t.value
}

type prefix string

func (t prefix) match(m *Message, v *value) bool {
	return v.kind == text && len(v.text) >= len(t) && m.spendBytes(len(t)) && strings.HasPrefix(v.text, string(t))
}

type suffix string

func (t suffix) match(m *Message, v *value) bool {
	return v.kind == text && len(v.text) >= len(t) && m.spendBytes(len(t)) && strings.HasSuffix(v.text, string(t))
}

// fold is equals-ignore-case.
type fold string

func (t fold) match(m *Message, v *value) bool {
	return v.kind == text && m.spend(1+foldWork*min(len(v.text), len(t))) && strings.EqualFold(v.text, string(t))
}

type cidr struct{ netip.Prefix }

func (t cidr) match(m *Message, v *value) bool {
	if v.kind != text || len(v.text) > maxAddress || !m.spend(parseWork) {
		return false
	}
	ip, err := netip.ParseAddr(v.text)
	return err == nil && t.Contains(ip)
}

// anythingBut matches what none of its tests does.
type anythingBut []test

func (t anythingBut) match(m *Message, v *value) bool {
	for _, but := range t {
		if !m.spend(1) || but.match(m, v) {
			return false
		}
	}
	return true
}

// exists is true or false as in the policy.
type exists bool

func (t exists) match(_ *Message, v *value) bool {
	return bool(t) && v.kind != null && (v.kind != text || v.text != "")
}
