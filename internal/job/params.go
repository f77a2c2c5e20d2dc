package job

import (
	"bytes"
	"encoding/json"
	"strings"

	"firn/glacier"
	"firn/internal/record"
	"firn/internal/selection"
)

// maxLimitDigits bounds what is kept of a limit.
const maxLimitDigits = 100

// A request is what a caller asks of a new job, checked as far as it can be
// without looking at the vault.
type request struct {
	job   record.Job         // the members that the parameters decide
	span  string             // RetrievalByteRange as it came; "" is the whole archive
	query *selection.Request // of a select job, else nil
}

// parse checks the parameters of a job. A member that is absent, null or the
// empty string was not supplied. Members that mean nothing to the job's type
// are ignored, except where Glacier refuses them.
func parse(p *glacier.JobParameters, region string) (request, error) {
	if p == nil {
		return request{}, glacier.MissingParameter("Job Parameters")
	}
	var q request
	var err error
	switch kind := text(p.Type); kind {
	case "":
		return request{}, glacier.MissingParameter("type")
	case glacier.ArchiveRetrieval:
		err = q.parseRetrieval(p)
	case glacier.InventoryRetrieval:
		err = q.parseInventory(p)
	case glacier.Select:
		err = q.parseSelect(p)
	default:
		err = invalid("Invalid job type: %s", kind)
	}
	if err != nil {
		return request{}, err
	}
	q.job.Description = text(p.Description)
	if !glacier.ValidDescription(q.job.Description) {
		return request{}, invalid("Invalid job description. It must be at most %d bytes, each from 0x20 to 0x7E.", glacier.MaxDescriptionLength)
	}
	if q.job.Topic = text(p.SNSTopic); q.job.Topic != "" {
		err = glacier.CheckTopic(q.job.Topic, region)
	}
	return q, err
}

func (q *request) parseRetrieval(p *glacier.JobParameters) error {
	q.job.Action = glacier.ActionArchiveRetrieval
	q.span = text(p.RetrievalByteRange)
	return q.parseArchive(p)
}

func (q *request) parseSelect(p *glacier.JobParameters) error {
	q.job.Action = glacier.ActionSelect
	if err := q.parseArchive(p); err != nil {
		return err
	}
	if text(p.RetrievalByteRange) != "" {
		return invalid("RetrievalByteRange must not be given for a select job.")
	}
	var err error
	if q.query, err = selection.Parse(p.SelectParameters, p.OutputLocation); err != nil {
		return err
	}
	q.job.SelectParameters, q.job.OutputLocation = q.query.SelectParameters, q.query.OutputLocation
	return nil
}

// parseArchive reads what names an archive, and the tier.
func (q *request) parseArchive(p *glacier.JobParameters) error {
	q.job.ArchiveID = glacier.ArchiveID(text(p.ArchiveID))
	if q.job.ArchiveID == "" {
		return glacier.MissingParameter("archiveId")
	}
	q.job.Tier = text(p.Tier)
	switch q.job.Tier {
	case glacier.Expedited, glacier.Standard, glacier.Bulk:
	case "":
		q.job.Tier = glacier.Standard
	default:
		return invalid("Invalid tier: %s", q.job.Tier)
	}
	return nil
}

func (q *request) parseInventory(p *glacier.JobParameters) error {
	q.job.Action = glacier.ActionInventoryRetrieval
	if text(p.ArchiveID) != "" {
		return invalid("ArchiveId must not be given for an inventory-retrieval job.")
	}
	if text(p.RetrievalByteRange) != "" {
		return invalid("RetrievalByteRange must not be given for an inventory-retrieval job.")
	}
	q.job.Format = text(p.Format)
	switch q.job.Format {
	case glacier.FormatJSON, glacier.FormatCSV:
	case "":
		q.job.Format = glacier.FormatJSON
	default:
		return invalid("Invalid format: %s", q.job.Format)
	}
	ranged := p.InventoryRetrievalParameters
	if ranged == nil {
		return nil
	}
	var err error
	if q.job.StartDate, err = parseDate("StartDate", text(ranged.StartDate)); err != nil {
		return err
	}
	if q.job.EndDate, err = parseDate("EndDate", text(ranged.EndDate)); err != nil {
		return err
	}
	if q.job.Limit, err = parseLimit(ranged.Limit); err != nil {
		return err
	}
	q.job.Marker = text(ranged.Marker)
	return nil
}

// parseDate returns the instant cut to the millisecond, as the record has it,
// "" for none. Archives have creation dates to the millisecond.
func parseDate(name, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	t, ok := parseInstant(s)
	if !ok {
		return "", invalid("Invalid %s: %s", name, s)
	}
	return glacier.Time{Time: t}.String(), nil
}

// parseLimit returns the decimal digits of a string or number of at least 1,
// "" for none. A number may be beyond all counting: it limits nothing.
func parseLimit(raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	s := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", invalid("Invalid limit: %s", raw)
		}
	}
	if s == "" || s == "null" {
		return "", nil
	}
	n, ok := parseOffset(s)
	if !ok || n < 1 || len(s) > maxLimitDigits {
		return "", invalid("Invalid limit: %s", s)
	}
	return strings.TrimLeft(s, "0"), nil
}

// text is the value of an optional string, "" if it was not supplied.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(format string, args ...any) *glacier.Error {
	return glacier.Errorf(glacier.InvalidParameterValue, format, args...)
}
