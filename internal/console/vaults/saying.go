package vaults

import (
	"fmt"
	"strings"

	"firn/internal/tree"
)

// maxPolicyDepth is how deep the parts of a policy stand in each other at most.
const maxPolicyDepth = 16

// A saying is a statement of a policy in plain words.
type saying struct {
	Title string
	Allow bool
	Who   []string
	What  []string
	Where []string
	When  []string // all of them; none is always
}

// A reader says what policies say.
type reader struct{ account, vault string } // the account's number, and the ARN of the vault that is called this one

// read returns the statements of a policy that has been accepted. What it does
// not know it says as it is written.
func (r reader) read(text string) []saying {
	root, err := tree.Parse(text, maxPolicyDepth)
	if err != nil {
		return nil
	}
	list := part(root, "Statement")
	if list == nil {
		return nil
	}
	nodes := []*tree.Node{list}
	if list.Kind == tree.Array {
		nodes = list.Items
	}
	all := make([]saying, len(nodes))
	for i, n := range nodes {
		all[i] = r.statement(i, n)
	}
	return all
}

func (r reader) statement(i int, n *tree.Node) saying {
	s := saying{Title: fmt.Sprintf("Statement %d", i+1)}
	if sid := part(n, "Sid"); sid != nil && sid.Value != "" {
		s.Title = sid.Value
	}
	if effect := part(n, "Effect"); effect != nil {
		s.Allow = effect.Value == "Allow"
	}
	s.Who = but("Everybody but", part(n, "Principal"), part(n, "NotPrincipal"), r.principals)
	s.What = but("Everything but", part(n, "Action"), part(n, "NotAction"), each(actionWord))
	s.Where = but("Everything but", part(n, "Resource"), part(n, "NotResource"), each(r.resource))
	if conditions := part(n, "Condition"); conditions != nil {
		for _, operator := range conditions.Members {
			for _, key := range operator.Members {
				s.When = append(s.When, conditionWords(operator.Name, key.Name, values(key.Node)))
			}
		}
	}
	return s
}

// but says an element of a statement, or its opposite.
func but(except string, yes, no *tree.Node, say func(*tree.Node) []string) []string {
	if yes != nil {
		return say(yes)
	}
	if no == nil {
		return nil
	}
	return []string{except + " " + strings.Join(say(no), " and ")}
}

// each says a list word by word.
func each(say func(string) string) func(*tree.Node) []string {
	return func(n *tree.Node) []string {
		var all []string
		for _, v := range values(n) {
			all = append(all, say(v))
		}
		return all
	}
}

// principals says whom a statement is about.
func (r reader) principals(n *tree.Node) []string {
	if n.Kind != tree.Object {
		return []string{"everybody"}
	}
	var all []string
	for _, m := range n.Members {
		for _, v := range values(m.Node) {
			if m.Name != "AWS" {
				v = m.Name + " " + v
			} else {
				v = r.principal(v)
			}
			all = append(all, v)
		}
	}
	return all
}

func (r reader) principal(s string) string {
	f := strings.SplitN(s, ":", 6)
	switch {
	case s == "*":
		return "everybody"
	case len(f) == 1:
		return r.accountWords(s)
	case len(f) == 6 && f[5] == "root":
		return r.accountWords(f[4])
	case len(f) == 6 && f[2] == "iam" && strings.HasPrefix(f[5], "user/"):
		return "user " + strings.TrimPrefix(f[5], "user/") + " of " + r.accountWords(f[4])
	}
	return s
}

func (r reader) accountWords(number string) string {
	if number == r.account {
		return "this account"
	}
	return "account " + number
}

func (r reader) resource(s string) string {
	switch s {
	case r.vault:
		return "this vault"
	case "*":
		return "every vault"
	}
	return s
}

// values are the scalars of a node: itself, or those in it.
func values(n *tree.Node) []string {
	if n.Kind != tree.Array {
		return []string{n.Value}
	}
	all := make([]string, len(n.Items))
	for i, item := range n.Items {
		all[i] = item.Value
	}
	return all
}

// part returns the named member of an object, nil if it has none.
func part(n *tree.Node, name string) *tree.Node {
	for _, m := range n.Members {
		if m.Name == name {
			return m.Node
		}
	}
	return nil
}

// conditionWords says one line of a condition, such as "the archive's age in
// days is less than 365".
func conditionWords(operator, key string, values []string) string {
	name := strings.ToLower(operator)
	subject := keyWords(key)
	name, lenient := strings.CutSuffix(name, "ifexists")
	if rest, ok := strings.CutPrefix(name, "foranyvalue:"); ok {
		name, subject = rest, "at least one value of "+subject
	}
	if rest, ok := strings.CutPrefix(name, "forallvalues:"); ok {
		name, subject, lenient = rest, "each value of "+subject, true // of no values, each is
	}
	for i, v := range values {
		if v == "" {
			values[i] = "empty"
		}
	}
	verb, known := verbs()[name]
	if !known {
		return operator + " " + key + " " + strings.Join(values, ", ")
	}
	if name == "null" {
		return subject + nullWords(values)
	}
	joint := " or "
	if rest, ok := strings.CutPrefix(verb, "is not"); ok && len(values) > 1 {
		verb, joint = "is neither"+rest, " nor "
	}
	said := subject + " " + verb + " " + strings.Join(values, joint)
	if lenient {
		said += ", or there is none"
	}
	return said
}

func nullWords(values []string) string {
	if len(values) == 1 && strings.EqualFold(values[0], "false") {
		return " is there"
	}
	if len(values) == 1 {
		return " is not there"
	}
	return " is there or not"
}

// verbs are the operators of conditions, in lower case.
func verbs() map[string]string {
	return map[string]string{
		"stringequals": "is", "stringnotequals": "is not",
		"stringequalsignorecase": "is, in any case,", "stringnotequalsignorecase": "is not, in any case,",
		"stringlike": "is like", "stringnotlike": "is not like",
		"numericequals": "is", "numericnotequals": "is not",
		"numericlessthan": "is less than", "numericlessthanequals": "is at most",
		"numericgreaterthan": "is more than", "numericgreaterthanequals": "is at least",
		"dateequals": "is", "datenotequals": "is not",
		"datelessthan": "is before", "datelessthanequals": "is at the latest",
		"dategreaterthan": "is after", "dategreaterthanequals": "is at the earliest",
		"bool": "is", "binaryequals": "is", "ipaddress": "is in", "notipaddress": "is not in",
		"arnequals": "is like", "arnlike": "is like", "arnnotequals": "is not like", "arnnotlike": "is not like",
		"null": "is not there",
	}
}

// keyWords says what a condition asks for.
func keyWords(key string) string {
	name, tag, tagged := strings.Cut(key, "/")
	name = strings.ToLower(name)
	if tagged && name == "glacier:resourcetag" {
		return "the vault's tag " + tag
	}
	if words, ok := map[string]string{
		"glacier:archiveageindays": "the archive's age in days",
		"aws:currenttime":          "the time",
		"aws:epochtime":            "the time, in seconds since 1970,",
		"aws:sourceip":             "the caller's address",
		"aws:securetransport":      "whether the caller uses TLS",
		"aws:useragent":            "the caller's program",
		"aws:principalarn":         "the caller's ARN",
		"aws:principalaccount":     "the caller's account",
		"aws:username":             "the caller's user name",
		"aws:userid":               "the caller's id",
		"aws:requestedregion":      "the region",
		"aws:resourceaccount":      "the vault's account",
	}[name]; ok && !tagged {
		return words
	}
	return key
}
