package errand

import (
	"context"
	"errors"
	"fmt"
	"io"

	"firn/glacier"
	"firn/internal/remote"
	"firn/internal/transfer"
)

// An output is fetched in chunks of some MiB, some at a time, which memory has to hold.
const chunk, parallel = 4 * glacier.MiB, 4

// Read has use read a job's output from its first byte to its last. What use
// leaves of it is read, too: only then it is known that all of it is as the server
// has it. Bytes that stay damaged are a [*transfer.CorruptError].
func (r *Runner) Read(ctx context.Context, id glacier.JobID, use func(io.Reader) error) error {
	size, err := r.size(ctx, id)
	if err != nil {
		return err
	}
	d := &transfer.Downloader{Vault: r.Vault, Slots: transfer.NewSlots(parallel), ChunkSize: chunk, Buffers: parallel, Sleep: r.sleep}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	from, to := io.Pipe()
	written := make(chan error, 1)
	go func() {
		_, err := d.Write(ctx, transfer.Output{Job: id, Size: size, Progress: r.Progress}, to)
		if _, corrupt := errors.AsType[*transfer.CorruptError](err); corrupt {
			err = fmt.Errorf("the output was damaged on its way: %w", err)
		}
		to.CloseWithError(err)
		written <- err
	}()
	err = use(from)
	if err == nil {
		_, err = io.Copy(io.Discard, from)
	}
	stop()
	from.CloseWithError(err)
	if failed := <-written; err == nil {
		err = failed
	}
	return err
}

// size asks how long an output is, by a reply that need not be read. Descriptions
// of jobs do not say it of every kind of job, and not on every server as it is.
func (r *Runner) size(ctx context.Context, id glacier.JobID) (int64, error) {
	out, err := r.Vault.Output(ctx, id, 0, 0)
	if remote.IsRefusal(err, glacier.InvalidParameterValue) { // an output of nothing has no first byte
		out, err = r.Vault.Output(ctx, id, 0, -1)
	}
	if err != nil {
		return 0, err
	}
	if out.Total < 0 {
		err = fmt.Errorf("the server does not say how long the output of job %s is", id)
	}
	return out.Total, errors.Join(err, out.Body.Close())
}
