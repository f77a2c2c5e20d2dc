package crashtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

// The verbs of the client are killed here, and the server lives. Whatever a
// verb was about when it was killed, the same command, given until it comes to
// its end, has to come to what it would have come to undisturbed, and to send
// no part that the server has.

// A field is a server, a gate before it, and somebody with a folder.
type field struct {
	t    *testing.T
	api  *api
	gate *gate
	dir  string // all that is the client's
}

func newField(t *testing.T, vaults ...string) *field {
	t.Helper()
	_, a := start(t, filepath.Join(t.TempDir(), "data"))
	return fieldOf(t, a, vaults...)
}

func fieldOf(t *testing.T, a *api, vaults ...string) *field {
	t.Helper()
	for _, v := range vaults {
		if err := a.createVault(v); err != nil {
			t.Fatal(err)
		}
	}
	f := &field{t: t, api: a, gate: newGate(t, a.url), dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(f.dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	return f
}

// verb is a command of somebody who has nothing but it.
func (f *field) verb(args ...string) verb {
	return verb{dir: f.dir, args: args, env: []string{
		"HOME=" + f.dir, "TMPDIR=" + filepath.Join(f.dir, "tmp"), "PATH=" + os.Getenv("PATH"),
		"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey, "AWS_REGION=" + region, "AWS_EC2_METADATA_DISABLED=true",
	}}
}

// calm runs a command undisturbed.
func (f *field) calm(args ...string) (stdout string) {
	f.t.Helper()
	_, stdout, complaint := f.gate.run(f.verb(args...), moment{})
	if complaint != "" {
		f.t.Errorf("firn %s complains: %s", strings.Join(args, " "), complaint)
	}
	return stdout
}

// wild runs a command until it is done. Each test begins with other phases.
func (f *field) wild(first phase, args ...string) (kills int) {
	f.t.Helper()
	step := 2
	if long() {
		step = 1
	}
	kills, _ = f.gate.untilDone(f.verb(args...), first, step)
	if kills < 2 {
		f.t.Errorf("firn %s was killed %d times; this shows little", strings.Join(args, " "), kills)
	}
	return kills
}

// write makes a file of the folder.
func (f *field) write(name string, c content) {
	f.t.Helper()
	file := filepath.Join(f.dir, "folder", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file, c.bytes(), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// fewParts is a file's name, that fits into no description.
var fewParts = "large/" + strings.Repeat(strings.Repeat("few parts ", 20)+"/", 5) + "few parts"

// grow makes a folder: one file of many parts, one of a few, small ones, and an
// empty one.
func (f *field) grow() {
	f.write("large/many parts", content{1, 37<<20 + 17})
	f.write(fewParts, content{2, 33 << 20})
	for i := range 8 {
		f.write(fmt.Sprintf("small/%d.txt", i), content{uint64(10 + i), 1 << (2 * i)})
	}
	f.write("small/empty", content{})
}

// key makes a key, which opens what is sealed for the recipient that it returns.
func (f *field) key() (recipient string) {
	f.t.Helper()
	key, err := age.GenerateX25519Identity()
	if err == nil {
		err = os.WriteFile(filepath.Join(f.dir, "key.txt"), []byte(key.String()+"\n"), 0o600)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return key.Recipient().String()
}

// parted are the flags with which the large files have parts of a size that is
// worth a kill.
var parted = []string{"--part-size", "4M"}

// names are the names of a vault, with all that is the same whenever and in
// whichever archive they are stored.
func (f *field) names(vault string) (list []string) {
	f.t.Helper()
	for line := range strings.Lines(f.calm("ls", vault, "--versions", "--json")) {
		var l struct {
			Name, SHA256TreeHash, Modified string
			SizeInBytes                    int64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			f.t.Fatalf("%v: %s", err, line)
		}
		list = append(list, fmt.Sprintf("%s %d %s %s", l.Name, l.SizeInBytes, l.Modified, l.SHA256TreeHash))
	}
	return list
}

// sameNames fails the test unless two vaults have the same names, and as many
// archives of each size.
func (f *field) sameNames(calm, wild string, kills int) {
	f.t.Helper()
	if diff := cmp.Diff(f.names(calm), f.names(wild)); diff != "" {
		f.t.Errorf("the names of the two vaults (-undisturbed +killed):\n%s", diff)
	}
	sizes := func(vault string) (list []int) {
		rows, err := f.api.inventory(vault)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, r := range rows {
			list = append(list, r.Size)
		}
		slices.Sort(list)
		return list
	}
	if diff := cmp.Diff(sizes(calm), sizes(wild)); diff != "" {
		f.t.Errorf("after %d kills, the sizes of the archives (-undisturbed +killed):\n%s", kills, diff)
	}
	f.gate.oncePerPart()
}

// noUploads fails the test if an upload was begun that nobody has ended.
func (f *field) noUploads(vault string) {
	f.t.Helper()
	open, err := f.api.uploads(vault)
	if err != nil || len(open) > 0 {
		f.t.Errorf("%d uploads are left open, %v", len(open), err)
	}
}

// files are the files in a folder, by name, and their contents and times.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found[name] = fmt.Sprintf("%x %v", sha256.Sum256(data), info.ModTime().Unix())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPutKilled(t *testing.T) {
	for i, row := range []struct {
		name   string
		flags  []string
		sealed bool
	}{
		{"plain", nil, false},
		{"bundled", []string{"--bundle"}, false},
		{"one after the other", []string{"--parallel", "1"}, false},
		{"encrypted", []string{"--bundle"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t, "calm", "wild")
			f.grow()
			args, key := slices.Concat([]string{"put", "folder"}, parted, row.flags), []string(nil)
			if row.sealed {
				recipient := f.key()
				args, key = append(args, "--encrypt", recipient), []string{"--identity", "key.txt"}
			}
			f.calm(append(args, "calm")...)
			clear(f.gate.parts) // the other vault gets the same
			kills := f.wild(phase(i), append(args, "wild")...)
			f.sameNames("calm", "wild", kills)
			f.calm(slices.Concat([]string{"names", "rebuild", "wild"}, key)...)
			f.calm("sync", "--prefix", "folder", "folder", "wild")
			f.sameNames("calm", "wild", kills)
			f.noUploads("wild")
		})
	}
}

// TestBundlesKilled: of many bundles one is stored, and the client is killed before it
// knows, when it knows of the next two. In each there is room for the file behind
// those.
func TestBundlesKilled(t *testing.T) {
	for _, row := range []struct {
		name   string
		sealed bool
	}{{"plain", false}, {"encrypted", true}} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t, "calm", "wild")
			for i, kib := range []int{500, 400, 450, 450, 450, 500, 100, 700, 200, 500, 500} {
				f.write(fmt.Sprintf("%02d", i), content{uint64(i), kib << 10})
			}
			args := []string{"put", "folder", "--bundle", "--bundle-size", "1M", "--parallel", "2"}
			if row.sealed {
				args = append(args, "--encrypt", f.key())
			}
			f.calm(append(args, "calm")...)
			f.gate.first = &first{others: 3, stored: make(chan struct{})}
			killed, _, _ := f.gate.run(f.verb(append(args, "wild")...), moment{n: 1 << 20})
			f.gate.first = nil
			if !killed {
				t.Error("nothing was killed")
			}
			f.calm(append(args, "wild")...)
			f.sameNames("calm", "wild", 1)
		})
	}
}

func TestSyncKilled(t *testing.T) {
	f := newField(t, "calm", "wild")
	f.grow()
	args := append([]string{"sync", "--bundle", "--delete-removed", "--delete-replaced"}, parted...)
	f.calm(append(args, "folder", "calm")...)
	clear(f.gate.parts)
	kills := f.wild(inReply, append(args, "folder", "wild")...)
	f.sameNames("calm", "wild", kills)

	f.write("large/many parts", content{3, 34 << 20})
	f.write("small/3.txt", content{99, 1000})
	f.write("small/new", content{98, 100})
	for _, name := range []string{"small/1.txt", fewParts} {
		if err := os.Remove(filepath.Join(f.dir, "folder", name)); err != nil {
			t.Fatal(err)
		}
	}
	clear(f.gate.parts)
	f.calm(append(args, "folder", "calm")...)
	clear(f.gate.parts)
	kills += f.wild(unanswered, append(args, "folder", "wild")...)
	f.sameNames("calm", "wild", kills)
	f.noUploads("wild")
}

func TestGetKilled(t *testing.T) {
	for i, row := range []struct {
		name   string
		flags  []string
		sealed bool
	}{
		{"plain", nil, false},
		{"bundled", []string{"--bundle"}, false},
		{"encrypted", []string{"--bundle"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t, "v")
			f.grow()
			put, get := slices.Concat([]string{"put", "folder", "v"}, row.flags), []string{"get", "v", ".", "back"}
			if row.sealed {
				put, get = append(put, "--encrypt", f.key()), append(get, "--identity", "key.txt")
			}
			f.calm(put...)
			f.wild(phase(i)+inReply, get...)
			if diff := cmp.Diff(files(t, filepath.Join(f.dir, "folder")), files(t, filepath.Join(f.dir, "back", "folder"))); diff != "" {
				t.Errorf("what came back (-want +got):\n%s", diff)
			}
			if left := files(t, filepath.Join(f.dir, "back")); len(left) != len(files(t, filepath.Join(f.dir, "folder"))) {
				t.Errorf("something is left behind: %v", left)
			}
			f.oneJobPerArchive("v")
		})
	}
}

// oneJobPerArchive fails the test if a retrieval was begun, and paid for, twice.
func (f *field) oneJobPerArchive(vault string) {
	f.t.Helper()
	jobs := map[string]int{}
	for marker, more := "", true; more; {
		var page struct {
			Marker  *string
			JobList []struct {
				Action, RetrievalByteRange string
				ArchiveID                  string `json:"ArchiveId"`
			}
		}
		if err := f.api.get(path(vault, "jobs?marker="+marker), &page); err != nil {
			f.t.Fatal(err)
		}
		for _, j := range page.JobList {
			if j.Action == "ArchiveRetrieval" {
				jobs[j.ArchiveID+" "+j.RetrievalByteRange]++
			}
		}
		if more = page.Marker != nil; more {
			marker = *page.Marker
		}
	}
	for what, n := range jobs {
		if n > 1 {
			f.t.Errorf("%d jobs retrieve %s", n, what)
		}
	}
}

func TestEmptyKilled(t *testing.T) {
	f := newField(t, "v")
	for i := range 60 {
		if _, err := f.api.upload("v", fmt.Sprint(i), content{uint64(i), 100}.bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.api.begin("v", "unfinished"); err != nil {
		t.Fatal(err)
	}
	f.wild(inBody, "vault", "empty", "v", "--yes")
	rows, err := f.api.inventory("v")
	if err != nil || len(rows) > 0 {
		t.Errorf("%d archives are left, %v", len(rows), err)
	}
	f.noUploads("v")
	if left := files(t, f.dir); len(left) > 0 && !onlyNames(left) {
		t.Errorf("the client leaves behind: %v", left)
	}
}

// onlyNames reports whether files are catalogues, what SQLite has beside them,
// and locks.
func onlyNames(left map[string]string) bool {
	for name := range left {
		if !strings.Contains(name, ".db") && filepath.Base(name) != "lock" {
			return false
		}
	}
	return true
}

// TestStreamKilled: standard input is gone after a kill, and what was sent of it
// must not stay as an upload that nobody ends.
func TestStreamKilled(t *testing.T) {
	f := newField(t, "v")
	v := f.verb("put", "-", "v", "--as", "stream", "--part-size", "1M")
	v.stdin = func() *bytes.Reader { return bytes.NewReader(content{5, 5<<20 + 1}.bytes()) }
	f.gate.untilDone(v, unanswered, 2)
	names := f.names("v")
	if len(names) != 1 {
		t.Errorf("%d names, want 1: %q", len(names), names)
	}
	f.noUploads("v")
}

// TestMigrateKilled: a vault of one server moves into another's.
func TestMigrateKilled(t *testing.T) {
	for i, tt := range []struct {
		name, flag string
		ids        bool // stay the same
	}{
		{"with old ids", "--keep-ids", true},
		{"with new ids", "--new-ids", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to := newField(t, "old"), newField(t, "wild")
			from.grow()
			from.calm("put", "folder", "old")
			source := to.gate.before(from.api.url)
			kills := to.wild(phase(i), "migrate", "--from", "aws://"+region+"/old", "--from-endpoint-url", source, "--to", "wild", tt.flag, "--yes")
			to.gate.oncePerPart()
			from.oneJobPerArchive("old")
			want, err := from.api.inventory("old")
			if err != nil {
				t.Fatal(err)
			}
			got, err := to.api.inventory("wild")
			if err != nil {
				t.Fatal(err)
			}
			rows := func(rows []row) (list []string) {
				for _, r := range rows {
					if !tt.ids {
						r.ID = ""
					}
					list = append(list, fmt.Sprint(r))
				}
				slices.Sort(list)
				return list
			}
			if diff := cmp.Diff(rows(want), rows(got)); diff != "" {
				t.Errorf("after %d kills the vault has other archives (-want +got):\n%s", kills, diff)
			}
		})
	}
}

// TestServerKilledUnderVerbs: this time it is the server that is killed, and a
// verb has to go on by itself when there is one again.
func TestServerKilledUnderVerbs(t *testing.T) {
	rng := newRand(t)
	data := filepath.Join(t.TempDir(), "data")
	p, a := start(t, data)
	f := fieldOf(t, a, "calm", "wild")
	f.grow()
	args := append([]string{"put", "folder"}, parted...)
	f.calm(append(args, "calm")...)
	clear(f.gate.parts)

	kills := 0
	for _, args := range [][]string{append(args, "wild"), {"get", "wild", ".", "back"}} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.gate.run(f.verb(args...), moment{})
		}()
		for ended := false; !ended; {
			after(rng, 30*time.Millisecond, 150*time.Millisecond)
			select {
			case <-done:
				ended = true
			default:
				if kills%5 == 4 { // a verb gives up in the end, and has to get some rest
					<-done
					kills++
					continue
				}
				p.kill()
				kills++
				p = launch(t, data, "--listen", strings.TrimPrefix(a.url, "http://"))
				p.ready()
			}
		}
	}
	f.sameNames("calm", "wild", kills)
	if diff := cmp.Diff(files(t, filepath.Join(f.dir, "folder")), files(t, filepath.Join(f.dir, "back", "folder"))); diff != "" {
		t.Errorf("what came back (-want +got):\n%s", diff)
	}
}
