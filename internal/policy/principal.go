package policy

import (
	"strings"

	"firn/internal/tree"
)

// accountDigits is the length of an account's number.
const accountDigits = 12

// principals are whom a statement of a resource policy names.
type principals struct {
	not      bool // NotPrincipal
	everyone bool
	accounts []account
	arns     []string // of users, and of what we have no callers of, such as roles
}

// An account is named by its number, or by the ARN of its root, which is the same but for the partition.
type account struct {
	number string
	prefix string // of the ARNs in its partition; empty if any will do
}

func parsePrincipals(element string, n *tree.Node) (*principals, *SyntaxError) {
	p := &principals{}
	if n.Kind == tree.Text && n.Value == "*" {
		p.everyone = true
		return p, nil
	}
	if n.Kind != tree.Object {
		return nil, refuse(element, `must be "*" or an object such as {"AWS": "111122223333"}`)
	}
	if len(n.Members) == 0 {
		return nil, refuse(element, "must not be empty")
	}
	for _, m := range n.Members {
		list, err := texts(element+": "+clip(m.Name), m.Node)
		if err != nil {
			return nil, err
		}
		switch m.Name {
		case "AWS":
			for _, s := range list {
				if err := p.add(element, s); err != nil {
					return nil, err
				}
			}
		case "Service", "Federated", "CanonicalUser": // nobody who calls us is one
		default:
			return nil, refuse(element, "there is no kind of principal %s", quote(m.Name))
		}
	}
	return p, nil
}

func (p *principals) add(element, s string) *SyntaxError {
	parts := strings.SplitN(s, ":", arnParts)
	switch {
	case s == "*":
		p.everyone = true
	case isAccount(s):
		p.accounts = append(p.accounts, account{number: s})
	case strings.ContainsAny(s, "*?"):
		return refuse(element, `%s has a wildcard: only "*" alone, for everybody, may have one`, quote(s))
	case len(parts) < arnParts || parts[0] != "arn" || parts[2] != "iam" && parts[2] != "sts" || parts[3] != "" || parts[5] == "":
		return refuse(element, "%s is neither an account nor the ARN of a principal", quote(s))
	case parts[1] != "aws" && parts[1] != "aws-cn" && parts[1] != "aws-us-gov":
		return refuse(element, "%s has no partition that exists", quote(s))
	case !isAccount(parts[4]):
		return refuse(element, "%s has no account of %d digits", quote(s), accountDigits)
	case parts[5] == "root":
		p.accounts = append(p.accounts, account{number: parts[4], prefix: "arn:" + parts[1] + ":"})
	case !strings.Contains(parts[5], "/"):
		return refuse(element, "%s is neither an account nor the ARN of a principal", quote(s))
	default:
		p.arns = append(p.arns, s)
	}
	return nil
}

func isAccount(s string) bool {
	return len(s) == accountDigits && strings.Trim(s, "0123456789") == ""
}

// apply says whether a statement with these principals applies to the caller, and whether it speaks of the caller itself and not only
// of its account.
func (p *principals) apply(caller Principal, allow bool, e *evaluation) (applies, direct bool) {
	itself, its := p.name(caller, e)
	root := its && caller.isRoot()
	if !p.not {
		return p.everyone || itself || its, p.everyone || itself || root
	}
	if allow {
		return !p.everyone && !itself && !its, true
	}
	// The account is looked at before the user, so a user whose account is not spared is not either.
	return !p.everyone && !root && !(itself && its), true
}

// name says whether the caller's own ARN is among the principals, and whether its account is.
func (p *principals) name(caller Principal, e *evaluation) (itself, its bool) {
	for _, arn := range p.arns {
		if e.spend(len(arn)) && arn == caller.ARN {
			itself = true
			break
		}
	}
	for _, a := range p.accounts {
		if e.spend(1) && a.number == caller.Account && strings.HasPrefix(caller.ARN, a.prefix) {
			its = true
			break
		}
	}
	return itself, its
}
