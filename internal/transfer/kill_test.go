package transfer_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/transfer"
	"firn/treehash"
)

// TestProcess is no test: it is the program that the tests below kill. Its arguments are in the environment.
func TestProcess(t *testing.T) {
	task := os.Getenv("FIRN_TRANSFER_TASK")
	if task == "" {
		t.Skip("run by other tests")
	}
	w := &world{file: os.Getenv("FIRN_TRANSFER_NAMES")}
	w.vault = connect(t, os.Getenv("FIRN_TRANSFER_URL"), &firntest.Server{Region: "us-east-1", AccessKey: os.Getenv("FIRN_TRANSFER_KEY"), SecretKey: os.Getenv("FIRN_TRANSFER_SECRET")})
	w.open(t)
	defer w.names.Close()
	file := os.Getenv("FIRN_TRANSFER_FILE")
	switch task {
	case "upload":
		upload(t, w, file, w.uploader())
	case "large upload":
		u := w.uploader()
		u.PartSize = 0
		upload(t, w, file, u)
		fmt.Println("peak", peak(t))
	case "large stream":
		u := w.uploader()
		u.PartSize = 0
		if _, err := u.Stream(context.Background(), input(io.LimitReader(zeros{}, large))); err != nil {
			t.Fatal(err)
		}
		fmt.Println("peak", peak(t))
	case "large download":
		d := w.downloader()
		d.ChunkSize = 0
		if _, err := d.Write(context.Background(), transfer.Output{Job: "job", Size: large}, io.Discard); err != nil {
			t.Fatal(err)
		}
		fmt.Println("peak", peak(t))
	case "download":
		size, _ := strconv.ParseInt(os.Getenv("FIRN_TRANSFER_SIZE"), 10, 64)
		tree, err := treehash.ParseHash(os.Getenv("FIRN_TRANSFER_TREE"))
		if err != nil {
			t.Fatal(err)
		}
		o := transfer.Output{Job: glacier.JobID(os.Getenv("FIRN_TRANSFER_JOB")), Archive: "archive", Size: size, Tree: tree, Hashed: true}
		if _, err := save(context.Background(), w.downloader(), o, file); err != nil {
			t.Fatal(err)
		}
	}
}

// upload stores a file and notes it.
func upload(t *testing.T, w *world, path string, u *transfer.Uploader) {
	t.Helper()
	file, err := files.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	source, err := files.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	_, err = u.Upload(context.Background(), transfer.Item{
		Key: file.Name, Description: "description", Content: source, Size: file.Size, Modified: file.Modified, Node: file.Node, Changed: source.Changed,
		Events: transfer.Events{Keep: func(ctx context.Context, a names.Archive) error {
			return w.names.Add(ctx, a, names.File{Path: file.Name, Archive: a.ID, Size: a.Size, Hash: a.TreeHash, Created: a.Created})
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// peak is the most memory that the process has had, in bytes.
func peak(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// process makes a command of TestProcess.
func (w *world) process(t *testing.T, url string, pairs ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "FIRN_TRANSFER_URL="+url, "FIRN_TRANSFER_NAMES="+w.file)
	if w.server != nil {
		cmd.Env = append(cmd.Env, "FIRN_TRANSFER_KEY="+w.server.AccessKey, "FIRN_TRANSFER_SECRET="+w.server.SecretKey)
	}
	cmd.Env = append(cmd.Env, pairs...)
	return cmd
}

// A killer runs processes, and kills each at some request, until one ends by itself.
type killer struct {
	w     *world
	pairs []string
	kinds map[string]bool // of requests at which it may kill

	mu      sync.Mutex
	chance  *rand.Rand
	running *os.Process
	left    int // requests until the process is killed
	kills   int
}

// run returns how many processes were killed.
func (k *killer) run(t *testing.T) int {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k.chance = rand.New(rand.NewPCG(seed, 0))
	k.w.proxy.damage(func(kind string, _ *http.Request) *fault { return k.request(kind) })
	for range 100 {
		cmd := k.w.process(t, k.w.proxy.URL, k.pairs...)
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		k.mu.Lock()
		k.left = 1 + k.chance.IntN(6)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		k.running = cmd.Process
		k.mu.Unlock()
		if err := cmd.Wait(); err == nil {
			return k.kills
		} else if !strings.Contains(err.Error(), "killed") {
			t.Fatalf("%v: %s", err, out.String())
		}
		k.w.proxy.rest() // the server has now what it will have of this process
	}
	t.Fatal("100 processes were killed, and it is not done")
	return 0
}

// request kills the process at its time: before the server has heard of the request, or after it has acted.
func (k *killer) request(kind string) *fault {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.kinds[kind] || k.running == nil {
		return nil
	}
	if k.left--; k.left != 0 {
		return nil
	}
	k.kills++
	process := k.running
	k.running = nil // until the next
	if k.chance.IntN(2) == 0 {
		return &fault{lost: true, then: func() { process.Kill() }}
	}
	return &fault{cutBody: 1, held: func() { process.Kill() }}
}

func TestKilledUpload(t *testing.T) {
	const parts = 24
	w := newWorld(t)
	w.names.Close()
	data := content((parts-1)*mib + 1234)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	k := &killer{
		w: w, pairs: []string{"FIRN_TRANSFER_TASK=upload", "FIRN_TRANSFER_FILE=" + path},
		kinds: map[string]bool{"POST multipart-uploads": true, "GET upload": true, "PUT upload": true, "POST upload": true},
	}
	kills := k.run(t)
	w.proxy.damage(nil)
	w.proxy.wantPartsOnce(t, parts)
	w.open(t)
	f, ok, err := w.names.Latest(context.Background(), "file")
	if err != nil || !ok || f.Hash != treehash.Sum(data) {
		t.Fatalf("%+v, %t, %v", f, ok, err)
	}
	d, err := w.vault.Describe(context.Background())
	if err != nil || d.NumberOfArchives != 1 || w.uploads(t) != 0 {
		t.Errorf("%d archives and %d uploads, %v", d.NumberOfArchives, w.uploads(t), err)
	}
	t.Logf("%d processes were killed", kills)
}

func TestKilledDownload(t *testing.T) {
	const chunks = 24
	w := newWorld(t)
	w.names.Close()
	data := content((chunks-1)*mib + 1234)
	o := w.put(t, data)
	dir := t.TempDir()
	w.proxy.forget()
	k := &killer{
		w: w, kinds: map[string]bool{"GET output": true},
		pairs: []string{"FIRN_TRANSFER_TASK=download", "FIRN_TRANSFER_FILE=" + dir, "FIRN_TRANSFER_JOB=" + string(o.Job),
			fmt.Sprintf("FIRN_TRANSFER_SIZE=%d", o.Size), "FIRN_TRANSFER_TREE=" + o.Tree.String()},
	}
	kills := k.run(t)
	wantFile(t, dir, data)
	// A process that is killed loses what it has under way and what it has not noted yet.
	if n := w.proxy.count("GET output"); n > chunks+kills*6 {
		t.Errorf("%d requests for %d chunks, by %d processes that were killed", n, chunks, kills)
	}
	t.Logf("%d processes were killed", kills)
}

// large is what TestMemory moves.
const large = 2 << 30

// zeros are read without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestMemory uploads 2 GiB that take no space, to a server that takes everything, as a file and as a stream, and downloads as
// much.
func TestMemory(t *testing.T) {
	if os.Getenv("FIRN_LONG") == "" {
		t.Skip("FIRN_LONG is not set")
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, large); err != nil {
		t.Fatal(err)
	}
	for task, most := range map[string]int64{"large upload": 64 * mib, "large stream": 176 * mib, "large download": 128 * mib} {
		w := &world{file: filepath.Join(t.TempDir(), "names")}
		out, err := w.process(t, swallow(t), "FIRN_TRANSFER_TASK="+task, "FIRN_TRANSFER_FILE="+path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		_, rest, _ := strings.Cut(string(out), "peak ")
		bytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		if err != nil || bytes > most {
			t.Errorf("%s: %d MiB of memory, %v", task, bytes/mib, err)
		}
		t.Logf("%s: a peak of %d MiB", task, bytes/mib)
	}
}
