package job

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// inventory returns the descriptions in an inventory as JSON, and its date.
func (h *house) inventory(id glacier.JobID) (descriptions []string, date string) {
	h.t.Helper()
	var doc struct {
		VaultARN      string
		InventoryDate string
		ArchiveList   []struct{ ArchiveDescription string }
	}
	if err := json.Unmarshal(h.read(id), &doc); err != nil {
		h.t.Fatal(err)
	}
	if doc.VaultARN != string(arn) {
		h.t.Errorf("inventory of %s", doc.VaultARN)
	}
	for _, a := range doc.ArchiveList {
		descriptions = append(descriptions, a.ArchiveDescription)
	}
	return descriptions, doc.InventoryDate
}

func (h *house) same(what string, want, got any) {
	h.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("%s: %s", what, diff)
	}
}

// TestInventoryFormats compares whole outputs, of a bubble in which time begins
// with the year 2000.
func TestInventoryFormats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.start()
		list := func(format string) string {
			id, d := h.run(`{"Type":"inventory-retrieval","Format":"` + format + `"}`)
			text := string(h.read(id))
			if *d.InventorySizeInBytes != int64(len(text)) || d.InventoryRetrievalParameters.Marker != nil {
				t.Errorf("described as %d bytes, marker %v", *d.InventorySizeInBytes, d.InventoryRetrievalParameters.Marker)
			}
			return text
		}
		head := `{"VaultARN":"` + string(arn) + `","InventoryDate":"2000-01-01T00:00:0`
		h.same("JSON of an empty vault", head+`0Z","ArchiveList":[]}`, list("JSON"))
		h.same("CSV of an empty vault", "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n", list("CSV"))

		a := h.store(photos, `say "hi" \o/`, []byte("hello"), mib)
		h.small(other, "of another vault")
		time.Sleep(2500 * time.Millisecond) // of the bubble
		b := h.store(photos, ``, pattern(3*mib), mib)
		h.same("JSON", head+`2Z","ArchiveList":[`+
			`{"ArchiveId":"`+string(a.Public)+`","ArchiveDescription":"say \"hi\" \\o/","CreationDate":"2000-01-01T00:00:00Z","Size":5,"SHA256TreeHash":"`+a.TreeHash.String()+`"},`+
			`{"ArchiveId":"`+string(b.Public)+`","ArchiveDescription":"","CreationDate":"2000-01-01T00:00:02Z","Size":3145728,"SHA256TreeHash":"`+b.TreeHash.String()+`"}]}`,
			list("JSON"))
		h.same("CSV", "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n"+
			string(a.Public)+`,"say \"hi\" \o/",2000-01-01T00:00:00Z,5,`+a.TreeHash.String()+"\n"+
			string(b.Public)+`,"",2000-01-01T00:00:02Z,3145728,`+b.TreeHash.String()+"\n",
			list("CSV"))
	})
}

func TestInventoryDates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.start()
		for i := range 5 { // at 00:00:00.5, 01.5, …
			time.Sleep(500 * time.Millisecond) // of the bubble
			h.small(photos, fmt.Sprint(i))
			time.Sleep(500 * time.Millisecond)
		}
		h.store(photos, "sharp", []byte("x"), mib) // at 00:00:05.000
		for _, tt := range []struct{ name, start, end, want string }{
			{"start", `"2000-01-01T00:00:03Z"`, `null`, "3 4 sharp"},
			{"start on an archive", `"2000-01-01T00:00:05Z"`, `null`, "sharp"},
			{"end", `null`, `"2000-01-01T00:00:02Z"`, "0 1"},
			{"end on an archive", `null`, `"2000-01-01T00:00:05Z"`, "0 1 2 3 4"},
			{"both", `"2000-01-01T00:00:01Z"`, `"2000-01-01T00:00:03Z"`, "1 2"},
			{"fractions before archives", `"2000-01-01T00:00:01.4Z"`, `"2000-01-01T00:00:03.4Z"`, "1 2"},
			{"fractions on archives", `"2000-01-01T00:00:01.5Z"`, `"2000-01-01T00:00:03.5Z"`, "1 2"},
			{"fractions behind archives", `"2000-01-01T00:00:01.501Z"`, `"2000-01-01T00:00:03.501Z"`, "2 3"},
			{"nothing before", `null`, `"1999-12-31"`, ""},
			{"nothing after", `"2000-01-02"`, `null`, ""},
			{"end before start", `"2000-01-01T00:00:03Z"`, `"2000-01-01T00:00:01Z"`, ""},
		} {
			id, d := h.run(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"StartDate":` + tt.start + `,"EndDate":` + tt.end + `}}`)
			got, _ := h.inventory(id)
			h.same(tt.name, tt.want, strings.Join(got, " "))
			if d.InventoryRetrievalParameters.Marker != nil {
				t.Errorf("%s: there is a marker", tt.name)
			}
		}
		// A job that an older version began has dates without a fraction.
		old := h.job(h.begin(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"StartDate":"2000-01-01T00:00:04Z"}}`))
		old.StartDate = "2000-01-01T00:00:04Z"
		l, err := h.newListing(&old)
		if err != nil || l.start != time.Date(2000, 1, 1, 0, 0, 4, 0, time.UTC).UnixMilli() {
			t.Errorf("%+v, %v", l, err)
		}
		// A limit counts what is listed, not what is looked at.
		id, d := h.run(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"StartDate":"2000-01-01T00:00:01Z","EndDate":"2000-01-01T00:00:03Z","Limit":"2"}}`)
		got, _ := h.inventory(id)
		h.same("dates and limit", []string{"1", "2"}, got)
		if d.InventoryRetrievalParameters.Marker != nil {
			t.Error("a marker, and nothing behind it")
		}
	})
}

// TestInventoryPages takes pages while archives come and go.
func TestInventoryPages(t *testing.T) {
	h := newHouse(t)
	h.start()
	var archives []record.Archive
	add := func() { archives = append(archives, h.small(photos, fmt.Sprint(len(archives)))) }
	for range 10 {
		add()
	}
	page := func(marker *string) (got []string, next *string) {
		more := ""
		if marker != nil {
			more = `,"Marker":"` + *marker + `"`
		}
		id, d := h.run(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"4"` + more + `}}`)
		got, _ = h.inventory(id)
		next = d.InventoryRetrievalParameters.Marker
		if next != nil && len(*next) != 135 {
			t.Errorf("marker of %d characters", len(*next))
		}
		if *d.InventoryRetrievalParameters.Limit != "4" {
			t.Errorf("limit %s", *d.InventoryRetrievalParameters.Limit)
		}
		return got, next
	}
	first, marker := page(nil)
	h.same("first page", []string{"0", "1", "2", "3"}, first)
	// The last archive of the page goes, one of the next page too, and two
	// more come.
	h.delete(archives[3])
	h.delete(archives[5])
	add()
	add()
	second, next := page(marker)
	h.same("second page", []string{"4", "6", "7", "8"}, second)
	again, _ := page(marker)
	h.same("second page again", second, again)
	third, last := page(next)
	h.same("third page", []string{"9", "10", "11"}, third)
	if last != nil {
		t.Error("a marker after the last page")
	}
	// A page that is exactly full is the last one, too.
	add()
	full, last := page(next)
	h.same("full page", []string{"9", "10", "11", "12"}, full)
	if last != nil {
		t.Error("a marker after a full last page")
	}
	// A limit may be larger than any number of archives.
	const endless = "18446744073709551616"
	id, d := h.run(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":` + endless + `,"Marker":"` + *next + `"}}`)
	all, _ := h.inventory(id)
	h.same("page without an end", full, all)
	h.same("its limit", endless, *d.InventoryRetrievalParameters.Limit)
}

// TestInventoryWhileArchivesComeAndGo changes the vault between two looks of
// one job: what is behind the look is listed, what comes later is not.
func TestInventoryWhileArchivesComeAndGo(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Workers = 1 })
	var archives []record.Archive
	for i := range 3 * minRows {
		archives = append(archives, h.small(photos, fmt.Sprint(i)))
	}
	id := h.begin(`{"Type":"inventory-retrieval"}`)
	j := h.job(id)
	looks := 0
	h.viewing = func() {
		looks++
		if looks == 3 { // the first was for the vault, the second for minRows archives
			h.viewing = nil
			h.delete(archives[minRows-1]) // listed already
			h.delete(archives[minRows])   // not yet
			h.small(photos, "too late")
		}
	}
	if err := h.list(t.Context(), &j); err != nil {
		t.Fatal(err)
	}
	if looks != 3 {
		t.Fatalf("%d looks before the change", looks)
	}
	var want []string
	for i := range archives {
		if i != minRows {
			want = append(want, fmt.Sprint(i))
		}
	}
	got, _ := h.inventory(id)
	h.same("inventory", want, got)
	inv := h.vault(photos).Inventory
	if inv.Archives != int64(len(want)) || inv.Bytes != int64(len(strings.Join(want, ""))) {
		t.Errorf("figures %+v are not the rows'", inv)
	}
}

func TestPageSize(t *testing.T) {
	for _, tt := range []struct{ rows, pieces, want int }{
		{minRows, minRows, 2 * minRows},
		{600, 600, maxRows},
		{maxRows, maxRows, maxRows},
		{maxRows, maxPieces + 1, maxRows / 2},
		{maxRows, maxPieces, maxRows},
		{minRows, minRows * glacier.MaxParts, minRows},
	} {
		if got := nextPage(tt.rows, tt.pieces); got != tt.want {
			t.Errorf("after %d rows with %d pieces: %d, want %d", tt.rows, tt.pieces, got, tt.want)
		}
	}
}

// TestInventoryBecomesTheVaults checks which jobs renew a vault's figures in
// a service without an interval.
func TestInventoryBecomesTheVaults(t *testing.T) {
	h := newHouse(t)
	h.start()
	if inv := h.vault(photos).Inventory; inv.Taken() {
		t.Fatalf("%+v", inv)
	}
	h.small(photos, "one")
	h.small(photos, "three")
	for _, more := range []string{`"Limit":"5"`, `"StartDate":"2000-01-01"`, `"EndDate":"2100-01-01"`} {
		h.run(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{` + more + `}}`)
		if inv := h.vault(photos).Inventory; inv.Taken() {
			t.Errorf("an inventory with %s: %+v", more, inv)
		}
	}
	id, d := h.run(`{"Type":"inventory-retrieval"}`)
	inv := h.vault(photos).Inventory
	if inv.Archives != 2 || inv.Bytes != int64(len("one")+len("three")) || inv.Completed != d.CompletionDate.UnixMilli() {
		t.Errorf("%+v", inv)
	}
	if _, date := h.inventory(id); date != glacier.At(inv.Snapshot).Seconds() {
		t.Errorf("inventory of %s, snapshot of %s", date, glacier.At(inv.Snapshot))
	}
	var f catalog.Figures
	err := h.View(t.Context(), func(tx *catalog.Tx) (err error) {
		f, err = tx.Figures(h.vault(photos).ID)
		return err
	})
	if err != nil || f.LastWrite > inv.Head {
		t.Errorf("last write %d is behind the head %d, %v", f.LastWrite, inv.Head, err)
	}
}

// TestInventoryKeepsItsDate: without a write in between, inventories without an
// interval have one date.
func TestInventoryKeepsItsDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.start()
		const whole, part = `{"Type":"inventory-retrieval"}`, `{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"1"}}`
		date := func(parameters string) string {
			time.Sleep(time.Minute) // of the bubble
			id, _ := h.run(parameters)
			_, date := h.inventory(id)
			return strings.TrimPrefix(date, "2000-01-01T00:")
		}
		h.same("empty vault", "01:00Z", date(whole))
		h.same("empty vault again", "01:00Z", date(whole))
		a := h.small(photos, "a")
		h.same("after an upload, in part", "03:00Z", date(part))
		h.same("in part again", "04:00Z", date(part)) // it did not become the vault's
		h.same("whole", "05:00Z", date(whole))
		inv := h.vault(photos).Inventory
		h.same("whole again", "05:00Z", date(whole))
		h.same("then in part", "05:00Z", date(part))
		h.same("the vault's inventory", inv, h.vault(photos).Inventory)
		h.small(other, "of another vault")
		h.same("after a write elsewhere", "05:00Z", date(whole))
		h.delete(a)
		h.same("after a deletion", "09:00Z", date(whole))
		h.same("after a deletion again", "09:00Z", date(whole))
	})
}

// TestLaterInventoryStays has a job overtaken by another that has seen more.
func TestLaterInventoryStays(t *testing.T) {
	h := newHouse(t)
	h.small(photos, "one")
	slow, fast := h.job(h.begin(`{"Type":"inventory-retrieval"}`)), h.job(h.begin(`{"Type":"inventory-retrieval"}`))
	looks := 0
	h.viewing = func() {
		if looks++; looks == 2 { // the slow job has noted how far it will look
			h.viewing = nil
			h.small(photos, "two")
			if err := h.list(t.Context(), &fast); err != nil {
				t.Error(err)
			}
		}
	}
	if err := h.list(t.Context(), &slow); err != nil {
		t.Fatal(err)
	}
	got, _ := h.inventory(slow.Public)
	h.same("slow job", []string{"one"}, got)
	got, _ = h.inventory(fast.Public)
	h.same("fast job", []string{"one", "two"}, got)
	if inv := h.vault(photos).Inventory; inv.Archives != 2 {
		t.Errorf("the vault's inventory is %+v", inv)
	}
}

// interval makes a service take inventories every day; the test calls for them.
func interval(c *Config) { c.InventoryInterval = 24 * time.Hour }

func (h *house) takeInventories() record.Inventory {
	h.t.Helper()
	if err := h.TakeInventories(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return h.vault(photos).Inventory
}

func TestTakeInventories(t *testing.T) {
	h := newHouse(t, interval)
	const absent = "Inventory retrieval jobs for vault arn:aws:glacier:eu-west-1:111122223333:vaults/photos cannot be initiated yet, as Amazon Glacier has not yet generated an initial inventory for this vault."
	if inv := h.takeInventories(); inv.Taken() {
		t.Errorf("vault that was never written to: %+v", inv)
	}
	_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, `{"Type":"inventory-retrieval"}`))
	refused(t, err, glacier.ResourceNotFound, absent)

	a := h.small(photos, "first")
	first := h.takeInventories()
	if first.Archives != 1 || first.Bytes != 5 || first.Head < record.LSN(a.ID) {
		t.Errorf("first inventory: %+v", first)
	}
	if inv := h.vault(other).Inventory; inv.Taken() {
		t.Errorf("the other vault: %+v", inv)
	}

	h.small(photos, "second")
	h.advance(23 * time.Hour)
	h.same("within the interval", first, h.takeInventories())
	h.advance(2 * time.Hour)
	second := h.takeInventories()
	if second.Archives != 2 || second.Bytes != 11 || second.Snapshot-first.Snapshot < int64(25*time.Hour/time.Millisecond) {
		t.Errorf("second inventory: %+v", second)
	}
	h.advance(48 * time.Hour)
	h.same("nothing was written", second, h.takeInventories())
	h.begin(`{"Type":"inventory-retrieval"}`)
	h.same("a job is no write", second, h.takeInventories())
	h.delete(a)
	third := h.takeInventories()
	if third.Archives != 1 || third.Bytes != 6 {
		t.Errorf("third inventory: %+v", third)
	}
}

// TestInventoryAsOfTheLast checks that with an interval a job lists what was
// there at the vault's last inventory, and does not renew it.
func TestInventoryAsOfTheLast(t *testing.T) {
	h := newHouse(t, interval)
	h.small(photos, "first")
	inv := h.takeInventories()
	h.small(photos, "later")
	h.advance(time.Hour)
	id := h.begin(`{"Type":"inventory-retrieval"}`)
	j := h.job(id)
	if err := h.list(t.Context(), &j); err != nil {
		t.Fatal(err)
	}
	got, date := h.inventory(id)
	h.same("inventory", []string{"first"}, got)
	h.same("date", glacier.At(inv.Snapshot).Seconds(), date)
	h.same("the vault's inventory", inv, h.vault(photos).Inventory)
}

// TestInventoriesAreKept lets a started service take them: the first at its
// first look after the first upload.
func TestInventoriesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, interval)
		h.start()
		for range vaultPage { // more vaults than fit one look
			name := glacier.VaultName(fmt.Sprintf("v%d", len(h.memStore.log(0))))
			if err := h.vaults.CreateVault(t.Context(), owner, name); err != nil {
				t.Fatal(err)
			}
		}
		last := glacier.VaultName(fmt.Sprintf("v%d", len(h.memStore.log(0))-1))
		time.Sleep(90 * time.Minute) // of the bubble: one look
		h.small(photos, "a")
		h.small(last, "a")
		synctest.Wait()
		if inv := h.vault(photos).Inventory; inv.Taken() {
			t.Errorf("before the look: %+v", inv)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for _, name := range []glacier.VaultName{photos, last} {
			if inv := h.vault(name).Inventory; inv.Archives != 1 {
				t.Errorf("%s: %+v", name, inv)
			}
		}
		first := h.vault(photos).Inventory
		h.small(photos, "b")
		time.Sleep(22 * time.Hour)
		h.same("within the interval", first, h.vault(photos).Inventory)
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if inv := h.vault(photos).Inventory; inv.Archives != 2 {
			t.Errorf("after the interval: %+v", inv)
		}
	})
}

// TestLargeInventory has an output that does not fit a record.
func TestLargeInventory(t *testing.T) {
	h := newHouse(t)
	vault := h.vault(photos).ID
	const n = 4000
	h.update(func(tx *catalog.Tx) (r record.Record, err error) {
		for i := range uint64(n) {
			r.Put(&record.Archive{Vault: vault, ID: i + 1, Public: glacier.ArchiveID(strings.Repeat("a", 138)), Description: fmt.Sprint(i), Size: 1})
		}
		return r, nil
	})
	// The ids were made up; let the records come up with them.
	for len(h.memStore.log(0)) < n {
		h.update(func(*catalog.Tx) (r record.Record, err error) {
			r.Put(&record.Counter{Counter: 99})
			return r, nil
		})
	}
	h.start()
	id, d := h.run(`{"Type":"inventory-retrieval"}`)
	if j := h.job(id); j.OutputLSN != 0 || *d.InventorySizeInBytes < mib {
		t.Errorf("the output of %d bytes lies in record %d", *d.InventorySizeInBytes, j.OutputLSN)
	}
	got, _ := h.inventory(id)
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint(i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows, want %d in order", len(got), n)
	}
	h.same("figures", int64(n), h.vault(photos).Inventory.Archives)
}
