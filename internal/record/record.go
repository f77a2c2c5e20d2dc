// Package record says what a mutation leaves behind.
//
// One operation is one [Record] with one [LSN]. A record holds after-images:
// for each entity that the operation touched, the entity's whole new state,
// or a tombstone. To replay a journal is therefore to put or delete, key by
// key, and to keep the newest; replay is idempotent and needs no order.
//
// An image's body is CBOR with integer keys. A field is never renumbered and
// never reused. Fields that this version does not know are kept when an
// image is read and written again, so that an older Firn does not lose what
// a newer one wrote.
//
// The package knows nothing of files: journals keep records, the catalog
// folds them.
package record

import "time"

// An LSN is a record's place in the order of everything that ever happened
// to a store: 1, 2, 3 … without a gap. It is a counter, not a clock. The LSN
// of the record that creates an entity is the entity's internal id.
type LSN uint64

// A Kind says what sort of entity a key names. The numbers stand in journals.
type Kind uint8

// The kinds of entities, and how their keys are made up.
const (
	KindCounter   Kind = 1  // (counter, 0)
	KindAccount   Kind = 2  // (account number, 0)
	KindAccessKey Kind = 3  // (key, 0)
	KindVault     Kind = 4  // (vault, 0)
	KindTags      Kind = 5  // (vault, 0)
	KindArchive   Kind = 6  // (vault, archive)
	KindUpload    Kind = 7  // (vault, upload)
	KindPart      Kind = 8  // (upload, index from 0)
	KindJob       Kind = 9  // (vault, job)
	KindPayload   Kind = 10 // (payload, 0)
	KindClock     Kind = 11 // (0, 0)

	KindUser            Kind = 12 // (user, 0)
	KindVaultPolicy     Kind = 13 // (vault, 0)
	KindVaultLock       Kind = 14 // (vault, 0)
	KindRetrievalPolicy Kind = 15 // (account number, 0)
	KindRetrievalUsage  Kind = 16 // (account number, 0)
	KindCapacity        Kind = 17 // (unit, 0)

	KindNotifications Kind = 18 // (vault, 0)
	KindTopic         Kind = 19 // (topic, 0)
	KindSubscription  Kind = 20 // (topic, subscription)
	KindMessage       Kind = 21 // (topic, message)
	KindDelivery      Kind = 22 // (subscription, message)
	KindQueue         Kind = 23 // (queue, 0)
	KindQueueMessage  Kind = 24 // (queue, message)

	// LastKind is the newest kind that this version knows.
	LastKind = KindQueueMessage
)

// A Key names one entity in a store. A and B are what the kind says.
type Key struct {
	Kind Kind
	A, B uint64
}

// An Image is the state in which an operation left an entity.
type Image struct {
	Key  Key
	Body []byte // CBOR; nil is a tombstone
}

// Tombstone reports whether the operation ended the entity.
func (i Image) Tombstone() bool { return i.Body == nil }

// A Record is what one operation leaves behind. The zero Record, without
// images, means that nothing happened and nothing is to be written.
type Record struct {
	Images []Image
	Stores Stored // the payload that the record stores; nil for most
}

// Stored is the bytes that a record makes part of the store. The store's
// payload writers implement it.
type Stored interface {
	// Inline returns the bytes to keep in the record's own frame, at most one
	// leaf, or nil if they have a file of their own. The slice is valid until
	// Settle.
	Inline() []byte
	// Settle tells the payload its fate once it is known: kept when the
	// record is durable, else not. It is called at most once, and not at all
	// when the outcome is unknown.
	Settle(kept bool)
}

// An Entry is a record with its place and time, as journals keep it.
type Entry struct {
	LSN    LSN
	Time   time.Time // whole milliseconds; never decreases with the LSN
	Images []Image
	Inline []byte // the payload kept with the record, or nil
}

// An Entity is a thing with a key whose state an image can hold. The pointer
// types of this package implement it.
type Entity interface {
	Key() Key
}

// Put adds the entity's state to the record.
func (r *Record) Put(e Entity) {
	r.Images = append(r.Images, Image{Key: e.Key(), Body: encode(e)})
}

// Delete adds a tombstone to the record.
func (r *Record) Delete(k Key) {
	r.Images = append(r.Images, Image{Key: k})
}
