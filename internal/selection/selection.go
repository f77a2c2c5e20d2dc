// Package selection is the rules of select jobs that are about the query and its results: what may be asked for, where the
// results go, and how they lie there.
//
// A job's results are objects of a bucket: one that the operator has configured, or else a directory of the server's that stands
// for every bucket that is not. Both are those of the account that has begun the job, whose ever the archive is. The keys begin
// with the prefix that was asked for and the job's id, in a directory behind that account and the name of the bucket as well:
//
//	<prefix>/<job>/job.txt                  the job's description as it began; there before InitiateJob returns, and never changed
//	<prefix>/<job>/results/part-00000000    results, in the order of the archive; a part ends with a record
//	<prefix>/<job>/result_manifest.txt      the keys of all parts, a line each; if the job succeeded
//	<prefix>/<job>/errors/error-00000000    what went wrong, as a JSON object; if the job failed by it
//	<prefix>/<job>/error_manifest.txt       the key of that
//
// A job has succeeded if there is a result_manifest.txt and no error_manifest.txt. A job that is run again, after a crash or a
// failure that has passed, begins by taking away the manifests, and makes the same parts anew, under the same names.
//
// The objects are the customer's. Nothing here removes them when the job's record ends, as Glacier does not.
//
// The package does not know archives, records or jobs, and leaves to its caller when something runs, and how often.
package selection

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/bucket"
)

// Defaults for zero values of [Config].
const (
	DefaultMaxTime         = 48 * time.Hour
	DefaultMaxOutput       = 5 << 40
	DefaultDirectoryOutput = 10 << 30
	DefaultPartSize        = 256 << 20
)

// A Config says where results may go, and how far.
type Config struct {
	// Account is the server's own.
	Account glacier.AccountID
	// Directory stands for every bucket that is not in Buckets. Nil: there are no others.
	Directory *bucket.Directory
	// Buckets are the buckets by the names that customers give.
	Buckets map[string]Target
	// MaxTime is how long one run of a query may take. Zero means DefaultMaxTime.
	MaxTime time.Duration
	// MaxOutput is how many bytes a query may select. Zero means DefaultDirectoryOutput for results in Directory, and
	// DefaultMaxOutput for others.
	MaxOutput int64
	// PartSize is the size in bytes at which a part of a result is closed and the next begun. Zero means DefaultPartSize.
	PartSize int64
	// Workers is how many goroutines evaluate one query. Zero means one for each processor.
	Workers int
}

// A Target is a bucket and who may use it.
type Target struct {
	Bucket bucket.Bucket
	// Accounts may have the results of their queries written there. Nil means the server's own account; an empty list means nobody.
	Accounts []glacier.AccountID
}

// A Service knows where results go. Its methods may be called concurrently.
type Service struct {
	cfg Config
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.MaxTime < 0 || cfg.MaxOutput < 0 || cfg.PartSize < 0 || cfg.Workers < 0 {
		return nil, errors.New("select: negative limit")
	}
	for name := range cfg.Buckets {
		if !ValidBucket(name) {
			return nil, fmt.Errorf("select: %q is not the name of a bucket", name)
		}
	}
	if cfg.MaxTime == 0 {
		cfg.MaxTime = DefaultMaxTime
	}
	if cfg.PartSize == 0 {
		cfg.PartSize = DefaultPartSize
	}
	return &Service{cfg: cfg}, nil
}

// Check returns a *[glacier.Error] if the results of an account's queries cannot go to a place. It asks no bucket.
func (s *Service) Check(caller glacier.AccountID, l *Location) error {
	_, err := s.Site(caller, l, glacier.JobID(strings.Repeat("x", jobIDLength)))
	return err
}

// jobIDLength is the length of every job's id.
const jobIDLength = 92

// Site returns the place of the results of one job, which the account caller has begun. The error is Check's.
func (s *Service) Site(caller glacier.AccountID, l *Location, id glacier.JobID) (*Site, error) {
	site := &Site{cfg: &s.cfg, location: l, path: l.Path(id), maxOutput: cmp.Or(s.cfg.MaxOutput, DefaultMaxOutput)}
	if t, ok := s.cfg.Buckets[l.Bucket]; ok {
		if !s.admits(t, caller) {
			return nil, invalid("Invalid BucketName: %s. The account %s may not use this bucket.", l.Bucket, caller)
		}
		site.bucket = t.Bucket
		return site, nil
	}
	if s.cfg.Directory == nil {
		return nil, invalid("Invalid BucketName: %s. This server has no such bucket.", l.Bucket)
	}
	site.bucket, site.directory = s.cfg.Directory, s.cfg.Directory
	site.maxOutput = cmp.Or(s.cfg.MaxOutput, DefaultDirectoryOutput)
	site.root = string(caller) + "/" + l.Bucket + "/"
	if err := bucket.CheckKey(site.key(partName(0))); err != nil {
		return nil, invalid("Invalid Prefix: %v.", err)
	}
	return site, nil
}

func (s *Service) admits(t Target, account glacier.AccountID) bool {
	if t.Accounts == nil {
		return account == s.cfg.Account
	}
	return slices.Contains(t.Accounts, account)
}

func invalid(format string, args ...any) *glacier.Error {
	return glacier.Errorf(glacier.InvalidParameterValue, format, args...)
}
