package filter

import (
	"net/netip"
	"strconv"
	"strings"

	"firn/internal/tree"
)

// A test is one of the values that a policy allows a key. It looks at one value of a message; exists is not tested so. What it costs
// beyond one comparison it spends itself.
type test interface {
	match(m *Message, v *value) bool
}

// compile makes the test of one value in a policy's array.
func compile(n *tree.Node) (test, *Error) {
	switch n.Kind {
	case tree.Array:
		return nil, refuse("Match value must be String, number, true, false, or null")
	case tree.Number:
		return compileNumber(n.Value)
	case tree.Object:
		m, err := only(n)
		if err != nil {
			return nil, err
		}
		return compileOperator(m)
	}
	return equal{n.Value, n.Kind}, nil
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
func only(n *tree.Node) (tree.Member, *Error) {
	switch len(n.Members) {
	case 0:
		return tree.Member{}, refuse("Empty objects are not allowed")
	case 1:
		return n.Members[0], nil
	}
	return tree.Member{}, refuse("Only one key allowed in match expression")
}

func compileOperator(m tree.Member) (test, *Error) {
	switch m.Name {
	case "prefix", "suffix", "equals-ignore-case":
		return compileText(m)
	case "exists":
		if m.Kind != tree.Boolean {
			return nil, refuse("exists match pattern must be either true or false.")
		}
		return exists(m.Value == "true"), nil
	case "anything-but":
		return compileAnythingBut(m)
	case "numeric":
		return compileNumeric(m)
	case "cidr":
		return compileCIDR(m)
	}
	return nil, refuse("Unrecognized match type %s", clip(m.Name))
}

func compileText(m tree.Member) (test, *Error) {
	if m.Kind != tree.Text {
		return nil, refuse("%s match pattern must be a string", m.Name)
	}
	switch m.Name {
	case "prefix":
		return prefix(m.Value), nil
	case "suffix":
		return suffix(m.Value), nil
	}
	return fold(m.Value), nil
}

func compileAnythingBut(m tree.Member) (test, *Error) {
	items := []*tree.Node{m.Node}
	switch m.Kind {
	case tree.Text, tree.Number:
	case tree.Array:
		items = m.Items
	case tree.Object:
		inner, err := only(m.Node)
		if err != nil {
			return nil, err
		}
		if inner.Name != "prefix" && inner.Name != "suffix" {
			return nil, refuse("Unsupported anything-but pattern: %s", clip(inner.Name))
		}
		if inner.Kind == tree.Text && inner.Value == "" {
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
		if item.Kind != tree.Text && item.Kind != tree.Number {
			return nil, refuse("Inside anything but list, start|null|boolean is not supported.")
		}
		if item.Kind != items[0].Kind {
			return nil, refuse("Inside anything but list, either all values are number or string, mixed type is not supported")
		}
		var err *Error
		if but[i], err = compile(item); err != nil {
			return nil, err
		}
	}
	return but, nil
}

func compileCIDR(m tree.Member) (test, *Error) {
	if m.Kind != tree.Text {
		return nil, refuse("prefix match pattern must be a string") // so says SNS
	}
	address, mask, found := strings.Cut(m.Value, "/")
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
	kind  tree.Kind
}

func (t equal) match(m *Message, v *value) bool {
	return v.kind == t.kind && len(v.text) == len(t.value) && m.spendBytes(len(t.value)) && v.text == t.value
}

type prefix string

func (t prefix) match(m *Message, v *value) bool {
	return v.kind == tree.Text && len(v.text) >= len(t) && m.spendBytes(len(t)) && strings.HasPrefix(v.text, string(t))
}

type suffix string

func (t suffix) match(m *Message, v *value) bool {
	return v.kind == tree.Text && len(v.text) >= len(t) && m.spendBytes(len(t)) && strings.HasSuffix(v.text, string(t))
}

// fold is equals-ignore-case.
type fold string

func (t fold) match(m *Message, v *value) bool {
	return v.kind == tree.Text && m.spend(1+foldWork*min(len(v.text), len(t))) && strings.EqualFold(v.text, string(t))
}

type cidr struct{ netip.Prefix }

func (t cidr) match(m *Message, v *value) bool {
	if v.kind != tree.Text || len(v.text) > maxAddress || !m.spend(parseWork) {
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
	return bool(t) && v.kind != tree.Null && (v.kind != tree.Text || v.text != "")
}
