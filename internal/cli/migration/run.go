package migration

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/migrate"
	"firn/internal/price"
	"firn/internal/remote"
)

// A request is what a run is asked to be.
type request struct {
	journey
	budget, pace, mapFile    string
	memory                   string
	newIDs, keepIDs, refresh bool
}

func run() *cobra.Command {
	var q request
	return cli.Verb{
		Use: "migrate", Short: "Move a vault's archives from Amazon, or another server, into a vault",
		Long: `Move the archives of a vault at Amazon, or at another server with the same API,
into a vault. The first stays as it is.

The inventory is taken, the archives are retrieved within the limits given, and each
is copied, in parts and without a file between, as soon as its retrieval is done. That
can take weeks. Interrupt it as you like, or run it from time to time: the same command
goes on. No archive is retrieved or copied twice; output that has expired at Amazon,
where it is kept for a day, is retrieved again. An archive counts as copied when the
other side has computed the same tree hash as the inventory has.

A server of Firn's keeps the old archive ids, and the dates, if the key may
firn:ImportArchive there: other programs' catalogues stay true. With another server, or
without the right, archives get new ids; --map writes a list of old and new ones, one
pair a line.

What retrievals cost is told before the first is begun, by Amazon's prices in us-east-1
and with the traffic out; then you are asked, unless there is a --budget, which is never
exceeded, over all runs, or --yes. Archives that fail do not stop the others; they are
kept with the reason, firn migrate status lists them, and the next run tries again.

Descriptions stay as they are, so firn names rebuild finds the names of files in the
new vault afterwards, whichever program has written them.`,
		Example: `firn migrate --from aws://eu-west-1/photos --from-profile amazon --to photos
firn migrate --from aws://eu-west-1/photos --to photos --budget 50 --max-bytes-per-hour 10GiB
firn migrate status --from aws://eu-west-1/photos --to photos`,
		JSON:     "With --json the report at the end, or with --dry-run the plan, is printed as JSON;\namounts are dollars, sizes bytes.",
		Changes:  true,
		Asks:     true,
		Parallel: 8,
		Resume:   "what is retrieved and copied is kept, retrievals under way go on, and the same command takes them up",
		Flags: func(fs *pflag.FlagSet) {
			q.flags(fs)
			fs.StringVar(&q.budget, "budget", "", "`DOLLARS` that all retrievals may cost, over all runs (default: it is asked, if it costs anything)")
			fs.StringVar(&q.pace, "max-bytes-per-hour", "", "begin to retrieve no more than `BYTES` in an hour, such as 10GiB")
			fs.StringVar(&q.memory, "memory", "128MiB", "`BYTES` of parts to hold at a time; archives of more than 5,000 times that are read twice from the source")
			fs.BoolVar(&q.newIDs, "new-ids", false, "give the archives new ids")
			fs.BoolVar(&q.keepIDs, "keep-ids", false, "copy no archive that cannot have its old id")
			fs.StringVar(&q.mapFile, "map", "", "`FILE` for the list of old and new archive ids")
			fs.BoolVar(&q.refresh, "refresh", false, "take a new inventory first, for archives that came since")
		},
		Run: func(ctx context.Context, s *cli.Session, _ []string) error { return q.run(ctx, s) },
	}.Command()
}

func (q *request) run(ctx context.Context, s *cli.Session) error {
	o, err := q.open(ctx, s)
	if err != nil {
		return err
	}
	cfg := migrate.Config{Source: o.from, Target: o.to, Tier: o.tier, Price: o.price, Parallel: s.Parallel}
	if err := q.limits(&cfg); err != nil {
		return cli.Wrong(err)
	}
	if s.DryRun {
		return q.dry(ctx, s, o, cfg)
	}
	if err := o.ready(ctx); err != nil {
		return err
	}
	cfg.State, err = migrate.OpenState(ctx, o.file)
	if err != nil {
		return err
	}
	defer cfg.State.Close()
	lock, err := cfg.State.Lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := o.bind(ctx, s, cfg.State); err != nil {
		return err
	}
	if q.refresh {
		if err := cfg.State.Refresh(); err != nil {
			return err
		}
	}
	if err := q.move(ctx, s, o, cfg); err != nil {
		return errors.Join(err, q.writeMap(cfg.State))
	}
	return q.end(s, o, cfg.State, nil)
}

// limits reads what bounds the run.
func (q *request) limits(cfg *migrate.Config) (err error) {
	switch {
	case q.newIDs && q.keepIDs:
		return errors.New("--new-ids and --keep-ids contradict each other")
	case q.newIDs:
		cfg.IDs = migrate.Renew
	case q.keepIDs:
		cfg.IDs = migrate.Keep
	}
	if q.budget != "" {
		if cfg.Budget, err = price.ParseMoney(q.budget); err != nil {
			return fmt.Errorf("--budget: %w", err)
		}
		if cfg.Budget == 0 {
			return errors.New("--budget 0 allows nothing: leave it out to be asked")
		}
	}
	if cfg.Memory, err = cli.ParseSize(q.memory); err != nil || cfg.Memory < 2*glacier.MiB {
		return fmt.Errorf("--memory %q is not a size from 2MiB on", q.memory)
	}
	if q.pace != "" {
		if cfg.BytesPerHour, err = cli.ParseSize(q.pace); err == nil && cfg.BytesPerHour == 0 {
			err = errors.New("it allows nothing")
		}
		if err != nil {
			return fmt.Errorf("--max-bytes-per-hour: %w", err)
		}
	}
	return nil
}

// ready makes sure that both vaults are there.
func (o *open) ready(ctx context.Context) error {
	if _, err := o.from.Describe(ctx); err != nil {
		return fmt.Errorf("look at vault %s: %w", o.from.Name, err)
	}
	err := o.to.Create(ctx)
	if remote.IsRefusal(err, glacier.AccessDenied) { // who may not make it may still use it
		_, err = o.to.Describe(ctx)
	}
	if err != nil {
		return fmt.Errorf("make vault %s: %w", o.to.Name, err)
	}
	return nil
}

// dry tells what would be done.
func (q *request) dry(ctx context.Context, s *cli.Session, o *open, cfg migrate.Config) error {
	there, err := migrate.Exists(o.file)
	if err != nil {
		return err
	}
	if there {
		if cfg.State, err = migrate.OpenState(ctx, o.file); err != nil {
			return err
		}
		defer cfg.State.Close()
	}
	p, err := migrate.New(cfg).Plan(ctx)
	if err != nil {
		return err
	}
	return s.Document(p, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "Would retrieve and copy %s\n", words(p, o.price != (price.List{})))
		return err
	})
}

// words say what a plan is.
func words(p migrate.Plan, costs bool) string {
	text := fmt.Sprintf("%s, %s", cli.Count(p.Archives, "archive"), cli.Size(p.Bytes))
	if !p.Exact {
		text += ", by the vault's last inventory"
	}
	if costs {
		text += fmt.Sprintf(", for about %s", p.Cost)
	}
	if p.Hours >= 1 {
		text += fmt.Sprintf(", in no less than %s", cli.Span(p.Span()))
	}
	return text
}

// move does it, and asks before that if it costs something that nothing bounds.
func (q *request) move(ctx context.Context, s *cli.Session, o *open, cfg migrate.Config) error {
	listing := s.Progress("Reading the inventory", 0, false)
	cfg.Events.Listed = func(archives, _ int64) { listing.Note(cli.Count(archives, "archive")) }
	m := migrate.New(cfg)
	err := m.List(ctx)
	listing.Close()
	if err != nil {
		return err
	}
	p, err := m.Plan(ctx)
	if err != nil {
		return err
	}
	if p.Archives > 0 {
		s.Tell("Left to be retrieved: %s.", words(p, o.price != (price.List{})))
		if o.price != (price.List{}) && cfg.Budget == 0 {
			question := fmt.Sprintf("To retrieve %s costs about %s.", cli.Count(p.Archives, "archive"), p.Cost)
			if err := s.Confirm(ctx, question, "retrieve"); err != nil {
				return err
			}
		}
	}
	about, err := cfg.State.About()
	if err != nil {
		return err
	}
	moving := s.Progress("Copying", about.All().Bytes-about.Totals[migrate.Copied].Bytes, true)
	defer moving.Close()
	cfg.Events = migrate.Events{
		Copied: moving.Add,
		Waits:  func(why string) { s.Warn("no retrievals are begun for some minutes: %s", cli.Printable(why)) },
		Failed: func(a migrate.Archive, err error) {
			s.Warn("archive %s: %s", a.ID, cli.Printable(err.Error()))
		},
	}
	return q.settle(s, o, cfg.State, migrate.New(cfg).Run(ctx))
}

// settle makes a limit that was reached part of the report.
func (q *request) settle(s *cli.Session, o *open, state *migrate.State, err error) error {
	if stop, ok := errors.AsType[*migrate.Stop](err); ok {
		return q.end(s, o, state, stop)
	}
	return err
}

// end prints the report, and says in the exit code what is left.
func (q *request) end(s *cli.Session, o *open, state *migrate.State, stop *migrate.Stop) error {
	if err := q.writeMap(state); err != nil {
		return err
	}
	r, err := state.Report(o.price)
	if err != nil {
		return err
	}
	if err := show(s, state, r, o.price != (price.List{})); err != nil {
		return err
	}
	switch left := cli.Count(r.Archives-r.Copied.Archives, "archive"); {
	case stop != nil:
		return cli.Errorf(cli.Partly, "%s left: %s", left, stop.Why)
	case r.Failed.Archives > 0:
		return cli.Errorf(cli.Partly, "%s could not be moved: firn migrate status says why, and the same command tries again", left)
	}
	return nil
}
