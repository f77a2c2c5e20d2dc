package server

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// inventory is the document that an inventory of the archives is to be, given
// the dates in it.
func inventory(format, arn, date string, list []*modelArchive) string {
	var b strings.Builder
	if format == "CSV" {
		b.WriteString("ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n")
		for _, a := range list {
			fmt.Fprintf(&b, "%s,\"%s\",%s,%d,%s\n", a.id, strings.ReplaceAll(a.note, `"`, `\"`), a.date, len(a.data), a.tree)
		}
		return b.String()
	}
	fmt.Fprintf(&b, `{"VaultARN":"%s","InventoryDate":"%s","ArchiveList":[`, arn, date)
	for i, a := range list {
		note := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(quoted(a.note))
		fmt.Fprintf(&b, `%s{"ArchiveId":"%s","ArchiveDescription":%s,"CreationDate":"%s","Size":%d,"SHA256TreeHash":"%s"}`,
			[]string{"", ","}[min(i, 1)], a.id, note, a.date, len(a.data), a.tree)
	}
	return b.String() + "]}"
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string has a form in JSON
	return string(b)
}

// compareState compares everything that can be asked for.
func (r *run) compareState() {
	r.compareVaultList()
	for _, v := range r.living() {
		r.compareVault(v)
		r.compareUploads(v)
		r.compareJobs(v)
		for _, format := range []string{"JSON", "CSV"} {
			r.initiate(v.name, fmt.Sprintf(`{"Type":"inventory-retrieval","Format":"%s"}`, format), r.m.takeInventory(v.name, format))
			r.compareInventory(r.m.jobs[len(r.m.jobs)-1])
		}
		r.comparePages(v)
		for _, a := range r.m.living(v) {
			r.initiate(v.name, fmt.Sprintf(`{"Type":"archive-retrieval","ArchiveId":"%s"}`, a.id), r.m.retrieve(v.name, a.id, 0, -1))
		}
	}
	for _, j := range r.m.jobs {
		if !j.vault.gone {
			r.await(j.vault.name, j.id)
			r.compareOutput(j)
		}
	}
}

// A vaultDocument is what DescribeVault says.
type vaultDocument struct {
	CreationDate                  string
	LastInventoryDate             *string
	NumberOfArchives, SizeInBytes int64
	VaultARN, VaultName           string
}

// compareVaultList pages through all vaults.
func (r *run) compareVaultList() {
	var got, want []string
	for _, v := range r.living() {
		want = append(want, v.name)
	}
	limit := 1 + r.rng.IntN(4)
	for marker, more := "", true; more; {
		var page struct {
			Marker    *string
			VaultList []vaultDocument
		}
		r.get(fmt.Sprintf("/-/vaults?limit=%d&marker=%s", limit, url.QueryEscape(marker)), &page)
		for _, d := range page.VaultList {
			got = append(got, d.VaultName)
			r.compareDescription(r.m.vaults[d.VaultName], d)
		}
		if more = page.Marker != nil; more {
			marker = *page.Marker
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("the list of vaults (-want +got):\n%s", diff)
	}
}

func (r *run) compareVault(v *modelVault) {
	var d vaultDocument
	r.get(vaultPath(v.name), &d)
	r.compareDescription(v, d)
	var tags struct{ Tags map[string]string }
	r.get(vaultPath(v.name, "tags"), &tags)
	if diff := cmp.Diff(v.tags, tags.Tags); diff != "" {
		r.t.Fatalf("tags of vault %s (-want +got):\n%s", v.name, diff)
	}
}

func (r *run) compareDescription(v *modelVault, got vaultDocument) {
	if v == nil {
		r.t.Fatalf("there is a vault %s, which should not be", got.VaultName)
	}
	if r.born[v] == "" {
		r.born[v] = got.CreationDate
	}
	if (got.LastInventoryDate != nil) != v.taken {
		r.t.Fatalf("vault %s: LastInventoryDate is %v; an inventory was taken: %v", v.name, got.LastInventoryDate, v.taken)
	}
	want := vaultDocument{CreationDate: r.born[v], LastInventoryDate: got.LastInventoryDate, VaultARN: arn(v.name), VaultName: v.name}
	want.NumberOfArchives, want.SizeInBytes = r.m.describe(v)
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("description of vault %s (-want +got):\n%s", v.name, diff)
	}
}

// compareUploads pages through a vault's open uploads, and the parts of each.
func (r *run) compareUploads(v *modelVault) {
	var want, got []string
	for _, u := range r.m.uploads {
		if u.vault == v && !u.ended {
			want = append(want, fmt.Sprintf("%s %q %d", u.id, u.note, u.size))
			r.compareParts(u)
		}
	}
	limit := 1 + r.rng.IntN(3)
	for marker, more := "", true; more; {
		var page struct {
			Marker      *string
			UploadsList []struct {
				ArchiveDescription *string
				MultipartUploadID  string `json:"MultipartUploadId"`
				PartSizeInBytes    int64
			}
		}
		r.get(vaultPath(v.name, fmt.Sprintf("multipart-uploads?limit=%d&marker=%s", limit, marker)), &page)
		for _, u := range page.UploadsList {
			note := ""
			if u.ArchiveDescription != nil {
				note = *u.ArchiveDescription
			}
			got = append(got, fmt.Sprintf("%s %q %d", u.MultipartUploadID, note, u.PartSizeInBytes))
		}
		if more = page.Marker != nil; more {
			marker = *page.Marker
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("open uploads of vault %s (-want +got):\n%s", v.name, diff)
	}
}

func (r *run) compareParts(u *modelUpload) {
	var want, got []string
	for n := range int64(10_000) {
		if data, ok := u.parts[n]; ok {
			want = append(want, fmt.Sprintf("%d-%d %s", n*u.size, n*u.size+int64(len(data))-1, naiveTree(data)))
		}
		if len(want) == len(u.parts) {
			break
		}
	}
	limit := 1 + r.rng.IntN(3)
	for marker, more := "", true; more; {
		var page struct {
			Marker *string
			Parts  []struct{ RangeInBytes, SHA256TreeHash string }
		}
		r.get(vaultPath(u.vault.name, "multipart-uploads", fmt.Sprintf("%s?limit=%d&marker=%s", u.id, limit, marker)), &page)
		for _, p := range page.Parts {
			got = append(got, p.RangeInBytes+" "+p.SHA256TreeHash)
		}
		if more = page.Marker != nil; more {
			marker = *page.Marker
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("parts of upload %s (-want +got):\n%s", u.id, diff)
	}
}

// compareJobs pages through a vault's jobs.
func (r *run) compareJobs(v *modelVault) {
	var want, got []string
	for _, j := range slices.Backward(r.m.jobs) {
		if j.vault == v {
			want = append(want, j.id)
		}
	}
	limit := 1 + r.rng.IntN(50)
	for marker, more := "", true; more; {
		var page struct {
			Marker  *string
			JobList []struct {
				JobID string `json:"JobId"`
			}
		}
		r.get(vaultPath(v.name, fmt.Sprintf("jobs?limit=%d&marker=%s", limit, marker)), &page)
		for _, j := range page.JobList {
			got = append(got, j.JobID)
		}
		if more = page.Marker != nil; more {
			marker = *page.Marker
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("jobs of vault %s (-want +got):\n%s", v.name, diff)
	}
}

// compareInventory waits for an inventory and compares it with what is in the
// vault now, byte for byte.
func (r *run) compareInventory(j *modelJob) {
	d := r.await(j.vault.name, j.id)
	got := r.output(j.vault.name, j.id, "")
	j.output = got.body
	if d.StatusCode != "Succeeded" || d.InventorySizeInBytes == nil || *d.InventorySizeInBytes != int64(len(got.body)) {
		r.t.Fatalf("inventory of vault %s: %+v, and the output has %d bytes", j.vault.name, d, len(got.body))
	}
	r.compareRows(j, r.m.living(j.vault))
}

// compareRows compares an inventory with the archives that should be in it.
// The dates in it are what only the service knows; once seen they stay.
func (r *run) compareRows(j *modelJob, list []*modelArchive) {
	dates, taken := r.readDates(j, len(list))
	for i, a := range list {
		if a.date == "" {
			a.date = dates[i]
		}
		if !a.imported && !within(a.date, r.began) {
			r.t.Fatalf("archive %s of vault %s is dated %q", a.id, j.vault.name, a.date)
		}
	}
	if want := inventory(j.format, arn(j.vault.name), taken, list); string(j.output) != want {
		r.t.Fatalf("inventory of vault %s, got\n%s\nwant\n%s", j.vault.name, j.output, want)
	}
}

// readDates reads the dates in an inventory of n archives.
func (r *run) readDates(j *modelJob, n int) (dates []string, taken string) {
	if j.format == "CSV" {
		for _, line := range strings.Split(strings.TrimSuffix(string(j.output), "\n"), "\n")[1:] {
			fields := strings.Split(line, ",")
			dates = append(dates, fields[max(0, len(fields)-3)])
		}
	} else {
		var doc struct {
			InventoryDate string
			ArchiveList   []struct{ CreationDate string }
		}
		if err := json.Unmarshal(j.output, &doc); err != nil || !within(doc.InventoryDate, r.began) {
			r.t.Fatalf("inventory of vault %s: %v, date %q:\n%s", j.vault.name, err, doc.InventoryDate, j.output)
		}
		taken = doc.InventoryDate
		for _, a := range doc.ArchiveList {
			dates = append(dates, a.CreationDate)
		}
	}
	if len(dates) != n {
		r.t.Fatalf("inventory of vault %s has %d rows, want %d:\n%s", j.vault.name, len(dates), n, j.output)
	}
	return dates, taken
}

// comparePages takes the inventory again, page by page, of the archives of a
// span of time.
func (r *run) comparePages(v *modelVault) {
	list := r.m.living(v)
	if len(list) == 0 {
		return
	}
	start, end := pick(r.rng, list).date, pick(r.rng, list).date
	if start > end {
		start, end = end, start
	}
	list = slices.DeleteFunc(list, func(a *modelArchive) bool { return a.date < start || a.date >= end })
	limit := 1 + len(list)/2
	for marker, more := "", true; more; {
		want := r.m.begun(&modelJob{vault: v, format: "JSON"})
		r.initiate(v.name, fmt.Sprintf(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"StartDate":"%s","EndDate":"%s","Limit":"%d","Marker":"%s"}}`,
			start, end, limit, marker), want)
		j := r.m.jobs[len(r.m.jobs)-1]
		d := r.await(v.name, j.id)
		j.output = r.output(v.name, j.id, "").body
		n := min(limit, len(list))
		r.compareRows(j, list[:n])
		list = list[n:]
		if more = d.InventoryRetrievalParameters.Marker != nil; more {
			marker = *d.InventoryRetrievalParameters.Marker
		}
	}
	if len(list) > 0 {
		r.t.Fatalf("inventory of vault %s in pages of %d ends %d archives early", v.name, limit, len(list))
	}
}

// compareOutput downloads what a complete job has, whole or a range of it.
func (r *run) compareOutput(j *modelJob) {
	size := len(j.output)
	first, last, span := 0, size-1, ""
	want := answer{status: 200, header: map[string]string{"Accept-Ranges": "bytes", "Content-Range": ""}}
	switch r.rng.IntN(8) {
	case 0, 1:
		first = r.rng.IntN(size)
		last = first + r.rng.IntN(size-first)
		span = spanOf(first, last)
	case 2, 3: // whole leaves, often aligned
		first = r.rng.IntN(size) >> 20 << 20
		last = min(first+1<<20<<r.rng.IntN(3), size) - 1
		span = spanOf(first, last)
	case 4: // the whole, and more
		span = spanOf(0, size+r.rng.IntN(100))
	case 5:
		span = fmt.Sprintf("bytes=%d-", size)
		want = refuse("InvalidParameterValueException", "The start of the range is larger than size of retrieved data: "+span)
	}
	if span != "" && want.status == 200 {
		want.status = 206
		want.header["Content-Range"] = fmt.Sprintf("bytes %d-%d/%d", first, last, size)
	}
	if want.status < 400 {
		want.body = string(j.output[first : last+1])
		want.header["Content-Length"] = fmt.Sprint(last - first + 1)
		r.outputHeader(j, first, last, want.header)
	}
	r.say("output of job %.20s, %q → %d", j.id, span, want.status)
	r.compare("output of job "+j.id+" "+span, r.output(j.vault.name, j.id, span), want)
}

// outputHeader sets what depends on the kind of the job.
func (r *run) outputHeader(j *modelJob, first, last int, header map[string]string) {
	header["x-amz-sha256-tree-hash"], header["x-amz-archive-description"] = "", ""
	switch {
	case j.archive != nil:
		header["Content-Type"] = "application/octet-stream"
		header["x-amz-archive-description"] = j.archive.note
		if nodeHash(j.archive.data, j.first, j.last) != "" {
			header["x-amz-sha256-tree-hash"] = nodeHash(j.output, first, last)
		}
	case j.format == "CSV":
		header["Content-Type"] = "text/csv"
	default:
		header["Content-Type"] = "application/json"
	}
}
