package admin

import (
	"context"
	"errors"
	"fmt"
	"io"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/files"
	"firn/internal/remote"
	"firn/treehash"
)

// An outputReader is a job's output from its first byte to its last. When a
// connection breaks it opens another where the first has ended. At the end it
// compares what it has read with the size and the hash that the server said;
// only then it returns io.EOF.
//
// An inventory of gigabytes broke where the connection did for
// leeroybrun/glacier-vault-remove (#10).
type outputReader struct {
	ctx   context.Context
	vault *remote.Vault
	job   glacier.JobID

	body   io.ReadCloser // nil before the first read and after a break
	at     int64
	total  int64 // -1 if it is not known
	tree   *treehash.Hash
	hasher *treehash.Hasher
	breaks int // since the last byte
}

// maxBreaks is how often in a row a connection may break without a byte.
const maxBreaks = 10

func newOutputReader(ctx context.Context, v *remote.Vault, job glacier.JobID) *outputReader {
	return &outputReader{ctx: ctx, vault: v, job: job, total: -1, hasher: treehash.NewHasher()}
}

func (r *outputReader) Read(p []byte) (int, error) {
	for r.total < 0 || r.at < r.total {
		if r.body == nil {
			if err := r.open(); err != nil {
				return 0, err
			}
			continue // now the size may be known to be nothing
		}
		n, err := r.body.Read(p)
		r.at += int64(n)
		r.hasher.Write(p[:n])
		if errors.Is(err, io.EOF) && r.total < 0 {
			r.total = r.at
		} else if err != nil {
			if err := r.broken(n, err); err != nil {
				return n, err
			}
		}
		if n > 0 {
			r.breaks = 0
			return n, nil
		}
	}
	return 0, r.end()
}

// broken takes a broken connection away, and returns an error if it was one too
// many.
func (r *outputReader) broken(n int, err error) error {
	r.drop()
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if r.breaks++; n == 0 && r.breaks > maxBreaks {
		return fmt.Errorf("the connection broke %d times at byte %d: %w", r.breaks, r.at, err)
	}
	return nil
}

// open asks for what is missing.
func (r *outputReader) open() error {
	first, last := int64(0), int64(-1)
	if r.at > 0 {
		if r.total < 0 {
			return errors.New("the connection broke, and the server has not said how much there is")
		}
		first, last = r.at, r.total-1
	}
	o, err := r.vault.Output(r.ctx, r.job, first, last)
	if err != nil {
		return err
	}
	if r.at == 0 {
		r.total = o.Total
		if o.Hashed && o.First == 0 && o.Size == o.Total {
			r.tree = &o.Tree
		}
	}
	r.body = o.Body
	return nil
}

func (r *outputReader) drop() {
	if r.body != nil {
		r.body.Close()
		r.body = nil
	}
}

// Close ends the reading.
func (r *outputReader) Close() error {
	r.drop()
	return nil
}

// end is io.EOF if all is as it should be.
func (r *outputReader) end() error {
	if r.at != r.total {
		return fmt.Errorf("the output has %d bytes, and the server said %d", r.at, r.total)
	}
	if r.tree != nil {
		if tree, _ := r.hasher.Sum(); tree != *r.tree {
			return cli.Errorf(cli.Damaged, "the output was damaged on its way: its tree hash is %s, and the server said %s", tree, *r.tree)
		}
		r.tree = nil // Sum is done once
	}
	return io.EOF
}

// copyOutput writes a job's output to a file, or to standard output if there is
// no name.
func copyOutput(ctx context.Context, s *cli.Session, v *remote.Vault, d glacier.JobDescription, file string) error {
	r := newOutputReader(ctx, v, d.JobID)
	defer r.Close()
	var total int64
	if d.InventorySizeInBytes != nil {
		total = *d.InventorySizeInBytes
	} else if d.ArchiveSizeInBytes != nil && d.RetrievalByteRange == nil {
		total = *d.ArchiveSizeInBytes
	}
	p := s.Progress("Getting", total, true)
	defer p.Close()
	in := &counted{r, p}
	if file == "" {
		_, err := io.Copy(s.Out, in)
		return err
	}
	return files.Write(file, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// counted tells of what is read.
type counted struct {
	r io.Reader
	p *cli.Progress
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.Add(int64(n))
	return n, err
}
