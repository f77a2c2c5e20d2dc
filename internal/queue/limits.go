package queue

import "time"

// Limits of SQS's, and of ours.
const (
	// MaxInFlight is how many messages of a queue may be in flight: received,
	// and neither deleted nor visible again.
	MaxInFlight = 120_000
	// MaxMessage is the most bytes that a message may have, its attributes
	// included, and that the messages of a batch may have together.
	MaxMessage = 256 << 10
	// MaxBatch is how many entries a batch may have, and how many messages a
	// receive may ask for.
	MaxBatch = 10
	// MaxQueues is how many queues an account may have.
	MaxQueues = 1000
	// MaxWait is how long a receive may wait.
	MaxWait = 20 * time.Second
	// MaxVisibility is how long a message may be invisible after a receive.
	MaxVisibility = 12 * time.Hour

	maxName          = 80
	maxDelay         = 900 // seconds
	maxBatchID       = 80
	maxAttributes    = 10 // of a message
	maxAttributeName = 256
	maxAttributeType = 256
	maxTags          = 50
	maxTagKey        = 128 // characters
	maxTagValue      = 256 // characters
	maxPolicy        = 20 << 10
	maxReceiveCount  = 1000 // of a redrive policy
	purgePause       = time.Minute

	// sweepKeys bounds a record of tombstones, so that nobody waits long
	// behind it.
	sweepKeys = 128
	// A page of messages is at most pageBytes long or so, whatever is in it.
	pageBytes = 1 << 20
	queuePage = 100
)

// limits are those on what is remembered.
type limits struct {
	inFlight int   // messages of a queue that are in flight
	rested   int   // messages of a queue that came back; and those that were sent with a delay
	tracked  int64 // messages over all queues
}

func usualLimits() limits {
	return limits{inFlight: MaxInFlight, rested: MaxInFlight, tracked: 2_000_000}
}
