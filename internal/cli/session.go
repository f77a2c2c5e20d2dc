package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"firn/glacier"
	"firn/internal/remote"
)

// A Session is what a verb works with. Its methods may be called concurrently,
// but for those that print to Out.
type Session struct {
	Remote   *remote.Service
	Endpoint string
	Region   string
	// Account is whose vaults are meant, as it stands in paths: it can be
	// [glacier.CallersAccount].
	Account glacier.AccountID

	Out    io.Writer // for what was asked for
	JSON   bool
	DryRun bool
	// Parallel is how many requests may be under way at a time.
	Parallel int

	in       io.Reader
	terminal bool // somebody looks on, and did not ask for quiet
	yes      bool
	names    string // file or folder of the catalogue; empty: not said
	screen   *screen
	config   remote.Config
	deafen   func() bool // no longer says that it was interrupted
}

// session makes the session of a command.
func (f *common) session(cmd *cobra.Command) (*Session, error) {
	if cmd.Flags().Lookup("parallel") != nil && f.parallel < 1 {
		return nil, Wrong(errors.New("--parallel must be at least 1"))
	}
	s, err := f.open(cmd.Context(), cmd, 0)
	if err != nil {
		return nil, Wrong(err)
	}
	s.deafen = context.AfterFunc(cmd.Context(), func() { s.Tell("Interrupted: ending in order. Once more ends at once.") })
	return s, nil
}

// open makes a session. attempts is how often requests are sent, 0 as often as
// is configured.
func (f *common) open(ctx context.Context, cmd *cobra.Command, attempts int) (*Session, error) {
	p, err := f.resolve(ctx)
	if err != nil {
		return nil, err
	}
	if attempts == 0 {
		attempts = p.attempts
	}
	s := &Session{
		Endpoint: p.endpoint, Region: p.region, Account: p.account,
		Out: cmd.OutOrStdout(), JSON: f.json, DryRun: f.dryRun, Parallel: f.parallel,
		in: cmd.InOrStdin(), yes: f.yes, names: f.names,
		screen: &screen{w: cmd.ErrOrStderr()},
		deafen: func() bool { return true },
	}
	if fd, ok := terminal(cmd.ErrOrStderr()); ok && !f.quiet {
		s.terminal = true
		s.screen.width = func() int { return widthOf(fd) }
		if _, ok := terminal(s.Out); ok {
			s.Out = above{s.screen, s.Out}
		}
	}
	s.config = remote.Config{Client: p.client, Account: p.account, Retry: remote.Retry{Attempts: attempts, Told: s.trouble}}
	s.Remote = remote.New(s.config)
	return s, nil
}

// close takes away what is on the screen and should not stay.
func (s *Session) close() {
	s.deafen()
	s.screen.mu.Lock()
	p := s.screen.current
	s.screen.mu.Unlock()
	if p != nil {
		p.Close()
	}
}

// terminal is the descriptor of a stream, if it is a terminal.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(interface{ Fd() uintptr })
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

func widthOf(fd int) int {
	if width, _, err := term.GetSize(fd); err == nil && width > 0 {
		return width
	}
	return 80
}

// Pace limits what goes over the wire from then on: see [remote.Config].
func (s *Session) Pace(pace func(ctx context.Context, n int) error) {
	s.config.Pace = pace
	s.Remote = remote.New(s.config)
}

// Vault is the vault that an argument names.
func (s *Session) Vault(name string) (*remote.Vault, error) {
	name = ID(name) // which Arguments may have put before a name that looks like an id
	if !glacier.VaultName(name).Valid() {
		return nil, Wrong(fmt.Errorf("%q cannot be the name of a vault: it has 1 to 255 letters, digits, hyphens, underscores and dots", name))
	}
	return s.Remote.Vault(glacier.VaultName(name)), nil
}

// Stdin is standard input, for what streams.
func (s *Session) Stdin() io.Reader { return s.in }

// Open opens the file that an argument names, or standard input if it is a
// hyphen.
func (s *Session) Open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(s.in), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, Wrong(err)
	}
	return file, nil
}

// Document prints what was asked for: a JSON document, or what text prints.
func (s *Session) Document(document any, text func(w io.Writer) error) error {
	if !s.JSON {
		return text(s.Out)
	}
	enc := json.NewEncoder(s.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// Did says that something was done that has no result: in words, or as an empty
// JSON document.
func (s *Session) Did(format string, args ...any) error {
	return s.Document(struct{}{}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		return err
	})
}

// Would says what --dry-run keeps from being done, as Did does.
func (s *Session) Would(format string, args ...any) error { return s.Did("Would "+format, args...) }

// Line prints a line of JSON lines.
func (s *Session) Line(document any) error {
	line, err := glacier.Encode(document)
	if err != nil {
		return err
	}
	_, err = s.Out.Write(append(line, '\n'))
	return err
}

// Tell says something to a person who looks on, if there is one.
func (s *Session) Tell(format string, args ...any) {
	if s.terminal {
		s.screen.say(PrintableLines(fmt.Sprintf(format, args...)))
	}
}

// Warn says something in any case.
func (s *Session) Warn(format string, args ...any) {
	s.screen.say("firn: " + PrintableLines(fmt.Sprintf(format, args...)))
}

// loud is the attempt from which on trouble is told where nobody looks on.
const loud = 3

func (s *Session) trouble(t remote.Trouble) {
	if s.terminal || t.Attempt >= loud {
		s.Warn("%v: trying again in %s", t.Err, Span(max(t.Pause, time.Second)))
	}
}

// Progress begins a line that tells how far something is. total is 0 if it is
// not known; bytes says that bytes are counted. It is to be closed.
func (s *Session) Progress(label string, total int64, bytes bool) *Progress {
	p := &Progress{s: s.screen, label: label, total: total, bytes: bytes, began: time.Now()}
	if s.terminal {
		p.stop = make(chan struct{})
		s.screen.take(p)
	}
	return p
}

// Confirm asks for a word, such as a vault's name, before something that cannot
// be undone. It returns nil only if the word was given, or --yes.
func (s *Session) Confirm(ctx context.Context, question, word string) error {
	if s.yes {
		return nil
	}
	if _, ok := terminal(s.in); !ok {
		return Wrong(errors.New(question + " Nothing was done: there is nobody to ask, so give --yes if it is meant"))
	}
	s.screen.say(question)
	fmt.Fprintf(s.screen.w, "Type %s to go on: ", word)
	answer := make(chan string, 1)
	go func() { // a read cannot be interrupted
		line, _ := bufio.NewReader(io.LimitReader(s.in, 4096)).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case got := <-answer:
		if got == word {
			return nil
		}
		return errors.New("that is not it: nothing was done")
	case <-ctx.Done():
		fmt.Fprintln(s.screen.w)
		return context.Cause(ctx)
	}
}

// Input reads the file that an argument names, or standard input if it is a
// hyphen. It may have limit bytes.
func (s *Session) Input(name string, limit int64) ([]byte, error) {
	in := s.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, Wrong(err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, Wrong(fmt.Errorf("%s has more than %s", name, Size(limit)))
	}
	return data, nil
}
