package server

import (
	"context"
	"maps"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"

	"firn/internal/catalog"
	"firn/internal/health"
)

// Health says how the server stands. It is for who runs it: what it tells is not one account's alone. It costs a few looks, none of which
// grows with what is stored.
func (s *Server) Health(ctx context.Context) health.Report {
	now := time.Now()
	r := health.Report{
		At: now.UTC().Round(0), Started: s.started.UTC().Round(0), Uptime: now.Sub(s.started),
		Version: "unknown", Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Profile: string(s.cfg.Profile), Region: s.cfg.Region, Account: s.cfg.Account, URL: s.publicURL(),
		NotReady: textOf(s.Ready()), Process: process(), Work: s.work(ctx),
		Results: health.Results{Directory: s.cfg.SelectDirectory != NoSelect, Buckets: slices.Sorted(maps.Keys(s.cfg.Buckets))},
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		r.Version = info.Main.Version
	}
	if steady, why := s.store.ClockSteady(); !steady {
		r.ClockDoubt = why
	}
	s.measure(&r)
	if s.audit != nil {
		r.Audit = health.Audit{On: true, Failing: textOf(s.audit.Failing())}
		r.Audit.Files, r.Audit.Bytes = s.audit.Size()
	}
	var err error
	r.Check, err = health.ReadCheck(s.data)
	r.CheckErr = textOf(err)
	return r
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// measure looks at the disk and what is on it.
func (s *Server) measure(r *health.Report) {
	var err error
	if r.Disk.Free, err = s.data.Free(); err == nil {
		r.Disk.Total, err = s.data.Total()
	}
	r.Disk.Err = textOf(err)
	c, err := s.store.Condition()
	r.Disk.Reserve, r.Disk.Held = c.Reserve, c.Held
	r.Store = health.Store{
		Segments: c.Segments, SegmentBytes: c.SegmentBytes, Damage: c.Damage, Catalog: c.Catalog, Quarantined: c.Quarantined, Err: textOf(err),
	}
}

// process stops nothing, as runtime.ReadMemStats would.
func process() health.Process {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(samples)
	bytes := func(m *metrics.Sample) int64 {
		if m.Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return int64(m.Value.Uint64())
	}
	return health.Process{Goroutines: runtime.NumGoroutine(), Heap: bytes(&samples[0]), Memory: bytes(&samples[1])}
}

// work counts what waits.
func (s *Server) work(ctx context.Context) (w health.Work) {
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		w = health.Work{}
		jobs, err := tx.UnfinishedJobs(0, health.MaxCounted)
		if err != nil {
			return err
		}
		waiting, err := tx.WaitingSubscriptions(0, health.MaxCounted)
		if err != nil {
			return err
		}
		w.Jobs, w.Subscriptions = len(jobs), len(waiting)
		for _, sub := range waiting {
			if due := time.UnixMilli(sub.Due).UTC(); w.Due.IsZero() || due.Before(w.Due) {
				w.Due = due
			}
		}
		return nil
	})
	w.Err = textOf(err)
	return w
}
