package jobs

import (
	"net/http"

	"firn/glacier"
	"firn/internal/console/frame"
)

// A jobRequest is a request for a job, in the words of the API; what is nil is
// not in it.
type jobRequest struct {
	Type                         string
	ArchiveID                    *string                   `json:"ArchiveId,omitzero"`
	Description                  *string                   `json:",omitzero"`
	SNSTopic                     *string                   `json:",omitzero"`
	Tier                         *string                   `json:",omitzero"`
	RetrievalByteRange           *string                   `json:",omitzero"`
	Format                       *string                   `json:",omitzero"`
	InventoryRetrievalParameters *inventoryRange           `json:",omitzero"`
	SelectParameters             *glacier.SelectParameters `json:",omitzero"`
	OutputLocation               *glacier.OutputLocation   `json:",omitzero"`
}

// An inventoryRange says which archives of a vault an inventory is to list.
type inventoryRange struct {
	StartDate *string `json:",omitzero"`
	EndDate   *string `json:",omitzero"`
	Limit     *string `json:",omitzero"`
	Marker    *string `json:",omitzero"`
}

// begin starts a job and returns its id.
func begin(c *frame.Call, vault string, q jobRequest) (id string, err error) {
	header, err := c.Change(http.MethodPost, frame.VaultPath(vault, "jobs"), q)
	if err != nil {
		return "", err
	}
	return header.Get(glacier.HeaderJobID), nil
}

// maxCommand is how long parameters are that stand in a command, in bytes.
// Others are in a file.
const maxCommand = 4 << 10

// initiateCommand is the command that starts a job.
func initiateCommand(does, vault string, q jobRequest) frame.Command {
	doc, err := glacier.Encode(q)
	if err != nil {
		doc = []byte("{}") // structs of texts can always be encoded
	}
	parameters := string(doc)
	if len(parameters) > maxCommand {
		parameters = "file://job.json"
	}
	return frame.GlacierCommand(does, "initiate-job", "vault-name", vault, "job-parameters", parameters)
}

// outputCommand is the command that fetches the output of a job.
func outputCommand(does, vault, id, file string, options ...string) frame.Command {
	options = append([]string{"vault-name", vault, "job-id", id}, options...)
	return frame.GlacierCommand(does, "get-job-output", append(options, "", file)...)
}

// some returns nil for an empty text: it was not given.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// again is the request that a job was started with.
func (j jobView) again() jobRequest {
	q := jobRequest{Description: j.JobDescription.JobDescription, SNSTopic: j.SNSTopic, Tier: j.Tier}
	if j.ArchiveID != nil {
		q.ArchiveID = new(string(*j.ArchiveID))
	}
	switch j.Action {
	case glacier.ActionInventoryRetrieval:
		q.Type, q.Tier = glacier.InventoryRetrieval, nil
		if p := j.InventoryRetrievalParameters; p != nil {
			q.Format = &p.Format
			if p.StartDate != nil || p.EndDate != nil || p.Limit != nil {
				q.InventoryRetrievalParameters = &inventoryRange{StartDate: p.StartDate, EndDate: p.EndDate, Limit: p.Limit}
			}
		}
	case glacier.ActionSelect:
		q.Type = glacier.Select
		question := j.Query()
		q.SelectParameters = &question.SelectParameters
		q.OutputLocation = &glacier.OutputLocation{S3: &question.Location}
	default:
		q.Type = glacier.ArchiveRetrieval
		if j.Part() {
			q.RetrievalByteRange = j.RetrievalByteRange
		}
	}
	return q
}
