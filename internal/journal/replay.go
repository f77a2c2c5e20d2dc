package journal

import (
	"context"
	"fmt"

	"firn/internal/record"
)

// Frame is a batch as it was appended. In a compacted segment it is what is left
// of several, and in a damaged one what can be read.
type Frame struct {
	Position Position // its end

	// Entries are in LSN order. They have no Inline: OpenInline reads it.
	Entries []record.Entry
	// InlineSize is, for each entry, the length of its payload in bytes; 0 if
	// it has none.
	InlineSize []int64
}

// Replay calls fn for every frame with records after from, in LSN order, up to
// what was durable when it was called. The frame belongs to fn. ErrHistory
// means that from is not the end of a frame of this journal; fn's own error
// ends the replay and is returned.
//
// Records that are lost are skipped, and listed by Damage afterwards.
func (j *Journal) Replay(ctx context.Context, from Position, fn func(Frame) error) error {
	j.removing.RLock()
	defer j.removing.RUnlock()
	if from == j.End() {
		return nil
	}
	segs := j.snapshot()
	start, from, err := resume(segs, from)
	if err != nil {
		return err
	}
	r := replay{j: j, ctx: ctx, fn: fn, from: from, last: from.LSN}
	for i := start; i < len(segs); i++ {
		if err := r.segment(&segs[i]); err != nil {
			return err
		}
	}
	if r.from != (Position{}) {
		return fmt.Errorf("%w: %+v", ErrHistory, from)
	}
	return nil
}

// resume finds the segment with which a replay after from begins. If that
// segment has been compacted, from must have been its very end; all records of
// the output that are newer follow.
func resume(segs []segment, from Position) (start int, left Position, err error) {
	if from == (Position{}) {
		return 0, from, nil
	}
	for i := range segs {
		if segs[i].id == from.Segment {
			return i, from, nil
		}
		in, ok := segs[i].stands(from.Segment)
		if ok && in.tail == from.Offset && in.last >= from.LSN && in.crc == from.CRC {
			return i, Position{LSN: from.LSN}, nil
		}
	}
	return 0, from, fmt.Errorf("%w: segment %016x is not here", ErrHistory, from.Segment)
}

// replay is one run of Replay.
type replay struct {
	j    *Journal
	ctx  context.Context
	fn   func(Frame) error
	from Position   // still to be found; zero once it was
	last record.LSN // newest record that was passed or need not be
}

func (r *replay) segment(s *segment) error {
	if r.from.Segment == 0 {
		r.from = Position{}
	}
	f, err := r.j.files.open(s.name())
	if err != nil {
		return fmt.Errorf("replay %s: %w", s.name(), err)
	}
	defer f.release()
	w := walker{f: f, id: s.id, salt: s.salt, off: headerSize, size: s.end}
	for {
		if err := context.Cause(r.ctx); err != nil {
			return err
		}
		fr, g, err := w.next()
		if err == nil && g != nil {
			if fr, err = w.rescued(g, r.from); err == nil && !s.damaged {
				s.damaged = true // Of the snapshot: once is enough.
				_, err = r.j.remake(s, f)
			}
		}
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("replay %s: %w", s.name(), err)
		}
		if err := r.frame(s, fr); err != nil {
			return err
		}
	}
}

// rescued makes a frame of the records that can be read in a gap. It is its own
// proof for any position inside.
func (w *walker) rescued(g *gap, from Position) (*frame, error) {
	metas, err := w.rescue(g)
	if err != nil {
		return nil, err
	}
	fr := &frame{head: head{id: w.id, off: g.off, total: int(g.end - g.off)}, metas: metas}
	if from.Segment == w.id && from.Offset > g.off && from.Offset <= g.end {
		fr.crc, fr.first = from.CRC, from.LSN+1
		fr.proof = from
	}
	return fr, nil
}

// frame hands one frame on, or compares it with the position to begin after.
func (r *replay) frame(s *segment, fr *frame) error {
	if r.from != (Position{}) {
		if fr.end() < r.from.Offset {
			return nil
		}
		at := Position{Segment: s.id, Offset: fr.end(), LSN: fr.last(), CRC: fr.crc}
		if fr.flags&flagReasons != 0 {
			at.LSN = s.last
		}
		if at != r.from && fr.proof != r.from {
			return fmt.Errorf("%w: %+v", ErrHistory, r.from)
		}
		r.from = Position{}
		if fr.proof == (Position{}) {
			return nil
		}
	}
	out := Frame{Position: Position{Segment: s.id, Offset: fr.end(), CRC: fr.crc}}
	for i := range fr.metas {
		m := &fr.metas[i]
		if m.lsn <= r.last || m.lsn > s.last {
			continue
		}
		e, err := m.entry()
		if err != nil {
			return fmt.Errorf("replay %s: record %d: %w", s.name(), m.lsn, err)
		}
		out.Entries = append(out.Entries, e)
		out.InlineSize = append(out.InlineSize, m.size)
		r.last = m.lsn
	}
	if len(out.Entries) == 0 {
		return nil
	}
	out.Position.LSN = r.last
	return r.fn(out)
}
