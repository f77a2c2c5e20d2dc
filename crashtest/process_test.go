package crashtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"firn/internal/client"
	// The go command must not take a result from its cache when the server or a
	// verb has changed.
	_ "firn/internal/cli/admin"
	_ "firn/internal/cli/migration"
	_ "firn/internal/cli/move"
	_ "firn/internal/server"
	"firn/internal/sigv4"
)

// patience is how long anything may take that a test waits for.
const patience = time.Minute

const (
	accessKey = "AKIAEXAMPLEEXAMPLE00"
	secretKey = "secret/of/a/test/000000000000000000000000"
	region    = "us-east-1"
)

var (
	seedFlag = flag.Uint64("seed", 0, "repeat a random test with this seed")
	binary   string // the path of firn, set by TestMain
)

// TestMain builds the binary.
func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "firn-crashtest-")
	if err == nil {
		binary = filepath.Join(dir, "firn")
		var out []byte
		if out, err = exec.Command("go", "build", "-buildvcs=false", "-o", binary, "firn/cmd/firn").CombinedOutput(); err != nil {
			err = fmt.Errorf("build firn: %w\n%s", err, out)
		}
	}
	code := 1
	if err == nil {
		code = m.Run()
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// long reports whether the long tests were asked for.
func long() bool { return os.Getenv("FIRN_LONG") != "" }

// newRand returns a source of randomness, and prints how to repeat the test.
func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	env := ""
	if long() {
		env = "FIRN_LONG=1 "
	}
	t.Logf("repeat with: %sgo test ./crashtest -run '%s$' -seed %d (moments still differ)", env, t.Name(), seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// A process is a running firn serve.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	url    chan string   // one element, once it is ready
	exited chan struct{} // closed after the end
	err    error         // how it ended, once exited is closed
	log    bytes.Buffer  // what it logged, likewise
}

// launch starts a server on a data directory and does not wait for it. What it
// logs is printed if the test fails.
func launch(t testing.TB, data string, flags ...string) *process {
	t.Helper()
	touchSources(t)
	args := append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--access-key", accessKey, "--secret-key", secretKey}, flags...)
	p := &process{t: t, cmd: exec.Command(binary, args...), url: make(chan string, 1), exited: make(chan struct{})}
	p.cmd.Stderr = &p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.watch(stdout)
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.exited
		if t.Failed() {
			t.Logf("log of process %d, which ended with %v:\n%s", p.cmd.Process.Pid, p.err, p.log.Bytes())
		}
	})
	return p
}

// touchSources looks at what the binary is built from beside the server, so
// that the go command knows that the tests depend on it.
func touchSources(t testing.TB) {
	t.Helper()
	names, err := filepath.Glob("../cmd/firn/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("the sources of firn: %q, %v", names, err)
	}
	for _, name := range names {
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
}

// watch reads what the server prints until it ends.
func (p *process) watch(stdout io.Reader) {
	url := ""
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if at := regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text()); at != "" {
			url = at
		}
		if lines.Text() == "Ready." {
			p.url <- url
		}
	}
}

// start is launch, and a client of the server when it is ready.
func start(t testing.TB, data string, flags ...string) (*process, *api) {
	t.Helper()
	p := launch(t, data, flags...)
	return p, p.ready()
}

// ready waits until the server is ready.
func (p *process) ready() *api {
	p.t.Helper()
	select {
	case url := <-p.url:
		return newAPI(p.t, url)
	case <-p.exited:
		p.t.Fatalf("the server ended at its start: %v", p.err)
	case <-time.After(patience):
		p.t.Fatalf("the server is not ready after %v", patience)
	}
	return nil
}

func newAPI(t testing.TB, url string) *api {
	t.Helper()
	c, err := client.New(client.Config{
		Endpoint: url, Region: region, Key: sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &api{client: c, url: url}
}

// signal is for a process that may have ended already.
func (p *process) signal(s syscall.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("signal %v: %v", s, err)
	}
}

// kill is kill -9. An end by itself before that is an error.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.exited
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		p.t.Fatalf("the server was not killed but ended by itself: %v", p.err)
	}
}

// end asks the server to end, and waits.
func (p *process) end() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	p.ended()
}

// ended waits for an orderly end.
func (p *process) ended() {
	p.t.Helper()
	select {
	case <-p.exited:
		if p.err != nil {
			p.t.Fatalf("the server's end: %v", p.err)
		}
	case <-time.After(patience):
		p.t.Fatalf("the server has not ended after %v", patience)
	}
}

// checkDeep fails the test unless firn check finds nothing.
func checkDeep(t testing.TB, data string) {
	t.Helper()
	out, err := exec.Command(binary, "check", "--deep", "--json", "--data", data).Output()
	if err == nil {
		return
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		out = append(out, exit.Stderr...)
	}
	var report struct{ Damaged, Problems []json.RawMessage }
	if json.Unmarshal(out, &report) == nil {
		t.Logf("%d damaged archives, %d problems", len(report.Damaged), len(report.Problems))
	}
	t.Errorf("firn check --deep: %v\n%.4000s", err, out)
}

// run runs a program that has to succeed.
func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// after waits for a random moment within the span.
func after(rng *rand.Rand, least, most time.Duration) {
	<-time.After(least + time.Duration(rng.Int64N(int64(most-least))))
}

// until asks again and again, for what nothing tells.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	within(t, patience, what, done)
}

// within is until for what takes its time.
func within(t testing.TB, span time.Duration, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), span)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("after %v not yet: %s", span, what)
		}
	}
}
