package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

var (
	archiveIDForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{137}$`)
	uploadIDForm  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{91}$`)
)

var descriptions = []string{
	`the Go tree, "src",  with \ and 'quotes'`,
	"",
	"double  space  and, a comma",
	`back\slash \" and end\`,
	strings.Repeat("~", 1024),
}

// keep enters an archive into the book of the vault's contents after looking at what the answer says of it.
func (s *session) keep(id, checksum, location *string, data []byte, description string) error {
	e := entry{
		ArchiveID: aws.ToString(id), ArchiveDescription: description,
		Size: int64(len(data)), SHA256TreeHash: treeHash(data), data: data,
	}
	s.book = append(s.book, e)
	return first(
		same("form of archive id "+e.ArchiveID, archiveIDForm.MatchString(e.ArchiveID), true),
		same("checksum", aws.ToString(checksum), e.SHA256TreeHash),
		same("location", aws.ToString(location), fmt.Sprintf("/%s/vaults/%s/archives/%s", s.account, vault, e.ArchiveID)),
	)
}

func (s *session) upload(ctx context.Context) error {
	for i, description := range descriptions {
		data := s.tar
		if i > 0 {
			data = s.tar[i : i+1+(i-1)*(mib-7)]
		}
		in := &glacier.UploadArchiveInput{VaultName: aws.String(vault), Body: bytes.NewReader(data)}
		if description != "" {
			in.ArchiveDescription = aws.String(description)
		}
		out, err := s.glacier.UploadArchive(ctx, in)
		if err != nil {
			return err
		}
		if err := s.keep(out.ArchiveId, out.Checksum, out.Location, data, description); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) uploadRefused(ctx context.Context) error {
	put := func(name string, body []byte, checksum *string) error {
		in := &glacier.UploadArchiveInput{VaultName: aws.String(name), Body: bytes.NewReader(body), Checksum: checksum}
		_, err := s.glacier.UploadArchive(ctx, in, glacier.WithAPIOptions(v4.AddContentSHA256HeaderMiddleware))
		return err
	}
	wrong := strings.Repeat("0", 64)
	var invalid *types.InvalidParameterValueException
	var absent *types.MissingParameterValueException
	empty := put(vault, nil, nil) // without data this client sends an empty tree hash
	return first(
		refused("wrong tree hash", put(vault, []byte("bytes"), &wrong), "InvalidParameterValueException",
			fmt.Sprintf("Checksum mismatch: expected %s, computed %s", wrong, treeHash([]byte("bytes")))),
		same("no bytes refused", errors.As(empty, &invalid) || errors.As(empty, &absent), true),
		refused("missing vault", put(missing, []byte("x"), nil), "ResourceNotFoundException", "Vault not found for ARN: "+s.arn(missing)),
	)
}

func (s *session) initiate(ctx context.Context, partSize int, description *string) (string, error) {
	out, err := s.glacier.InitiateMultipartUpload(ctx, &glacier.InitiateMultipartUploadInput{
		VaultName: aws.String(vault), PartSize: aws.String(strconv.Itoa(partSize)), ArchiveDescription: description,
	})
	if err != nil {
		return "", err
	}
	id := aws.ToString(out.UploadId)
	return id, first(
		same("form of upload id "+id, uploadIDForm.MatchString(id), true),
		same("location", aws.ToString(out.Location), fmt.Sprintf("/%s/vaults/%s/multipart-uploads/%s", s.account, vault, id)),
	)
}

func (s *session) putPart(ctx context.Context, upload string, at int, body []byte) error {
	out, err := s.glacier.UploadMultipartPart(ctx, &glacier.UploadMultipartPartInput{
		VaultName: aws.String(vault), UploadId: &upload, Body: bytes.NewReader(body),
		Range: aws.String(fmt.Sprintf("bytes %d-%d/*", at, at+len(body)-1)),
	})
	if err != nil {
		return err
	}
	return same("checksum of a part", aws.ToString(out.Checksum), treeHash(body))
}

func (s *session) smallParts(ctx context.Context) error {
	data := s.tar[3*mib+11:][:6*mib+mib/2+3]
	upload, err := s.initiate(ctx, mib, &descriptions[3])
	if err != nil {
		return err
	}
	if err := s.putPart(ctx, upload, 2*mib, make([]byte, mib)); err != nil {
		return err
	}
	for _, n := range rand.New(rand.NewSource(7)).Perm(7) {
		if err := s.putPart(ctx, upload, n*mib, data[n*mib:min((n+1)*mib, len(data))]); err != nil {
			return err
		}
	}
	_, err = s.glacier.UploadMultipartPart(ctx, &glacier.UploadMultipartPartInput{
		VaultName: aws.String(vault), UploadId: &upload, Body: bytes.NewReader(data[:mib]), Range: aws.String("bytes 1-1048576/*"),
	})
	if err := refused("part off its place", err, "InvalidParameterValueException", "Invalid Content-Range: bytes 1-1048576/*"); err != nil {
		return err
	}
	if err := s.listParts(ctx, upload, data); err != nil {
		return err
	}
	return s.complete(ctx, upload, data, descriptions[3])
}

func (s *session) listParts(ctx context.Context, upload string, data []byte) error {
	var want []types.PartListElement
	for at := 0; at < len(data); at += mib {
		end := min(at+mib, len(data))
		want = append(want, types.PartListElement{
			RangeInBytes: aws.String(fmt.Sprintf("%d-%d", at, end-1)), SHA256TreeHash: aws.String(treeHash(data[at:end])),
		})
	}
	for _, size := range []int32{0, 1, 3} {
		var got []types.PartListElement
		in := &glacier.ListPartsInput{VaultName: aws.String(vault), UploadId: &upload}
		pages := glacier.NewListPartsPaginator(s.glacier, in, func(o *glacier.ListPartsPaginatorOptions) { o.Limit = size })
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			got = append(got, page.Parts...)
		}
		if err := same(fmt.Sprintf("parts by pages of %d", size), got, want); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) complete(ctx context.Context, upload string, data []byte, description string) error {
	try := func(size int, checksum string) (*glacier.CompleteMultipartUploadOutput, error) {
		return s.glacier.CompleteMultipartUpload(ctx, &glacier.CompleteMultipartUploadInput{
			VaultName: aws.String(vault), UploadId: &upload, ArchiveSize: aws.String(strconv.Itoa(size)), Checksum: &checksum,
		})
	}
	wrong := strings.Repeat("1", 64)
	_, errHash := try(len(data), wrong)
	_, errSize := try(len(data)+1, treeHash(data))
	err := first(
		refused("wrong tree hash", errHash, "InvalidParameterValueException", "Invalid x-amz-sha256-tree-hash: "+wrong),
		refused("wrong size", errSize, "InvalidParameterValueException", ""),
	)
	if err != nil {
		return err
	}
	out, err := try(len(data), treeHash(data))
	if err != nil {
		return err
	}
	again, err := try(len(data), treeHash(data))
	if err != nil {
		return err
	}
	_, err = s.glacier.ListParts(ctx, &glacier.ListPartsInput{VaultName: aws.String(vault), UploadId: &upload})
	return first(
		same("archive id of the second complete", aws.ToString(again.ArchiveId), aws.ToString(out.ArchiveId)),
		refused("parts of a completed upload", err, "ResourceNotFoundException", "The upload ID was not found: "+upload),
		s.keep(out.ArchiveId, out.Checksum, out.Location, data, description),
	)
}

func (s *session) bigParts(ctx context.Context) error {
	const part = 8 * mib
	data := s.tar[:5*part+5]
	upload, err := s.initiate(ctx, part, nil)
	if err != nil {
		return err
	}
	errs := make([]error, 6)
	var putting sync.WaitGroup
	for n := range errs {
		putting.Go(func() { errs[n] = s.putPart(ctx, upload, n*part, data[n*part:min((n+1)*part, len(data))]) })
	}
	putting.Wait()
	if err := first(errs...); err != nil {
		return err
	}
	return s.complete(ctx, upload, data, "")
}

func (s *session) uploads(ctx context.Context) error {
	_, err := s.initiate(ctx, 10*mib, nil)
	if err := refused("part size of 10 MiB", err, "InvalidParameterValueException",
		"Invalid part size: 10485760. Part size must not be null, must be a power of two and be between 1048576 and 4294967296 bytes."); err != nil {
		return err
	}
	var open []string
	for range 3 {
		id, err := s.initiate(ctx, mib, nil)
		if err != nil {
			return err
		}
		open = append(open, id)
	}
	for len(open) > 0 {
		if err := s.listUploads(ctx, open); err != nil {
			return err
		}
		abort := &glacier.AbortMultipartUploadInput{VaultName: aws.String(vault), UploadId: &open[0]}
		for range 2 {
			if _, err := s.glacier.AbortMultipartUpload(ctx, abort); err != nil {
				return err
			}
		}
		if err := refused("part of an aborted upload", s.putPart(ctx, open[0], 0, []byte("x")), "ResourceNotFoundException", "The upload ID was not found: "+open[0]); err != nil {
			return err
		}
		open = open[1:]
	}
	return s.listUploads(ctx, nil)
}

func (s *session) listUploads(ctx context.Context, want []string) error {
	var got []string
	in := &glacier.ListMultipartUploadsInput{VaultName: aws.String(vault)}
	pages := glacier.NewListMultipartUploadsPaginator(s.glacier, in, func(o *glacier.ListMultipartUploadsPaginatorOptions) { o.Limit = 2 })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, u := range page.UploadsList {
			got = append(got, *u.MultipartUploadId)
		}
	}
	return same("uploads by pages of 2", slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)))
}
