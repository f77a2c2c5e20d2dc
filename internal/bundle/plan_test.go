package bundle_test

import (
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/bundle"
)

var errGone = errors.New("gone")

// walk yields files by name and size in KiB; size -1 is an error.
func walk(names string, sizes ...int64) iter.Seq2[bundle.File, error] {
	return func(yield func(bundle.File, error) bool) {
		for i, name := range strings.Fields(names) {
			f := bundle.File{Path: name, Size: sizes[i] << 10}
			var err error
			if sizes[i] < 0 {
				err = errGone
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

func same(f bundle.File) bundle.File { return f }

func TestPlan(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files iter.Seq2[bundle.File, error]
		want  []string
	}{
		{"nothing", walk(""), nil},
		{"one small file", walk("a", 1), []string{"a"}},
		{"small files", walk("a b c", 1, 2, 3), []string{"a b c"}},
		{"large file between", walk("a big b", 1, 900, 1), []string{"big", "a b"}},
		{"large files only", walk("a b", 100, 200), []string{"a", "b"}},
		{"a bundle and the next", walk("a b c d e f", 90, 90, 90, 90, 90, 90), []string{"a b c", "d e f"}},
		{"the last is alone", walk("a b c d", 90, 90, 90, 90), []string{"a b c", "d"}},
		{"name of the index between", walk("a "+bundle.IndexName+" b", 1, 1, 1), []string{bundle.IndexName, "a b"}},
		{"an error between", walk("a gone b", 1, -1, 1), []string{"error: gone", "a b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for group, err := range bundle.Plan(tt.files, same, bundle.Limits{Below: 100 << 10, Size: 300 << 10}) {
				if err != nil {
					got = append(got, "error: "+err.Error())
					continue
				}
				var names []string
				for _, f := range group {
					names = append(names, f.Path)
				}
				got = append(got, strings.Join(names, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPlanCutsWhereItIsTold: whatever else would have room.
func TestPlanCutsWhereItIsTold(t *testing.T) {
	cuts := map[string][2]bool{"b": {true, false}, "c": {false, true}, "f": {true, true}, "big": {true, true}, "h": {false, true}}
	l := bundle.Limits{Below: 100 << 10, Size: 300 << 10, Cut: func(path string) (before, after bool) { return cuts[path][0], cuts[path][1] }}
	var got []string
	for group, err := range bundle.Plan(walk("a b c d e big f g h", 1, 1, 1, 1, 1, 900, 1, 1, 1), same, l) {
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range group {
			names = append(names, f.Path)
		}
		got = append(got, strings.Join(names, " "))
	}
	if diff := cmp.Diff([]string{"a", "b c", "big", "d e", "f", "g h"}, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestPlanEndsWhenAsked(t *testing.T) {
	for _, names := range []string{"big big2", "gone gone", "a b c d e f g h"} {
		n := 0
		sizes := map[string][]int64{"b": {900, 900}, "g": {-1, -1}, "a": {90, 90, 90, 90, 90, 90, 90, 90}}[names[:1]]
		for range bundle.Plan(walk(names, sizes...), same, bundle.Limits{Below: 100 << 10, Size: 300 << 10}) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%s: %d groups", names, n)
		}
	}
}

func TestPlanOfVeryManyFiles(t *testing.T) {
	files := func(yield func(bundle.File, error) bool) {
		for range bundle.MaxMembers + 1 {
			if !yield(bundle.File{Path: "x"}, nil) {
				return
			}
		}
	}
	var got []int
	for group, err := range bundle.Plan(files, same, bundle.Limits{Below: 1, Size: 1 << 40}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, len(group))
	}
	if diff := cmp.Diff([]int{bundle.MaxMembers, 1}, got); diff != "" {
		t.Errorf("files in the bundles (-want +got):\n%s", diff)
	}
}
