package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// inventory measures a vault of many archives, as many as the plan says, of
// one byte each.
func (b *bench) inventory(ctx context.Context) error {
	b.report.begin("inventory")
	dir, remove, err := b.folder("inventory")
	if err != nil {
		return err
	}
	defer remove()
	f, err := b.startFirn(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { b.stop(f.process) }() // by then it is another one
	before, _ := f.memory()
	b.report.add("resident, empty store", "MiB", before)
	if err := b.fill(ctx, f); err != nil {
		return err
	}
	if err := b.takeInventories(ctx, f); err != nil {
		return err
	}
	if err := b.listings(ctx, f); err != nil {
		return err
	}
	if err := b.console(ctx, f); err != nil {
		return err
	}
	now, peak := f.memory()
	b.report.add("resident, after inventories", "MiB", now)
	b.report.also("resident, after inventories", "peak", "MiB", peak)
	return b.restart(ctx, f)
}

// fill uploads the archives.
func (b *bench) fill(ctx context.Context, f *firn) error {
	tiny, used := b.stuff.of(1), f.cpu()
	p, err := load(ctx, f.endpoint, 64, b.plan.archives, func(s *session, _ int) error { _, err := upload(s, tiny); return err })
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d uploads of a byte, c=64", b.plan.archives)
	b.report.add(name, "ops/s", p.rate())
	b.report.also(name, "p50", "ms", p.quantile(0.5))
	b.report.also(name, "p99", "ms", p.quantile(0.99))
	b.report.also(name, "CPU", "us/op", float64(((f.cpu() - used) / time.Duration(b.plan.archives)).Microseconds()))
	now, peak := f.memory()
	b.report.add("resident, after the uploads", "MiB", now)
	b.report.also("resident, after the uploads", "peak", "MiB", peak)
	return nil
}

// takeInventories takes the inventory in both formats, and downloads it.
func (b *bench) takeInventories(ctx context.Context, f *firn) error {
	if err := f.forget(); err != nil {
		return err
	}
	for range b.plan.rounds {
		for _, format := range []string{"JSON", "CSV"} {
			s := f.open(ctx)
			began, used := time.Now(), f.cpu()
			job, err := startJob(s, "", format)
			if err != nil {
				return err
			}
			if err := f.await(s, job); err != nil {
				return err
			}
			rows, name := float64(b.plan.archives), "inventory job, "+format
			b.report.add(name, "rows/s", rows/time.Since(began).Seconds())
			b.report.also(name, "took", "s", time.Since(began).Seconds())
			b.report.also(name, "CPU", "us/row", (f.cpu()-used).Seconds()*1e6/rows)
			began = time.Now()
			n, err := output(s, job, false, 0, -1)
			if err != nil {
				return err
			}
			b.report.add("its download, "+format, "MB/s", float64(n)/1e6/time.Since(began).Seconds())
			b.report.also("its download, "+format, "size", "MB", float64(n)/1e6)
			s.close()
		}
	}
	return nil
}

// pages is how often the first page of a listing is asked for in a round.
const pages = 50

// listings measures how long first pages and descriptions take.
func (b *bench) listings(ctx context.Context, f *firn) error {
	for range b.plan.rounds {
		for _, q := range []struct{ name, path string }{
			{"ListVaults", "/-/vaults"}, {"DescribeVault", vaultAt}, {"ListJobs", vaultAt + "/jobs"},
		} {
			p, err := load(ctx, f.endpoint, 1, pages, func(s *session, _ int) error {
				_, err := s.ask("GET", q.path, nil, nothing())
				return err
			})
			if err != nil {
				return err
			}
			b.report.add(q.name+", first page", "ms", p.quantile(0.5))
			b.report.also(q.name+", first page", "p99", "ms", p.quantile(0.99))
		}
	}
	return nil
}

// restart measures the start after a clean end, and after a kill that
// followed upon an upload.
func (b *bench) restart(ctx context.Context, f *firn) error {
	again := func(name string) error {
		took, err := b.serveFirn(ctx, f)
		if err != nil {
			return err
		}
		now, peak := f.memory()
		b.report.add(name, "s", took.Seconds())
		b.report.also(name, "resident", "MiB", now)
		b.report.also(name, "peak", "MiB", peak)
		return nil
	}
	for range b.plan.rounds {
		if err := f.end(syscall.SIGTERM); err != nil {
			return err
		}
		if err := again("start, until ready"); err != nil {
			return err
		}
		s := f.open(ctx)
		if _, err := upload(s, b.stuff.of(1)); err != nil {
			return err
		}
		s.close()
		if err := f.end(syscall.SIGKILL); err != nil {
			return err
		}
		if err := again("start after a kill, until ready"); err != nil {
			return err
		}
	}
	return nil
}
