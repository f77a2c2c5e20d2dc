package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/inventory"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/selection"
	"firn/internal/store"
	"firn/internal/vault"
	"firn/treehash"
)

// An Output is what a job that succeeded gives out. It is for one goroutine,
// and is to be closed. Its offsets are those of the output: for the retrieval
// of a range, byte 0 is the first of the range.
type Output struct {
	Size        int64
	ContentType string
	Description string // the archive's; empty if it has none, and of inventories

	pieces  pieces
	base    int64              // offset of the output's first byte in the pieces
	hashed  bool               // ranges that are tree-hash aligned have a hash
	results *selection.Results // of a select job, which has no pieces; else nil
	s       *Service
	id      glacier.JobID
}

// Output opens the output of a job.
func (s *Service) Output(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.JobID) (*Output, error) {
	var o *Output
	var j record.Job
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		v, err := vault.Find(tx, s.cfg.Region, owner, name)
		if err != nil {
			return err
		}
		if j, err = s.find(tx, &v, id); err != nil {
			return err
		}
		if j.Status != glacier.Succeeded {
			return invalid("The job is not currently available for download: %s", id)
		}
		switch j.Action {
		case glacier.ActionInventoryRetrieval:
			o = s.inventoryOutput(&j)
		case glacier.ActionArchiveRetrieval:
			o, err = s.archiveOutput(tx, &j)
		}
		return err
	})
	if err == nil && o == nil {
		return s.selectOutput(&j)
	}
	return o, err
}

// selectOutput opens the results of a select job, if they are in a directory of
// the server's. Who may have them is a matter of the vault, whoever began it.
func (s *Service) selectOutput(j *record.Job) (*Output, error) {
	l, err := selection.ParseLocation(j.OutputLocation)
	if err != nil {
		return nil, err
	}
	site, err := s.cfg.Select.Site(j.Caller, l, j.Public)
	if err != nil {
		return nil, err
	}
	r, err := site.Results(selection.Result{Parts: int(j.OutputParts), Size: j.OutputSize})
	if err != nil {
		return nil, err
	}
	return &Output{Size: j.OutputSize, ContentType: "text/csv", results: r, s: s, id: j.Public}, nil
}

// expired words an error for the client if the job has expired since it was
// looked up: its payload was not open yet, and is gone.
func (o *Output) expired(err error) error {
	if errors.Is(err, store.ErrGone) {
		return glacier.JobNotFound(o.id)
	}
	return err
}

func (s *Service) inventoryOutput(j *record.Job) *Output {
	return &Output{
		Size:        j.OutputSize,
		ContentType: inventory.ContentType(j.Format),
		pieces: pieces{store: s.cfg.Store, list: []record.Piece{
			{Payload: j.Output, LSN: j.OutputLSN, Size: j.OutputSize},
		}},
		s:  s,
		id: j.Public,
	}
}

func (s *Service) archiveOutput(tx *catalog.Tx, j *record.Job) (*Output, error) {
	a, ok, err := tx.Archive(j.Vault, j.Archive)
	if err != nil {
		return nil, fmt.Errorf("look up archive of job %d: %w", j.ID, err)
	}
	if !ok {
		return nil, fmt.Errorf("archive %d that job %d pins is not there", j.Archive, j.ID)
	}
	return &Output{
		Size:        j.Last - j.First + 1,
		ContentType: "application/octet-stream",
		Description: j.ArchiveNote,
		pieces:      pieces{store: s.cfg.Store, list: a.Pieces},
		base:        j.First,
		hashed:      j.RangeTreeHash != treehash.Hash{},
		s:           s,
		id:          j.Public,
	}, nil
}

// Range decides which bytes, both included, a request with this Range header
// is to be given, and whether the answer is partial: 206, even if it is all
// there is. A header that is not exactly one well-formed range of bytes is
// ignored, as Glacier does. The end is cut to the output's. A range that
// begins behind it is the one error.
func (o *Output) Range(header string) (first, last int64, partial bool, err error) {
	a, b, ok := cutRange(header)
	if !ok {
		return 0, o.Size - 1, false, nil
	}
	if a == "" {
		n, ok := parseOffset(b)
		if !ok {
			return 0, o.Size - 1, false, nil
		}
		first, last = max(o.Size-n, 0), o.Size-1
	} else {
		last = o.Size - 1
		if first, ok = parseOffset(a); ok && b != "" {
			var end int64
			end, ok = parseOffset(b)
			last = min(last, end)
			ok = ok && first <= end
		}
		if !ok {
			return 0, o.Size - 1, false, nil
		}
	}
	if first >= o.Size {
		return 0, 0, false, invalid("The start of the range is larger than size of retrieved data: bytes=%s-%s", a, b)
	}
	return first, last, true, nil
}

// cutRange splits "bytes=a-b". The name of a unit has no case.
func cutRange(header string) (a, b string, ok bool) {
	unit, set, ok := strings.Cut(strings.TrimSpace(header), "=")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return "", "", false
	}
	return strings.Cut(strings.TrimSpace(set), "-")
}

// TreeHash returns the tree hash that an answer with the bytes first to last
// carries, from stored hashes. There is none, and ok is false, for inventories
// and results, for a retrieved range that was not tree-hash aligned, and for
// bytes that are not aligned within what was retrieved. A job that has expired
// meanwhile is ResourceNotFoundException.
func (o *Output) TreeHash(ctx context.Context, first, last int64) (hash treehash.Hash, ok bool, err error) {
	// What was retrieved is aligned, so what is aligned within it is aligned
	// within the archive.
	if !o.hashed || !treehash.Aligned(first, last, o.Size) {
		return treehash.Hash{}, false, nil
	}
	hash, err = o.pieces.treeHash(ctx, o.base+first, o.base+last)
	if err != nil {
		return treehash.Hash{}, false, o.expired(fmt.Errorf("tree hash of bytes %d to %d: %w", first, last, err))
	}
	return hash, true, nil
}

// CopyRange writes the bytes first to last, both included, to w, each leaf
// after its check. If it fails, what was written before is good. A job that has
// expired before anything was written is ResourceNotFoundException.
//
// The leaf that w is being given is in a buffer of the service's, of which
// there are Config.OutputBuffers for all outputs. Who needs one waits its turn,
// and gets in line again after each leaf. So w must not block for ever: readers
// that take nothing hold up all others, though only until their writes fail.
func (o *Output) CopyRange(ctx context.Context, w io.Writer, first, last int64) error {
	if o.results != nil {
		return o.copyResults(ctx, w, first, last)
	}
	begun := false
	for sp := range spans(o.pieces.list, o.base+first, o.base+last) {
		r, err := o.pieces.open(ctx, sp.piece)
		if err != nil {
			err = fmt.Errorf("open payload %d: %w", sp.piece.Payload, err)
			if !begun {
				err = o.expired(err)
			}
			return err
		}
		begun = true
		for off, end := sp.off, sp.off+sp.n; off < end; {
			n := min(end-off, payload.LeafSize-off%payload.LeafSize)
			if err := o.s.copyLeaf(ctx, w, r, off, n); err != nil {
				return err
			}
			off += n
		}
	}
	return nil
}

// copyResults is CopyRange of a select job.
func (o *Output) copyResults(ctx context.Context, w io.Writer, first, last int64) error {
	for off := first; off <= last; off += payload.LeafSize {
		if err := o.copyBlock(ctx, w, off, min(last-off+1, payload.LeafSize)); err != nil {
			return err
		}
	}
	return nil
}

func (o *Output) copyBlock(ctx context.Context, w io.Writer, off, n int64) error {
	buf, err := o.s.outputs.Get(ctx)
	if err != nil {
		return fmt.Errorf("wait for a buffer: %w", err)
	}
	defer o.s.outputs.Put(buf)
	if _, err := o.results.ReadAt(buf[:n], off); err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	_, err = w.Write(buf[:n])
	return err
}

// copyLeaf writes bytes of a payload that lie in one leaf.
func (s *Service) copyLeaf(ctx context.Context, w io.Writer, r payload.Reader, off, n int64) error {
	buf, err := s.outputs.Get(ctx)
	if err != nil {
		return fmt.Errorf("wait for a buffer: %w", err)
	}
	defer s.outputs.Put(buf)
	return payload.CopyRange(ctx, w, r, off, n, buf)
}

// Close closes what the output has open.
func (o *Output) Close() error {
	if o.results != nil {
		return o.results.Close()
	}
	return o.pieces.Close()
}
