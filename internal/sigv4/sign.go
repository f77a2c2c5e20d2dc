package sigv4

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Credentials are what a client signs with.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // only with temporary credentials
}

// Sign signs a request that is about to be sent: it sets X-Amz-Date and Authorization, and X-Amz-Security-Token if there is a
// session token, in place of what was there. payloadHash is the hexadecimal SHA-256 of the body; Sign does not set
// x-amz-content-sha256. It signs the host, Content-Type, Content-Range, Range and all x-amz-* and x-firn-* headers, so set these before.
func Sign(r *http.Request, key Credentials, region, service, payloadHash string, at time.Time) {
	at = at.UTC()
	scope := Scope{Date: at.Format(dateFormat), Region: region, Service: service}
	r.Header.Set("X-Amz-Date", at.Format(timeFormat))
	r.Header.Del("X-Amz-Security-Token")
	if key.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", key.SessionToken)
	}
	signed := headersToSign(r.Header)
	toSign := StringToSign(at, scope, CanonicalRequest(r, signed, payloadHash, PathNormalized))
	r.Header.Set("Authorization", algorithm+
		" Credential="+key.AccessKeyID+"/"+scope.String()+
		", SignedHeaders="+strings.Join(signed, ";")+
		", Signature="+signature(SigningKey(key.SecretAccessKey, scope), toSign))
}

// headersToSign names what neither net/http nor a proxy has reason to change.
func headersToSign(h http.Header) []string {
	names := []string{"host"}
	for name := range h {
		name = strings.ToLower(name)
		switch {
		case name == "content-type", name == "content-range", name == "range", strings.HasPrefix(name, "x-amz-"), strings.HasPrefix(name, "x-firn-"):
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
