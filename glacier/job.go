package glacier

import "encoding/json"

// The types a job is requested by.
const (
	ArchiveRetrieval   = "archive-retrieval"
	InventoryRetrieval = "inventory-retrieval"
	Select             = "select"
)

// The actions a job is described by.
const (
	ActionArchiveRetrieval   = "ArchiveRetrieval"
	ActionInventoryRetrieval = "InventoryRetrieval"
	ActionSelect             = "Select"
)

// The tiers of a retrieval.
const (
	Expedited = "Expedited"
	Standard  = "Standard"
	Bulk      = "Bulk"
)

// The states of a job.
const (
	InProgress = "InProgress"
	Succeeded  = "Succeeded"
	Failed     = "Failed"
)

// The formats of an inventory.
const (
	FormatJSON = "JSON"
	FormatCSV  = "CSV"
)

// JobParameters is the request of InitiateJob. A nil member was absent or
// null, which mean the same. What only select jobs have is kept as it came,
// because their descriptions show it so.
type JobParameters struct {
	Type                         *string
	ArchiveID                    *string `json:"ArchiveId"`
	Description                  *string
	SNSTopic                     *string
	Tier                         *string
	RetrievalByteRange           *string
	Format                       *string
	InventoryRetrievalParameters *InventoryParameters
	SelectParameters             json.RawMessage
	OutputLocation               json.RawMessage
}

// InventoryParameters narrow an inventory job's output. Limit is a string
// that holds an integer, or a number.
type InventoryParameters struct {
	StartDate *string
	EndDate   *string
	Limit     json.RawMessage
	Marker    *string
}

// A JobDescription is the reply of DescribeJob, an element of ListJobs and
// the message of a notification. The three members that only select jobs have
// are absent from all others.
type JobDescription struct {
	Action                       string
	ArchiveID                    *ArchiveID `json:"ArchiveId"`
	ArchiveSHA256TreeHash        *string
	ArchiveSizeInBytes           *int64
	Completed                    bool
	CompletionDate               *Time
	CreationDate                 Time
	InventoryRetrievalParameters *InventoryDescription
	InventorySizeInBytes         *int64
	JobDescription               *string
	JobID                        JobID           `json:"JobId"`
	JobOutputPath                *string         `json:",omitempty"`
	OutputLocation               json.RawMessage `json:",omitempty"`
	RetrievalByteRange           *string
	SHA256TreeHash               *string
	SNSTopic                     *string
	SelectParameters             json.RawMessage `json:",omitempty"`
	StatusCode                   string
	StatusMessage                *string
	Tier                         *string
	VaultARN                     ARN
}

// An InventoryDescription says what an inventory job was asked for. Once the
// job is complete, Marker is the token of the next page, null at the end.
type InventoryDescription struct {
	EndDate   *string
	Format    string
	Limit     *string
	Marker    *string
	StartDate *string
}

// A JobList is the reply of ListJobs.
type JobList struct {
	JobList []JobDescription
	Marker  *string
}
