package vault

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
)

// A PartRequest is the header of UploadMultipartPart. Empty strings were
// absent.
type PartRequest struct {
	Size   int64  // Content-Length; negative if there was none
	Range  string // Content-Range
	Linear string // x-amz-content-sha256
	Tree   string // x-amz-sha256-tree-hash
}

// BeginPart is the first half of UploadMultipartPart: it refuses what can be
// refused without the body. Otherwise the caller hands the body to the Ingest,
// commits it, and closes it in any case. A part that was there already is
// replaced; an upload that has ended in the meantime refuses the commit. The
// upload does not expire before the Ingest is closed.
func (s *Service) BeginPart(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.UploadID, q PartRequest) (*Ingest, error) {
	if q.Range == "" {
		return nil, glacier.MissingParameter("Content-Range")
	}
	want, err := parseDeclared(q.Linear, q.Tree)
	if err != nil {
		return nil, err
	}
	first, last, ok := contentRange(q.Range)
	if !ok {
		return nil, invalid("Content-Range", q.Range)
	}
	size := last - first + 1
	if q.Size >= 0 && q.Size != size {
		return nil, glacier.Errorf(glacier.InvalidParameterValue,
			"Content-Range: %s is incompatible with Content-Length: %d", q.Range, q.Size)
	}
	var u record.Upload
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		_, u, err = s.findOpenUpload(tx, owner, name, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if first%u.PartSize != 0 || size > u.PartSize {
		return nil, invalid("Content-Range", q.Range)
	}
	index := first / u.PartSize
	if index >= glacier.MaxParts {
		return nil, glacier.Errorf(glacier.InvalidParameterValue,
			"This is part number %d for the current multipart upload. It exceeds the limit of %d parts.",
			index+1, glacier.MaxParts)
	}
	keep := func(tx *catalog.Tx, w payload.Writer) (record.Record, glacier.ArchiveID, error) {
		if _, _, err := s.findOpenUpload(tx, owner, name, id); err != nil {
			return record.Record{}, "", err
		}
		r, err := keepPart(tx, w, u.ID, uint64(index))
		return r, "", err
	}
	h := payload.Header{Vault: u.Vault, Description: u.Description, Upload: u.ID, First: first, Size: size}
	s.receiving.begin(u.ID)
	in, err := s.ingest(ctx, h, want, keep)
	if err != nil {
		s.receiving.end(u.ID)
		return nil, err
	}
	in.upload = u.ID
	return in, nil
}

// receiving counts the parts on their way, by upload. An upload that is being
// given a part is not idle, however long its client takes to send it.
type receiving struct {
	mu    sync.Mutex
	parts map[uint64]int // no entry is 0
}

func (r *receiving) begin(upload uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.parts == nil {
		r.parts = make(map[uint64]int)
	}
	r.parts[upload]++
}

func (r *receiving) end(upload uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.parts[upload]--; r.parts[upload] == 0 {
		delete(r.parts, upload)
	}
}

// any reports whether a part of the upload is on its way.
func (r *receiving) any(upload uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.parts[upload] > 0
}

// keepPart puts a part in its place, and retires the bytes of the one before
// it.
func keepPart(tx *catalog.Tx, w payload.Writer, upload, index uint64) (record.Record, error) {
	old, replaces, err := tx.Part(upload, index)
	if err != nil {
		return record.Record{}, fmt.Errorf("look up part: %w", err)
	}
	var r record.Record
	stored := w.Attach(&r, tx.LSN())
	r.Put(&record.Part{
		Upload:   upload,
		Index:    index,
		Size:     stored.Size,
		TreeHash: stored.TreeHash,
		Payload:  stored.ID,
		LSN:      stored.LSN,
		Received: tx.Now().UnixMilli(),
	})
	if replaces {
		r.Delete(record.PayloadKey(old.Payload))
	}
	return r, nil
}

// contentRange reads "bytes first-last/total". The total is * or a number,
// and of no consequence.
func contentRange(s string) (first, last int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, total, ok := strings.Cut(s, "/")
	if !ok || total != "*" && !Digits(total) {
		return 0, 0, false
	}
	from, to, ok := strings.Cut(span, "-")
	if !ok {
		return 0, 0, false
	}
	first, ok1 := decimal(from)
	last, ok2 := decimal(to)
	// The last check also keeps last-first+1 from overflowing.
	if !ok1 || !ok2 || first > last || last >= 1<<62 {
		return 0, 0, false
	}
	return first, last, true
}
