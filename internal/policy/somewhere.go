package policy

import "strings"

// Somewhere reports whether some statement allows an action on a thing of the action's service, whichever it is and under whatever
// conditions, and none forbids it without conditions where all is, a resource that stands for all of its kind because no thing has
// that name. It decides about no request: it is for what is offered before it is known what it will be done to.
func (p *Policy) Somewhere(action, all string) (allowed, barred bool) {
	action = strings.ToLower(action)
	service, _, _ := strings.Cut(action, ":")
	e := &evaluation{request: &Request{Resource: all}, work: maxWork}
	for i := range p.statements {
		s := &p.statements[i]
		switch {
		case s.matchesAction(action, e) == s.notAction:
		case s.allow:
			allowed = allowed || s.reaches(service)
		case len(s.conditions) == 0 && !s.notResource && s.matchesResource(e):
			barred = true
		}
	}
	if e.work < 0 {
		return false, true
	}
	return allowed, barred
}

// reaches reports whether the statement is about a thing of a service.
func (s *statement) reaches(service string) bool {
	if s.notResource {
		return true
	}
	for i := range s.resources {
		// A pattern that is not * names the service, in its third part.
		if parts := strings.SplitN(s.resources[i].whole.text, ":", 4); len(parts) < 4 || parts[2] == service {
			return true
		}
	}
	return false
}
