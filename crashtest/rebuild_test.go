package crashtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/client"
)

// TestRebuiltCatalogGivesTheSameAnswers asks a server everything that can be
// asked without changing anything, and again after its catalog was removed
// and rebuilt from the data, by a rebuild after some that were killed: byte for byte the same, but for the date and the
// number of the request.
func TestRebuiltCatalogGivesTheSameAnswers(t *testing.T) {
	for name, end := range map[string]func(*process){"after an orderly end": (*process).end, "after kill -9": (*process).kill} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			// Bulk jobs stay unfinished; segments are many.
			flags := []string{"--segment-size", "262144", "--reserve", "1048576", "--bulk-delay", "10h"}
			p, a := start(t, data, flags...)
			s := populate(t, a)
			before := s.record(t, a)
			end(p)

			copied := filepath.Join(t.TempDir(), "copy")
			run(t, "cp", "-a", data, copied)
			if err := os.RemoveAll(filepath.Join(copied, "catalog")); err != nil {
				t.Fatal(err)
			}
			rng := newRand(t)
			for range 3 {
				breakOffRebuild(t, rng, copied)
			}
			run(t, binary, "rebuild", "--data", copied)
			for what, dir := range map[string]string{"the original, opened again": data, "the copy with a rebuilt catalog": copied} {
				p, a := start(t, dir, flags...)
				if diff := cmp.Diff(before, s.record(t, a)); diff != "" {
					t.Errorf("%s gives other answers (-before +now):\n%s", what, diff)
				}
				s.repeat(t, a)
				p.end()
				checkDeep(t, dir)
			}
		})
	}
}

// breakOffRebuild begins a rebuild and kills it.
func breakOffRebuild(t *testing.T, rng *rand.Rand, data string) {
	t.Helper()
	cmd := exec.Command(binary, "rebuild", "--data", data)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	after(rng, 0, 80*time.Millisecond)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	cmd.Wait() // killed or done: either will do
}

// A store of every kind of state, as far as its answers do not tell.
type populated struct {
	t                        *testing.T
	vaults                   []string
	completed, aborted       string // uploads of the first vault
	completedData            []byte
	deleted, madeOfCompleted string            // archives
	broughtData              []byte            // of an archive of alpha and beta
	sent                     map[string]string // archive of broughtData that was sent with a token to alpha and beta
}

// brought is the id that an archive had elsewhere.
const brought = "-BkfPJfvFsh2vsTjkmg3kbGbMtVyE0Aeg07mHHIeuzLWQNtLAqmQkbO"

// populate makes a store with every kind of state.
func populate(t *testing.T, a *api) *populated {
	t.Helper()
	s := &populated{t: t, vaults: []string{"alpha", "beta", "..", "empty"}}
	for _, v := range append(s.vaults, "deleted", "made-again") {
		s.ok(a.createVault(v))
	}
	s.ok(a.addTag("alpha", "owner", "archives+1@example.com"))
	s.ok(a.addTag("alpha", "gone", "x"))
	s.ok(second(a.do("POST", path("alpha", "tags?operation=remove"), nil, client.Bytes([]byte(`{"TagKeys":["gone"]}`)))))
	s.ok(a.addTag("beta", "only", "x"))
	s.ok(second(a.do("POST", path("beta", "tags?operation=remove"), nil, client.Bytes([]byte(`{"TagKeys":["only"]}`)))))

	seed := uint64(0)
	fresh := func(size int) []byte { seed++; return content{Seed: seed, Size: size}.bytes() }
	var ids []string
	for i, size := range []int{1, 70_000, 1 << 20, 1<<20 + 1, 3<<20 + 5, 200_000, 200_000, 200_000} {
		ids = append(ids, s.id(a.upload("alpha", fmt.Sprintf(`number %d, "so" \to say`, i), fresh(size))))
	}
	s.id(a.upload("beta", "b", fresh(2<<20)))
	s.id(a.upload("..", "dots", fresh(10)))
	s.broughtData = fresh(300_000)
	for _, v := range []string{"alpha", "beta"} {
		s.id(a.bring(v, "brought", brought, s.broughtData))
	}
	s.sent = map[string]string{}
	for _, v := range []string{"alpha", "beta"} {
		s.sent[v] = s.id(a.send(v, "sent", "token", s.broughtData))
	}
	unsent := s.id(a.send("alpha", "sent and read to the end", "pinned", fresh(200_000)))
	s.id(a.bring("alpha", "brought and read to the end", "-pinned", fresh(200_000)))

	s.uploads(a, fresh)

	// Jobs of each kind, of archives that stay and of such that go.
	s.deleted = ids[4]
	for _, parameters := range []string{
		`{"Type":"archive-retrieval","ArchiveId":"` + ids[4] + `","Description":"pinned"}`,
		`{"Type":"archive-retrieval","ArchiveId":"` + ids[4] + `","RetrievalByteRange":"1048576-3145727"}`,
		`{"Type":"archive-retrieval","ArchiveId":"` + ids[5] + `","Tier":"Expedited"}`,
		`{"Type":"archive-retrieval","ArchiveId":"` + s.madeOfCompleted + `"}`,
		`{"Type":"archive-retrieval","ArchiveId":"` + brought + `"}`,
		`{"Type":"archive-retrieval","ArchiveId":"-pinned"}`,
		`{"Type":"archive-retrieval","ArchiveId":"` + unsent + `"}`,
		`{"Type":"inventory-retrieval"}`,
		`{"Type":"inventory-retrieval","Format":"CSV","Description":"a list"}`,
		`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"2"}}`,
	} {
		job := s.id(a.initiate("alpha", parameters))
		s.ok(secondOf(a.output("alpha", job)))
	}
	s.id(a.initiate("alpha", `{"Type":"archive-retrieval","Tier":"Bulk","ArchiveId":"`+ids[1]+`"}`))
	s.id(a.initiate("alpha", `{"Type":"archive-retrieval","Tier":"Bulk","ArchiveId":"`+ids[6]+`"}`))
	for _, id := range []string{ids[4], ids[5], ids[6], ids[7], s.madeOfCompleted, "-pinned", unsent} {
		s.ok(a.delete("alpha", id))
	}
	// Vaults that are gone, one of them made again without what was in it.
	for _, v := range []string{"deleted", "made-again"} {
		id := s.id(a.upload(v, "x", fresh(100)))
		job := s.id(a.retrieve(v, id))
		s.ok(secondOf(a.output(v, job)))
		s.id(a.begin(v, "open"))
		s.ok(a.addTag(v, "a", "b"))
		s.ok(a.delete(v, id))
		s.ok(second(a.do("DELETE", path(v), nil, client.Body{})))
	}
	s.ok(a.createVault("made-again"))
	s.vaults = append(s.vaults, "deleted", "made-again")
	return s
}

// uploads leaves uploads in each state.
func (s *populated) uploads(a *api, fresh func(int) []byte) {
	open := s.id(a.begin("alpha", "open, with parts"))
	for _, n := range []int{2, 0, 1, 0} { // one of them twice
		s.ok(a.part("alpha", open, n, fresh(partSize)))
	}
	s.id(a.begin("alpha", "open, without parts"))
	s.id(a.begin("beta", "open"))

	one, two := fresh(partSize), fresh(10)
	s.completedData = slices.Concat(one, two)
	s.completed = s.id(a.begin("alpha", "completed"))
	s.ok(a.part("alpha", s.completed, 0, one))
	s.ok(a.part("alpha", s.completed, 1, two))
	s.madeOfCompleted = s.id(a.complete("alpha", s.completed, s.completedData))

	s.aborted = s.id(a.begin("alpha", "aborted"))
	s.ok(a.part("alpha", s.aborted, 0, one))
	s.ok(a.abort("alpha", s.aborted))
}

func second(_ http.Header, _ []byte, err error) error { return err }

func secondOf(_ []byte, err error) error { return err }

func (s *populated) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *populated) id(id string, err error) string {
	s.t.Helper()
	s.ok(err)
	return id
}

// repeat makes the calls that may be repeated, and change nothing then.
func (s *populated) repeat(t *testing.T, a *api) {
	t.Helper()
	if id, err := a.complete("alpha", s.completed, s.completedData); err != nil || id != s.madeOfCompleted {
		t.Errorf("Complete once more: %q, %v; it was %q", id, err, s.madeOfCompleted)
	}
	if err := a.abort("alpha", s.aborted); err != nil {
		t.Errorf("Abort once more: %v", err)
	}
	if err := a.abort("alpha", s.completed); status(err) != 404 {
		t.Errorf("Abort of a completed upload: %v", err)
	}
	if err := a.delete("alpha", s.deleted); err != nil {
		t.Errorf("Delete once more: %v", err)
	}
	for _, id := range []string{s.deleted, "-pinned"} {
		if _, err := a.retrieve("alpha", id); status(err) != 404 {
			t.Errorf("a retrieval of %s, which is deleted: %v", id, err)
		}
	}
	for v, was := range s.sent {
		if id, err := a.send(v, "sent", "token", s.broughtData); err != nil || id != was {
			t.Errorf("sent to %s once more: %q, %v; it was %q", v, id, err, was)
		}
		if _, err := a.send(v, "sent", "token", s.broughtData[1:]); status(err) != 400 {
			t.Errorf("another archive sent to %s with the token: %v", v, err)
		}
	}
	if id, err := a.send("alpha", "sent", "pinned", s.broughtData); err != nil || a.delete("alpha", id) != nil {
		t.Errorf("another archive sent with the token of what is deleted: %v", err)
	}
	for _, v := range []string{"alpha", "beta"} {
		if id, err := a.bring(v, "brought", brought, s.broughtData); err != nil || id != brought {
			t.Errorf("brought into %s once more: %q, %v", v, id, err)
		}
		if _, err := a.bring(v, "brought", brought, s.broughtData[1:]); status(err) != 400 {
			t.Errorf("another archive brought into %s under the id: %v", v, err)
		}
		job, err := a.retrieve(v, brought)
		if err != nil {
			t.Errorf("a retrieval of what was brought into %s: %v", v, err)
			continue
		}
		if got, err := a.output(v, job); err != nil || !bytes.Equal(got, s.broughtData) {
			t.Errorf("what was brought into %s is read as %d bytes, %v", v, len(got), err)
		}
	}
}

// record asks for everything, and returns the answers by what was asked.
func (s *populated) record(t *testing.T, a *api) map[string]string {
	t.Helper()
	r := &recorder{t: t, api: a, answers: map[string]string{}}
	for _, limit := range []string{"", "1", "3"} {
		r.pages("/-/vaults?limit=" + limit)
	}
	for _, v := range s.vaults {
		r.ask(path(v), "")
		r.ask(path(v, "tags"), "")
		for _, limit := range []string{"", "1"} {
			for _, u := range ids(r.pages(path(v, "multipart-uploads?limit="+limit)), "UploadsList", "MultipartUploadId") {
				r.pages(path(v, "multipart-uploads", u+"?limit="+limit))
			}
		}
		for _, query := range []string{"", "completed=false", "completed=true", "statuscode=InProgress", "statuscode=Succeeded", "statuscode=Failed", "limit=1", "limit=4"} {
			for _, j := range ids(r.pages(path(v, "jobs?"+query)), "JobList", "JobId") {
				r.ask(path(v, "jobs", j), "")
				for _, span := range []string{"", "bytes=0-0", "bytes=0-1048575", "bytes=1048576-", "bytes=5-70000", "bytes=-7", "nonsense"} {
					r.ask(path(v, "jobs", j, "output"), span)
				}
			}
		}
	}
	for _, u := range []string{s.completed, s.aborted} {
		r.ask(path("alpha", "multipart-uploads", u), "")
	}
	if len(r.answers) < 100 {
		t.Fatalf("only %d answers: %q", len(r.answers), slices.Sorted(maps.Keys(r.answers)))
	}
	return r.answers
}

// A recorder keeps answers.
type recorder struct {
	t       *testing.T
	api     *api
	answers map[string]string
}

// ask keeps the answer to a GET, and returns its body.
func (r *recorder) ask(path, span string) []byte {
	r.t.Helper()
	var h http.Header
	if span != "" {
		h = http.Header{"Range": {span}}
	}
	header, body, err := r.api.do("GET", path, h, client.Body{})
	var refusal *client.Error
	switch {
	case errors.As(err, &refusal) && refusal.Refusal != nil:
		r.answers[path+" "+span] = fmt.Sprintf("%d %v", refusal.Status, refusal.Refusal)
		return nil
	case err != nil:
		r.t.Fatalf("GET %s: %v", path, err)
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if name != "Date" && name != "X-Amzn-Requestid" {
			fmt.Fprintf(&text, "%s: %s\n", name, header.Get(name))
		}
	}
	if len(body) > 10_000 {
		fmt.Fprintf(&text, "\n%d bytes, %s", len(body), treeOf(body))
	} else {
		fmt.Fprintf(&text, "\n%q", body)
	}
	r.answers[path+" "+span] = text.String()
	return body
}

// pages asks for a list, page by page, and returns the pages.
func (r *recorder) pages(path string) (pages [][]byte) {
	r.t.Helper()
	for marker := ""; ; {
		body := r.ask(path+marker, "")
		if body == nil {
			return pages
		}
		pages = append(pages, body)
		var page struct{ Marker *string }
		if err := json.Unmarshal(body, &page); err != nil {
			r.t.Fatalf("GET %s: %v", path, err)
		}
		if page.Marker == nil {
			return pages
		}
		marker = "&marker=" + *page.Marker
	}
}

// ids are a member of all elements of the lists on the pages.
func ids(pages [][]byte, list, member string) (all []string) {
	for _, body := range pages {
		var page map[string]json.RawMessage
		var elements []map[string]any
		if json.Unmarshal(body, &page) != nil || json.Unmarshal(page[list], &elements) != nil {
			continue
		}
		for _, e := range elements {
			all = append(all, e[member].(string))
		}
	}
	return all
}
