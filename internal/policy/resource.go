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
	whole    glob      // if it is not of wildcards, it stands for the parts as well; stars stand for variables
	template *template // if there are variables
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
	if !t.fixed() {
		p.template = &t
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

func (p *arnPattern) match(arn string, e *evaluation) bool {
	if p.template == nil {
		return matchARN(p.whole, arn, e)
	}
	if !p.whole.match(arn, e) {
		return false
	}
	code, ok := p.template.expand(e)
	if !ok || !e.spend(len(code)) {
		return false
	}
	return matchARN(newGlob(code), arn, e)
}

// canMatch says whether the pattern might match with some values of its variables.
func (p *arnPattern) canMatch(arn string, e *evaluation) bool {
	if p.template == nil {
		return p.mustMatch(arn, e)
	}
	return p.whole.match(arn, e)
}

// mustMatch says whether the pattern matches whatever the values of its variables.
func (p *arnPattern) mustMatch(arn string, e *evaluation) bool {
	return p.template == nil && matchARN(p.whole, arn, e)
}

// matchARN matches by parts if that makes a difference.
func matchARN(g glob, arn string, e *evaluation) bool {
	if !e.spend(1) {
		return false
	}
	if g.form != wildcards {
		return g.match(arn, e)
	}
	return matchParts(g.text, e.parts(arn), e)
}

// matchParts is to parts what match of a glob is to characters: each part that ends in a star may be followed by any number of
// others, and what stands between two of those goes to the leftmost place.
func matchParts(code string, parts []string, e *evaluation) bool {
	if !e.spend(len(code)) {
		return false
	}
	for first := true; ; first = false {
		block, rest, n := cutBlock(code)
		if len(parts) < n {
			return false
		}
		at := 0
		switch {
		case !strings.HasSuffix(block, starred):
			return (!first || len(parts) == n) && matchBlock(block, parts[len(parts)-n:], e)
		case first && !matchBlock(block, parts, e):
			return false
		case !first:
			for !matchBlock(block, parts[at:], e) {
				if at++; len(parts)-at < n || e.work < 0 {
					return false
				}
			}
		}
		if len(block) == len(code) {
			return true
		}
		code, parts = rest, parts[at+n:]
	}
}

// cutBlock cuts the code at the first colon that follows a star. It says how many parts stand before.
func cutBlock(code string) (block, rest string, parts int) {
	parts = 1
	for i := range len(code) {
		switch {
		case code[i] != ':':
		case i > 0 && code[i-1] == star:
			return code[:i], code[i+1:], parts
		default:
			parts++
		}
	}
	return code, "", parts
}

// matchBlock matches each part of the block with the one at its place.
func matchBlock(block string, parts []string, e *evaluation) bool {
	for i, more := 0, true; more; i++ {
		var part string
		part, block, more = strings.Cut(block, ":")
		if !e.spend(1 + len(part)) {
			return false
		}
		if part == parts[i] || part == starred {
			continue // as most do
		}
		if g := newGlob(part); !g.match(parts[i], e) {
			return false
		}
	}
	return true
}
