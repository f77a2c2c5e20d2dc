package payload

import (
	"fmt"

	"firn/internal/disk"
	"firn/treehash"
)

// flushLeaves is how many leaves are written before the system is told to begin with them. Without it the kernel waits until
// Finish, and the writer then waits for the kernel: on one machine 1 GiB took 2.9 times as long.
const flushLeaves = 8

// An output is a payload's file in the making. A goroutine of its own makes the file and writes the leaves, while the
// writer collects and hashes the next one. The goroutine always runs to the end of the channel leaves, so the writer
// can hand it leaves without fear.
type output struct {
	files *Files
	label *label

	leaves chan []byte   // from the writer: full leaves, but for the last; closed after it
	free   chan []byte   // to the writer: the same slices, written
	failed chan struct{} // closed when err is set
	done   chan struct{} // closed when the goroutine has ended

	// The goroutine's own until it has ended. err may be read once failed is closed.
	file  disk.File  // nil if it could not be made
	named chan error // the outcome of making the name durable; nil if there is no file
	sums  []uint32   // CRC of each leaf
	err   error
}

// newOutput starts to make a payload's file.
func (f *Files) newOutput(l *label) *output {
	o := &output{
		files:  f,
		label:  l,
		leaves: make(chan []byte, 1),
		free:   make(chan []byte, 2), // as many as a writer has buffers
		failed: make(chan struct{}),
		done:   make(chan struct{}),
	}
	go o.run()
	return o
}

func (o *output) run() {
	defer close(o.done)
	o.fail(o.begin())
	for leaf := range o.leaves {
		if o.err == nil {
			o.fail(o.put(leaf))
		}
		o.free <- leaf
	}
}

// fail keeps the first error and tells the writer.
func (o *output) fail(err error) {
	if err != nil && o.err == nil {
		o.err = err
		close(o.failed)
	}
}

// failure returns what has gone wrong so far.
func (o *output) failure() error {
	select {
	case <-o.failed:
		return o.err
	default:
		return nil
	}
}

// begin makes the file, reserves its space and writes the header. The file's name becomes durable meanwhile.
func (o *output) begin() error {
	fsys, id := o.files.cfg.FS, o.label.id
	if err := o.files.makeFolder(id); err != nil {
		return err
	}
	file, err := fsys.Create(Name(id))
	if err != nil {
		return err
	}
	o.file, o.named = file, make(chan error, 1)
	go func() { o.named <- fsys.SyncDir(folder(id)) }()
	if o.label.Size >= 0 {
		if err := file.Allocate(0, fileSize(o.label.Size)); err != nil {
			return err
		}
	}
	_, err = file.WriteAt(o.label.encode(), 0)
	return err
}

// put writes the next leaf.
func (o *output) put(leaf []byte) error {
	i := int64(len(o.sums))
	if _, err := o.file.WriteAt(leaf, leafOffset(i)); err != nil {
		return err
	}
	o.sums = append(o.sums, checksum(leaf))
	if (i+1)%flushLeaves != 0 {
		return nil
	}
	// Its error counts: the kernel may report a failed write here, and only here.
	return o.file.FlushAsync(leafOffset(i+1-flushLeaves), flushLeaves*LeafSize)
}

// wait lets the goroutine end, and returns whether all is well with the file and its name. It is called once.
func (o *output) wait() error {
	close(o.leaves)
	<-o.done
	if o.named != nil {
		o.fail(<-o.named)
	}
	return o.err
}

// finish ends a file to which wait had no objection: it adds the table and the trailer and makes everything durable.
//
//	pwrite64(7, "\37\213"..., 52+128, 2101248) = 180
//	fdatasync(7)                               = 0
//	close(7)                                   = 0
//
// One sync is enough. If a power cut comes before it returns, the trailer may be there and a leaf not, but then no record names
// the file.
func (o *output) finish(leaves []treehash.Hash, sum Sum) error {
	table := encodeTable(leaves, o.sums)
	s := seal{Sum: sum, id: o.label.id, table: checksum(table)}
	end := headerSize + sum.Size
	tail := make([]byte, tableOffset(sum.Size)-end, fileSize(sum.Size)-end)
	tail = append(tail, table...)
	tail = append(tail, s.encode()...)
	if _, err := o.file.WriteAt(tail, end); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return err
	}
	file := o.file
	o.file = nil
	return file.Close()
}

// discard unlinks the file. wait was called. Nobody waits for the unlinking to be durable: should a power cut bring the file
// back, it is found to be an orphan. If the file could not be made, whatever has its name belongs to somebody else.
func (o *output) discard() {
	if o.named == nil {
		return
	}
	if o.file != nil {
		o.file.Close() // Its bytes are wanted no more.
		o.file = nil
	}
	if err := o.files.cfg.FS.Remove(Name(o.label.id)); err != nil {
		o.files.cfg.Log.Warn("cannot remove an abandoned payload file; the next start will",
			"payload", fmt.Sprintf("%016x", o.label.id), "err", err)
	}
}
