package bucket

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// headers are Options as S3 has them in its requests. A nil string is left out.
type headers struct {
	contentType, key, context, tags *string
	fullControl, read               *string
	readACP, writeACP               *string
	acl                             types.ObjectCannedACL
	encryption                      types.ServerSideEncryption
	class                           types.StorageClass
	metadata                        map[string]string
}

// headers returns the options as S3 has them. Only what would not make a request at all is refused here.
func (o Options) headers() (headers, error) {
	h := headers{
		contentType: optional(o.ContentType),
		key:         optional(o.KMSKey),
		tags:        optional(tagging(o.Tags)),
		acl:         types.ObjectCannedACL(o.CannedACL),
		encryption:  types.ServerSideEncryption(o.Encryption),
		class:       types.StorageClass(o.StorageClass),
		metadata:    o.Metadata,
	}
	if o.KMSContext != "" {
		h.context = optional(base64.StdEncoding.EncodeToString([]byte(o.KMSContext)))
	}
	for _, v := range []string{o.ContentType, o.CannedACL, o.Encryption, o.KMSKey, o.StorageClass} {
		if err := checkValue(v); err != nil {
			return headers{}, err
		}
	}
	if err := checkMetadata(o.Metadata); err != nil {
		return headers{}, err
	}
	return h, h.grant(o.Grants)
}

// checkMetadata refuses names that are no headers, or the same one.
func checkMetadata(metadata map[string]string) error {
	taken := map[string]bool{}
	for k, v := range metadata {
		if k == "" || strings.ContainsFunc(k, notToken) {
			return refusef("metadata cannot have the name %.40q", k)
		}
		name := strings.ToLower(k)
		if taken[name] {
			return refusef("metadata cannot have the name %.40q twice, in whatever case", name)
		}
		taken[name] = true
		if err := checkValue(v); err != nil {
			return err
		}
	}
	return nil
}

// grant sets the headers of the four permissions.
func (h *headers) grant(grants []Grant) error {
	permissions := map[string]**string{
		"FULL_CONTROL": &h.fullControl, "READ": &h.read, "READ_ACP": &h.readACP, "WRITE_ACP": &h.writeACP,
	}
	for _, g := range grants {
		header, ok := permissions[g.Permission]
		if !ok {
			return refusef("an object has no permission %.40q to grant", g.Permission)
		}
		grantee, err := g.grantee()
		if err != nil {
			return err
		}
		if *header != nil {
			grantee = **header + ", " + grantee
		}
		*header = &grantee
	}
	return nil
}

// grantee returns whom the grant is for, in the words of the header.
func (g Grant) grantee() (string, error) {
	for _, who := range []struct{ word, value string }{{"id", g.ID}, {"emailAddress", g.Email}, {"uri", g.URI}} {
		if who.value == "" {
			continue
		}
		if err := checkValue(who.value); err != nil || strings.ContainsAny(who.value, `",`) {
			return "", refusef("a grantee cannot have the %s %.40q", who.word, who.value)
		}
		return fmt.Sprintf(`%s="%s"`, who.word, who.value), nil
	}
	return "", refusef("a grant of %s to nobody", g.Permission)
}

// checkValue refuses what no header can hold.
func checkValue(v string) error {
	if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return refusef("an option has control characters: %.40q", v)
	}
	return nil
}

// notToken reports whether a character cannot be in the name of a header.
func notToken(r rune) bool {
	alnum := '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	return !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// tagging returns tags as the query of a URL, in order. A space is %20, which is read as one by those who do not know of +.
func tagging(tags map[string]string) string {
	pairs := make([]string, 0, len(tags))
	for k, v := range tags {
		pairs = append(pairs, url.QueryEscape(k)+"="+url.QueryEscape(v))
	}
	slices.Sort(pairs)
	return strings.ReplaceAll(strings.Join(pairs, "&"), "+", "%20")
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// put returns the request for a whole object, but for its bytes.
func (h headers) put(bucket, key string) *s3.PutObjectInput {
	return &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, ContentType: h.contentType,
		ACL: h.acl, GrantFullControl: h.fullControl, GrantRead: h.read, GrantReadACP: h.readACP, GrantWriteACP: h.writeACP,
		ServerSideEncryption: h.encryption, SSEKMSKeyId: h.key, SSEKMSEncryptionContext: h.context,
		StorageClass: h.class, Tagging: h.tags, Metadata: h.metadata,
	}
}

// multipart returns the request that begins an object of many parts.
func (h headers) multipart(bucket, key string) *s3.CreateMultipartUploadInput {
	return &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key, ContentType: h.contentType,
		ACL: h.acl, GrantFullControl: h.fullControl, GrantRead: h.read, GrantReadACP: h.readACP, GrantWriteACP: h.writeACP,
		ServerSideEncryption: h.encryption, SSEKMSKeyId: h.key, SSEKMSEncryptionContext: h.context,
		StorageClass: h.class, Tagging: h.tags, Metadata: h.metadata,
	}
}
