package glacier

import "fmt"

// An AccountID is a customer's number: twelve decimal digits.
type AccountID string

// CallersAccount stands in a request's path for the account that signed it.
const CallersAccount AccountID = "-"

// Valid reports whether the id is twelve digits.
func (id AccountID) Valid() bool {
	if len(id) != 12 {
		return false
	}
	for _, c := range []byte(id) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// A VaultName names a vault within an account and region. It is case-sensitive.
type VaultName string

// Valid reports whether the name is 1 to 255 of A–Z a–z 0–9 _ - and dot.
// The names "." and ".." are valid.
func (n VaultName) Valid() bool {
	if len(n) == 0 || len(n) > MaxVaultNameLength {
		return false
	}
	for _, c := range []byte(n) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}

// An ArchiveID names an archive for ever. Like all ids it is opaque and
// case-sensitive, of the alphabet A–Z a–z 0–9 _ and -; the ones Firn makes
// never begin with a hyphen. It has 138 characters.
type ArchiveID string

// Valid reports whether the id could name an archive of any service with this
// API: 1 to 256 of its alphabet. The first may be a hyphen.
func (id ArchiveID) Valid() bool { return opaque(string(id), MaxArchiveIDLength) }

// An UploadToken is what a client calls an upload by, so that sent again it is
// known to be the same: 1 to 64 of the alphabet of ids.
type UploadToken string

// Valid reports whether the token is of its alphabet and length.
func (t UploadToken) Valid() bool { return opaque(string(t), MaxUploadTokenLength) }

// opaque reports whether s has 1 to most characters, all of the alphabet of ids.
func opaque(s string, most int) bool {
	if len(s) == 0 || len(s) > most {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// An UploadID names a multipart upload. It has 92 characters.
type UploadID string

// A LockID names a vault lock that is in progress. It has 24 characters.
type LockID string

// A JobID names a job. It has 92 characters.
type JobID string

// An ARN is an Amazon resource name.
type ARN string

// VaultARN is the resource name of a vault.
func VaultARN(region string, account AccountID, name VaultName) ARN {
	return ARN(fmt.Sprintf("arn:aws:glacier:%s:%s:vaults/%s", region, account, name))
}

// RetrievalPolicyARN is the resource name of an account's data retrieval
// policy.
func RetrievalPolicyARN(region string, account AccountID) ARN {
	return ARN(fmt.Sprintf("arn:aws:glacier:%s:%s:policies/retrieval-limit-policy", region, account))
}

// CapacityARN stands for an account's provisioned capacity, which has no
// resource name of its own.
func CapacityARN(region string, account AccountID) ARN {
	return ARN(fmt.Sprintf("arn:aws:glacier:%s:%s:provisioned-capacity", region, account))
}
