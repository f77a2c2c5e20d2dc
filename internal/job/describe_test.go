package job

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// TestDocuments compares descriptions byte for byte. In the bubble time begins
// with the year 2000.
func TestDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) {
			c.Delays = map[string]time.Duration{glacier.Standard: 4 * time.Hour}
			c.InventoryDelay = 3 * time.Hour
		})
		h.start()
		a := h.store(photos, "", pattern(3*mib), mib)
		hash := a.TreeHash.String()
		tail := `"VaultARN":"arn:aws:glacier:eu-west-1:111122223333:vaults/photos"}`
		archive := `{"Action":"ArchiveRetrieval","ArchiveId":"` + string(a.Public) + `","ArchiveSHA256TreeHash":"` + hash + `","ArchiveSizeInBytes":3145728,`
		const topic = `arn:aws:sns:eu-west-1:111122223333:jobs`

		whole := h.begin(retrieval(a, ``))
		part := h.begin(retrieval(a, `,"RetrievalByteRange":"1048576-3145727","Description":"\"middle\" of <it>","SNSTopic":"`+topic+`","Tier":"Standard"`))
		list := h.begin(`{"Type":"inventory-retrieval","Format":"CSV","Description":"nightly list","SNSTopic":"` + topic + `","Tier":"Bulk"}`)
		ranged := h.begin(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"StartDate":"20000101","EndDate":"2000-01-02T01:00:00.5+01:00","Limit":"007"}}`)

		running := func(id glacier.JobID) string {
			return `"CompletionDate":null,"CreationDate":"2000-01-01T00:00:00.000Z",`
		}
		for _, tt := range []struct {
			name, want string
			id         glacier.JobID
		}{
			{"whole archive, running", archive + `"Completed":false,` + running(whole) +
				`"InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":null,"JobId":"` + string(whole) +
				`","RetrievalByteRange":"0-3145727","SHA256TreeHash":"` + hash +
				`","SNSTopic":null,"StatusCode":"InProgress","StatusMessage":null,"Tier":"Standard",` + tail, whole},
			{"part that is not aligned, running", archive + `"Completed":false,` + running(part) +
				`"InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":"\"middle\" of <it>","JobId":"` + string(part) +
				`","RetrievalByteRange":"1048576-3145727","SHA256TreeHash":null,"SNSTopic":"` + topic +
				`","StatusCode":"InProgress","StatusMessage":null,"Tier":"Standard",` + tail, part},
			{"inventory, running", `{"Action":"InventoryRetrieval","ArchiveId":null,"ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,"Completed":false,` + running(list) +
				`"InventoryRetrievalParameters":{"EndDate":null,"Format":"CSV","Limit":null,"Marker":null,"StartDate":null},"InventorySizeInBytes":null,"JobDescription":"nightly list","JobId":"` + string(list) +
				`","RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":"` + topic +
				`","StatusCode":"InProgress","StatusMessage":null,"Tier":null,` + tail, list},
			{"ranged inventory, running", `{"Action":"InventoryRetrieval","ArchiveId":null,"ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,"Completed":false,` + running(ranged) +
				`"InventoryRetrievalParameters":{"EndDate":"2000-01-02T00:00:00Z","Format":"JSON","Limit":"7","Marker":null,"StartDate":"2000-01-01T00:00:00Z"},"InventorySizeInBytes":null,"JobDescription":null,"JobId":"` + string(ranged) +
				`","RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":null,"StatusCode":"InProgress","StatusMessage":null,"Tier":null,` + tail, ranged},
		} {
			h.compare(tt.name, tt.id, tt.want)
		}

		for _, id := range []glacier.JobID{whole, part, list, ranged} {
			h.await(id)
		}
		h.compare("whole archive, complete", whole, archive+
			`"Completed":true,"CompletionDate":"2000-01-01T04:00:00.000Z","CreationDate":"2000-01-01T00:00:00.000Z","InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":null,"JobId":"`+string(whole)+
			`","RetrievalByteRange":"0-3145727","SHA256TreeHash":"`+hash+
			`","SNSTopic":null,"StatusCode":"Succeeded","StatusMessage":"Succeeded","Tier":"Standard",`+tail)
		h.compare("inventory, complete", list, `{"Action":"InventoryRetrieval","ArchiveId":null,"ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,`+
			`"Completed":true,"CompletionDate":"2000-01-01T03:00:00.000Z","CreationDate":"2000-01-01T00:00:00.000Z","InventoryRetrievalParameters":{"EndDate":null,"Format":"CSV","Limit":null,"Marker":null,"StartDate":null},`+
			fmt.Sprintf(`"InventorySizeInBytes":%d,"JobDescription":"nightly list","JobId":"`, len(h.read(list)))+string(list)+
			`","RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":"`+topic+
			`","StatusCode":"Succeeded","StatusMessage":"Succeeded","Tier":null,`+tail)
	})
}

func (h *house) compare(name string, id glacier.JobID, want string) {
	h.t.Helper()
	d := h.describe(id)
	var b jsonBuffer
	if diff := cmp.Diff(want, b.encode(h.t, d)); diff != "" {
		h.t.Errorf("%s: %s", name, diff)
	}
}

// A jsonBuffer encodes as the wire does: compact, without escapes for HTML.
type jsonBuffer struct{ b []byte }

func (b *jsonBuffer) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	return len(p), nil
}

func (b *jsonBuffer) encode(t *testing.T, v any) string {
	t.Helper()
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return string(b.b[:len(b.b)-1])
}

func TestListJobsRefusals(t *testing.T) {
	h := newHouse(t)
	elsewhere, err := h.InitiateJob(t.Context(), owner, owner, other, parameters(t, `{"Type":"inventory-retrieval"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		q       Listing
		message string
	}{
		{"limit of zero", Listing{Limit: "0"}, "Invalid limit: 0"},
		{"negative limit", Listing{Limit: "-1"}, "Invalid limit: -1"},
		{"limit that is no number", Listing{Limit: "ten"}, "Invalid limit: ten"},
		{"unknown status", Listing{StatusCode: "Done"}, "The job status code is not valid: Done"},
		{"status in the wrong case", Listing{StatusCode: "succeeded"}, "The job status code is not valid: succeeded"},
		{"completed that is neither", Listing{Completed: "yes"}, "Invalid completed: yes"},
		{"completed in capitals", Listing{Completed: "TRUE"}, "Invalid completed: TRUE"},
		{"marker that was never given out", Listing{Marker: "nonsense"}, "Invalid marker: nonsense"},
		{"marker of another vault", Listing{Marker: string(elsewhere.ID)}, "Invalid marker: " + string(elsewhere.ID)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.ListJobs(t.Context(), owner, photos, tt.q)
			refused(t, err, glacier.InvalidParameterValue, tt.message)
		})
	}
}

// page lists jobs and returns their ids and the marker.
func (h *house) page(q Listing) (jobs []glacier.JobID, marker string) {
	h.t.Helper()
	list, err := h.ListJobs(h.t.Context(), owner, photos, q)
	if err != nil {
		h.t.Fatal(err)
	}
	if list.JobList == nil {
		h.t.Error("the list of no jobs is null")
	}
	for _, d := range list.JobList {
		jobs = append(jobs, d.JobID)
	}
	if list.Marker != nil {
		marker = *list.Marker
	}
	return jobs, marker
}

func TestListJobsFilters(t *testing.T) {
	h := newHouse(t)
	inventory := `{"Type":"inventory-retrieval"}`
	a := h.small(photos, "damaged")
	h.inline[a.Pieces[0].LSN][0] ^= 1
	bad := h.begin(retrieval(a, ""))
	good := h.begin(inventory)
	running := h.service()
	running.Start(t.Context())
	h.await(bad)
	h.await(good)
	running.Close()
	waiting := h.begin(inventory)

	for _, tt := range []struct {
		name string
		q    Listing
		want []glacier.JobID
	}{
		{"all, newest first", Listing{}, []glacier.JobID{waiting, good, bad}},
		{"in progress", Listing{StatusCode: "InProgress"}, []glacier.JobID{waiting}},
		{"succeeded", Listing{StatusCode: "Succeeded"}, []glacier.JobID{good}},
		{"failed", Listing{StatusCode: "Failed"}, []glacier.JobID{bad}},
		{"complete", Listing{Completed: "true"}, []glacier.JobID{good, bad}},
		{"not complete", Listing{Completed: "false"}, []glacier.JobID{waiting}},
		{"failed and complete", Listing{StatusCode: "Failed", Completed: "true"}, []glacier.JobID{bad}},
		{"failed and not complete", Listing{StatusCode: "Failed", Completed: "false"}, nil},
		{"limit", Listing{Limit: "2"}, []glacier.JobID{waiting, good}},
		{"limit beyond reason", Listing{Limit: "99999999999999999999"}, []glacier.JobID{waiting, good, bad}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := h.page(tt.q)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListJobsPages(t *testing.T) {
	h := newHouse(t)
	var want []glacier.JobID
	for range 103 {
		want = append(want, h.begin(`{"Type":"inventory-retrieval"}`))
	}
	slices.Reverse(want)

	var got []glacier.JobID
	page, marker := h.page(Listing{Limit: "1000"})
	if len(page) != 50 || marker != string(want[50]) {
		t.Errorf("page of %d jobs, marker %s, want 50 and the first job that is left, %s", len(page), marker, want[50])
	}
	got = append(got, page...)
	// Jobs come, and the one that the marker names goes.
	h.begin(`{"Type":"inventory-retrieval"}`)
	marked := h.job(want[50])
	h.update(func(*catalog.Tx) (r record.Record, err error) {
		r.Delete(marked.Key())
		return r, nil
	})
	want = slices.Delete(want, 50, 51)
	for marker != "" {
		page, marker = h.page(Listing{Marker: marker})
		got = append(got, page...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// job returns a job's record.
func (h *house) job(id glacier.JobID) record.Job {
	h.t.Helper()
	v := h.vault(photos)
	var j record.Job
	err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		j, err = h.find(tx, &v, id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return j
}
