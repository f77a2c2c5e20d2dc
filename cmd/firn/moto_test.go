package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts of the client's verbs are run a second time, against the server of moto, which others have written, so that a verb does not
// come to lean on what only Firn does. What moto cannot do a script leaves out with [moto] or [!moto]; a script of which nothing would be
// left is in this table, with the reason.
//
// The lines for firn alone are there because moto 5.2 has: no uploads in parts, no ranges of outputs; one archive for all uploads of the same bytes, and
// an id that is their MD5; tree hashes that are plain SHA-256, which is the same up to a MiB; jobs whose inventory is of 10,000 bytes, whatever it is of, and
// that forget their description; 400 VaultNotFound in place of 404; neither signatures that it checks nor accounts.
var beyondMoto = map[string]string{
	"client_empty":    "its inventories and its counts do not agree",
	"client_jobs":     "its jobs take no limits and their lists have no pages",
	"client_lock":     "it has no locks",
	"client_settings": "it has neither tags nor policies nor limits",
}

// TestScriptsWithMoto runs testdata/client_*.txtar against moto.
func TestScriptsWithMoto(t *testing.T) {
	if os.Getenv("FIRN_MOTO") == "" {
		t.Skip("FIRN_MOTO does not say where moto_server is; ./check does. It takes a minute, since moto's jobs take seconds")
	}
	scripts, err := filepath.Glob("testdata/client_*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for name := range beyondMoto {
		if !slices.Contains(scripts, filepath.Join("testdata", name+".txtar")) {
			t.Errorf("the table beyondMoto has %s, and there is no such script", name)
		}
	}
	scripts = slices.DeleteFunc(scripts, func(file string) bool {
		return beyondMoto[strings.TrimSuffix(filepath.Base(file), ".txtar")] != ""
	})
	if len(scripts) == 0 {
		t.Skip("there are no scripts for it")
	}
	m := startMoto(t)
	p := scriptParams()
	p.Dir, p.Files, p.UpdateScripts = "", scripts, false
	p.Cmds["server"], p.Cmds["shutdown"] = m.server, func(*testscript.TestScript, bool, []string) {}
	p.Condition = service("moto")
	testscript.RunT(inTurn{t}, p)
}

// service is the condition that a script asks for the service with.
func service(running string) func(string) (bool, error) {
	return func(asked string) (bool, error) { return asked == running, nil }
}

// moto is a running server of moto. Its memory is all that it has, so the scripts have it one after the other.
type moto struct{ url string }

// startMoto starts it.
func startMoto(t *testing.T) *moto {
	cmd := exec.Command(os.Getenv("FIRN_MOTO"), "--host", "127.0.0.1", "--port", "0")
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if at := regexp.MustCompile(`http://127[0-9.:]+`).FindString(lines.Text()); at != "" {
			go io.Copy(io.Discard, out)
			return &moto{at}
		}
	}
	t.Fatalf("moto does not start:\n%s", &said)
	return nil
}

// server is the scripts' command of that name: moto with nothing in it, whatever firn was to be told.
func (m *moto) server(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := http.Post(m.url+"/moto-api/reset", "", nil)
	ts.Check(err)
	resp.Body.Close()
	if neg || len(args) < 2 || resp.StatusCode != http.StatusOK {
		ts.Fatalf("moto cannot forget: %s", resp.Status)
	}
	ts.Setenv("url", m.url)
}

// inTurn is a test whose parts run one after the other.
type inTurn struct{ *testing.T }

func (inTurn) Parallel()     {}
func (inTurn) Verbose() bool { return testing.Verbose() }
func (t inTurn) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(inTurn{t}) })
}
