package topic

import (
	"context"
	"errors"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// The protocols that are built in.
const (
	protocolHTTP  = "http"
	protocolHTTPS = "https"
	protocolSQS   = "sqs"
)

// ErrNoQueue is returned by Queues for a queue that does not exist.
var ErrNoQueue = errors.New("topic: there is no such queue")

// Queues is the queues of the same store.
type Queues interface {
	// Put adds a message to the record; it is in the queue when the record is
	// durable. One record may take several. ErrNoQueue means that there is no
	// queue of that ARN, a *PermanentError that it will never take this
	// message.
	Put(tx *catalog.Tx, r *record.Record, arn string, body string, attributes map[string]record.Attribute) error
	// Wake tells those who wait for messages of the queue that one may have
	// come.
	Wake(arn string)
	// Exists reports whether there is such a queue.
	Exists(tx *catalog.Tx, arn string) (bool, error)
}

// A Sender makes one try to hand a message to an endpoint. Its methods may be
// called concurrently.
type Sender interface {
	// Check refuses what it could never send to, in words for whoever
	// subscribes.
	Check(endpoint string) error
	// Send returns when the endpoint has taken the message, or when ctx ends.
	// An error means that it may not have arrived, a *PermanentError that
	// another try is of no use. m belongs to the caller and is not changed.
	Send(ctx context.Context, endpoint string, m *Outgoing) error
}

// An Outgoing is a message on its way to one subscription.
type Outgoing struct {
	Type         string // Notification or SubscriptionConfirmation
	Topic        glacier.ARN
	Subscription glacier.ARN
	MessageID    string
	Subject      string // "" if it has none
	Message      string
	Attributes   map[string]record.Attribute
	Published    time.Time
	Envelope     []byte // SNS's JSON with all of this, signed; nil if Raw
	Raw          bool   // the message alone is to be sent
	ContentType  string // as the delivery policy has it
}

// The types of messages, as they stand in envelopes.
const (
	TypeNotification             = "Notification"
	TypeSubscriptionConfirmation = "SubscriptionConfirmation"
)

// A PermanentError is a failure that another try will not mend.
type PermanentError struct{ Err error }

// Error returns what Err says.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *PermanentError) Unwrap() error { return e.Err }
