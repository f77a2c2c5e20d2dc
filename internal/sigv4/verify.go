package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// MaxSkew is how far the date of a request may be from the server's, either way.
const MaxSkew = 5 * time.Minute

// Verifier checks requests to one service in one region. It may be used concurrently.
type Verifier struct {
	Region  string
	Service string
}

// Claim is a request whose signature is the only thing left to check.
type Claim struct {
	Authorization
	request *http.Request
	at      time.Time
}

// Check makes all checks that need no key: the request has a date that can be read and is at most [MaxSkew] from now; the
// credential is for this region and service and the request's day; the host is signed. Errors are ErrIncomplete or
// ErrInvalid. Call it when the headers have arrived: a long body does not make a request late.
func (v Verifier) Check(r *http.Request, auth Authorization, now time.Time) (Claim, error) {
	at, err := requestTime(r.Header)
	if err != nil {
		return Claim{}, err
	}
	if !slices.Contains(auth.SignedHeaders, "host") {
		return Claim{}, invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if err := v.checkScope(auth.Scope, at); err != nil {
		return Claim{}, err
	}
	if err := checkSkew(at, now.UTC().Truncate(time.Second)); err != nil {
		return Claim{}, err
	}
	return Claim{Authorization: auth, request: r, at: at}, nil
}

// Verify checks the signature with the key for the claim's scope. payloadHash is the hexadecimal SHA-256 of the body as the
// client signed it: the value of x-amz-content-sha256 where it is required, which the caller then holds against the body. The
// error is ErrInvalid, and tells what should have been signed.
func (c Claim) Verify(key [sha256.Size]byte, payloadHash string) error {
	canonical := CanonicalRequest(c.request, c.SignedHeaders, payloadHash, PathNormalized)
	toSign := StringToSign(c.at, c.Scope, canonical)
	if c.matches(key, toSign) {
		return nil
	}
	// A path with dots or empty segments may be signed as it was sent.
	if path, _ := target(c.request); normalize(path) != path {
		asSent := CanonicalRequest(c.request, c.SignedHeaders, payloadHash, PathAsSent)
		if c.matches(key, StringToSign(c.at, c.Scope, asSent)) {
			return nil
		}
	}
	return invalid("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n" +
		"The Canonical String for this request should have been\n'" + c.redact(canonical) + "'\n\n" +
		"The String-to-Sign should have been\n'" + toSign + "'\n")
}

func (c Claim) matches(key [sha256.Size]byte, toSign string) bool {
	return hmac.Equal([]byte(c.Signature), []byte(signature(key, toSign)))
}

// redact takes the values of the headers that may hold secrets out of a canonical request.
func (c Claim) redact(canonical string) string {
	for _, name := range [...]string{"authorization", "cookie", "proxy-authorization", "x-amz-security-token"} {
		if !slices.Contains(c.SignedHeaders, name) {
			continue
		}
		_, rest, found := strings.Cut(canonical, "\n"+name+":")
		value, _, _ := strings.Cut(rest, "\n")
		if found && value != "" {
			canonical = strings.Replace(canonical, "\n"+name+":"+value+"\n", "\n"+name+":(not shown)\n", 1)
		}
	}
	return canonical
}

// requestTime returns the date of a request. x-amz-date wins over Date, and what is taken must be in the basic format: a Date
// as HTTP wants it is welcome only beside an x-amz-date.
func requestTime(h http.Header) (time.Time, error) {
	value := h.Get("X-Amz-Date")
	if value == "" {
		value = h.Get("Date")
	}
	if value == "" {
		return time.Time{}, incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " +
			hashedHeader(h.Get("Authorization")))
	}
	// The length, because time.Parse lets a fraction follow the seconds.
	at, err := time.Parse(timeFormat, value)
	if err != nil || len(value) != len(timeFormat) {
		return time.Time{}, incomplete(fmt.Sprintf(
			"Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", value))
	}
	return at, nil
}

// checkScope tells all that is wrong with the scope at once.
func (v Verifier) checkScope(s Scope, at time.Time) error {
	var wrong strings.Builder
	if s.Region != v.Region {
		fmt.Fprintf(&wrong, "Credential should be scoped to a valid region, not '%s'. ", s.Region)
	}
	if s.Service != v.Service {
		fmt.Fprintf(&wrong, "Credential should be scoped to correct service: '%s'. ", v.Service)
	}
	if day := at.Format(dateFormat); s.Date != day {
		fmt.Fprintf(&wrong, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			s.Date, day, at.Format(timeFormat))
	}
	if wrong.Len() > 0 {
		return invalid(wrong.String())
	}
	return nil
}

// checkSkew compares the request's date with the server's.
func checkSkew(at, now time.Time) error {
	const minutes = MaxSkew / time.Minute
	if limit := now.Add(-MaxSkew); at.Before(limit) {
		return invalid(fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)",
			at.Format(timeFormat), limit.Format(timeFormat), now.Format(timeFormat), minutes))
	}
	if limit := now.Add(MaxSkew); at.After(limit) {
		return invalid(fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %d min.)",
			at.Format(timeFormat), limit.Format(timeFormat), now.Format(timeFormat), minutes))
	}
	return nil
}
