package selection

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"firn/glacier"
)

// A partFile is an open part of results.
type partFile interface {
	io.ReaderAt
	io.Closer
}

// Results are the results of a job in a directory, all parts one after another. They are for one goroutine, and are to be closed.
type Results struct {
	site *Site
	ends []int64  // of the parts, in the whole
	part int      // the one that is open
	file partFile // nil if none is
}

// Results finds the results of a job that has succeeded with r. If they are not to be had, the error is a *[glacier.Error].
func (t *Site) Results(r Result) (*Results, error) {
	if t.directory == nil {
		return nil, invalid("The results of a select job are not available for download. They are in bucket %s under %s.", t.location.Bucket, t.path)
	}
	list, err := t.directory.List(t.key(resultsFolder))
	if err != nil {
		return nil, fmt.Errorf("list results: %w", err)
	}
	results := &Results{site: t}
	var size int64
	for _, e := range list {
		if resultsFolder+e.Name == partName(len(results.ends)) {
			size += e.Size
			results.ends = append(results.ends, size)
		}
	}
	if len(results.ends) != r.Parts || size != r.Size {
		return nil, t.gone()
	}
	return results, nil
}

// gone is the refusal of results that somebody has removed, or changed.
func (t *Site) gone() *glacier.Error {
	return glacier.Errorf(glacier.ResourceNotFound, "The results of the job were removed from bucket %s, or changed: %s",
		t.location.Bucket, t.path)
}

// ReadAt implements [io.ReaderAt], but not for several goroutines. Results that are gone since are a *[glacier.Error].
func (r *Results) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		i, _ := slices.BinarySearch(r.ends, off+int64(n)+1)
		if i == len(r.ends) {
			return n, io.EOF
		}
		if err := r.open(i); err != nil {
			return n, err
		}
		begin := int64(0)
		if i > 0 {
			begin = r.ends[i-1]
		}
		at := off + int64(n)
		m, err := r.file.ReadAt(p[n:min(int64(len(p)), int64(n)+r.ends[i]-at)], at-begin)
		n += m
		if err != nil {
			return n, fmt.Errorf("read part %d of results: %w", i, err)
		}
	}
	return n, nil
}

// open opens a part, and closes the one that was open.
func (r *Results) open(i int) error {
	if r.file != nil && r.part == i {
		return nil
	}
	if err := r.Close(); err != nil {
		return err
	}
	file, size, err := r.site.directory.Open(r.site.key(partName(i)))
	if errors.Is(err, fs.ErrNotExist) {
		return r.site.gone()
	}
	if err != nil {
		return err
	}
	r.part, r.file = i, file
	if i > 0 {
		size += r.ends[i-1]
	}
	if size != r.ends[i] {
		return r.site.gone()
	}
	return nil
}

// Close closes what is open.
func (r *Results) Close() error {
	f := r.file
	r.file = nil
	if f == nil {
		return nil
	}
	return f.Close()
}
