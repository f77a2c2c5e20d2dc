// Package glacier is the language of Firn: the nouns, documents, errors and
// limits of the Amazon Glacier vault API, version 2012-06-01, as they stand
// on the wire. It has no behaviour beyond checking and printing its own
// values.
//
// Documents are Go structs whose fields stand in the byte order of their JSON
// keys, because Glacier sorts the keys of every document it writes, and whose
// absent values are explicit nulls. (The one exception, the inventory, is
// written by another package.) Instants are [Time] and print with exactly
// three fractional digits.
package glacier

// Version is the API version every request names in [HeaderVersion].
const Version = "2012-06-01"

// Service is the service name in the credential scope of a signature.
const Service = "glacier"

// The headers of the API, spelled as Glacier spells them.
const (
	HeaderVersion            = "x-amz-glacier-version"
	HeaderRequestID          = "x-amzn-RequestId"
	HeaderContentSHA256      = "x-amz-content-sha256"
	HeaderTreeHash           = "x-amz-sha256-tree-hash"
	HeaderArchiveDescription = "x-amz-archive-description"
	HeaderArchiveID          = "x-amz-archive-id"
	HeaderArchiveSize        = "x-amz-archive-size"
	HeaderPartSize           = "x-amz-part-size"
	HeaderUploadID           = "x-amz-multipart-upload-id"
	HeaderJobID              = "x-amz-job-id"
	HeaderJobOutputPath      = "x-amz-job-output-path"
	HeaderLockID             = "x-amz-lock-id"
	HeaderCapacityID         = "x-amz-capacity-id"
)

// The headers that Firn has beside those of the API: where an archive comes from
// that is imported; and what makes an upload the same if it is sent again.
const (
	HeaderImportID    = "x-firn-archive-id"
	HeaderImportDate  = "x-firn-creation-date" // RFC 3339
	HeaderUploadToken = "x-firn-upload-token"  // see UploadToken
)
