package job

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/internal/vault"
	"firn/treehash"
)

// DescribeJob returns a job's description.
func (s *Service) DescribeJob(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.JobID) (glacier.JobDescription, error) {
	var d glacier.JobDescription
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		v, err := vault.Find(tx, s.cfg.Region, owner, name)
		if err != nil {
			return err
		}
		j, err := s.find(tx, &v, id)
		if err != nil {
			return err
		}
		d = s.describe(&v, &j)
		return nil
	})
	return d, err
}

// A Listing says which jobs ListJobs is to return, in the words of its query.
// An empty member was absent or empty, which mean the same.
type Listing struct {
	Limit      string
	Marker     string
	StatusCode string
	Completed  string
}

// ListJobs returns one page of a vault's jobs, newest first. The marker names
// the first job that was not returned; it holds its place when jobs come and
// go.
func (s *Service) ListJobs(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q Listing) (glacier.JobList, error) {
	limit, filter, err := q.parse()
	if err != nil {
		return glacier.JobList{}, err
	}
	list := glacier.JobList{JobList: []glacier.JobDescription{}}
	err = s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		v, err := vault.Find(tx, s.cfg.Region, owner, name)
		if err != nil {
			return err
		}
		var from uint64
		if q.Marker != "" {
			t, ok := s.cfg.IDs.Open(token.Job, q.Marker)
			if !ok || t.Vault != v.ID {
				return invalid("Invalid marker: %s", q.Marker)
			}
			from = t.Number
		}
		jobs, err := tx.Jobs(v.ID, from, filter, limit+1)
		if err != nil {
			return fmt.Errorf("list jobs: %w", err)
		}
		if len(jobs) > limit {
			next := string(jobs[limit].Public)
			list.Marker = &next
			jobs = jobs[:limit]
		}
		for i := range jobs {
			list.JobList = append(list.JobList, s.describe(&v, &jobs[i]))
		}
		return nil
	})
	return list, err
}

// parse checks what can be checked without the vault.
func (q *Listing) parse() (limit int, f catalog.JobFilter, err error) {
	if limit, err = vault.Limit(q.Limit, glacier.MaxPage); err != nil {
		return 0, f, err
	}
	switch q.StatusCode {
	case "", glacier.InProgress, glacier.Succeeded, glacier.Failed:
		f.Status = q.StatusCode
	default:
		return 0, f, invalid("The job status code is not valid: %s", q.StatusCode)
	}
	switch q.Completed {
	case "":
	case "true", "false":
		done := q.Completed == "true"
		f.Completed = &done
	default:
		return 0, f, invalid("Invalid completed: %s", q.Completed)
	}
	return limit, f, nil
}

// describe makes the document of a job.
func (s *Service) describe(v *record.Vault, j *record.Job) glacier.JobDescription {
	d := glacier.JobDescription{
		Action:         j.Action,
		Completed:      j.Status != glacier.InProgress,
		CreationDate:   glacier.At(j.Created),
		JobDescription: optional(j.Description),
		JobID:          j.Public,
		SNSTopic:       optional(j.Topic),
		StatusCode:     j.Status,
		VaultARN:       s.arn(v),
	}
	if d.Completed {
		at := glacier.At(j.Completed)
		d.CompletionDate = &at
		d.StatusMessage = optional(j.Message)
	}
	switch j.Action {
	case glacier.ActionInventoryRetrieval:
		describeInventory(&d, j)
	case glacier.ActionSelect:
		describeSelect(&d, j)
	default:
		describeRetrieval(&d, j)
	}
	return d
}

// describeSelect shows what was asked for as it was understood.
func describeSelect(d *glacier.JobDescription, j *record.Job) {
	d.ArchiveID = &j.ArchiveID
	d.JobOutputPath = &j.OutputPath
	d.OutputLocation = j.OutputLocation
	d.SelectParameters = j.SelectParameters
	d.Tier = &j.Tier
}

func describeRetrieval(d *glacier.JobDescription, j *record.Job) {
	whole := j.ArchiveTreeHash.String()
	span := strconv.FormatInt(j.First, 10) + "-" + strconv.FormatInt(j.Last, 10)
	d.ArchiveID = &j.ArchiveID
	d.ArchiveSHA256TreeHash = &whole
	d.ArchiveSizeInBytes = &j.ArchiveSize
	d.RetrievalByteRange = &span
	d.Tier = &j.Tier
	if j.RangeTreeHash != (treehash.Hash{}) {
		hash := j.RangeTreeHash.String()
		d.SHA256TreeHash = &hash
	}
}

// describeInventory shows the marker that was passed in until the job has
// succeeded, and then that of the next page.
func describeInventory(d *glacier.JobDescription, j *record.Job) {
	marker := j.Marker
	if j.Status == glacier.Succeeded {
		marker = j.NextMarker
		d.InventorySizeInBytes = &j.OutputSize
	}
	d.InventoryRetrievalParameters = &glacier.InventoryDescription{
		EndDate:   optional(echoDate(j.EndDate)),
		Format:    j.Format,
		Limit:     optional(j.Limit),
		Marker:    optional(marker),
		StartDate: optional(echoDate(j.StartDate)),
	}
}

// echoDate cuts a date of a job's record to the second, as it is shown.
func echoDate(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s // there is none
	}
	return glacier.Time{Time: t}.Seconds()
}

// optional returns nil for an empty string, which documents show as null.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
