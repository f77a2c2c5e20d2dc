package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"firn/glacier"
	"firn/treehash"
)

// A contest is the section large while it runs.
type contest struct {
	*bench
	dir   string
	firn  *firn
	plain *peer
	whole content

	archive glacier.ArchiveID // of the round
}

// large measures archives of the size of the plan against copies of the same
// bytes to the same disk.
func (b *bench) large(ctx context.Context) error {
	b.report.begin("large")
	dir, remove, err := b.folder("large")
	if err != nil {
		return err
	}
	defer remove()
	p := b.plan
	b.stuff.prepare(p.whole, p.whole/4, p.wholePart)
	c := &contest{bench: b, dir: dir, whole: b.stuff.of(p.whole)}
	if c.firn, err = b.startFirn(ctx, dir); err != nil {
		return err
	}
	defer b.stop(c.firn.process)
	if c.plain, err = b.startPlain(ctx, dir); err != nil {
		return err
	}
	defer b.stop(c.plain.process)
	for range p.rounds {
		if err := c.round(ctx); err != nil {
			return err
		}
	}
	for _, name := range []string{c.upload("whole"), c.upload("4 at a time"), c.upload("in parts")} {
		b.report.compare(name, "copy, early writeback", "the copy")
		b.report.compare(name, "plain copy", "the plain copy")
		b.report.compare(name, "linear and tree hash alone", "hashing")
		b.report.compare(name, "upload to the plain server", "the plain server")
	}
	b.report.compare("retrieval job, cold", "read, cold", "the read")
	b.report.compare("retrieval job, hot", "read, hot", "the read")
	b.report.compare("output, cold", "read, cold", "the read")
	b.report.compare("output, hot", "read, hot", "the read")
	b.report.compare("output, hot", "download from the plain server, hot", "the plain server")
	return nil
}

// upload is the name of a figure.
func (c *contest) upload(how string) string { return "upload, " + how }

// round lets everything take its turn.
func (c *contest) round(ctx context.Context) error {
	size, file := c.plan.whole, filepath.Join(c.dir, "copy")
	part := c.stuff.of(c.plan.wholePart)
	quarter := c.stuff.of(size / 4)
	steps := []struct {
		name   string
		server *process // whose processor time counts
		do     func() error
	}{
		{"linear and tree hash alone", nil, func() error { return c.hash() }},
		{"plain copy", nil, func() error { return writeCopy(c.stuff, file, size, false) }},
		{c.upload("whole"), c.firn.process, func() (err error) {
			s := c.firn.open(ctx)
			defer s.close()
			c.archive, err = upload(s, c.whole)
			return err
		}},
		{"", nil, func() error { return os.Remove(file) }},
		{"copy, early writeback", nil, func() error { return writeCopy(c.stuff, file, size, true) }},
		{c.upload("4 at a time"), c.firn.process, func() error {
			_, err := load(ctx, c.firn.endpoint, 4, 4, func(s *session, _ int) error { _, err := upload(s, quarter); return err })
			return err
		}},
		{"upload to the plain server", c.plain.process, func() error {
			s := c.plain.open(ctx)
			defer s.close()
			return c.plain.put(s, "whole", c.whole)
		}},
		{c.upload("in parts"), c.firn.process, func() error {
			_, err := c.firn.uploadParts(ctx, part, c.whole, 4)
			return err
		}},
	}
	for _, s := range steps {
		if err := c.step(s.name, s.server, s.do); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return c.retrieve(ctx, file)
}

// step does something with as many bytes as an archive has, and notes how
// fast it went.
func (c *contest) step(name string, server *process, do func() error) error {
	var used time.Duration
	if server != nil {
		used = server.cpu()
	}
	began := time.Now()
	if err := do(); err != nil || name == "" {
		return err
	}
	c.report.add(name, "MB/s", float64(c.plan.whole)/1e6/time.Since(began).Seconds())
	if server != nil {
		c.report.also(name, "CPU", "s/GB", (server.cpu()-used).Seconds()/(float64(c.plan.whole)/1e9))
	}
	return nil
}

// hash computes both hashes of the bytes, which the server must.
func (c *contest) hash() error {
	h := treehash.NewHasher()
	err := c.stuff.each(0, c.plan.whole, func(p []byte) error { _, err := h.Write(p); return err })
	if tree, linear := h.Sum(); err == nil && (tree != c.whole.tree || linear != c.whole.linear) {
		err = fmt.Errorf("hashes %v and %v, not %v and %v", tree, linear, c.whole.tree, c.whole.linear)
	}
	return err
}

// retrieve fetches the archive of the round back: with nothing of it in the
// page cache, then with all of it.
func (c *contest) retrieve(ctx context.Context, file string) error {
	s := c.firn.open(ctx)
	defer s.close()
	jobs := map[string]string{}
	job := func(heat string) func() error {
		return func() (err error) {
			if jobs[heat], err = startJob(s, c.archive, ""); err != nil {
				return err
			}
			return c.firn.await(s, jobs[heat])
		}
	}
	fetch := func(heat string) func() error {
		return func() error { _, err := output(s, jobs[heat], true, 0, -1); return err }
	}
	read := func() error { return readCopy(file) }
	for _, heat := range []string{"cold", "hot"} {
		for _, what := range []struct {
			name   string
			server *process
			do     func() error
		}{
			{"read, ", nil, read}, {"retrieval job, ", c.firn.process, job(heat)}, {"output, ", c.firn.process, fetch(heat)},
		} {
			if heat == "cold" {
				if err := evict(c.dir); err != nil {
					return err
				}
			}
			if err := c.step(what.name+heat, what.server, what.do); err != nil {
				return fmt.Errorf("%s%s: %w", what.name, heat, err)
			}
		}
	}
	from := c.plain.open(ctx)
	defer from.close()
	if err := c.plain.get(from, "whole"); err != nil { // to warm it
		return err
	}
	return c.step("download from the plain server, hot", c.plain.process, func() error { return c.plain.get(from, "whole") })
}
