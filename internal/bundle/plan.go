package bundle

import "iter"

// Limits say what is packed.
type Limits struct {
	Below int64 // files smaller than this; at most [MaxMember]
	Size  int64 // a bundle is ended before it becomes larger than this
	// Cut says of a path whether a bundle has to end before it, or after it; nil says it of none.
	Cut func(path string) (before, after bool)
}

// The defaults: below 1 MiB, an archive's overhead of 32 KiB and the price of a request are felt.
const (
	DefaultBelow = 1 << 20
	DefaultSize  = 64 << 20
)

// Plan puts things that are files, as describe tells, into groups, in their order: a group of several is for a bundle, a group of one is a
// file that is an archive of its own. A large file does not end the bundle that those before and after it are in. It holds as many things as one
// bundle has. An error among them is passed on, with no group, in its place.
func Plan[T any](things iter.Seq2[T, error], describe func(T) File, l Limits) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		var group []T
		var size int64
		end := func() bool {
			ended := group
			group, size = nil, 0
			return len(ended) == 0 || yield(ended, nil)
		}
		for thing, err := range things {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			f := describe(thing)
			if f.Size >= l.Below || f.Fits() != nil {
				if !yield([]T{thing}, nil) {
					return
				}
				continue
			}
			before, after := l.cut(f.Path)
			cost := footprint(f)
			if (before || len(group) == MaxMembers || size+cost > l.Size) && !end() {
				return
			}
			group, size = append(group, thing), size+cost
			if after && !end() {
				return
			}
		}
		end()
	}
}

func (l *Limits) cut(path string) (before, after bool) {
	if l.Cut == nil {
		return false, false
	}
	return l.Cut(path)
}

// footprint is about what a file takes in a bundle: header, bytes, and a line of the index.
func footprint(f File) int64 {
	const fixed = block + 192
	size := fixed + (f.Size+block-1)/block*block + int64(len(f.Path))
	if len(f.Path) > 100 { // PAX says it again
		size += 2 * block
	}
	return size
}
