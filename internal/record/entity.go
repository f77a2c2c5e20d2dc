package record

import (
	"cmp"
	"time"

	"firn/glacier"
	"firn/treehash"
)

// Extra holds the fields of an image that this version does not know.
type Extra map[uint64][]byte

// A Counter hands out numbers. Everything below Next has been handed out or
// abandoned.
type Counter struct {
	Counter uint64 `cbor:"1,keyasint"` // which one
	Next    uint64 `cbor:"2,keyasint"`
	Extra   Extra  `cbor:"-"`
}

// PayloadCounter is the counter of payload ids.
const PayloadCounter = 1

// An Account is a customer.
type Account struct {
	ID      glacier.AccountID `cbor:"1,keyasint"`
	Created int64             `cbor:"2,keyasint"` // Unix milliseconds, as all instants here
	Name    string            `cbor:"3,keyasint,omitempty"`
	Extra   Extra             `cbor:"-"`
}

// An AccessKey lets whoever holds its secret sign as a user, or as an
// account's root.
type AccessKey struct {
	Number   uint64            `cbor:"1,keyasint"`
	ID       string            `cbor:"2,keyasint"` // the public half, as in a Credential
	Account  glacier.AccountID `cbor:"3,keyasint"`
	Secret   []byte            `cbor:"4,keyasint"` // sealed; never the secret itself
	Created  int64             `cbor:"5,keyasint"`
	User     uint64            `cbor:"6,keyasint,omitempty"` // 0 is the account's root
	Disabled bool              `cbor:"7,keyasint,omitempty"`
	Extra    Extra             `cbor:"-"`
}

// A User is somebody in an account who may do what policies say.
type User struct {
	Number  uint64            `cbor:"1,keyasint"`
	Account glacier.AccountID `cbor:"2,keyasint"`
	Name    string            `cbor:"3,keyasint"`
	Public  string            `cbor:"4,keyasint"` // the id that never names another user, AIDA…
	Created int64             `cbor:"5,keyasint"`
	Managed []string          `cbor:"6,keyasint,omitempty"` // names of attached managed policies, sorted
	Inline  map[string]string `cbor:"7,keyasint,omitempty"` // policy texts by name
	Extra   Extra             `cbor:"-"`
}

// A Vault holds archives.
type Vault struct {
	ID        uint64            `cbor:"1,keyasint"`
	Account   glacier.AccountID `cbor:"2,keyasint"`
	Name      glacier.VaultName `cbor:"3,keyasint"`
	Created   int64             `cbor:"4,keyasint"`
	Inventory Inventory         `cbor:"5,keyasint,omitzero"` // the last one; the zero value before the first
	Extra     Extra             `cbor:"-"`
}

// An Inventory is a vault's figures as of its last inventory: all archives
// created up to Head and not deleted when they were counted.
type Inventory struct {
	Snapshot  int64 `cbor:"1,keyasint"` // the instant it stands for
	Completed int64 `cbor:"2,keyasint"` // the instant it was done
	Head      LSN   `cbor:"3,keyasint"`
	Archives  int64 `cbor:"4,keyasint"`
	Bytes     int64 `cbor:"5,keyasint"` // without the overhead per archive

	// Payload holds the rows that were counted, and ends with the inventory. 0
	// if they were not kept: then they are the archives up to Head that still
	// are.
	Payload     uint64 `cbor:"6,keyasint,omitempty"`
	LSN         LSN    `cbor:"7,keyasint,omitempty"` // as in [Payload]
	PayloadSize int64  `cbor:"8,keyasint,omitempty"`
}

// Taken reports whether the vault has an inventory at all.
func (i Inventory) Taken() bool { return i.Completed != 0 }

// Tags are a vault's tags, all in one image.
type Tags struct {
	Vault uint64            `cbor:"1,keyasint"`
	Tags  map[string]string `cbor:"2,keyasint"`
	Extra Extra             `cbor:"-"`
}

// An Archive is a customer's immutable object. Its bytes are those of its
// pieces, one after another.
type Archive struct {
	Vault       uint64            `cbor:"1,keyasint"`
	ID          uint64            `cbor:"2,keyasint"`
	Public      glacier.ArchiveID `cbor:"3,keyasint"`
	Description string            `cbor:"4,keyasint,omitempty"`
	Created     int64             `cbor:"5,keyasint"`
	Size        int64             `cbor:"6,keyasint"`
	TreeHash    treehash.Hash     `cbor:"7,keyasint"`
	Pieces      []Piece           `cbor:"8,keyasint"`
	// Deleted marks an archive that its owner has deleted and that jobs
	// still pin. Nobody but the jobs sees it; the last pin's end is its
	// tombstone.
	Deleted bool `cbor:"9,keyasint,omitempty"`
	// Witnessed is Created by the lock clock; 0 if the two clocks agreed. Of an
	// archive that was imported it is the import by the lock clock, always set:
	// that is what its age counts from.
	Witnessed int64 `cbor:"10,keyasint,omitempty"`
	// Imported is when the archive came here with an id from elsewhere, which
	// Public then is; Created is as it was told. 0 for all others.
	Imported int64 `cbor:"11,keyasint,omitempty"`
	// Token is what the client called the upload by; empty if by nothing. No two
	// archives of a vault that are not deleted have the same.
	Token glacier.UploadToken `cbor:"12,keyasint,omitempty"`
	Extra Extra               `cbor:"-"`
}

// Arrived is the instant at which the archive became one of this store's. A
// later archive's is never before an earlier one's, and no archive was created
// after it.
func (a *Archive) Arrived() int64 { return cmp.Or(a.Imported, a.Created) }

// AgesFrom is the instant by the lock clock that the archive's age counts from.
// Nobody who uploads can choose it.
func (a *Archive) AgesFrom() int64 { return cmp.Or(a.Witnessed, a.Arrived()) }

// A Piece is a payload's place in an archive. All pieces but the last have
// the same size, a power of two MiB, so a piece's tree hash is a node of the
// archive's tree.
type Piece struct {
	_        struct{}      `cbor:",toarray"`
	Payload  uint64        // payload id
	LSN      LSN           // as in [Payload]
	Size     int64         // bytes
	TreeHash treehash.Hash // of the piece alone
}

// An Upload is a multipart upload. Once completed it stays for a while so
// that a repeated Complete finds its answer.
type Upload struct {
	Vault       uint64            `cbor:"1,keyasint"`
	ID          uint64            `cbor:"2,keyasint"`
	Public      glacier.UploadID  `cbor:"3,keyasint"`
	Description string            `cbor:"4,keyasint,omitempty"`
	PartSize    int64             `cbor:"5,keyasint"`
	Created     int64             `cbor:"6,keyasint"`
	Ended       int64             `cbor:"7,keyasint,omitempty"` // when it was completed or aborted; 0 while open
	Archive     glacier.ArchiveID `cbor:"8,keyasint,omitempty"` // what it became; empty when aborted
	Size        int64             `cbor:"9,keyasint,omitempty"`
	TreeHash    treehash.Hash     `cbor:"10,keyasint,omitzero"`
	// Import is the id that the archive is to have, and ImportCreated when it
	// was created, if it comes from elsewhere; 0 if that was not told.
	Import        glacier.ArchiveID `cbor:"11,keyasint,omitempty"`
	ImportCreated int64             `cbor:"12,keyasint,omitempty"`
	Extra         Extra             `cbor:"-"`
}

// Open reports whether the upload still takes parts.
func (u *Upload) Open() bool { return u.Ended == 0 }

// A Part is a received part of an open upload.
type Part struct {
	Upload   uint64        `cbor:"1,keyasint"`
	Index    uint64        `cbor:"2,keyasint"` // first byte / part size
	Size     int64         `cbor:"3,keyasint"`
	TreeHash treehash.Hash `cbor:"4,keyasint"`
	Payload  uint64        `cbor:"5,keyasint"`
	LSN      LSN           `cbor:"6,keyasint"` // as in [Payload]
	Received int64         `cbor:"7,keyasint"`
	Extra    Extra         `cbor:"-"`
}

// A Payload is stored bytes.
type Payload struct {
	ID       uint64        `cbor:"1,keyasint"`
	LSN      LSN           `cbor:"2,keyasint"` // the record whose frame holds the bytes; 0 if they have a file
	Size     int64         `cbor:"3,keyasint"`
	TreeHash treehash.Hash `cbor:"4,keyasint"`
	Vault    uint64        `cbor:"5,keyasint"`
	// KeySlot names the encryption key; 0 is plaintext. Reserved.
	KeySlot uint64 `cbor:"6,keyasint,omitempty"`
	Extra   Extra  `cbor:"-"`
}

// A Job is a retrieval, an inventory or a query on its way to, or with, its
// output. The fields are in the words of the API where it has words.
type Job struct {
	Vault       uint64        `cbor:"1,keyasint"`
	ID          uint64        `cbor:"2,keyasint"`
	Public      glacier.JobID `cbor:"3,keyasint"`
	Action      string        `cbor:"4,keyasint"`
	Description string        `cbor:"5,keyasint,omitempty"`
	Topic       string        `cbor:"6,keyasint,omitempty"`
	Tier        string        `cbor:"7,keyasint,omitempty"`
	Created     int64         `cbor:"8,keyasint"`
	Ready       int64         `cbor:"9,keyasint"` // not completed before this instant
	Status      string        `cbor:"10,keyasint"`
	Message     string        `cbor:"11,keyasint,omitempty"`
	Completed   int64         `cbor:"12,keyasint,omitempty"`
	Expires     int64         `cbor:"13,keyasint,omitempty"` // set on completion

	// Of archive retrievals, and but for the range of select jobs. Archive is
	// what the job pins until it expires.
	Archive         uint64            `cbor:"20,keyasint,omitempty"`
	ArchiveID       glacier.ArchiveID `cbor:"21,keyasint,omitempty"`
	ArchiveSize     int64             `cbor:"22,keyasint,omitempty"`
	ArchiveTreeHash treehash.Hash     `cbor:"23,keyasint,omitzero"`
	First           int64             `cbor:"24,keyasint,omitempty"` // inclusive byte range
	Last            int64             `cbor:"25,keyasint,omitempty"`
	RangeTreeHash   treehash.Hash     `cbor:"26,keyasint,omitzero"`  // zero if the range is not tree-hash aligned
	ArchiveNote     string            `cbor:"27,keyasint,omitempty"` // the archive's description

	// Of inventories. Output is the payload made when the job completes.
	Format     string `cbor:"40,keyasint,omitempty"`
	StartDate  string `cbor:"41,keyasint,omitempty"` // RFC 3339, UTC, to the millisecond
	EndDate    string `cbor:"42,keyasint,omitempty"`
	Limit      string `cbor:"43,keyasint,omitempty"`
	Marker     string `cbor:"44,keyasint,omitempty"` // as passed in
	NextMarker string `cbor:"45,keyasint,omitempty"` // set on completion
	Output     uint64 `cbor:"46,keyasint,omitempty"`
	OutputLSN  LSN    `cbor:"47,keyasint,omitempty"`
	OutputSize int64  `cbor:"48,keyasint,omitempty"` // of the results of select jobs, too

	// Of select jobs, whose results are objects of a bucket.
	SelectParameters []byte            `cbor:"60,keyasint,omitempty"` // JSON, compact: what was understood of them
	OutputLocation   []byte            `cbor:"61,keyasint,omitempty"` // likewise
	OutputPath       string            `cbor:"62,keyasint,omitempty"` // what the keys of its objects begin with
	OutputParts      uint64            `cbor:"63,keyasint,omitempty"` // objects that the results are in, set on completion
	Caller           glacier.AccountID `cbor:"64,keyasint,omitempty"` // who began it, and whose the results are

	Extra Extra `cbor:"-"`
}

// A Clock is what has been learnt of the machine's clock: how far it has been
// moved, and how long nobody looked. The lock clock is the machine's less Skew;
// see package local. Field 1 is not used.
type Clock struct {
	Skew   int64 `cbor:"2,keyasint"` // milliseconds that the machine's clock is ahead of the lock clock
	Born   int64 `cbor:"3,keyasint"` // the store's first start, by the lock clock
	Down   int64 `cbor:"4,keyasint"` // milliseconds of absence that the lock clock has counted, in all
	Seen   int64 `cbor:"5,keyasint"` // the instant all this is as of, by the lock clock
	Credit int64 `cbor:"6,keyasint"` // milliseconds of absence that may still be counted
	Extra  Extra `cbor:"-"`
}

// A VaultPolicy is a vault's access policy.
type VaultPolicy struct {
	Vault  uint64 `cbor:"1,keyasint"`
	Policy string `cbor:"2,keyasint"` // as it came
	Extra  Extra  `cbor:"-"`
}

// A VaultLock is a vault's lock policy, on its way or for good.
type VaultLock struct {
	Vault     uint64 `cbor:"1,keyasint"`
	Public    string `cbor:"2,keyasint"` // the lock id
	Policy    string `cbor:"3,keyasint"` // as it came
	Created   int64  `cbor:"4,keyasint"`
	Expires   int64  `cbor:"5,keyasint"`           // when it lapses unless it is completed
	Witnessed int64  `cbor:"6,keyasint"`           // Created by the lock clock, which decides when it lapses
	Locked    bool   `cbor:"7,keyasint,omitempty"` // completed: it never lapses
	Extra     Extra  `cbor:"-"`
}

// Lapsed reports whether the lock's time to be completed was over at an instant
// of the lock clock. A completed lock never lapses.
func (l *VaultLock) Lapsed(lockNow time.Time) bool {
	return !l.Locked && lockNow.UnixMilli()-l.Witnessed >= glacier.LockWindow.Milliseconds()
}

// A RetrievalPolicy limits what an account may retrieve.
type RetrievalPolicy struct {
	Account      glacier.AccountID `cbor:"1,keyasint"`
	Strategy     string            `cbor:"2,keyasint"`
	BytesPerHour int64             `cbor:"3,keyasint,omitempty"`
	Extra        Extra             `cbor:"-"`
}

// A RetrievalUsage is what an account has retrieved on its latest day of
// retrievals.
type RetrievalUsage struct {
	Account glacier.AccountID `cbor:"1,keyasint"`
	Day     int64             `cbor:"2,keyasint"` // days since the Unix epoch, UTC
	Bytes   int64             `cbor:"3,keyasint"` // asked for by Standard retrievals
	Extra   Extra             `cbor:"-"`
}

// A Capacity is a provisioned capacity unit.
type Capacity struct {
	Number  uint64            `cbor:"1,keyasint"`
	Account glacier.AccountID `cbor:"2,keyasint"`
	Public  string            `cbor:"3,keyasint"`
	Start   int64             `cbor:"4,keyasint"`
	Expires int64             `cbor:"5,keyasint"` // whole seconds
	Extra   Extra             `cbor:"-"`
}

// Key returns the entity's key.
func (e *Counter) Key() Key { return Key{KindCounter, e.Counter, 0} }

// Key returns the entity's key.
func (e *Account) Key() Key { return AccountKey(e.ID) }

// Key returns the entity's key.
func (e *AccessKey) Key() Key { return Key{KindAccessKey, e.Number, 0} }

// Key returns the entity's key.
func (e *Vault) Key() Key { return Key{KindVault, e.ID, 0} }

// Key returns the entity's key.
func (e *Tags) Key() Key { return Key{KindTags, e.Vault, 0} }

// Key returns the entity's key.
func (e *Archive) Key() Key { return Key{KindArchive, e.Vault, e.ID} }

// Key returns the entity's key.
func (e *Upload) Key() Key { return Key{KindUpload, e.Vault, e.ID} }

// Key returns the entity's key.
func (e *Part) Key() Key { return Key{KindPart, e.Upload, e.Index} }

// Key returns the entity's key.
func (e *Job) Key() Key { return Key{KindJob, e.Vault, e.ID} }

// Key returns the entity's key.
func (e *Payload) Key() Key { return PayloadKey(e.ID) }

// Key returns the entity's key.
func (e *Clock) Key() Key { return Key{KindClock, 0, 0} }

// Key returns the entity's key.
func (e *User) Key() Key { return Key{KindUser, e.Number, 0} }

// Key returns the entity's key.
func (e *VaultPolicy) Key() Key { return VaultPolicyKey(e.Vault) }

// Key returns the entity's key.
func (e *VaultLock) Key() Key { return VaultLockKey(e.Vault) }

// Key returns the entity's key.
func (e *RetrievalPolicy) Key() Key { return Key{KindRetrievalPolicy, AccountKey(e.Account).A, 0} }

// Key returns the entity's key.
func (e *RetrievalUsage) Key() Key { return Key{KindRetrievalUsage, AccountKey(e.Account).A, 0} }

// Key returns the entity's key.
func (e *Capacity) Key() Key { return Key{KindCapacity, e.Number, 0} }

// VaultPolicyKey is the key of a vault's access policy.
func VaultPolicyKey(vault uint64) Key { return Key{KindVaultPolicy, vault, 0} }

// VaultLockKey is the key of a vault's lock.
func VaultLockKey(vault uint64) Key { return Key{KindVaultLock, vault, 0} }

// PayloadKey is the key of a payload.
func PayloadKey(id uint64) Key { return Key{KindPayload, id, 0} }

// AccountKey is the key of an account: its twelve digits as a number.
func AccountKey(id glacier.AccountID) Key {
	var n uint64
	for _, c := range []byte(id) {
		n = n*10 + uint64(c-'0')
	}
	return Key{KindAccount, n, 0}
}
