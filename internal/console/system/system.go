package system

import (
	"net/http"
	"time"

	"firn/glacier"
	"firn/internal/console/frame"
	"firn/internal/health"
	"firn/internal/history"
)

// A systemView is what the page of the server shows.
type systemView struct {
	Vaults   bool // the caller may see the account's figures
	Now      *history.State
	Charts   []chart
	Spans    []span
	Checks   bool // what is known of the last check may be seen
	Check    *checkView
	CheckErr string
	Report   *health.Report // nil if it is not the caller's to see
	Used     int64          // bytes of the file system
	Parts    []member
	Settings []frame.Setting
}

// A span is a time that charts can be of.
type span struct {
	Name, Title, Link string
	Current           bool
	each              string // what a bar is for
	parts             int
	long              time.Duration // of a part
	layout            string        // of the labels
	at, during        string        // layouts of a time, and of a part
}

func spans() []span {
	const day = 24 * time.Hour
	return []span{
		{Name: "24h", Title: "24 hours", each: "hour", parts: 24, long: time.Hour, layout: "15:04", at: " at 15:04", during: " at 15:04"},
		{Name: "30d", Title: "30 days", each: "day", parts: 30, long: day, layout: "Jan 2", at: " on January 2", during: " on January 2"},
		{Name: "1y", Title: "1 year", each: "week", parts: 53, long: 7 * day, layout: "Jan 2", at: " on January 2", during: " in the week from January 2"},
	}
}

// showSystem shows the account's figures, and to who runs the server how it
// stands.
func showSystem(c *frame.Call) error {
	v := systemView{Vaults: c.May("glacier:ListVaults")}
	runs := c.RunsServer()
	if !v.Vaults && !runs {
		return frame.Refuse(http.StatusForbidden, "User: "+c.Caller.ARN()+" is not authorized to perform: glacier:ListVaults")
	}
	if v.Vaults && c.Config.History != nil && c.Config.Usage != nil {
		if err := figures(c, &v); err != nil {
			return err
		}
	}
	if c.Config.Health != nil {
		r := c.Config.Health(c.Request.Context())
		if runs {
			c.RecordLook("firn", "DescribeServer", nil)
		}
		describeServer(c, &v, &r, runs)
	}
	return c.Render(http.StatusOK, "system", frame.Page{
		Title: "System", Tab: "system", Data: v,
		Commands: []frame.Command{
			frame.GlacierCommand("What vaults hold", "list-vaults"),
			{Does: "Check all that is stored, with Firn’s own program", Text: "firn check --deep DATA"},
			{Does: "Whether the server takes requests", Text: "curl " + frame.Quote(base(c)+"/readyz")},
		},
	})
}

// base is the address that the visitor has called.
func base(c *frame.Call) string {
	if c.Client.Secure {
		return "https://" + c.Request.Host
	}
	return "http://" + c.Request.Host
}

// figures makes the charts of the account.
func figures(c *frame.Call, v *systemView) error {
	v.Spans = spans()
	current := &v.Spans[1]
	for i := range v.Spans {
		s := &v.Spans[i]
		s.Link = frame.Link("system", "range", s.Name)
		if s.Name == c.Query.Get("range") {
			current = s
		}
	}
	current.Current = true
	now := c.Config.Now().UTC()
	whole := min(current.long, 24*time.Hour) // a week ends with today
	to := now.Truncate(whole).Add(whole)
	from := to.Add(-time.Duration(current.parts) * current.long)
	state, err := c.Config.Usage(c.Request.Context(), c.Caller.Account)
	if err != nil {
		return err
	}
	v.Now = &state
	since, err := ownSince(c)
	if err != nil {
		return err
	}
	points, err := c.Config.History.Range(c.Request.Context(), history.Query{
		Account: c.Caller.Account, From: from, To: to, Points: current.parts, Since: since, Now: &state,
	})
	if err != nil {
		return err
	}
	a := axis{from: from, to: to, parts: current.parts, layout: current.layout, at: current.at, during: current.during}
	v.Charts = chartsOf(a, current.each, points)
	return nil
}

// chartsOf are the charts of an account's history.
func chartsOf(a axis, each string, points []history.Point) []chart {
	var stored, archives, up, down []figure
	for _, p := range points {
		stored = append(stored, figure{p.Time, p.Bytes})
		archives = append(archives, figure{p.Time, p.Archives})
		up = append(up, figure{p.From, p.Uploaded})
		down = append(down, figure{p.From, p.Downloaded})
	}
	return []chart{
		a.line("stored", "Bytes stored", byteScale(), stored),
		a.line("archives", "Archives", countScale(), archives),
		a.bars("uploaded", "Uploaded, each "+each, byteScale(), up),
		a.bars("retrieved", "Retrieved, each "+each, byteScale(), down),
	}
}

// describeServer adds what the caller may know of the server: all of it, or
// what the last check has found of his account's.
func describeServer(c *frame.Call, v *systemView, r *health.Report, all bool) {
	v.Checks, v.CheckErr = true, r.CheckErr
	if r.Check != nil {
		v.Check = checkOf(c, r.Check, all)
	}
	if !all {
		if v.CheckErr != "" {
			v.CheckErr = "The result cannot be read."
		}
		return
	}
	v.Report, v.Used = r, r.Disk.Total-r.Disk.Free
	v.Parts = partsOf(r)
	v.Settings = append([]frame.Setting{
		{Name: "Version", Value: r.Version}, {Name: "Built with", Value: r.Go + " for " + r.System}, {Name: "Profile", Value: r.Profile}, {Name: "Region", Value: r.Region},
		{Name: "Account of the root key", Value: string(r.Account)}, {Name: "Reached at", Value: r.URL},
	}, c.Config.Settings...)
}

// damagedShown is how many damaged archives the page names.
const damagedShown = 100

// A checkView is the result of the last check, as far as somebody may see it.
type checkView struct {
	health.Check
	Whole bool // nothing of his is left out
	All   bool // it is everybody's
	Own   glacier.AccountID
	Shown []health.Damaged
}

// checkOf is what the caller may see of a check. Whoever may not see a vault's
// archives does not see which are damaged, only that there are some.
func checkOf(c *frame.Call, check *health.Check, all bool) *checkView {
	own := c.Caller.Account
	v := &checkView{Check: *check, All: all, Own: own, Whole: check.DamagedCount == len(check.Damaged)}
	if !all {
		v.Check, v.Whole = check.Of(own)
	}
	may := map[glacier.VaultName]bool{}
	for _, d := range v.Damaged {
		if _, asked := may[d.Vault]; !asked {
			may[d.Vault] = all || c.MayAll(string(d.Vault), "InitiateJob", "GetJobOutput")
		}
		if may[d.Vault] && len(v.Shown) < damagedShown {
			v.Shown = append(v.Shown, d)
		}
	}
	return v
}

// Clean reports whether there is nothing to worry about: for an account, that
// none of its archives are damaged.
func (v *checkView) Clean() bool {
	if v.All {
		return v.Check.Clean()
	}
	return v.DamagedCount == 0 && v.Whole && v.Exit != 1
}

// More is how many damaged archives are not shown.
func (v *checkView) More() int { return v.DamagedCount - len(v.Shown) }
