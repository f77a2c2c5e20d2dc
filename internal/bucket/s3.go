package bucket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	defaultTimeout = time.Minute
	abortTimeout   = 10 * time.Second // for telling the store to forget an upload, which nobody waits for gladly
	attempts       = 4                // of one request, before its error is reported
	maxBackoff     = 5 * time.Second  // between two of them
)

// An S3 is a [Bucket] of Amazon's or of a store that speaks its protocol.
//
// An object of up to 16 MiB is one request, and a larger one a multipart upload, part after part, of at most 10,000. An Object
// holds as much memory as it has been sent, and never more than a part; little above that while it grows. What a crash leaves of
// an upload is invisible, but occupies space until the store forgets it: a lifecycle rule does that.
//
// Bytes are protected on their way by the SHA-256 that is signed with each request, and no other checksum is sent, because not
// every store knows the newer ones.
type S3 struct {
	name    string
	label   string
	timeout time.Duration
	client  *s3.Client
}

// NewS3 returns the bucket that valid settings describe. It asks the store nothing.
func NewS3(s Settings) (*S3, error) {
	return newS3(s, maxBackoff)
}

// newS3 is NewS3, with the longest time between two attempts.
func newS3(s Settings, backoff time.Duration) (*S3, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("settings of an S3 bucket: %w", err)
	}
	b := &S3{name: s.Name, label: s.String(), timeout: s.Timeout}
	if b.timeout == 0 {
		b.timeout = defaultTimeout
	}
	options := s3.Options{
		Region:                     s.Region,
		UsePathStyle:               s.PathStyle,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		HTTPClient:                 newClient(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey, SessionToken: s.SessionToken}, nil
		}),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = attempts, backoff
			o.RateLimiter = ratelimit.None // the number of attempts is bound enough, and one upload's bad luck is not another's
		}),
	}
	if s.Endpoint != "" {
		options.BaseEndpoint = aws.String(s.Endpoint)
		if s.Region == "" {
			options.Region = "us-east-1"
		}
	}
	b.client = s3.New(options)
	return b, nil
}

// A client sends the requests of the SDK.
type client struct{ http.Client }

// Do says for the SDK that its request is one of HTTP/1.1. If nobody did, a part would be sent without waiting for the store's consent,
// and a store that refuses it and hangs up would not be heard.
func (c *client) Do(r *http.Request) (*http.Response, error) {
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	return c.Client.Do(r)
}

// newClient returns a client that follows no redirection: a signature is for one host. Requests end by their context.
func newClient() *client {
	return &client{http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ExpectContinueTimeout: time.Second,
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   8,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b *S3) String() string { return b.label }

// Create implements [Bucket]. It asks the store nothing: what is wrong with the bucket comes out at Commit or, with a large object, at
// a Write.
func (b *S3) Create(ctx context.Context, key string, o Options) (Object, error) {
	if err := checkLength(key); err != nil {
		return nil, err
	}
	h, err := o.headers()
	if err != nil {
		return nil, fmt.Errorf("create object %s: %w", key, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &upload{ctx: ctx, bucket: b, key: key, headers: h}, nil
}

// Remove implements [Bucket].
func (b *S3) Remove(ctx context.Context, key string) error {
	if err := checkLength(key); err != nil {
		return err
	}
	err := b.call(ctx, b.timeout, func(ctx context.Context) error {
		_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
		return err
	})
	if e, ok := errors.AsType[*Error](err); ok && e.Code == "NoSuchKey" {
		return nil // Amazon says nothing of the kind, but others do.
	}
	if err != nil {
		return fmt.Errorf("remove object %s: %w", key, err)
	}
	return nil
}

// call makes one request, repeated if need be, within the timeout. Its error says what the store said.
func (b *S3) call(ctx context.Context, timeout time.Duration, request func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := request(within)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if e := answer(err); e != nil {
		return e
	}
	if within.Err() != nil {
		return fmt.Errorf("no answer within %v", timeout)
	}
	return err
}
