package system

import (
	"strings"
	"time"

	"firn/internal/console/frame"
	"firn/internal/health"
)

// A member is a part of the server, how it stands, and that in words.
type member struct {
	Name  string
	State string // good, warn or bad
	Word  string
	Says  string
}

// partsOf says how each part of a server stands.
func partsOf(r *health.Report) []member {
	return []member{
		servicePart(r), clockPart(r), drivePart(&r.Disk), journalPart(&r.Store), catalogPart(&r.Store), payloadPart(&r.Store),
		auditPart(&r.Audit), jobsPart(&r.Work), notificationsPart(r), resultsPart(&r.Results), processPart(r),
	}
}

func good(name, says string) member { return member{name, "good", "well", says} }

func warn(name, word, says string) member { return member{name, "warn", word, says} }

func bad(name, word, says string) member { return member{name, "bad", word, says} }

func servicePart(r *health.Report) member {
	if r.NotReady != "" {
		return bad("Service", "reads only", "No changes are taken: "+r.NotReady)
	}
	return good("Service", "Takes requests, since "+r.Started.UTC().Format("2006-01-02 15:04")+" UTC.")
}

func clockPart(r *health.Report) member {
	if r.ClockDoubt != "" {
		return warn("Clock", "in doubt", "Nothing expires meanwhile: "+r.ClockDoubt+". If the clock is right, start with --confirm-clock.")
	}
	return good("Clock", "Steady.")
}

// nearlyFull is the part of a file system, in percent, below which its free
// space is something to look at.
const nearlyFull = 10

func drivePart(d *health.Disk) member {
	if d.Err != "" {
		return bad("Drive", "unknown", "Its space cannot be found out: "+d.Err)
	}
	says := frame.ByteCount(d.Free) + " of " + frame.ByteCount(d.Total) + " free; " + frame.ByteCount(d.Held) + " held back for deletes."
	switch {
	case d.Held < d.Reserve:
		return bad("Drive", "full", says+" That is less than the reserve of "+frame.ByteCount(d.Reserve)+".")
	case d.Free < d.Total/100*nearlyFull:
		return warn("Drive", "nearly full", says)
	}
	return good("Drive", says)
}

func journalPart(s *health.Store) member {
	if s.Err != "" {
		return bad("Journal", "unknown", s.Err)
	}
	says := frame.Plural(s.Segments, "segment") + " with " + frame.ByteCount(s.SegmentBytes) + "."
	if s.Damage > 0 {
		return bad("Journal", "damaged", says+" "+frame.Plural(s.Damage, "place")+" not as written: run firn check.")
	}
	return good("Journal", says)
}

func catalogPart(s *health.Store) member {
	if s.Err != "" {
		return warn("Catalog", "unknown", s.Err)
	}
	return good("Catalog", frame.ByteCount(s.Catalog)+". It is made of the journal, and made anew if it is lost.")
}

func payloadPart(s *health.Store) member {
	if s.Quarantined > 0 {
		return warn("Payloads", "quarantine", frame.Plural(s.Quarantined, "file")+" nobody knows, put aside: run firn check.")
	}
	return good("Payloads", "No file is in quarantine.")
}

func auditPart(a *health.Audit) member {
	switch {
	case !a.On:
		return warn("Audit log", "off", "No line is kept of what is done.")
	case a.Failing != "":
		return bad("Audit log", "failing", "Lines may be missing: "+a.Failing)
	}
	return good("Audit log", frame.Plural(a.Files, "file")+" with "+frame.ByteCount(a.Bytes)+".")
}

// counted says a number that was counted up to a bound.
func counted(n int, noun string) string {
	if n >= health.MaxCounted {
		return frame.Count(n) + " " + noun + "s or more"
	}
	return frame.Plural(n, noun)
}

func jobsPart(w *health.Work) member {
	if w.Err != "" {
		return bad("Jobs", "unknown", w.Err)
	}
	return good("Jobs", counted(w.Jobs, "job")+" not complete.")
}

// overdue is how late a notification may be before it is something to look at.
const overdue = 5 * time.Minute

func notificationsPart(r *health.Report) member {
	w := &r.Work
	switch {
	case w.Err != "":
		return bad("Notifications", "unknown", w.Err)
	case w.Subscriptions == 0:
		return good("Notifications", "All are delivered, or given up.")
	case !w.Due.IsZero() && r.At.Sub(w.Due) > overdue:
		return warn("Notifications", "late", counted(w.Subscriptions, "subscription")+" waiting, one since "+w.Due.UTC().Format("2006-01-02 15:04")+" UTC.")
	}
	return good("Notifications", counted(w.Subscriptions, "subscription")+" with some to be delivered.")
}

func resultsPart(r *health.Results) member {
	var places []string
	if r.Directory {
		places = append(places, "the data directory")
	}
	places = append(places, r.Buckets...)
	if len(places) == 0 {
		return warn("Results of queries", "nowhere", "Select jobs are refused: there is no place for what they find.")
	}
	return good("Results of queries", "Go to "+strings.Join(places, ", ")+".")
}

func processPart(r *health.Report) member {
	return good("Process", frame.ByteCount(r.Process.Memory)+" of memory, "+frame.Plural(r.Process.Goroutines, "goroutine")+".")
}
