package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/disk"
	"firn/internal/inventory"
)

// A spool keeps the ids of the archives that are to be deleted, and how far that
// is. It is a folder beside the vault's names:
//
//	ids         one id a line
//	state.json  what is known of ids, and the position in it; only if ids is whole
//	earlier-1   the ids of the first inventory of this process, all done; and so on
//	lock        held by the process that works on it
//
// A kill at any moment leaves a state that is at most one batch old, and
// deleting an archive twice is as good as once.
type spool struct {
	fsys  disk.FS
	lock  io.Closer
	state spoolState
	ids   disk.File     // nil until it is read
	in    *bufio.Reader // of ids, from state.Offset on

	earlier  int   // files of ids of this process's earlier inventories
	counted  bool  // the present ids are to be such, once they are done
	repeated int64 // of state.Count, how many ids are in earlier files
}

type spoolState struct {
	Version int
	Job     glacier.JobID // whose inventory it is
	Count   int64         // ids
	Done    int64         // of them, from the first on
	Failed  int64         // of those
	Offset  int64         // of the first that is not done
	// Settled is the date at which the vault was last counted when there was no sense in another inventory; "" if there is.
	Settled string
}

const (
	spoolIDs   = "ids"
	spoolFile  = "state.json"
	spoolLock  = "lock"
	spoolKnown = 1
)

// openSpool opens the spool beside a file of names, and makes it if there is
// none.
func openSpool(ctx context.Context, names string) (*spool, error) {
	dir := strings.TrimSuffix(names, ".db") + ".emptying"
	fsys, err := disk.MakeRoot(dir)
	if err != nil {
		return nil, err
	}
	return newSpool(ctx, fsys, dir)
}

// patience is how long it is waited for the lock: a process that was killed
// keeps it until the disk has done what the process last asked of it.
const patience = 3 * time.Second

func lockSpool(ctx context.Context, fsys disk.FS) (io.Closer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		lock, err := fsys.Lock(spoolLock)
		if !errors.Is(err, disk.ErrLocked) {
			return lock, err
		}
		select {
		case <-time.After(patience / 100):
		case <-ctx.Done():
			return nil, fmt.Errorf("another process empties this vault: %w", err)
		}
	}
}

func newSpool(ctx context.Context, fsys disk.FS, name string) (*spool, error) {
	p := &spool{fsys: fsys}
	var err error
	if p.lock, err = lockSpool(ctx, fsys); err != nil {
		return nil, err
	}
	if err := p.clearEarlier(); err != nil { // of a process that was killed
		return nil, errors.Join(err, p.close())
	}
	text, err := disk.ReadFile(fsys, spoolFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err == nil:
		err = json.Unmarshal(text, &p.state)
	}
	if err == nil && p.state.Version > spoolKnown {
		err = errors.New("a newer firn made it")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read how far %s is: %w", name, err), p.close())
	}
	return p, nil
}

// ready reports whether there are ids to delete.
func (p *spool) ready() bool { return p.state.Done < p.state.Count }

// fill reads a job's inventory to its end, in place of what was there.
func (p *spool) fill(in io.Reader, job glacier.JobID) error {
	if err := p.retire(); err != nil {
		return err
	}
	f, err := p.fsys.Create(spoolIDs)
	if err != nil {
		return err
	}
	defer f.Close()
	st := spoolState{Version: spoolKnown, Job: job}
	out := bufio.NewWriterSize(io.NewOffsetWriter(f, 0), 1<<20)
	r := inventory.NewReader(in, glacier.FormatJSON)
	for row, err := range r.Rows() {
		if err != nil {
			return fmt.Errorf("read the inventory: %w", err)
		}
		if _, err := fmt.Fprintln(out, row.ID); err != nil {
			return err
		}
		st.Count++
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if p.repeated, err = p.countRepeated(st.Count); err != nil {
		return err
	}
	return p.save(st)
}

// save makes a state durable.
func (p *spool) save(st spoolState) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if err := disk.WriteFile(p.fsys, spoolFile, text); err != nil {
		return err
	}
	p.state = st
	return nil
}

// next returns the next ids, at most n, and none at the end.
func (p *spool) next(n int) ([]glacier.ArchiveID, error) {
	if p.in == nil {
		f, err := p.fsys.Open(spoolIDs)
		if err != nil {
			return nil, err
		}
		p.ids = f
		p.in = bufio.NewReader(io.NewSectionReader(f, p.state.Offset, 1<<62))
	}
	var ids []glacier.ArchiveID
	for len(ids) < n {
		line, err := p.in.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the ids: %w", err)
		}
		ids = append(ids, glacier.ArchiveID(line[:len(line)-1]))
	}
	return ids, nil
}

// advance remembers that ids, which were the next, are done, and how many of
// them have failed.
func (p *spool) advance(ids []glacier.ArchiveID, failed int64) error {
	st := p.state
	for _, id := range ids {
		st.Offset += int64(len(id)) + 1
	}
	st.Done += int64(len(ids))
	st.Failed += failed
	return p.save(st)
}

// settle remembers that another inventory makes no sense until the vault is
// counted again.
func (p *spool) settle(counted string) error {
	st := p.state
	st.Settled = counted
	return p.save(st)
}

// clear forgets all that is kept.
func (p *spool) clear() error {
	p.forget()
	return errors.Join(disk.RemoveSync(p.fsys, spoolFile), disk.RemoveSync(p.fsys, spoolIDs), p.clearEarlier()) // in this order
}

// forget forgets what is known of the ids.
func (p *spool) forget() {
	if p.ids != nil {
		p.ids.Close()
	}
	p.ids, p.in, p.state, p.counted, p.repeated = nil, nil, spoolState{}, false, 0
}

// close gives the spool up; what it keeps for the next process stays.
func (p *spool) close() error {
	if p.ids != nil {
		p.ids.Close()
	}
	return errors.Join(p.clearEarlier(), p.lock.Close())
}
