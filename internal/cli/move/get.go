package move

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/pattern"
	"firn/internal/remote"
	"firn/internal/retrieve"
	"firn/internal/transfer"
)

// getFlags are those of get.
type getFlags struct {
	rules             pattern.Rules
	tier              string
	hourly            hourly
	rate              size
	bill              billFlags
	detach, overwrite bool
	strip             bool
	version           string
	before            string
	identity          []string
	ahead             int
}

func (f *getFlags) register(fs *pflag.FlagSet) {
	ruleFlags(fs, &f.rules)
	fs.StringVar(&f.tier, "tier", glacier.Standard, "Expedited, Standard or Bulk")
	fs.Var(&f.hourly, "max-bytes-per-hour", "begin to retrieve no more in an hour; larger archives are retrieved in pieces")
	f.bill.register(fs)
	fs.BoolVar(&f.detach, "detach", false, "do not wait for jobs (the same command, later, does the rest)")
	fs.BoolVar(&f.overwrite, "overwrite", false, "replace files that are there and differ")
	fs.BoolVar(&f.strip, "strip", false, "leave the folders of PATH out of the files' names")
	cli.IDVar(fs, &f.version, "version", "only the version in this archive")
	fs.StringVar(&f.before, "before", "", "the newest version that was stored before this `TIME`, such as 2026-01-31 or 2026-01-31T12:00:00Z")
	fs.StringArrayVar(&f.identity, "identity", nil, "`FILE` with the age or SSH key that opens what is encrypted")
	fs.Var(&f.rate, "bwlimit", "bytes a second, all together")
	fs.IntVar(&f.ahead, "ahead", 2000, "jobs that may be under way at a time")
}

func getCommand() *cobra.Command {
	f := new(getFlags)
	return cli.Verb{
		Use: "get VAULT PATH... DIR", Short: "Retrieve files from a vault into a folder",
		Long: `Begins the jobs that retrieve files, waits for them, downloads and verifies every
byte. A PATH is a name, a folder of names, a dot for everything, or id:ARCHIVE-ID
for an archive. DIR is a folder, or a hyphen for standard output of a single file.

Given again, after an interruption or after --detach, the same command goes on: jobs
that are under way are not begun twice, whoever has begun them, files that are there
(same size and time) are not touched, unfinished ones are gone on with. A file that is
there and differs is left alone unless --overwrite is given.

A server keeps what a job brings for a day. So no more is begun than can be
downloaded until then, but with --detach; there, come back in time. Archives larger
than --max-bytes-per-hour come in pieces, the next of which are begun while the
first are downloaded; with --detach, only the first 16 are begun.

What it costs at Amazon is told before it is spent. --dry-run only tells.`,
		Example: "firn get my-vault photos/2019 ~/restored\nfirn get my-vault dumps/db.sql - --tier Expedited | psql\nfirn get my-vault . /restore --detach --tier Bulk --budget 20",
		Args:    cobra.MinimumNArgs(3), JSON: eventHelp, Changes: true, Asks: true, Names: true, Parallel: defaultParallel,
		Flags: f.register,
		Run: func(ctx context.Context, s *cli.Session, args []string) (err error) {
			g, err := newGet(ctx, s, f, args)
			if err != nil {
				return err
			}
			defer g.close(&err)
			return g.run(ctx)
		},
	}.Command()
}

// A get retrieves files.
type get struct {
	tally
	flags  *getFlags
	vault  *remote.Vault
	names  *names.Catalogue
	paths  []string
	dir    string
	before time.Time
	bill   bill
	// meanwhile are files that another process has put there.
	meanwhile int64

	retriever *retrieve.Retriever
	progress  *cli.Progress
	printed   error
}

func newGet(ctx context.Context, s *cli.Session, f *getFlags, args []string) (*get, error) {
	g := &get{tally: tally{s: s}, flags: f, paths: args[1 : len(args)-1], dir: args[len(args)-1]}
	if err := g.parse(); err != nil {
		return nil, cli.Wrong(err)
	}
	ids, err := identities(ctx, s, f.identity)
	if err != nil {
		return nil, err
	}
	if f.rate > 0 {
		s.Pace(transfer.Pace(int64(f.rate)))
	}
	if g.vault, err = s.Vault(args[0]); err != nil {
		return nil, err
	}
	if g.names, err = s.Catalogue(ctx, g.vault); err != nil {
		return nil, err
	}
	g.progress = s.Progress("Retrieving", 0, true)
	g.retriever = &retrieve.Retriever{
		Vault: g.vault, Names: g.names, Tier: f.tier, Identities: ids, Hourly: int64(f.hourly.size), Ahead: f.ahead, Parallel: s.Parallel,
		Downloader: &transfer.Downloader{Vault: g.vault, Work: g.names, Slots: transfer.NewSlots(s.Parallel)},
		Folder:     g.dir, Overwrite: f.overwrite, Progress: g.progress.Add, Done: func(o retrieve.Outcome) { g.done(ctx, o) }, Warn: func(text string) { s.Warn("%s", text) },
		Waiting: func(name string) { g.progress.Note("waiting for the job of " + name) },
	}
	g.retriever.Spend = g.bill.spend
	if g.dir == "-" {
		g.retriever.Folder = ""
	}
	return g, nil
}

// outermost drops the paths that lie below others, and those that are there twice.
func outermost(paths []string) (kept []string) {
	for i, p := range paths {
		covered := slices.Contains(paths[:i], p)
		_, isID := archiveArgument(p)
		for j, other := range paths {
			if _, otherIsID := archiveArgument(other); isID || otherIsID || i == j {
				continue
			}
			name, above := cleanName(p), cleanName(other)
			covered = covered || name == above && j < i || name != above && (above == "" || strings.HasPrefix(name, above+"/"))
		}
		if !covered {
			kept = append(kept, p)
		}
	}
	return kept
}

// parse checks the flags.
func (g *get) parse() (err error) {
	if g.flags.tier, err = g.bill.parse(g.s.Endpoint, g.flags.tier, g.flags.bill); err != nil {
		return err
	}
	if g.dir == "-" && (len(g.paths) > 1 || g.flags.detach) {
		return errors.New("standard output takes one file, and waits for it")
	}
	if g.flags.before == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if g.before, err = time.Parse(layout, g.flags.before); err == nil {
			return nil
		}
	}
	return fmt.Errorf("--before %q is no time such as 2026-01-31 or 2026-01-31T12:00:00Z", g.flags.before)
}

func (g *get) close(err *error) {
	g.progress.Close()
	closing(g.names, err)
}

func (g *get) run(ctx context.Context) error {
	if err := g.known(ctx); err != nil {
		return err
	}
	g.paths = outermost(g.paths)
	if g.dir == "-" {
		return g.stream(ctx)
	}
	estimate, err := g.estimate(ctx)
	if err != nil {
		return err
	}
	if err := g.afford(ctx, estimate); err != nil || g.s.DryRun {
		return err
	}
	there := g.there // later it is counted again, and then those that have just been retrieved are there, too
	if g.flags.detach {
		return g.detached(ctx, estimate)
	}
	g.progress.Expect(estimate.Bytes)
	if err := g.retriever.Retrieve(ctx, g.orders(ctx)); err != nil {
		return err
	}
	if g.printed != nil {
		return g.printed
	}
	g.progress.Close()
	there += g.meanwhile
	return g.end(getTotals{"total", g.files, g.bytes, there, g.failed},
		"Retrieved %s, %s; %d were there.", cli.Count(g.files, "file"), cli.Size(g.bytes), there)
}

// getTotals is the last line of get with --json.
type getTotals struct {
	Action                                   string // total
	Retrieved, RetrievedBytes, There, Failed int64
}

// known makes sure that every path is a name, before anything is begun.
func (g *get) known(ctx context.Context) error {
	for _, p := range g.paths {
		found := false
		for _, err := range g.wants(ctx, p) {
			if err != nil {
				return err
			}
			found = true
			break
		}
		if !found {
			return notFound(p)
		}
	}
	return nil
}

// estimate is what is to be done, less what is being done already.
func (g *get) estimate(ctx context.Context) (retrieve.Estimate, error) {
	e, err := g.retriever.Estimate(ctx, g.orders(ctx))
	if err != nil || e.Jobs == 0 || g.s.DryRun {
		return e, err
	}
	adopted, err := g.retriever.Adopt(ctx)
	if err != nil || adopted == 0 {
		return e, err
	}
	g.there = 0 // it is counted again
	return g.retriever.Estimate(ctx, g.orders(ctx))
}

// afford tells what is to be done and what it costs, and asks if it costs
// anything.
func (g *get) afford(ctx context.Context, e retrieve.Estimate) error {
	cost, words := g.bill.price(e.Jobs, e.Retrieved)
	told := fmt.Sprintf("%s, %s, to retrieve with %s (%s)", cli.Count(e.Files, "file"), cli.Size(e.Bytes), cli.Count(e.Jobs, "new job"), cli.Size(e.Retrieved))
	if e.Begun > 0 {
		told += fmt.Sprintf(" and %d begun earlier%s", e.Begun, slower(e))
	}
	told += words
	if g.s.DryRun {
		type plan struct {
			retrieve.Estimate
			Dollars float64
		}
		return g.s.Document(plan{e, cost}, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, "Would have "+told+".")
			return err
		})
	}
	return g.bill.afford(ctx, g.s, told, cost)
}

// slower says how many jobs were begun earlier with a slower tier.
func slower(e retrieve.Estimate) string {
	if e.Slower == 0 {
		return ""
	}
	return fmt.Sprintf(", %d with a slower tier", e.Slower)
}

// detached begins the jobs.
func (g *get) detached(ctx context.Context, e retrieve.Estimate) error {
	n, err := g.retriever.Begin(ctx, g.orders(ctx))
	if err != nil {
		return err
	}
	if g.printed != nil {
		return g.printed
	}
	type begun struct {
		Action                   string // total
		Requested, Begun, Slower int64
	}
	if e.Slower > 0 {
		g.s.Warn("what was begun earlier with a slower tier than %s, and is not complete yet, is not begun again: it takes as long as its own tier does", g.flags.tier)
	}
	text := fmt.Sprintf("%s begun, %d were under way%s.", cli.Count(n, "job"), e.Begun, slower(e))
	if n < e.Jobs {
		text += fmt.Sprintf(" %d more are left for later.", e.Jobs-n)
	}
	return g.end(begun{"total", n, e.Begun, e.Slower}, "%s Give the same command without --detach to wait for them; what they bring is kept for a day.", text)
}

// done tells of a file.
func (g *get) done(ctx context.Context, o retrieve.Outcome) {
	e := event{Action: "retrieved", Name: o.File.Path, ArchiveID: string(o.File.Archive), SizeInBytes: &o.File.Size}
	if problem, ok := errors.AsType[*files.Problem](o.Err); ok && problem.Kind == files.Exists {
		if g.isThere(ctx, o.Want) { // another process was faster
			g.meanwhile++
			return
		}
		o.Err = fmt.Errorf("%w: it differs from the one in the vault, and is left alone without --overwrite", o.Err)
	}
	if o.Err != nil {
		g.printed = errors.Join(g.printed, g.fail(o.File.Path, o.Err))
		return
	}
	g.files++
	g.bytes += o.File.Size
	g.printed = errors.Join(g.printed, g.print(e))
}

// stream writes a single file to standard output.
func (g *get) stream(ctx context.Context) error {
	var orders []retrieve.Order
	for o, err := range g.orders(ctx) {
		if err != nil {
			return err
		}
		if orders = append(orders, o); len(orders) > 1 || len(o.Wants) > 1 {
			return cli.Wrong(errors.New("standard output takes one file, and these are several"))
		}
	}
	estimate, err := g.estimate(ctx)
	if err != nil {
		return err
	}
	if err := g.afford(ctx, estimate); err != nil || g.s.DryRun {
		return err
	}
	g.progress.Expect(estimate.Bytes)
	if err = g.retriever.Write(ctx, orders[0], g.s.Out); isDamage(err) {
		err = &cli.Exit{Code: cli.Damaged, Err: err}
	}
	return err
}

// orders are what is to be retrieved, less the files that are there.
func (g *get) orders(ctx context.Context) iter.Seq2[retrieve.Order, error] {
	wants := func(yield func(retrieve.Want, error) bool) {
		for _, p := range g.paths {
			for w, err := range g.wants(ctx, p) {
				if err == nil && g.twice(p, w) {
					continue
				}
				if err == nil && g.isThere(ctx, w) {
					g.there++
					continue
				}
				if !yield(w, err) || err != nil {
					return
				}
			}
		}
	}
	return retrieve.Orders(ctx, g.names, wants, func(f names.File) (retrieve.Want, bool, error) {
		for _, p := range g.paths {
			w, ok, err := g.wanted(ctx, p, f)
			if err != nil || ok {
				return w, ok && !g.isThere(ctx, w), err
			}
		}
		return retrieve.Want{}, false, nil
	})
}

// twice reports whether a file is wanted by its archive's id, too.
func (g *get) twice(p string, w retrieve.Want) bool {
	_, isID := archiveArgument(p)
	return !isID && slices.ContainsFunc(g.paths, func(other string) bool {
		id, ok := archiveArgument(other)
		return ok && id == w.File.Archive
	})
}

func (g *get) isThere(ctx context.Context, w retrieve.Want) bool {
	there := g.dir != "-" && g.retriever.There(ctx, w)
	if there && !g.s.DryRun {
		_ = files.Tidy(g.dir, w.Name) // it is as good as it is
	}
	return there
}

// wants are the files that a path means, in the version that is meant.
func (g *get) wants(ctx context.Context, p string) iter.Seq2[retrieve.Want, error] {
	all := g.names.Under(ctx, cleanName(p), g.flags.version != "" || !g.before.IsZero())
	if id, ok := archiveArgument(p); ok {
		all = g.archive(ctx, id)
	}
	return func(yield func(retrieve.Want, error) bool) {
		last := ""
		for f, err := range all {
			if err != nil {
				yield(retrieve.Want{}, err)
				return
			}
			if !g.isVersion(f) || f.Path == last && f.Path != "" {
				continue
			}
			last = f.Path
			if w, ok := g.want(p, f); ok && !yield(w, nil) {
				return
			}
		}
	}
}

// archive are the files in an archive; one without a name is called by its id.
func (g *get) archive(ctx context.Context, id glacier.ArchiveID) iter.Seq2[names.File, error] {
	return func(yield func(names.File, error) bool) {
		named := false
		for f, err := range g.names.Members(ctx, id) {
			named = true
			if !yield(f, err) {
				return
			}
		}
		a, ok, err := g.names.Archive(ctx, id)
		if named || err == nil && !ok {
			return
		}
		yield(names.File{Path: string(id), Archive: id, Size: a.Size, Hash: a.TreeHash, Created: a.Created}, err)
	}
}

// isVersion reports whether a version may be meant. Of those that are, the newest
// is.
func (g *get) isVersion(f names.File) bool {
	return (g.flags.version == "" || string(f.Archive) == g.flags.version) && (g.before.IsZero() || f.Created.Before(g.before))
}

// want makes a file one that is wanted for a path, if the filter includes it.
func (g *get) want(p string, f names.File) (retrieve.Want, bool) {
	name := f.Path
	if _, isID := archiveArgument(p); g.flags.strip && !isID {
		if base := path.Dir(cleanName(p)); base != "." {
			name = strings.TrimPrefix(name, base+"/")
		}
	}
	return retrieve.Want{File: f, Name: name}, g.flags.rules.Match(f.Path)
}

// wanted reports whether a file in a bundle is one that a path means.
func (g *get) wanted(ctx context.Context, p string, f names.File) (retrieve.Want, bool, error) {
	if id, ok := archiveArgument(p); ok {
		w, ok := g.want(p, f)
		return w, ok && id == f.Archive, nil
	}
	if prefix := cleanName(p); prefix != "" && f.Path != prefix && !strings.HasPrefix(f.Path, prefix+"/") || !g.isVersion(f) {
		return retrieve.Want{}, false, nil
	}
	for v, err := range g.names.Versions(ctx, f.Path) {
		if err != nil {
			return retrieve.Want{}, false, err
		}
		if g.isVersion(v) {
			w, ok := g.want(p, f)
			return w, ok && v.Archive == f.Archive, nil
		}
	}
	return retrieve.Want{}, false, nil
}
