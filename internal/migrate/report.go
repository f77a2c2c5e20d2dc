package migrate

import (
	"context"
	"time"

	"firn/glacier"
	"firn/internal/price"
)

// A Report is how a migration stands.
type Report struct {
	Source, Target string
	Listed         bool   // the inventory was read
	Inventory      string // its date
	Archives       int64
	Bytes          int64
	Copied         Total
	Renewed        int64 // of those that were copied, with a new id
	UnderWay       Total // being retrieved or copied
	Waiting        Total
	Failed         Total
	Retrievals     int64       // that were begun
	Spent          price.Money // on these, as estimated
	ToSpend        price.Money // on those that are waiting, as estimated
	File           string
}

// Report says how the migration stands. It may be called while it runs.
func (s *State) Report(prices price.List) (Report, error) {
	about, err := s.About()
	if err != nil {
		return Report{}, err
	}
	all, t := about.All(), &about.Totals
	r := Report{
		Source: about.Source, Target: about.Target, Listed: about.Listed, Inventory: about.InventoryDate,
		Archives: all.Archives, Bytes: all.Bytes, Copied: t[Copied], Waiting: t[Waiting], Failed: t[Failed],
		Retrievals: about.Asks, Spent: about.Spent, ToSpend: prices.Money(t[Waiting].Archives, t[Waiting].Bytes), File: s.file,
	}
	for _, at := range []Stage{Asking, Asked, Ready} {
		r.UnderWay.Archives += t[at].Archives
		r.UnderWay.Bytes += t[at].Bytes
	}
	r.Renewed, err = s.countRenewed()
	return r, err
}

// A Plan is what there is to be done, and what it costs.
type Plan struct {
	Archives, Bytes int64
	Cost            price.Money
	Hours           float64 // that the pace takes at least
	// Exact is false for the source's own figures, as of its last inventory.
	Exact bool
}

// Plan says what is left to be retrieved: by the State if it has the inventory,
// else, and without a State, by the source's figures. It changes nothing.
func (m *Migration) Plan(ctx context.Context) (Plan, error) {
	var about About
	if m.state != nil {
		var err error
		if about, err = m.state.About(); err != nil {
			return Plan{}, err
		}
	}
	p := Plan{Exact: about.Listed}
	if p.Exact {
		p.Archives = about.Totals[Waiting].Archives
		p.Bytes = about.Totals[Waiting].Bytes
	} else {
		d, err := m.cfg.Source.Describe(ctx)
		if err != nil {
			return p, err
		}
		p.Archives = d.NumberOfArchives
		p.Bytes = max(0, d.SizeInBytes-d.NumberOfArchives*glacier.ArchiveOverhead)
	}
	p.Cost = m.cfg.Price.Money(p.Archives, p.Bytes)
	if m.cfg.BytesPerHour > 0 {
		p.Hours = float64(p.Bytes) / float64(m.cfg.BytesPerHour)
	}
	return p, nil
}

// Span is how long the pace takes at least.
func (p Plan) Span() time.Duration { return time.Duration(p.Hours * float64(time.Hour)) }
