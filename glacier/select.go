package glacier

// SelectParameters is what a select job is asked for: a query, and the forms of
// what it reads and writes. In these documents, too, a nil member was absent or
// null.
type SelectParameters struct {
	Expression          *string
	ExpressionType      *string
	InputSerialization  *InputSerialization
	OutputSerialization *OutputSerialization
}

// InputSerialization is the form of an archive. Glacier knows csv alone.
type InputSerialization struct {
	CompressionType *string
	CSV             *CSVInput  `json:"csv"`
	JSON            *JSONInput `json:"json"`
}

// CSVInput is how comma-separated values are read.
type CSVInput struct {
	Comments             *string
	FieldDelimiter       *string
	FileHeaderInfo       *string
	QuoteCharacter       *string
	QuoteEscapeCharacter *string
	RecordDelimiter      *string
}

// JSONInput is how JSON documents are read. Glacier has none, S3 Select has.
type JSONInput struct {
	Type *string
}

// OutputSerialization is the form of a result.
type OutputSerialization struct {
	CSV *CSVOutput `json:"csv"`
}

// CSVOutput is how comma-separated values are written.
type CSVOutput struct {
	FieldDelimiter       *string
	QuoteCharacter       *string
	QuoteEscapeCharacter *string
	QuoteFields          *string
	RecordDelimiter      *string
}

// OutputLocation is where the results of a select job go.
type OutputLocation struct {
	S3 *S3Location
}

// S3Location is a place in a bucket, and what is to be kept with the objects
// there.
type S3Location struct {
	AccessControlList []Grant
	BucketName        *string
	CannedACL         *string
	Encryption        *Encryption
	Prefix            *string
	StorageClass      *string
	Tagging           map[string]string
	UserMetadata      map[string]string
}

// Encryption is how a bucket is to encrypt an object.
type Encryption struct {
	EncryptionType *string
	KMSContext     *string
	KMSKeyID       *string `json:"KMSKeyId"`
}

// A Grant gives somebody a permission on an object.
type Grant struct {
	Grantee    *Grantee
	Permission *string
}

// A Grantee is whom a grant is for.
type Grantee struct {
	DisplayName  *string
	EmailAddress *string
	ID           *string
	Type         *string
	URI          *string
}
