package catalog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/record"
)

// future is a kind that this version does not know.
const future record.Kind = 40

// randomEntity makes an entity of a small set of keys, so that histories meet.
func randomEntity(rnd *rand.Rand, kind record.Kind) record.Entity {
	n := func() uint64 { return rnd.Uint64N(4) + 1 }
	at := func() int64 { return rnd.Int64N(2) * (1000 + rnd.Int64N(50)) }
	switch kind {
	case record.KindCounter:
		return &record.Counter{Counter: n(), Next: rnd.Uint64N(1000)}
	case record.KindAccount:
		return &record.Account{ID: glacier.AccountID(fmt.Sprintf("%012d", n())), Created: at()}
	case record.KindAccessKey:
		return &record.AccessKey{Number: n(), ID: fmt.Sprint("AKIA", n()), Account: "000000000001"}
	case record.KindVault:
		return &record.Vault{ID: n(), Account: "000000000001", Name: glacier.VaultName(fmt.Sprint("v", n())), Created: at()}
	case record.KindTags:
		return &record.Tags{Vault: n(), Tags: map[string]string{"k": fmt.Sprint(n())}}
	case record.KindArchive:
		return &record.Archive{
			Vault: n(), ID: n(), Size: rnd.Int64N(1 << 30), Created: at(), Deleted: rnd.IntN(3) == 0,
			Public: glacier.ArchiveID(fmt.Sprint("a", n())), Imported: at(),
			Token: []glacier.UploadToken{"", "t", "u"}[rnd.IntN(3)],
		}
	case record.KindUpload:
		return &record.Upload{Vault: n(), ID: n(), Created: at(), Ended: at()}
	case record.KindPart:
		return &record.Part{Upload: n(), Index: n(), Received: at(), Size: 1}
	case record.KindJob:
		status := []string{glacier.InProgress, glacier.Succeeded, glacier.Failed}[rnd.IntN(3)]
		action := []string{glacier.ActionArchiveRetrieval, glacier.ActionInventoryRetrieval}[rnd.IntN(2)]
		return &record.Job{Vault: n(), ID: n(), Status: status, Action: action, Archive: n(), Expires: at()}
	case record.KindPayload:
		return &record.Payload{ID: n(), LSN: record.LSN(rnd.Uint64N(3)), Size: rnd.Int64N(1 << 20)}
	case record.KindUser:
		return &record.User{Number: n(), Account: "000000000001", Name: fmt.Sprint("u", n())}
	case record.KindVaultPolicy:
		return &record.VaultPolicy{Vault: n(), Policy: fmt.Sprint(n())}
	case record.KindVaultLock:
		return &record.VaultLock{Vault: n(), Policy: fmt.Sprint(n()), Locked: rnd.IntN(2) == 0}
	case record.KindRetrievalPolicy:
		return &record.RetrievalPolicy{Account: "000000000001", BytesPerHour: at()}
	case record.KindRetrievalUsage:
		return &record.RetrievalUsage{Account: "000000000001", Bytes: at()}
	case record.KindCapacity:
		return &record.Capacity{Number: n(), Account: "000000000001", Expires: at()}
	case record.KindNotifications:
		return &record.Notifications{Vault: n(), Topic: fmt.Sprint(n())}
	case record.KindTopic:
		return &record.Topic{Number: n(), Account: "000000000001", Name: fmt.Sprint("t", n())}
	case record.KindSubscription:
		return &record.Subscription{Topic: n(), Number: n(), Account: "000000000001", Public: fmt.Sprint(n())}
	case record.KindMessage:
		return &record.Message{Topic: n(), Number: n(), Body: fmt.Sprint(n())}
	case record.KindDelivery:
		return &record.Delivery{Subscription: n(), Message: n(), Topic: n(), Next: at(), Dead: at()}
	case record.KindQueue:
		return &record.Queue{Number: n(), Account: "000000000001", Name: fmt.Sprint("q", n())}
	case record.KindQueueMessage:
		return &record.QueueMessage{Queue: n(), Number: n(), Body: fmt.Sprint(n()), Sent: at()}
	default:
		return &record.Clock{Skew: at()}
	}
}

// randomHistory makes records 1 to n, each of a few keys.
func randomHistory(rnd *rand.Rand, n int) []record.Entry {
	history := make([]record.Entry, n)
	for i := range history {
		images := map[record.Key]record.Image{}
		for range rnd.IntN(4) + 1 {
			kind := record.Kind(rnd.IntN(int(record.LastKind)+1) + 1)
			var r record.Record
			switch {
			case kind > record.LastKind:
				k := record.Key{Kind: future, A: rnd.Uint64N(3), B: rnd.Uint64N(3)}
				r.Images = []record.Image{{Key: k, Body: []byte{0xf6, byte(i)}}}
			default:
				r.Put(randomEntity(rnd, kind))
			}
			if rnd.IntN(3) == 0 {
				r.Images[0].Body = nil
			}
			images[r.Images[0].Key] = r.Images[0]
		}
		e := record.Entry{LSN: record.LSN(i + 1), Time: time.UnixMilli(int64(1000 + i))}
		for _, im := range images {
			e.Images = append(e.Images, im)
		}
		history[i] = e
	}
	return history
}

// newestPerKey is the fold said in another way.
func newestPerKey(history []record.Entry) []string {
	type last struct {
		lsn   record.LSN
		image []byte
	}
	newest := map[record.Key]last{}
	for _, e := range history {
		for _, im := range e.Images {
			if e.LSN > newest[im.Key].lsn {
				newest[im.Key] = last{e.LSN, im.Body}
			}
		}
	}
	keys := make([]record.Key, 0, len(newest))
	for k := range newest {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareKeys)
	lines := make([]string, len(keys))
	for i, k := range keys {
		lines[i] = line(k, newest[k].lsn, newest[k].image)
	}
	return lines
}

func TestFoldIsTheNewestPerKeyInAnyOrder(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			history := randomHistory(rnd, 150)
			head := Position{Segment: 1, Offset: 4096, LSN: 150, CRC: 0xffffffff}

			ordered := open(t)
			for chunk := range slices.Chunk(history, 1+rnd.IntN(20)) {
				if err := ordered.Fold(ctx, chunk, Position{LSN: chunk[len(chunk)-1].LSN}); err != nil {
					t.Fatal(err)
				}
			}
			shuffled := open(t)
			again := append(slices.Clone(history), history[:40]...) // some come twice
			rnd.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			for chunk := range slices.Chunk(again, 1+rnd.IntN(20)) {
				if err := shuffled.Fold(ctx, chunk, head); err != nil {
					t.Fatal(err)
				}
			}

			same(t, "fold in order", newestPerKey(history), dump(t, ordered))
			same(t, "fold in any order", newestPerKey(history), dump(t, shuffled))
			same(t, "tables and figures", tables(t, ordered), tables(t, shuffled))
			sound(t, ordered)
			sound(t, shuffled)
			if p := shuffled.Applied(); p != head {
				t.Errorf("applied position is %+v, want %+v", p, head)
			}
			if got := shuffled.Newest(); !got.Equal(history[len(history)-1].Time) {
				t.Errorf("newest record is of %v", got)
			}
		})
	}
}

func TestRecountMakesFiguresAnew(t *testing.T) {
	c := open(t)
	if err := c.Fold(context.Background(), randomHistory(rand.New(rand.NewPCG(7, 7)), 200), Position{LSN: 200}); err != nil {
		t.Fatal(err)
	}
	want := tables(t, c)
	w := <-c.writer
	for _, q := range []string{
		"UPDATE figures SET bytes = bytes + 1 WHERE vault = 1",
		"DELETE FROM figures WHERE vault = 2",
		"INSERT INTO figures (vault, archives, bytes, last_write) VALUES (99, 1, 2, 3)",
	} {
		if err := w.script(q); err != nil {
			t.Fatal(err)
		}
	}
	c.writer <- w
	wrong, err := c.Miscounts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var vaults []uint64
	for _, m := range wrong {
		vaults = append(vaults, m.Vault)
	}
	same(t, "miscounted vaults", []uint64{1, 2, 99}, vaults)
	if m := wrong[0]; m.Have.Bytes != m.Want.Bytes+1 || m.Have.Archives != m.Want.Archives {
		t.Errorf("vault 1: %+v", m)
	}
	same(t, "a vault that does not count", Miscount{Vault: 99, Have: Figures{1, 2, 3}}, wrong[2])
	if err := c.Recount(context.Background()); err != nil {
		t.Fatal(err)
	}
	same(t, "tables after recount", want, tables(t, c))
}

func TestFoldRefusesWhatNobodyWrote(t *testing.T) {
	var good record.Record
	good.Put(&record.Counter{Counter: 1, Next: 5})
	for _, row := range []struct {
		name  string
		image record.Image
	}{
		{"not CBOR", record.Image{Key: record.Key{Kind: record.KindVault, A: 1}, Body: []byte("junk")}},
		{"image of another key", record.Image{Key: record.Key{Kind: record.KindCounter, A: 2}, Body: good.Images[0].Body}},
		{"two-part key of a one-part kind", record.Image{Key: record.Key{Kind: record.KindCounter, A: 1, B: 1}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := open(t)
			entries := []record.Entry{
				{LSN: 1, Images: good.Images},
				{LSN: 2, Images: []record.Image{row.image}},
			}
			err := c.Fold(context.Background(), entries, Position{LSN: 2})
			if err == nil || isEngine(err) {
				t.Errorf("error is %v", err)
			}
			if lines := dump(t, c); len(lines) != 0 || c.Applied() != (Position{}) {
				t.Errorf("half of it was folded: %v, %+v", lines, c.Applied())
			}
			if err := c.Fold(context.Background(), entries[:1], Position{LSN: 1}); err != nil {
				t.Errorf("fold after that: %v", err)
			}
		})
	}
}

func TestEmptyImageIsNoTombstone(t *testing.T) {
	c := open(t)
	k := record.Key{Kind: future, A: 1}
	foldNext(t, c, record.Record{Images: []record.Image{{Key: k, Body: []byte{}}}})
	same(t, "keys", []string{line(k, 1, []byte{})}, dump(t, c))
}

func TestCompareReportsEveryDifference(t *testing.T) {
	ctx := context.Background()
	counter := func(n, next uint64) record.Image {
		var r record.Record
		r.Put(&record.Counter{Counter: n, Next: next})
		return r.Images[0]
	}
	fold := func(c *Catalog, lsn record.LSN, images ...record.Image) {
		t.Helper()
		if err := c.Fold(ctx, []record.Entry{{LSN: lsn, Images: images}}, Position{LSN: lsn}); err != nil {
			t.Fatal(err)
		}
	}
	have, want := open(t), open(t)
	fold(have, 1, counter(1, 0), counter(2, 0), counter(4, 0), counter(5, 0), counter(6, 0))
	fold(want, 1, counter(1, 0), counter(3, 0), counter(4, 9), counter(6, 0), record.Image{Key: record.Key{Kind: record.KindCounter, A: 5}})
	fold(want, 2, counter(6, 0), counter(7, 0))
	report := map[uint64]string{}
	err := Compare(ctx, have, want, func(k record.Key, what string) { report[k.A] = what })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "report", map[uint64]string{
		2: "should not be there", 3: "is missing", 4: "is not what record 1 made it",
		5: "is deleted in one and not in the other", 6: "is as of record 1, not 2", 7: "is missing",
	}, report)

	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if err := Compare(ctx, have, want, func(record.Key, string) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("error of an ended context is %v", err)
	}
}

// A crash leaves the file and its log as they are at some moment. Folding the
// journal from where that copy says it is must give what was.
func TestCopyTakenAtAnyMomentFoldsForward(t *testing.T) {
	ctx := context.Background()
	rnd := rand.New(rand.NewPCG(3, 4))
	history := randomHistory(rnd, 120)
	path := filepath.Join(t.TempDir(), "catalog.db")
	c := openAt(t, path)
	var copies []string
	snapshot := func() {
		to := filepath.Join(t.TempDir(), "catalog.db")
		copyFile(t, path, to)
		copyFile(t, path+"-wal", to+"-wal")
		copies = append(copies, to)
	}
	for i, chunk := range slices.Collect(slices.Chunk(history, 10)) {
		b, err := c.Begin(ctx, chunk[0].LSN, func() time.Time { return chunk[0].Time })
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range chunk {
			if _, _, err := b.Run(func(*Tx) (record.Record, error) { return record.Record{Images: e.Images}, nil }); err != nil {
				t.Fatal(err)
			}
		}
		snapshot() // folded, not committed
		if err := b.Commit(Position{Segment: 1, LSN: chunk[9].LSN}); err != nil {
			t.Fatal(err)
		}
		snapshot() // committed, in the log
		if i == 5 {
			if _, err := c.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
			snapshot()
		}
	}
	want := dump(t, c)
	for i, path := range copies {
		again := openAt(t, path)
		sound(t, again)
		from := again.Applied().LSN
		if err := again.Fold(ctx, history[from:], Position{LSN: 120}); err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("copy %d, folded forward from %d", i, from), want, dump(t, again))
		sound(t, again)
	}
}
