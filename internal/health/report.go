// Package health has what a server says of itself, and the result of the last check of its store, which firn check leaves behind for it.
//
// Everything here is about the server as a whole and meant for who runs it. Of a [Check], an account may see what [Check.Of] leaves. There
// are no secrets in it.
package health

import (
	"time"

	"firn/glacier"
)

// Report is how a server stands.
type Report struct {
	At      time.Time // when it was made
	Started time.Time
	Uptime  time.Duration

	Version string // of Firn
	Go      string // that it was built with
	System  string // that it was built for: "linux/amd64"

	Profile string
	Region  string
	Account glacier.AccountID // that the root key belongs to
	URL     string            // where others reach the server

	NotReady   string // why no updates are taken; "" if they are
	ClockDoubt string // why nothing expires; "" if the clock is steady

	Disk    Disk
	Store   Store
	Audit   Audit
	Process Process
	Work    Work
	Results Results

	Check    *Check // the last check; nil if none is known
	CheckErr string // why none is known, if there is something where it should be
}

// Disk is the file system of the data directory.
type Disk struct {
	Total, Free int64  // bytes
	Reserve     int64  // bytes to be held back for deletes
	Held        int64  // bytes that are
	Err         string // why the first two are not known
}

// Store is what the store takes.
type Store struct {
	Segments     int   // of the journal
	SegmentBytes int64 // of their frames
	Damage       int   // places in the journal that are not as they were written, as far as has been noticed since the start
	Catalog      int64 // bytes of the catalog's files
	Quarantined  int   // payload files in quarantine
	Err          string
}

// Audit is how the audit log stands.
type Audit struct {
	On      bool
	Failing string // why lines may be missing; "" if none are
	Files   int
	Bytes   int64
}

// Process is what the process takes.
type Process struct {
	Goroutines int
	Heap       int64 // bytes in use
	Memory     int64 // bytes from the system
}

// MaxCounted is where counting ends: so many mean so many or more.
const MaxCounted = 1000

// Work is what waits for the workers.
type Work struct {
	Jobs          int       // not complete
	Subscriptions int       // with notifications that are to be delivered
	Due           time.Time // when the first of those was or is to be tried; zero if there are none
	Err           string
}

// Results are the places for results of select jobs.
type Results struct {
	Directory bool     // there is a directory, which stands for all other buckets
	Buckets   []string // by the names that clients give, sorted
}
