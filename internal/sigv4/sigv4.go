// Package sigv4 verifies and makes AWS Signature Version 4 in the Authorization header, as Amazon Glacier wants it.
//
// A server takes three steps, so that the key can be looked up between them:
//
//	auth, err := sigv4.ParseAuthorization(r.Header.Get("Authorization"))  // form only; tells whose key to look up
//	claim, err := verifier.Check(r, auth, now)                            // everything that needs no key
//	err = claim.Verify(sigv4.SigningKey(secret, auth.Scope), payloadHash) // the signature
//
// After Check a scope has the verifier's region and service and a date within five minutes of now, so at any moment there are
// at most two: a cache of signing keys by access key id and scope stays small, whatever strangers send.
//
// It promises to accept what the Amazon SDKs sign, to compare signatures in constant time, to need memory in proportion to
// the request's header only, and to keep secrets out of its errors; their texts are those of Amazon's front end. It does not
// read bodies (the caller brings the payload's hash), does not look up keys or check session tokens, and knows neither
// presigned URLs nor chunk signatures, which Glacier never had.
//
// Source: "Signing Requests" in the Amazon Glacier developer guide, and "AWS Signature Version 4 for API requests" in the IAM
// user guide. Where these are silent it follows what botocore and aws-sdk-go-v2 do.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"

	// timeFormat is ISO 8601's basic format, the only one for a date that is signed.
	timeFormat = "20060102T150405Z"
	dateFormat = "20060102"
)

// Scope says what a signing key is good for.
type Scope struct {
	Date    string // YYYYMMDD
	Region  string
	Service string
}

// String returns the credential scope as it is signed.
func (s Scope) String() string {
	return s.Date + "/" + s.Region + "/" + s.Service + "/" + terminator
}

// SigningKey derives the key for a scope from the secret access key. It costs four HMACs, and its result is as secret as
// the secret, for as long as the scope lasts.
func SigningKey(secret string, s Scope) [sha256.Size]byte {
	key := mac([]byte("AWS4"+secret), s.Date)
	key = mac(key[:], s.Region)
	key = mac(key[:], s.Service)
	return mac(key[:], terminator)
}

// StringToSign returns what the signature is made over. The time is used in UTC and to the second.
func StringToSign(at time.Time, s Scope, canonicalRequest string) string {
	hash := sha256.Sum256([]byte(canonicalRequest))
	return algorithm + "\n" + at.UTC().Format(timeFormat) + "\n" + s.String() + "\n" + hex.EncodeToString(hash[:])
}

// signature returns the signature over a string to sign, in lower-case hexadecimal digits.
func signature(key [sha256.Size]byte, stringToSign string) string {
	sum := mac(key[:], stringToSign)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, message string) [sha256.Size]byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return [sha256.Size]byte(h.Sum(nil))
}
