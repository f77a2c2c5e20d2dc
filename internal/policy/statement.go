package policy

import (
	"fmt"
	"strings"
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
func (s *statement) parse(kind Kind, variables bool, n *node) *SyntaxError {
	if n.kind != object {
		return refuse("", "must be an object, not %s", n.kind)
	}
	if err := s.parseSid(kind, n.member("Sid")); err != nil {
		return err
	}
	err := n.only("", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if err != nil {
		return err
	}
	if err := s.parseEffect(n.member("Effect")); err != nil {
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
	s.conditions, err = parseConditions(kind, variables, n.member("Condition"))
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

func (s *statement) parseSid(kind Kind, n *node) *SyntaxError {
	if n == nil {
		return nil
	}
	if n.kind != text {
		return refuse("Sid", "must be a string, not %s", n.kind)
	}
	if kind == Identity && strings.Trim(n.value, alphanumeric) != "" {
		return refuse("Sid", "%s may have letters and digits only", quote(n.value))
	}
	s.sid = n.value
	return nil
}

func (s *statement) parseEffect(n *node) *SyntaxError {
	switch {
	case n == nil:
		return refuse("", "the element Effect is missing")
	case n.kind == text && n.value == "Allow":
		s.allow = true
	case n.kind == text && n.value == "Deny":
		s.allow = false
	case n.kind == text:
		return refuse("Effect", "must be Allow or Deny, not %s", quote(n.value))
	default:
		return refuse("Effect", "must be Allow or Deny, not %s", n.kind)
	}
	return nil
}

func (s *statement) parsePrincipal(kind Kind, n *node) *SyntaxError {
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

func (s *statement) parseAction(kind Kind, n *node) *SyntaxError {
	element, value, not, err := oneOf(n, "Action")
	if err != nil {
		return err
	}
	list, err := value.strings(element)
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

func (s *statement) parseResource(variables bool, n *node) *SyntaxError {
	element, value, not, err := oneOf(n, "Resource")
	if err != nil {
		return err
	}
	list, err := value.strings(element)
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
func oneOf(n *node, name string) (element string, value *node, not bool, err *SyntaxError) {
	yes, no := n.member(name), n.member("Not"+name)
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
