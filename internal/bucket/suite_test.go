package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// A subject is a bucket under test, and a way to see what is in it.
type subject struct {
	Bucket
	read func(t *testing.T, key string) (data []byte, found bool)
	own  string // what all keys of the test begin with
}

// run runs the suite of what every Bucket promises. fresh makes an empty one for each test.
func run(t *testing.T, fresh func(t *testing.T) subject) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, b subject)
	}{
		{"objects of all sizes come back", testSizes},
		{"keys are kept apart", testKeys},
		{"an object is invisible before Commit", testInvisible},
		{"closing an object leaves the old one", testAbandoned},
		{"an object replaces another", testReplaced},
		{"a removed object is gone, twice", testRemoved},
		{"a context that has ended stops everything", testEnded},
		{"a finished object takes no more", testFinished},
		{"keys that nobody can have are refused", testRefusedKeys},
		{"options are accepted", testOptions},
		{"objects are written side by side", testConcurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

// noise returns n bytes that do not repeat.
func noise(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(data)
	return data
}

func (b subject) put(t *testing.T, key string, data []byte) {
	t.Helper()
	if err := PutBytes(context.Background(), b, b.own+key, Options{}, data); err != nil {
		t.Fatal(err)
	}
}

func (b subject) create(t *testing.T, ctx context.Context, key string) Object {
	t.Helper()
	o, err := b.Create(ctx, b.own+key, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

// want fails the test unless the object of the key is data, or absent if that is nil.
func (b subject) want(t *testing.T, key string, data []byte) {
	t.Helper()
	got, found := b.read(t, b.own+key)
	switch {
	case found != (data != nil):
		t.Errorf("object %s is there: %t", key, found)
	case !bytes.Equal(got, data):
		t.Errorf("object %s has %d bytes, not the %d that were written", key, len(got), len(data))
	}
}

func testSizes(t *testing.T, b subject) {
	for _, c := range []struct {
		name        string
		size, piece int
	}{
		{"nothing", 0, 1},
		{"one byte", 1, 1},
		{"small pieces", 100_000, 777},
		{"a part", PartSize, PartSize},
		{"a part and a byte", PartSize + 1, PartSize + 1},
		{"parts, in pieces that do not fit", 2*PartSize + 12345, 3_000_001},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := noise(c.size)
			o := b.create(t, context.Background(), "sizes/x")
			for at := 0; at < len(data); at += c.piece {
				piece := data[at:min(len(data), at+c.piece)]
				if n, err := o.Write(piece); n != len(piece) || err != nil {
					t.Fatalf("Write of %d bytes: %d, %v", len(piece), n, err)
				}
			}
			if err := o.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := o.Close(); err != nil {
				t.Error(err)
			}
			b.want(t, "sizes/x", data)
		})
	}
}

func testKeys(t *testing.T, b subject) {
	keys := []string{
		"job/job.txt", "job/results/1", "job/results/2", "job2/results/1", "JOB/results/1", "plain",
		"a b/c d", "a+b/c+d", "100%", "100%25", "per%2Fcent", "x&y=z", "what?", "hash#", "semi;colon", "quo\"te'", "back\\slash", "star*", "~tilde",
		"ünï/cödé", "日本/語", "emoji \U0001F600", strings.Repeat("x", 200),
	}
	for i, key := range keys {
		b.put(t, key, fmt.Append(nil, i, key))
	}
	for i, key := range keys {
		b.want(t, key, fmt.Append(nil, i, key))
	}
}

func testInvisible(t *testing.T, b subject) {
	for _, size := range []int{10, 2*PartSize + 1} {
		key := fmt.Sprint("invisible/", size)
		o := b.create(t, context.Background(), key)
		data := noise(size)
		if _, err := o.Write(data); err != nil {
			t.Fatal(err)
		}
		b.want(t, key, nil)
		if err := o.Commit(); err != nil {
			t.Fatal(err)
		}
		b.want(t, key, data)
	}
}

func testAbandoned(t *testing.T, b subject) {
	b.put(t, "abandoned/old", []byte("old"))
	for _, key := range []string{"abandoned/old", "abandoned/new"} {
		for _, size := range []int{0, 10, PartSize + 1} {
			o := b.create(t, context.Background(), key)
			if _, err := o.Write(noise(size)); err != nil {
				t.Fatal(err)
			}
			if err := o.Close(); err != nil {
				t.Error(err)
			}
			if err := o.Commit(); err == nil {
				t.Error("Commit after Close succeeds")
			}
		}
	}
	b.want(t, "abandoned/old", []byte("old"))
	b.want(t, "abandoned/new", nil)
}

func testReplaced(t *testing.T, b subject) {
	for _, data := range []string{"first, and long", "second", ""} {
		b.put(t, "replaced", []byte(data))
		b.want(t, "replaced", []byte(data))
	}
}

func testRemoved(t *testing.T, b subject) {
	b.put(t, "removed/x", []byte("x"))
	b.put(t, "removed/y", []byte("y"))
	for range 2 {
		if err := b.Remove(context.Background(), b.own+"removed/x"); err != nil {
			t.Fatal(err)
		}
		b.want(t, "removed/x", nil)
	}
	b.want(t, "removed/y", []byte("y"))
	if err := b.Remove(context.Background(), b.own+"never/was/there"); err != nil {
		t.Error(err)
	}
}

func testEnded(t *testing.T, b subject) {
	ctx, cancel := context.WithCancel(context.Background())
	b.put(t, "ended/old", []byte("old"))
	small, large := b.create(t, ctx, "ended/small"), b.create(t, ctx, "ended/large")
	if _, err := small.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := large.Write(noise(PartSize + 1)); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err := large.Write(noise(PartSize))
	_, cerr := b.Create(ctx, b.own+"ended/x", Options{})
	for name, err := range map[string]error{
		"Write":                err,
		"Commit":               small.Commit(),
		"Commit after a Write": large.Commit(),
		"Create":               cerr,
		"Remove":               b.Remove(ctx, b.own+"ended/old"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s says %v", name, err)
		}
	}
	if err := large.Close(); err != nil {
		t.Error(err)
	}
	b.want(t, "ended/small", nil)
	b.want(t, "ended/large", nil)
	b.want(t, "ended/old", []byte("old"))
}

func testFinished(t *testing.T, b subject) {
	o := b.create(t, context.Background(), "finished")
	if _, err := o.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(); err != nil {
		t.Fatal(err)
	}
	if n, err := o.Write([]byte("y")); n != 0 || err == nil {
		t.Errorf("Write after Commit: %d, %v", n, err)
	}
	if err := o.Commit(); err == nil {
		t.Error("a second Commit succeeds")
	}
	for range 2 {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
	b.want(t, "finished", []byte("x"))
}

func testRefusedKeys(t *testing.T, b subject) {
	for name, key := range map[string]string{
		"empty": "", "a byte too long": strings.Repeat("12345678/", 114)[:1025], "not UTF-8": "a\xffb",
	} {
		if _, err := b.Create(context.Background(), key, Options{}); !errors.Is(err, ErrDenied) {
			t.Errorf("%s: Create says %v", name, err)
		}
		if err := b.Remove(context.Background(), key); !errors.Is(err, ErrDenied) {
			t.Errorf("%s: Remove says %v", name, err)
		}
	}
}

func testOptions(t *testing.T, b subject) {
	o := Options{
		ContentType: "text/csv", StorageClass: "STANDARD",
		Tags: map[string]string{"one": "1 + 1", "two": "ü"}, Metadata: map[string]string{"made-by": "firn"},
	}
	for _, size := range []int{5, PartSize + 5} {
		data := noise(size)
		if err := PutBytes(context.Background(), b, b.own+"options", o, data); err != nil {
			t.Fatal(err)
		}
		b.want(t, "options", data)
	}
}

func testConcurrent(t *testing.T, b subject) {
	const writers = 8
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := range 3 {
				key := fmt.Sprintf("%sside/%d/%d", b.own, i, k)
				if err := PutBytes(context.Background(), b, key, Options{}, []byte(key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range writers {
		for k := range 3 {
			key := fmt.Sprintf("side/%d/%d", i, k)
			b.want(t, key, []byte(b.own+key))
		}
	}
}
