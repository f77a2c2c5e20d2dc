package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

// The commands of the scripts.

// exits runs a program that is to end with an exit code: exits CODE PROGRAM
// ARGUMENTS...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENTS...")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

type serversKey struct{}

// A background is a server that a script has started.
type background struct {
	cmd    *exec.Cmd
	stdout lines
	stderr bytes.Buffer
	read   sync.WaitGroup
}

// lines are the lines of a program's output, and say when it is ready.
type lines struct {
	mu    sync.Mutex
	text  strings.Builder
	ready chan struct{} // closed at the line Ready. or at the end
	saw   bool          // the line was there; of the goroutine in follow
}

func (l *lines) follow(r io.Reader) {
	defer func() {
		if !l.saw {
			close(l.ready)
		}
	}()
	for in := bufio.NewScanner(r); in.Scan(); {
		l.mu.Lock()
		l.text.WriteString(in.Text() + "\n")
		l.mu.Unlock()
		if in.Text() == "Ready." && !l.saw {
			l.saw = true
			close(l.ready)
		}
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startServer starts firn and waits until it says that it is ready: server
// NAME ARGUMENTS... It listens on a free port, and its URL is in $url from then
// on.
func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: server NAME ARGUMENTS...")
	}
	all := ts.Value(serversKey{}).(map[string]*background)
	b := &background{cmd: exec.Command("firn", append(args[1:], "--listen", "127.0.0.1:0")...)}
	path, err := exec.LookPath("firn") // testscript puts it into this process's path too
	ts.Check(err)
	b.cmd.Path, b.cmd.Dir, b.cmd.Stderr = path, ts.Getenv("WORK"), &b.stderr
	for _, name := range []string{"HOME", "TMPDIR", "PATH", envAccessKey, envSecretKey} {
		b.cmd.Env = append(b.cmd.Env, name+"="+ts.Getenv(name))
	}
	b.stdout.ready = make(chan struct{})
	out, err := b.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(b.cmd.Start())
	all[args[0]] = b
	ts.Defer(func() {
		if b.cmd.ProcessState == nil {
			b.cmd.Process.Kill()
			b.end()
		}
	})
	b.read.Go(func() { b.stdout.follow(out) })
	<-b.stdout.ready
	if !strings.Contains(b.stdout.String(), "Ready.\n") {
		b.end()
		ts.Fatalf("the server ended: %s%s", &b.stdout, &b.stderr)
	}
	ts.Setenv("url", urlIn(b.stdout.String()))
}

// end waits for the process.
func (b *background) end() error {
	b.read.Wait()
	return b.cmd.Wait()
}

// urlIn finds the server's URL in what it has printed.
func urlIn(output string) string {
	for word := range strings.FieldsSeq(output) {
		if strings.HasPrefix(word, "http") {
			return strings.TrimRight(word, ".,")
		}
	}
	return ""
}

// stopServer ends a server with SIGTERM, which is to succeed: shutdown NAME. Its
// output is then in NAME.out and NAME.err.
func stopServer(ts *testscript.TestScript, neg bool, args []string) {
	b := server1(ts, args)
	ts.Check(b.cmd.Process.Signal(syscall.SIGTERM))
	if err := b.end(); (err != nil) != neg {
		ts.Fatalf("the server ended: %v\n%s", err, &b.stderr)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(b.stdout.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".err"), b.stderr.Bytes(), 0o600))
}

func server1(ts *testscript.TestScript, args []string) *background {
	if len(args) != 1 {
		ts.Fatalf("which server?")
	}
	b := ts.Value(serversKey{}).(map[string]*background)[args[0]]
	if b == nil {
		ts.Fatalf("there is no server %s", args[0])
	}
	return b
}

// takeKey makes the key that a server has printed the one that requests are
// signed with: key NAME. With ! it is to have printed none.
func takeKey(ts *testscript.TestScript, neg bool, args []string) {
	found := false
	for line := range strings.Lines(server1(ts, args).stdout.String()) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if name, is := strings.CutPrefix(name, "export AWS_"); ok && is {
			ts.Setenv("AWS_"+name, value)
			found = true
		}
	}
	if found == neg {
		ts.Fatalf("a key was printed: %t", found)
	}
}

// request sends a signed request and prints the reply's body: glacier METHOD
// PATH, and a body if there is one. With ! it is to be refused, and the refusal is printed.
func request(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: glacier METHOD PATH [BODY]")
	}
	body := strings.Join(args[2:], "")
	resp, err := newClient(ts).Do(context.Background(), client.Request{
		Method: args[0], Path: args[1], Body: client.Bytes([]byte(body)),
	})
	if neg {
		if err == nil {
			ts.Fatalf("not refused: %s", resp.Status)
		}
		io.WriteString(ts.Stdout(), err.Error()+"\n")
		return
	}
	ts.Check(err)
	defer resp.Body.Close()
	_, err = io.Copy(ts.Stdout(), resp.Body)
	ts.Check(err)
}

// runJob begins a job and waits until it has ended: job VAULT PARAMETERS. It
// prints the job's description.
func runJob(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: job VAULT PARAMETERS")
	}
	c := newClient(ts)
	resp, err := c.Do(context.Background(), client.Request{
		Method: "POST", Path: "/-/vaults/" + args[0] + "/jobs", Body: client.Bytes([]byte(args[1])),
	})
	ts.Check(err)
	resp.Body.Close()
	path := "/-/vaults/" + args[0] + "/jobs/" + resp.Header.Get(glacier.HeaderJobID)
	for began := time.Now(); ; { // the API has no other way to wait than to ask
		resp, err := c.Do(context.Background(), client.Request{Method: "GET", Path: path})
		ts.Check(err)
		body, err := io.ReadAll(resp.Body)
		ts.Check(errors.Join(err, resp.Body.Close()))
		if strings.Contains(string(body), `"Completed":true`) {
			ts.Stdout().Write(body)
			return
		}
		if time.Since(began) > time.Minute {
			ts.Fatalf("the job does not end: %s", body)
		}
	}
}

// manyJobs begins inventory jobs: manyjobs VAULT N.
func manyJobs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: manyjobs VAULT N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	c := newClient(ts)
	for range n {
		resp, err := c.Do(context.Background(), client.Request{
			Method: "POST", Path: "/-/vaults/" + args[0] + "/jobs", Body: client.Bytes([]byte(`{"Type":"inventory-retrieval"}`)),
		})
		ts.Check(err)
		resp.Body.Close()
	}
}

// upload archives a file made of zeros: upload VAULT BYTES VARIABLE. The
// archive's id is then in the variable.
func upload(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: upload VAULT BYTES VARIABLE")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	sendArchive(ts, args[0], make([]byte, size), args[2])
}

// beginUpload begins a multipart upload in parts of a MiB: multipart VAULT
// VARIABLE. The upload's id is then in the variable.
func beginUpload(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: multipart VAULT VARIABLE")
	}
	resp, err := newClient(ts).Do(context.Background(), client.Request{
		Method: "POST", Path: "/-/vaults/" + args[0] + "/multipart-uploads", Header: http.Header{glacier.HeaderPartSize: {"1048576"}},
	})
	ts.Check(err)
	resp.Body.Close()
	ts.Setenv(args[1], resp.Header.Get(glacier.HeaderUploadID))
}

// uploadMany archives many small things: uploads VAULT N.
func uploadMany(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: uploads VAULT N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	c := newClient(ts)
	next := make(chan []byte)
	var senders sync.WaitGroup
	var failed atomic.Pointer[error]
	for range 16 {
		senders.Go(func() {
			for data := range next {
				resp, err := c.Do(context.Background(), client.Request{
					Method: "POST", Path: "/-/vaults/" + args[0] + "/archives", Body: client.Bytes(data),
					Header: http.Header{glacier.HeaderTreeHash: {treehash.Sum(data).String()}},
				})
				if err != nil {
					failed.Store(&err)
					continue
				}
				resp.Body.Close()
			}
		})
	}
	for i := range n {
		next <- []byte(strconv.Itoa(i))
	}
	close(next)
	senders.Wait()
	if err := failed.Load(); err != nil {
		ts.Check(*err)
	}
}

func sendArchive(ts *testscript.TestScript, vault string, data []byte, variable string) {
	resp, err := newClient(ts).Do(context.Background(), client.Request{
		Method: "POST", Path: "/-/vaults/" + vault + "/archives", Body: client.Bytes(data),
		Header: http.Header{glacier.HeaderTreeHash: {treehash.Sum(data).String()}},
	})
	ts.Check(err)
	resp.Body.Close()
	ts.Setenv(variable, resp.Header.Get(glacier.HeaderArchiveID))
}

func newClient(ts *testscript.TestScript) *client.Client {
	c, err := client.New(client.Config{
		Endpoint: ts.Getenv("url"), Region: "us-east-1", HTTP: httpClient(ts),
		Key: sigv4.Credentials{AccessKeyID: ts.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: ts.Getenv("AWS_SECRET_ACCESS_KEY")},
	})
	ts.Check(err)
	return c
}

// httpClient trusts the certificate that cert has made, if it has.
func httpClient(ts *testscript.TestScript) *http.Client {
	pool := x509.NewCertPool()
	if file := ts.Getenv("cert"); file != "" {
		pool.AppendCertsFromPEM([]byte(ts.ReadFile(file)))
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	return &http.Client{Transport: transport}
}

// fetch sends an unsigned GET and prints the status and the body: fetch URL.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fetch URL")
	}
	resp, err := httpClient(ts).Get(args[0])
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	io.WriteString(ts.Stdout(), resp.Status+"\n"+string(body))
}

// flip changes a byte in the middle of the one file that a pattern matches:
// flip PATTERN.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip PATTERN")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s matches %d files, not 1", args[0], len(files))
	}
	data, err := os.ReadFile(files[0])
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(files[0], data, 0o600))
}

// makeCert makes a certificate for the loopback address, and its key: cert
// CERTFILE KEYFILE. Requests then trust it.
func makeCert(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cert CERTFILE KEYFILE")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	now := time.Now()
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	ts.Check(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: secret}} {
		ts.Check(os.WriteFile(ts.MkAbs(args[i]), pem.EncodeToMemory(block), 0o600))
	}
	ts.Setenv("cert", args[0])
}
