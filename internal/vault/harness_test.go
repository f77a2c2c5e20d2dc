package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/store/local"
	"firn/internal/vault"
	"firn/treehash"
)

const (
	region = "us-east-1"
	owner  = glacier.AccountID("111122223333")
	other  = glacier.AccountID("444455556666")
	photos = glacier.VaultName("photos")
	films  = glacier.VaultName("films")
	noon   = "2026-01-02T12:00:00.000Z" // when every house is opened
	photo  = "arn:aws:glacier:us-east-1:111122223333:vaults/photos"
)

// A house is a Service over the real local store, on a disk in memory, with a
// clock of its own.
type house struct {
	*vault.Service
	t     *testing.T
	store *local.Store
	// faked means that the test made up entities whose bytes nobody has, so
	// that the store cannot pass its check.
	faked bool

	mu  sync.Mutex
	now time.Time
}

// open opens a house with two vaults. change may adjust the configuration.
func open(t *testing.T, change func(*vault.Config)) *house {
	t.Helper()
	return openOn(t, disk.NewMem(1<<30), change)
}

// openOn is open on a certain disk.
func openOn(t *testing.T, fsys disk.FS, change func(*vault.Config)) *house {
	t.Helper()
	at, err := time.Parse(time.RFC3339, noon)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, now: at}
	on := local.Config{FS: fsys, Catalog: filepath.Join(t.TempDir(), "catalog.db"), Now: h.clock}
	if h.store, err = local.Open(on); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close(on) })
	c := vault.Config{Store: h.store, Region: region, IDs: h.store.IDKey(), Live: true}
	if change != nil {
		change(&c)
	}
	h.Service = vault.New(c)
	for _, name := range []glacier.VaultName{photos, films} {
		h.must(h.CreateVault(t.Context(), owner, name))
	}
	return h
}

// close closes the store and has it checked: every archive can be read, every
// payload belongs to something.
func (h *house) close(on local.Config) {
	h.t.Helper()
	if err := h.store.Close(); err != nil {
		h.t.Errorf("close store: %v", err)
	}
	if h.faked {
		return
	}
	report, err := local.Check(context.Background(), on, local.CheckOptions{Deep: true})
	if err != nil {
		h.t.Fatalf("check store: %v", err)
	}
	if !report.Clean() {
		h.t.Errorf("the store is not as it should be: %q %+v", report.Problems, report.Damaged)
	}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// view looks at the store.
func (h *house) view(look func(tx *catalog.Tx) error) {
	h.t.Helper()
	h.must(h.store.View(h.t.Context(), look))
}

// write puts entities into the store as some other part of Firn would.
func (h *house) write(entities func(tx *catalog.Tx) []record.Entity) {
	h.t.Helper()
	h.must(h.store.Update(h.t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
		for _, e := range entities(tx) {
			r.Put(e)
		}
		return r, nil
	}))
}

func (h *house) vault(name glacier.VaultName) (v record.Vault) {
	h.t.Helper()
	h.view(func(tx *catalog.Tx) (err error) {
		v, err = vault.Find(tx, region, owner, name)
		return err
	})
	return v
}

func (h *house) archive(name glacier.VaultName, id glacier.ArchiveID) (a record.Archive) {
	h.t.Helper()
	v := h.vault(name)
	h.view(func(tx *catalog.Tx) (err error) {
		a, err = vault.FindArchive(tx, h.store.IDKey(), region, v, id)
		return err
	})
	return a
}

// request is the header of an honest upload.
func request(data []byte) vault.UploadRequest {
	tree, linear, _, err := treehash.SumReader(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	return vault.UploadRequest{Size: int64(len(data)), Linear: linear.String(), Tree: tree.String()}
}

func (h *house) upload(name glacier.VaultName, data []byte) glacier.ArchiveID {
	h.t.Helper()
	in, err := h.BeginUpload(h.t.Context(), owner, name, request(data))
	h.must(err)
	return h.finish(in, data).Archive
}

func (h *house) finish(in *vault.Ingest, data []byte) vault.Receipt {
	h.t.Helper()
	h.must(in.Copy(bytes.NewReader(data)))
	receipt, err := in.Commit(h.t.Context())
	h.must(err)
	h.must(in.Close())
	return receipt
}

func (h *house) initiate(partSize string) glacier.UploadID {
	h.t.Helper()
	id, err := h.InitiateMultipartUpload(h.t.Context(), owner, photos, partSize, "")
	h.must(err)
	return id
}

// partRequest is the header of an honest part.
func partRequest(first int64, data []byte) vault.PartRequest {
	q := request(data)
	return vault.PartRequest{
		Size:   q.Size,
		Range:  fmt.Sprintf("bytes %d-%d/*", first, first+q.Size-1),
		Linear: q.Linear,
		Tree:   q.Tree,
	}
}

func (h *house) part(id glacier.UploadID, first int64, data []byte) {
	h.t.Helper()
	in, err := h.BeginPart(h.t.Context(), owner, photos, id, partRequest(first, data))
	h.must(err)
	h.finish(in, data)
}

// read returns an archive's bytes.
func (h *house) read(a record.Archive) []byte {
	h.t.Helper()
	var all []byte
	buf := make([]byte, payload.LeafSize)
	for _, p := range a.Pieces {
		r, err := h.store.OpenPayload(h.t.Context(), payload.Ref{ID: p.Payload, LSN: p.LSN, Size: p.Size})
		h.must(err)
		for i := range payload.Leaves(r.Size()) {
			leaf, err := r.Leaf(i, buf)
			h.must(err)
			all = append(all, leaf...)
		}
		h.must(r.Close())
	}
	return all
}

// payloads counts the payloads up to the newest that still exist.
func (h *house) payloads() (n int) {
	h.t.Helper()
	h.view(func(tx *catalog.Tx) error {
		next, err := tx.Counter(record.PayloadCounter)
		if err != nil {
			return err
		}
		for id := range next {
			_, ok, err := tx.Payload(id)
			if err != nil {
				return err
			}
			if ok {
				n++
			}
		}
		return nil
	})
	return n
}

// wantError fails unless err is exactly the refusal "Code: message". A want
// that ends in … is a prefix. An empty want is success.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if err == nil {
		t.Errorf("no error, want %s", want)
		return
	}
	if refused := (*glacier.Error)(nil); !errors.As(err, &refused) {
		t.Errorf("error %v is not the API's, want %s", err, want)
		return
	}
	if prefix, ok := strings.CutSuffix(want, "…"); ok && strings.HasPrefix(err.Error(), prefix) {
		return
	}
	if err.Error() != want {
		t.Errorf("error\n%s\nwant\n%s", err, want)
	}
}

// data returns n bytes that differ from MiB to MiB.
func data(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i + i>>20)
	}
	return b
}

// fullStore is a store on which an upload finds no space at the point named.
type fullStore struct {
	store.Store
	begin, update bool
}

func (s *fullStore) NewPayload(ctx context.Context, h payload.Header) (payload.Writer, error) {
	if s.begin {
		return nil, fmt.Errorf("declared %d bytes: %w", h.Size, store.ErrFull)
	}
	return s.Store.NewPayload(ctx, h)
}

func (s *fullStore) Update(ctx context.Context, rule store.Rule) error {
	if s.update {
		return store.ErrFull
	}
	return s.Store.Update(ctx, rule)
}
