package system

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"firn/internal/audit"
	"firn/internal/console/frame"
)

// eventsOnPage is how many events a page has at most.
const eventsOnPage = 25

// A trailView is what the page of the audit log shows.
type trailView struct {
	Events    []eventRow
	Filter    trailFilter
	Filtered  bool
	Later     bool   // it is not the first page
	Newest    string // the link to the first page
	Next      string // the link to the next one
	Back      time.Time
	Missing   []string // files that cannot be read
	Complaint string
}

// A trailFilter is what was asked for, as it was typed.
type trailFilter struct {
	User, Vault, Name, Text, From, To string
	Failed, Changes                   bool
}

// Usual reports whether it is that of the first page.
func (f trailFilter) Usual() bool { return f == trailFilter{Changes: true} }

// An eventRow is an event in words.
type eventRow struct {
	audit.Event
	Who, About, Service string
	Details             []frame.Setting
}

// At is the event's time, to the second.
func (e eventRow) At() string { return e.Time.UTC().Format("2006-01-02 15:04:05") }

// Failed reports whether the call was refused or failed.
func (e eventRow) Failed() bool { return e.Event.Failed() }

// Outcome is how it failed: the API's code, or what stands in its place.
func (e eventRow) Outcome() string {
	if e.ErrorCode != "" {
		return e.ErrorCode
	}
	return frame.Clip(e.ErrorMessage, 80)
}

// Stamp is the same for programs.
func (e eventRow) Stamp() string { return e.Time.UTC().Format(time.RFC3339) }

// showAudit shows the account's part of the audit log, newest first.
func showAudit(c *frame.Call) error {
	if c.Config.Audit == nil {
		return frame.NotFound("This server keeps no audit log.")
	}
	if !c.Audits() {
		return frame.Refuse(http.StatusForbidden, "User: "+c.Caller.ARN()+" is not authorized to perform: cloudtrail:LookupEvents")
	}
	first := len(c.Query) == 0 // of what changes something, which else drowns in looks
	f := trailFilter{
		User: wanted(c, "user"), Vault: wanted(c, "vault"), Name: wanted(c, "name"), Text: wanted(c, "text"),
		From: wanted(c, "from"), To: wanted(c, "to"), Failed: c.Query.Get("failed") != "", Changes: first || c.Query.Get("changes") != "",
	}
	v := trailView{Filter: f, Filtered: f != trailFilter{}, Later: c.Query.Get("cursor") != "", Newest: f.link("")}
	err := trail(c, &v, c.Query.Get("cursor"))
	if e := frame.AsRefusal(err); e != nil {
		v.Complaint = e.Text
		return auditPage(c, e.Status, v)
	}
	if err != nil {
		return err
	}
	return auditPage(c, http.StatusOK, v)
}

func wanted(c *frame.Call, name string) string { return strings.TrimSpace(c.Query.Get(name)) }

func auditPage(c *frame.Call, status int, v trailView) error {
	return c.Render(status, "audit", frame.Page{
		Title: "Audit log", Tab: "audit", Data: v, Wide: true,
		Commands: []frame.Command{{
			Does: "With the files themselves, on the server",
			Text: `jq -c 'select(.recipientAccountId == "` + string(c.Caller.Account) + `")' DATA/audit/*.jsonl`,
		}},
	})
}

// trail reads a page of the log.
func trail(c *frame.Call, v *trailView, cursor string) error {
	q := audit.Query{
		Account: string(c.Caller.Account), Unclaimed: c.Caller.Account == c.Config.Management,
		Name: v.Filter.Name, Text: v.Filter.Text, User: v.Filter.User, Vault: v.Filter.Vault, Failed: v.Filter.Failed, Changes: v.Filter.Changes,
		Limit: eventsOnPage, Cursor: cursor,
	}
	var err error
	if q.From, err = typedTime(v.Filter.From); err != nil {
		return err
	}
	if q.To, err = typedTime(v.Filter.To); err != nil {
		return err
	}
	since, err := ownSince(c)
	if err != nil {
		return err
	}
	if q.From.Before(since) {
		q.From = since
	}
	got, err := c.Config.Audit.Latest(c.Request.Context(), q)
	c.RecordLook("cloudtrail", "LookupEvents", err, "accountId", string(c.Caller.Account))
	if errors.Is(err, audit.ErrCursor) {
		return frame.Refuse(http.StatusBadRequest, "There is no such page of the log. Begin with the newest.")
	}
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	for _, e := range got.Events {
		v.Events = append(v.Events, rowOf(e))
	}
	v.Back, v.Missing = got.Back, got.Unreadable
	if got.Next != "" {
		v.Next = v.Filter.link(got.Next)
	}
	return nil
}

// typedTime reads a time as browsers send it, in UTC. Nothing is the zero time.
func typedTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, frame.Refuse(http.StatusBadRequest, "“"+text+"” is no time. Write one like 2026-01-31T14:30.")
}

// link is the page of a filter at a place of the log.
func (f trailFilter) link(cursor string) string {
	yes := func(set bool) string {
		if set {
			return "yes"
		}
		return ""
	}
	return frame.Link("audit", "user", f.User, "vault", f.Vault, "name", f.Name, "text", f.Text, "from", f.From, "to", f.To,
		"failed", yes(f.Failed), "changes", yes(f.Changes),
		"all", yes(f == trailFilter{}), "cursor", cursor)
}

// rowOf words an event.
func rowOf(e audit.Event) eventRow {
	row := eventRow{Event: e, Who: whoCalled(e.Identity), About: e.Request["vaultName"], Service: strings.TrimSuffix(e.Source, ".amazonaws.com")}
	say := func(name, value string) {
		if value != "" {
			row.Details = append(row.Details, frame.Setting{Name: name, Value: value})
		}
	}
	say("Error", strings.TrimSpace(e.ErrorCode+" "+e.ErrorMessage))
	for _, name := range slices.Sorted(maps.Keys(e.Request)) {
		say("Asked: "+name, e.Request[name])
	}
	for _, name := range slices.Sorted(maps.Keys(e.Response)) {
		say("Answered: "+name, e.Response[name])
	}
	for _, name := range slices.Sorted(maps.Keys(e.Additional)) {
		say(name, e.Additional[name])
	}
	say("Caller", e.Identity.ARN)
	say("Access key", e.Identity.AccessKeyID)
	say("Account called upon", e.Account)
	say("From", e.IP)
	say("With", e.UserAgent)
	if e.TLS != nil {
		say("Protected by", e.TLS.Version+" "+e.TLS.CipherSuite)
	}
	say("Request id", e.RequestID)
	say("Event id", e.ID)
	return row
}

// whoCalled is the caller in a word.
func whoCalled(who audit.Identity) string {
	switch {
	case who.Type == audit.Root:
		return "root"
	case who.UserName != "":
		return who.UserName
	case who.Type == audit.AWSAccount:
		return "account " + who.AccountID
	}
	return "unknown"
}
