package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// smallSize is that of a small archive.
const smallSize = 64 << 10

// A rival is a server that takes part in the section small.
type rival struct {
	name string
	*process
	*endpoint
	put, get func(s *session, i int) error
}

// small measures requests for small archives, with some numbers of clients,
// in servers that take turns.
func (b *bench) small(ctx context.Context) error {
	b.report.begin("small")
	dir, remove, err := b.folder("small")
	if err != nil {
		return err
	}
	defer remove()
	rivals, err := b.rivals(ctx, dir)
	defer func() {
		for _, r := range rivals {
			b.stop(r.process)
		}
	}()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(modules())) {
		if b.peers[name] == "" {
			b.report.note("not compared with %s: see --install-peers", name)
		}
	}
	verbs := []struct {
		name string
		of   func(r rival) func(*session, int) error
	}{
		{"PUT", func(r rival) func(*session, int) error { return r.put }},
		{"GET", func(r rival) func(*session, int) error { return r.get }},
	}
	for _, verb := range verbs {
		for _, n := range clients() {
			for round := range b.plan.rounds {
				for i := range rivals {
					r := rivals[(i+round)%len(rivals)]
					if err := b.race(ctx, r, fmt.Sprintf("%s c=%d", verb.name, n), n, verb.of(r)); err != nil {
						return err
					}
				}
			}
			for _, r := range rivals[1:] {
				b.report.compare(fmt.Sprintf("%s c=%d, firn", verb.name, n), fmt.Sprintf("%s c=%d, %s", verb.name, n, r.name), r.name)
			}
		}
	}
	return nil
}

// rivals starts the servers, Firn first. It returns what it has started, with
// an error too.
func (b *bench) rivals(ctx context.Context, dir string) (all []rival, err error) {
	f, err := b.startFirn(ctx, dir)
	if err != nil {
		return nil, err
	}
	r, prepare := b.rivalFirn(f)
	all = append(all, r)
	if err := prepare(ctx); err != nil {
		return all, err
	}
	p, err := b.startPlain(ctx, dir)
	if err != nil {
		return all, err
	}
	all = append(all, b.rivalPeer("file-per-archive", p))
	for _, name := range slices.Sorted(maps.Keys(b.peers)) {
		p, err := b.startPeer(ctx, name, dir)
		if err != nil {
			return all, err
		}
		all = append(all, b.rivalPeer(name, p))
	}
	return all, nil
}

// rivalFirn is Firn. To be asked for outputs it needs jobs, which prepare
// makes.
func (b *bench) rivalFirn(f *firn) (r rival, prepare func(context.Context) error) {
	small := b.stuff.of(smallSize)
	jobs := make([]string, b.plan.outputs)
	r = rival{
		name: "firn", process: f.process, endpoint: f.endpoint,
		put: func(s *session, _ int) error { _, err := upload(s, small); return err },
		get: func(s *session, i int) error { _, err := output(s, jobs[i%len(jobs)], true, 0, -1); return err },
	}
	return r, func(ctx context.Context) error {
		_, err := load(ctx, f.endpoint, 16, len(jobs), func(s *session, i int) error {
			id, err := upload(s, small)
			if err != nil {
				return err
			}
			jobs[i], err = startJob(s, id, "")
			return err
		})
		if err != nil {
			return err
		}
		s := f.open(ctx)
		defer s.close()
		for _, j := range jobs {
			if err := f.await(s, j); err != nil {
				return err
			}
		}
		return nil
	}
}

// rivalPeer is a server of which the first objects are fetched again.
func (b *bench) rivalPeer(name string, p *peer) rival {
	small := b.stuff.of(smallSize)
	var made atomic.Int64
	return rival{
		name: name, process: p.process, endpoint: p.endpoint,
		put: func(s *session, _ int) error { return p.put(s, strconv.FormatInt(made.Add(1), 10), small) },
		get: func(s *session, i int) error { return p.get(s, strconv.Itoa(i%b.plan.outputs+1)) },
	}
}

// race measures one server once.
func (b *bench) race(ctx context.Context, r rival, what string, clients int, op func(*session, int) error) error {
	n := b.plan.ops[clients]
	used := r.cpu()
	p, err := load(ctx, r.endpoint, clients, n, op)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", what, r.name, err)
	}
	cost := (r.cpu() - used) / time.Duration(n)
	name := what + ", " + r.name
	b.report.add(name, "ops/s", p.rate())
	b.report.also(name, "p50", "ms", p.quantile(0.5))
	b.report.also(name, "p99", "ms", p.quantile(0.99))
	b.report.also(name, "CPU", "us/op", float64(cost.Microseconds()))
	return nil
}
