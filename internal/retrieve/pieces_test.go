package retrieve_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/retrieve"
	"firn/internal/seal"
	"firn/treehash"
)

const mib = 1 << 20

// TestMoreThanADaysPace: an archive whose pieces take longer to begin than a
// server keeps them is copied meanwhile, and nothing is begun twice.
func TestMoreThanADaysPace(t *testing.T) {
	for name, put := range map[string]func(b *bench, data []byte) (begun int){
		"as it is": func(b *bench, data []byte) int {
			b.put("a", data)
			return 50
		},
		"sealed": func(b *bench, data []byte) int {
			b.putSealed("a", data)
			return 51 + 3 // two for its ends, and once more that for the last one, after a day
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			data := noise(50 * mib)
			want := put(b, data)
			b.expire()
			b.Hourly = mib
			must(t, b.Retrieve(t.Context(), b.orders()))
			b.is("a", data)
			if got := b.begun(); got > want || got < 50 {
				t.Errorf("begun %d jobs, want at most %d", got, want)
			}
		})
	}
}

// putSealed stores an archive that is sealed, under a name.
func (b *bench) putSealed(name string, data []byte) {
	b.t.Helper()
	key, err := age.GenerateX25519Identity()
	must(b.t, err)
	var to seal.Recipients
	must(b.t, to.Add(key.Recipient().String()))
	must(b.t, b.Identities.Read(strings.NewReader(key.String()), "key", nil))
	var sealed bytes.Buffer
	w, err := seal.Writer(&sealed, to)
	must(b.t, err)
	_, err = w.Write(data)
	must(b.t, err)
	must(b.t, w.Close())
	c, id := b.upload(name, sealed.Bytes())
	must(b.t, b.Names.Add(b.t.Context(), names.Archive{ID: id, Size: c.Size, TreeHash: c.Tree, Created: time.Now(), Sealed: true},
		names.File{Path: name, Size: int64(len(data)), Modified: time.Unix(1_700_000_000, 0), Hash: treehash.Sum(data)}))
}

// TestPiecesOnTheDisk: of what was copied before an interruption, nothing is
// begun again when the outputs are gone. It is held against its hash.
func TestPiecesOnTheDisk(t *testing.T) {
	for name, row := range map[string]struct {
		put   func(b *bench, data []byte)
		spoil bool
		most  int
	}{
		"as it is":         {put: func(b *bench, data []byte) { b.put("a", data) }, most: 16},
		"sealed":           {put: func(b *bench, data []byte) { b.putSealed("a", data) }, most: 16 + 1 + 3},
		"with other bytes": {put: func(b *bench, data []byte) { b.put("a", data) }, spoil: true, most: 24},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			data := noise(32 * mib)
			row.put(b, data)
			b.Hourly = mib
			outputs := 0
			b.refuse = func(r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/output") {
					outputs++
				}
				return outputs > 23 // in the third of four chunks
			}
			if err := b.Retrieve(t.Context(), b.orders()); err == nil {
				t.Fatal("no error")
			}
			if row.spoil {
				f, err := os.OpenFile(filepath.Join(b.Folder, ".a.firn-partial"), os.O_RDWR, 0)
				must(t, err)
				_, err = f.WriteAt(make([]byte, 10), 9*mib)
				must(t, err)
				must(t, f.Close())
			}
			b.refuse = nil
			b.now = b.now.Add(50 * time.Hour)
			b.requests = nil
			e, err := b.Estimate(t.Context(), b.orders())
			must(t, err)
			b.expire()
			must(t, b.Retrieve(t.Context(), b.orders()))
			b.is("a", data)
			if got := b.begun(); got > row.most || got < 16 {
				t.Errorf("begun %d jobs, want 16 to %d", got, row.most)
			}
			if e.Jobs > int64(row.most) || e.Jobs < 16 {
				t.Errorf("estimated %d jobs", e.Jobs)
			}
		})
	}
}

// TestOthersDoNotWait: a small archive is there before a large one has come in
// all its pieces.
func TestOthersDoNotWait(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(20*mib))
	for _, name := range []string{"b", "c", "d"} {
		b.put(name, noise(1000))
	}
	b.Hourly = 1*mib + 5000
	b.expire()
	must(t, b.Retrieve(t.Context(), b.orders()))
	if len(b.outcomes) != 4 || b.outcomes[3].Name != "a" {
		t.Errorf("outcomes %v", b.outcomes)
	}
}

// TestBeginSome: without somebody who copies, the first pieces are begun.
func TestBeginSome(t *testing.T) {
	b := newBench(t)
	data := noise(20 * mib)
	b.put("a", data)
	b.Hourly = mib
	n, err := b.Begin(t.Context(), b.orders())
	if must(t, err); n != 16 || b.begun() != 16 {
		t.Errorf("%d jobs begun, said to be %d", b.begun(), n)
	}
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("a", data)
	if b.begun() != 20 {
		t.Errorf("%d jobs begun", b.begun())
	}
}

// TestSlowPiece: what comes behind a piece that is waited for is begun as far as
// it can be read in time.
func TestSlowPiece(t *testing.T) {
	b := newBench(t)
	data := noise(30 * mib)
	b.put("a", data)
	b.Hourly = mib
	first, begun, looks, most := "", 0, 0, 0
	b.heard = func(r *http.Request, reply *http.Response) {
		if isBegin(r) && first == "" {
			first = reply.Header.Get(glacier.HeaderJobID)
		}
	}
	b.answer = func(r *http.Request) (int, string) {
		if isBegin(r) {
			begun++
		}
		if ofJob(r) == "" || ofJob(r) != first || looks == 3000 {
			return 0, ""
		}
		if most = begun; begun >= 16 {
			looks++
		}
		return 200, `{"JobId":"` + first + `","Completed":false,"StatusCode":"InProgress"}`
	}
	must(t, b.Retrieve(t.Context(), b.orders()))
	b.is("a", data)
	if most != 16 {
		t.Errorf("%d jobs were begun before the first was complete", most)
	}
}

// TestOnePieceIsNotRetrieved: ends the archive, and not the others.
func TestOnePieceIsNotRetrieved(t *testing.T) {
	b := newBench(t)
	b.put("a", noise(20*mib))
	b.put("b", noise(3*mib))
	b.Hourly = mib
	begun := 0
	b.answer = func(r *http.Request) (int, string) {
		if isBegin(r) {
			if begun++; begun == 5 {
				return 400, refusal(glacier.InvalidParameterValue)
			}
		}
		return 0, ""
	}
	must(t, b.Retrieve(t.Context(), b.orders()))
	if got := b.failed(); len(got) != 1 || len(b.outcomes) != 2 {
		t.Errorf("failed %v of %v", got, b.outcomes)
	}
}

// TestOneArchiveUnderTwoNames: has one job.
func TestOneArchiveUnderTwoNames(t *testing.T) {
	b := newBench(t)
	data := noise(1000)
	f := b.put("a", data)
	a, _, err := b.Names.Archive(t.Context(), f.Archive)
	must(t, err)
	b.Parallel = 4
	must(t, b.Retrieve(t.Context(), func(yield func(retrieve.Order, error) bool) {
		for _, name := range []string{"a", "b", "c", "d"} {
			if !yield(retrieve.Order{Archive: a, Wants: []retrieve.Want{{File: f, Name: name}}}, nil) {
				return
			}
		}
	}))
	for _, name := range []string{"a", "b", "c", "d"} {
		b.is(name, data)
	}
	if got := b.begun(); got != 1 {
		t.Errorf("%d jobs begun", got)
	}
}
