package main

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
)

// memory measures what the server needs while it takes many large parts at
// the same time, and an archive of large parts from upload to retrieval.
func (b *bench) memory(ctx context.Context) error {
	b.report.begin("memory")
	dir, remove, err := b.folder("memory")
	if err != nil {
		return err
	}
	defer remove()
	f, err := b.startFirn(ctx, dir)
	if err != nil {
		return err
	}
	defer b.stop(f.process)
	p := b.plan
	part := b.stuff.of(p.bigPart)
	if _, err := b.heavy(ctx, f, fmt.Sprintf("%d parts of %d MiB, all at the same time", p.parallel, p.bigPart/mib), part, p.parallel, p.parallel); err != nil {
		return err
	}
	archive, err := b.heavy(ctx, f, fmt.Sprintf("an archive in %d parts of %d MiB, 4 at a time", p.bigMany, p.bigPart/mib), part, p.bigMany, 4)
	if err != nil {
		return err
	}
	return b.fetchBig(ctx, f, archive, p.bigPart*int64(p.bigMany))
}

// watch does something with a number of bytes, and notes how fast it went and
// what the server needed.
func (b *bench) watch(f *firn, name string, size int64, do func() error) error {
	if err := f.forget(); err != nil {
		return err
	}
	began, used := time.Now(), f.cpu()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.report.add(name, "MB/s", float64(size)/1e6/time.Since(began).Seconds())
	b.report.also(name, "CPU", "s/GB", (f.cpu()-used).Seconds()/(float64(size)/1e9))
	_, peak := f.memory()
	b.report.also(name, "peak resident", "MiB", peak)
	return nil
}

// heavy uploads an archive of parts.
func (b *bench) heavy(ctx context.Context, f *firn, name string, part content, n, parallel int) (id glacier.ArchiveID, err error) {
	whole := repeatPart(part, n)
	err = b.watch(f, name, whole.size, func() error {
		id, err = f.uploadParts(ctx, part, whole, parallel)
		return err
	})
	return id, err
}

// fetchBig retrieves an archive, whole and in ranges.
func (b *bench) fetchBig(ctx context.Context, f *firn, archive glacier.ArchiveID, size int64) error {
	s := f.open(ctx)
	defer s.close()
	var job string
	err := b.watch(f, "its retrieval job", size, func() (err error) {
		if job, err = startJob(s, archive, ""); err != nil {
			return err
		}
		return f.await(s, job)
	})
	if err != nil {
		return err
	}
	if err := b.watch(f, "its output, whole", size, func() error { _, err := output(s, job, true, 0, -1); return err }); err != nil {
		return err
	}
	// A client that resumes asks for ranges that begin anywhere.
	step := size/64 + 12345
	return b.watch(f, "its output, in 64 ranges, 4 at a time", size, func() error {
		_, err := load(ctx, f.endpoint, 4, 64, func(s *session, i int) error {
			first := int64(i) * step
			if first >= size {
				return nil
			}
			_, err := output(s, job, true, first, min(first+step, size)-1)
			return err
		})
		return err
	})
}
