package system

import (
	"slices"
	"strings"
	"testing"
	"time"

	"firn/internal/health"
)

// wellReport is of a server that has nothing wrong with it.
func wellReport() *health.Report {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &health.Report{
		At: at, Started: at.Add(-time.Hour), Disk: health.Disk{Total: 100 << 30, Free: 50 << 30, Reserve: 4 << 20, Held: 4 << 20},
		Store: health.Store{Segments: 2, SegmentBytes: 1 << 20, Catalog: 1 << 20}, Audit: health.Audit{On: true, Files: 1, Bytes: 10},
		Results: health.Results{Directory: true},
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, p := range partsOf(wellReport()) {
		if p.State != "good" || p.Word != "well" {
			t.Errorf("of a server that is well: %+v", p)
		}
	}
	for name, row := range map[string]struct {
		hurt        func(*health.Report)
		part, state string
		says        string
	}{
		"not ready":         {func(r *health.Report) { r.NotReady = "records are missing" }, "Service", "bad", "records are missing"},
		"clock":             {func(r *health.Report) { r.ClockDoubt = "it jumped" }, "Clock", "warn", "it jumped"},
		"drive unknown":     {func(r *health.Report) { r.Disk.Err = "EIO" }, "Drive", "bad", "EIO"},
		"drive nearly full": {func(r *health.Report) { r.Disk.Free = 9 << 30 }, "Drive", "warn", "9.00 GiB of 100 GiB free"},
		"reserve gone":      {func(r *health.Report) { r.Disk.Held = 0 }, "Drive", "bad", "less than the reserve"},
		"journal damaged":   {func(r *health.Report) { r.Store.Damage = 2 }, "Journal", "bad", "2 places not as written"},
		"store unknown":     {func(r *health.Report) { r.Store.Err = "EACCES" }, "Journal", "bad", "EACCES"},
		"catalog unknown":   {func(r *health.Report) { r.Store.Err = "EACCES" }, "Catalog", "warn", "EACCES"},
		"quarantine":        {func(r *health.Report) { r.Store.Quarantined = 1 }, "Payloads", "warn", "1 file nobody knows"},
		"no audit log":      {func(r *health.Report) { r.Audit = health.Audit{} }, "Audit log", "warn", "No line is kept"},
		"audit log fails":   {func(r *health.Report) { r.Audit.Failing = "ENOSPC" }, "Audit log", "bad", "ENOSPC"},
		"jobs unknown":      {func(r *health.Report) { r.Work.Err = "closed" }, "Jobs", "bad", "closed"},
		"messages unknown":  {func(r *health.Report) { r.Work.Err = "closed" }, "Notifications", "bad", "closed"},
		"many jobs":         {func(r *health.Report) { r.Work.Jobs = health.MaxCounted }, "Jobs", "good", "1,000 jobs or more"},
		"messages wait":     {func(r *health.Report) { r.Work.Subscriptions, r.Work.Due = 1, r.At.Add(-time.Minute) }, "Notifications", "good", "1 subscription"},
		"messages are late": {func(r *health.Report) { r.Work.Subscriptions, r.Work.Due = 1, r.At.Add(-time.Hour) }, "Notifications", "warn", "since 2026-03-01 11:00 UTC"},
		"no results":        {func(r *health.Report) { r.Results = health.Results{} }, "Results of queries", "warn", "refused"},
		"buckets":           {func(r *health.Report) { r.Results.Buckets = []string{"b"} }, "Results of queries", "good", "the data directory, b"},
	} {
		t.Run(name, func(t *testing.T) {
			r := wellReport()
			row.hurt(r)
			all := partsOf(r)
			i := slices.IndexFunc(all, func(p member) bool { return p.Name == row.part })
			if i < 0 || all[i].State != row.state || !strings.Contains(all[i].Says, row.says) {
				t.Errorf("%+v", all)
			}
		})
	}
}
