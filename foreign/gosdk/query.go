package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

// query asks an archive a question with a select job.
func (s *session) query(ctx context.Context) error {
	up, err := s.glacier.UploadArchive(ctx, &glacier.UploadArchiveInput{VaultName: aws.String(vault), Body: strings.NewReader("name,age\nAnn,31\nBob,45\n")})
	if err != nil {
		return err
	}
	parameters := types.JobParameters{
		Type: aws.String("select"), ArchiveId: up.ArchiveId, Tier: aws.String("Expedited"),
		SelectParameters: &types.SelectParameters{
			Expression: aws.String("SELECT s.name FROM archive s WHERE s.age > 40"), ExpressionType: types.ExpressionTypeSql,
			InputSerialization:  &types.InputSerialization{Csv: &types.CSVInput{FileHeaderInfo: types.FileHeaderInfoUse}},
			OutputSerialization: &types.OutputSerialization{Csv: &types.CSVOutput{QuoteFields: types.QuoteFieldsAlways}},
		},
		OutputLocation: &types.OutputLocation{S3: &types.S3Location{
			BucketName: aws.String("answers"), Prefix: aws.String("gosdk"), CannedACL: types.CannedACLPrivate, StorageClass: types.StorageClassStandard,
			Encryption: &types.Encryption{EncryptionType: types.EncryptionTypeS3}, UserMetadata: map[string]string{"a": "b"},
		}},
	}
	job, err := s.start(ctx, parameters)
	if err != nil {
		return err
	}
	err = first(
		same("action", job.Action, types.ActionCodeSelect),
		same("output path", aws.ToString(job.JobOutputPath), fmt.Sprintf("gosdk/%s/", *job.JobId)),
		same("select parameters", job.SelectParameters, parameters.SelectParameters),
		same("output location", job.OutputLocation, parameters.OutputLocation),
	)
	if err != nil {
		return err
	}
	out, err := s.glacier.GetJobOutput(ctx, &glacier.GetJobOutputInput{VaultName: aws.String(vault), JobId: job.JobId})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	got, err := io.ReadAll(out.Body)
	if err := first(err, same("rows", string(got), "\"Bob\"\n"), same("type", aws.ToString(out.ContentType), "text/csv")); err != nil {
		return err
	}
	parameters.SelectParameters.Expression = aws.String("SELECT \"Name\" FROM archive")
	_, err = s.start(ctx, parameters)
	return first(
		refused("a name that no column has", err, "MissingHeaderName", ""),
		s.deleteArchive(ctx, vault, *up.ArchiveId),
	)
}
