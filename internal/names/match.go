package names

import "time"

// Matches reports whether a file of that size and time can be this version, as
// far as its own are known. What is known from a description of an archive has
// whole seconds.
func (f File) Matches(size int64, modified time.Time) bool {
	if f.Size >= 0 && f.Size != size {
		return false
	}
	if f.Modified.Nanosecond() == 0 {
		modified = modified.Truncate(time.Second)
	}
	return f.Modified.IsZero() || f.Modified.Equal(modified)
}
