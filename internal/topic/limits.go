package topic

import "time"

// Limits of SNS's, and of ours.
const (
	// MaxTopics is how many topics an account may have.
	MaxTopics = 1000
	// MaxSubscriptions is how many subscriptions a topic may have. A message
	// and all of its deliveries are one record.
	MaxSubscriptions = 200
	// MaxMessage is the most bytes that a message may have, its attributes
	// included.
	MaxMessage = 256 << 10
	// MaxTags is how many tags a topic may have.
	MaxTags = 50
	// ConfirmationLife is how long a subscription waits to be confirmed.
	ConfirmationLife = 72 * time.Hour
	// MaxOverdue is how long a delivery can be due while its endpoint fails.
	MaxOverdue = 96 * time.Hour
	// LetterLife is how long a dead letter is kept while new ones come.
	LetterLife = 14 * 24 * time.Hour

	maxName           = 256
	maxDisplayName    = 100
	maxSubject        = 100
	maxEndpoint       = 2048
	maxPolicy         = 30 << 10
	maxFilterPolicy   = 16 << 10 // every message reads those of all subscriptions of its topic
	maxDeliveryPolicy = 4 << 10
	maxTagKey         = 128 // characters
	maxTagValue       = 256 // characters
	maxAttributes     = 100 // of a message
	maxAttributeName  = 256
	maxReason         = 512 // bytes that are kept of why a delivery failed

	// A turn reads deliveries in pages of so many, and messages of about so
	// many bytes, and makes a record of so many outcomes, at least as often as
	// that: what it has not recorded is sent again after a crash.
	pageSize     = 64
	pageBytes    = 256 << 10
	maxOutcomes  = 64
	maxUnsettled = 250 * time.Millisecond
	// recordBytes is about how many bytes of letters a record takes: far fewer
	// than the journal does. One letter always goes.
	recordBytes = 1 << 20
	// turnTime is how long a subscription is served before another has a turn.
	turnTime = 5 * time.Second
	// sendTimeout is how long one try may take in all.
	sendTimeout = 15 * time.Second
	// slowSend is how long a try may take of an endpoint that does well.
	slowSend = time.Second

	// After restAfter failures in a row a subscription rests for firstRest,
	// then twice as long each time, up to longestRest.
	restAfter   = 3
	firstRest   = time.Second
	longestRest = time.Minute

	// overdueKeys is how many deliveries a failure gives up that were due for
	// too long.
	overdueKeys = 250
	// sweepKeys is how many deliveries a record of the sweep removes.
	sweepKeys = 250
	// scanPage is how many waiting subscriptions one look at the store fetches.
	scanPage = 500
	// scanEvery is how often the dispatcher looks at all that waits, to be
	// sure. It does not depend on it.
	scanEvery = 5 * time.Minute
	// maxIdle is how many subscriptions without work are remembered for how
	// well their endpoints do.
	maxIdle = 4096
)
