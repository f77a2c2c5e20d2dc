package glacier

import "time"

// LockWindow is how long a vault lock can be tried before it is completed.
const LockWindow = 24 * time.Hour

// Limits of the API. Sizes are bytes.
const (
	KiB = 1 << 10
	MiB = 1 << 20
	GiB = 1 << 30

	MaxVaults            = 1000 // per account and region
	MaxVaultNameLength   = 255
	MaxDescriptionLength = 1024 // of archives and of jobs, each byte 0x20 to 0x7E

	MaxArchiveIDLength   = 256 // of ids that come from elsewhere
	MaxUploadTokenLength = 64

	MaxUploadSize  = 4 * GiB // of one UploadArchive, inclusive
	MinPartSize    = 1 * MiB
	MaxPartSize    = 4 * GiB
	MaxParts       = 10_000
	MaxArchiveSize = MaxParts * MaxPartSize

	MaxTags           = 50 // per vault
	MaxTagsPerRequest = 10
	MaxTagKeyLength   = 128 // characters
	MaxTagValueLength = 255 // characters

	MaxVaultPage = 10 // ListVaults
	MaxPage      = 50 // the other three listings

	MaxPolicyLength = 20 * KiB // of a vault's access policy or lock policy, in bytes
	MaxCapacity     = 2        // provisioned units per account

	// ArchiveOverhead is added to an archive's size in a vault's SizeInBytes.
	ArchiveOverhead = 32 * 1024

	// MaxDocument bounds the JSON body of any request.
	MaxDocument = 256 * 1024
)

// ValidDescription reports whether s may describe an archive or a job:
// at most 1,024 bytes, each from 0x20 to 0x7E.
func ValidDescription(s string) bool {
	if len(s) > MaxDescriptionLength {
		return false
	}
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// ValidPartSize reports whether n is a power of two from 1 MiB to 4 GiB.
func ValidPartSize(n int64) bool {
	return n >= MinPartSize && n <= MaxPartSize && n&(n-1) == 0
}
