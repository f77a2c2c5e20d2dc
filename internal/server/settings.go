package server

import (
	"strconv"
	"time"

	"firn/internal/console"
)

// settings are when things happen, in words, for who runs the server.
func (s *Server) settings() []console.Setting {
	t := s.cfg.Timing
	limit, counters := "none", "as of the last inventory"
	if t.ExpeditedLimit >= 0 {
		limit = strconv.Itoa(t.ExpeditedLimit) + " in five minutes"
	}
	if t.LiveCounters {
		counters = "as things are now"
	}
	inventories := "whenever a job asks"
	if t.InventoryInterval > 0 {
		inventories = "every " + duration(t.InventoryInterval)
	}
	return []console.Setting{
		{Name: "Expedited retrievals take", Value: duration(t.ExpeditedDelay)},
		{Name: "Standard retrievals take", Value: duration(t.StandardDelay)},
		{Name: "Bulk retrievals take", Value: duration(t.BulkDelay)},
		{Name: "Inventory jobs take", Value: duration(t.InventoryDelay)},
		{Name: "Inventories are taken", Value: inventories},
		{Name: "Vaults are counted", Value: counters},
		{Name: "Limit of Expedited retrievals", Value: limit},
		{Name: "Outputs of jobs stay for", Value: duration(t.OutputLife)},
		{Name: "Idle uploads stay for", Value: duration(t.UploadLife)},
	}
}

// duration says how long something takes.
func duration(d time.Duration) string {
	for _, unit := range []struct {
		name string
		long time.Duration
	}{{"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := d / unit.long; n == 1 && d%unit.long == 0 {
			return "1 " + unit.name
		} else if n > 1 && d%unit.long == 0 {
			return strconv.Itoa(int(n)) + " " + unit.name + "s"
		}
	}
	if d == 0 {
		return "no longer than the work does"
	}
	return d.String()
}
