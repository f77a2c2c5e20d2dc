package main

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
)

func (s *session) remove(ctx context.Context) error {
	e := s.book[len(descriptions)]
	job, err := s.startArchive(ctx, e.ArchiveID, "")
	if err != nil {
		return err
	}
	for _, archive := range slices.Concat(s.book, s.book[:1]) {
		if err := s.deleteArchive(ctx, vault, archive.ArchiveID); err != nil {
			return err
		}
	}
	_, errJob := s.startArchive(ctx, e.ArchiveID, "")
	err = first(
		refused("job for a deleted archive", errJob, "ResourceNotFoundException", "The archive ID was not found: "+e.ArchiveID),
		s.output(ctx, *job.JobId, e.data, true, nil),
	)
	if err != nil {
		return err
	}
	for _, name := range []string{vault, other, vault} {
		if err := s.deleteVault(ctx, name); err != nil {
			return err
		}
	}
	return glacier.NewVaultNotExistsWaiter(s.glacier).Wait(ctx, &glacier.DescribeVaultInput{VaultName: aws.String(vault)}, time.Minute)
}

func (s *session) deleteArchive(ctx context.Context, name, id string) error {
	_, err := s.glacier.DeleteArchive(ctx, &glacier.DeleteArchiveInput{VaultName: aws.String(name), ArchiveId: &id})
	return err
}

func (s *session) refusals(ctx context.Context) error {
	describe := func(account, name string) error {
		_, err := s.glacier.DescribeVault(ctx, &glacier.DescribeVaultInput{AccountId: &account, VaultName: &name})
		return err
	}
	list := func(client *glacier.Client) error {
		_, err := client.ListVaults(ctx, &glacier.ListVaultsInput{})
		return err
	}
	return first(
		refused("missing vault", describe("-", missing), "ResourceNotFoundException", "Vault not found for ARN: "+s.arn(missing)),
		refused("another account", describe("999999999999", vault), "AccessDeniedException", "Access denied for account ID: 999999999999"),
		refused("another vault's archive", s.deleteArchive(ctx, other, s.book[1].ArchiveID), "InvalidParameterValueException", "Invalid vault name: "+s.arn(other)),
		refused("vault with archives", s.deleteVault(ctx, vault), "InvalidParameterValueException", "Vault not empty or recently written to: "+s.arn(vault)),
		refused("wrong secret", list(connect(os.Getenv("AWS_ACCESS_KEY_ID"), strings.Repeat("w", 40))), "InvalidSignatureException", ""),
		refused("unknown key", list(connect("AKIAIOSFODNN7NOTHERE", strings.Repeat("w", 40))), "UnrecognizedClientException", ""),
	)
}

// leave leaves something in the store for the check that comes after the sessions.
func (s *session) leave(ctx context.Context) error {
	_, err := s.glacier.UploadArchive(ctx, &glacier.UploadArchiveInput{VaultName: aws.String(kept), Body: bytes.NewReader(s.tar[:3*mib+1])})
	if err != nil {
		return err
	}
	open, err := s.glacier.InitiateMultipartUpload(ctx, &glacier.InitiateMultipartUploadInput{VaultName: aws.String(kept), PartSize: aws.String("1048576")})
	if err != nil {
		return err
	}
	_, err = s.glacier.UploadMultipartPart(ctx, &glacier.UploadMultipartPartInput{
		VaultName: aws.String(kept), UploadId: open.UploadId, Body: bytes.NewReader(s.tar[:mib]), Range: aws.String("bytes 0-1048575/*"),
	})
	return err
}
