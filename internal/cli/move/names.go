package move

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/errand"
	"firn/internal/inventory"
	"firn/internal/label"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/retrieve"
	"firn/internal/seal"
	"firn/internal/transfer"
)

func namesCommand() *cobra.Command {
	return cli.Group("names", "The catalogue of a vault's names on this machine",
		`A vault has no names, only archives with ids. Firn keeps their names in a catalogue
on this machine, and in the archives' descriptions, so that the catalogue can be
made anew from the vault's inventory.`,
		rebuildCommand(), reconcileCommand(), exportCommand(), importCommand(), whereCommand())
}

// An inventoryFlags is what rebuild and reconcile have in common.
type inventoryFlags struct {
	file      string
	complete  bool
	detach    bool
	noBundles bool
	identity  []string
	bill      billFlags
}

func (f *inventoryFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.file, "inventory", "", "read the inventory in this `FILE`, JSON or CSV, instead of asking the server for one; a hyphen is standard input")
	fs.BoolVar(&f.complete, "complete", false, "what the inventory's file does not list is not in the vault, although it does not say its vault and date, as CSV never does")
	fs.BoolVar(&f.noBundles, "no-bundles", false, "do not read the indexes of bundles")
	fs.BoolVar(&f.detach, "detach", false, "do not wait for jobs (the same command, later, does the rest)")
	fs.StringArrayVar(&f.identity, "identity", nil, "`FILE` with the age or SSH key that opens encrypted names")
	f.bill.register(fs)
}

// A catalogueWork is work on a whole catalogue.
type catalogueWork struct {
	tally
	flags     *inventoryFlags
	vault     *remote.Vault
	names     *names.Catalogue
	retriever *retrieve.Retriever
	ids       seal.Identities
	bill      bill
	progress  *cli.Progress
}

func newCatalogueWork(ctx context.Context, s *cli.Session, f *inventoryFlags, vault string, anew bool) (w *catalogueWork, err error) {
	if f.complete && f.file == "" {
		return nil, cli.Wrong(errors.New("--complete tells of a file: give --inventory"))
	}
	w = &catalogueWork{tally: tally{s: s}, flags: f}
	if _, err := w.bill.parse(s.Endpoint, glacier.Standard, f.bill); err != nil {
		return nil, cli.Wrong(err)
	}
	if w.ids, err = identities(ctx, s, f.identity); err != nil {
		return nil, err
	}
	if w.vault, err = s.Vault(vault); err != nil {
		return nil, err
	}
	open := s.CurrentCatalogue
	if anew {
		open = s.SoundCatalogue
	}
	if w.names, err = open(ctx, w.vault); err != nil {
		return nil, err
	}
	w.progress = s.Progress("Reading the inventory", 0, true)
	w.retriever = &retrieve.Retriever{
		Vault: w.vault, Names: w.names, Tier: glacier.Standard, Identities: w.ids, Ahead: 1000, Parallel: defaultParallel,
		Downloader: &transfer.Downloader{Vault: w.vault, Work: w.names, Slots: transfer.NewSlots(defaultParallel)},
		Progress:   w.progress.Add,
		Done:       func(o retrieve.Outcome) { _ = w.fail(o.File.Path, o.Err) },
		Warn:       func(text string) { s.Warn("%s", text) }, Spend: w.bill.spend,
	}
	return w, nil
}

func (w *catalogueWork) close(err *error) {
	w.progress.Close()
	closing(w.names, err)
}

// read has an inventory read: the file's, or the vault's. A file may be
// anybody's. The vault's own is a snapshot, unless it is Amazon's.
func (w *catalogueWork) read(ctx context.Context, use func(names.Inventory) error) error {
	if w.flags.file != "" {
		file, err := w.s.Open(w.flags.file)
		if err != nil {
			return err
		}
		in := inventory.NewReader(file, "")
		err = use(names.Inventory{Rows: in.Rows(), Date: in.Date, Vault: in.VaultARN, Whole: w.flags.complete})
		return errors.Join(err, file.Close())
	}
	err := w.retriever.Inventory(ctx, !w.flags.detach, func(r io.Reader) error {
		in := inventory.NewReader(r, "")
		return use(names.Inventory{Rows: in.Rows(), Date: in.Date, Exact: !cli.IsAmazon(w.s.Endpoint)})
	})
	if errors.Is(err, errand.ErrNotYet) {
		return cli.Errorf(cli.NotYet, "the inventory job is begun; the same command, later, goes on")
	}
	return err
}

// unseal opens a sealed name, if there is a key.
func (w *catalogueWork) unseal(sealed []byte) (label.Label, bool) {
	l, err := seal.OpenName(w.ids, sealed)
	return l, err == nil
}

// countsDocument is what rebuild and reconcile print with --json, last.
type countsDocument struct {
	Action string // total
	names.Counts
	Unnamed int64 // archives that have no name in the catalogue
}

// inventoryHelp is what rebuild and reconcile have in common.
const inventoryHelp = `Archives that may be newer than the inventory stay as they are: an inventory of Amazon's
is dated when it is completed, and may lack what was made in the day before. What was
deleted is not taken up again until an inventory of a day later lists it. An inventory
of another vault is refused. One in a file that does not say its vault and its date, as
CSV does not, tells what is there, and not what is gone, unless --complete is given.`

const countsHelp = `With --json, a line of JSON for each difference, and one with the counts: Inventory
(archives in it), Same, Extra, Changed, Missing, Fresh (known, not in the inventory, and
maybe newer), Deleted (in the inventory, and deleted since), Renamed and Unnamed.`

func rebuildCommand() *cobra.Command {
	f := new(inventoryFlags)
	return cli.Verb{
		Use: "rebuild VAULT", Short: "Make the catalogue anew from the vault's inventory",
		Long: `Asks the vault for its inventory, waits for it, and makes the catalogue say what it
says: names come from the archives' descriptions, whichever program wrote them
(mt-aws-glacier, FastGlacier, CloudBerry and those that write the plain name). What
descriptions do not have is kept of archives that are known already. The files in
bundles that are not known are read from the bundles' indexes, for which jobs
retrieve the end of each bundle; a file in it that was deleted alone has its name again.
What these jobs cost at Amazon is told before it is spent, when all else is done.

` + inventoryHelp,
		Example: "firn names rebuild my-vault\nfirn names rebuild my-vault --inventory inventory.csv",
		Args:    cobra.ExactArgs(1), JSON: countsHelp, Names: true, Asks: true,
		Flags: f.register,
		Run: func(ctx context.Context, s *cli.Session, args []string) (err error) {
			w, err := newCatalogueWork(ctx, s, f, args[0], true)
			if err != nil {
				return err
			}
			defer w.close(&err)
			return w.rebuild(ctx)
		},
	}.Command()
}

func (w *catalogueWork) rebuild(ctx context.Context) error {
	var counts names.Counts
	err := w.read(ctx, func(inv names.Inventory) (err error) {
		counts, err = w.names.Rebuild(ctx, inv, names.Check{Unseal: w.unseal})
		return err
	})
	if err != nil {
		return err
	}
	if err := w.bundles(ctx); err != nil {
		return err
	}
	return w.counts(ctx, counts, "Read")
}

// bundles reads the indexes of the bundles of which no file is known.
func (w *catalogueWork) bundles(ctx context.Context) error {
	if w.flags.noBundles {
		return nil
	}
	e, err := w.retriever.Estimate(ctx, w.indexes(ctx))
	if err != nil || e.Jobs+e.Begun == 0 {
		return err
	}
	cost, words := w.bill.price(e.Jobs, e.Retrieved)
	told := fmt.Sprintf("the names in bundles are left to be read, with %s (%s)%s", cli.Count(e.Jobs, "new job"), cli.Size(e.Retrieved), words)
	if err := w.bill.afford(ctx, w.s, told, cost); err != nil {
		return fmt.Errorf("%w; all other names are there, and --no-bundles leaves these out", err)
	}
	return w.retriever.Retrieve(ctx, w.indexes(ctx))
}

// indexes are orders for the bundles of which no file is known.
func (w *catalogueWork) indexes(ctx context.Context) iter.Seq2[retrieve.Order, error] {
	return func(yield func(retrieve.Order, error) bool) {
		for a, err := range w.names.Unnamed(ctx) {
			if err != nil {
				yield(retrieve.Order{}, err)
				return
			}
			l := label.Parse(a.Description)
			switch {
			case l.Sealed != nil:
				l, _ = w.unseal(l.Sealed)
			case l.Nameless && w.ids.Len() == 0:
				continue // as with sealed names
			}
			if l.Bundle && l.Index > 0 && !yield(retrieve.Index(a, l.Index), nil) {
				return
			}
		}
	}
}

// counts prints what a comparison came to.
func (w *catalogueWork) counts(ctx context.Context, c names.Counts, verb string) error {
	w.progress.Close()
	doc := countsDocument{Action: "total", Counts: c}
	for _, err := range w.names.Unnamed(ctx) {
		if err != nil {
			return err
		}
		doc.Unnamed++
	}
	line := fmt.Sprintf("%s %s in the inventory: %d same, %d extra, %d changed, %d missing", verb,
		cli.Count(c.Inventory, "archive"), c.Same, c.Extra, c.Changed, c.Missing)
	if c.Deleted > 0 {
		line += fmt.Sprintf("; %d deleted since", c.Deleted)
	}
	if c.Fresh > 0 {
		line += fmt.Sprintf("; %s more in the catalogue, and maybe newer than the inventory", cli.Count(c.Fresh, "archive"))
	}
	if doc.Unnamed > 0 {
		line += fmt.Sprintf("; %s without a name (firn ls --unnamed)", cli.Count(doc.Unnamed, "archive"))
	}
	return w.end(doc, "%s.", line)
}

func reconcileCommand() *cobra.Command {
	f := new(inventoryFlags)
	var mend bool
	return cli.Verb{
		Use: "reconcile VAULT", Short: "Compare the catalogue with the vault's inventory",
		Long: `Asks the vault for its inventory, waits for it, and lists how it differs from the
catalogue: extra archives, that the catalogue does not know; missing ones, that the
inventory does not have although they are older; changed ones, of another size, hash
or description. The exit code is 3 if there are differences that were not mended.

With --mend the catalogue is made to agree, and the files in bundles that are not known
are read from the bundles' indexes, for which jobs retrieve the end of each bundle. What
these cost is told before it is spent.

` + inventoryHelp,
		Example: "firn names reconcile my-vault --mend",
		Args:    cobra.ExactArgs(1), JSON: countsHelp, Names: true, Asks: true,
		Flags: func(fs *pflag.FlagSet) {
			f.register(fs)
			fs.BoolVar(&mend, "mend", false, "make the catalogue agree with the inventory")
		},
		Run: func(ctx context.Context, s *cli.Session, args []string) (err error) {
			w, err := newCatalogueWork(ctx, s, f, args[0], false)
			if err != nil {
				return err
			}
			defer w.close(&err)
			return w.reconcile(ctx, mend)
		},
	}.Command()
}

func (w *catalogueWork) reconcile(ctx context.Context, mend bool) error {
	var counts names.Counts
	err := w.read(ctx, func(inv names.Inventory) (err error) {
		counts, err = w.names.Reconcile(ctx, inv, names.Check{Mend: mend, Unseal: w.unseal, Report: w.report})
		return err
	})
	if err == nil && mend {
		err = w.bundles(ctx)
	}
	if err != nil {
		return err
	}
	if err := w.counts(ctx, counts, "Compared with"); err != nil {
		return err
	}
	if n := counts.Extra + counts.Changed + counts.Missing; n > 0 && !mend {
		return cli.Errorf(cli.Damaged, "%s; --mend makes the catalogue agree", cli.Count(n, "difference"))
	}
	return nil
}

// report prints a difference.
func (w *catalogueWork) report(d names.Difference) error {
	a := d.Found
	if d.Kind == names.Missing {
		a = d.Known
	}
	return w.print(event{Action: d.Kind.String(), Name: d.Path, ArchiveID: string(a.ID), SizeInBytes: &a.Size})
}

func exportCommand() *cobra.Command {
	return onNames(readingNames, "export VAULT", "Print the catalogue as text",
		`Prints the catalogue as text, a line for each archive and each file, that can be
searched, compared and imported again.`, "firn names export my-vault > names.txt", 1,
		func(ctx context.Context, s *cli.Session, c *names.Catalogue, _ []string) error {
			return c.Export(ctx, s.Out)
		})
}

func importCommand() *cobra.Command {
	return onNames(withNames, "import VAULT FILE", "Add to the catalogue what a text says that was exported",
		`Adds all that the text says, or nothing if something is wrong with it. A hyphen is
standard input.`, "firn names import my-vault names.txt", 2,
		func(ctx context.Context, s *cli.Session, c *names.Catalogue, args []string) error {
			in, err := s.Open(args[1])
			if err != nil {
				return err
			}
			return errors.Join(c.Import(ctx, in), in.Close())
		})
}

func whereCommand() *cobra.Command {
	return onNames(readingNames, "where VAULT", "Print the name of the catalogue's file",
		`Prints in which file this machine keeps the names of a vault. It is an SQLite
database.`, "firn names where my-vault", 1,
		func(_ context.Context, s *cli.Session, c *names.Catalogue, _ []string) error {
			_, err := fmt.Fprintln(s.Out, c.File())
			return err
		})
}

// onNames is a verb that needs a catalogue, and no server but to learn whose it
// is.
func onNames(
	with func(int, namesWork) func(context.Context, *cli.Session, []string) error,
	use, short, long, example string, args int, run func(context.Context, *cli.Session, *names.Catalogue, []string) error,
) *cobra.Command {
	return cli.Verb{
		Use: use, Short: short, Long: long, Example: example, Args: cobra.ExactArgs(args), Names: true,
		Run: with(0, func(ctx context.Context, s *cli.Session, _ *remote.Vault, c *names.Catalogue, args []string) error {
			return run(ctx, s, c, args)
		}),
	}.Command()
}
