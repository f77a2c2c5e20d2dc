package job

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"firn/glacier"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/token"
	"firn/treehash"
)

func TestRange(t *testing.T) {
	const total = 1000
	const beyond = "The start of the range is larger than size of retrieved data: "
	for _, tt := range []struct {
		name, header string
		first, last  int64
		partial      bool
		refusal      string
	}{
		{"no header", "", 0, 999, false, ""},
		{"blank header", "  ", 0, 999, false, ""},
		{"first byte", "bytes=0-0", 0, 0, true, ""},
		{"in the middle", "bytes=10-19", 10, 19, true, ""},
		{"last byte", "bytes=999-999", 999, 999, true, ""},
		{"all of it, said aloud", "bytes=0-999", 0, 999, true, ""},
		{"end beyond the end", "bytes=990-1200", 990, 999, true, ""},
		{"end beyond reason", "bytes=990-99999999999999999999", 990, 999, true, ""},
		{"no end", "bytes=990-", 990, 999, true, ""},
		{"no end, from the start", "bytes=0-", 0, 999, true, ""},
		{"suffix", "bytes=-10", 990, 999, true, ""},
		{"suffix as long as the output", "bytes=-1000", 0, 999, true, ""},
		{"suffix longer than the output", "bytes=-1001", 0, 999, true, ""},
		{"suffix beyond reason", "bytes=-99999999999999999999", 0, 999, true, ""},
		{"unit in capitals", "Bytes=10-19", 10, 19, true, ""},
		{"spaces around", " bytes=10-19 ", 10, 19, true, ""},
		{"zeros in front", "bytes=0010-0019", 10, 19, true, ""},

		{"start at the end", "bytes=1000-1001", 0, 0, false, beyond + "bytes=1000-1001"},
		{"start beyond the end, without an end", "bytes=1000-", 0, 0, false, beyond + "bytes=1000-"},
		{"start beyond reason", "bytes=99999999999999999999-99999999999999999999", 0, 0, false, beyond + "bytes=99999999999999999999-99999999999999999999"},
		{"empty suffix", "bytes=-0", 0, 0, false, beyond + "bytes=-0"},

		{"in words of Content-Range", "bytes 0-4194303/235812776", 0, 999, false, ""},
		{"name of the header twice", "Range: bytes=0-1", 0, 999, false, ""},
		{"end before start", "bytes=20-10", 0, 999, false, ""},
		{"end before start, beyond the end", "bytes=1001-1000", 0, 999, false, ""},
		{"several ranges", "bytes=0-1,5-6", 0, 999, false, ""},
		{"several ranges, with a space", "bytes=0-1, 5-6", 0, 999, false, ""},
		{"several ranges, first without an end", "bytes=0-,5-6", 0, 999, false, ""},
		{"other unit", "lines=0-1", 0, 999, false, ""},
		{"no unit", "0-1", 0, 999, false, ""},
		{"no numbers", "bytes=-", 0, 999, false, ""},
		{"no range", "bytes=", 0, 999, false, ""},
		{"no hyphen", "bytes=5", 0, 999, false, ""},
		{"hexadecimal", "bytes=0x0-0x1", 0, 999, false, ""},
		{"signs", "bytes=+1-+2", 0, 999, false, ""},
		{"two hyphens", "bytes=--1", 0, 999, false, ""},
		{"space inside", "bytes=0 - 1", 0, 999, false, ""},
		{"decimal point", "bytes=0.0-1", 0, 999, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &Output{Size: total}
			first, last, partial, err := o.Range(tt.header)
			if tt.refusal != "" {
				refused(t, err, glacier.InvalidParameterValue, tt.refusal)
				return
			}
			if err != nil || first != tt.first || last != tt.last || partial != tt.partial {
				t.Errorf("%d to %d, partial %t, %v; want %d to %d, %t", first, last, partial, err, tt.first, tt.last, tt.partial)
			}
		})
	}
}

// TestRangesAgainstBruteForce retrieves every megabyte-aligned range of
// archives of odd sizes in pieces of several sizes, and of each output that
// begins or ends with its archive every range of leaves. Bytes and hashes are
// compared with those of the data.
func TestRangesAgainstBruteForce(t *testing.T) {
	h := newHouse(t)
	h.start()
	for _, tt := range []struct{ size, piece int }{
		{1, mib},
		{mib - 1, mib},
		{mib, mib},
		{mib + 1, mib},
		{3*mib + 77, mib},
		{3*mib + 77, 2 * mib},
		{3*mib + 77, 4 * mib}, // one piece, as of an archive that was uploaded whole
		{5*mib + 77, 2 * mib},
		{5*mib + 77, 6 * mib},
		{7*mib - 1, 4 * mib},
	} {
		t.Run(fmt.Sprintf("%d bytes in pieces of %d", tt.size, tt.piece), func(t *testing.T) {
			if testing.Short() && tt.size > 4*mib {
				t.Skip("-short")
			}
			in := *h
			in.t = t
			data := pattern(tt.size)
			in.compareRanges(in.store(photos, "a note", data, tt.piece), data)
		})
	}
}

func (h *house) compareRanges(a record.Archive, data []byte) {
	h.t.Helper()
	for first, last := range leafRanges(len(data)) {
		aligned := treehash.Aligned(int64(first), int64(last), int64(len(data)))
		id := h.begin(retrieval(a, fmt.Sprintf(`,"RetrievalByteRange":"%d-%d"`, first, last)))
		want := data[first : last+1]
		if d := h.describe(id); !aligned && d.SHA256TreeHash != nil {
			h.t.Errorf("%d-%d is not aligned and has a hash", first, last)
		} else if aligned && (d.SHA256TreeHash == nil || *d.SHA256TreeHash != treehash.Sum(want).String()) {
			h.t.Errorf("%d-%d has hash %v, want %v", first, last, d.SHA256TreeHash, treehash.Sum(want))
		}
		if d := h.await(id); d.StatusCode != glacier.Succeeded {
			h.t.Fatalf("%d-%d: %s", first, last, *d.StatusMessage)
		}
		o := h.output(id)
		if o.Size != int64(len(want)) || o.ContentType != "application/octet-stream" || o.Description != "a note" {
			h.t.Errorf("%d-%d: output %+v", first, last, o)
		}
		if first == 0 || last == len(data)-1 {
			h.compareOutput(o, want, aligned)
		} else if !bytes.Equal(copied(h.t, o, 0, o.Size-1), want) {
			h.t.Errorf("%d-%d: the output differs", first, last)
		}
		o.Close()
	}
}

// compareOutput compares every range of leaves of an output, and one that is
// askew.
func (h *house) compareOutput(o *Output, data []byte, aligned bool) {
	h.t.Helper()
	size := int64(len(data))
	for from, to := range leafRanges(len(data)) {
		first, last := int64(from), int64(to)
		if got := copied(h.t, o, first, last); !bytes.Equal(got, data[from:to+1]) {
			h.t.Errorf("bytes %d to %d differ", from, to)
		}
		hash, ok, err := o.TreeHash(h.t.Context(), first, last)
		if err != nil {
			h.t.Fatal(err)
		}
		if want := aligned && treehash.Aligned(first, last, size); ok != want {
			h.t.Errorf("bytes %d to %d: hash %t, want %t", from, to, ok, want)
		}
		if ok && hash != treehash.Sum(data[from:to+1]) {
			h.t.Errorf("bytes %d to %d: wrong hash", from, to)
		}
	}
	first, last := size/3, size-1-size/5
	if got := copied(h.t, o, first, last); !bytes.Equal(got, data[first:last+1]) {
		h.t.Errorf("bytes %d to %d differ", first, last)
	}
	if _, ok, err := o.TreeHash(h.t.Context(), first, last); size > 10 && (ok || err != nil) {
		h.t.Errorf("bytes %d to %d: hash %t, %v", first, last, ok, err)
	}
}

// leafRanges yields the first and last byte of every range of leaves.
func leafRanges(size int) func(yield func(first, last int) bool) {
	return func(yield func(first, last int) bool) {
		for first := 0; first < size; first += mib {
			for end := first + mib; ; end += mib {
				if !yield(first, min(end, size)-1) {
					return
				}
				if end >= size {
					break
				}
			}
		}
	}
}

func TestOutputRefusals(t *testing.T) {
	h := newHouse(t)
	a := h.small(photos, "a")
	id := h.begin(retrieval(a, ""))
	j := h.job(id)
	forged := glacier.JobID(ids.Seal(token.ID{Kind: token.Job, Vault: j.Vault, Number: j.ID, Random: 1}))
	for _, tt := range []struct {
		name    string
		id      glacier.JobID
		code    glacier.Code
		message string
	}{
		{"in progress", id, glacier.InvalidParameterValue, "The job is not currently available for download: " + string(id)},
		{"never given out", "nonsense", glacier.ResourceNotFound, "The job ID was not found: nonsense"},
		{"a number that was given out twice", forged, glacier.ResourceNotFound, "The job ID was not found: " + string(forged)},
		{"an archive's", glacier.JobID(a.Public), glacier.ResourceNotFound, "The job ID was not found: " + string(a.Public)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.Output(t.Context(), owner, photos, tt.id)
			refused(t, err, tt.code, tt.message)
		})
	}
	_, err := h.Output(t.Context(), owner, other, id)
	refused(t, err, glacier.ResourceNotFound, "The job ID was not found: "+string(id))
	_, err = h.DescribeJob(t.Context(), owner, other, id)
	refused(t, err, glacier.ResourceNotFound, "The job ID was not found: "+string(id))
	_, err = h.DescribeJob(t.Context(), owner, photos, "nonsense")
	refused(t, err, glacier.ResourceNotFound, "The job ID was not found: nonsense")
}

func TestInventoryOutputHasNoHash(t *testing.T) {
	h := newHouse(t)
	h.start()
	for format, media := range map[string]string{"JSON": "application/json", "CSV": "text/csv"} {
		id, d := h.run(`{"Type":"inventory-retrieval","Format":"` + format + `"}`)
		o := h.output(id)
		if o.ContentType != media || o.Description != "" || o.Size != *d.InventorySizeInBytes {
			t.Errorf("%s: output %+v", format, o)
		}
		if _, ok, err := o.TreeHash(t.Context(), 0, o.Size-1); ok || err != nil {
			t.Errorf("%s: has a hash, %v", format, err)
		}
		whole := copied(t, o, 0, o.Size-1)
		if got := copied(t, o, 3, 9); !bytes.Equal(got, whole[3:10]) {
			t.Errorf("%s: bytes 3 to 9 are %q of %q", format, got, whole)
		}
	}
}

// TestHashesAreNotComputed begins jobs, and asks outputs for hashes, without
// any leaf being read, and without a payload being opened where whole pieces
// will do.
func TestHashesAreNotComputed(t *testing.T) {
	h := newHouse(t)
	h.start()
	data := pattern(7 * mib)
	a := h.store(photos, "", data, 2*mib)
	whole, _ := h.run(retrieval(a, ""))
	o := h.output(whole)
	hold := h.service() // on which nothing runs
	opened := 0
	h.memStore.mu.Lock()
	h.opening = func(r payload.Reader, _ payload.Ref) payload.Reader {
		opened++
		return spoiled{Reader: r, leaf: func(i int64, _ []byte) error { return fmt.Errorf("leaf %d was read", i) }}
	}
	h.memStore.mu.Unlock()
	for _, tt := range []struct {
		first, last int
		opens       int
	}{
		{0, 7*mib - 1, 0},
		{0, 4*mib - 1, 0},
		{4 * mib, 7*mib - 1, 0},
		{2 * mib, 4*mib - 1, 0},
		{6 * mib, 7*mib - 1, 0}, // the last piece
		{3 * mib, 4*mib - 1, 1},
	} {
		opened = 0
		want := treehash.Sum(data[tt.first : tt.last+1])
		hash, ok, err := o.TreeHash(t.Context(), int64(tt.first), int64(tt.last))
		if !ok || err != nil || hash != want || opened != tt.opens {
			t.Errorf("%d-%d: %v, %t, %v, %d payloads opened", tt.first, tt.last, hash, ok, err, opened)
		}
		opened = 0
		q := request{span: fmt.Sprintf("%d-%d", tt.first, tt.last)}
		if err := hold.plan(t.Context(), &q, &a); err != nil || q.job.RangeTreeHash != want || opened != tt.opens {
			t.Errorf("%d-%d: %v, %v, %d payloads opened", tt.first, tt.last, q.job.RangeTreeHash, err, opened)
		}
	}
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"", "bytes=0-0", "bytes=-5", "bytes=5-", "bytes=7-3", "bytes=0-1,2-3", "bytes 0-1/2", "bytes=99999999999999999999-"} {
		f.Add(s, int64(1000))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 1 {
			t.Skip("no output is empty")
		}
		first, last, partial, err := (&Output{Size: size}).Range(header)
		var refusal *glacier.Error
		switch {
		case err != nil && !errors.As(err, &refusal):
			t.Errorf("error %v", err)
		case err == nil && (first < 0 || first > last || last >= size):
			t.Errorf("bytes %d to %d of %d", first, last, size)
		case err == nil && !partial && (first != 0 || last != size-1):
			t.Errorf("200 with bytes %d to %d of %d", first, last, size)
		}
	})
}
