package glacier

// SelectParameters is what a select job is asked for: a query, and the forms of
// what it reads and writes. In these documents, too, a nil member was absent or
// null, and is left out when they are encoded again.
type SelectParameters struct {
	Expression          *string              `json:",omitzero"`
	ExpressionType      *string              `json:",omitzero"`
	InputSerialization  *InputSerialization  `json:",omitzero"`
	OutputSerialization *OutputSerialization `json:",omitzero"`
}

// InputSerialization is the form of an archive. Glacier knows csv alone.
type InputSerialization struct {
	CompressionType *string    `json:",omitzero"`
	CSV             *CSVInput  `json:"csv,omitzero"`
	JSON            *JSONInput `json:"json,omitzero"`
}

// CSVInput is how comma-separated values are read.
type CSVInput struct {
	Comments             *string `json:",omitzero"`
	FieldDelimiter       *string `json:",omitzero"`
	FileHeaderInfo       *string `json:",omitzero"`
	QuoteCharacter       *string `json:",omitzero"`
	QuoteEscapeCharacter *string `json:",omitzero"`
	RecordDelimiter      *string `json:",omitzero"`
}

// JSONInput is how JSON documents are read. Glacier has none, S3 Select has.
type JSONInput struct {
	Type *string `json:",omitzero"`
}

// OutputSerialization is the form of a result.
type OutputSerialization struct {
	CSV *CSVOutput `json:"csv,omitzero"`
}

// CSVOutput is how comma-separated values are written.
type CSVOutput struct {
	FieldDelimiter       *string `json:",omitzero"`
	QuoteCharacter       *string `json:",omitzero"`
	QuoteEscapeCharacter *string `json:",omitzero"`
	QuoteFields          *string `json:",omitzero"`
	RecordDelimiter      *string `json:",omitzero"`
}

// OutputLocation is where the results of a select job go.
type OutputLocation struct {
	S3 *S3Location `json:",omitzero"`
}

// S3Location is a place in a bucket, and what is to be kept with the objects
// there.
type S3Location struct {
	AccessControlList []Grant           `json:",omitzero"`
	BucketName        *string           `json:",omitzero"`
	CannedACL         *string           `json:",omitzero"`
	Encryption        *Encryption       `json:",omitzero"`
	Prefix            *string           `json:",omitzero"`
	StorageClass      *string           `json:",omitzero"`
	Tagging           map[string]string `json:",omitzero"`
	UserMetadata      map[string]string `json:",omitzero"`
}

// Encryption is how a bucket is to encrypt an object.
type Encryption struct {
	EncryptionType *string `json:",omitzero"`
	KMSContext     *string `json:",omitzero"`
	KMSKeyID       *string `json:"KMSKeyId,omitzero"`
}

// A Grant gives somebody a permission on an object.
type Grant struct {
	Grantee    *Grantee `json:",omitzero"`
	Permission *string  `json:",omitzero"`
}

// A Grantee is whom a grant is for.
type Grantee struct {
	DisplayName  *string `json:",omitzero"`
	EmailAddress *string `json:",omitzero"`
	ID           *string `json:",omitzero"`
	Type         *string `json:",omitzero"`
	URI          *string `json:",omitzero"`
}
