// Package policy is the policy language of IAM: it parses a policy, says what is wrong with it, and evaluates it for a request.
//
// It holds to the "IAM JSON policy reference" of the IAM User Guide, for callers with long-term keys. It knows nothing of users
// and vaults: what the request is about is handed over by a Request, and weighing the verdicts of several policies against each
// other is the caller's.
//
// It promises that parsing and evaluating end soon, whatever the policy says and whatever the client sent: a policy is limited
// in size and in depth, and an evaluation has an amount of work that it may do. What exceeds that is denied.
//
// Where the guide is silent or contradicts itself, this package decides so:
//
//   - Names of operators may be written in any case, as those of condition keys; names of elements may not.
//   - Without ForAnyValue or ForAllValues, an operator that meets several values in a request matches if any of them does,
//     and its negation if none does.
//   - IfExists has the last word: ForAnyValue:…IfExists matches if the key is absent.
//   - Values that are all empty are an empty set to ForAnyValue and ForAllValues, and values to everything else.
//   - What cannot be read as the type that an operator compares is not equal to anything, so negated operators match.
//   - Four digits are a year to the Date operators, any other number is seconds since 1970.
//   - In Deny, NotPrincipal spares a user only if the user and its account are both named; in Allow it excludes whoever is
//     named by either.
//   - A wildcard in a Resource stays within its part between two colons, unless it is the last character of that part.
package policy

import (
	"fmt"
	"slices"

	"firn/internal/tree"
)

// Kind says where a policy hangs, which decides what it must and must not say.
type Kind int

// The kinds of policy.
const (
	Identity  Kind = iota // on a user: it names no principal, and may speak of any service
	Resource              // on a vault, as its access policy or its lock: it names principals, and speaks of Glacier alone
	Elsewhere             // on a thing of another service, a topic or a queue: it names principals, and may speak of any service
)

// MaxSize is the most bytes that the text of a policy may have.
const MaxSize = 20 * 1024

// A Policy is a policy ready to be evaluated. It does not change, and may be used concurrently.
type Policy struct {
	kind       Kind
	size       int
	statements []statement
}

// Size is how many bytes the policy's text has. Compiled it takes several times as many, and never much more than
// twelve times.
func (p *Policy) Size() int {
	if p == nil {
		return 0
	}
	return p.size
}

// A SyntaxError says why a policy is refused, in words meant for whoever wrote it.
type SyntaxError struct {
	Statement string // "statement 2", and its Sid in parentheses if it has one; empty if the error is not in one of them
	Element   string // where in the statement or policy, such as "Condition: NumericLessThan"; may be empty
	Reason    string
}

// Error puts the place before the reason.
func (e *SyntaxError) Error() string {
	s := ""
	if e.Statement != "" {
		s += e.Statement + ": "
	}
	if e.Element != "" {
		s += e.Element + ": "
	}
	return s + e.Reason
}

// refuse makes an error that knows its element but not its statement.
func refuse(element, format string, args ...any) *SyntaxError {
	return &SyntaxError{Element: element, Reason: fmt.Sprintf(format, args...)}
}

// Parse compiles a policy. An error is a *SyntaxError, and means that the policy is refused.
func Parse(kind Kind, text string) (*Policy, error) {
	root, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	p, err := parsePolicy(kind, root)
	if err != nil {
		return nil, err
	}
	p.size = len(text)
	return p, nil
}

func parsePolicy(kind Kind, root *tree.Node) (*Policy, *SyntaxError) {
	if root.Kind != tree.Object {
		return nil, refuse("", "a policy is a JSON object, not %s", root.Kind)
	}
	if err := only("", root, "Version", "Id", "Statement"); err != nil {
		return nil, err
	}
	variables, err := parseVersion(root)
	if err != nil {
		return nil, err
	}
	if id := member(root, "Id"); id != nil && id.Kind != tree.Text {
		return nil, refuse("Id", "must be a string, not %s", id.Kind)
	}
	list := member(root, "Statement")
	if list == nil {
		return nil, refuse("", "the element Statement is missing")
	}
	nodes := []*tree.Node{list}
	if list.Kind == tree.Array {
		nodes = list.Items
	}
	if len(nodes) == 0 {
		return nil, refuse("Statement", "must not be empty")
	}
	p := &Policy{kind: kind, statements: make([]statement, len(nodes))}
	for i, n := range nodes {
		if err := p.statements[i].parse(kind, variables, n); err != nil {
			err.Statement = p.statements[i].place(i)
			return nil, err
		}
		p.statements[i].name(i)
	}
	return p, checkSids(kind, p.statements)
}

// parseVersion says whether the policy may have variables.
func parseVersion(root *tree.Node) (bool, *SyntaxError) {
	n := member(root, "Version")
	switch {
	case n == nil:
		return false, nil
	case n.Kind != tree.Text:
		return false, refuse("Version", "must be a string, not %s", n.Kind)
	case n.Value == "2012-10-17":
		return true, nil
	case n.Value == "2008-10-17":
		return false, nil
	}
	return false, refuse("Version", "%s is not a version: use 2012-10-17 or 2008-10-17", quote(n.Value))
}

// checkSids holds identity policies to what IAM asks of theirs. Glacier's own samples have other characters in those of vaults.
func checkSids(kind Kind, statements []statement) *SyntaxError {
	if kind != Identity {
		return nil
	}
	seen := make(map[string]bool)
	for i := range statements {
		sid := statements[i].sid
		if sid != "" && seen[sid] {
			return &SyntaxError{Statement: statements[i].place(i), Element: "Sid", Reason: "another statement has the same"}
		}
		seen[sid] = true
	}
	return nil
}

// Covers returns nil if each statement can apply to the resource, an ARN, and otherwise a *SyntaxError for the first that cannot.
// A variable is taken to have whatever value it needs. It is for policies that hang on that resource, which have no business with
// others.
func (p *Policy) Covers(resource string) error {
	e := &evaluation{work: maxWork}
	for i := range p.statements {
		s := &p.statements[i]
		element, reason := "Resource", "does not name "
		covered := slices.ContainsFunc(s.resources, func(a arnPattern) bool { return a.canMatch(resource, e) })
		if s.notResource {
			element, reason = "NotResource", "leaves out "
			covered = !slices.ContainsFunc(s.resources, func(a arnPattern) bool { return a.mustMatch(resource, e) })
		}
		if !covered || e.work < 0 {
			return &SyntaxError{Statement: s.place(i), Element: element, Reason: reason + resource}
		}
	}
	return nil
}
