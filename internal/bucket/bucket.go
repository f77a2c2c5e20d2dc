// Package bucket is where the answers of select jobs go: objects under keys, whole or not at all.
//
// A [Bucket] has two implementations, which one suite of tests holds to the same promises. [Directory] keeps objects as files
// below a directory of [internal/disk], under names that a person can read. [S3] sends them to Amazon S3, or to a store that
// speaks its protocol.
//
// Errors tell who must act. One that satisfies errors.Is(err, [ErrDenied]) will come again however often the call is repeated,
// until the caller asks for something else or the operator changes the bucket. [ErrFull] means that space must be made. A context
// that has ended is reported as its own error. Everything else is temporary, as far as anybody knows. No error and no String holds
// a credential.
//
// The package does not list or read objects of S3, keeps no versions, and takes no object apart: what an object means is its
// writer's business.
package bucket

import (
	"context"
	"errors"
	"io"
)

// A Bucket takes objects. It is safe for concurrent use.
//
// A key is 1 to 1,024 bytes of UTF-8. A [Directory] asks a little more: see [CheckKey].
type Bucket interface {
	// Create begins an object. Nothing is visible under key until Commit returns nil; then it is durable, and has replaced the
	// object that had the key. Of two objects of one key that are committed at once, one stays. ctx governs the whole life of the
	// object. Who gets an Object closes it.
	Create(ctx context.Context, key string, o Options) (Object, error)

	// Remove removes an object for good. That there is none is no error.
	Remove(ctx context.Context, key string) error
}

// An Object is being written, by one goroutine at a time.
//
// After an error of Write, the object can only be closed.
type Object interface {
	io.Writer

	// Commit makes the object visible, and durable. It is called once. After an error, the key may have its old object or, if the
	// error came late, the new one; never a part.
	Commit() error

	// Close gives back what the object holds, and without a successful Commit leaves nothing of it; an S3 store is asked to
	// forget what it was sent, and may not have heard. It may be called more than once.
	Close() error
}

// Options are what a store is asked to keep with an object. The values are Amazon's; it is the store that judges them. A
// [Directory] accepts all of them and keeps none.
type Options struct {
	ContentType  string // MIME; "" leaves it to the store
	CannedACL    string // such as bucket-owner-full-control
	Grants       []Grant
	Encryption   string // "", AES256 or aws:kms
	KMSKey       string // with aws:kms: the id or ARN of the key; "" is the store's own
	KMSContext   string // with aws:kms: a JSON object of strings
	StorageClass string
	Tags         map[string]string
	Metadata     map[string]string // without the prefix x-amz-meta-
}

// A Grant gives somebody access to an object. One of ID, Email and URI says whom.
type Grant struct {
	Permission string // FULL_CONTROL, READ, READ_ACP or WRITE_ACP
	Type       string // AmazonCustomerByEmail, CanonicalUser or Group
	ID         string
	Email      string
	URI        string
}

var (
	// ErrDenied is that which repeating does not help.
	ErrDenied = errors.New("the bucket refuses")

	// ErrCredentials is that a store does not accept the credentials: a kind of ErrDenied that the operator mends, and that no other
	// request would avoid.
	ErrCredentials = errors.New("the store does not accept the credentials")

	// ErrFull is that space is lacking: on the device, in a quota, or above the floor of a [Directory].
	ErrFull = errors.New("the bucket is full")
)

// errFinished is what an Object reports that has been committed or closed.
var errFinished = errors.New("the object is finished")

// PutBytes makes data an object.
func PutBytes(ctx context.Context, b Bucket, key string, o Options, data []byte) error {
	object, err := b.Create(ctx, key, o)
	if err != nil {
		return err
	}
	defer object.Close()
	if _, err := object.Write(data); err != nil {
		return err
	}
	return object.Commit()
}
