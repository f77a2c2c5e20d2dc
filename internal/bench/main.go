// Command bench measures Firn against what its user would have without it:
// the same bytes copied to the same disk, a web server that keeps a file for
// each archive, and other object servers where they are installed.
//
// Everything that is compared takes turns within one run, and is reported as
// a ratio with its spread, because rates say more about the machine and its
// neighbours than about Firn. The server is the real binary in a process of
// its own; requests are signed and their bodies hashed as clients do it, but
// the hashes are known beforehand, so that the client costs little.
//
// It is a tool of the developers and no test: nothing passes or fails by a
// time. Nothing imports it. It works on Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == plainCommand {
		fmt.Fprintln(os.Stderr, "bench:", servePlain(os.Args[2], os.Stdout))
		os.Exit(1)
	}
	if ok, err := readTable(os.Args[1:], os.Stdout); ok {
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const usage = `usage: bench [quick | full | select | client] [flags]

  bench quick    a minute, small sizes: whether it works, not how fast
  bench          up to fifteen minutes
  bench full     more rounds, and a vault of a million archives
  bench select   queries over a CSV file of a GB, and nothing else
  bench client   the client's verbs with a folder of 100,000 files and 20 GB

`

// A bench is one run.
type bench struct {
	plan     plan
	firn     string            // the binary
	peers    map[string]string // binaries of other servers, by name
	duckscan string            // the program that asks DuckDB
	dir      string            // everything it makes is in here
	stuff    *material
	report   *report
	log      io.Writer // what is going on
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.install {
		return installPeers(ctx, stderr)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.plan.limit, fmt.Errorf("not done after %v", o.plan.limit))
	defer cancel()
	dir, err := os.MkdirTemp(o.dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{
		plan: o.plan, firn: o.firn, peers: findPeers(o.peers), duckscan: o.duckscan, dir: dir,
		stuff: newMaterial(), report: newReport(o.plan.name), log: stderr,
	}
	if err := b.fit(); err != nil {
		return err
	}
	failed := b.measure(ctx, o.sections)
	if failed != nil && context.Cause(ctx) != nil {
		failed = context.Cause(ctx)
	}
	print := b.report.print
	if o.json {
		print = b.report.printJSON
	}
	return errors.Join(failed, print(stdout))
}

// measure runs the sections that are wanted. What was measured before a
// failure is in the report.
func (b *bench) measure(ctx context.Context, wanted []string) error {
	for _, s := range sections() {
		if !slices.Contains(wanted, s.name) {
			continue
		}
		fmt.Fprintf(b.log, "%s: %s\n", s.name, s.what)
		if err := s.run(b, ctx); err != nil {
			return fmt.Errorf("section %s: %w", s.name, err)
		}
	}
	return nil
}

// folder makes a directory for a section, which removes it when it is done.
func (b *bench) folder(name string) (path string, remove func(), err error) {
	path = filepath.Join(b.dir, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", nil, err
	}
	return path, func() { b.complain(os.RemoveAll(path)) }, nil
}

// stop ends a server.
func (b *bench) stop(p *process) { b.complain(p.end(syscall.SIGTERM)) }

// complain tells of what does not matter to the figures.
func (b *bench) complain(err error) {
	if err != nil {
		fmt.Fprintln(b.log, err)
	}
}

// options are the command line.
type options struct {
	plan     plan
	sections []string
	peers    []string
	firn     string
	duckscan string
	dir      string
	json     bool
	install  bool
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	name := "default"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	var ok bool
	if o.plan, ok = plans()[name]; !ok {
		return o, fmt.Errorf("there is no plan %q; see bench --help", name)
	}
	p := &o.plan
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprint(stderr, usage); fs.PrintDefaults() }
	fs.StringVar(&o.firn, "firn", "build/firn", "the binary to measure")
	fs.StringVar(&o.duckscan, "duckscan", "build/duckscan", "the program of foreign/duckdb that asks DuckDB")
	fs.StringVar(&o.dir, "dir", "build", "an existing directory on the disk to measure; what is made in it is removed")
	fs.BoolVar(&o.json, "json", false, "print JSON in place of the table")
	fs.BoolVar(&o.install, "install-peers", false, "go install the servers to compare with (minutes), and end")
	fs.IntVar(&p.rounds, "rounds", p.rounds, "how often everything takes its turn")
	fs.IntVar(&p.archives, "archives", p.archives, "archives in the vault of the inventory")
	fs.IntVar(&p.files, "files", p.files, "files in the folder of the section client")
	megabytes := fs.Int64("megabytes", p.fileBytes/1e6, "MB in the folder of the section client")
	part := fs.Int64("part-size", p.bigPart/mib, "MiB of a part in the section memory; a power of two")
	only := fs.String("sections", p.sections, "what to measure")
	peers := fs.String("peers", "versitygw,minio", "other servers to compare with, where they are installed")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	p.bigPart, p.fileBytes = *part*mib, *megabytes*1e6
	o.sections, o.peers = strings.Split(*only, ","), strings.Split(*peers, ",")
	switch {
	case fs.NArg() > 0:
		err = fmt.Errorf("%q is not a flag", fs.Arg(0))
	case p.rounds < 1, p.archives < 1, p.files < 1, *megabytes < 1:
		err = errors.New("rounds, archives, files and megabytes are at least 1")
	case *part < 1 || *part > 4096 || *part&(*part-1) != 0:
		err = errors.New("a part is a power of two of MiB, at most 4096")
	}
	for _, s := range o.sections {
		if !slices.ContainsFunc(sections(), func(t section) bool { return t.name == s }) {
			err = fmt.Errorf("there is no section %q", s)
		}
	}
	for _, name := range o.peers {
		if name != "" && modules()[name] == "" {
			err = fmt.Errorf("there is no peer %q", name)
		}
	}
	return o, err
}
