package rest_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"firn/firntest"
)

// The wire scripts in testdata specify the REST face: each is run against a
// whole server of its own, over one connection as long as the server keeps it
// open, and every byte of every reply is compared.
//
// A script is a list of steps with blank lines between them; lines that begin
// with # are comments. The first step may be
//
//	server name=value…          profile, body-timeout
//
// A step is a request and the reply that it must get:
//
//	until                       send it again until the reply is as expected
//	times n                     send it n times, with ${i} from 1 to n
//	METHOD target               the request line; the target is sent as it stands
//	> Name: value               a header, spelled so; in place of an automatic one
//	> -Name                     not this automatic header
//	>> Name: value              a header added after the signature was made
//	sign none                   or age=duration, key=id, secret=text, region=name
//	body text                   a document; none has a hash header
//	bytes text                  an archive or part, with both hash headers
//	bytes fill=f from=n size=n  a large one; fill is zero or position
//	chunked                     send the body in chunks, without a length
//	continue                    wait for 100 Continue before the body
//	send n [close|abort]        send n bytes of the body only; then close the
//	                            sending side, or the connection
//	< status                    the reply's status
//	< Name: value               a header of it, spelled so
//	< -Name                     not this otherwise required header
//	<< text                     its body
//	<< fill=f from=n size=n     its body, large
//	<! status code message      it is a refusal of the application
//	<!! status code message     it is a refusal of the front layer
//	< cut                       it breaks off in the body
//	< nothing                   there is none: the connection closes
//
// A reply must have the headers that are listed, and no others but Date,
// x-amzn-RequestId and, with a body, Content-Type application/json and the
// right Content-Length. If it has Connection: close, the server must close.
//
//	raw                         a request made of > lines, each ended by CRLF,
//	                            and a body; nothing is added
//	payloads n                  a step by itself: so many payload files are left
//	damage n                    a step by itself: byte n of each is altered
//
// In all texts ${name} stands for a variable: account, region, host, arn (up
// to the vault's name), date (of the signature), linear and tree (hashes of the
// step's body), ${tree:fill:from:size}, ${c*n} for n times c, or what was
// captured. In expected texts {{kind}} stands for anything of a kind (see
// kinds), {{regexp}} for anything that fits, and {{name=…}} captures it.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseScript(string(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			run := newRunner(t, file, s.options)
			for i := range s.steps {
				run.step(&s.steps[i])
			}
		})
	}
}

// A runner runs one script.
type runner struct {
	t      *testing.T
	file   string
	server *firntest.Server
	vars   map[string]string
	peer   *peer // nil: the next request opens a connection
}

func newRunner(t *testing.T, file string, options []firntest.Option) *runner {
	s := firntest.Start(t, options...)
	run := &runner{t: t, file: file, server: s, vars: map[string]string{
		"account": s.Account,
		"region":  s.Region,
		"key":     s.AccessKey,
		"host":    strings.TrimPrefix(s.URL, "http://"),
		"bell":    "\a",
		"crlf":    "\r\n",
		"lf":      "\n",
		"arn":     "arn:aws:glacier:" + s.Region + ":" + s.Account + ":vaults/",
	}}
	t.Cleanup(run.hangUp)
	return run
}

func (run *runner) hangUp() {
	if run.peer != nil {
		run.peer.Close()
		run.peer = nil
	}
}

// patience is how long anything may take that the server should do by itself.
const patience = 20 * time.Second

func (run *runner) step(s *step) {
	run.t.Helper()
	fail := func(problem string) {
		run.t.Helper()
		run.t.Fatalf("%s:%d: %s\n%s", run.file, s.line, problem, s.text)
	}
	switch {
	case s.kind == "payloads":
		if problem := run.awaitPayloads(s.number); problem != "" {
			fail(problem)
		}
	case s.kind == "damage":
		if err := damage(run.server.Data, int64(s.number)); err != nil {
			fail(err.Error())
		}
	case s.until:
		deadline := time.Now().Add(patience)
		problem := run.exchange(s)
		for problem != "" && time.Now().Before(deadline) {
			<-time.After(2 * time.Millisecond) // nothing on the wire says when
			problem = run.exchange(s)
		}
		if problem != "" {
			fail("still, after " + patience.String() + ": " + problem)
		}
	default:
		for i := 1; i <= max(s.times, 1); i++ {
			run.vars["i"] = strconv.Itoa(i)
			if problem := run.exchange(s); problem != "" {
				fail(problem)
			}
		}
	}
}

// exchange sends a step's request and compares the reply. It returns what is
// wrong with it.
func (run *runner) exchange(s *step) (problem string) {
	if run.peer == nil {
		conn, err := net.Dial("tcp", run.vars["host"])
		if err != nil {
			return err.Error()
		}
		run.peer = newPeer(conn)
	}
	q, err := run.request(s)
	if err != nil {
		return err.Error()
	}
	run.peer.SetDeadline(time.Now().Add(patience))
	got, err := run.peer.send(q)
	if err != nil {
		run.hangUp()
		return err.Error()
	}
	if got.ended {
		run.hangUp()
	}
	return run.compare(s, got)
}

// awaitPayloads waits until the data directory has n payload files.
func (run *runner) awaitPayloads(n int) (problem string) {
	deadline := time.Now().Add(patience)
	for {
		files := payloadFiles(run.server.Data)
		if len(files) == n {
			return ""
		}
		if time.Now().After(deadline) {
			return "payload files left: " + strings.Join(files, " ")
		}
		<-time.After(2 * time.Millisecond) // a directory tells nobody
	}
}

func payloadFiles(data string) (files []string) {
	filepath.WalkDir(filepath.Join(data, "payload"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return nil // what is gone by the time it is looked at is gone
	})
	return files
}

// damage flips the bits of one byte of each payload file.
func damage(data string, offset int64) error {
	for _, file := range payloadFiles(data) {
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		var b [1]byte
		if _, err = f.ReadAt(b[:], offset); err == nil {
			b[0] ^= 0xff
			_, err = f.WriteAt(b[:], offset)
		}
		if err := f.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}
