package forward

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// A target is what an endpoint says.
type target struct {
	endpoint string // as it was given, with all secrets
	scheme   string
	hosts    []string // with ports
	user     string
	password string
	path     string // without the slash it begins with
	query    url.Values
	url      *url.URL // without user and password, and with the first host only
}

// A grammar is what the URLs of a protocol look like.
type grammar struct {
	schemes map[string]string // and their default ports
	hosts   int               // how many there may be
	query   []string          // the parameters that there may be; nil for any
}

// parse reads an endpoint. The errors say nothing of what stands in it, for that may be secret.
func (g *grammar) parse(endpoint string) (*target, error) {
	if len(endpoint) > maxEndpoint {
		return nil, fmt.Errorf("the endpoint is longer than %d bytes", maxEndpoint)
	}
	scheme, rest, found := strings.Cut(endpoint, "://")
	port, known := g.schemes[scheme]
	if !found || !known {
		return nil, fmt.Errorf("the endpoint must be a URL that begins with %s", g.list())
	}
	t := &target{endpoint: endpoint, scheme: scheme}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	user, hosts := "", rest[:end]
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		user, hosts = hosts[:at+1], hosts[at+1:]
	}
	// A URL has one host; those that may have more of them have them tried one by one.
	list := strings.Split(hosts, ",")
	if len(list) > g.hosts {
		return nil, fmt.Errorf("the endpoint may name %d hosts at most", g.hosts)
	}
	for i, host := range list {
		u, err := url.Parse(scheme + "://" + user + host + rest[end:])
		if err != nil || u.Hostname() == "" || u.Fragment != "" {
			return nil, errors.New("the endpoint is not a valid URL")
		}
		if u.Port() != "" {
			port = u.Port()
		}
		t.hosts = append(t.hosts, net.JoinHostPort(u.Hostname(), port))
		if i == 0 {
			t.url = u
		}
	}
	return t, t.take(g)
}

// take takes the parts of the URL.
func (t *target) take(g *grammar) error {
	t.user = t.url.User.Username()
	t.password, _ = t.url.User.Password()
	t.url.User = nil
	t.path = strings.TrimPrefix(t.url.Path, "/")
	query, err := url.ParseQuery(t.url.RawQuery)
	if err != nil {
		return errors.New("the endpoint is not a valid URL")
	}
	t.query = query
	for name, values := range query {
		if g.query != nil && (!slices.Contains(g.query, name) || len(values) > 1) {
			return fmt.Errorf("the endpoint may have the parameters %q once each, and no others", g.query)
		}
	}
	for _, s := range []string{t.user, t.password, t.path} {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return errors.New("the endpoint has control characters in it")
		}
	}
	return nil
}

// list names the schemes.
func (g *grammar) list() string {
	var names []string
	for name := range g.schemes {
		names = append(names, name+"://")
	}
	slices.Sort(names)
	return strings.Join(names, " or ")
}

// scrub takes secrets out of an error, which becomes a mere text: a library may have put the whole URL into it.
func (t *target) scrub(err error) error {
	text := err.Error()
	for _, secret := range []string{t.endpoint, t.password, t.token()} {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "****")
			}
		}
	}
	return errors.New(text)
}

// token is a user that has no password, which may be a secret itself.
func (t *target) token() string {
	if t.password == "" {
		return t.user
	}
	return ""
}
