package retrieve

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/names"
	"firn/treehash"
)

const mib = 1 << 20

// TestSpan: what has to be retrieved for what is wanted.
func TestSpan(t *testing.T) {
	bundle := names.Archive{Size: 10*mib + 5, Bundle: true}
	member := func(offset, size int64) Want { return Want{File: names.File{Offset: offset, Size: size}} }
	for name, row := range map[string]struct {
		order Order
		want  span
	}{
		"an archive":                          {Order{Archive: names.Archive{Size: 7}, Wants: []Want{member(0, 7)}}, span{0, 7}},
		"a file in the first MiB of a bundle": {Order{Archive: bundle, Wants: []Want{member(512, 100)}}, span{0, mib}},
		"a file across two MiB":               {Order{Archive: bundle, Wants: []Want{member(2*mib-1, 2)}}, span{mib, 2 * mib}},
		"a whole MiB":                         {Order{Archive: bundle, Wants: []Want{member(mib, mib)}}, span{mib, mib}},
		"at the end":                          {Order{Archive: bundle, Wants: []Want{member(10*mib+1, 4)}}, span{10 * mib, 5}},
		"two files":                           {Order{Archive: bundle, Wants: []Want{member(mib, 1), member(4*mib, 1)}}, span{mib, 4 * mib}},
		"an empty file":                       {Order{Archive: bundle, Wants: []Want{member(mib, 0)}}, span{0, mib}},
		"the index":                           {Index(bundle, 9*mib+100), span{9 * mib, mib + 5}},
		"an index that lies":                  {Index(bundle, 99*mib), span{10 * mib, 5}},
		"the index of a sealed bundle":        {Index(names.Archive{Size: 10 * mib, Bundle: true, Sealed: true}, 9*mib), span{0, 10 * mib}},
		"the index of a large sealed bundle":  {Index(names.Archive{Size: 80 * mib, Bundle: true, Sealed: true}, 79*mib), span{79 * mib, mib}},
		"a sealed index that lies":            {Index(names.Archive{Size: 80 * mib, Bundle: true, Sealed: true}, 1<<62), span{79 * mib, mib}},
	} {
		t.Run(name, func(t *testing.T) {
			got := row.order.span()
			if got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
			if !treehash.MegabyteAligned(got.first, got.last(), row.order.Archive.Size) {
				t.Error("no job can be begun for it")
			}
		})
	}
}

// TestSpans: how a range is cut.
func TestSpans(t *testing.T) {
	for name, row := range map[string]struct {
		span  span
		limit int64
		want  []span
	}{
		"no limit":       {span{0, 5 * mib}, 0, []span{{0, 5 * mib}}},
		"below it":       {span{0, 5 * mib}, 5 * mib, []span{{0, 5 * mib}}},
		"by powers":      {span{mib, 5*mib + 1}, 3 * mib, []span{{mib, 2 * mib}, {3 * mib, 2 * mib}, {5 * mib, mib + 1}}},
		"a limit below":  {span{0, 2*mib + 1}, 1, []span{{0, mib}, {mib, mib}, {2 * mib, 1}}},
		"a whole number": {span{0, 4 * mib}, 2 * mib, []span{{0, 2 * mib}, {2 * mib, 2 * mib}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, row.span.spans(row.limit), cmp.AllowUnexported(span{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFolded: an order whose job is waited for takes little memory, and is of the same range.
func TestFolded(t *testing.T) {
	const bundles, each = 20, 5000
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	var kept []Order
	for range bundles {
		o := Order{Archive: names.Archive{ID: "x", Size: 100 << 20, Bundle: true}}
		for i := range each {
			path := fmt.Sprintf("folder/%05d", i)
			o.Wants = append(o.Wants, Want{names.File{Path: path, Offset: 5<<20 + int64(i), Size: 1}, path[len("folder/"):]})
		}
		folded := o.folded()
		if diff := cmp.Diff(o.span(), folded.span(), cmp.AllowUnexported(span{})); diff != "" {
			t.Error(diff)
		}
		kept = append(kept, folded)
	}
	if each := (heap() - before) / len(kept) / each; each > 24 {
		t.Errorf("%d bytes for each file", each)
	}
	runtime.KeepAlive(kept)
}
