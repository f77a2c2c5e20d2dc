package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

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
