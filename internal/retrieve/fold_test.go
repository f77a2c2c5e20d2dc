package retrieve_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/names"
	"firn/internal/retrieve"
	"firn/treehash"
)

// putBundle stores a bundle of files of a hundred bytes, behind each of which an empty one
// begins at the same byte.
func (b *bench) putBundle(name string, n int) (names.Archive, []byte) {
	b.t.Helper()
	data := noise(n * 100)
	c, id := b.upload(name, data)
	var members []names.File
	for i := range n {
		at := int64(i) * 100
		f := names.File{Path: fmt.Sprintf("%s/%05d", name, i), Offset: at, Size: 100, Hash: treehash.Sum(data[at:][:100]), Modified: time.Unix(1, 0)}
		empty := names.File{Path: f.Path + "-empty", Offset: at, Hash: treehash.Sum(nil), Modified: f.Modified}
		members = append(members, f, empty)
	}
	a := names.Archive{ID: id, Size: c.Size, TreeHash: c.Tree, Created: time.UnixMilli(1000).UTC(), Bundle: true}
	must(b.t, b.Names.Add(b.t.Context(), a, members...))
	return a, data
}

// full are orders for the files of bundles that are not empty, without their folders.
func (b *bench) full(bundles ...names.Archive) func(yield func(retrieve.Order, error) bool) {
	return func(yield func(retrieve.Order, error) bool) {
		for _, a := range bundles {
			o := retrieve.Order{Archive: a}
			for f, err := range b.Names.Members(b.t.Context(), a.ID) {
				if must(b.t, err); f.Size > 0 {
					o.Wants = append(o.Wants, retrieve.Want{File: f, Name: f.Path[len("bundle/"):]})
				}
			}
			if !yield(o, nil) {
				return
			}
		}
	}
}

// TestManyInABundle: what was wanted of a bundle comes back, whatever the catalogue learns while the job is waited for.
func TestManyInABundle(t *testing.T) {
	const n = 100
	for name, row := range map[string]struct {
		meanwhile func(b *bench, a names.Archive) error
		hourly    int64
		lost      bool
	}{
		"nothing happens":            {},
		"nothing happens, in a lane": {hourly: 4096},
		"newer versions are stored": {meanwhile: func(b *bench, a names.Archive) error {
			newer := names.Archive{ID: "newer", Size: 100, Created: time.Now()}
			return b.Names.Add(context.Background(), newer, names.File{Path: "bundle/00007", Size: 100, Modified: time.Now()})
		}},
		"it is removed": {lost: true, meanwhile: func(b *bench, a names.Archive) error {
			return b.Names.Remove(context.Background(), a.ID)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Hourly = row.hourly
			a, data := b.putBundle("bundle", n)
			var failed error
			looked := false
			b.answer = func(r *http.Request) (int, string) {
				if ofJob(r) != "" && !looked && row.meanwhile != nil {
					looked, failed = true, row.meanwhile(b, a)
				}
				return 0, ""
			}
			must(t, b.Retrieve(t.Context(), b.full(a)))
			must(t, failed)
			if row.lost {
				if diff := cmp.Diff([]string{string(a.ID)}, b.failed()); diff != "" || len(b.outcomes) != 1 {
					t.Error(b.outcomes, diff)
				}
				return
			}
			if len(b.outcomes) != n || len(b.failed()) > 0 {
				t.Errorf("%d outcomes, failed %v", len(b.outcomes), b.failed())
			}
			for i := range n {
				b.is(fmt.Sprintf("%05d", i), data[i*100:][:100])
			}
		})
	}
}
