package iam

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"firn/internal/awsapi"
)

// Limits of IAM's.
const (
	maxName     = 128 // bytes of any name; access has the rest to say
	maxARN      = 2048
	maxItems    = 1000
	defaultPage = 100
)

// params are the parameters of an action, each of them checked for its form.
type params map[string]string

// parametersOf takes the parameters of an action from a form. What is wrong
// with the first in alphabetical order is told. As far as it knows them the
// parameters are returned with an error, too, for the trail.
func parametersOf(a *action, form url.Values) (params, error) {
	p := params{}
	for name, values := range form {
		if a.knows(name) {
			p[name] = values[0]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		switch values := form[name]; {
		case name == "Action" || name == "Version":
		case !a.knows(name):
			return p, refuse(InvalidInput, "%s has no parameter %s here.", a.name, name)
		case len(values) > 1:
			return p, refuse(InvalidInput, "The parameter %s was given more than once.", name)
		default:
			if err := check(name, values[0]); err != nil {
				return p, err
			}
		}
	}
	for name := range strings.FieldsSeq(a.needs) {
		if _, ok := p[name]; !ok {
			return p, refuse(MissingParameter, "The request must contain the parameter %s.", name)
		}
	}
	return p, nil
}

// check refuses a value that its parameter cannot have.
func check(name, value string) error {
	bad := func(what string) error {
		return refuse(InvalidInput, "1 validation error detected: Value at '%s' failed to satisfy constraint: %s", camel(name), what)
	}
	oneOf := func(allowed ...string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		return bad("Member must satisfy enum value set: [" + strings.Join(allowed, ", ") + "]")
	}
	if value == "" {
		return bad("Member must have length greater than or equal to 1")
	}
	switch name {
	case "UserName", "PolicyName":
		return checkName(name, value)
	case "AccessKeyId", "VersionId":
		return checkLength(name, value, maxName)
	case "PolicyArn":
		if !strings.HasPrefix(value, "arn:") {
			return refuse(InvalidInput, "Invalid ARN: Could not be parsed!")
		}
		return checkLength(name, value, maxARN)
	case "Status":
		return oneOf(active, inactive)
	case "Scope":
		return oneOf("All", "AWS", "Local")
	case "OnlyAttached":
		return oneOf("true", "false")
	case "PolicyUsageFilter":
		return oneOf("PermissionsPolicy", "PermissionsBoundary")
	case "Path":
		if value != "/" {
			return bad("Firn has no paths but /")
		}
	case "PathPrefix":
		if value[0] != '/' {
			return bad("Member must begin with /")
		}
	case "MaxItems":
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > maxItems {
			return bad("Member must be between 1 and " + strconv.Itoa(maxItems))
		}
	case "Marker":
		if _, ok := awsapi.ReadToken(value); !ok || len(value) > 2*maxName {
			return refuse(InvalidInput, "Invalid Marker.")
		}
	}
	return nil
}

// checkName refuses what could never name a user or a policy.
func checkName(name, value string) error {
	const signs = "+=,.@_-"
	for _, c := range []byte(value) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(signs, c) >= 0:
		default:
			return refuse(InvalidInput,
				"The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: %s", camel(name), signs)
		}
	}
	return checkLength(name, value, maxName)
}

func checkLength(name, value string, most int) error {
	if len(value) > most {
		return refuse(InvalidInput,
			"1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", camel(name), most)
	}
	return nil
}

// camel is a parameter's name in messages.
func camel(name string) string { return awsapi.Camel(name) }

// A page is the part of a list that was asked for.
type page struct {
	after string
	limit int
}

func (c *call) page() page {
	p := page{limit: defaultPage}
	if n, err := strconv.Atoi(c.params["MaxItems"]); err == nil {
		p.limit = n
	}
	p.after, _ = awsapi.ReadToken(c.params["Marker"])
	return p
}

// cut returns the page of a list that is sorted by name, and how to go on.
func cut[T any](list []T, p page, name func(T) string) ([]T, Truncation) {
	from := 0
	for from < len(list) && name(list[from]) <= p.after && p.after != "" {
		from++
	}
	list = list[from:]
	if len(list) <= p.limit {
		return list, Truncation{}
	}
	last := name(list[p.limit-1])
	return list[:p.limit], Truncation{IsTruncated: true, Marker: awsapi.NewToken(last)}
}
