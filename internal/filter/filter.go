// Package filter is the language of the filter policies that SNS lets a subscription have: it parses a policy, says what is wrong with
// it in SNS's words, and tells which messages pass.
//
// It holds to the pages "Amazon SNS subscription filter policies", "Filter policy constraints", "String value matching", "Numeric value
// matching", "Key matching" and "AND/OR logic" of the SNS Developer Guide. The words of the errors are those that SNS is known to
// answer with; its position in the text (" at [Source: …") is left out.
//
// It promises that parsing and matching end soon, whatever the policy says and whatever was published: a policy is limited in size and in
// what it combines, those that anything-but lists counted, and a message has an amount of work, a few milliseconds of it, that all policies
// together may spend on it. What is counted is what is done: values looked at, comparisons, and the bytes of long ones. When the work is
// used up, every policy with keys lets the message through: too much is better than a loss.
//
// Where the guide is silent or contradicts itself, this package decides so:
//
//   - A policy without keys lets everything pass, a body that is no JSON too.
//   - A message without attributes, or with a body without members, passes no policy that has keys, not even {"exists": false}.
//   - null and the empty string are there, so {"exists": false} does not match them, and empty, so {"exists": true} does not either. An
//     empty array and an object are not there.
//   - anything-but matches an array if any of its elements is another, as the guide's samples say and its prose denies.
//   - A text is never equal to a number, whether it is an attribute of type String or in a body.
//   - The keys of a policy within an array of objects must be matched by one and the same object.
//   - A dot in a key leads into an object, or is part of the name of a member, whichever the body has.
//   - {"anything-but": {"suffix": …}} is understood, which SNS has refused; wildcard, which the guide does not have, is not.
package filter

import (
	"fmt"

	"firn/internal/tree"
)

// MaxSize is the most bytes that the text of a policy may have. SNS allows 256 KiB.
const MaxSize = 64 * 1024

// SNS's limits of a policy.
const (
	maxKeys         = 5   // at the top
	maxCombinations = 150 // see combinations
)

// maxLeaves is the most keys with values that a policy may have, those in $or counted.
const maxLeaves = 150

// Scope says what a policy looks at.
type Scope int

// The scopes.
const (
	MessageAttributes Scope = iota
	MessageBody
)

// An Attribute of a message has a type: String, Number, String.Array or Binary, or one of these with a suffix.
type Attribute struct {
	Type, Value string
}

// A Policy is a policy ready to match. It does not change, and may be used concurrently.
type Policy struct {
	scope        Scope
	alternatives []alternative // one must hold; nil is a policy without keys
}

// An Error says why a policy is refused. SNS puts "Invalid parameter: " before it, or "Invalid parameter: Attributes Reason: " in
// answers to Subscribe, and gives it the code InvalidParameter.
type Error struct {
	Reason string
}

func (e *Error) Error() string { return e.Reason }

func refuse(format string, args ...any) *Error {
	return &Error{"FilterPolicy: " + fmt.Sprintf(format, args...)}
}

// Parse compiles a policy. An error is an *Error.
func Parse(text string, scope Scope) (*Policy, error) {
	p, err := parse(text, scope)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func parse(text string, scope Scope) (*Policy, *Error) {
	root, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	if root.Kind != tree.Object {
		return nil, refuse("Filter is not an object")
	}
	if len(root.Members) > maxKeys {
		return nil, refuse("Filter policy can not have more than %d keys", maxKeys)
	}
	if len(root.Members) == 0 {
		return &Policy{scope: scope}, nil
	}
	if err := check(root); err != nil {
		return nil, err
	}
	if scope == MessageAttributes && nested(root) {
		return nil, &Error{"Filter policy scope MessageAttributes does not support nested filter policy"}
	}
	if leaves(root) > maxLeaves || combinations(root, 1) > maxCombinations {
		return nil, refuse("Filter policy is too complex")
	}
	alternatives, err := expand(root, "", []alternative{nil})
	return &Policy{scope, alternatives}, err
}

// Size is about how many bytes of memory the policy has beside its text.
func (p *Policy) Size() int {
	size := 0
	for _, a := range p.alternatives {
		size += len(a) * conditionSize
	}
	return size
}

// Match tells whether a message passes with that body. It looks at the body only if that is the policy's scope, and at the attributes
// only if they are. It spends the message's work, and if there is none left the message passes.
func (p *Policy) Match(m *Message, body string) bool {
	if p.alternatives == nil {
		return true
	}
	matched := false
	if p.scope == MessageBody {
		matched = p.matchBody(m, body)
	} else {
		matched = p.matchAttributes(m)
	}
	return matched || m.exhausted()
}
