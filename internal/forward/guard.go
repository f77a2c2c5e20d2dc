package forward

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// keepAlive finds out that the other side is gone without a word.
const keepAlive = 15 * time.Second

// errPrivate does not say which address a name stands for: it is for whoever subscribes.
var errPrivate = errors.New("the endpoint has an address that is not public, and the server does not send to such")

// dialer makes all connections of a Forwarder.
func (f *Forwarder) dialer() *net.Dialer {
	d := &net.Dialer{Timeout: f.cfg.Timeout, KeepAlive: keepAlive}
	if !f.cfg.AllowPrivate {
		d.ControlContext = guard
	}
	return d
}

// guard is called with each address that a name stands for, before it is connected to. The connection, of a type that is nobody's to name
// but the package syscall's, is left alone.
func guard[C any](_ context.Context, _, address string, _ C) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !public(ap.Addr()) {
		return errPrivate
	}
	return nil
}

// checkHosts refuses addresses that stand in the URL itself.
func (f *Forwarder) checkHosts(t *target) error {
	for _, hostport := range t.hosts {
		host, _, _ := net.SplitHostPort(hostport)
		if ip, err := netip.ParseAddr(host); err == nil && !f.cfg.AllowPrivate && !public(ip) {
			return errPrivate
		}
	}
	return nil
}

// special are networks that are not public besides those that netip knows (RFC 6890 and what came after), and those that may lead to
// version 4 addresses that are not.
func special() []string {
	return []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10", "5f00::/16",
	}
}

// public tells whether an address is one of the Internet's.
func public(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, network := range special() {
		if netip.MustParsePrefix(network).Contains(ip) {
			return false
		}
	}
	return true
}
