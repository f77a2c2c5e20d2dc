package crashtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// An entry is a line of the ledger: that something will be tried now, that it
// was acknowledged, or what came of it when neither is known.
type entry struct {
	Try     bool `json:",omitempty"`
	Op      string
	Vault   string    `json:",omitempty"`
	Note    string    `json:",omitempty"` // the description, by which an archive or upload is known again
	ID      string    `json:",omitempty"`
	N       int       `json:",omitempty"` // of a part
	Content []content `json:",omitempty"`
}

// A ledger is a file of entries. It may be used concurrently.
type ledger struct {
	t    testing.TB
	path string
	mu   sync.Mutex
	file *os.File
}

func newLedger(t testing.TB) *ledger {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &ledger{t: t, path: path, file: f}
}

// write appends an entry. When it returns the entry has outlived the server.
func (l *ledger) write(e entry) {
	line, err := json.Marshal(e)
	if err != nil {
		l.t.Error(err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		l.t.Errorf("write the ledger: %v", err)
	}
}

// read makes sense of the ledger.
func (l *ledger) read() *truth {
	l.t.Helper()
	data, err := os.ReadFile(l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	tr := &truth{
		vaults: map[string]state{}, tags: map[string]map[string]state{},
		archives: map[string]*archive{}, uploads: map[string]*upload{},
	}
	for line := range bytes.Lines(data) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			l.t.Fatalf("the ledger: %v", err)
		}
		if err := tr.apply(e); err != nil {
			l.t.Fatalf("the ledger: %+v: %v", e, err)
		}
	}
	return tr
}

// A state is what the ledger knows of a thing.
type state int

const (
	tried   state = iota // its making was not acknowledged: it may be there or not
	there                // it is there
	leaving              // its end was not acknowledged: it may be there or not
	gone                 // it is not there, or not any more
)

// A truth is what a ledger says.
type truth struct {
	vaults   map[string]state
	tags     map[string]map[string]state // by vault, then key; the value is the key
	archives map[string]*archive         // by note
	uploads  map[string]*upload          // by note
	jobs     []entry
}

type archive struct {
	vault, note, id string
	content         []content
	state           state
}

type upload struct {
	vault, note, id string
	parts           map[int]content
	acked           map[int]bool // parts
	state           state
	completing      bool // with leaving: by Complete, not Abort
}

// apply folds an entry in.
func (tr *truth) apply(e entry) error {
	a, u := tr.archives[e.Note], tr.uploads[e.Note]
	acked := there
	if e.Try {
		acked = tried
	}
	switch e.Op {
	case "vault":
		tr.vaults[e.Vault] = max(tr.vaults[e.Vault], acked)
	case "tag":
		if tr.tags[e.Vault] == nil {
			tr.tags[e.Vault] = map[string]state{}
		}
		tr.tags[e.Vault][e.Note] = max(tr.tags[e.Vault][e.Note], acked)
	case "upload":
		tr.archives[e.Note] = &archive{vault: e.Vault, note: e.Note, id: e.ID, content: e.Content, state: acked}
	case "send":
		return tr.sent(e, a)
	case "delete":
		a.state = leaving
		if !e.Try {
			a.state = gone
		}
	case "begin":
		tr.uploads[e.Note] = &upload{vault: e.Vault, note: e.Note, id: e.ID, parts: map[int]content{}, acked: map[int]bool{}, state: acked}
	case "part":
		u.parts[e.N] = e.Content[0]
		u.acked[e.N] = !e.Try || u.acked[e.N]
	case "abort":
		u.state, u.completing = leaving, false
		if !e.Try {
			u.state = gone
		}
	case "complete":
		return tr.completed(e, a, u)
	case "job":
		tr.jobs = append(tr.jobs, e)
	default:
		return tr.resolve(e, a, u)
	}
	return nil
}

// sent is for uploads with a token, which may be repeated.
func (tr *truth) sent(e entry, a *archive) error {
	if a == nil {
		a = &archive{vault: e.Vault, note: e.Note, content: e.Content, state: tried}
		tr.archives[e.Note] = a
	}
	switch {
	case e.Try && a.state == gone: // it had not come to be
		a.state = tried
	case e.Try:
	case a.id != "" && a.id != e.ID:
		return fmt.Errorf("a repeated upload has made a second archive beside %s", a.id)
	default:
		a.id, a.state = e.ID, there
	}
	return nil
}

// completed is for Complete, which may be repeated.
func (tr *truth) completed(e entry, a *archive, u *upload) error {
	if e.Try {
		if u.state == there {
			u.state, u.completing = leaving, true
			tr.archives[e.Note] = &archive{vault: e.Vault, note: e.Note, content: e.Content, state: tried}
		}
		return nil
	}
	if a.id != "" && a.id != e.ID {
		return fmt.Errorf("a repeated Complete has made a second archive beside %s", a.id)
	}
	a.id, a.state, u.state, u.completing = e.ID, there, gone, false
	return nil
}

// resolve takes in what was found out after a start about what was open until
// then. It stays so.
func (tr *truth) resolve(e entry, a *archive, u *upload) error {
	switch e.Op {
	case "archive is there":
		a.state, a.id = there, e.ID
	case "archive is gone":
		a.state = gone
	case "upload is there":
		u.state, u.id = there, e.ID
	case "upload is gone":
		u.state = gone
	default:
		return fmt.Errorf("there is no entry of this kind")
	}
	return nil
}
