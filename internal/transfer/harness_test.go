package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/sigv4"
	"firn/internal/transfer"
	"firn/treehash"
)

const mib = glacier.MiB

// A world is a server with a vault, a proxy in front of it, and a client's catalogue.
type world struct {
	server *firntest.Server
	proxy  *proxy
	vault  *remote.Vault // through the proxy
	file   string        // of the catalogue
	names  *names.Catalogue
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{server: firntest.Start(t), file: filepath.Join(t.TempDir(), "names")}
	w.proxy = newProxy(t, w.server)
	w.vault = connect(t, w.proxy.URL, w.server)
	if err := w.vault.Create(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	t.Cleanup(func() { w.names.Close() })
	return w
}

// open opens the catalogue, as another process would.
func (w *world) open(t testing.TB) {
	t.Helper()
	if w.names != nil {
		w.names.Close()
	}
	var err error
	if w.names, err = names.Open(context.Background(), w.file); err != nil {
		t.Fatal(err)
	}
}

// connect returns the vault "v" behind a URL. It tries again at once.
func connect(t testing.TB, url string, s *firntest.Server) *remote.Vault {
	t.Helper()
	return reconnect(t, url, s, remote.Retry{Attempts: 4, Sleep: atOnce})
}

func reconnect(t testing.TB, url string, s *firntest.Server, r remote.Retry) *remote.Vault {
	t.Helper()
	c, err := client.New(client.Config{
		Endpoint: url, Region: s.Region, Key: sigv4.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	return remote.New(remote.Config{Client: c, Retry: r}).Vault("v")
}

// atOnce does not wait.
func atOnce(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }

func (w *world) uploader() *transfer.Uploader {
	return &transfer.Uploader{Vault: w.vault, Work: w.names, Slots: transfer.NewSlots(3), PartSize: mib, Single: mib}
}

func (w *world) downloader() *transfer.Downloader {
	return &transfer.Downloader{Vault: w.vault, Work: w.names, Slots: transfer.NewSlots(3), ChunkSize: mib, Sleep: atOnce}
}

// archive is what the vault has under an id, as its inventory does not say it.
func (w *world) archive(t testing.TB, id glacier.ArchiveID) []byte {
	t.Helper()
	out, err := w.vault.Output(context.Background(), w.job(t, id), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// job retrieves an archive; it returns when the job is complete.
func (w *world) job(t testing.TB, id glacier.ArchiveID) glacier.JobID {
	t.Helper()
	kind, archive := glacier.ArchiveRetrieval, string(id)
	job, err := w.vault.StartJob(context.Background(), glacier.JobParameters{Type: &kind, ArchiveID: &archive})
	if err != nil {
		t.Fatal(err)
	}
	for {
		switch d, err := w.vault.Job(context.Background(), job); {
		case err != nil:
			t.Fatal(err)
		case d.Completed:
			return job
		}
	}
}

// put stores an archive past the proxy, and returns its retrieval.
func (w *world) put(t testing.TB, data []byte) transfer.Output {
	t.Helper()
	c, err := remote.Measure(context.Background(), bytes.NewReader(data), 0, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := connect(t, w.server.URL, w.server).Upload(context.Background(), "", c)
	if err != nil {
		t.Fatal(err)
	}
	return transfer.Output{Job: w.job(t, r.Archive), Archive: r.Archive, Size: c.Size, Tree: c.Tree, Hashed: true}
}

// uploads is how many uploads the server has under way.
func (w *world) uploads(t testing.TB) (n int) {
	t.Helper()
	for _, err := range w.vault.Uploads(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// content returns n bytes that do not repeat.
func content(n int) []byte {
	data := make([]byte, 0, n+sha256.Size)
	for i := uint64(0); len(data) < n; i++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		data = append(data, sum[:]...)
	}
	return data[:n]
}

// item is content as something to store.
func item(data []byte) transfer.Item {
	return transfer.Item{Key: "key", Description: "description", Content: bytes.NewReader(data), Size: int64(len(data)), Node: "node"}
}

// A meter adds up what it is told of.
type meter struct {
	mu    sync.Mutex
	total int64
}

func (m *meter) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total += n
}

func (m *meter) want(t *testing.T, n int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total != int64(n) {
		t.Errorf("progress of %d bytes, want %d", m.total, n)
	}
}

func wantArchive(t *testing.T, w *world, a names.Archive, data []byte) {
	t.Helper()
	if a.Size != int64(len(data)) || a.TreeHash != treehash.Sum(data) || a.Description != "description" || a.Created.IsZero() {
		t.Errorf("archive %+v", a)
	}
	if !bytes.Equal(w.archive(t, a.ID), data) {
		t.Error("the vault has other bytes")
	}
}

// wantStored is wantArchive for one that has just been stored in so many parts, each of which was sent once.
func wantStored(t *testing.T, w *world, a names.Archive, data []byte, parts int) {
	t.Helper()
	wantArchive(t, w, a, data)
	w.proxy.wantPartsOnce(t, parts)
	if _, known, err := w.names.Upload(context.Background(), "key"); known || err != nil {
		t.Errorf("the upload is still known: %v", err)
	}
}

// A shifting is content that becomes other content.
type shifting struct {
	mu    sync.Mutex
	data  []byte
	other bool
}

func (s *shifting) change() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.other {
		s.other = true
		s.data = bytes.ToUpper(bytes.Repeat([]byte("other "), len(s.data)/6+1))[:len(s.data)]
	}
}

func (s *shifting) isOther() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.other
}

func (s *shifting) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.NewReader(s.data).ReadAt(p, off)
}
