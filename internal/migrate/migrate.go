// Package migrate moves the archives of a vault into another, of another
// service: from Amazon to Firn, from one Firn to another, or away from Firn.
//
// A migration takes the source's inventory, retrieves the archives within limits
// of cost and pace, and copies each as soon as its job is done: from the job's
// output into an upload, in parts, without a file between. What was done is
// written down in a [State] before and after each step that matters, so that it
// can end at any moment, by a signal or a power cut, and be taken up again for
// weeks.
//
// It promises that an archive counts as copied only when the target has
// computed the tree hash that the source's inventory has; that no retrieval is
// begun twice while the first can still be found, and no part is sent that the
// target has; and that nothing of the source is changed. The trouble with one
// archive does not stop the others. Old ids are kept where the target lets the
// caller import them; the State knows the new ones of all others.
//
// A target that forgets an upload as soon as it is complete, as Amazon does, can
// end up with an archive twice if the reply to exactly that call is lost and the
// program ends before it is told again.
package migrate

import (
	"cmp"
	"context"
	"time"

	"firn/glacier"
	"firn/internal/price"
	"firn/internal/remote"
	"firn/internal/transfer"
)

// An IDs says what is to become of the archives' ids.
type IDs int

// What is to become of them.
const (
	KeepIfPossible IDs = iota
	Keep               // or the archive is not copied
	Renew
)

// A Config is what a Migration is made of.
type Config struct {
	Source, Target *remote.Vault // required
	State          *State        // required; it is bound to the two
	IDs            IDs

	Tier         string // of retrievals; default Bulk
	Price        price.List
	Budget       price.Money // for all retrievals of the migration; 0 has no limit
	BytesPerHour int64       // to be retrieved; 0 has no limit

	Parallel int   // archives, and parts, copied at a time; default 4
	Part     int64 // smallest size of parts, as the API has it; default 16 MiB
	// Memory is how many bytes of parts are held at a time; default 128 MiB. Parts
	// of more than half of that are read twice.
	Memory int64
	// Ahead is how many bytes may be retrieved and not yet copied, besides what
	// can be copied in half a day: output is kept for a day only. Default 64 GiB.
	Ahead int64

	// Events hears what happens; it may be called concurrently.
	Events Events
	// Now and Sleep are the clock; default the machine's.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Events are told as they happen. A nil one is not told.
type Events struct {
	Copied func(n int64)           // bytes that the target has; negative if they have to be sent again
	Done   func(Archive)           // an archive has arrived
	Failed func(Archive, error)    // one has not, and will not in this run
	Waits  func(why string)        // no retrievals are begun for a while
	Listed func(archives, n int64) // so many archives, of n bytes, were read from the inventory
}

func (e *Events) withDefaults() {
	if e.Copied == nil {
		e.Copied = func(int64) {}
	}
	if e.Done == nil {
		e.Done = func(Archive) {}
	}
	if e.Failed == nil {
		e.Failed = func(Archive, error) {}
	}
	if e.Waits == nil {
		e.Waits = func(string) {}
	}
	if e.Listed == nil {
		e.Listed = func(int64, int64) {}
	}
}

// Defaults of a Config.
const (
	defaultParallel = 4
	defaultPart     = 16 * glacier.MiB
	defaultMemory   = 128 * glacier.MiB
	defaultAhead    = 64 * glacier.GiB
)

// A Migration is one run of a migration.
type Migration struct {
	cfg    Config
	state  *State
	source *transfer.Downloader
	memory *room
	shelf  shelf // of buffers within memory
	shared
}

// New returns a Migration. Nothing is asked yet.
func New(cfg Config) *Migration {
	cfg.Tier = cmp.Or(cfg.Tier, glacier.Bulk)
	cfg.Parallel = cmp.Or(cfg.Parallel, defaultParallel)
	cfg.Part = cmp.Or(cfg.Part, defaultPart)
	cfg.Memory = cmp.Or(cfg.Memory, defaultMemory)
	cfg.Ahead = cmp.Or(cfg.Ahead, defaultAhead)
	cfg.Events.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = remote.Sleep
	}
	source := &transfer.Downloader{Vault: cfg.Source, Sleep: cfg.Sleep}
	return &Migration{cfg: cfg, state: cfg.State, source: source, memory: newRoom(cfg.Memory), shared: newShared()}
}
