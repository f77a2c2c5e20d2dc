package retrieve

import (
	"context"
	"io"
	"sync"

	"firn/glacier"
)

// mostSmall is the size up to which files of one archive are written while the next
// ones are read, and scribes is how many are at a time: each waits for the disk.
const mostSmall, scribes = 256 * glacier.KiB, 8

// copyAll writes files that are parts of an archive, or were sealed.
func (r *Retriever) copyAll(ctx context.Context, t *task, plain io.ReaderAt, size int64, done func(...Outcome)) (left []Want, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	wants := t.order.Wants
	errs, ended := make([]error, len(wants)), make([]bool, len(wants))
	end := func(i int, err error) {
		if err != nil && !isFiles(err) {
			stop(err)
			return
		}
		errs[i], ended[i] = err, true
	}
	var crew sync.WaitGroup
	slots := make(chan struct{}, scribes)
	for i := range wants {
		if ctx.Err() != nil {
			break
		}
		w := &wants[i]
		w.File.Size = known(w.File.Size, size)
		if w.File.Size > mostSmall || t.target != nil {
			end(i, r.copy(ctx, t, *w, plain))
			continue
		}
		small := &excerpt{make([]byte, w.File.Size), w.File.Offset}
		if n, err := plain.ReadAt(small.bytes, small.at); n < len(small.bytes) {
			end(i, endsEarly(*w, err))
			continue
		}
		slots <- struct{}{}
		crew.Go(func() {
			end(i, r.copy(ctx, &task{order: t.order}, *w, small))
			<-slots
		})
	}
	crew.Wait()
	for i, w := range wants {
		if ended[i] {
			done(Outcome{Want: w, Err: errs[i]})
		} else {
			left = append(left, w)
		}
	}
	return left, context.Cause(ctx)
}

// An excerpt is what stands in an archive at some place.
type excerpt struct {
	bytes []byte
	at    int64
}

// ReadAt implements io.ReaderAt.
func (e *excerpt) ReadAt(b []byte, off int64) (int, error) {
	n := copy(b, e.bytes[min(off-e.at, int64(len(e.bytes))):])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}
