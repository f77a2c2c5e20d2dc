// Package history keeps how an account has grown, and what has come and gone: one record for each hour, thinned to one for each day when
// it is old. Charts are made of it, and nothing else.
//
// # Files
//
// The history is a directory with a file for each account, of its name, which is a sequence of records of 64 bytes, numbers in big-endian
// order:
//
//	 0  4  "FHI" and the version, 1
//	 4  4  CRC-32C of all bytes from 8
//	 8  8  when the newest sample in it was taken, in seconds since 1970
//	16  8  archives at that time
//	24  8  their bytes
//	32  8  bytes uploaded since the record before
//	40  8  bytes downloaded since then
//	48  4  vaults
//	52  4  seconds that what came and went was counted for
//	56  4  bodies uploaded: archives and parts of archives
//	60  4  downloads
//
// One rule is enough to read it: what is no record at a multiple of 64 bytes is torn; skip it. A sample is written with one call, at the
// end, or over the last record if that is of the same hour. Records older than 90 days are merged into one for each day, and the oldest go when
// there are more than 6,000, which is after ten years: a file has some 384 KB at most, and there are at most 1,000 files.
//
// # What is promised
//
// Little. A sample is not synced: a power cut may cost the last ones. What came and went since the last sample is lost if the process is
// killed. A full disk costs samples, but no counts: they come with the next one. A lost file costs an account its charts.
package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/disk"
)

// Limits.
const (
	maxAccounts = 1000 // that have a history
	maxRecords  = 6000 // in a file
	maxPoints   = 1000 // of one range
)

// dir is the directory of all files. It is made with the first.
const dir = "history"

// State is what an account has.
type State struct {
	Archives int64
	Bytes    int64
	Vaults   int64
}

// Config says where the history is.
type Config struct {
	FS  disk.FS          // the data directory, in which the history has a directory
	Now func() time.Time // the clock; nil means time.Now
	Log *slog.Logger     // hears what goes wrong beside a sample; nil discards it
}

// History is an open history. Its methods may be called concurrently. One at a time may have the directory.
type History struct {
	Meter

	cfg Config

	mu sync.Mutex // guards the files
}

// Open opens the history in a data directory. Nothing is read or made yet.
func Open(c Config) (*History, error) {
	if c.FS == nil {
		return nil, errors.New("open history: no file system")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &History{cfg: c}, nil
}

// Sample writes down what an account has now, and what the meter has counted of it since the last time. If it fails, the count goes on.
func (h *History) Sample(account glacier.AccountID, s State) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.cfg.Now()
	flow, span := h.take(account, now)
	err := h.put(account, record{at: now.Unix(), state: s, flow: flow, span: span})
	if err != nil {
		h.giveBack(account, flow, span)
		return fmt.Errorf("sample the history of account %s: %w", account, err)
	}
	return nil
}

// put writes a record, and thins the file now and then.
func (h *History) put(account glacier.AccountID, r record) error {
	name, err := nameOf(account)
	if err != nil {
		return err
	}
	f, err := h.openWrite(name)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	at := (size + recordSize - 1) / recordSize * recordSize // a torn record stays where it is
	if last, ok := readRecord(f, at-recordSize); ok && last.hour() == r.hour() {
		at -= recordSize
		r = last.then(r)
	}
	if _, err := f.WriteAt(r.encode(), at); err != nil {
		return err
	}
	if n := at/recordSize + 1; n%thinEvery == 0 {
		if err := h.thin(name, n); err != nil { // the sample is written all the same
			h.cfg.Log.Warn("a history is longer than it should be", "file", name, "err", err)
		}
	}
	return nil
}

// openWrite opens the file of that name, or makes it.
func (h *History) openWrite(name string) (disk.File, error) {
	f, err := h.cfg.FS.OpenWrite(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := disk.MkdirAll(h.cfg.FS, dir); err != nil {
		return nil, err
	}
	entries, err := h.cfg.FS.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(entries) >= maxAccounts {
		return nil, fmt.Errorf("%d accounts have a history, and no more can", maxAccounts)
	}
	return h.cfg.FS.Create(name)
}

// Point is what is known of a part of a range.
type Point struct {
	From time.Time // where the part begins
	Time time.Time // of the newest sample in it
	State
	Flow
	// Counted is how long what came and went was counted for: less than the part is long if the server was away.
	Counted time.Duration
}

// Query asks how an account has grown, from a time on to another, in at most so many parts of one length.
type Query struct {
	Account  glacier.AccountID
	From, To time.Time
	Points   int // how many parts

	// Since is when the account was made: older samples are of another that had its number. The zero time leaves none out.
	Since time.Time

	// Now is what the account has at this moment. It counts as one more sample, with all that was counted since the last, and is not
	// written down. Nil means that the last sample is the end.
	Now *State
}

// Range returns what is known, in order. Parts without a sample are left out. An account without history has no points but that of Now.
func (h *History) Range(ctx context.Context, q Query) ([]Point, error) {
	if q.Points < 1 || q.Points > maxPoints || !q.From.Before(q.To) {
		return nil, fmt.Errorf("a range needs 1 to %d points, and a beginning before its end", maxPoints)
	}
	name, err := nameOf(q.Account)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := h.known(name, &q)
	if err != nil {
		return nil, fmt.Errorf("read the history of account %s: %w", q.Account, err)
	}
	return gather(all, q.From, q.To, q.Points), nil
}

// known returns the records that a query is answered with.
func (h *History) known(name string, q *Query) ([]record, error) {
	h.mu.Lock() // a sample that is taken meanwhile would be missing, or there twice
	defer h.mu.Unlock()
	all, err := h.records(name)
	if err != nil {
		return nil, err
	}
	if !q.Since.IsZero() {
		since := q.Since.Unix()
		all = slices.DeleteFunc(all, func(r record) bool { return r.at < since })
	}
	if q.Now != nil {
		now := h.cfg.Now()
		flow, span := h.look(q.Account, now)
		all = append(all, record{at: now.Unix(), state: *q.Now, flow: flow, span: span})
	}
	return all, nil
}

// gather makes points of records. Of two samples in one part the later in the file counts, and that is the later one even where the clock was
// set back.
func gather(all []record, from, to time.Time, points int) (list []Point) {
	length := max(to.Sub(from)/time.Duration(points), 1)
	parts := make([]*record, points)
	for i := range all {
		r := &all[i]
		if at := time.Unix(r.at, 0); !at.Before(from) && at.Before(to) {
			n := min(int(at.Sub(from)/length), points-1)
			if parts[n] != nil {
				*r = parts[n].then(*r)
			}
			parts[n] = r
		}
	}
	for n, r := range parts {
		if r != nil {
			list = append(list, Point{
				From: from.Add(time.Duration(n) * length), Time: time.Unix(r.at, 0).UTC(),
				State: r.state, Flow: r.flow, Counted: time.Duration(r.span) * time.Second,
			})
		}
	}
	return list
}

// records returns the records of a file, in its order; none if there is no file.
func (h *History) records(name string) ([]record, error) {
	f, err := h.cfg.FS.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	// A file longer than ours ever are is not read as a whole.
	skip := max(0, size/recordSize-2*maxRecords) * recordSize
	data := make([]byte, (size-skip)/recordSize*recordSize)
	if n, err := f.ReadAt(data, skip); n < len(data) {
		return nil, err
	}
	var all []record
	for ; len(data) > 0; data = data[recordSize:] {
		if r, ok := decode(data[:recordSize]); ok {
			all = append(all, r)
		}
	}
	return all, nil
}

// nameOf returns the name of an account's file.
func nameOf(account glacier.AccountID) (string, error) {
	if !account.Valid() {
		return "", fmt.Errorf("%q is no account", string(account))
	}
	return dir + "/" + string(account), nil
}
