package retrieve_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/names"
)

// list has the server list some jobs.
func (b *bench) list(jobs ...glacier.JobDescription) {
	b.answer = func(r *http.Request) (int, string) {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/jobs") {
			return 0, ""
		}
		document, err := json.Marshal(glacier.JobList{JobList: jobs})
		must(b.t, err)
		return 200, string(document)
	}
}

// TestAdopt: what others have begun is not begun again, if it is of use.
func TestAdopt(t *testing.T) {
	pointer := func(s string) *string { return &s }
	for name, row := range map[string]struct {
		change   func(d *glacier.JobDescription)
		n, begun int // adopted, and of those, of the range that is wanted
	}{
		"by another program":     {func(*glacier.JobDescription) {}, 1, 1},
		"by another catalogue":   {func(d *glacier.JobDescription) { d.JobDescription = pointer("firn get T") }, 1, 1},
		"faster":                 {func(d *glacier.JobDescription) { d.Tier = pointer(glacier.Expedited) }, 1, 1},
		"slower":                 {func(d *glacier.JobDescription) { d.Tier = pointer(glacier.Bulk) }, 0, 0},
		"slower, and complete":   {func(d *glacier.JobDescription) { d.Tier, d.Completed = pointer(glacier.Bulk), true }, 1, 1},
		"a range":                {func(d *glacier.JobDescription) { d.RetrievalByteRange = pointer("0-1048575") }, 1, 0},
		"another's range":        {func(d *glacier.JobDescription) { d.RetrievalByteRange = pointer("1048576-2097151") }, 1, 0},
		"a range that is none":   {func(d *glacier.JobDescription) { d.RetrievalByteRange = pointer("-") }, 0, 0},
		"its size, but no range": {func(d *glacier.JobDescription) { d.RetrievalByteRange = nil }, 1, 1},
		"no size, and no range":  {func(d *glacier.JobDescription) { d.RetrievalByteRange, d.ArchiveSizeInBytes = nil, nil }, 0, 0},
		"of nothing":             {func(d *glacier.JobDescription) { d.RetrievalByteRange, *d.ArchiveSizeInBytes = nil, 0 }, 0, 0},
		"failed":                 {func(d *glacier.JobDescription) { d.Completed, d.StatusCode = true, glacier.Failed }, 0, 0},
		"a query":                {func(d *glacier.JobDescription) { d.Action = glacier.ActionSelect }, 0, 0},
		"an inventory":           {func(d *glacier.JobDescription) { d.Action, d.ArchiveID = glacier.ActionInventoryRetrieval, nil }, 0, 0},
		"known":                  {func(d *glacier.JobDescription) { d.JobID = "known" }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			f := b.put("a", noise(3<<20))
			must(t, b.Names.SetRetrieval(t.Context(), names.Retrieval{Token: "K", Job: "known", Archive: f.Archive, First: 7, Last: 8, Begun: b.now}))
			d := glacier.JobDescription{
				JobID: "J", Action: glacier.ActionArchiveRetrieval, ArchiveID: &f.Archive, ArchiveSizeInBytes: &f.Size, Tier: pointer(glacier.Standard),
				RetrievalByteRange: pointer(fmt.Sprintf("0-%d", f.Size-1)), StatusCode: glacier.InProgress, CreationDate: glacier.At(b.now.UnixMilli()),
			}
			row.change(&d)
			b.list(d)
			for _, want := range []int{row.n, 0} {
				n, err := b.Adopt(t.Context())
				if must(t, err); n != want {
					t.Errorf("%d adopted, want %d", n, want)
				}
			}
			estimate, err := b.Estimate(t.Context(), b.orders())
			if must(t, err); estimate.Begun != int64(row.begun) || estimate.Jobs != int64(1-row.begun) {
				t.Errorf("%+v", estimate)
			}
		})
	}
}

// TestAdoptThousands: all are known afterwards, and none twice.
func TestAdoptThousands(t *testing.T) {
	const many = 2500
	b := newBench(t)
	size := int64(7)
	var jobs []glacier.JobDescription
	for i := range many {
		id := glacier.ArchiveID(fmt.Sprint("A", i))
		jobs = append(jobs, glacier.JobDescription{
			JobID: glacier.JobID(fmt.Sprint("J", i)), Action: glacier.ActionArchiveRetrieval, ArchiveID: &id, ArchiveSizeInBytes: &size,
		})
	}
	b.list(jobs...)
	n, err := b.Adopt(t.Context())
	must(t, err)
	known := map[glacier.JobID]bool{}
	for k, err := range b.Names.AllRetrievals(t.Context()) {
		must(t, err)
		known[k.Job] = true
	}
	if n != many || len(known) != many {
		t.Errorf("%d adopted, %d known", n, len(known))
	}
}

// TestAdoptedComesToNothing: a job that was adopted and has failed, or is gone, is the next time begun anew.
func TestAdoptedComesToNothing(t *testing.T) {
	for name, row := range map[string]struct {
		status   int
		document string
		failed   []string
	}{
		"gone":   {404, refusal(glacier.ResourceNotFound), nil},
		"failed": {200, `{"JobId":"J","Completed":true,"StatusCode":"Failed"}`, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			f := b.put("a", noise(1000))
			b.list(glacier.JobDescription{
				JobID: "J", Action: glacier.ActionArchiveRetrieval, ArchiveID: &f.Archive, ArchiveSizeInBytes: &f.Size, CreationDate: glacier.At(b.now.UnixMilli()),
			})
			_, err := b.Adopt(t.Context())
			must(t, err)
			b.answer = func(r *http.Request) (int, string) {
				if ofJob(r) == "J" {
					return row.status, row.document
				}
				return 0, ""
			}
			must(t, b.Retrieve(t.Context(), b.orders()))
			if diff := cmp.Diff(row.failed, b.failed()); diff != "" {
				t.Error(diff)
			}
			must(t, b.Retrieve(t.Context(), b.orders()))
			if b.is("a", noise(1000)); b.begun() != 1 {
				t.Errorf("%d jobs begun", b.begun())
			}
		})
	}
}
