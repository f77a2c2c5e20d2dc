package catalog

import (
	"context"
	"fmt"
	"math"
	"testing"

	"firn/glacier"
	"firn/internal/record"
)

const (
	alice glacier.AccountID = "111122223333"
	bob   glacier.AccountID = "000000000007"
)

// A look is a row of a table of lookups: what a method gives and what it
// should.
type look struct {
	name string
	got  func(tx *Tx) (any, error)
	want any
}

func runLooks(t *testing.T, c *Catalog, looks []look) {
	t.Helper()
	view(t, c, func(tx *Tx) {
		for _, l := range looks {
			got, err := l.got(tx)
			if err != nil {
				t.Errorf("%s: %v", l.name, err)
			}
			same(t, l.name, l.want, got)
		}
	})
}

// found is a lookup's answer, nil when there is none.
func found[E any](e E, ok bool, err error) (any, error) {
	if !ok {
		return nil, err
	}
	return e, err
}

// ids are the internal ids in a list's answer.
func ids[E any](list []E, err error) (any, error) {
	out := []uint64{}
	for _, e := range list {
		switch e := any(e).(type) {
		case record.Vault:
			out = append(out, e.ID)
		case record.Archive:
			out = append(out, e.ID)
		case record.Upload:
			out = append(out, e.ID)
		case record.Part:
			out = append(out, e.Index)
		case record.Job:
			out = append(out, e.ID)
		default:
			return nil, fmt.Errorf("no id in %T", e)
		}
	}
	return out, err
}

func TestEmptyCatalogAnswersEverything(t *testing.T) {
	runLooks(t, open(t), []look{
		{"LSN", func(tx *Tx) (any, error) { return tx.LSN(), nil }, record.LSN(0)},
		{"Counter", func(tx *Tx) (any, error) { return tx.Counter(1) }, uint64(0)},
		{"LastPayload", func(tx *Tx) (any, error) { return tx.LastPayload() }, uint64(0)},
		{"Account", func(tx *Tx) (any, error) { return found(tx.Account(alice)) }, nil},
		{"AccessKey", func(tx *Tx) (any, error) { return found(tx.AccessKey("AKIA")) }, nil},
		{"Clock", func(tx *Tx) (any, error) { return found(tx.Clock()) }, nil},
		{"Vault", func(tx *Tx) (any, error) { return found(tx.Vault(alice, "v")) }, nil},
		{"VaultByID", func(tx *Tx) (any, error) { return found(tx.VaultByID(1)) }, nil},
		{"Vaults", func(tx *Tx) (any, error) { return ids(tx.Vaults(alice, "", 10)) }, []uint64{}},
		{"CountVaults", func(tx *Tx) (any, error) { return tx.CountVaults(alice) }, int64(0)},
		{"AllVaults", func(tx *Tx) (any, error) { return ids(tx.AllVaults(0, 10)) }, []uint64{}},
		{"Figures", func(tx *Tx) (any, error) { return tx.Figures(1) }, Figures{}},
		{"Tags", func(tx *Tx) (any, error) { return tx.Tags(1) }, record.Tags{}},
		{"Archive", func(tx *Tx) (any, error) { return found(tx.Archive(1, 1)) }, nil},
		{"Archives", func(tx *Tx) (any, error) { return ids(tx.Archives(1, 0, math.MaxUint64, 10)) }, []uint64{}},
		{"Upload", func(tx *Tx) (any, error) { return found(tx.Upload(1, 1)) }, nil},
		{"Uploads", func(tx *Tx) (any, error) { return ids(tx.Uploads(1, 0, 10)) }, []uint64{}},
		{"StaleUploads", func(tx *Tx) (any, error) { return ids(tx.StaleUploads(math.MaxInt64, 10)) }, []uint64{}},
		{"Part", func(tx *Tx) (any, error) { return found(tx.Part(1, 0)) }, nil},
		{"Parts", func(tx *Tx) (any, error) { return ids(tx.Parts(1, 0, 10)) }, []uint64{}},
		{"Job", func(tx *Tx) (any, error) { return found(tx.Job(1, 1)) }, nil},
		{"Jobs", func(tx *Tx) (any, error) { return ids(tx.Jobs(1, 0, JobFilter{}, 10)) }, []uint64{}},
		{"UnfinishedJobs", func(tx *Tx) (any, error) { return ids(tx.UnfinishedJobs(0, 10)) }, []uint64{}},
		{"ExpiredJobs", func(tx *Tx) (any, error) { return ids(tx.ExpiredJobs(math.MaxInt64, 10)) }, []uint64{}},
		{"Pins", func(tx *Tx) (any, error) { return tx.Pins(1, 1) }, int64(0)},
		{"Payload", func(tx *Tx) (any, error) { return found(tx.Payload(1)) }, nil},
		{"Leftovers", func(tx *Tx) (any, error) { return tx.Leftovers(1, 10) }, []record.Key{}},
		{"Orphans", func(tx *Tx) (any, error) { return tx.Orphans(10) }, []uint64{}},
	})
}

func TestAccountsAndKeys(t *testing.T) {
	c := open(t)
	account := record.Account{ID: alice, Created: 5}
	small := record.Account{ID: bob, Created: 6}
	key := record.AccessKey{Number: 3, ID: "AKIAONE", Account: alice, Secret: []byte{1, 2}, Created: 7}
	put(t, c, &account, &small, &key, &record.AccessKey{Number: 4, ID: "AKIATWO", Account: bob})
	put(t, c, &record.Clock{Skew: 12}, &record.Counter{Counter: 1, Next: 1024}, &record.Counter{Counter: 2, Next: 7})
	end(t, c, record.Key{Kind: record.KindAccessKey, A: 4})
	runLooks(t, c, []look{
		{"an account", func(tx *Tx) (any, error) { return found(tx.Account(alice)) }, account},
		{"an account of leading zeros", func(tx *Tx) (any, error) { return found(tx.Account(bob)) }, small},
		{"a key", func(tx *Tx) (any, error) { return found(tx.AccessKey("AKIAONE")) }, key},
		{"a key's name in another case", func(tx *Tx) (any, error) { return found(tx.AccessKey("akiaone")) }, nil},
		{"a deleted key", func(tx *Tx) (any, error) { return found(tx.AccessKey("AKIATWO")) }, nil},
		{"the clock", func(tx *Tx) (any, error) { return found(tx.Clock()) }, record.Clock{Skew: 12}},
		{"a counter", func(tx *Tx) (any, error) { return tx.Counter(1) }, uint64(1024)},
		{"another counter", func(tx *Tx) (any, error) { return tx.Counter(2) }, uint64(7)},
		{"the newest record", func(tx *Tx) (any, error) { return tx.LSN(), nil }, record.LSN(3)},
	})
	view(t, c, func(tx *Tx) {
		if a, b := tx.Random(), tx.Random(); a == b {
			t.Errorf("%x twice is not random", a)
		}
	})
}

func TestVaults(t *testing.T) {
	c := open(t)
	vaults := map[uint64]*record.Vault{}
	for i, name := range []glacier.VaultName{"b", "a", "B", "_", ".", "a-", "gone"} {
		id := uint64(10 + i)
		vaults[id] = &record.Vault{ID: id, Account: alice, Name: name, Created: int64(i)}
		put(t, c, vaults[id])
	}
	other := record.Vault{ID: 30, Account: bob, Name: "a"}
	tags := record.Tags{Vault: 30, Tags: map[string]string{"k": "v"}}
	put(t, c, &other, &tags)
	end(t, c, vaults[16].Key())
	list := func(after glacier.VaultName, limit int) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return ids(tx.Vaults(alice, after, limit)) }
	}
	runLooks(t, c, []look{
		{"by name", func(tx *Tx) (any, error) { return found(tx.Vault(alice, "B")) }, *vaults[12]},
		{"the same name elsewhere", func(tx *Tx) (any, error) { return found(tx.Vault(bob, "a")) }, other},
		{"a deleted one", func(tx *Tx) (any, error) { return found(tx.Vault(alice, "gone")) }, nil},
		{"by id", func(tx *Tx) (any, error) { return found(tx.VaultByID(30)) }, other},
		{"by an id beyond all", func(tx *Tx) (any, error) { return found(tx.VaultByID(math.MaxUint64)) }, nil},
		{"all by name in byte order", list("", 100), []uint64{14, 12, 13, 11, 15, 10}},
		{"a page", list("", 2), []uint64{14, 12}},
		{"the next page", list("B", 2), []uint64{13, 11}},
		{"after a name that is none", list("a,", 100), []uint64{15, 10}},
		{"no limit is no rows", list("", 0), []uint64{}},
		{"a negative limit too", list("", -1), []uint64{}},
		{"count", func(tx *Tx) (any, error) { return tx.CountVaults(alice) }, int64(6)},
		{"of all accounts", func(tx *Tx) (any, error) { return ids(tx.AllVaults(12, 3)) }, []uint64{13, 14, 15}},
		{"of all accounts, the rest", func(tx *Tx) (any, error) { return ids(tx.AllVaults(15, 3)) }, []uint64{30}},
		{"tags", func(tx *Tx) (any, error) { return tx.Tags(30) }, tags},
		{"tags of a vault without", func(tx *Tx) (any, error) { return tx.Tags(10) }, record.Tags{}},
	})
	// The name of a deleted vault can be used again.
	put(t, c, &record.Vault{ID: 40, Account: alice, Name: "gone"})
	runLooks(t, c, []look{
		{"a name used again", func(tx *Tx) (any, error) { return ids([]record.Vault{must(tx.Vault(alice, "gone"))}, nil) }, []uint64{40}},
	})
}

func must[E any](e E, ok bool, err error) E {
	if !ok || err != nil {
		panic(fmt.Sprint("not there: ", err))
	}
	return e
}

func TestArchives(t *testing.T) {
	c := open(t)
	var archives []record.Archive
	for i := range uint64(6) {
		a := record.Archive{
			Vault: 1, ID: 10 + i, Public: glacier.ArchiveID(fmt.Sprint("id", i)), Description: "δ", Size: 1 << i,
			Pieces: []record.Piece{{Payload: i, LSN: record.LSN(10 + i), Size: 1 << i}},
		}
		archives = append(archives, a)
		put(t, c, &a)
	}
	pinned := archives[2]
	pinned.Deleted = true
	put(t, c, &pinned, &record.Archive{Vault: 2, ID: 16, Size: 100})
	end(t, c, archives[4].Key())
	page := func(after, upto uint64, limit int) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return ids(tx.Archives(1, after, upto, limit)) }
	}
	runLooks(t, c, []look{
		{"one", func(tx *Tx) (any, error) { return found(tx.Archive(1, 10)) }, archives[0]},
		{"one that is deleted and pinned", func(tx *Tx) (any, error) { return found(tx.Archive(1, 12)) }, pinned},
		{"one that is gone", func(tx *Tx) (any, error) { return found(tx.Archive(1, 14)) }, nil},
		{"one of another vault", func(tx *Tx) (any, error) { return found(tx.Archive(2, 10)) }, nil},
		{"all", page(0, math.MaxUint64, 100), []uint64{10, 11, 13, 15}},
		{"after one", page(10, 100, 100), []uint64{11, 13, 15}},
		{"up to one, itself included", page(0, 13, 100), []uint64{10, 11, 13}},
		{"a page", page(10, 100, 2), []uint64{11, 13}},
		{"an empty range", page(13, 13, 100), []uint64{}},
		{"figures", func(tx *Tx) (any, error) { return tx.Figures(1) }, Figures{4, 1 + 2 + 8 + 32, 8}},
		{"figures of another vault", func(tx *Tx) (any, error) { return tx.Figures(2) }, Figures{1, 100, 7}},
	})
	sound(t, c)
}

func TestUploads(t *testing.T) {
	c := open(t)
	upload := func(vault, id uint64, created, ended int64) *record.Upload {
		return &record.Upload{Vault: vault, ID: id, Created: created, Ended: ended, PartSize: 1 << 20}
	}
	part := func(upload, index uint64, received int64) *record.Part {
		return &record.Part{Upload: upload, Index: index, Received: received, Size: 1 << 20}
	}
	put(t, c,
		upload(1, 10, 100, 0),                                     // idle from its beginning
		upload(1, 11, 100, 0), part(11, 0, 150), part(11, 1, 190), // idle since its last part
		upload(2, 12, 100, 0), part(12, 3, 250), part(12, 7, 150), // given a part later
		upload(1, 13, 100, 150),                   // ended long ago
		upload(1, 14, 100, 250), part(14, 0, 110), // ended lately
		upload(1, 15, 250, 0),                                            // begun lately
		upload(1, 16, 200, 0), upload(1, 17, 100, 0), part(17, 100, 200), // at the instant itself
		upload(1, 18, 100, 200),
	)
	list := func(vault, from uint64, limit int) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return ids(tx.Uploads(vault, from, limit)) }
	}
	parts := func(upload, from uint64, limit int) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return ids(tx.Parts(upload, from, limit)) }
	}
	runLooks(t, c, []look{
		{"one", func(tx *Tx) (any, error) { return found(tx.Upload(1, 10)) }, *upload(1, 10, 100, 0)},
		{"one that has ended", func(tx *Tx) (any, error) { return found(tx.Upload(1, 13)) }, *upload(1, 13, 100, 150)},
		{"one of another vault", func(tx *Tx) (any, error) { return found(tx.Upload(1, 12)) }, nil},
		{"open ones", list(1, 0, 100), []uint64{10, 11, 15, 16, 17}},
		{"open ones from one on", list(1, 11, 2), []uint64{11, 15}},
		{"open ones from one that has ended", list(1, 13, 2), []uint64{15, 16}},
		{"stale ones", func(tx *Tx) (any, error) { return ids(tx.StaleUploads(200, 100)) }, []uint64{13, 10, 11}},
		{"a page of stale ones", func(tx *Tx) (any, error) { return ids(tx.StaleUploads(200, 2)) }, []uint64{13, 10}},
		{"one stale one", func(tx *Tx) (any, error) { return ids(tx.StaleUploads(200, 1)) }, []uint64{13}},
		{"a part", func(tx *Tx) (any, error) { return found(tx.Part(12, 7)) }, *part(12, 7, 150)},
		{"a part that is missing", func(tx *Tx) (any, error) { return found(tx.Part(12, 4)) }, nil},
		{"parts by index", parts(12, 0, 100), []uint64{3, 7}},
		{"parts from one on", parts(12, 7, 100), []uint64{7}},
		{"a page of parts", parts(11, 0, 1), []uint64{0}},
	})
}

func TestJobs(t *testing.T) {
	c := open(t)
	job := func(vault, id uint64, status string, expires int64, archive uint64) *record.Job {
		j := &record.Job{Vault: vault, ID: id, Status: status, Action: glacier.ActionInventoryRetrieval, Expires: expires, Archive: archive}
		if archive != 0 {
			j.Action = glacier.ActionArchiveRetrieval
		}
		return j
	}
	query := job(2, 17, glacier.InProgress, 0, 8)
	query.Action, query.Tier = glacier.ActionSelect, glacier.Standard
	put(t, c, query,
		&record.Vault{ID: 2, Account: alice, Name: "two"},
		job(1, 10, glacier.InProgress, 0, 5),
		job(1, 11, glacier.Succeeded, 300, 5),
		job(2, 12, glacier.InProgress, 0, 0),
		job(1, 13, glacier.Failed, 200, 0),
		job(1, 14, glacier.InProgress, 0, 6),
		job(2, 15, glacier.Succeeded, 100, 5),
		job(1, 16, glacier.Succeeded, 0, 0),
	)
	yes, no := true, false
	list := func(from uint64, f JobFilter, limit int) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return ids(tx.Jobs(1, from, f, limit)) }
	}
	pins := func(vault, archive uint64) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return tx.Pins(vault, archive) }
	}
	looks := []look{
		{"one", func(tx *Tx) (any, error) { return found(tx.Job(1, 13)) }, *job(1, 13, glacier.Failed, 200, 0)},
		{"one of another vault", func(tx *Tx) (any, error) { return found(tx.Job(1, 12)) }, nil},
		{"newest first", list(0, JobFilter{}, 100), []uint64{16, 14, 13, 11, 10}},
		{"from one on", list(13, JobFilter{}, 2), []uint64{13, 11}},
		{"from a number between", list(12, JobFilter{}, 100), []uint64{11, 10}},
		{"completed", list(0, JobFilter{Completed: &yes}, 100), []uint64{16, 13, 11}},
		{"not completed", list(0, JobFilter{Completed: &no}, 100), []uint64{14, 10}},
		{"by status", list(0, JobFilter{Status: glacier.Succeeded}, 100), []uint64{16, 11}},
		{"by status from one on", list(15, JobFilter{Status: glacier.Succeeded}, 100), []uint64{11}},
		{"by both", list(0, JobFilter{Status: glacier.Failed, Completed: &yes}, 100), []uint64{13}},
		{"by both in contradiction", list(0, JobFilter{Status: glacier.Failed, Completed: &no}, 100), []uint64{}},
		{"unfinished", func(tx *Tx) (any, error) { return ids(tx.UnfinishedJobs(0, 100)) }, []uint64{10, 12, 14, 17}},
		{"unfinished, a page", func(tx *Tx) (any, error) { return ids(tx.UnfinishedJobs(10, 1)) }, []uint64{12}},
		{"expired", func(tx *Tx) (any, error) { return ids(tx.ExpiredJobs(300, 100)) }, []uint64{15, 13}},
		{"expired, a page", func(tx *Tx) (any, error) { return ids(tx.ExpiredJobs(301, 1)) }, []uint64{15}},
		{"pins of a job in progress and one done", pins(1, 5), int64(2)},
		{"pins of an archive of that id elsewhere", pins(2, 5), int64(1)},
		{"pins of one", pins(1, 6), int64(1)},
		{"pins of a select job", pins(2, 8), int64(1)},
		{"bytes of a select job", func(tx *Tx) (any, error) { return tx.StandardBytes(alice) }, int64(0)},
		{"pins of none", pins(1, 7), int64(0)},
		{"no archive is not pinned", pins(1, 0), int64(0)},
	}
	runLooks(t, c, looks)
	end(t, c, job(1, 10, "", 0, 0).Key(), job(2, 15, "", 0, 0).Key())
	runLooks(t, c, []look{
		{"pins after a job's end", pins(1, 5), int64(1)},
		{"pins after another's", pins(2, 5), int64(0)},
		{"unfinished after a job's end", func(tx *Tx) (any, error) { return ids(tx.UnfinishedJobs(0, 100)) }, []uint64{12, 14, 17}},
	})
}

func TestLeftovers(t *testing.T) {
	c := open(t)
	for _, vault := range []uint64{1, 2, 3} {
		put(t, c,
			&record.Vault{ID: vault, Account: alice, Name: glacier.VaultName(fmt.Sprint("v", vault))},
			&record.Tags{Vault: vault},
			&record.Archive{Vault: vault, ID: vault + 10, Deleted: true},
			&record.Upload{Vault: vault, ID: vault + 20, Ended: 5},
			&record.Job{Vault: vault, ID: vault + 30},
		)
	}
	put(t, c, &record.Vault{ID: 4, Account: alice, Name: "v4"})
	vault := func(id uint64) record.Key { return record.Key{Kind: record.KindVault, A: id} }
	end(t, c, vault(3))
	end(t, c, vault(1), vault(4))
	keys := []record.Key{
		{Kind: record.KindTags, A: 1}, {Kind: record.KindArchive, A: 1, B: 11},
		{Kind: record.KindUpload, A: 1, B: 21}, {Kind: record.KindJob, A: 1, B: 31},
	}
	left := func(vault uint64, limit int) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return tx.Leftovers(vault, limit) }
	}
	orphans := func(limit int) func(tx *Tx) (any, error) {
		return func(tx *Tx) (any, error) { return tx.Orphans(limit) }
	}
	runLooks(t, c, []look{
		{"of a vault that is gone", left(1, 100), keys},
		{"a page", left(1, 2), keys[:2]},
		{"no limit", left(1, 0), []record.Key{}},
		{"of a vault that is there", left(2, 100), []record.Key{}},
		{"of a vault that left nothing", left(4, 100), []record.Key{}},
		{"orphans", orphans(10), []uint64{1, 3}},
		{"one orphan", orphans(1), []uint64{1}},
		{"no orphans", orphans(0), []uint64{}},
	})
	end(t, c, keys...)
	runLooks(t, c, []look{
		{"after the sweep", left(1, 100), []record.Key{}},
		{"orphans after the sweep", orphans(10), []uint64{3}},
	})
}

func TestPayloads(t *testing.T) {
	c := open(t)
	ctx := context.Background()
	payload := func(id uint64, lsn record.LSN, size int64) *record.Payload {
		return &record.Payload{ID: id, LSN: lsn, Size: size, Vault: 1}
	}
	put(t, c, payload(5, 1, 10))
	put(t, c, payload(6, 0, 1<<30)) // has a file
	put(t, c, payload(7, 3, 20))
	put(t, c, payload(8, 4, 40))
	end(t, c, record.PayloadKey(7))
	put(t, c, payload(8, 4, 41))
	runLooks(t, c, []look{
		{"one", func(tx *Tx) (any, error) { return found(tx.Payload(5)) }, *payload(5, 1, 10)},
		{"one that is gone", func(tx *Tx) (any, error) { return found(tx.Payload(7)) }, nil},
	})
	for _, row := range []struct {
		first, last record.LSN
		want        int64
	}{{0, math.MaxUint64, 51}, {1, 4, 51}, {1, 3, 10}, {2, 4, 41}, {2, 3, 0}} {
		if got, err := c.InlineBytes(ctx, row.first, row.last); got != row.want || err != nil {
			t.Errorf("inline bytes of %d to %d: %d, %v", row.first, row.last, got, err)
		}
	}
	all, err := c.Payloads(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "all", []record.Payload{*payload(5, 1, 10), *payload(6, 0, 1<<30), *payload(8, 4, 41)}, all)
	page, err := c.Payloads(ctx, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a page", all[1:2], page)
	for _, row := range []struct {
		name   string
		lsn    record.LSN
		id     uint64
		reason record.LSN
	}{
		{"newest", 6, 8, 0},
		{"older than a later image", 4, 8, 6},
		{"older than a tombstone", 3, 7, 5},
		{"the tombstone itself", 5, 7, 0},
		{"unknown", 1, 99, 0},
	} {
		reason, ok, err := c.Superseded(ctx, row.lsn, record.PayloadKey(row.id))
		if reason != row.reason || ok != (row.reason != 0) || err != nil {
			t.Errorf("%s: superseded by %d, %v, %v", row.name, reason, ok, err)
		}
	}
	foldNext(t, c, record.Record{Images: []record.Image{{Key: record.Key{Kind: future, A: 1, B: 2}, Body: []byte{0xf6}}}})
	if reason, ok, err := c.Superseded(ctx, 6, record.Key{Kind: future, A: 1, B: 2}); reason != 7 || !ok || err != nil {
		t.Errorf("unknown kind: %d, %v, %v", reason, ok, err)
	}
}

func TestPagesOfALargeVaultMeet(t *testing.T) {
	if testing.Short() {
		t.Skip("folds 100,000 archives")
	}
	const archives = 100_000
	c := open(t)
	entries := make([]record.Entry, 0, archives)
	for lsn := record.LSN(1); lsn <= archives; lsn++ {
		var r record.Record
		r.Put(&record.Archive{Vault: uint64(1 + lsn%2), ID: uint64(lsn), Size: 1})
		entries = append(entries, record.Entry{LSN: lsn, Images: r.Images})
	}
	if err := c.Fold(context.Background(), entries, Position{LSN: archives}); err != nil {
		t.Fatal(err)
	}
	want, after := uint64(2), uint64(0)
	for n := 1; n > 0; {
		view(t, c, func(tx *Tx) {
			page, err := tx.Archives(1, after, archives-10, 777)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page {
				if a.ID != want {
					t.Fatalf("archive %d follows %d", a.ID, after)
				}
				after = a.ID
				want += 2
			}
			n = len(page)
		})
	}
	if after != archives-10 {
		t.Errorf("the last archive is %d", after)
	}
	runLooks(t, c, []look{
		{"figures", func(tx *Tx) (any, error) { return tx.Figures(1) }, Figures{archives / 2, archives / 2, archives}},
	})
}

func TestLastPayloadKnowsThoseThatHaveEnded(t *testing.T) {
	c := open(t)
	last := func() (n uint64) {
		view(t, c, func(tx *Tx) {
			var err error
			if n, err = tx.LastPayload(); err != nil {
				t.Error(err)
			}
		})
		return n
	}
	put(t, c, &record.Payload{ID: 7, LSN: 1}, &record.Payload{ID: 9, LSN: 1}, &record.Part{Upload: 77})
	if n := last(); n != 9 {
		t.Errorf("it is %d, want 9", n)
	}
	end(t, c, record.PayloadKey(9))
	if n := last(); n != 9 {
		t.Errorf("it is %d after the end of 9", n)
	}
	put(t, c, &record.Payload{ID: 12, LSN: 3})
	if n := last(); n != 12 {
		t.Errorf("it is %d, want 12", n)
	}
}
