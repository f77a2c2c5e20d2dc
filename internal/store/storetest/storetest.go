// Package storetest is the conformance suite of [store.Store]: what every
// implementation promises, whatever it is made of.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/treehash"
)

// A Subject is a store under test that can be closed and opened again.
type Subject interface {
	store.Store
	Close() error
}

// Run runs the suite. open opens the same store each time it is called within
// one test; a fresh one for each test.
func Run(t *testing.T, fresh func(t *testing.T) (open func() Subject)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, open func() Subject)
	}{
		{"an update is visible when it returns, and after a restart", testUpdate},
		{"a refusal is handed through and leaves nothing", testRefusal},
		{"a record without images is not written", testEmpty},
		{"rules see each other's effects", testSerial},
		{"records are numbered without a gap", testNumbers},
		{"a context that has ended withdraws an update", testWithdrawn},
		{"payloads of every size come back", testPayloads},
		{"a payload that no record took is gone", testUntaken},
		{"a deleted payload is gone, but not under an open reader", testDeleted},
		{"after Close everything is refused", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

const account glacier.AccountID = "111122223333"

// makeVault is a rule that creates a vault.
func makeVault(name glacier.VaultName, id *uint64) store.Rule {
	return func(tx *catalog.Tx) (r record.Record, err error) {
		*id = uint64(tx.LSN())
		r.Put(&record.Vault{ID: *id, Account: account, Name: name, Created: tx.Now().UnixMilli()})
		return r, nil
	}
}

func update(t *testing.T, s store.Store, rule store.Rule) {
	t.Helper()
	if err := s.Update(t.Context(), rule); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func hasVault(t *testing.T, s store.Store, name glacier.VaultName) (found bool) {
	t.Helper()
	err := s.View(t.Context(), func(tx *catalog.Tx) (err error) {
		_, found, err = tx.Vault(account, name)
		return err
	})
	if err != nil {
		t.Fatalf("view: %v", err)
	}
	return found
}

func closeStore(t *testing.T, s Subject) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func testUpdate(t *testing.T, open func() Subject) {
	s := open()
	var id uint64
	update(t, s, makeVault("photos", &id))
	if !hasVault(t, s, "photos") {
		t.Error("not visible after Update returned")
	}
	closeStore(t, s)
	s = open()
	defer closeStore(t, s)
	if !hasVault(t, s, "photos") {
		t.Error("not visible after a restart")
	}
}

func testRefusal(t *testing.T, open func() Subject) {
	s := open()
	defer closeStore(t, s)
	no := errors.New("no")
	err := s.Update(t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
		r.Put(&record.Vault{ID: uint64(tx.LSN()), Account: account, Name: "photos"})
		return r, no
	})
	if !errors.Is(err, no) {
		t.Errorf("Update returned %v, not the rule's error", err)
	}
	if hasVault(t, s, "photos") {
		t.Error("a refused record is visible")
	}
}

func testEmpty(t *testing.T, open func() Subject) {
	s := open()
	defer closeStore(t, s)
	var before, after uint64
	update(t, s, makeVault("a", &before))
	update(t, s, func(*catalog.Tx) (record.Record, error) { return record.Record{}, nil })
	update(t, s, makeVault("b", &after))
	if after != before+1 {
		t.Errorf("record %d was followed by %d: something was written between", before, after)
	}
}

func testSerial(t *testing.T, open func() Subject) {
	s := open()
	defer closeStore(t, s)
	const writers, each = 8, 25
	var wg sync.WaitGroup
	errs := make(chan error, writers*each)
	for range writers {
		wg.Go(func() {
			for range each {
				errs <- s.Update(context.Background(), func(tx *catalog.Tx) (r record.Record, err error) {
					n, err := tx.Counter(99)
					r.Put(&record.Counter{Counter: 99, Next: n + 1})
					return r, err
				})
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.View(t.Context(), func(tx *catalog.Tx) error {
		n, err := tx.Counter(99)
		if n != writers*each {
			t.Errorf("%d increments were counted as %d", writers*each, n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testNumbers(t *testing.T, open func() Subject) {
	s := open()
	var last uint64
	for i := range 5 {
		var id uint64
		update(t, s, makeVault(glacier.VaultName(fmt.Sprint("v", i)), &id))
		if last != 0 && id != last+1 {
			t.Errorf("record %d follows %d", id, last)
		}
		last = id
	}
	closeStore(t, s)
	s = open()
	defer closeStore(t, s)
	var id uint64
	update(t, s, makeVault("w", &id))
	if id != last+1 {
		t.Errorf("after a restart record %d follows %d", id, last)
	}
}

func testWithdrawn(t *testing.T, open func() Subject) {
	s := open()
	defer closeStore(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	err := s.Update(ctx, func(*catalog.Tx) (record.Record, error) {
		ran = true
		return record.Record{}, nil
	})
	if err == nil && !ran {
		t.Error("Update succeeded without running the rule")
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Update returned %v", err)
	}
}

// content returns size bytes that differ from place to place.
func content(size int) []byte {
	b := make([]byte, size)
	rng := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
	rng.Read(b) // never fails
	return b
}

// put stores data as a payload, with a counter as the record around it.
func put(t *testing.T, s store.Store, declared int64, data []byte) payload.Ref {
	t.Helper()
	w, err := s.NewPayload(t.Context(), payload.Header{Vault: 1, Size: declared})
	if err != nil {
		t.Fatalf("new payload: %v", err)
	}
	defer w.Close()
	if _, err := w.Write(data); err != nil {
		t.Fatalf("write: %v", err)
	}
	sum, err := w.Finish()
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	tree, linear, _, err := treehash.SumReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if sum != (payload.Sum{Size: int64(len(data)), Tree: tree, Linear: linear}) {
		t.Errorf("%d bytes have another sum than %v", len(data), sum)
	}
	var p record.Payload
	update(t, s, func(tx *catalog.Tx) (r record.Record, err error) {
		p = w.Attach(&r, tx.LSN())
		return r, nil
	})
	return payload.Ref{ID: p.ID, LSN: p.LSN, Size: p.Size}
}

// get reads a payload back.
func get(t *testing.T, s store.Store, ref payload.Ref) []byte {
	t.Helper()
	r, err := s.OpenPayload(t.Context(), ref)
	if err != nil {
		t.Fatalf("open payload: %v", err)
	}
	defer r.Close()
	return read(t, r)
}

func read(t *testing.T, r payload.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := payload.CopyRange(t.Context(), &b, r, 0, r.Size(), make([]byte, payload.LeafSize)); err != nil {
		t.Fatalf("read: %v", err)
	}
	return b.Bytes()
}

func testPayloads(t *testing.T, open func() Subject) {
	s := open()
	refs := map[payload.Ref][]byte{}
	for _, size := range []int{1, 4095, 4096, payload.LeafSize - 1, payload.LeafSize, payload.LeafSize + 1, 3*payload.LeafSize + 17} {
		data := content(size)
		for _, declared := range []int64{int64(size), -1} {
			refs[put(t, s, declared, data)] = data
		}
	}
	check := func() {
		t.Helper()
		for ref, want := range refs {
			if !bytes.Equal(get(t, s, ref), want) {
				t.Errorf("payload of %d bytes came back different", len(want))
			}
		}
	}
	check()
	closeStore(t, s)
	s = open()
	defer closeStore(t, s)
	check()
}

func testUntaken(t *testing.T, open func() Subject) {
	s := open()
	defer closeStore(t, s)
	for _, size := range []int{10, 2 * payload.LeafSize} {
		w, err := s.NewPayload(t.Context(), payload.Header{Size: int64(size)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content(size)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		var p record.Payload
		err = s.Update(t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
			p = w.Attach(&r, tx.LSN())
			return r, io.ErrUnexpectedEOF
		})
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("update: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		if r, err := s.OpenPayload(t.Context(), payload.Ref{ID: p.ID, LSN: p.LSN, Size: int64(size)}); err == nil {
			r.Close()
			t.Errorf("a payload of %d bytes is there although its record was refused", size)
		}
	}
}

func testDeleted(t *testing.T, open func() Subject) {
	s := open()
	defer closeStore(t, s)
	for _, size := range []int{10, 2*payload.LeafSize + 5} {
		data := content(size)
		ref := put(t, s, int64(size), data)
		r, err := s.OpenPayload(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(*catalog.Tx) (r record.Record, err error) {
			r.Delete(record.PayloadKey(ref.ID))
			return r, nil
		})
		if !bytes.Equal(read(t, r), data) {
			t.Errorf("an open reader of %d bytes lost them", size)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func testClosed(t *testing.T, open func() Subject) {
	s := open()
	closeStore(t, s)
	var id uint64
	if err := s.Update(t.Context(), makeVault("late", &id)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update returned %v", err)
	}
	if w, err := s.NewPayload(t.Context(), payload.Header{Size: 1}); !errors.Is(err, store.ErrClosed) {
		if err == nil {
			w.Close()
		}
		t.Errorf("NewPayload returned %v", err)
	}
}
