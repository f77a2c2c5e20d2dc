package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

// start initiates a job and polls until it has succeeded, as a client must.
func (s *session) start(ctx context.Context, parameters types.JobParameters) (*glacier.DescribeJobOutput, error) {
	out, err := s.glacier.InitiateJob(ctx, &glacier.InitiateJobInput{VaultName: aws.String(vault), JobParameters: &parameters})
	if err != nil {
		return nil, err
	}
	id := aws.ToString(out.JobId)
	if err := same("location", aws.ToString(out.Location), fmt.Sprintf("/%s/vaults/%s/jobs/%s", s.account, vault, id)); err != nil {
		return nil, err
	}
	for {
		job, err := s.glacier.DescribeJob(ctx, &glacier.DescribeJobInput{VaultName: aws.String(vault), JobId: &id})
		if err != nil {
			return nil, err
		}
		if job.Completed {
			return job, same("status code", job.StatusCode, types.StatusCodeSucceeded)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (s *session) startArchive(ctx context.Context, id, span string) (*glacier.DescribeJobOutput, error) {
	parameters := types.JobParameters{Type: aws.String("archive-retrieval"), ArchiveId: &id, Description: aws.String(`"quoted" \ job`)}
	if span != "" {
		parameters.RetrievalByteRange = &span
	}
	return s.start(ctx, parameters)
}

// output fetches a span of a job's output, nil for all of it, and compares bytes, Content-Range and checksum.
func (s *session) output(ctx context.Context, job string, data []byte, tree bool, span *[2]int64) error {
	size := int64(len(data))
	in := &glacier.GetJobOutputInput{VaultName: aws.String(vault), JobId: &job}
	from, to, status, contentRange := int64(0), size-1, int32(200), ""
	if span != nil {
		from, to, status = span[0], min(span[1], size-1), 206
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", span[0], span[1]))
		contentRange = fmt.Sprintf("bytes %d-%d/%d", from, to, size)
	}
	out, err := s.glacier.GetJobOutput(ctx, in)
	if err != nil {
		return err
	}
	defer out.Body.Close()
	got, err := io.ReadAll(out.Body)
	if err != nil {
		return err
	}
	want, checksum := data[from:to+1], ""
	if tree && isNode(from, to, size) {
		checksum = treeHash(want)
	}
	what := "output " + aws.ToString(in.Range)
	return first(
		same(what+": bytes", bytes.Equal(got, want), true),
		same(what+": status", out.Status, status),
		same(what+": Content-Range", aws.ToString(out.ContentRange), contentRange),
		same(what+": Accept-Ranges", aws.ToString(out.AcceptRanges), "bytes"),
		same(what+": checksum", aws.ToString(out.Checksum), checksum),
	)
}

func (s *session) retrieve(ctx context.Context) error {
	e := s.book[0]
	job, err := s.startArchive(ctx, e.ArchiveID, "")
	if err != nil {
		return err
	}
	err = first(
		same("action", job.Action, types.ActionCodeArchiveRetrieval),
		same("archive id", aws.ToString(job.ArchiveId), e.ArchiveID),
		same("archive size", aws.ToInt64(job.ArchiveSizeInBytes), e.Size),
		same("range", aws.ToString(job.RetrievalByteRange), fmt.Sprintf("0-%d", e.Size-1)),
		same("tree hash", aws.ToString(job.SHA256TreeHash), e.SHA256TreeHash),
		same("archive's tree hash", aws.ToString(job.ArchiveSHA256TreeHash), e.SHA256TreeHash),
		same("tier", aws.ToString(job.Tier), "Standard"),
		same("description", aws.ToString(job.JobDescription), `"quoted" \ job`),
		s.output(ctx, *job.JobId, e.data, true, nil),
	)
	if err != nil {
		return err
	}
	last := e.Size - 1
	spans := [][2]int64{
		{0, mib - 1}, {2 * mib, 4*mib - 1}, {64 * mib, 128*mib - 1}, {0, last}, {0, last + 9}, {last / mib * mib, last},
		{1, 1000}, {mib, 3*mib - 1}, {0, 3*mib - 1}, {last - 9, last + 1000}, {last, last},
	}
	for _, span := range spans {
		if err := s.output(ctx, *job.JobId, e.data, true, &span); err != nil {
			return err
		}
	}
	past := fmt.Sprintf("bytes=%d-%d", e.Size, e.Size+1)
	_, err = s.glacier.GetJobOutput(ctx, &glacier.GetJobOutputInput{VaultName: aws.String(vault), JobId: job.JobId, Range: &past})
	return refused("range past the end", err, "InvalidParameterValueException", "The start of the range is larger than size of retrieved data: "+past)
}

func (s *session) retrieveRanges(ctx context.Context) error {
	e := s.book[len(descriptions)]
	for _, span := range [][2]int64{{mib, 2*mib - 1}, {4 * mib, e.Size - 1}, {0, 4*mib - 1}, {mib, 3*mib - 1}} {
		text := fmt.Sprintf("%d-%d", span[0], span[1])
		job, err := s.startArchive(ctx, e.ArchiveID, text)
		if err != nil {
			return err
		}
		piece, node, want := e.data[span[0]:span[1]+1], isNode(span[0], span[1], e.Size), ""
		if node {
			want = treeHash(piece)
		}
		err = first(
			same("range", aws.ToString(job.RetrievalByteRange), text),
			same("tree hash of "+text, aws.ToString(job.SHA256TreeHash), want),
			same("archive's tree hash", aws.ToString(job.ArchiveSHA256TreeHash), e.SHA256TreeHash),
			s.output(ctx, *job.JobId, piece, node, nil),
			s.output(ctx, *job.JobId, piece, node, &[2]int64{0, mib - 1}),
			s.output(ctx, *job.JobId, piece, node, &[2]int64{1, 2}),
		)
		if err != nil {
			return err
		}
	}
	_, err := s.startArchive(ctx, e.ArchiveID, "1-1048575")
	return refused("range off the MiB", err, "InvalidParameterValueException", "")
}

func (s *session) jobs(ctx context.Context) error {
	list := func(in glacier.ListJobsInput) (ids []string, err error) {
		in.VaultName = aws.String(vault)
		pages := glacier.NewListJobsPaginator(s.glacier, &in, func(o *glacier.ListJobsPaginatorOptions) { o.Limit = 2 })
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, job := range page.JobList {
				ids = append(ids, *job.JobId)
			}
		}
		return ids, nil
	}
	all, err := list(glacier.ListJobsInput{})
	if err != nil {
		return err
	}
	if err := same("number of jobs", len(all), 5); err != nil {
		return err
	}
	for _, row := range []struct {
		completed, status string
		want              []string
	}{{"true", "", all}, {"false", "", nil}, {"", "Succeeded", all}, {"", "InProgress", nil}, {"true", "Succeeded", all}, {"true", "Failed", nil}} {
		in := glacier.ListJobsInput{}
		if row.completed != "" {
			in.Completed = &row.completed
		}
		if row.status != "" {
			in.Statuscode = &row.status
		}
		ids, err := list(in)
		if err := first(err, same(fmt.Sprintf("jobs with completed=%q statuscode=%q", row.completed, row.status), ids, row.want)); err != nil {
			return err
		}
	}
	_, err = list(glacier.ListJobsInput{Statuscode: aws.String("Done")})
	return refused("bad status code", err, "InvalidParameterValueException", "The job status code is not valid: Done")
}
