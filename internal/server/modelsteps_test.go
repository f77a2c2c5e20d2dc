package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/client"
	"firn/treehash"
)

func pick[T any](rng *rand.Rand, list []T) (one T) {
	if len(list) > 0 {
		one = list[rng.IntN(len(list))]
	}
	return one
}

// chance is true once in n times.
func (r *run) chance(n int) bool { return r.rng.IntN(n) == 0 }

var names = []string{"a", "photos", "..", ".", "Vault-3_x"}

// vault names a vault, now and then one that does not exist.
func (r *run) vault() string {
	if r.chance(25) {
		return "nowhere"
	}
	return pick(r.rng, names)
}

// home is the vault of something, or now and then another.
func (r *run) home(v *modelVault) string {
	if v == nil || r.chance(15) {
		return r.vault()
	}
	return v.name
}

var notes = []string{"", "holiday 2019", `a "quoted" word`, `back\slash\"`, "x,y;z<&>'", "~", strings.Repeat("n", 1024)}

// bytes makes a body: mostly small, sometimes around the size at which a
// payload gets a file of its own, sometimes of several leaves.
func (r *run) bytes() []byte {
	const leaf = treehash.LeafSize
	n := 1 + r.rng.IntN(20_000)
	switch r.rng.IntN(12) {
	case 0:
		n = leaf - 1 + r.rng.IntN(3)
	case 1:
		n = leaf + r.rng.IntN(4*leaf)
	case 2:
		n = 1 + r.rng.IntN(leaf)
	}
	return r.noise(n)
}

func (r *run) noise(n int) []byte {
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(r.rng.Uint32())
	}
	b := make([]byte, n)
	rand.NewChaCha8(seed).Read(b) // never fails
	return b
}

// hashes of data, one of them wrong now and then.
func (r *run) hashes(data []byte) (linear treehash.Hash, tree string) {
	linear, tree = sha256.Sum256(data), naiveTree(data)
	switch r.rng.IntN(24) {
	case 0:
		linear[5] ^= 1
	case 1:
		tree = naiveTree(append([]byte("x"), data...))
	}
	return linear, tree
}

func (r *run) createVault() {
	name := r.vault()
	if name == "nowhere" {
		name = "bad name"
	}
	r.try(client.Request{Method: "PUT", Path: vaultPath(name)}, r.m.createVault(name))
}

func (r *run) deleteVault() {
	name := r.vault()
	r.try(client.Request{Method: "DELETE", Path: vaultPath(name)}, r.m.deleteVault(name))
}

func (r *run) changeTags() {
	name := r.vault()
	if r.chance(3) {
		keys := []string{fmt.Sprint("key ", r.rng.IntN(60)), "not there"}
		body, _ := json.Marshal(glacier.TagKeys{TagKeys: keys})
		r.try(client.Request{Method: "POST", Path: vaultPath(name, "tags?operation=remove"), Body: client.Bytes(body)}, r.m.removeTags(name, keys))
		return
	}
	tags := map[string]string{}
	for range r.rng.IntN(12) {
		tags[fmt.Sprint("key ", r.rng.IntN(60))] = fmt.Sprint(r.rng.IntN(100))
	}
	body, _ := json.Marshal(glacier.Tags{Tags: tags})
	r.try(client.Request{Method: "POST", Path: vaultPath(name, "tags?operation=add"), Body: client.Bytes(body)}, r.m.addTags(name, tags))
}

func (r *run) uploadArchive() {
	name, note, token, data := r.vault(), pick(r.rng, notes), "", r.bytes()
	if r.chance(3) {
		token = fmt.Sprint("t-", r.rng.IntN(3))
	}
	if sent := r.m.sent(r.m.vaults[name], token); sent != nil && !r.chance(4) { // once more
		note, data = sent.note, sent.data
	}
	if r.chance(40) {
		data = nil
	}
	linear, tree := r.hashes(data)
	header := http.Header{"X-Amz-Sha256-Tree-Hash": {tree}}
	if r.chance(40) {
		header, tree = http.Header{}, ""
	}
	if note != "" {
		header.Set("x-amz-archive-description", note)
	}
	if token != "" {
		header.Set("x-firn-upload-token", token)
	}
	r.try(client.Request{
		Method: "POST", Path: vaultPath(name, "archives"), Header: header, Body: r.stream(data, linear),
	}, r.m.uploadArchive(name, note, token, data, linear.String(), tree))
}

// foreign are ids that other services gave out.
var foreign = []string{"-", "0f", "-BkfPJfvFsh2vsTjkmg3kbGbMtVyE0Aeg07mHHIeuzLWQNtLAqmQkbO", "a_b-c"}

// importArchive imports an archive under one of a few ids, so that they meet, or
// under one that was given out for the vault; often the one that is there again.
func (r *run) importArchive() {
	name, note, data, id := r.vault(), pick(r.rng, notes), r.bytes(), pick(r.rng, foreign)
	if a := pick(r.rng, r.m.archives); a != nil && r.chance(3) && r.m.vaults[a.vault.name] == a.vault {
		name, id = a.vault.name, a.id
	}
	if v := r.m.vaults[name]; v != nil {
		if a := r.m.livingAs(v, id); a != nil && r.chance(2) {
			data = a.data
		}
	}
	date := fmt.Sprintf("2014-03-%02dT17:03:43Z", 1+r.rng.IntN(28))
	linear, tree := r.hashes(data)
	header := http.Header{
		"X-Amz-Sha256-Tree-Hash": {tree}, "X-Firn-Archive-Id": {id}, "X-Firn-Creation-Date": {date},
	}
	if note != "" {
		header.Set("x-amz-archive-description", note)
	}
	r.try(client.Request{
		Method: "POST", Path: vaultPath(name, "archives"), Header: header, Body: r.stream(data, linear),
	}, r.m.importArchive(name, id, date, note, data, linear.String(), tree))
}

func (r *run) stream(data []byte, linear treehash.Hash) client.Body {
	return client.Stream(strings.NewReader(string(data)), int64(len(data)), linear)
}

// archiveID names an archive that was made once, or none at all.
func (r *run) archiveID() (a *modelArchive, vault, id string) {
	if len(r.m.archives) == 0 || r.chance(25) {
		return nil, r.vault(), strings.Repeat("x", 138)
	}
	a = pick(r.rng, r.m.archives)
	return a, r.home(a.vault), a.id
}

func (r *run) deleteArchive() {
	_, name, id := r.archiveID()
	r.try(client.Request{Method: "DELETE", Path: vaultPath(name, "archives", id)}, r.m.deleteArchive(name, id))
}

func (r *run) initiateUpload() {
	name, note, size := r.vault(), pick(r.rng, notes), int64(1<<20)<<r.rng.IntN(2)
	if r.chance(6) {
		size = pick(r.rng, []int64{0, 1, 1 << 19, 3 << 20, 1 << 33})
	}
	header := http.Header{"X-Amz-Part-Size": {fmt.Sprint(size)}}
	if note != "" {
		header.Set("x-amz-archive-description", note)
	}
	r.try(client.Request{Method: "POST", Path: vaultPath(name, "multipart-uploads"), Header: header}, r.m.initiateUpload(name, note, size))
}

// uploadID names an upload: mostly one of the last few, which may be open.
func (r *run) uploadID() (u *modelUpload, vault, id string) {
	if len(r.m.uploads) == 0 || r.chance(25) {
		return nil, r.vault(), strings.Repeat("y", 92)
	}
	recent := r.m.uploads[max(0, len(r.m.uploads)-3):]
	if r.chance(5) {
		recent = r.m.uploads
	}
	u = pick(r.rng, recent)
	return u, r.home(u.vault), u.id
}

func (r *run) uploadPart() {
	u, name, id := r.uploadID()
	size := int64(1 << 20)
	number := int64(r.rng.IntN(3))
	if u != nil {
		size, number = u.size, int64(r.rng.IntN(len(u.parts)+1)) // the next one, or one again
	}
	data, first := r.noise(int(size)), number*size
	switch r.rng.IntN(20) {
	case 0:
		first += 512
	case 1:
		data = r.noise(int(size) + 1)
	case 2:
		first = 10_000 * size
	case 3, 4, 5, 6:
		data = data[:1+r.rng.IntN(int(size))]
	}
	linear, tree := r.hashes(data)
	header := http.Header{"X-Amz-Sha256-Tree-Hash": {tree}, "Content-Range": {contentRange(first, data)}}
	r.try(client.Request{
		Method: "PUT", Path: vaultPath(name, "multipart-uploads", id), Header: header, Body: r.stream(data, linear),
	}, r.m.uploadPart(name, id, first, data, linear.String(), tree))
}

func (r *run) completeUpload() {
	u, name, id := r.uploadID()
	total, tree := "1", strings.Repeat("0", 64)
	if u != nil {
		data, _ := u.join()
		if u.archive != nil {
			data = u.archive.data
		}
		total, tree = fmt.Sprint(max(len(data), 1)), naiveTree(data)
		switch r.rng.IntN(8) {
		case 0:
			total += "0"
		case 1:
			tree = naiveTree(append([]byte("x"), data...))
		}
	}
	header := http.Header{"X-Amz-Sha256-Tree-Hash": {tree}, "X-Amz-Archive-Size": {total}}
	r.try(client.Request{Method: "POST", Path: vaultPath(name, "multipart-uploads", id), Header: header}, r.m.completeUpload(name, id, total, tree))
}

func (r *run) abortUpload() {
	_, name, id := r.uploadID()
	r.try(client.Request{Method: "DELETE", Path: vaultPath(name, "multipart-uploads", id)}, r.m.abortUpload(name, id))
}

func (r *run) initiate(name, parameters string, want answer) {
	r.say("%s", parameters)
	r.try(client.Request{Method: "POST", Path: vaultPath(name, "jobs"), Body: client.Bytes([]byte(parameters))}, want)
}

func (r *run) initiateRetrieval() {
	a, name, id := r.archiveID()
	first, last, span := 0, -1, ""
	if a != nil && r.chance(2) {
		leaves := (len(a.data) + treehash.LeafSize - 1) / treehash.LeafSize
		first = r.rng.IntN(leaves) * treehash.LeafSize
		last = min(first+(1+r.rng.IntN(leaves))*treehash.LeafSize, len(a.data)) - 1
		switch r.rng.IntN(10) {
		case 0:
			first++
		case 1:
			last++
		}
		span = fmt.Sprintf(`,"RetrievalByteRange":"%d-%d"`, first, last)
	}
	tier := pick(r.rng, []string{"", `,"Tier":"Bulk"`, `,"Tier":"Expedited"`})
	r.initiate(name, fmt.Sprintf(`{"Type":"archive-retrieval","ArchiveId":"%s"%s%s}`, id, span, tier), r.m.retrieve(name, id, first, last))
}

// initiateInventory also waits for it, since what it finds depends on when it
// is taken; sometimes for longer than the server lives.
func (r *run) initiateInventory() {
	name, format := r.vault(), pick(r.rng, []string{"JSON", "CSV", "JSON", "CSV", "XML"})
	r.initiate(name, fmt.Sprintf(`{"Type":"inventory-retrieval","Format":"%s"}`, format), r.m.takeInventory(name, format))
	if r.m.vaults[name] == nil || format == "XML" {
		return
	}
	if r.chance(4) {
		r.reopen()
	}
	r.compareInventory(r.m.jobs[len(r.m.jobs)-1])
}

func (r *run) initiateWrongly() {
	for body, want := range map[string]answer{
		"":                   refuse(glacier.MissingParameterValue, "Required parameter missing: Job Parameters"),
		"{}":                 refuse(glacier.MissingParameterValue, "Required parameter missing: type"),
		`{"Type":`:           refuse(glacier.Serialization, ""),
		`{"Type":"select"}`:  refuse(glacier.MissingParameterValue, "Required parameter missing: archiveId"),
		`{"Type":"deep fry"`: refuse(glacier.Serialization, ""),
		`{"Type":"inventory-retrieval","ArchiveId":"x"}`: refuse(glacier.InvalidParameterValue, ""),
	} {
		r.initiate(pick(r.rng, names), body, want)
	}
}

// readOutput asks for some of a job's output, of any job there ever was.
func (r *run) readOutput() {
	j := pick(r.rng, r.m.jobs)
	if j == nil {
		return
	}
	if r.m.vaults[j.vault.name] != j.vault {
		want := noVault(j.vault.name)
		if r.m.vaults[j.vault.name] != nil {
			want = refuse(glacier.ResourceNotFound, "The job ID was not found: "+j.id)
		}
		r.try(client.Request{Method: "GET", Path: vaultPath(j.vault.name, "jobs", j.id, "output")}, want)
		return
	}
	r.await(j.vault.name, j.id)
	r.compareOutput(j)
}

// keepHouse does now what the server does by itself every minute.
func (r *run) keepHouse() {
	r.say("compaction and sweeps")
	ctx := context.Background()
	if err := errors.Join(r.srv.store.Compact(ctx), r.srv.vaults.Sweep(ctx), r.srv.jobs.Sweep(ctx)); err != nil {
		r.t.Fatalf("housekeeping: %v", err)
	}
}

func (r *run) reopen() {
	forget := r.chance(3)
	r.say("restart, without the catalog: %v", forget)
	r.restart(forget)
}

// look compares something that is not the last step's.
func (r *run) look() {
	name := r.vault()
	v := r.m.vaults[name]
	if v == nil {
		for _, path := range []string{"", "/tags", "/jobs", "/multipart-uploads", "/jobs/x/output", "/multipart-uploads/x"} {
			r.try(client.Request{Method: "GET", Path: vaultPath(name) + path}, noVault(name))
		}
		return
	}
	r.say("look at vault %s", name)
	r.compareVault(v)
	r.compareUploads(v)
	r.compareJobs(v)
}
