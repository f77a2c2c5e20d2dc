package selection

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/bucket"
)

// Limits of an OutputLocation. Those of tags, metadata and grants are S3's.
const (
	maxPrefix   = 512 // bytes
	maxTags     = 10
	maxTagKey   = 128     // characters
	maxTagValue = 256     // characters
	maxMetadata = 2 << 10 // bytes, of all names and values
	maxGrants   = 100
	maxOption   = 4 << 10 // bytes of any other value
)

// A Location is where results are to go, and what is to be kept with them there.
type Location struct {
	Bucket  string
	Prefix  string
	Options bucket.Options // without ContentType
}

// Path is what the keys of a job's objects begin with: the prefix, a slash, the job's id and a slash. Slashes at the end of the prefix
// count as that one.
func (l *Location) Path(id glacier.JobID) string {
	prefix := strings.TrimRight(l.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return prefix + string(id) + "/"
}

func parseLocation(s *glacier.S3Location) (*Location, error) {
	if s == nil {
		return nil, glacier.MissingParameter("s3")
	}
	l := &Location{Bucket: text(s.BucketName), Prefix: text(s.Prefix)}
	if err := l.check(); err != nil {
		return nil, err
	}
	o := &l.Options
	o.CannedACL, o.StorageClass = text(s.CannedACL), text(s.StorageClass)
	if err := oneOf("CannedACL", o.CannedACL, "private", "public-read", "public-read-write", "aws-exec-read",
		"authenticated-read", "bucket-owner-read", "bucket-owner-full-control"); err != nil {
		return nil, err
	}
	if err := oneOf("StorageClass", o.StorageClass, "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA"); err != nil {
		return nil, err
	}
	if o.CannedACL != "" && len(s.AccessControlList) > 0 {
		return nil, invalid("CannedACL and AccessControlList must not be given together.")
	}
	var err error
	if o.Grants, err = parseGrants(s.AccessControlList); err != nil {
		return nil, err
	}
	if err := parseEncryption(s.Encryption, o); err != nil {
		return nil, err
	}
	o.Tags, o.Metadata = s.Tagging, s.UserMetadata
	return l, checkPairs(o)
}

// check holds the name of the bucket and the prefix to their rules.
func (l *Location) check() error {
	switch {
	case l.Bucket == "":
		return glacier.MissingParameter("bucketName")
	case !ValidBucket(l.Bucket):
		return invalid("Invalid BucketName: %.100s. A bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens.", l.Bucket)
	case l.Prefix == "":
		return glacier.MissingParameter("prefix")
	case len(l.Prefix) > maxPrefix:
		return invalid("Invalid Prefix: it has %d bytes, and %d are allowed.", len(l.Prefix), maxPrefix)
	case strings.ContainsFunc(l.Prefix, endsLine):
		// The manifests have a key on each line.
		return invalid("Invalid Prefix: %q. It must not have control characters or line separators.", l.Prefix)
	case strings.TrimSpace(l.Prefix) != l.Prefix:
		// The path is the value of a header, which would lose them.
		return invalid("Invalid Prefix: %q. It must not begin or end with a space.", l.Prefix)
	case !whole(l.Prefix):
		return invalid("Invalid Prefix: %q. It must not have the character U+FFFD, or half of a surrogate pair.", l.Prefix)
	}
	return nil
}

// endsLine reports whether somebody may take a character for the end of a line, or cannot see it at all.
func endsLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// ValidBucket reports whether S3 would take a name for a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, that
// begins and ends with a letter or digit, has no two dots together, and is no IP address.
func ValidBucket(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "..") || strings.Trim(name, ".-") != name {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	_, err := netip.ParseAddr(name)
	return err != nil
}

func parseGrants(list []glacier.Grant) ([]bucket.Grant, error) {
	if len(list) > maxGrants {
		return nil, invalid("Invalid AccessControlList: it has %d grants, and %d are allowed.", len(list), maxGrants)
	}
	var grants []bucket.Grant
	for _, g := range list {
		grant, err := parseGrant(g)
		if err != nil {
			return nil, err
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

// parseGrant wants of the grantee what its type goes by. What else it has does not matter.
func parseGrant(g glacier.Grant) (grant bucket.Grant, err error) {
	if g.Grantee == nil {
		return grant, glacier.MissingParameter("grantee")
	}
	grant.Permission, grant.Type = text(g.Permission), text(g.Grantee.Type)
	var who, name string
	switch grant.Type {
	case "":
		return grant, glacier.MissingParameter("type")
	case "CanonicalUser":
		grant.ID = text(g.Grantee.ID)
		who, name = grant.ID, "id"
	case "AmazonCustomerByEmail":
		grant.Email = text(g.Grantee.EmailAddress)
		who, name = grant.Email, "emailAddress"
	case "Group":
		grant.URI = text(g.Grantee.URI)
		who, name = grant.URI, "uri"
	default:
		return grant, invalid("Invalid Type: %.100s. It must be one of AmazonCustomerByEmail, CanonicalUser, Group.", grant.Type)
	}
	switch {
	case who == "":
		return grant, glacier.MissingParameter(name)
	case len(who) > maxOption:
		return grant, invalid("Invalid Grantee: its %s has more than %d bytes.", name, maxOption)
	case grant.Permission == "":
		return grant, glacier.MissingParameter("permission")
	}
	return grant, oneOf("Permission", grant.Permission, "FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP")
}

func parseEncryption(e *glacier.Encryption, o *bucket.Options) error {
	if e == nil {
		return nil
	}
	o.Encryption, o.KMSKey, o.KMSContext = text(e.EncryptionType), text(e.KMSKeyID), text(e.KMSContext)
	if o.Encryption == "" {
		return glacier.MissingParameter("encryptionType")
	}
	if err := oneOf("EncryptionType", o.Encryption, "aws:kms", "AES256"); err != nil {
		return err
	}
	var context map[string]string
	switch {
	case o.Encryption != "aws:kms" && o.KMSKey != "":
		return invalid("KMSKeyId must not be given with EncryptionType %s.", o.Encryption)
	case o.Encryption != "aws:kms" && o.KMSContext != "":
		return invalid("KMSContext must not be given with EncryptionType %s.", o.Encryption)
	case len(o.KMSKey) > maxOption || len(o.KMSContext) > maxOption:
		return invalid("Invalid Encryption: a value has more than %d bytes.", maxOption)
	case o.KMSContext != "" && (json.Unmarshal([]byte(o.KMSContext), &context) != nil || context == nil):
		return invalid("Invalid KMSContext: %.100s. It must be a JSON object of strings.", o.KMSContext)
	}
	return nil
}

// checkPairs holds tags and metadata to S3's limits.
func checkPairs(o *bucket.Options) error {
	if len(o.Tags) > maxTags {
		return invalid("Invalid Tagging: it has %d tags, and %d are allowed.", len(o.Tags), maxTags)
	}
	for k, v := range o.Tags {
		if k == "" || utf8.RuneCountInString(k) > maxTagKey || utf8.RuneCountInString(v) > maxTagValue {
			return invalid("Invalid Tagging: %.100s. A key has 1 to %d characters, a value at most %d.", k, maxTagKey, maxTagValue)
		}
	}
	size := 0
	for k, v := range o.Metadata {
		size += len(k) + len(v)
	}
	if size > maxMetadata {
		return invalid("Invalid UserMetadata: it has %d bytes, and %d are allowed.", size, maxMetadata)
	}
	return nil
}

// oneOf holds a value that was supplied to its choices.
func oneOf(name, value string, choices ...string) error {
	if value == "" || slices.Contains(choices, value) {
		return nil
	}
	return invalid("Invalid %s: %.100s. It must be one of %s.", name, value, strings.Join(choices, ", "))
}
