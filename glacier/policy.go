package glacier

// A VaultPolicy is the reply of GetVaultAccessPolicy, and the request of
// SetVaultAccessPolicy and InitiateVaultLock. Policy is a policy document as
// its author wrote it; nil was absent or null.
type VaultPolicy struct {
	Policy *string
}

// The states of a vault lock.
const (
	LockInProgress = "InProgress"
	LockLocked     = "Locked"
)

// A VaultLock is the reply of GetVaultLock. ExpirationDate is null once the
// vault is locked.
type VaultLock struct {
	CreationDate   Time
	ExpirationDate *Time
	Policy         string
	State          string
}

// The strategies of a data retrieval policy.
const (
	NoLimit      = "None"
	FreeTier     = "FreeTier"
	BytesPerHour = "BytesPerHour"
)

// A DataRetrieval is the reply of GetDataRetrievalPolicy and the request of
// SetDataRetrievalPolicy.
type DataRetrieval struct {
	Policy *RetrievalRules
}

// RetrievalRules hold exactly one rule.
type RetrievalRules struct {
	Rules []RetrievalRule
}

// A RetrievalRule limits retrievals. BytesPerHour belongs to the strategy of
// that name and is null for the others.
type RetrievalRule struct {
	BytesPerHour *int64
	Strategy     *string
}

// A CapacityList is the reply of ListProvisionedCapacity.
type CapacityList struct {
	ProvisionedCapacityList []Capacity
}

// A Capacity is a provisioned capacity unit. It expires at a whole second.
type Capacity struct {
	CapacityID     string `json:"CapacityId"`
	ExpirationDate Time
	StartDate      Time
}
