package policy

import (
	"strings"
	"unicode/utf8"
)

// maxWork is how much an evaluation may do, about one for each byte that it looks at: a hundred times what a policy of MaxSize
// needs for an ordinary request, and some milliseconds.
const maxWork = 4 << 20

// overWork is the Statement of a verdict for which there was too much to do.
const overWork = "work limit exceeded"

// A Principal is who makes a request. It is the root of its account if its ARN says so.
type Principal struct {
	Account string // twelve digits
	ARN     string // "arn:aws:iam::111122223333:root" or "arn:aws:iam::111122223333:user/alice"
}

func (p Principal) isRoot() bool {
	return strings.HasSuffix(p.ARN, ":root") && strings.Count(p.ARN, ":") == arnParts-1
}

// A Request is what policies decide about.
type Request struct {
	Principal Principal
	Action    string // "glacier:UploadArchive", in any case
	Resource  string // an ARN

	// Value returns the values of a condition key, and false if the request's context has no such key. The key is in lower case up
	// to its first "/", and as it is written in the policy from there on: what follows is the key of a tag. The slice is only read.
	// A nil Value is a context without keys.
	Value func(key string) ([]string, bool)
}

// Effect is what a policy does to a request.
type Effect int

// The effects, the stronger the later.
const (
	None  Effect = iota // no statement applies, which is not enough to let a request in
	Allow               // some statement allows it, none denies it
	Deny                // some statement denies it
)

func (e Effect) String() string {
	switch e {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return "None"
}

// A Verdict is what a policy says of a request.
type Verdict struct {
	Effect Effect

	// Direct, of an Allow by a Resource policy, says that some statement grants it to the principal itself or to everybody. If
	// it is false the grant is to the principal's account, which has to hand it on by an identity policy. An Allow by an Identity
	// policy is always direct.
	Direct bool

	Statement string // the Sid of the statement that decided, or "statement 2", counted from 1; for logs
}

// Evaluate returns the verdict on a request. It may be called concurrently. If the request is so long and the policy such that
// finding out is too much work, it is denied.
func (p *Policy) Evaluate(r *Request) Verdict {
	e := evaluation{request: r, work: maxWork}
	return p.evaluate(&e)
}

// An evaluation is the state of one call.
type evaluation struct {
	request *Request
	work    int      // how much may still be done; below 0 it has been too much, and no result counts
	split   []string // the parts of the ARN that patterns are matched with, once one has asked for them
}

// parts returns what stands between the colons of the evaluation's ARN, which is always the same. It may be long, so it is split
// once and not for each pattern.
func (e *evaluation) parts(arn string) []string {
	if e.split == nil && e.spend(len(arn)) {
		e.split = strings.Split(arn, ":")
	}
	return e.split
}

// spend takes n from the work and says whether that much was left.
func (e *evaluation) spend(n int) bool {
	e.work -= n
	return e.work >= 0
}

func (p *Policy) evaluate(e *evaluation) Verdict {
	var verdict Verdict
	action := strings.ToLower(e.request.Action)
	for i := range p.statements {
		s := &p.statements[i]
		if s.allow && verdict.Direct {
			continue // it could not add anything
		}
		applies, direct := s.applies(action, e)
		if e.work < 0 {
			return Verdict{Effect: Deny, Statement: overWork}
		}
		switch {
		case !applies:
		case !s.allow:
			return Verdict{Effect: Deny, Statement: s.title}
		case verdict.Effect == None || direct:
			verdict = Verdict{Effect: Allow, Direct: direct, Statement: s.title}
		}
	}
	return verdict
}

// applies says whether the statement applies to the request, and whether it names the caller itself. The action, which tells most
// statements apart, comes first; what has to ask for values last.
func (s *statement) applies(action string, e *evaluation) (applies, direct bool) {
	if s.matchesAction(action, e) == s.notAction {
		return false, false
	}
	direct = true
	if s.principals != nil {
		if applies, direct = s.principals.apply(e.request.Principal, s.allow, e); !applies {
			return false, false
		}
	}
	if s.matchesResource(e) == s.notResource {
		return false, false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(e) {
			return false, false
		}
	}
	return true, direct
}

func (s *statement) matchesAction(action string, e *evaluation) bool {
	for i := range s.actions {
		if s.actions[i].match(action, e) {
			return true
		}
	}
	return false
}

func (s *statement) matchesResource(e *evaluation) bool {
	for i := range s.resources {
		if s.resources[i].match(e.request.Resource, e) {
			return true
		}
	}
	return false
}

// values returns those of a condition key; none are as good as an absent key.
func (e *evaluation) values(key string) []string {
	if !e.spend(1) || e.request.Value == nil {
		return nil
	}
	values, ok := e.request.Value(key)
	if !ok {
		return nil
	}
	return values
}

// variable returns the text that stands for a variable, and false if nothing can.
func (e *evaluation) variable(v *variable) (string, bool) {
	values := e.values(v.key)
	switch {
	case len(values) == 0:
		return v.fallback, v.hasFallback
	case len(values) > 1 || !utf8.ValidString(values[0]): // other bytes could be taken for wildcards
		return "", false
	}
	return values[0], true
}
