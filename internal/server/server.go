// Package server is the assembly: it builds the house from a [Config], in
// order, serves, and takes it down in reverse.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/audit"
	"firn/internal/awsapi"
	"firn/internal/catalog"
	"firn/internal/console"
	"firn/internal/disk"
	"firn/internal/forward"
	"firn/internal/history"
	"firn/internal/iam"
	"firn/internal/job"
	"firn/internal/queue"
	"firn/internal/record"
	"firn/internal/rest"
	"firn/internal/sns"
	"firn/internal/sqs"
	"firn/internal/store/local"
	"firn/internal/topic"
	"firn/internal/vault"
)

// Limits on what a stranger can make the server hold.
const (
	maxHeaderBytes = 64 << 10
	headerTimeout  = 15 * time.Second
	idleTimeout    = 2 * time.Minute
	maxConnections = 1024
)

// sweepEvery is the pause between two looks for what has expired.
const sweepEvery = 5 * time.Second

// A Server is a running Firn.
type Server struct {
	cfg    Config
	log    *slog.Logger
	store  *local.Store
	access *access.Service
	vaults *vault.Service
	jobs   *job.Service
	audit  *audit.Log

	history *history.History
	data    disk.FS // the data directory
	started time.Time

	signer    *topic.Signer
	topics    *topic.Service
	queues    *queue.Service
	forwarder *forward.Forwarder

	console  *console.Handler
	listener net.Listener
	http     *http.Server

	cancel  context.CancelFunc // ends background work
	workers sync.WaitGroup
	once    sync.Once
	closed  error
}

// Open opens the store, starts the background work and listens. Nothing is
// answered before Serve.
func Open(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.ShutdownTimeout == 0 {
		cfg.ShutdownTimeout = 2 * time.Minute
	}
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = maxConnections
	}
	s := &Server{cfg: cfg, log: cfg.Log}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open() error {
	s.started = time.Now()
	root, err := disk.MakeRoot(s.cfg.Data)
	if err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	s.data = root
	s.store, err = local.Open(local.Config{
		FS: root, SegmentSize: s.cfg.SegmentSize, Reserve: s.cfg.Reserve,
		AcceptLoss: s.cfg.AcceptLoss, Now: s.cfg.Now, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("open the store in %s: %w", s.cfg.Data, err)
	}
	if s.cfg.ConfirmClock {
		s.store.ConfirmClock()
	}
	handler, err := s.assemble()
	if err != nil {
		return err
	}
	if err := s.listen(handler); err != nil {
		return err
	}
	s.begin()
	return nil
}

// assemble builds the rules and the faces over the store.
func (s *Server) assemble() (http.Handler, error) {
	keys, err := s.openAccess()
	if err != nil {
		return nil, err
	}
	if err := s.openAudit(); err != nil {
		return nil, err
	}
	if err := s.openTopics(); err != nil {
		return nil, err
	}
	if s.history, err = history.Open(history.Config{FS: s.data, Now: s.cfg.Now, Log: s.log}); err != nil {
		return nil, err
	}
	selects, err := s.openSelect()
	if err != nil {
		return nil, err
	}
	t, guarded := s.cfg.Timing, keys.Guarded(s.store)
	s.vaults = vault.New(vault.Config{
		Store: guarded, Region: s.cfg.Region, IDs: s.store.IDKey(),
		Live: t.LiveCounters, UploadLife: t.UploadLife, Log: s.log,
	})
	s.jobs, err = job.New(job.Config{
		Store: guarded, Region: s.cfg.Region, IDs: s.store.IDKey(),
		Delays: map[string]time.Duration{
			glacier.Expedited: t.ExpeditedDelay, glacier.Standard: t.StandardDelay, glacier.Bulk: t.BulkDelay,
		},
		InventoryDelay: t.InventoryDelay, InventoryInterval: t.InventoryInterval,
		ExpeditedLimit: expeditedLimit(t.ExpeditedLimit), FreeRetrieval: s.cfg.FreeRetrieval,
		OutputLife: t.OutputLife, Select: selects, Now: s.cfg.Now, Log: s.log,
		Notify: s.notify, Notified: s.topics.Wake,
	})
	if err != nil {
		return nil, err
	}
	return s.withConsole(s.faces())
}

// begin starts the background work. The address is known by then: it stands in
// what is sent.
func (s *Server) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.queues.Start(ctx)
	s.topics.Start(ctx)
	s.jobs.Start(ctx)
	s.workers.Go(func() { s.sweepLoop(ctx) })
	s.workers.Go(func() { s.sampleLoop(ctx) })
}

// notify tells a topic of a job.
func (s *Server) notify(tx *catalog.Tx, r *record.Record, from glacier.AccountID, arn, message string) error {
	_, err := s.topics.Enqueue(tx, r, from, arn, "", message)
	return err
}

// faces are the APIs, told apart by the service that a request is signed for.
func (s *Server) faces() http.Handler {
	shared := awsapi.Config{
		Access: s.access, Region: s.cfg.Region, Proxies: s.cfg.TrustedProxies,
		BodyTimeout: s.cfg.BodyTimeout, TrailRequired: s.cfg.AuditRequired, Log: s.log,
	}
	users := iam.Config{
		Access: s.access, Management: s.cfg.Account, Region: s.cfg.Region, Proxies: s.cfg.TrustedProxies,
		BodyTimeout: s.cfg.BodyTimeout, TrailRequired: s.cfg.AuditRequired, Log: s.log,
	}
	if s.audit != nil { // a nil *audit.Log is no nil Trail
		shared.Trail, users.Trail = s.audit, s.audit
	}
	vaultAPI, userAPI := rest.New(s.vaultAPI()), iam.New(users)
	topicAPI := sns.New(sns.Config{Config: shared, Topics: s.topics, Signer: s.signer})
	queueAPI := sqs.New(sqs.Config{Config: shared, Queues: s.queues, BaseURL: s.publicURL})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case iam.Signed(r):
			userAPI.ServeHTTP(w, r)
		case sns.Signed(r), topicAPI.Unsigned(r):
			topicAPI.ServeHTTP(w, r)
		case sqs.Signed(r):
			queueAPI.ServeHTTP(w, r)
		default:
			vaultAPI.ServeHTTP(w, r)
		}
	})
}

// vaultAPI is the configuration of the vault API's face.
func (s *Server) vaultAPI() rest.Config {
	cfg := rest.Config{
		Access: s.access, Vaults: s.vaults, Jobs: s.jobs, Region: s.cfg.Region, Proxies: s.cfg.TrustedProxies,
		BodyTimeout: s.cfg.BodyTimeout, TrailRequired: s.cfg.AuditRequired, Meter: s.history, Log: s.log,
	}
	if s.audit != nil {
		cfg.Trail = s.audit
	}
	return cfg
}

// openAccess makes who knows the keys, and the root key if there is none.
func (s *Server) openAccess() (*access.Service, error) {
	seal, err := s.sealKey()
	if err != nil {
		return nil, err
	}
	keys, err := access.New(access.Config{
		Store: s.store, Region: s.cfg.Region, Seal: access.SealKey(seal), IDs: s.store.IDKey(),
		Rates:   access.Rates{PerAccount: s.cfg.AccountRate, PerKey: s.cfg.KeyRate},
		Deleted: s.forget,
	})
	if err != nil {
		return nil, err
	}
	if err := s.checkKeys(keys); err != nil {
		return nil, err
	}
	if err := s.ensureRoot(keys); err != nil {
		return nil, fmt.Errorf("set up the root key: %w", err)
	}
	s.access = keys
	return keys, nil
}

// Access is who knows accounts, users and keys, for those who have the server
// in their hands.
func (s *Server) Access() *access.Service { return s.access }

// openAudit opens the audit log, if there is to be one.
func (s *Server) openAudit() error {
	dir := s.cfg.Audit
	switch dir {
	case NoAudit:
		return nil
	case "":
		dir = s.cfg.Data + "/audit"
	}
	root, err := disk.MakeRoot(dir)
	if err != nil {
		return fmt.Errorf("make the directory of the audit log: %w", err)
	}
	s.audit, err = audit.Open(audit.Config{FS: root, MaxSize: s.cfg.AuditSize, Keep: s.cfg.AuditKeep, Log: s.log})
	if err != nil {
		return fmt.Errorf("open the audit log in %s: %w", dir, err)
	}
	return nil
}

// expeditedLimit is a limit as job has it.
func expeditedLimit(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

// ensureRoot makes the account and its root key. A key from the configuration
// becomes the only one at every start; without one, a key is made if there is
// none yet.
func (s *Server) ensureRoot(keys *access.Service) error {
	if err := s.store.Ready(); err != nil {
		s.log.Error("the keys are left as they are", "why", err)
		return nil // reads go on with the keys there are
	}
	ctx := context.Background()
	if k := s.cfg.RootKey; k.ID != "" {
		return keys.SetRoot(ctx, s.cfg.Account, k.ID, k.Secret)
	}
	id, secret, made, err := keys.FirstKey(ctx, s.cfg.Account)
	if made && s.cfg.FirstKey != nil {
		s.cfg.FirstKey(Key{ID: id, Secret: secret})
	}
	return err
}

// Ready returns nil if the API takes requests, and else why it does not. A
// store with records missing answers reads and takes no updates.
func (s *Server) Ready() error { return s.store.Ready() }

// withConsole puts the console over the APIs.
func (s *Server) withConsole(api http.Handler) (http.Handler, error) {
	cfg := console.Config{
		API: api, Access: s.access, Vaults: s.vaults, Jobs: s.jobs, Region: s.cfg.Region, Management: s.cfg.Account,
		Proxies: s.cfg.TrustedProxies, Log: s.log,
		History: s.history, Usage: s.stateOf, Health: s.Health, Settings: s.settings(),
	}
	if s.audit != nil { // a nil *audit.Log is no nil Trail
		cfg.Trail, cfg.Audit = s.audit, s.audit
	}
	var err error
	if s.console, err = console.New(cfg); err != nil {
		return nil, err
	}
	return s.handler(api, s.console), nil
}

// handler puts what is nobody's account in front of the API: the console and
// two paths for those who watch the process. No account is called so, and a
// signed request is never the console's, so nothing is hidden by them.
func (s *Server) handler(api, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only a request without a body: for another the library would wait.
		health := (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.ContentLength == 0
		switch {
		case health && r.URL.Path == "/healthz":
			writeText(w, http.StatusOK, "ok\n")
		case health && r.URL.Path == "/readyz" && s.Ready() == nil:
			writeText(w, http.StatusOK, "ready\n")
		case health && r.URL.Path == "/readyz":
			writeText(w, http.StatusServiceUnavailable, "not ready\n")
		case (r.URL.Path+"/" == console.Root || strings.HasPrefix(r.URL.Path, console.Root)) && !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-"):
			pages.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // nobody is left to tell if this fails
}

// sweepLoop ends what has expired, now and then. While the clock is in doubt
// nothing is ended on its word.
func (s *Server) sweepLoop(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	told := false
	for {
		steady, why := s.store.ClockSteady()
		if !steady && !told {
			s.log.Warn("nothing expires while the clock is in doubt; start with --confirm-clock if it is right", "why", why)
		}
		if told = !steady; steady {
			s.sweep(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep ends what has expired by now.
func (s *Server) sweep(ctx context.Context) {
	if err := errors.Join(s.vaults.Sweep(ctx), s.jobs.Sweep(ctx), s.queues.Sweep(ctx)); err != nil && ctx.Err() == nil {
		s.log.Warn("sweep ended early", "err", err)
	}
}

// Close stops taking requests, lets those in flight finish (for at most
// ShutdownTimeout), then ends the background work and closes the store.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.closed = errors.Join(s.shutdown(), s.dismantle())
	})
	return s.closed
}

func (s *Server) shutdown() error {
	if s.http == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.ShutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if cerr := s.listener.Close(); !errors.Is(cerr, net.ErrClosed) {
		err = errors.Join(err, cerr) // it was never served
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(errors.New("requests were still in flight"), s.http.Close())
	}
	return err
}

func (s *Server) dismantle() error {
	var errs []error
	if s.cancel != nil {
		s.cancel()
		s.workers.Wait()
	}
	if s.console != nil {
		s.console.Close()
	}
	if s.jobs != nil {
		s.jobs.Close()
	}
	if s.topics != nil {
		s.topics.Close()
	}
	if s.forwarder != nil {
		s.forwarder.Close()
	}
	if s.queues != nil {
		s.queues.Close()
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.audit != nil {
		errs = append(errs, s.audit.Close())
	}
	return errors.Join(errs...)
}
