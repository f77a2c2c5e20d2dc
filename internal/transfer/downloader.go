package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/treehash"
)

// A Downloader fetches the outputs of retrieval jobs. Its methods may be called concurrently.
type Downloader struct {
	Vault *remote.Vault
	// Work remembers what of a file has been written, so that it can be gone on with; nil does not.
	Work  *names.Catalogue
	Slots *Slots
	// ChunkSize is a power of two from 1 MiB; 0 is chosen by the output's size.
	ChunkSize int64
	// Buffers is how many chunks [Downloader.Write] keeps in memory; 0 is 4.
	Buffers int
	// Sleep waits between attempts; nil is a timer.
	Sleep func(context.Context, time.Duration) error
}

// An Output is what is to be fetched: the output of a job that has succeeded.
type Output struct {
	Job     glacier.JobID
	Archive glacier.ArchiveID
	// First is where in the archive the output begins, and Size how many bytes it has.
	First, Size int64
	// Tree is the tree hash of the output, if Hashed. The whole is then held against it.
	Tree   treehash.Hash
	Hashed bool
	// Progress hears of bytes as they come, and with a negative number of those that have to come again. It may be called
	// concurrently; nil if nobody wants to know.
	Progress func(n int64)
}

// A CorruptError is content that is not what it should be, and stays so.
type CorruptError struct {
	Offset, Size int64 // of the bytes in question, in the output
	Want, Got    treehash.Hash
	Why          string // instead of the hashes
}

func (e *CorruptError) Error() string {
	if e.Why != "" {
		return e.Why
	}
	return fmt.Sprintf("the %d bytes from %d that came are not those that should have come: their tree hash is %s and should be %s", e.Size, e.Offset, e.Got, e.Want)
}

// tries is how often a chunk is fetched whose bytes are wrong, and how often the fetching of one is resumed in vain.
const tries = 5

// largestChunk is the size of the chunks of the largest outputs.
const largestChunk = 256 * glacier.MiB

// A fetch is an output being fetched.
type fetch struct {
	d     *Downloader
	o     Output
	chunk int64
	// inOne is set once the server has shown that it knows no ranges: what breaks off then begins anew.
	inOne bool
	spare sync.Pool // of *[treehash.LeafSize]byte
}

func (d *Downloader) newFetch(o Output) (*fetch, error) {
	chunk, err := PartSize(o.Size, d.ChunkSize)
	if err != nil {
		return nil, err
	}
	if d.ChunkSize == 0 {
		chunk = min(chunk, largestChunk) // there may be more than 10,000; what is under way when a process dies comes again
	}
	return &fetch{d: d, o: o, chunk: chunk}, nil
}

func (f *fetch) progress(n int64) {
	if f.o.Progress != nil && n != 0 {
		f.o.Progress(n)
	}
}

// chunks is how many chunks the output has.
func (f *fetch) chunks() int { return int((f.o.Size + f.chunk - 1) / f.chunk) }

// bounds are where the i-th chunk begins and how long it is.
func (f *fetch) bounds(i int) (offset, size int64) {
	offset = int64(i) * f.chunk
	return offset, min(f.chunk, f.o.Size-offset)
}

// get brings the bytes of a chunk, which begins at a multiple of 1 MiB, to dst, where the first is at 0, and returns their
// tree hash. Where the server says what it should be, they have it.
func (f *fetch) get(ctx context.Context, offset, size int64, dst io.WriterAt) (treehash.Hash, error) {
	for try := 1; ; try++ {
		g := &get{f: f, offset: offset, size: size, leaves: f.newLeaves(dst, size)}
		err := g.run(ctx)
		f.put(g.leaves)
		tree := g.leaves.root()
		if err == nil && g.hashed && tree != g.want {
			err = &CorruptError{Offset: offset, Size: size, Want: g.want, Got: tree}
		}
		if err == nil {
			return tree, nil
		}
		f.progress(-g.done)
		if try == tries || !g.anew(err) {
			return tree, err
		}
		if err := f.d.pause(ctx, try); err != nil {
			return tree, err
		}
	}
}

// anew reports whether the chunk is worth another attempt from its beginning.
func (g *get) anew(err error) bool {
	if _, corrupt := errors.AsType[*CorruptError](err); corrupt {
		return g.done == g.size
	}
	_, broken := errors.AsType[*brokenError](err)
	return broken && g.f.inOne
}

// errWhole is the error of a server that knows no ranges.
var errWhole = errors.New("the server sends the whole output when it is asked for a range")

// A get is one attempt to get a chunk whole, by as many requests as it takes.
type get struct {
	f            *fetch
	offset, size int64
	done         int64
	leaves       *leaves
	want         treehash.Hash // the chunk's, if hashed
	hashed       bool
}

func (g *get) run(ctx context.Context) error {
	for idle := 0; g.done < g.size; {
		before := g.done
		err := g.request(ctx)
		switch {
		case err == nil:
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case g.f.inOne, !errors.As(err, new(*brokenError)):
			return err
		}
		if idle++; g.done > before {
			idle = 0
		}
		if idle == tries {
			return err
		}
		if err := g.f.d.pause(ctx, idle+1); err != nil {
			return err
		}
	}
	return g.leaves.flush()
}

// A brokenError is the end of a reply before its time.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

// request asks for what is missing of the chunk.
func (g *get) request(ctx context.Context) error {
	first, last := g.offset+g.done, g.offset+g.size-1
	if first == 0 && g.size == g.f.o.Size {
		last = -1 // all of it
	}
	out, err := g.f.d.Vault.Output(ctx, g.f.o.Job, first, last)
	if errors.Is(err, remote.ErrOtherBytes) {
		return errWhole
	}
	if err != nil {
		return err
	}
	defer out.Body.Close()
	if out.Total >= 0 && out.Total != g.f.o.Size {
		return &CorruptError{Why: fmt.Sprintf("the job's output has %d bytes, and should have %d", out.Total, g.f.o.Size)}
	}
	want := g.size - g.done
	if out.Size > want {
		return errWhole
	}
	if g.done == 0 && out.Hashed && (out.Size == want || out.Size < 0 && last < 0) {
		g.want, g.hashed = out.Tree, true
	}
	n, err := g.leaves.readFrom(out.Body, want, g.f.progress)
	g.done += n
	if errors.Is(err, io.EOF) {
		err = &brokenError{fmt.Errorf("the server has sent %d bytes of %d", g.done, g.size)}
	}
	return err
}

// whole gets the output in one piece, from a server that knows no ranges.
func (f *fetch) whole(ctx context.Context, dst io.WriterAt) (treehash.Hash, error) {
	if err := f.d.Slots.take(ctx); err != nil {
		return treehash.Hash{}, err
	}
	defer f.d.Slots.release()
	f.inOne = true
	return f.get(ctx, 0, f.o.Size, dst)
}

// pause waits before something is tried again.
func (d *Downloader) pause(ctx context.Context, try int) error {
	pause := min(250*time.Millisecond<<min(try, 20), 30*time.Second)
	pause = pause/2 + rand.N(pause/2)
	if d.Sleep != nil {
		return d.Sleep(ctx, pause)
	}
	return remote.Sleep(ctx, pause)
}

// finish holds the hashes of all chunks against that of the whole.
func (f *fetch) finish(trees []treehash.Hash) (treehash.Hash, error) {
	whole := treehash.Root(trees)
	if f.o.Hashed && whole != f.o.Tree {
		return whole, &CorruptError{Size: f.o.Size, Want: f.o.Tree, Got: whole}
	}
	return whole, nil
}

// buffers is how many chunks Write keeps.
func (d *Downloader) buffers() int { return cmp.Or(d.Buffers, 4) }
