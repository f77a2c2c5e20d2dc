package journal

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/record"
)

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		name        string
		first, last record.LSN
		lists       [][]record.LSN
		want        []span
	}{
		{"nothing is there", 3, 5, nil, []span{{3, 5}}},
		{"all is there", 3, 5, [][]record.LSN{{3, 4, 5}}, nil},
		{"all is there, in two lists", 3, 5, [][]record.LSN{{4}, {3, 5}}, nil},
		{"holes at both ends and within", 1, 9, [][]record.LSN{{2, 3}, {6}}, []span{{1, 1}, {4, 5}, {7, 9}}},
		{"what is outside does not count", 3, 4, [][]record.LSN{{1, 2, 5}}, []span{{3, 4}}},
		{"an empty range", 4, 3, [][]record.LSN{{1}}, nil},
	} {
		if diff := cmp.Diff(c.want, missing(c.first, c.last, c.lists...), cmp.AllowUnexported(span{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// BenchmarkMissing must grow with the list, not with its square.
func BenchmarkMissing(b *testing.B) {
	list := make([]record.LSN, 200_000)
	for i := range list {
		list[i] = record.LSN(i + 1)
	}
	for b.Loop() {
		missing(1, record.LSN(len(list)), list)
	}
}
