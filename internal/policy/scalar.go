package policy

import (
	"cmp"
	"encoding/base64"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// maxScalar is the longest text that can be a number, a date or an address.
const maxScalar = 64

// parseNumber reads a decimal number. It is kept as a float64: integers are exact up to 2⁵³.
func parseNumber(s string) (float64, bool) {
	if s == "" || len(s) > maxScalar || strings.Trim(s, "0123456789.+-eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

type numberTest struct {
	relation relation
	n        float64
}

func (t numberTest) match(value string, _ *evaluation) bool {
	n, ok := parseNumber(value)
	return ok && t.relation.holds(cmp.Compare(n, t.n))
}

// maxEpoch is the end of the year 9999, in seconds since 1970.
const maxEpoch = 253402300799

// parseDate reads the forms of https://www.w3.org/TR/NOTE-datetime, and seconds since 1970.
func parseDate(s string) (time.Time, bool) {
	if s == "" || len(s) > maxScalar {
		return time.Time{}, false
	}
	layout := ""
	switch len(s) {
	case len("2006"):
		layout = "2006"
	case len("2006-01"):
		layout = "2006-01"
	case len("2006-01-02"):
		layout = "2006-01-02"
	}
	if strings.Contains(s, "T") {
		if layout = "2006-01-02T15:04Z07:00"; strings.Count(s, ":") >= 2 && len(s) > 16 && s[16] == ':' {
			layout = "2006-01-02T15:04:05Z07:00" // and decimals, which need no place in it
		}
	}
	if layout != "" {
		if t, err := time.Parse(layout, s); err == nil && !strings.Contains(s, ",") {
			return t, true
		}
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil || len(s) == len("2006") || seconds < -maxEpoch || seconds > maxEpoch {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0), true
}

type dateTest struct {
	relation relation
	t        time.Time
}

func (t dateTest) match(value string, _ *evaluation) bool {
	d, ok := parseDate(value)
	return ok && t.relation.holds(d.Compare(t.t))
}

// parseBool reads true and false, in any case.
func parseBool(s string) (value, ok bool) {
	return strings.EqualFold(s, "true"), strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
}

type boolTest bool

func (t boolTest) match(value string, _ *evaluation) bool {
	b, ok := parseBool(value)
	return ok && b == bool(t)
}

func parseBinary(s string) (string, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return string(b), err == nil && !strings.ContainsAny(s, "\r\n")
}

// parsePrefix reads an address or a range of them. An IPv4 address that is written as an IPv6 one is the IPv4 address.
func parsePrefix(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, ok := parseAddr(s)
		return netip.PrefixFrom(a, a.BitLen()), ok
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	a, bits := p.Addr(), p.Bits()
	if a.Is4In6() && bits >= 96 {
		a, bits = a.Unmap(), bits-96
	}
	return netip.PrefixFrom(a, bits).Masked(), true
}

func parseAddr(s string) (netip.Addr, bool) {
	if len(s) > maxScalar {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Zone() == ""
}

type prefixTest netip.Prefix

func (t prefixTest) match(value string, _ *evaluation) bool {
	a, ok := parseAddr(value)
	return ok && netip.Prefix(t).Contains(a)
}
