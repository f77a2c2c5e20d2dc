package move

import (
	"cmp"
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

	"firn/internal/bundle"
	"firn/internal/cli"
	"firn/internal/deposit"
	"firn/internal/files"
	"firn/internal/label"
	"firn/internal/mirror"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/internal/transfer"
)

func putCommand() *cobra.Command {
	f := new(uploadFlags)
	var as string
	var force bool
	return cli.Verb{
		Use: "put PATH... VAULT", Short: "Store files and folders in a vault",
		Long: `Stores files in a vault, under their names: what stands on the command line, without
a slash at its beginning, and with all that is below it if it is a folder. A hyphen
is standard input, of which nobody needs to know how long it is; --as names it.

A file whose newest version in the vault has the same size and time is not stored
again, so that the same command, given again after an interruption, does the rest;
parts that the server has are not sent again. A file that has changed becomes a new
version.

The name is kept in the vault's catalogue on this machine and, in a form that other
programs read, in the archive's description.` + ruleHelp,
		Example: "firn put photos notes.txt my-vault\npg_dump db | firn put - my-vault --as dumps/db.sql\nfirn put --bundle --encrypt age1… maildir my-vault",
		Args:    cobra.MinimumNArgs(2), JSON: eventHelp, Changes: true, Names: true, Parallel: defaultParallel,
		Flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&as, "as", "", "`NAME` of the one file, or of standard input")
			fs.BoolVarP(&force, "force", "f", false, "store what is there already, too, as new versions")
			f.register(fs)
		},
		Run: func(ctx context.Context, s *cli.Session, args []string) (err error) {
			sources, vault := args[:len(args)-1], args[len(args)-1]
			switch {
			case as != "" && len(sources) > 1:
				return cli.Wrong(errors.New("--as is the name of one file"))
			case as != "" && cleanName(as) == "":
				return cli.Wrong(fmt.Errorf("--as %s is no name", as))
			}
			p, err := newPut(ctx, s, f, vault)
			if err != nil {
				return err
			}
			defer p.close(&err)
			if force {
				p.detection = mirror.Always
			}
			if len(sources) == 1 && sources[0] == "-" {
				return p.stream(ctx, s.Stdin(), as)
			}
			return p.run(ctx, p.walkAll(ctx, sources, as))
		},
	}.Command()
}

// A put stores files in a vault.
type put struct {
	tally
	flags     *uploadFlags
	vault     *remote.Vault
	names     *names.Catalogue
	detection mirror.Detection
	to        seal.Recipients
	progress  *cli.Progress
}

func newPut(ctx context.Context, s *cli.Session, f *uploadFlags, vault string) (*put, error) {
	if err := f.begin(s); err != nil {
		return nil, err
	}
	p := &put{tally: tally{s: s}, flags: f, detection: mirror.Detection(f.detect)}
	if !p.detection.Valid() {
		return nil, cli.Wrong(fmt.Errorf("--detect %q is none of %s", f.detect, detections()))
	}
	var err error
	if p.to, err = recipients(s, f.encrypt, f.encryptTo); err != nil {
		return nil, err
	}
	if p.vault, err = s.Vault(vault); err != nil {
		return nil, err
	}
	if p.names, err = s.CurrentCatalogue(ctx, p.vault); err != nil {
		return nil, err
	}
	p.progress = s.Progress("Storing", 0, true)
	return p, nil
}

func (p *put) close(err *error) {
	p.progress.Close()
	closing(p.names, err)
}

// detections are the ways of telling a change, for the help.
func detections() string {
	var words []string
	for _, d := range mirror.Detections() {
		words = append(words, string(d))
	}
	return strings.Join(words, ", ")
}

// A found is a file that was walked, and its name in the vault.
type found struct {
	name string
	file files.File
}

// walkAll walks what stands on the command line.
func (p *put) walkAll(ctx context.Context, sources []string, as string) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		for _, source := range distinct(sources) {
			folder := files.IsFolder(source)
			for f, err := range files.Walk(ctx, source, &p.flags.rules, files.Options{FollowLinks: p.flags.followLinks}) {
				name, below := cleanName(cmp.Or(as, source)), f.Name
				if problem, ok := errors.AsType[*files.Problem](err); ok {
					below = problem.Name
				}
				root, isRoot := errors.AsType[*files.RootProblem](err)
				switch {
				case isRoot: // the other sources may be better
					err = &root.Problem
				case folder:
					name = under(name, cleanName(below))
				}
				if !yield(found{under(p.flags.prefix, name), f}, err) {
					return
				}
			}
		}
	}
}

// distinct leaves out what lies in another one, or is one again.
func distinct(sources []string) []string {
	var all []string
	for i, source := range sources {
		clean := path.Clean(source)
		if !slices.ContainsFunc(sources, func(other string) bool {
			o := path.Clean(other)
			return clean != o && (o == "." && !path.IsAbs(clean) && !strings.HasPrefix(clean, "..") || strings.HasPrefix(clean, strings.TrimSuffix(o, "/")+"/"))
		}) && !slices.ContainsFunc(sources[:i], func(earlier string) bool { return path.Clean(earlier) == clean }) {
			all = append(all, source)
		}
	}
	return all
}

// run stores what was found and is not there yet.
func (p *put) run(ctx context.Context, all iter.Seq2[found, error]) error {
	var failed error
	items := func(yield func(deposit.Item, error) bool) {
		for it, err := range all {
			if err == nil {
				var change bool
				if change, err = p.differs(ctx, it); err == nil && !change {
					p.there++
					continue
				}
			}
			if isProblem(err) {
				failed = errors.Join(failed, p.lockedFail(it.name, err))
				continue
			}
			if !yield(deposit.Item{Name: it.name, File: it.file}, err) || err != nil {
				return
			}
		}
	}
	if err := p.deposit(ctx, items); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return p.totals()
}

func isProblem(err error) bool {
	_, ok := errors.AsType[*files.Problem](err)
	return ok
}

// differs reports whether a file is not the newest version of its name.
func (p *put) differs(ctx context.Context, it found) (bool, error) {
	kept, ok, err := p.names.Latest(ctx, it.name)
	if err != nil || !ok {
		return true, err
	}
	kind, err := p.detection.Tell(ctx, it.file, kept)
	return kind == mirror.Changed || kind == mirror.Unknown, err
}

// deposit stores items, or says that it would.
func (p *put) deposit(ctx context.Context, items iter.Seq2[deposit.Item, error]) error {
	if p.s.DryRun {
		for it, err := range items {
			if err != nil {
				return err
			}
			p.files++
			p.bytes += it.File.Size
			if err := p.print(event{Action: "upload", Name: it.Name, SizeInBytes: &it.File.Size}); err != nil {
				return err
			}
		}
		return nil
	}
	var printed error
	d := &deposit.Depositor{
		Uploader: p.uploader(), Names: p.names, Parallel: p.s.Parallel, Recipients: p.to, Spool: p.flags.spool,
		Progress: p.progress.Add, Again: p.detection == mirror.Always,
		Done: func(o deposit.Outcome) { printed = errors.Join(printed, p.done(o)) },
	}
	if p.flags.bundle {
		d.Bundles = bundle.Limits{Below: int64(p.flags.bundleBelow), Size: int64(p.flags.bundleSize)}
	}
	expected := func(yield func(deposit.Item, error) bool) {
		for it, err := range items {
			p.progress.Expect(it.File.Size)
			if !yield(it, err) {
				return
			}
		}
	}
	return errors.Join(d.Deposit(ctx, expected), printed)
}

func (p *put) uploader() *transfer.Uploader {
	return &transfer.Uploader{
		Vault: p.vault, Work: p.names, Slots: transfer.NewSlots(p.s.Parallel), PartSize: int64(p.flags.partSize), Spool: p.flags.spool,
	}
}

// done tells of a file that was stored, or was not.
func (p *put) done(o deposit.Outcome) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.Err != nil {
		return p.fail(o.Name, o.Err)
	}
	p.files++
	p.bytes += o.File.Size
	return p.print(event{Action: "uploaded", Name: o.Name, ArchiveID: string(o.Archive), SizeInBytes: &o.File.Size})
}

// lockedFail is fail while others may print.
func (p *put) lockedFail(name string, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fail(name, err)
}

// putTotals is the last line of put and sync with --json.
type putTotals struct {
	Action                                              string // total
	Uploaded, UploadedBytes, Unchanged, Removed, Failed int64
}

func (p *put) totals() error {
	p.progress.Close()
	verb := "Stored"
	if p.s.DryRun {
		verb = "Would store"
	}
	line := fmt.Sprintf("%s %s, %s; %d unchanged", verb, cli.Count(p.files, "file"), cli.Size(p.bytes), p.there)
	if p.removed > 0 {
		line += fmt.Sprintf("; %d removed from the folder", p.removed)
	}
	return p.end(putTotals{"total", p.files, p.bytes, p.there, p.removed, p.failed}, "%s.", line)
}

// stream stores standard input.
func (p *put) stream(ctx context.Context, in io.Reader, name string) error {
	if name = cleanName(name); name == "" {
		return cli.Wrong(errors.New("standard input has no name: give it one with --as"))
	}
	name = under(p.flags.prefix, name)
	if p.s.DryRun {
		return p.s.Would("store standard input as %s.", cli.Printable(name))
	}
	file := names.File{Path: name, Modified: time.Now()}
	d := &deposit.Depositor{Recipients: p.to}
	description, err := d.Describe(label.Label{Path: name, Modified: file.Modified})
	if err != nil {
		return cli.Wrong(err)
	}
	counted := &counter{r: in}
	content := io.Reader(counted)
	sealed := p.to.Len() > 0
	if sealed {
		if content, err = seal.Reader(counted, p.to); err != nil {
			return err
		}
	}
	a, err := p.uploader().Stream(ctx, transfer.Input{
		Key: name, Description: description, Content: content,
		Events: transfer.Events{Progress: p.progress.Add, Keep: func(ctx context.Context, a names.Archive) error {
			a.Sealed, file.Size = sealed, counted.n
			if !sealed {
				file.Hash = a.TreeHash
			}
			return p.names.Add(ctx, a, file)
		}},
	})
	if err != nil {
		return err
	}
	p.files, p.bytes = 1, file.Size
	if err := p.print(event{Action: "uploaded", Name: name, ArchiveID: string(a.ID), SizeInBytes: &file.Size}); err != nil {
		return err
	}
	return p.totals()
}

// A counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
