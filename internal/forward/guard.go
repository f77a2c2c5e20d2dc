package forward

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"firn/internal/topic"
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
	if err != nil || !topic.Public(ap.Addr()) {
		return errPrivate
	}
	return nil
}

// checkHosts refuses addresses that stand in the URL itself.
func (f *Forwarder) checkHosts(t *target) error {
	for _, hostport := range t.hosts {
		host, _, _ := net.SplitHostPort(hostport)
		if ip, err := netip.ParseAddr(host); err == nil && !f.cfg.AllowPrivate && !topic.Public(ip) {
			return errPrivate
		}
	}
	return nil
}
