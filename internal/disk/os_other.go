//go:build !linux

package disk

// Sync is a full fsync. On macOS, Go asks the drive itself to flush (F_FULLFSYNC).
func (f osFile) Sync() error { return f.f.Sync() }

// Allocate does nothing: there is no portable way to reserve space.
func (f osFile) Allocate(off, n int64) error { return nil }

// FlushAsync does nothing.
func (f osFile) FlushAsync(off, n int64) error { return nil }
