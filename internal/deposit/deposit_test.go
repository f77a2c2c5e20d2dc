package deposit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/bundle"
	"firn/internal/client"
	"firn/internal/deposit"
	"firn/internal/files"
	"firn/internal/label"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/internal/sigv4"
	"firn/internal/transfer"
	"firn/treehash"
)

// A bench is a vault with its catalogue, and a folder.
type bench struct {
	*deposit.Depositor
	t   *testing.T
	dir string

	mu     sync.Mutex
	parts  map[string]int             // that the server has got, by their range: how often
	refuse func(r *http.Request) bool // by breaking the connection
	// loseReplies has requests reach the server, and breaks the connection then. With
	// unavailable somebody else replies, in the words of the API.
	loseReplies, unavailable bool
	outcomes                 map[string]deposit.Outcome
}

// RoundTrip implements http.RoundTripper.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	refuse := b.refuse != nil && b.refuse(r)
	b.mu.Unlock()
	if refuse {
		return nil, errors.New("connection reset")
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && b.loseReplies {
		resp.Body.Close()
		if b.unavailable {
			body := io.NopCloser(strings.NewReader(`{"code":"ServiceUnavailableException","type":"Server","message":"later"}`))
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: body, Request: r}, nil
		}
		return nil, errors.New("connection reset")
	}
	if err == nil && isPart(r) {
		b.mu.Lock()
		b.parts[r.Header.Get("Content-Range")]++
		b.mu.Unlock()
	}
	return resp, err
}

func isPart(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/multipart-uploads/")
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), parts: map[string]int{}, outcomes: map[string]deposit.Outcome{}}
	server := firntest.Start(t)
	c, err := client.New(client.Config{
		Endpoint: server.URL, Region: server.Region, HTTP: &http.Client{Transport: b},
		Key: sigv4.Credentials{AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey},
	})
	must(t, err)
	rest := func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
	v := remote.New(remote.Config{Client: c, Retry: remote.Retry{Attempts: 2, Sleep: rest}}).Vault("v")
	must(t, v.Create(t.Context()))
	n, err := names.Open(t.Context(), filepath.Join(t.TempDir(), "v.db"))
	must(t, err)
	t.Cleanup(func() { n.Close() })
	b.Depositor = &deposit.Depositor{
		Uploader: &transfer.Uploader{Vault: v, Work: n, Slots: transfer.NewSlots(2), Single: 1 << 20, PartSize: 1 << 20},
		Names:    n, Parallel: 2, Spool: t.TempDir(),
		Done: func(o deposit.Outcome) { b.outcomes[o.Name] = o },
	}
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// file makes a file and returns the item for it.
func (b *bench) file(name string, data []byte) deposit.Item {
	b.t.Helper()
	file := filepath.Join(b.dir, treehash.Sum([]byte(name)).String())
	must(b.t, os.WriteFile(file, data, 0o600))
	f, err := files.Stat(file)
	must(b.t, err)
	return deposit.Item{Name: name, File: f}
}

func items(all ...deposit.Item) iter.Seq2[deposit.Item, error] {
	return func(yield func(deposit.Item, error) bool) {
		for _, it := range all {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// known is what the catalogue says of a name; it fails unless it is there.
func (b *bench) known(name string) (names.File, names.Archive) {
	b.t.Helper()
	f, ok, err := b.Names.Latest(b.t.Context(), name)
	must(b.t, err)
	if !ok {
		b.t.Fatalf("%q has no name", name)
	}
	a, _, err := b.Names.Archive(b.t.Context(), f.Archive)
	must(b.t, err)
	return f, a
}

// content is an archive as the server has it.
func (b *bench) content(id glacier.ArchiveID) []byte {
	b.t.Helper()
	ctx := b.t.Context()
	kind, archive := glacier.ArchiveRetrieval, string(id)
	job, err := b.Uploader.Vault.StartJob(ctx, glacier.JobParameters{Type: &kind, ArchiveID: &archive})
	must(b.t, err)
	for d := (glacier.JobDescription{}); !d.Completed; {
		d, err = b.Uploader.Vault.Job(ctx, job)
		must(b.t, err)
	}
	out, err := b.Uploader.Vault.Output(ctx, job, 0, -1)
	must(b.t, err)
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	must(b.t, err)
	return data
}

// TestWhatBecomesOfFiles: which archive a file goes into.
func TestWhatBecomesOfFiles(t *testing.T) {
	long := strings.Repeat("long/", 300) + "name"
	for name, row := range map[string]struct {
		name   string
		data   []byte
		bundle bool
	}{
		"a small file":                       {"a", []byte("a"), false},
		"a file of several parts":            {"b", bytes.Repeat([]byte("b"), 5<<19), false},
		"an empty file":                      {"c", nil, true},
		"a name too long for a description":  {long, []byte("d"), true},
		"a name that is not ASCII":           {"ü/日本.txt", []byte("e"), false},
		"a long name that is not ASCII":      {strings.Repeat("日", 400), []byte("f"), true},
		"a name that looks like a directory": {"g/.firn-index.jsonl", []byte("g"), false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			must(t, b.Deposit(t.Context(), items(b.file(row.name, row.data))))
			if o := b.outcomes[row.name]; o.Err != nil {
				t.Fatal(o.Err)
			}
			f, a := b.known(row.name)
			if a.Bundle != row.bundle || f.Size != int64(len(row.data)) {
				t.Errorf("known as %+v in %+v", f, a)
			}
			if got := b.content(a.ID)[f.Offset:][:f.Size]; !bytes.Equal(got, row.data) {
				t.Errorf("the archive has %d other bytes", len(got))
			}
		})
	}
}

// TestLostReplies: an archive whose reply is lost is not there twice, neither when
// the request is repeated nor when another process comes back to it; unless it is
// to be.
func TestLostReplies(t *testing.T) {
	b := newBench(t)
	key, err := age.GenerateX25519Identity()
	must(t, err)
	for _, name := range []string{"plain", "sealed", "bundled", "sealed, bundled"} {
		if strings.Contains(name, "sealed") {
			must(t, b.Recipients.Add(key.Recipient().String()))
		}
		b.Bundles = bundle.Limits{}
		if strings.Contains(name, "bundled") {
			b.Bundles = bundle.Limits{Below: 1 << 20, Size: 1 << 20}
		}
		it := b.file(name, []byte(name))
		all := items(it, b.file(name+" 2", []byte("two")))
		b.loseReplies = true
		if err := b.Deposit(t.Context(), all); err == nil {
			t.Fatal("no reply was lost")
		}
		b.loseReplies = false
		must(t, b.Deposit(t.Context(), all))
		_, known := b.known(name)
		if got := b.content(known.ID); len(got) < len(name) {
			t.Errorf("%s has %d bytes", name, len(got))
		}
		b.Recipients = seal.Recipients{}
	}
	d, err := b.Uploader.Vault.Describe(t.Context())
	if must(t, err); d.NumberOfArchives != 6 {
		t.Errorf("%d archives, want 6", d.NumberOfArchives)
	}
	for u := range b.Names.Uploads(t.Context()) {
		t.Errorf("the seal of %s is still known", u.Key)
	}
	b.Again, b.Bundles = true, bundle.Limits{}
	must(t, b.Deposit(t.Context(), items(b.file("plain", []byte("plain")))))
	if d, err = b.Uploader.Vault.Describe(t.Context()); err != nil || d.NumberOfArchives != 7 {
		t.Errorf("%d archives, %v", d.NumberOfArchives, err)
	}
}

// TestBundlesAreCutAgain: a bundle whose reply was lost is made again of the same files, although those that followed them
// are stored by now and what comes next would have room in it. So it is not there twice, sealed or not.
func TestBundlesAreCutAgain(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	for kind, sealed := range map[string]bool{"plain": false, "sealed": true} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			b.Bundles = bundle.Limits{Below: 1 << 20, Size: 300 << 10}
			if sealed {
				must(t, b.Recipients.Add(key.Recipient().String()))
			}
			kib := func(name string, n int) deposit.Item { return b.file(name, bytes.Repeat([]byte(name), n<<10)) }
			before, one, two, after := kib("before", 1), kib("one", 30), kib("two", 30), kib("zafter", 1)
			b.loseReplies = true
			if err := b.Deposit(t.Context(), items(one, two)); err == nil {
				t.Fatal("no reply was lost")
			}
			b.loseReplies = false
			must(t, b.Deposit(t.Context(), items(kib("other", 2), kib("others", 2))))
			must(t, b.Deposit(t.Context(), items(before, one, two, after)))
			d, err := b.Uploader.Vault.Describe(t.Context())
			if must(t, err); d.NumberOfArchives != 4 {
				t.Errorf("%d archives, want 4: a bundle, another, and two files", d.NumberOfArchives)
			}
			_, first := b.known("one")
			_, second := b.known("two")
			if !first.Bundle || first.ID != second.ID {
				t.Errorf("one is in %v, two in %v", first.ID, second.ID)
			}
			b.nothingLeft()
		})
	}
}

// TestBundleIsAnotherByNow: what is remembered of a bundle whose files have changed is forgotten when they are stored.
func TestBundleIsAnotherByNow(t *testing.T) {
	b := newBench(t)
	b.Bundles = bundle.Limits{Below: 1 << 20, Size: 1 << 20}
	one, two := b.file("one", []byte("one")), b.file("two", []byte("two"))
	b.refuse = func(*http.Request) bool { return true }
	if err := b.Deposit(t.Context(), items(one, two)); err == nil {
		t.Fatal("nothing was refused")
	}
	b.refuse = nil
	must(t, b.Deposit(t.Context(), items(b.file("other", []byte("other")))))
	left := 0
	for _, err := range b.Names.Uploads(t.Context()) {
		must(t, err)
		left++
	}
	if left != 1 {
		t.Errorf("%d bundles are remembered, of which no file has come again; want 1", left)
	}
	must(t, b.Deposit(t.Context(), items(b.file("one", []byte("changed")), b.file("two", []byte("changed")))))
	b.nothingLeft()
}

// nothingLeft fails if unfinished work is remembered.
func (b *bench) nothingLeft() {
	b.t.Helper()
	for u, err := range b.Names.Uploads(b.t.Context()) {
		must(b.t, err)
		b.t.Errorf("left is %q", u.Key)
	}
}

// TestOneGoesOn: the upload of a large file whose name is too long for a description
// is gone on with, no part is sent twice, and the archive is a bundle whose index has
// the name.
func TestOneGoesOn(t *testing.T) {
	name := strings.Repeat("日", 300)
	data := bytes.Repeat([]byte("firn"), bundle.MaxMember/4+1)
	key, err := age.GenerateX25519Identity()
	must(t, err)
	for kind, sealed := range map[string]bool{"plain": false, "sealed": true} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			b.Uploader.Slots = transfer.NewSlots(1)
			if sealed {
				must(t, b.Recipients.Add(key.Recipient().String()))
			}
			it := b.file(name, data)
			b.refuse = func(r *http.Request) bool { return len(b.parts) == 4 && isPart(r) }
			if err := b.Deposit(t.Context(), items(it)); err == nil {
				t.Fatal("the upload did not break off")
			}
			b.refuse = nil
			must(t, b.Deposit(t.Context(), items(it)))
			must(t, b.outcomes[name].Err)
			if len(b.parts) != 9 {
				t.Errorf("%d parts", len(b.parts))
			}
			for part, times := range b.parts {
				if times > 1 {
					t.Errorf("part %s was sent %d times", part, times)
				}
			}
			f, a := b.known(name)
			if !a.Bundle || a.Sealed != sealed || f.Size != int64(len(data)) || f.Hash != treehash.Sum(data) {
				t.Errorf("known as %+v in %+v", f, a)
			}
			content, l := b.content(a.ID), label.Parse(a.Description)
			if sealed {
				plain, err := age.Decrypt(bytes.NewReader(content), key)
				must(t, err)
				content, err = io.ReadAll(plain)
				must(t, err)
				text, err := age.Decrypt(bytes.NewReader(l.Sealed), key)
				must(t, err)
				opened, err := io.ReadAll(text)
				must(t, err)
				l = label.Parse(string(opened))
			}
			if !l.Bundle {
				t.Fatalf("the description says %+v", l)
			}
			for m, err := range bundle.Members(bytes.NewReader(content), l.Index, int64(len(content))) {
				must(t, err)
				if m.Path != name || m.Offset != f.Offset || !bytes.Equal(content[m.Offset:][:m.Size], data) {
					t.Errorf("in the bundle is %+v", m)
				}
			}
		})
	}
}

// TestPostQuantum: for recipients for whom not even a bundle's name has room in a description, files are in bundles
// that say nothing but where the index is; they are gone on with, and age opens them.
func TestPostQuantum(t *testing.T) {
	key, err := age.GenerateHybridIdentity()
	must(t, err)
	small, large := []byte("small"), bytes.Repeat([]byte("firn"), bundle.MaxMember/4+1)
	for kind, limits := range map[string]bundle.Limits{"alone": {}, "bundled": {Below: 1 << 20, Size: 1 << 20}} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			b.Uploader.Slots, b.Bundles, b.Parallel = transfer.NewSlots(1), limits, 1
			must(t, b.Recipients.Add(key.Recipient().String()))
			all := items(b.file("small", small), b.file("also", small), b.file("large", large))
			b.refuse = func(r *http.Request) bool { return len(b.parts) == 4 && isPart(r) }
			if err := b.Deposit(t.Context(), all); err == nil {
				t.Fatal("the upload did not break off")
			}
			b.refuse = nil
			must(t, b.Deposit(t.Context(), all))
			for part, times := range b.parts {
				if times > 1 {
					t.Errorf("part %s was sent %d times", part, times)
				}
			}
			for name, data := range map[string][]byte{"small": small, "also": small, "large": large} {
				f, a := b.known(name)
				l := label.Parse(a.Description)
				if want := (label.Label{Format: label.CloudBerry, Bundle: true, Index: l.Index, Nameless: true}); !a.Bundle || !a.Sealed || !reflect.DeepEqual(l, want) {
					t.Errorf("%s is in %+v", name, a)
				}
				plain, err := age.Decrypt(bytes.NewReader(b.content(a.ID)), key)
				must(t, err)
				content, err := io.ReadAll(plain)
				must(t, err)
				found := false
				for m, err := range bundle.Members(bytes.NewReader(content), l.Index, int64(len(content))) {
					must(t, err)
					found = found || m.Path == name && m.Offset == f.Offset && bytes.Equal(content[m.Offset:][:m.Size], data)
				}
				if !found {
					t.Errorf("%s is not in its bundle", name)
				}
			}
			b.nothingLeft()
		})
	}
}

// TestOneThatCannotBe: a name that no bundle has either is left out, alone.
func TestOneThatCannotBe(t *testing.T) {
	b := newBench(t)
	it := b.file(strings.Repeat("x", 5000), make([]byte, bundle.MaxMember+1))
	must(t, b.Deposit(t.Context(), items(it, b.file("good", []byte("good")))))
	if err := b.outcomes[it.Name].Err; !errors.Is(err, bundle.ErrPath) {
		t.Errorf("got %v", err)
	}
	b.known("good")
}

// TestChangedMeanwhile: a file that is not what was walked is not deposited, and
// the others are.
func TestChangedMeanwhile(t *testing.T) {
	for name, limits := range map[string]bundle.Limits{"alone": {}, "in a bundle": {Below: 1 << 20, Size: 1 << 20}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Bundles = limits
			good, bad, gone := b.file("good", []byte("good")), b.file("bad", []byte("bad")), b.file("gone", []byte("gone"))
			must(t, os.WriteFile(bad.File.Path, []byte("changed"), 0o600))
			must(t, os.Remove(gone.File.Path))
			must(t, b.Deposit(t.Context(), items(good, bad, gone)))
			b.known("good")
			for _, name := range []string{"bad", "gone"} {
				if _, ok, err := b.Names.Latest(t.Context(), name); ok || err != nil {
					t.Errorf("%s has a name", name)
				}
				if _, ok := errors.AsType[*files.Problem](b.outcomes[name].Err); !ok {
					t.Errorf("%s: %v", name, b.outcomes[name].Err)
				}
			}
		})
	}
}

// TestServerIsGone: trouble with the server ends it all, and what was not stored
// has no name.
func TestServerIsGone(t *testing.T) {
	b := newBench(t)
	b.refuse = func(*http.Request) bool { return true }
	err := b.Deposit(t.Context(), items(b.file("a", []byte("a")), b.file("b", []byte("b"))))
	if _, ok := errors.AsType[*remote.Unreachable](err); !ok {
		t.Errorf("got %v", err)
	}
	if totals, err := b.Names.Totals(t.Context()); err != nil || totals.Files != 0 {
		t.Errorf("totals %+v, %v", totals, err)
	}
}

// TestSealedUploadGoesOn: an upload of a sealed file that broke off is gone on
// with, no part is sent twice, and age opens the archive.
func TestSealedUploadGoesOn(t *testing.T) {
	b := newBench(t)
	key, err := age.GenerateX25519Identity()
	must(t, err)
	must(t, b.Recipients.Add(key.Recipient().String()))
	data := bytes.Repeat([]byte("firn"), 3<<18) // 3 MiB, 4 parts when sealed
	it := b.file("secret", data)
	b.refuse = func(r *http.Request) bool { return len(b.parts) == 2 && isPart(r) }
	if err := b.Deposit(t.Context(), items(it)); err == nil {
		t.Fatal("the upload did not break off")
	}
	b.refuse = nil
	must(t, b.Deposit(t.Context(), items(it)))
	f, a := b.known("secret")
	for part, times := range b.parts {
		if times > 1 {
			t.Errorf("part %s was sent %d times", part, times)
		}
	}
	if !a.Sealed || f.Size != int64(len(data)) || strings.Contains(a.Description, "secret") {
		t.Errorf("known as %+v in %+v", f, a)
	}
	sealed := b.content(a.ID)
	plain, err := age.Decrypt(bytes.NewReader(sealed), key)
	must(t, err)
	if got, err := io.ReadAll(plain); err != nil || !bytes.Equal(got, data) {
		t.Errorf("age reads %d bytes, %v", len(got), err)
	}
	if _, ok, err := b.Names.Upload(t.Context(), "secret"); ok || err != nil {
		t.Errorf("the seal is still known: %v", err)
	}
}

// TestWithdrawBreaksOff: what may be gone counts as stored no longer, and what the server
// keeps does.
func TestWithdrawBreaksOff(t *testing.T) {
	b := newBench(t)
	it := b.file("a", []byte("a"))
	must(t, b.Deposit(t.Context(), items(it)))
	f, a := b.known("a")
	for _, b.unavailable = range []bool{false, true} {
		b.loseReplies = true
		if _, err := deposit.Withdraw(t.Context(), b.Uploader.Vault, b.Names, a.ID, []names.File{f}); err == nil {
			t.Fatal("no reply was lost")
		}
		b.loseReplies = false
		if f, _ = b.known("a"); !f.Doomed {
			t.Error("the archive is gone, and nobody knows")
		}
		must(t, b.Deposit(t.Context(), items(it)))
		f, a = b.known("a")
		if b.content(a.ID); f.Doomed {
			t.Error("the new version is doomed, too")
		}
	}
	must(t, b.Uploader.Vault.SetPolicy(t.Context(), `{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Deny","Principal":"*",`+
		`"Action":"glacier:DeleteArchive","Resource":"arn:aws:glacier:us-east-1:111122223333:vaults/v"}]}`))
	if _, err := deposit.Withdraw(t.Context(), b.Uploader.Vault, b.Names, a.ID, []names.File{f}); !remote.IsRefusal(err, glacier.AccessDenied) {
		t.Fatalf("not refused, but %v", err)
	}
	if f, _ = b.known("a"); f.Doomed {
		t.Error("the server has kept the archive, and it is doomed")
	}
}

// TestWithdraw: a bundle goes with its last name.
func TestWithdraw(t *testing.T) {
	b := newBench(t)
	b.Bundles = bundle.Limits{Below: 1 << 20, Size: 1 << 20}
	must(t, b.Deposit(t.Context(), items(b.file("a", []byte("a")), b.file("b", []byte("b")), b.file("c", []byte("c")))))
	f, a := b.known("a")
	other, _ := b.known("b")
	last, _ := b.known("c")
	deleted, err := deposit.Withdraw(t.Context(), b.Uploader.Vault, b.Names, a.ID, []names.File{f, other})
	if must(t, err); deleted {
		t.Error("the bundle is gone, and c is in it")
	}
	if _, ok, _ := b.Names.Latest(t.Context(), "a"); ok {
		t.Error("a has its name still")
	}
	b.content(a.ID)
	deleted, err = deposit.Withdraw(t.Context(), b.Uploader.Vault, b.Names, a.ID, []names.File{last})
	if must(t, err); !deleted {
		t.Error("nothing is in the bundle any more, and it is there")
	}
	deleted, err = deposit.Withdraw(t.Context(), b.Uploader.Vault, b.Names, a.ID, []names.File{last})
	if err != nil || deleted {
		t.Errorf("once more: %v, %v", deleted, err)
	}
}
