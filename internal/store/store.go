// Package store is the contract between Firn's rules and whatever keeps its
// bytes: a record and the payload it names become durable and visible, or
// neither does.
//
// The implementations are packages below this one; they share the
// conformance suite in storetest.
package store

import (
	"context"
	"errors"

	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
)

// A Rule decides, looking at the current state, what a mutation leaves
// behind. An error means that nothing is to happen, and is handed through as
// it is. A rule may run more than once: it has no effect but its result, and
// takes its time, number and random bits from tx.
type Rule func(tx *catalog.Tx) (record.Record, error)

// A Store keeps records and payloads. All methods may be called
// concurrently.
type Store interface {
	// Update runs the rule against the current state. The record it returns
	// becomes durable, then visible, whole or not at all; when Update returns
	// nil it is on the medium. A record without images is not written. Rules
	// see each other's effects one after another. ctx withdraws an operation
	// only until the store has taken it; after that Update waits for the
	// outcome. From then on the record's payload belongs to the store.
	//
	// ErrFull means that there is no space. Any other error that is not the
	// rule's own leaves open whether the record will be found after a
	// restart.
	Update(ctx context.Context, rule Rule) error

	// View runs look on a consistent state that has every acknowledged
	// update. It must be short; long scans page by id. Neither a look nor a
	// rule calls the store: it could wait for itself.
	View(ctx context.Context, look func(tx *catalog.Tx) error) error

	// NewPayload begins a payload. ErrFull is returned at once if the declared
	// size does not fit beside what other uploads in flight have declared. ctx
	// is for all of the writing. Whoever got the writer closes it.
	NewPayload(ctx context.Context, h payload.Header) (payload.Writer, error)

	// OpenPayload opens a stored payload. ErrGone means that its last use has
	// ended; that its bytes are missing before is a *payload.DamageError.
	OpenPayload(ctx context.Context, ref payload.Ref) (payload.Reader, error)
}

var (
	// ErrFull is returned when there is no space for more bytes. Deletes and
	// reads go on.
	ErrFull = errors.New("store: no space left")
	// ErrClosed is returned after Close, or after a failure that left the
	// state on the medium unknown.
	ErrClosed = errors.New("store: closed")
	// ErrGone is returned for a payload that is no longer kept.
	ErrGone = errors.New("store: payload is gone")
)
