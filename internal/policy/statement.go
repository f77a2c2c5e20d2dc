package policy

import (
	"fmt"
	"strings"

	"firn/internal/tree"
)

// A statement is one rule of a policy. It applies to a request if principals, actions, resources and conditions all match.
type statement struct {
	sid         string
	title       string // for errors and logs
	allow       bool
	principals  *principals // nil in identity policies
	actions     []glob      // in lower case
	notAction   bool
	resources   []arnPattern
	notResource bool
	conditions  []condition
}

// parse fills s in from n. sid is set before anything can fail.
func (s *statement) parse(kind Kind, variables bool, n *tree.Node) *SyntaxError {
	if n.Kind != tree.Object {
		return refuse("", "must be an object, not %s", n.Kind)
	}
	if err := s.parseSid(kind, member(n, "Sid")); err != nil {
		return err
	}
	err := only("", n, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if err != nil {
		return err
	}
	if err := s.parseEffect(member(n, "Effect")); err != nil {
		return err
	}
	if err := s.parsePrincipal(kind, n); err != nil {
		return err
	}
	if err := s.parseAction(kind, n); err != nil {
		return err
	}
	if err := s.parseResource(variables, n); err != nil {
		return err
	}
	s.conditions, err = parseConditions(kind, variables, member(n, "Condition"))
	return err
}

// name gives the statement its title.
func (s *statement) name(i int) {
	if s.title = clip(s.sid); s.sid == "" {
		s.title = fmt.Sprintf("statement %d", i+1)
	}
}

// place is how errors name the statement.
func (s *statement) place(i int) string {
	if s.sid == "" {
		return fmt.Sprintf("statement %d", i+1)
	}
	return fmt.Sprintf("statement %d (%s)", i+1, clip(s.sid))
}

func (s *statement) parseSid(kind Kind, n *tree.Node) *SyntaxError {
	if n == nil {
		return nil
	}
	if n.Kind != tree.Text {
		return refuse("Sid", "must be a string, not %s", n.Kind)
	}
	if kind == Identity && strings.Trim(n.Value, alphanumeric) != "" {
		return refuse("Sid", "%s may have letters and digits only", quote(n.Value))
	}
	s.sid = n.Value
	return nil
}

func (s *statement) parseEffect(n *tree.Node) *SyntaxError {
	switch {
	case n == nil:
		return refuse("", "the element Effect is missing")
	case n.Kind == tree.Text && n.Value == "Allow":
		s.allow = true
	case n.Kind == tree.Text && n.Value == "Deny":
		s.allow = false
	case n.Kind == tree.Text:
		return refuse("Effect", "must be Allow or Deny, not %s", quote(n.Value))
	default:
		return refuse("Effect", "must be Allow or Deny, not %s", n.Kind)
	}
	return nil
}

func (s *statement) parsePrincipal(kind Kind, n *tree.Node) *SyntaxError {
	element, value, not, err := oneOf(n, "Principal")
	if err != nil && (kind != Identity || value != nil) {
		return err
	}
	if kind == Identity {
		if value != nil {
			return refuse(element, "the policy of a user must not have it")
		}
		return nil
	}
	s.principals, err = parsePrincipals(element, value)
	if err != nil {
		return err
	}
	s.principals.not = not
	return nil
}

func (s *statement) parseAction(kind Kind, n *tree.Node) *SyntaxError {
	element, value, not, err := oneOf(n, "Action")
	if err != nil {
		return err
	}
	list, err := texts(element, value)
	if err != nil {
		return err
	}
	s.notAction, s.actions = not, make([]glob, len(list))
	for i, action := range list {
		if s.actions[i], err = parseAction(kind, element, action); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) parseResource(variables bool, n *tree.Node) *SyntaxError {
	element, value, not, err := oneOf(n, "Resource")
	if err != nil {
		return err
	}
	list, err := texts(element, value)
	if err != nil {
		return err
	}
	s.notResource, s.resources = not, make([]arnPattern, len(list))
	for i, resource := range list {
		if s.resources[i], err = parseARNPattern(variables, element, resource); err != nil {
			return err
		}
	}
	return nil
}

// oneOf returns the element with that name or the one with Not before it. It is an error if there is neither, and, with a value, if
// there are both.
func oneOf(n *tree.Node, name string) (element string, value *tree.Node, not bool, err *SyntaxError) {
	yes, no := member(n, name), member(n, "Not"+name)
	switch {
	case yes != nil && no != nil:
		return name, yes, false, refuse("", "has both %s and Not%s, and may have one", name, name)
	case yes != nil:
		return name, yes, false, nil
	case no != nil:
		return "Not" + name, no, true, nil
	}
	return name, nil, false, refuse("", "the element %s is missing", name)
}
