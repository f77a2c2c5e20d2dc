// Package job holds the rules of jobs, retrievals and queries: what may be asked
// for, when it is done, what it gives out and when that ends.
//
// A job is a record like everything else, and the records are all there is to
// a job: one that a crash interrupts is found again and done again. An
// archive job re-reads and verifies every leaf of what it retrieves before it
// succeeds. It copies nothing; while it exists it pins the archive, whose
// bytes therefore outlive their deletion. An inventory job writes its output
// once, as a payload of the store, and succeeds in the same record that makes
// the payload part of the store. So an output is the same bytes from the
// first call to the last, until [Service.Sweep] ends the job, its output and
// its pin.
//
// A select job reads and verifies its archive in the same way, pins it likewise,
// and gives what its query selects to a bucket. What its bucket is told before
// InitiateJob returns has the job's id in it: so its record comes first, and is
// withdrawn if the bucket refuses. It depends on nothing but the archive and the
// instant of its beginning, so it can be done again. Its results stay when the
// job ends.
//
// An inventory is every archive that was committed up to an instant and was
// not deleted when its page was read. Which instant, and when the pages are
// read, depends on the profile. With an interval [Service.TakeInventories]
// takes a vault's inventory and keeps the rows as a payload, and until the
// next one that snapshot is what jobs list and counters count: what was
// deleted since is still in it. Without an interval the rows are read when the
// job runs, and the instant is that one, unless nothing was written since the
// vault's last inventory; then it keeps its date.
//
// What an account may retrieve has a budget. Its retrieval policy is held
// against Standard retrievals, in the record that begins the job, so no two of
// them spend the same bytes. Expedited retrievals may be limited to so many in
// five minutes, and the capacity units that the account has bought are places
// beside those.
//
// Whoever is to hear of a job's completion is told by the record that completes
// it: the vault's topic, if it wants to know, and the job's own. The package does
// not send anything itself. Of who is calling it knows the account, and asks
// nothing more.
package job

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/selection"
	"firn/internal/store"
	"firn/internal/token"
)

// Defaults for zero values of [Config].
const (
	DefaultWorkers       = 8
	DefaultOutputLife    = 25 * time.Hour // Glacier promises 24
	DefaultOutputBuffers = 64
	DefaultFreeRetrieval = 10 * glacier.GiB
)

// A Config says how jobs are to be done.
type Config struct {
	// Store keeps the jobs, the archives and the outputs.
	Store store.Store
	// Region stands in every ARN, and topics must be in it.
	Region string
	// IDs seals the ids of jobs and the markers of inventories, and opens
	// those of archives.
	IDs token.Key
	// Delays is how long a retrieval or a select job takes at least, by tier. A
	// tier that is not in it takes no longer than its work.
	Delays map[string]time.Duration
	// InventoryDelay is how long an inventory job takes at least.
	InventoryDelay time.Duration
	// InventoryInterval is the age at which a vault's inventory is renewed if
	// the vault was written to. Zero: an inventory is taken when a job asks.
	InventoryInterval time.Duration
	// OutputLife is how long a job and its output stay after its completion.
	// Zero means DefaultOutputLife.
	OutputLife time.Duration
	// Workers is how many retrievals and inventories are worked on at once; each
	// needs about 3 MiB. With two or more, one of them is kept for Expedited
	// retrievals and half of them from Bulk ones. Zero means DefaultWorkers.
	//
	// For select jobs there are a quarter as many besides, one at least. Each
	// needs 7 MiB, of input and of output, for every goroutine of
	// selection.Config.Workers and two more, 1 MiB for a leaf of the archive, up
	// to 32 MiB if that is packed, and 16 MiB if its bucket is an S3 store.
	Workers int
	// OutputBuffers is how many leaves of outputs are in memory at once, on
	// their way to clients, 1 MiB each: the budget for all downloads together.
	// Zero means DefaultOutputBuffers.
	OutputBuffers int
	// FreeRetrieval is how many bytes an account whose policy is FreeTier may
	// retrieve at tier Standard in a month. Each day, UTC, has its month's
	// share, and what a day leaves is lost. Zero means DefaultFreeRetrieval.
	FreeRetrieval int64
	// Select says where the results of select jobs may go. Nil means nowhere.
	Select *selection.Service
	// ExpeditedLimit is how many Expedited retrievals an account may begin in
	// any five minutes beside the three that each of its capacity units
	// guarantees: none if it points to 0, and at most MaxExpeditedLimit. Nil
	// means that there is no limit. The count begins anew with the process.
	ExpeditedLimit *int
	// Now is the clock of those five minutes; the rest goes by the store's.
	// Nil means time.Now.
	Now func() time.Time
	// Notify adds to the record that completes a job what it takes to tell a
	// topic: from is the account whose vault it is, message the job's description.
	// Nil tells nobody. Notified is called when such a record is durable.
	Notify   func(tx *catalog.Tx, r *record.Record, from glacier.AccountID, topic, message string) error
	Notified func()
	// Log takes failures of jobs. Nil discards.
	Log *slog.Logger
}

// Validate reports the first contradiction in the configuration.
func (c *Config) Validate() error {
	if c.Store == nil {
		return fmt.Errorf("jobs: no store")
	}
	for tier, d := range c.Delays {
		if rankOf(glacier.ActionArchiveRetrieval, tier) == rankUnknown {
			return fmt.Errorf("jobs: delay of unknown tier %q", tier)
		}
		if d < 0 {
			return fmt.Errorf("jobs: negative delay of tier %s", tier)
		}
	}
	if c.InventoryDelay < 0 || c.InventoryInterval < 0 || c.OutputLife < 0 || c.Workers < 0 || c.OutputBuffers < 0 {
		return fmt.Errorf("jobs: negative duration or number of workers or buffers")
	}
	if c.FreeRetrieval < 0 {
		return fmt.Errorf("jobs: negative free retrieval")
	}
	if n := c.ExpeditedLimit; n != nil && (*n < 0 || *n > MaxExpeditedLimit) {
		return fmt.Errorf("jobs: limit of %d Expedited retrievals is not in 0 to %d", *n, MaxExpeditedLimit)
	}
	return nil
}

// A Service is the jobs of a store. All methods may be called concurrently,
// except that Start and Close belong to the owner.
type Service struct {
	cfg       Config
	queue     *queue
	held      *holds
	expedited *admission
	checks    chan struct{} // a token for each query that is being checked
	buffers   sync.Pool     // of *[]byte, a leaf each, for the workers and the inventories
	outputs   *payload.Pool // leaves on their way to clients

	stop    context.CancelFunc // set by Start
	running sync.WaitGroup     // the dispatcher, the workers and the inventories
}

// New makes a service. Jobs can be begun, seen and read at once; they are
// worked on after Start.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.OutputLife == 0 {
		cfg.OutputLife = DefaultOutputLife
	}
	if cfg.Workers == 0 {
		cfg.Workers = DefaultWorkers
	}
	if cfg.OutputBuffers == 0 {
		cfg.OutputBuffers = DefaultOutputBuffers
	}
	if cfg.FreeRetrieval == 0 {
		cfg.FreeRetrieval = DefaultFreeRetrieval
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Select == nil {
		var err error
		if cfg.Select, err = selection.New(selection.Config{}); err != nil {
			return nil, err
		}
	}
	s := &Service{
		cfg:       cfg,
		queue:     newQueue(windowLimit),
		held:      newHolds(),
		expedited: newAdmission(cfg.ExpeditedLimit, cfg.Now),
		checks:    make(chan struct{}, maxChecks),
		outputs:   payload.NewPool(cfg.OutputBuffers),
	}
	s.buffers.New = func() any {
		b := make([]byte, payload.LeafSize)
		return &b
	}
	return s, nil
}

// buffer lends the memory of one leaf; give it back with s.buffers.Put.
func (s *Service) buffer() *[]byte { return s.buffers.Get().(*[]byte) }

// delay is how long a job of the action and tier takes at least.
func (s *Service) delay(action, tier string) time.Duration {
	if action == glacier.ActionInventoryRetrieval {
		return s.cfg.InventoryDelay
	}
	return s.cfg.Delays[tier]
}
