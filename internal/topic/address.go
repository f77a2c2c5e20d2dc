package topic

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// errPrivate is why an address is not sent to.
var errPrivate = errors.New("the address is not one of the Internet's, and this server does not deliver to others")

// refusePrivate is a net.Dialer's Control: it is asked about the address that
// a name has led to, so no name and no change of it gets around it. What else
// it is handed is not looked at.
func refusePrivate[C any](_, address string, _ C) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if !Public(at.Addr()) {
		return &PermanentError{errPrivate}
	}
	return nil
}

// Public reports whether an address is one that anybody on the Internet could
// reach. Addresses that stand for an IPv4 address are as that one is.
func Public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || !a.IsValid() {
		return false
	}
	for _, p := range reserved() {
		if p.Contains(a) {
			return false
		}
	}
	if inner, ok := embedded(a); ok {
		return Public(inner)
	}
	return true
}

// reserved are ranges that are not the Internet's and that netip has no name
// for.
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{0}), 8),                            // this network
		netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10),                     // behind a carrier's NAT
		netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 0}), 24),                   // protocol assignments
		netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2}), 24),                   // documentation
		netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100}), 24),                // documentation
		netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113}), 24),                 // documentation
		netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18}), 15),                     // benchmarks
		netip.PrefixFrom(netip.AddrFrom4([4]byte{240}), 4),                          // for later, and broadcast
		netip.PrefixFrom(netip.AddrFrom16([16]byte{}), 96),                          // IPv4-compatible, of old
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x01}), 64),                      // discard
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01}), 32),                // Teredo
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8}), 32),    // documentation
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfe, 0xc0}), 10),                // site-local, of old
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b, 0, 1}), 48), // NAT64, local
	}
}

// embedded is the IPv4 address that an IPv6 address stands for, in NAT64 or
// 6to4.
func embedded(a netip.Addr) (netip.Addr, bool) {
	b := a.As16()
	switch {
	case a.Is4():
		return netip.Addr{}, false
	case netip.PrefixFrom(netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b}), 96).Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case b[0] == 0x20 && b[1] == 0x02:
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

// privateHost reports whether a host is named so that it need not be looked up
// to know that it is private.
func privateHost(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && !Public(a)
}
