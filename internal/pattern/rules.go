// Package pattern decides by its name whether a file belongs: the rules of --include, --exclude and --filter.
//
// Rules are tried in order, and the first whose pattern matches the whole name decides. A name that no rule matches is
// included. Names are relative, with slashes. In a pattern
//
//	?     stands for one character that is not a slash
//	*     stands for any characters but slashes, or none
//	**    stands for any characters, slashes included; as a whole component (a/**/b) also for no folder at all (a/b)
//	/x    at the beginning, the slash ties the pattern to the top; without it the pattern may begin at any folder
//	x/    at the end, the slash makes it a pattern of folders: it matches everything below such a folder, and no file x;
//	      without it the pattern is one of files, and matches no folder
//	!x    matches whatever x does not
//
// and every other character stands for itself, brackets and backslashes included. The empty pattern matches everything.
//
// These are the rules of mtglacier, as its manual has them. They differ from rsync's in one thing: it is the name of the
// file that is looked at and not each folder on the way, so that "+/data/a/b -/data/ +" brings /data/a/b. A folder is left
// out of a walk where that changes nothing ([Rules.Prune]).
//
// Matching takes time linear in the name. The package touches no files.
package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Rules are a list of rules, in the order in which they were added. The zero Rules are none: everything is included. They
// may be used concurrently once all have been added.
type Rules struct {
	list []rule
}

// A rule includes or excludes what its pattern matches.
type rule struct {
	include bool
	pattern
}

// Include adds a rule that includes what the pattern matches.
func (r *Rules) Include(pattern string) error { return r.add(true, pattern) }

// Exclude adds a rule that excludes what the pattern matches.
func (r *Rules) Exclude(pattern string) error { return r.add(false, pattern) }

// Filter adds rules as mtglacier's --filter takes them: each a plus or a minus and a pattern without spaces, with spaces
// between them, such as "+*.jpg -/tmp/ -". It adds all or none.
func (r *Rules) Filter(text string) error {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return fmt.Errorf("filter %q has no rule in it; a rule is a + or a - and a pattern", text)
	}
	var added Rules
	for i := 0; i < len(fields); i++ {
		sign, pattern := fields[i][0], fields[i][1:]
		if sign != '+' && sign != '-' {
			return fmt.Errorf("filter %q: %q begins with neither + nor -", text, fields[i])
		}
		// The sign may stand apart from its pattern, which then begins with no sign: that is a rule of its own.
		if pattern == "" && i+1 < len(fields) && fields[i+1][0] != '+' && fields[i+1][0] != '-' {
			i++
			pattern = fields[i]
		}
		if err := added.add(sign == '+', pattern); err != nil {
			return err
		}
	}
	r.list = append(r.list, added.list...)
	return nil
}

func (r *Rules) add(include bool, text string) error {
	p, err := compile(text)
	if err != nil {
		return err
	}
	r.list = append(r.list, rule{include, p})
	return nil
}

// Match reports whether the file of that name is included. The name is relative, with slashes.
func (r *Rules) Match(name string) bool {
	for i := range r.list {
		if r.list[i].match(name) {
			return r.list[i].include
		}
	}
	return true
}

// Prune reports whether it is certain that no file below the folder is included, so that a walk need not go there. The
// folder's name is relative, with slashes and none at the end.
func (r *Rules) Prune(folder string) bool {
	for i := range r.list {
		switch rule := &r.list[i]; {
		case rule.include && rule.some(folder+"/"):
			return false
		case !rule.include && rule.all(folder+"/"):
			return true
		}
	}
	return false
}

// maxPattern bounds a pattern, and with it what is made of it.
const maxPattern = 4096

// A pattern is one pattern, ready to be matched.
type pattern struct {
	re  *regexp.Regexp // of "/" + name
	not bool           // it matches what re does not
	// deep: if re matches a folder with its slash, it matches everything below.
	deep bool
	// top is what every name that re matches begins with, slash in front; empty if that is not known.
	top string
}

// compile reads a pattern.
func compile(text string) (pattern, error) {
	switch {
	case len(text) > maxPattern:
		return pattern{}, fmt.Errorf("pattern %.40q… is longer than %d bytes", text, maxPattern)
	case !utf8.ValidString(text):
		return pattern{}, fmt.Errorf("pattern %q is not UTF-8", text)
	}
	body, not := strings.CutPrefix(text, "!")
	p := pattern{not: not, deep: body == "" || strings.HasSuffix(body, "/") || strings.HasSuffix(body, "**")}
	expr := "(?s)^" + translate(body)
	switch {
	case body == "":
		expr = "" // matches everything
	case !strings.HasPrefix(body, "/"):
		expr = "(?s)(?:^|/)" + translate(body)
	default:
		p.top = body
		if i := strings.IndexAny(body, "*?"); i >= 0 {
			p.top = body[:i]
		}
		if strings.HasPrefix(body[len(p.top):], "**/") {
			p.top = strings.TrimSuffix(p.top, "/") // /a/**/b is also /a/b, and /a is no promise of a slash
		}
	}
	if body != "" && !strings.HasSuffix(body, "/") {
		expr += "$"
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return pattern{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	p.re = re
	return p, nil
}

// translate makes a regular expression of a pattern.
func translate(body string) string {
	var b strings.Builder
	for rest := body; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "/**/"):
			b.WriteString("(?:/|/.*/)")
			for rest = rest[len("/**/"):]; strings.HasPrefix(rest, "**/"); {
				rest = rest[len("**/"):] // a/**/**/b says no more than a/**/b
			}
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[len("**"):]
		case rest[0] == '*':
			b.WriteString("[^/]*")
			rest = rest[1:]
		case rest[0] == '?':
			b.WriteString("[^/]")
			rest = rest[1:]
		default:
			n := 1 + strings.IndexAny(rest[1:]+"*", "/*?")
			b.WriteString(regexp.QuoteMeta(rest[:n]))
			rest = rest[n:]
		}
	}
	return b.String()
}

// match reports whether the pattern matches a name.
func (p *pattern) match(name string) bool {
	return p.re.MatchString("/"+name) != p.not
}

// all reports whether it is certain that the pattern matches every name below a folder, given with a slash at the end.
func (p *pattern) all(folder string) bool {
	if p.not {
		return !p.within(folder)
	}
	return p.deep && p.re.MatchString("/"+folder)
}

// some reports whether the pattern may match a name below a folder.
func (p *pattern) some(folder string) bool {
	if p.not {
		return !(p.deep && p.re.MatchString("/"+folder))
	}
	return p.within(folder)
}

// within is some, of the expression.
func (p *pattern) within(folder string) bool {
	folder = "/" + folder
	return strings.HasPrefix(folder, p.top) || strings.HasPrefix(p.top, folder)
}
