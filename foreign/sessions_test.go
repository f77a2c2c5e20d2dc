// Package foreign holds sessions of other people's clients. Most are run by
// the script run, against the program; those here have a server of their own,
// whose time can be passed.
package foreign

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/bucket"
	"firn/internal/server"
)

// TestPolicies runs policies_session.py with boto3 and the AWS CLI: who may do
// what, and what a lock keeps, over months and restarts.
func TestPolicies(t *testing.T) {
	needClients(t)
	m := newMachine(t)
	m.start()
	other := m.account("444455556666")
	m.session("policies_session.py", "CONTROL="+m.control(),
		"OTHER_ACCOUNT=444455556666", "OTHER_ACCESS_KEY_ID="+other.ID, "OTHER_SECRET_ACCESS_KEY="+other.Secret)
}

// TestNotifications runs notifications_session.py with boto3 and the AWS CLI:
// topics, queues, and jobs that tell when they are done.
func TestNotifications(t *testing.T) {
	needClients(t)
	m := newMachine(t)
	m.start()
	m.session("notifications_session.py")
}

// TestSelect runs select_session.py with boto3 and the AWS CLI: questions to
// archives, answered in a directory and, if there is one, on an S3 server.
// FIRN_S3_TEST has its endpoint, a key, the key's secret, and a bucket.
func TestSelect(t *testing.T) {
	needClients(t)
	m := newMachine(t)
	m.cfg.SelectDirectory = t.TempDir()
	env := []string{"RESULTS=" + m.cfg.SelectDirectory}
	if s3 := strings.Fields(os.Getenv("FIRN_S3_TEST")); len(s3) == 4 {
		there := bucket.Settings{Endpoint: s3[0], Region: "us-east-1", AccessKey: s3[1], SecretKey: s3[2], Name: s3[3], PathStyle: true}
		nowhere := there
		nowhere.Name = "firn-has-no-such-bucket"
		m.cfg.Buckets = map[string]server.Bucket{"results": {Settings: there}, "nowhere": {Settings: nowhere}}
		env = append(env, "S3_ENDPOINT="+s3[0], "S3_ACCESS_KEY="+s3[1], "S3_SECRET_KEY="+s3[2], "S3_BUCKET="+s3[3])
	} else {
		t.Log("no S3 server here: ./check has one")
	}
	m.start()
	m.session("select_session.py", env...)
}

const python = "/usr/bin/python3"

// needClients skips the test where it cannot be made.
func needClients(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	if exec.Command(python, "-c", "import boto3").Run() != nil || exec.Command("/usr/bin/aws", "--version").Run() != nil {
		t.Skip("no boto3 or no AWS CLI here: ./check installs them")
	}
}

// session runs a script against the machine.
func (m *machine) session(script string, env ...string) {
	m.t.Helper()
	cmd := exec.Command(python, script)
	cmd.Env = append(append(os.Environ(), env...),
		"ENDPOINT="+m.url, "AWS_REGION="+m.cfg.Region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "PYTHONDONTWRITEBYTECODE=1",
		"ACCOUNT="+string(m.cfg.Account), "AWS_ACCESS_KEY_ID="+m.cfg.RootKey.ID, "AWS_SECRET_ACCESS_KEY="+m.cfg.RootKey.Secret)
	out, err := cmd.CombinedOutput()
	m.t.Logf("%s", out)
	if err != nil {
		m.t.Error(err)
	}
}

// A machine runs a server, and its clock can be moved.
type machine struct {
	t   *testing.T
	cfg server.Config
	url string

	mu     sync.Mutex
	passed time.Duration
	server *server.Server // nil while it is stopped
	served chan error
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t}
	l, err := net.Listen("tcp", "127.0.0.1:0") // the address is to stay the same over restarts
	m.must(err)
	timing, err := server.Fast.Timing()
	m.must(err)
	m.cfg = server.Config{
		Data: t.TempDir(), Listen: l.Addr().String(), Region: "eu-west-1", Account: "111122223333", Profile: server.Fast, Timing: timing,
		RootKey: server.Key{ID: "AKIAFIRNFOREIGNPOLIC", Secret: "the/secret/of/the/first/account/0000000"}, Now: m.now,
		ShutdownTimeout: 20 * time.Second, AllowPrivate: true,
	}
	m.url = "http://" + m.cfg.Listen
	m.must(l.Close())
	t.Cleanup(m.stop)
	return m
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// now is the present, moved as a whole: time that has passed, and not a clock
// that was set.
func (m *machine) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.passed)
}

func (m *machine) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.passed += d
}

func (m *machine) start() {
	s, err := server.Open(m.cfg)
	m.must(err)
	m.server, m.served = s, make(chan error, 1)
	go func(served chan error) { served <- s.Serve() }(m.served)
}

func (m *machine) stop() {
	if m.server == nil {
		return
	}
	if err := m.server.Close(); err != nil {
		m.t.Errorf("close the server: %v", err)
	}
	if err := <-m.served; err != nil {
		m.t.Error(err)
	}
	m.server = nil
}

// account makes another account.
func (m *machine) account(id glacier.AccountID) access.NewlyMade {
	m.t.Helper()
	_, key, err := m.server.Access().CreateAccount(context.Background(), id, "other")
	m.must(err)
	return key
}

// control is the URL of what the session moves the machine with: /pass?seconds=,
// /stop, /start and /restart.
func (m *machine) control() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	m.must(err)
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/pass":
			n, err := strconv.Atoi(r.URL.Query().Get("seconds"))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			m.pass(time.Duration(n) * time.Second)
		case "/stop":
			m.stop()
		case "/start":
			m.start()
		case "/restart":
			m.stop()
			m.start()
		default:
			http.NotFound(w, r)
		}
		fmt.Fprintln(w, "done")
	})}
	go s.Serve(l)
	m.t.Cleanup(func() { s.Close() })
	return "http://" + l.Addr().String()
}
