package admin

import (
	"context"
	"errors"
	"io"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/errand"
	"firn/internal/files"
	"firn/internal/remote"
	"firn/internal/transfer"
)

// readOutput has use read a job's output, of which p tells.
//
// An inventory of gigabytes broke where the connection did for
// leeroybrun/glacier-vault-remove (#10).
func readOutput(ctx context.Context, v *remote.Vault, id glacier.JobID, p *cli.Progress, use func(io.Reader) error) error {
	r := errand.Runner{Vault: v, Progress: p.Add}
	err := r.Read(ctx, id, use)
	if _, corrupt := errors.AsType[*transfer.CorruptError](err); corrupt {
		err = cli.Errorf(cli.Damaged, "%w", err)
	}
	return err
}

// copyOutput writes a job's output to a file, or to standard output if there is
// no name.
func copyOutput(ctx context.Context, s *cli.Session, v *remote.Vault, d glacier.JobDescription, file string) error {
	to := func(w io.Writer) error {
		return ReadOutput(ctx, s, v, d, func(r io.Reader) error {
			_, err := io.Copy(w, r)
			return err
		})
	}
	if file == "" {
		return to(s.Out)
	}
	return files.Write(file, to)
}

// ReadOutput has use read a job's output, and shows how far it is. A connection
// that breaks is taken up again.
func ReadOutput(ctx context.Context, s *cli.Session, v *remote.Vault, d glacier.JobDescription, use func(io.Reader) error) error {
	var total int64
	if d.InventorySizeInBytes != nil {
		total = *d.InventorySizeInBytes
	} else if d.ArchiveSizeInBytes != nil && d.RetrievalByteRange == nil {
		total = *d.ArchiveSizeInBytes
	}
	p := s.Progress("Getting", total, true)
	defer p.Close()
	return readOutput(ctx, v, d.JobID, p, use)
}
