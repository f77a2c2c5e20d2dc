package server

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/internal/audit"
	"firn/internal/bucket"
	"firn/internal/disk"
	"firn/internal/health"
)

func TestHealth(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.Profile = Fast
		c.Buckets = map[string]Bucket{
			"results": {Settings: bucket.Settings{Endpoint: "http://127.0.0.1:1", Name: "real-results", AccessKey: "AKIAOTHER", SecretKey: "other/secret"}},
			"others":  {Settings: bucket.Settings{Endpoint: "http://127.0.0.1:1", Name: "real-others", AccessKey: "AKIAOTHER", SecretKey: "other/secret"}},
		}
	})
	h.createVault("photos")
	h.upload("photos", "", noise(1000))
	got := h.srv.Health(t.Context())
	for name, ok := range map[string]bool{
		"times":   !got.Started.IsZero() && !got.At.Before(got.Started) && got.Uptime >= 0 && got.Uptime < time.Hour,
		"build":   got.Version != "" && strings.HasPrefix(got.Go, "go") && strings.Contains(got.System, "/"),
		"config":  got.Profile == "fast" && got.Region == testRegion && got.Account == testAccount && got.URL == h.srv.URL(),
		"ready":   got.NotReady == "" && got.ClockDoubt == "",
		"disk":    got.Disk.Total >= got.Disk.Free && got.Disk.Free > 0 && got.Disk.Reserve == 1<<20 && got.Disk.Err == "",
		"store":   got.Store.Segments == 1 && got.Store.SegmentBytes > 0 && got.Store.Catalog > 0 && got.Store.Err == "",
		"audit":   got.Audit.On && got.Audit.Failing == "" && got.Audit.Files == 1 && got.Audit.Bytes > 0,
		"process": got.Process.Goroutines > 0 && got.Process.Heap > 0 && got.Process.Memory > got.Process.Heap,
		"results": got.Results.Directory && slices.Equal(got.Results.Buckets, []string{"others", "results"}),
		"work":    got.Work.Jobs == 0 && got.Work.Subscriptions == 0 && got.Work.Due.IsZero() && got.Work.Err == "",
		"check":   got.Check == nil && got.CheckErr == "",
	} {
		if !ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What is not well is said.
func TestHealthOfWhatIsNotWell(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.Audit, c.SelectDirectory = NoAudit, NoSelect
		c.Timing.StandardDelay = time.Hour
	})
	h.createVault("photos")
	id := h.upload("photos", "", noise(10))
	h.initiate("photos", `{"Type":"archive-retrieval","ArchiveId":"`+id+`"}`)
	got := h.srv.Health(t.Context())
	if got.Audit.On || got.Results.Directory || got.Work.Jobs != 1 {
		t.Errorf("%+v", got)
	}
	h.srv.data = disk.OS(filepath.Join(h.cfg.Data, "nowhere"))
	if got := h.srv.Health(t.Context()); got.Disk.Err == "" {
		t.Error("a file system that is not there has a size")
	}
	h.srv.data = disk.OS(h.cfg.Data)
	if err := h.srv.store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := h.srv.Health(t.Context()); got.NotReady == "" || got.Work.Err == "" {
		t.Errorf("a store that is closed: %+v", got)
	}
}

// The result of a check that is made while the server is down is there after,
// and is read anew each time.
func TestHealthKnowsTheLastCheck(t *testing.T) {
	h := newHouse(t, nil)
	data := disk.OS(h.cfg.Data)
	for _, archives := range []int64{1, 2} {
		if err := health.WriteCheck(data, &health.Check{Archives: archives, Exit: 3}); err != nil {
			t.Fatal(err)
		}
		if got := h.srv.Health(t.Context()); got.Check == nil || got.Check.Archives != archives || got.Check.Clean() {
			t.Errorf("check %+v, %s", got.Check, got.CheckErr)
		}
	}
	if err := os.WriteFile(filepath.Join(h.cfg.Data, health.CheckFile), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := h.srv.Health(t.Context()); got.Check != nil || got.CheckErr == "" {
		t.Errorf("check %+v, %q", got.Check, got.CheckErr)
	}
}

// A failing audit log is told of, in its own words.
func TestHealthOfAFailingAuditLog(t *testing.T) {
	h := newHouse(t, nil)
	mem := disk.NewMem(0)
	failing, err := audit.Open(audit.Config{FS: disk.Inject(mem, func(op disk.Op) error {
		if op.Kind == disk.OpCreate {
			return errors.New("no more files")
		}
		return nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	if err := failing.Append(&audit.Event{}, true); err == nil {
		t.Fatal("it does not fail")
	}
	whole := h.srv.audit
	h.srv.audit = failing
	if got := h.srv.Health(t.Context()); !strings.Contains(got.Audit.Failing, "no more files") {
		t.Errorf("audit %+v", got.Audit)
	}
	h.srv.audit = whole
}
