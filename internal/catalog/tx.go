package catalog

import (
	"time"

	"firn/glacier"
	"firn/internal/record"
)

// A Tx is one consistent look at the catalog. Inside an update it sees what
// the rules before it in the same batch have done. It is good for the call it
// was handed to, on that goroutine only.
//
// Lookups that find nothing return ok false and no error. Lists return at
// most limit rows in the order they name.
type Tx struct {
}

// LSN is the number that the record of an update will have, and so the id of
// what it creates. In a view it is the newest record the view can see.
func (tx *Tx) LSN() record.LSN { panic("catalog") }

// Now is the instant of an update's record: whole milliseconds, never before
// the record before it. In a view it is the present, never before the newest
// record.
func (tx *Tx) Now() time.Time { panic("catalog") }

// Random returns 64 unpredictable bits.
func (tx *Tx) Random() uint64 { panic("catalog") }

// Counter returns a counter's next number, 0 for one that never was.
func (tx *Tx) Counter(counter uint64) (uint64, error) { panic("catalog") }

// Account looks an account up.
func (tx *Tx) Account(id glacier.AccountID) (a record.Account, ok bool, err error) { panic("catalog") }

// AccessKey looks a key up by its public half.
func (tx *Tx) AccessKey(id string) (k record.AccessKey, ok bool, err error) { panic("catalog") }

// Clock returns the operator's last word on the clock.
func (tx *Tx) Clock() (c record.Clock, ok bool, err error) { panic("catalog") }

// Vault looks a vault up by name.
func (tx *Tx) Vault(account glacier.AccountID, name glacier.VaultName) (v record.Vault, ok bool, err error) {
	panic("catalog")
}

// VaultByID looks a vault up by its internal id.
func (tx *Tx) VaultByID(id uint64) (v record.Vault, ok bool, err error) { panic("catalog") }

// Vaults lists an account's vaults by name in byte order, those after the
// name given.
func (tx *Tx) Vaults(account glacier.AccountID, after glacier.VaultName, limit int) ([]record.Vault, error) {
	panic("catalog")
}

// CountVaults counts an account's vaults.
func (tx *Tx) CountVaults(account glacier.AccountID) (int64, error) { panic("catalog") }

// AllVaults lists every account's vaults by id, those with ids above after.
func (tx *Tx) AllVaults(after uint64, limit int) ([]record.Vault, error) { panic("catalog") }

// Figures are a vault's live counters.
type Figures struct {
	Archives  int64
	Bytes     int64      // without the overhead per archive
	LastWrite record.LSN // newest record that made or deleted an archive; 0 if none ever did
}

// Figures returns a vault's live counters. Deleted archives do not count.
func (tx *Tx) Figures(vault uint64) (Figures, error) { panic("catalog") }

// Tags returns a vault's tags, the zero value if it never had any.
func (tx *Tx) Tags(vault uint64) (record.Tags, error) { panic("catalog") }

// Archive looks an archive up, deleted but pinned ones included.
func (tx *Tx) Archive(vault, id uint64) (a record.Archive, ok bool, err error) { panic("catalog") }

// Archives lists a vault's archives, without deleted ones, by id, which is the
// order in which they were committed: those with after < id ≤ upto.
func (tx *Tx) Archives(vault, after, upto uint64, limit int) ([]record.Archive, error) {
	panic("catalog")
}

// Upload looks an upload up, ended ones included.
func (tx *Tx) Upload(vault, id uint64) (u record.Upload, ok bool, err error) { panic("catalog") }

// Uploads lists a vault's open uploads by id, those with ids from on.
func (tx *Tx) Uploads(vault, from uint64, limit int) ([]record.Upload, error) { panic("catalog") }

// StaleUploads lists uploads of all vaults that were open and idle (neither
// begun nor given a part) or ended since before the instant (Unix ms).
func (tx *Tx) StaleUploads(before int64, limit int) ([]record.Upload, error) { panic("catalog") }

// Part looks one part of an upload up.
func (tx *Tx) Part(upload, index uint64) (p record.Part, ok bool, err error) { panic("catalog") }

// Parts lists an upload's parts by index, those with indexes from on.
func (tx *Tx) Parts(upload, from uint64, limit int) ([]record.Part, error) { panic("catalog") }

// Job looks a job up.
func (tx *Tx) Job(vault, id uint64) (j record.Job, ok bool, err error) { panic("catalog") }

// A JobFilter narrows Jobs. Empty members do not narrow.
type JobFilter struct {
	Status    string
	Completed *bool
}

// Jobs lists a vault's jobs, newest first: those with ids up to and including
// from (0 means from the newest).
func (tx *Tx) Jobs(vault, from uint64, filter JobFilter, limit int) ([]record.Job, error) {
	panic("catalog")
}

// UnfinishedJobs lists the jobs of all vaults that are in progress, by id,
// those with ids above after.
func (tx *Tx) UnfinishedJobs(after uint64, limit int) ([]record.Job, error) { panic("catalog") }

// ExpiredJobs lists completed jobs of all vaults that expired before the
// instant (Unix ms).
func (tx *Tx) ExpiredJobs(before int64, limit int) ([]record.Job, error) { panic("catalog") }

// Pins counts the jobs that pin an archive: all its retrievals that exist.
func (tx *Tx) Pins(vault, archive uint64) (int64, error) { panic("catalog") }

// Payload looks a payload up.
func (tx *Tx) Payload(id uint64) (p record.Payload, ok bool, err error) { panic("catalog") }

// Leftovers lists keys of entities of a vault that no longer exists: archives,
// uploads, jobs, tags; for the sweep that follows a vault's deletion. gone is
// the vault's id.
func (tx *Tx) Leftovers(gone uint64, limit int) ([]record.Key, error) { panic("catalog") }

// Orphans lists ids of vaults that are gone and still have leftovers.
func (tx *Tx) Orphans(limit int) ([]uint64, error) { panic("catalog") }
