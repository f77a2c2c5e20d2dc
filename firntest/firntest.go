// Package firntest runs a whole Firn for a test: a server on a loopback port
// with a data directory of its own, which ends with the test.
//
// Everything is real, the disk included. By default the server has the
// profile fast: jobs complete as soon as their work is done.
package firntest

import (
	"log/slog"
	"testing"
	"time"

	"firn/internal/server"
)

// A Server is a running Firn and what a client must know of it.
type Server struct {
	URL       string // http://127.0.0.1:port, without a slash at the end
	Region    string
	Account   string // twelve digits
	AccessKey string
	SecretKey string
	Data      string // the data directory
}

// An Option changes how a server is set up.
type Option func(*setup)

type setup struct {
	cfg     server.Config
	profile server.Profile
	timing  []func(*server.Timing)
}

// Profile sets when things happen: "fast" or "aws".
func Profile(name string) Option {
	return func(s *setup) { s.profile = server.Profile(name) }
}

// Delays sets how long a retrieval of each tier, and an inventory job, takes
// at least.
func Delays(expedited, standard, bulk, inventory time.Duration) Option {
	return timing(func(t *server.Timing) {
		t.ExpeditedDelay, t.StandardDelay, t.BulkDelay, t.InventoryDelay = expedited, standard, bulk, inventory
	})
}

// InventoryInterval sets how often inventories are taken; 0 means whenever a
// job asks.
func InventoryInterval(d time.Duration) Option {
	return timing(func(t *server.Timing) { t.InventoryInterval = d })
}

// LiveCounters says whether vaults count what is there now, or go by their
// last inventory.
func LiveCounters(yes bool) Option {
	return timing(func(t *server.Timing) { t.LiveCounters = yes })
}

func timing(change func(*server.Timing)) Option {
	return func(s *setup) { s.timing = append(s.timing, change) }
}

// BodyTimeout sets how long a client may pause.
func BodyTimeout(d time.Duration) Option {
	return func(s *setup) { s.cfg.BodyTimeout = d }
}

// MaxConnections bounds the connections served at a time.
func MaxConnections(n int) Option {
	return func(s *setup) { s.cfg.MaxConnections = n }
}

// Rates sets how many requests a second an account, and an access key, may
// make; 0 does not limit.
func Rates(account, key float64) Option {
	return func(s *setup) { s.cfg.AccountRate, s.cfg.KeyRate = account, key }
}

// Clock sets the clock by which things are made, age and end. Signatures are
// held against the machine's clock in any case. Its results should have the
// monotonic readings of time.Now's, moved with them: what a wall clock alone
// does is taken for tampering.
func Clock(now func() time.Time) Option {
	return func(s *setup) { s.cfg.Now = now }
}

// Log sets where the server logs; by default it does not.
func Log(l *slog.Logger) Option {
	return func(s *setup) { s.cfg.Log = l }
}

// shutdownTimeout is how long the server waits, at the end of a test, for
// what the test has left in flight.
const shutdownTimeout = 20 * time.Second

// Start starts a server, or fails the test. It is closed when the test and
// its subtests are complete, before the cleanups that were registered earlier
// and after those registered later.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := setup{
		profile: server.Fast,
		cfg: server.Config{
			Data:            t.TempDir(),
			Listen:          "127.0.0.1:0",
			Region:          "us-east-1",
			Account:         "111122223333",
			RootKey:         server.Key{ID: "AKIAFIRNTESTFIRNTEST", Secret: "secret/of/firntest+0123456789abcdefghijk"},
			ShutdownTimeout: shutdownTimeout,
		},
	}
	for _, o := range options {
		o(&s)
	}
	var err error
	if s.cfg.Timing, err = s.profile.Timing(); err != nil {
		t.Fatalf("firntest: %v", err)
	}
	for _, change := range s.timing {
		change(&s.cfg.Timing)
	}
	srv, err := server.Open(s.cfg)
	if err != nil {
		t.Fatalf("firntest: open the server: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve() }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Errorf("firntest: close the server: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("firntest: %v", err)
		}
	})
	return &Server{
		URL: srv.URL(), Region: s.cfg.Region, Account: string(s.cfg.Account),
		AccessKey: s.cfg.RootKey.ID, SecretKey: s.cfg.RootKey.Secret, Data: s.cfg.Data,
	}
}
