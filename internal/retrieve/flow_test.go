package retrieve

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"firn/glacier"
	"firn/internal/remote"
)

// TestFlow: what may be begun before what was begun is copied.
func TestFlow(t *testing.T) {
	const gib = glacier.GiB
	for name, row := range map[string]struct {
		hourly int64
		copied int64 // in an hour
		open   int64
		size   int64
		want   bool
	}{
		"the first, however large":             {size: 40 << 40, want: true},
		"little, at a rate that nobody knows":  {open: 90 * gib, size: 10 * gib, want: true},
		"much, at a rate that nobody knows":    {open: 90 * gib, size: 11 * gib},
		"much, as it was asked for":            {hourly: 100 * gib, open: 500 * gib, size: 100 * gib, want: true},
		"what takes half a day":                {copied: 100 * gib, open: 1000 * gib, size: 200 * gib, want: true},
		"what takes longer":                    {copied: 100 * gib, open: 1000 * gib, size: 201 * gib},
		"a little more, at a rate that is low": {copied: gib, open: 90 * gib, size: 10 * gib, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &Retriever{Hourly: row.hourly}
				take := func(size int64) *job {
					j := newJob(span{0, size})
					if err := r.flow.take(t.Context(), j, r); err != nil {
						t.Fatal(err)
					}
					return j
				}
				if row.copied > 0 {
					j := take(row.copied)
					_ = r.flow.while(r, func() error { return remote.Sleep(t.Context(), time.Hour) })
					j.complete = true
					r.flow.give(j)
					r.flow.give(j)                       // is once
					r.flow.give(take(1000 * row.copied)) // was not copied
				}
				_ = remote.Sleep(t.Context(), 24*time.Hour) // in which nothing is copied
				open := newJob(span{})
				if row.open > 0 {
					open = take(row.open)
				}
				ctx, stop := context.WithTimeoutCause(t.Context(), time.Hour, errOver)
				defer stop()
				err := r.flow.take(ctx, newJob(span{0, row.size}), r)
				if row.want && err != nil || !row.want && !errors.Is(err, errOver) {
					t.Fatalf("error %v", err)
				}
				if !row.want { // and then it may
					r.flow.give(open)
					take(row.size)
				}
			})
		})
	}
}
