package job

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

func (h *house) sweep() {
	h.t.Helper()
	if err := h.Sweep(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// exists reports whether a job can be described. If not, its output must be
// refused the same way.
func (h *house) exists(id glacier.JobID) bool {
	h.t.Helper()
	if _, err := h.DescribeJob(h.t.Context(), owner, photos, id); err == nil {
		return true
	}
	_, err := h.Output(h.t.Context(), owner, photos, id)
	refused(h.t, err, glacier.ResourceNotFound, "The job ID was not found: "+string(id))
	return false
}

// kept reports whether all, or none, of an archive's payloads are kept.
func (h *house) kept(a record.Archive) bool {
	h.t.Helper()
	h.memStore.mu.Lock()
	defer h.memStore.mu.Unlock()
	n := 0
	for _, p := range a.Pieces {
		if !h.gone[p.Payload] {
			n++
		}
	}
	if n != 0 && n != len(a.Pieces) {
		h.t.Errorf("%d of %d payloads are kept", n, len(a.Pieces))
	}
	return n > 0
}

func TestPins(t *testing.T) {
	data := pattern(3*mib + 1)
	h := newHouse(t)
	a := h.store(photos, "", data, mib)

	// Deleted while the job is in progress.
	first := h.begin(retrieval(a, ""))
	h.delete(a)
	h.start()
	if d := h.await(first); d.StatusCode != glacier.Succeeded {
		t.Fatalf("%s", *d.StatusMessage)
	}
	h.sweep()
	for range 2 {
		if !bytes.Equal(h.read(first), data) {
			t.Error("the output differs")
		}
	}
	h.advance(24 * time.Hour)
	h.sweep()
	if !h.exists(first) || !bytes.Equal(h.read(first), data) {
		t.Error("the output is gone after 24 hours")
	}
	open := h.output(first)
	if !bytes.Equal(copied(t, open, 0, 9), data[:10]) {
		t.Error("the output differs")
	}
	h.advance(2 * time.Hour)
	if !h.exists(first) {
		t.Error("the job is gone without a record of it")
	}
	h.sweep()
	if h.exists(first) || h.kept(a) {
		t.Error("the job, or its archive, is still there")
	}
	if !bytes.Equal(copied(t, open, 0, 9), data[:10]) {
		t.Error("what was open is not what it was")
	}
}

func TestPinsOfSeveralJobs(t *testing.T) {
	h := newHouse(t)
	h.start()
	a := h.small(photos, "deleted after both jobs")
	b := h.small(photos, "never deleted")
	one, _ := h.run(retrieval(a, ""))
	keeps, _ := h.run(retrieval(b, ""))
	h.advance(20 * time.Hour)
	two, _ := h.run(retrieval(a, `,"Tier":"Bulk"`))
	three, _ := h.run(retrieval(a, `,"Tier":"Expedited"`))
	h.delete(a)
	h.advance(6 * time.Hour)
	h.sweep()
	if h.exists(one) || h.exists(keeps) || !h.exists(two) || !h.exists(three) {
		t.Error("the wrong jobs are there")
	}
	if !h.kept(a) || !h.kept(b) {
		t.Error("an archive is gone that is pinned or was never deleted")
	}
	if got := string(h.read(two)); got != "deleted after both jobs" {
		t.Errorf("output %q", got)
	}
	// The last two pins end in one record.
	h.advance(20 * time.Hour)
	before := len(h.memStore.log(0))
	h.sweep()
	if n := len(h.memStore.log(before)); n != 1 {
		t.Errorf("%d records", n)
	}
	if h.exists(two) || h.exists(three) || h.kept(a) || !h.kept(b) {
		t.Error("the wrong things are there")
	}
	if id, _ := h.run(retrieval(b, "")); string(h.read(id)) != "never deleted" {
		t.Error("the archive that was never deleted cannot be retrieved again")
	}
}

func TestSweepOfInventoriesAndFailures(t *testing.T) {
	h := newHouse(t)
	h.start()
	a := h.small(photos, "damaged")
	h.inline[a.Pieces[0].LSN][0] ^= 1
	failed := h.begin(retrieval(a, ""))
	h.await(failed)
	list, _ := h.run(`{"Type":"inventory-retrieval"}`)
	output := h.job(list).Output
	text := h.read(list)
	h.small(photos, "later")
	if !bytes.Equal(h.read(list), text) {
		t.Error("the output has changed")
	}
	h.Close()
	h.Service = h.service()
	waiting := h.begin(`{"Type":"inventory-retrieval"}`)
	h.advance(26 * time.Hour)
	h.sweep()
	if h.exists(failed) || h.exists(list) || !h.gone[output] {
		t.Error("a job, or the output of one, is still there")
	}
	if !h.exists(waiting) || !h.kept(a) {
		t.Error("a job in progress, or an archive, is gone")
	}
}

func TestOutputLife(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.OutputLife = time.Minute })
	h.start()
	id, _ := h.run(`{"Type":"inventory-retrieval"}`)
	h.advance(59 * time.Second)
	h.sweep()
	if !h.exists(id) {
		t.Error("gone too early")
	}
	h.advance(2 * time.Second)
	h.sweep()
	if h.exists(id) {
		t.Error("still there")
	}
}

// TestSweepInPortions ends many jobs, one with an archive of very many pieces.
func TestSweepInPortions(t *testing.T) {
	h := newHouse(t)
	vault := h.vault(photos).ID
	giant := record.Archive{Vault: vault, Size: 3000, Deleted: true}
	for i := range uint64(3000) {
		giant.Pieces = append(giant.Pieces, record.Piece{Payload: 10_000 + i, Size: 1})
	}
	giant = h.put(giant)
	h.update(func(tx *catalog.Tx) (r record.Record, err error) {
		for i := range uint64(700) {
			j := record.Job{Vault: vault, ID: uint64(tx.LSN())*1000 + i, Public: glacier.JobID(fmt.Sprint(i)), Status: glacier.Succeeded,
				Action: glacier.ActionInventoryRetrieval, Completed: 1, Expires: 2, Output: 1_000_000 + i}
			if i == 300 {
				j.Action, j.Output, j.Archive = glacier.ActionArchiveRetrieval, 0, giant.ID
			}
			r.Put(&j)
		}
		return r, nil
	})
	before := len(h.memStore.log(0))
	h.sweep()
	jobs, payloads, archives := 0, 0, 0
	for _, r := range h.memStore.log(before) {
		whole := false
		for _, im := range r.Images {
			switch {
			case !im.Tombstone():
				t.Errorf("image of %v", im.Key)
			case im.Key.Kind == record.KindJob:
				jobs++
			case im.Key.Kind == record.KindPayload:
				payloads++
			case im.Key.Kind == record.KindArchive:
				archives++
				whole = true
			}
		}
		if len(r.Images) > sweepKeys && !whole {
			t.Errorf("a record of %d keys", len(r.Images))
		}
	}
	if jobs != 700 || payloads != 699+3000 || archives != 1 {
		t.Errorf("%d jobs, %d payloads and %d archives ended", jobs, payloads, archives)
	}
}

// TestManyPinsOfOneArchive ends, in two records, more jobs than one record may
// have, all with the same deleted archive. It goes with the last of them, once.
func TestManyPinsOfOneArchive(t *testing.T) {
	const jobs = sweepJobs + 50
	h := newHouse(t)
	a := h.store(photos, "", pattern(2*mib), mib)
	vault := h.vault(photos).ID
	h.update(func(tx *catalog.Tx) (r record.Record, err error) {
		for i := range uint64(jobs) {
			r.Put(&record.Job{Vault: vault, ID: uint64(tx.LSN())*1000 + i, Public: glacier.JobID(fmt.Sprint(i)), Status: glacier.Succeeded,
				Action: glacier.ActionArchiveRetrieval, Completed: 1, Expires: 2, Archive: a.ID})
		}
		return r, nil
	})
	h.delete(a)
	before := len(h.memStore.log(0))
	h.sweep()
	records := h.memStore.log(before)
	if len(records) != 2 || len(records[0].Images) != sweepJobs || len(records[1].Images) != jobs-sweepJobs+3 {
		t.Errorf("%d records", len(records))
	}
	if h.kept(a) {
		t.Error("the archive is still there")
	}
}
