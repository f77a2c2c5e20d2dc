package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// PartSize is how many bytes are sent to an S3 store at once.
	PartSize = 16 << 20

	firstBuffer  = 4 << 10 // bytes; it doubles until it holds a part
	maxParts     = 10_000  // by S3's rule
	completeTime = 5       // timeouts for putting the parts together
)

// An upload is an object of an S3 that is being written.
type upload struct {
	ctx     context.Context
	bucket  *S3
	key     string
	headers headers
	buf     []byte                // what has not been sent; at most a part
	id      *string               // of the multipart upload; nil while there is none
	parts   []types.CompletedPart // what has been sent
	err     error                 // why it can only be closed
}

// Write implements [Object].
func (u *upload) Write(p []byte) (n int, err error) {
	for n < len(p) && u.err == nil {
		if len(u.buf) == PartSize {
			if u.err = u.send(); u.err != nil {
				break
			}
		}
		piece := p[n:min(len(p), n+PartSize-len(u.buf))]
		u.grow(len(piece))
		u.buf = append(u.buf, piece...)
		n += len(piece)
	}
	if u.err != nil {
		return n, fmt.Errorf("write object %s: %w", u.key, u.err)
	}
	return n, nil
}

// grow makes room for n bytes more, so that a small object does not have the buffer of a large one.
func (u *upload) grow(n int) {
	if len(u.buf)+n <= cap(u.buf) {
		return
	}
	buf := make([]byte, len(u.buf), min(PartSize, max(firstBuffer, 2*cap(u.buf), len(u.buf)+n)))
	copy(buf, u.buf)
	u.buf = buf
}

// send sends what is in the buffer as the next part.
func (u *upload) send() error {
	if len(u.parts) == maxParts {
		return refusef("an object of more than %d parts of %d bytes", maxParts, PartSize)
	}
	if u.id == nil {
		if err := u.begin(); err != nil {
			return err
		}
	}
	number := aws.Int32(int32(len(u.parts) + 1))
	return u.bucket.call(u.ctx, u.bucket.timeout, func(ctx context.Context) error {
		out, err := u.bucket.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &u.bucket.name, Key: &u.key, UploadId: u.id, PartNumber: number, Body: bytes.NewReader(u.buf),
		})
		if err != nil {
			return err
		}
		u.parts = append(u.parts, types.CompletedPart{ETag: out.ETag, PartNumber: number})
		u.buf = u.buf[:0]
		return nil
	})
}

// begin begins a multipart upload.
func (u *upload) begin() error {
	return u.bucket.call(u.ctx, u.bucket.timeout, func(ctx context.Context) error {
		out, err := u.bucket.client.CreateMultipartUpload(ctx, u.headers.multipart(u.bucket.name, u.key))
		if err != nil {
			return err
		}
		if out.UploadId == nil {
			return errors.New("the store began an upload and did not say which")
		}
		u.id = out.UploadId
		return nil
	})
}

// Commit implements [Object].
func (u *upload) Commit() error {
	if u.err == nil {
		u.err = u.commit()
	}
	if u.err != nil {
		return fmt.Errorf("commit object %s: %w", u.key, u.err)
	}
	u.id, u.buf, u.err = nil, nil, errFinished
	return nil
}

func (u *upload) commit() error {
	if u.id == nil {
		return u.bucket.call(u.ctx, u.bucket.timeout, func(ctx context.Context) error {
			in := u.headers.put(u.bucket.name, u.key)
			in.Body = bytes.NewReader(u.buf)
			_, err := u.bucket.client.PutObject(ctx, in)
			return err
		})
	}
	if err := u.send(); err != nil {
		return err
	}
	return u.bucket.call(u.ctx, completeTime*u.bucket.timeout, func(ctx context.Context) error {
		_, err := u.bucket.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &u.bucket.name, Key: &u.key, UploadId: u.id,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
		})
		return err
	})
}

// Close implements [Object]. It tells the store to forget the parts even if the context of the object has ended.
func (u *upload) Close() error {
	id := u.id
	u.id, u.buf, u.err = nil, nil, errFinished
	if id == nil {
		return nil
	}
	err := u.bucket.call(context.WithoutCancel(u.ctx), min(abortTimeout, u.bucket.timeout), func(ctx context.Context) error {
		_, err := u.bucket.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
			Bucket: &u.bucket.name, Key: &u.key, UploadId: id,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("abandon object %s: %w", u.key, err)
	}
	return nil
}
