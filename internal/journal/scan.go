package journal

import (
	"cmp"
	"slices"

	"firn/internal/disk"
	"firn/internal/record"
)

// scan is what a walk through a whole segment has found.
type scan struct {
	frames  []frameInfo
	gaps    []gap
	table   []slot
	reasons []reason
	first   record.LSN // of a compacted segment, as its reasons say
	last    record.LSN
}

// frameInfo is a frame without its records.
type frameInfo struct {
	off, end int64
	first    record.LSN // as in head
	last     record.LSN // first-1 if it holds nothing
	durable  int64
	newest   int64 // time of its last record, Unix ms
	flags    uint16
	crc      uint32
	slots    int // how many slots the table has up to here
}

func (f *frameInfo) holds() bool { return f.last >= f.first }

// scanSegment walks through a segment file of size bytes.
func scanSegment(f disk.File, id, salt uint64, size int64) (*scan, error) {
	sc := &scan{table: []slot{}}
	w := walker{f: f, id: id, salt: salt, off: headerSize, size: size}
	for {
		fr, g, err := w.next()
		switch {
		case isEOF(err):
			return sc, nil
		case err != nil:
			return nil, err
		case g != nil:
			sc.gaps = append(sc.gaps, *g)
		default:
			sc.add(fr)
		}
	}
}

func (sc *scan) add(fr *frame) {
	info := frameInfo{off: fr.off, end: fr.end(), first: fr.first, last: fr.last(), durable: fr.durable, flags: fr.flags, crc: fr.crc}
	if fr.flags&flagReasons != 0 {
		first, last, reasons := parseReasons(fr.body)
		sc.first, sc.last = first, last
		sc.reasons = append(sc.reasons, reasons...)
	}
	for _, m := range fr.metas {
		sc.table = append(sc.table, slot{m.lsn, m.off})
		info.newest = m.time
	}
	info.slots = len(sc.table)
	sc.frames = append(sc.frames, info)
}

// rawLast is the last LSN in any frame; zero if there is none.
func (sc *scan) rawLast() record.LSN {
	for i := len(sc.frames) - 1; i >= 0; i-- {
		if sc.frames[i].holds() {
			return sc.frames[i].last
		}
	}
	return 0
}

// proven is how far the frames themselves say that the file was durable.
func (sc *scan) proven() int64 {
	var p int64
	for i := range sc.frames {
		p = max(p, sc.frames[i].durable)
	}
	return p
}

// leadingGap reports whether the first frame is damaged.
func (sc *scan) leadingGap() bool { return len(sc.gaps) > 0 && sc.gaps[0].off == headerSize }

// cut drops the frames from index n on.
func (sc *scan) cut(n int) {
	sc.frames = sc.frames[:n]
	if n == 0 {
		sc.table = sc.table[:0]
	} else {
		sc.table = sc.table[:sc.frames[n-1].slots]
	}
}

// span is a range of LSNs.
type span struct{ first, last record.LSN }

// missing returns the LSNs from first to last that are in none of the sorted
// lists.
func missing(first, last record.LSN, lists ...[]record.LSN) []span {
	var out []span
	for next := first; next <= last; {
		at := last + 1 // the next LSN that is there
		for i, l := range lists {
			for len(l) > 0 && l[0] < next {
				l = l[1:]
			}
			lists[i] = l // what is behind next is not looked at again
			if len(l) > 0 {
				at = min(at, l[0])
			}
		}
		if at > next {
			out = append(out, span{next, at - 1})
		}
		next = at + 1
	}
	return out
}

// tidyTable sorts a table, and drops what is there twice or above last.
func tidyTable(table []slot, last record.LSN) []slot {
	slices.SortFunc(table, func(a, b slot) int { return cmp.Compare(a.lsn, b.lsn) })
	table = slices.CompactFunc(table, func(a, b slot) bool { return a.lsn == b.lsn })
	for n := len(table); n > 0 && table[n-1].lsn > last; n-- {
		table = table[:n-1]
	}
	return table
}
