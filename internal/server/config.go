package server

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/selection"
)

// Config is everything that can be said about a server. The comments are the
// manual: the flags and the configuration file have the same names, in lower
// case with hyphens.
type Config struct {
	// Data is the data directory. It is made if it is missing.
	Data string
	// Listen is the address to serve on, host:port. Port 0 takes a free one.
	Listen string
	// TLSCert and TLSKey are PEM files; both or neither.
	TLSCert, TLSKey string

	// Region stands in ARNs and is what requests must be signed for.
	Region string
	// Account is the account that the root key belongs to.
	Account glacier.AccountID
	// RootKey is the access key of the account's root. It becomes the only one
	// the account has. If it is empty, a start that finds no key makes one and
	// hands it to FirstKey; others leave the key as it is.
	RootKey Key
	// PublicKey is the id of a key that everybody knows. The server does not
	// start while an account has it, unless RootKey takes its place. If it is
	// the RootKey, it takes no other key's place.
	PublicKey string
	// FirstKey is told the root key that a first start has made, once.
	FirstKey func(Key)

	// SealKey seals the secrets of access keys in the store; nil means the one
	// in the data directory, which a first start makes.
	SealKey *[32]byte

	// AccountRate and KeyRate are how many requests a second an account, and an
	// access key, may make; 0 does not limit.
	AccountRate, KeyRate float64
	// TrustedProxies are believed when they say, in X-Forwarded-For and
	// X-Forwarded-Proto, whom a request comes from.
	TrustedProxies []netip.Prefix
	// PublicURL is where others reach this server, as it stands in what is sent
	// to subscribers; empty means the address that is listened on.
	PublicURL string
	// AllowPrivate lets notifications go to loopback, link-local and private
	// addresses.
	AllowPrivate bool
	// FreeRetrieval is how many bytes a month the retrieval policy FreeTier
	// lets an account retrieve; 0 means 10 GiB.
	FreeRetrieval int64

	// SelectDirectory is the directory for the results of select jobs, which
	// stands for every bucket that is not in Buckets; empty means select in the
	// data directory, and NoSelect that there are no others.
	SelectDirectory string
	// SelectTime is how long the query of a select job may take; 0 means 48
	// hours.
	SelectTime time.Duration
	// SelectOutput is how many bytes such a query may select; 0 means 10 GiB if
	// they go to SelectDirectory, and 5 TiB otherwise.
	SelectOutput int64
	// Buckets are the buckets that the results of select jobs may go to, by the
	// names that clients give.
	Buckets map[string]Bucket

	// Audit is the directory of the audit log; empty means audit in the data
	// directory, and NoAudit that there is none.
	Audit string
	// AuditRequired refuses requests that change something while their line in
	// the audit log cannot be written, and answers them only once it is on the
	// medium.
	AuditRequired bool
	// AuditSize is the size at which a file of the audit log is closed and a
	// new one begun; 0 means 64 MiB.
	AuditSize int64
	// AuditKeep is how many closed files stay; 0 keeps all.
	AuditKeep int

	// Profile sets the defaults of Timing.
	Profile Profile
	// Timing is when things happen. See [Profile.Timing].
	Timing Timing

	// SegmentSize is the size at which a segment of the journal is closed;
	// 0 means 1 GiB.
	SegmentSize int64
	// Reserve is how much space is held back for deletes on a full disk;
	// 0 means 32 MiB.
	Reserve int64
	// MaxConnections bounds the connections served at a time; others wait.
	// 0 means 1,024.
	MaxConnections int
	// BodyTimeout is how long a client may pause while it sends or takes a
	// body; 0 means 30 seconds.
	BodyTimeout time.Duration
	// ShutdownTimeout is how long Close waits for requests in flight; 0 means
	// two minutes.
	ShutdownTimeout time.Duration

	// AcceptLoss lets the server start although acknowledged records are
	// missing from the journal or, with a RootKey, the key that has sealed
	// secrets: only the RootKey is good then.
	AcceptLoss bool
	// ConfirmClock is the operator's word that the machine's clock is right,
	// after a jump or a long absence has suspended expiry and reclaim.
	ConfirmClock bool

	// Now is the clock by which things are made, age and end, for tests; nil
	// means time.Now. Signatures are held against the machine's clock in any case.
	Now func() time.Time
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger
}

// NoAudit in the place of a directory keeps no audit log.
const NoAudit = "off"

// NoSelect in the place of a directory keeps no results of select jobs.
const NoSelect = "off"

// A Bucket is a bucket of S3, or of a store that speaks its protocol, and who
// may use it.
type Bucket struct {
	bucket.Settings
	// Accounts may have the results of their queries written there, whose ever the
	// archives are. Nil means the server's own account; an empty list means nobody.
	Accounts []glacier.AccountID
}

// A Key is an access key.
type Key struct {
	ID     string
	Secret string
}

// Timing is when things happen.
type Timing struct {
	// ExpeditedDelay, StandardDelay and BulkDelay are how long an archive
	// retrieval or a select job of the tier takes at least, InventoryDelay an
	// inventory job.
	ExpeditedDelay time.Duration
	StandardDelay  time.Duration
	BulkDelay      time.Duration
	InventoryDelay time.Duration
	// InventoryInterval is how often the inventory of a vault that was
	// written to is taken; 0 means whenever a job asks for it.
	InventoryInterval time.Duration
	// LiveCounters makes DescribeVault count what is there now and lets an
	// empty vault be deleted at once; otherwise both go by the last inventory.
	LiveCounters bool
	// ExpeditedLimit is how many Expedited retrievals an account may begin in
	// five minutes beside those that its capacity units guarantee; a negative
	// one does not limit.
	ExpeditedLimit int
	// OutputLife is how long a job and its output stay after completion.
	OutputLife time.Duration
	// UploadLife is how long an idle multipart upload stays.
	UploadLife time.Duration
}

// A Profile names a set of timings.
type Profile string

const (
	// Fast completes jobs as soon as their work is done, takes inventories
	// when asked for them, and counts live.
	Fast Profile = "fast"
	// AWS keeps Amazon's delays: hours for a retrieval, a day between
	// inventories, counters as of the last inventory.
	AWS Profile = "aws"
)

// Timing returns what the profile stands for.
func (p Profile) Timing() (Timing, error) {
	switch p {
	case Fast:
		return Timing{
			LiveCounters:   true,
			ExpeditedLimit: -1,
			OutputLife:     25 * time.Hour,
			UploadLife:     24 * time.Hour,
		}, nil
	case AWS:
		return Timing{
			ExpeditedDelay:    3 * time.Minute,
			StandardDelay:     4 * time.Hour,
			BulkDelay:         8 * time.Hour,
			InventoryDelay:    4 * time.Hour,
			InventoryInterval: 24 * time.Hour,
			ExpeditedLimit:    10,
			OutputLife:        25 * time.Hour,
			UploadLife:        24 * time.Hour,
		}, nil
	default:
		return Timing{}, fmt.Errorf("profile %q is neither %s nor %s", string(p), Fast, AWS)
	}
}

// Validate reports contradictions.
func (c *Config) Validate() error {
	var errs []error
	complain := func(bad bool, what string) {
		if bad {
			errs = append(errs, errors.New(what))
		}
	}
	complain(c.Data == "", "no data directory")
	complain(c.Listen == "", "no address to listen on")
	complain(!validRegion(c.Region), "the region is not lower-case letters, digits and hyphens")
	complain(!c.Account.Valid(), "the account is not twelve digits")
	complain((c.TLSCert == "") != (c.TLSKey == ""), "a TLS certificate and its key go together")
	complain((c.RootKey.ID == "") != (c.RootKey.Secret == ""), "an access key and its secret go together")
	for name, d := range map[string]time.Duration{
		"expedited-delay": c.Timing.ExpeditedDelay, "standard-delay": c.Timing.StandardDelay,
		"bulk-delay": c.Timing.BulkDelay, "inventory-delay": c.Timing.InventoryDelay,
		"inventory-interval": c.Timing.InventoryInterval,
	} {
		complain(d < 0, name+" is negative")
	}
	complain(!validURL(c.PublicURL), "public-url is not an http or https URL without a path")
	complain(c.AccountRate < 0, "account-rate is negative")
	complain(c.KeyRate < 0, "key-rate is negative")
	complain(c.FreeRetrieval < 0, "free-retrieval is negative")
	complain(c.SelectTime < 0, "select-time is negative")
	complain(c.SelectOutput < 0, "select-output is negative")
	complain(c.AuditSize < 0, "audit-size is negative")
	complain(c.AuditKeep < 0, "audit-keep is negative")
	complain(c.AuditRequired && c.Audit == NoAudit, "audit-required needs an audit log")
	complain(c.SegmentSize < 0, "segment-size is negative")
	complain(c.Reserve < 0, "reserve is negative")
	complain(c.MaxConnections < 0, "max-connections is negative")
	complain(c.BodyTimeout < 0, "body-timeout is negative")
	complain(c.ShutdownTimeout < 0, "shutdown-timeout is negative")
	complain(c.Timing.OutputLife < time.Minute, "output-life is less than a minute")
	complain(c.Timing.UploadLife < time.Minute, "upload-life is less than a minute")
	for _, name := range slices.Sorted(maps.Keys(c.Buckets)) {
		errs = append(errs, validateBucket(name, c.Buckets[name]))
	}
	return errors.Join(errs...)
}

// validateBucket does not show what should be a secret.
func validateBucket(name string, b Bucket) error {
	if !selection.ValidBucket(name) {
		return fmt.Errorf("bucket %q: clients cannot give this name", name)
	}
	if err := b.Validate(); err != nil {
		return fmt.Errorf("bucket %s: %w", name, err)
	}
	for _, a := range b.Accounts {
		if !a.Valid() {
			return fmt.Errorf("bucket %s: the account %q is not twelve digits", name, a)
		}
	}
	return nil
}

// validRegion reports whether a region can stand between the slashes of a
// credential scope and the colons of an ARN.
func validRegion(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != ""
}

// validURL reports whether links can begin with it; none is fine, too.
func validURL(s string) bool {
	u, err := url.Parse(s)
	return s == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.Path == "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
