package sigv4

import (
	"fmt"
	"slices"
	"strings"
)

// Authorization is what an Authorization header says. Nothing in it is verified.
type Authorization struct {
	AccessKeyID   string
	Scope         Scope
	SignedHeaders []string // lower case, sorted, without repetition
	Signature     string   // lower case; hexadecimal if it is worth anything
}

// ParseAuthorization reads the value of an Authorization header. The parameters may come in any order, between commas, spaces
// or both. It returns ErrMissing for an empty value, ErrIncomplete for one it cannot read, and ErrInvalid for a credential
// that does not end in aws4_request.
func ParseAuthorization(header string) (Authorization, error) {
	header = strings.TrimSpace(header)
	if header == "" {
		return Authorization{}, &Error{Kind: ErrMissing, Message: "Missing Authentication Token"}
	}
	scheme, list, _ := strings.Cut(header, " ")
	if scheme != algorithm {
		if strings.HasPrefix(scheme, "AWS4-") && !strings.Contains(scheme, "=") {
			return Authorization{}, incomplete(fmt.Sprintf("Unsupported AWS 'algorithm': '%s'.", scheme))
		}
		return Authorization{}, notKeyValue(scheme)
	}
	credential, signedHeaders, signature, err := parameters(header, list)
	if err != nil {
		return Authorization{}, err
	}
	auth := Authorization{SignedHeaders: headerNames(signedHeaders), Signature: strings.ToLower(signature)}
	auth.AccessKeyID, auth.Scope, err = parseCredential(credential)
	if err != nil {
		return Authorization{}, err
	}
	return auth, nil
}

// parameters reads the list after the scheme. header is the whole, for the texts of errors.
func parameters(header, list string) (credential, signedHeaders, signature string, err error) {
	for pair := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return "", "", "", notKeyValue(pair)
		}
		var to *string
		switch name {
		case "Credential":
			to = &credential
		case "SignedHeaders":
			to = &signedHeaders
		case "Signature":
			to = &signature
		default:
			continue
		}
		if *to != "" {
			return "", "", "", incomplete(fmt.Sprintf("Authorization header has more than one '%s' parameter.", name))
		}
		*to = value
	}
	var missing strings.Builder
	for _, p := range [...]struct{ name, value string }{
		{"Credential", credential}, {"Signature", signature}, {"SignedHeaders", signedHeaders},
	} {
		if p.value == "" {
			fmt.Fprintf(&missing, "Authorization header requires '%s' parameter. ", p.name)
		}
	}
	if missing.Len() > 0 {
		return "", "", "", incomplete(missing.String() + hashedHeader(header))
	}
	return credential, signedHeaders, signature, nil
}

// parseCredential reads keyid/date/region/service/aws4_request.
func parseCredential(s string) (accessKeyID string, scope Scope, err error) {
	if strings.Count(s, "/") != 4 {
		return "", Scope{}, incomplete(fmt.Sprintf(
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", s))
	}
	part := strings.Split(s, "/")
	if part[4] != terminator {
		return "", Scope{}, invalid(fmt.Sprintf("Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, part[4]))
	}
	return part[0], Scope{Date: part[1], Region: part[2], Service: part[3]}, nil
}

// headerNames reads the list of signed headers. A name counts once: repeated, it would multiply the work and the memory for
// the header of that name.
func headerNames(list string) []string {
	names := strings.Split(strings.ToLower(list), ";")
	slices.Sort(names)
	return slices.Compact(names)
}

func notKeyValue(pair string) error {
	return incomplete(fmt.Sprintf(
		"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '%s'.", digest(pair)))
}

func hashedHeader(header string) string {
	return "(Hashed with SHA-256 and encoded with Base64) Authorization=" + digest(header)
}
