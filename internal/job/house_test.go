package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/token"
	"firn/internal/vault"
	"firn/treehash"
)

const (
	mib    = 1 << 20
	region = "eu-west-1"
	owner  = glacier.AccountID("111122223333")
	photos = glacier.VaultName("photos")
	other  = glacier.VaultName("other")
)

var (
	ids = token.Key{7}
	arn = glacier.VaultARN(region, owner, photos)
)

// A house is a store with two vaults and a job service on it.
type house struct {
	*memStore
	*Service
	t      *testing.T
	vaults *vault.Service
}

// newHouse makes a house. The service is not started.
func newHouse(t *testing.T, change ...func(*Config)) *house {
	t.Helper()
	return furnish(t, newMemStore(t), change...)
}

// furnish makes a house of a store.
func furnish(t *testing.T, st *memStore, change ...func(*Config)) *house {
	t.Helper()
	h := &house{memStore: st, t: t}
	h.vaults = vault.New(vault.Config{Store: h.memStore, Region: region, IDs: ids, Live: true})
	for _, name := range []glacier.VaultName{photos, other} {
		if err := h.vaults.CreateVault(t.Context(), owner, name); err != nil {
			t.Fatal(err)
		}
	}
	h.Service = h.service(change...)
	return h
}

// service makes another job service on the house's store.
func (h *house) service(change ...func(*Config)) *Service {
	h.t.Helper()
	cfg := Config{Store: h.memStore, Region: region, IDs: ids, Log: slog.New(slog.NewTextHandler(h.t.Output(), nil))}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// logTo has a service log to w.
func logTo(w io.Writer) func(*Config) {
	return func(c *Config) { c.Log = slog.New(slog.NewTextHandler(w, nil)) }
}

// start starts the service for the length of the test.
func (h *house) start() {
	h.Start(context.Background())
	h.t.Cleanup(h.Close)
}

// vault looks a vault up.
func (h *house) vault(name glacier.VaultName) record.Vault {
	h.t.Helper()
	var v record.Vault
	err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		v, err = vault.Find(tx, region, owner, name)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// store puts an archive into a vault, in pieces of some size.
func (h *house) store(name glacier.VaultName, description string, data []byte, piece int) record.Archive {
	h.t.Helper()
	v := h.vault(name)
	a := record.Archive{Vault: v.ID, Description: description, Size: int64(len(data)), TreeHash: treehash.Sum(data)}
	for rest := data; len(rest) > 0; {
		n := min(piece, len(rest))
		p := h.payload(v.ID, rest[:n])
		a.Pieces = append(a.Pieces, record.Piece{Payload: p.ID, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash})
		rest = rest[n:]
	}
	return h.put(a)
}

// put stores the record of an archive.
func (h *house) put(a record.Archive) record.Archive {
	h.t.Helper()
	h.update(func(tx *catalog.Tx) (record.Record, error) {
		a.ID, a.Created = uint64(tx.LSN()), tx.Now().UnixMilli()
		a.Public = glacier.ArchiveID(ids.Seal(token.ID{Kind: token.Archive, Vault: a.Vault, Number: a.ID, Random: tx.Random()}))
		var r record.Record
		r.Put(&a)
		return r, nil
	})
	return a
}

// small puts an archive of a few bytes into a vault.
func (h *house) small(name glacier.VaultName, text string) record.Archive {
	return h.store(name, text, []byte(text), mib)
}

func (h *house) payload(vault uint64, data []byte) record.Payload {
	h.t.Helper()
	w, err := h.NewPayload(h.t.Context(), payload.Header{Vault: vault, Size: int64(len(data))})
	if err != nil {
		h.t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(data); err != nil {
		h.t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		h.t.Fatal(err)
	}
	var p record.Payload
	h.update(func(tx *catalog.Tx) (r record.Record, err error) {
		p = w.Attach(&r, tx.LSN())
		return r, nil
	})
	return p
}

func (h *house) update(rule func(tx *catalog.Tx) (record.Record, error)) {
	h.t.Helper()
	if err := h.Update(h.t.Context(), rule); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) delete(a record.Archive) {
	h.t.Helper()
	if err := h.vaults.DeleteArchive(h.t.Context(), owner, photos, a.Public); err != nil {
		h.t.Fatal(err)
	}
}

// parameters reads the parameters of a job as a client writes them.
func parameters(t *testing.T, text string) *glacier.JobParameters {
	t.Helper()
	var p *glacier.JobParameters
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return p
}

func (h *house) begin(text string) glacier.JobID {
	h.t.Helper()
	b, err := h.InitiateJob(h.t.Context(), owner, owner, photos, parameters(h.t, text))
	if err != nil {
		h.t.Fatalf("%s: %v", text, err)
	}
	return b.ID
}

// retrieval is the parameters of an archive job.
func retrieval(a record.Archive, more string) string {
	return `{"Type":"archive-retrieval","ArchiveId":"` + string(a.Public) + `"` + more + `}`
}

func (h *house) describe(id glacier.JobID) glacier.JobDescription {
	h.t.Helper()
	d, err := h.DescribeJob(h.t.Context(), owner, photos, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// await waits until a job is complete.
func (h *house) await(id glacier.JobID) glacier.JobDescription {
	h.t.Helper()
	for {
		changed := h.change()
		if d := h.describe(id); d.Completed {
			return d
		}
		<-changed
	}
}

// run begins a job, waits for it, and expects it to succeed.
func (h *house) run(text string) (glacier.JobID, glacier.JobDescription) {
	h.t.Helper()
	id := h.begin(text)
	d := h.await(id)
	if d.StatusCode != glacier.Succeeded {
		h.t.Fatalf("%s: %s: %s", text, d.StatusCode, *d.StatusMessage)
	}
	return id, d
}

func (h *house) output(id glacier.JobID) *Output {
	h.t.Helper()
	o, err := h.Output(h.t.Context(), owner, photos, id)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { o.Close() })
	return o
}

// read returns the whole output of a job.
func (h *house) read(id glacier.JobID) []byte {
	h.t.Helper()
	o := h.output(id)
	return copied(h.t, o, 0, o.Size-1)
}

func copied(t *testing.T, o *Output, first, last int64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := o.CopyRange(t.Context(), &b, first, last); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pattern is size bytes of which no two leaves are alike.
func pattern(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i + i>>20 + i>>9)
	}
	return b
}

// refused expects an error for the client.
func refused(t *testing.T, err error, code glacier.Code, message string) {
	t.Helper()
	var e *glacier.Error
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s: %s", err, code, message)
		return
	}
	if e.Code != code || e.Message != message {
		t.Errorf("refused with %s: %s\nwant %s: %s", e.Code, e.Message, code, message)
	}
}
