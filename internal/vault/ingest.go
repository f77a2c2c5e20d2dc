package vault

import (
	"context"
	"errors"
	"fmt"
	"io"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// bodyBuffer is the size of the reads from a body. The payload's writer
// gathers whole leaves under the store's budget of memory; this comes on top,
// for every body on its way, and so is small.
const bodyBuffer = 64 << 10

// An Ingest takes in the body of an upload whose headers were accepted: Copy,
// then Commit, and Close in any case. It is for one goroutine.
//
// Until Commit returns nil nothing is visible; if Commit is not reached, or
// refuses, nothing is kept.
type Ingest struct {
	s     *Service
	w     payload.Writer
	size  int64
	want  declared
	keep  keep
	sum   payload.Sum
	whole bool // the body came, and is what was declared

	upload uint64 // counted in s.receiving until Close; 0 if it is no part's
}

// keep is the rule that makes a payload an archive or a part. It may run more
// than once.
type keep func(tx *catalog.Tx, w payload.Writer) (record.Record, glacier.ArchiveID, error)

// A Receipt is the answer to an upload.
type Receipt struct {
	Archive glacier.ArchiveID // empty for a part
	Tree    treehash.Hash     // as computed here
}

func (s *Service) ingest(ctx context.Context, h payload.Header, want declared, k keep) (*Ingest, error) {
	w, err := s.store.NewPayload(ctx, h)
	if err != nil {
		return nil, s.refusal(err)
	}
	return &Ingest{s: s, w: w, size: h.Size, want: want, keep: k}, nil
}

// Size is how many bytes Copy expects.
func (i *Ingest) Size() int64 { return i.size }

// Copy stores the body and compares it with what was declared. The body must
// end where it was declared to. What goes wrong with it is the client's fault:
// a reader's timeout is RequestTimeoutException, any other failure of it is
// BadRequest, and a *glacier.Error is handed through.
func (i *Ingest) Copy(body io.Reader) error {
	buf := i.s.buffers.Get().(*[bodyBuffer]byte)
	defer i.s.buffers.Put(buf)
	for got := int64(0); got < i.size; {
		want := min(i.size-got, bodyBuffer)
		n, err := io.ReadFull(body, buf[:want])
		got += int64(n)
		if err != nil {
			return i.bodyError(err, got)
		}
		if _, err := i.w.Write(buf[:n]); err != nil {
			return i.s.refusal(fmt.Errorf("store body: %w", err))
		}
	}
	switch _, err := io.ReadFull(body, buf[:1]); {
	case err == nil:
		return glacier.Errorf(glacier.BadRequest, "The request body is longer than the %d bytes declared.", i.size)
	case !errors.Is(err, io.EOF):
		return i.bodyError(err, i.size)
	}
	sum, err := i.w.Finish()
	if err != nil {
		return i.s.refusal(fmt.Errorf("finish body: %w", err))
	}
	if err := i.want.check(sum); err != nil {
		return err
	}
	i.sum, i.whole = sum, true
	return nil
}

// bodyError words the failure of a body's reader after got bytes.
func (i *Ingest) bodyError(err error, got int64) error {
	var refused *glacier.Error
	if errors.As(err, &refused) {
		return refused
	}
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return glacier.Errorf(glacier.RequestTimeout, "Request timed out.")
	}
	i.s.log.Debug("body broke off", "got", got, "declared", i.size, "err", err)
	return glacier.Errorf(glacier.BadRequest, "The request body ended after %d of the %d bytes declared.", got, i.size)
}

// Commit makes the upload durable and visible. It returns an error, and does
// nothing, unless Copy returned nil. ctx can withdraw it only until the store
// has taken it.
func (i *Ingest) Commit(ctx context.Context) (Receipt, error) {
	if !i.whole {
		return Receipt{}, errors.New("commit of a body that is not whole")
	}
	receipt := Receipt{Tree: i.sum.Tree}
	err := i.s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		r, id, err := i.keep(tx, i.w)
		receipt.Archive = id
		return r, err
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// Close gives up what was not committed. It is always called.
func (i *Ingest) Close() error {
	if i.upload != 0 {
		i.s.receiving.end(i.upload)
		i.upload = 0
	}
	return i.w.Close()
}
