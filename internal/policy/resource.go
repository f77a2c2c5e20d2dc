package policy

import (
	"slices"
	"strings"
)

// arnParts is how many parts, between colons, an ARN has: arn, partition, service, region, account, and the resource, which may
// have colons of its own.
const arnParts = 6

// An arnPattern is a value of Resource or NotResource. Its parts are matched one by one, but a star at the end of a part reaches
// beyond the colon.
type arnPattern struct {
	whole    glob     // if it is not of wildcards, it stands for the parts as well; stars stand for variables
	parts    []glob   // of wildcards, if there are no variables
	template template // if there are variables
}

func parseARNPattern(variables bool, element, s string) (arnPattern, *SyntaxError) {
	t, err := parseTemplate(element, s, variables, true)
	if err != nil {
		return arnPattern{}, err
	}
	if s != "*" {
		if err := checkARNPattern(element, s, &t); err != nil {
			return arnPattern{}, err
		}
	}
	p := arnPattern{whole: newGlob(t.loose())}
	switch {
	case !t.fixed():
		p.template = t
	case p.whole.form == wildcards:
		p.parts = splitCode(t.codes[0])
	}
	return p, nil
}

// checkARNPattern holds s to the form of an ARN. The service, and what stands before it, must be there; a star that reaches beyond
// a colon may stand for several of the other parts.
func checkARNPattern(element, s string, t *template) *SyntaxError {
	parts := strings.Split(t.codes[0], ":")
	switch {
	case parts[0] != "arn":
		return refuse(element, "%s is neither * nor an ARN", quote(s))
	case !t.fixed() && len(parts) < arnParts:
		return refuse(element, "%s has a variable before the fifth colon", quote(s))
	case len(parts) < 3 || parts[1] == "" || parts[2] == "":
		return refuse(element, "%s names no service", quote(s))
	case wildcardAt(parts[2]) >= 0:
		return refuse(element, "%s has a wildcard in the name of the service", quote(s))
	case len(parts) < arnParts && !slices.ContainsFunc(parts[3:], func(part string) bool { return strings.HasSuffix(part, starred) }):
		return refuse(element, "%s has %d of an ARN's %d parts", quote(s), len(parts), arnParts)
	}
	return nil
}

func splitCode(code string) []glob {
	parts := strings.Split(code, ":")
	globs := make([]glob, len(parts))
	for i, part := range parts {
		globs[i] = newGlob(part)
	}
	return globs
}

func (p *arnPattern) match(arn string, e *evaluation) bool {
	if p.template.fixed() || !p.canMatch(arn, e) {
		return p.mustMatch(arn, e)
	}
	code, ok := p.template.expand(e)
	if !ok {
		return false
	}
	if g := newGlob(code); g.form != wildcards {
		return g.match(arn, e)
	}
	return e.spend(len(code)) && matchParts(splitCode(code), arn, e)
}

// canMatch says whether the pattern might match with some values of its variables.
func (p *arnPattern) canMatch(arn string, e *evaluation) bool {
	if p.template.fixed() {
		return p.mustMatch(arn, e)
	}
	return p.whole.match(arn, e)
}

// mustMatch says whether the pattern matches whatever the values of its variables.
func (p *arnPattern) mustMatch(arn string, e *evaluation) bool {
	switch {
	case !p.template.fixed():
		return false
	case p.parts == nil:
		return p.whole.match(arn, e)
	}
	return matchParts(p.parts, arn, e)
}

// matchParts is to parts what match of a glob is to characters: each part that ends in a star may be followed by any number of
// others, and what stands between two of those goes to the leftmost place.
func matchParts(pattern []glob, arn string, e *evaluation) bool {
	var buf [2 * arnParts]string
	parts := buf[:0]
	for part := range strings.SplitSeq(arn, ":") {
		parts = append(parts, part)
	}
	for first := true; len(pattern) > 0; first = false {
		n := 0
		for n < len(pattern)-1 && !pattern[n].open() {
			n++
		}
		n++
		if len(parts) < n {
			return false
		}
		at := 0
		switch {
		case !pattern[n-1].open():
			return (!first || len(parts) == n) && matchBlock(pattern, parts[len(parts)-n:], e)
		case first && !matchBlock(pattern[:n], parts, e):
			return false
		case !first:
			for !matchBlock(pattern[:n], parts[at:], e) {
				if at++; len(parts)-at < n || e.work < 0 {
					return false
				}
			}
		}
		pattern, parts = pattern[n:], parts[at+n:]
	}
	return true
}

func matchBlock(pattern []glob, parts []string, e *evaluation) bool {
	for i := range pattern {
		if !e.spend(1) || !pattern[i].match(parts[i], e) {
			return false
		}
	}
	return true
}
