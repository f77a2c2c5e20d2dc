package access

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// A Client is where a request comes from, as conditions ask for it.
type Client struct {
	Addr      netip.Addr // of the client itself, not of a proxy that is trusted; the zero Addr is unknown
	Secure    bool       // it came over TLS
	UserAgent string
	Referer   string
}

// ClientOf finds out where a request comes from. What X-Forwarded-For and
// X-Forwarded-Proto say is believed only of the proxies named: of each, only
// what the next one in line to us has added.
func ClientOf(r *http.Request, proxies []netip.Prefix) Client {
	c := Client{Secure: r.TLS != nil, UserAgent: r.UserAgent(), Referer: r.Referer()}
	c.Addr = parseAddr(r.RemoteAddr)
	if !trusted(c.Addr, proxies) {
		return c
	}
	if hops := list(r.Header, "X-Forwarded-Proto"); len(hops) > 0 {
		c.Secure = strings.EqualFold(hops[len(hops)-1], "https")
	}
	for _, hop := range slices.Backward(list(r.Header, "X-Forwarded-For")) {
		if c.Addr = parseAddr(hop); !trusted(c.Addr, proxies) {
			break
		}
	}
	return c
}

func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// list is the elements of a header that is a list, over all its lines.
func list(h http.Header, name string) []string {
	var all []string
	for _, line := range h.Values(name) {
		for s := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(s))
		}
	}
	return all
}

// parseAddr reads an address with or without a port, the zero Addr if it is
// none. An IPv4 address in the clothes of an IPv6 one is an IPv4 address.
func parseAddr(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
