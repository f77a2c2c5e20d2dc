package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
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

// inventory takes an inventory and returns its bytes and its job.
func (s *session) inventory(ctx context.Context, format string, ranged *types.InventoryRetrievalJobInput) ([]byte, *glacier.DescribeJobOutput, error) {
	job, err := s.start(ctx, types.JobParameters{Type: aws.String("inventory-retrieval"), Format: &format, InventoryRetrievalParameters: ranged})
	if err != nil {
		return nil, nil, err
	}
	out, err := s.glacier.GetJobOutput(ctx, &glacier.GetJobOutputInput{VaultName: aws.String(vault), JobId: job.JobId})
	if err != nil {
		return nil, nil, err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	kind := map[string]string{"JSON": "application/json", "CSV": "text/csv"}[format]
	return text, job, first(err,
		same("size of the inventory", aws.ToInt64(job.InventorySizeInBytes), int64(len(text))),
		same("content type of the inventory", aws.ToString(out.ContentType), kind),
		same("checksum of an inventory", aws.ToString(out.Checksum), ""),
		s.output(ctx, *job.JobId, text, false, &[2]int64{3, int64(len(text)) + 9}),
	)
}

func (s *session) inventories(ctx context.Context) error {
	text, _, err := s.inventory(ctx, "JSON", nil)
	if err != nil {
		return err
	}
	var taken struct {
		VaultARN, InventoryDate string
		ArchiveList             []struct {
			ArchiveID          string `json:"ArchiveId"`
			ArchiveDescription string
			CreationDate       time.Time
			Size               int64
			SHA256TreeHash     string
		}
	}
	if err := json.Unmarshal(text, &taken); err != nil {
		return err
	}
	if err := same("vault of the inventory", taken.VaultARN, s.arn(vault)); err != nil {
		return err
	}
	var lines strings.Builder
	lines.WriteString("ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n")
	var got, want []entry
	for i, a := range taken.ArchiveList {
		got = append(got, entry{ArchiveID: a.ArchiveID, ArchiveDescription: a.ArchiveDescription, Size: a.Size, SHA256TreeHash: a.SHA256TreeHash})
		if i < len(s.book) {
			e := s.book[i]
			e.data = nil
			want = append(want, e)
		}
		description := strings.ReplaceAll(a.ArchiveDescription, `"`, `\"`)
		fmt.Fprintf(&lines, "%s,\"%s\",%s,%d,%s\n", a.ArchiveID, description, a.CreationDate.Format(time.RFC3339), a.Size, a.SHA256TreeHash)
	}
	table, _, err := s.inventory(ctx, "CSV", nil)
	return first(err,
		same("number of archives", len(got), len(s.book)),
		same("inventory", got, want),
		same("inventory in CSV", string(table), lines.String()),
	)
}

func (s *session) rangedInventories(ctx context.Context) error {
	var got, want []string
	for _, e := range s.book {
		want = append(want, e.ArchiveID)
	}
	ranged := &types.InventoryRetrievalJobInput{Limit: aws.String("3")}
	for {
		text, job, err := s.inventory(ctx, "JSON", ranged)
		if err != nil {
			return err
		}
		var page struct {
			ArchiveList []struct{ ArchiveId string }
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return err
		}
		for _, a := range page.ArchiveList {
			got = append(got, a.ArchiveId)
		}
		if job.InventoryRetrievalParameters == nil || job.InventoryRetrievalParameters.Marker == nil {
			break
		}
		if len(page.ArchiveList) != 3 {
			return fmt.Errorf("a page of %d archives that is not the last one", len(page.ArchiveList))
		}
		ranged.Marker = job.InventoryRetrievalParameters.Marker
	}
	if err := same("inventory by pages of 3", got, want); err != nil {
		return err
	}
	text, _, err := s.inventory(ctx, "JSON", &types.InventoryRetrievalJobInput{EndDate: aws.String("2012-08-20T00:00:00Z")})
	return first(err, same("archives before 2012", bytes.HasSuffix(text, []byte(`"ArchiveList":[]}`)), true))
}

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
