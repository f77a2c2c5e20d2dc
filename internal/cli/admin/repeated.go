package admin

import (
	"bufio"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"math/bits"
	"slices"

	"firn/internal/disk"
)

// An inventory that was taken before archives were deleted lists them, also to who
// has deleted them by an earlier one. They are deleted again, which does no harm, and
// not counted again.

// earlierIDs is the name of the file with the ids of an earlier inventory.
func earlierIDs(n int) string { return fmt.Sprintf("earlier-%d", n) }

// retire keeps the ids that this process has done, so that they are known when others
// come, and forgets any others.
func (p *spool) retire() error {
	if !p.counted || p.ready() {
		p.forget()
		return errors.Join(disk.RemoveSync(p.fsys, spoolFile), disk.RemoveSync(p.fsys, spoolIDs))
	}
	p.forget()
	if err := disk.RemoveSync(p.fsys, spoolFile); err != nil {
		return err
	}
	p.earlier++
	return p.fsys.Rename(spoolIDs, earlierIDs(p.earlier))
}

// clearEarlier removes the ids of earlier inventories, also another process's.
func (p *spool) clearEarlier() (err error) {
	for n := 1; err == nil; n++ {
		err = p.fsys.Remove(earlierIDs(n))
	}
	p.earlier = 0
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// atATime is how many ids are compared at a time: 8 bytes of memory each.
const atATime = 1 << 20

// countRepeated counts which of the count ids are among those of earlier inventories,
// in memory of a bit for each.
func (p *spool) countRepeated(count int64) (n int64, err error) {
	seed := maphash.MakeSeed()
	known := make([]byte, (count+7)/8)
	var some []uint64
	compare := func() error {
		slices.Sort(some)
		i := 0
		err := p.lines(spoolIDs, func(id string) error {
			if _, found := slices.BinarySearch(some, maphash.String(seed, id)); found {
				known[i/8] |= 1 << (i % 8)
			}
			i++
			return nil
		})
		some = some[:0]
		return err
	}
	for i := 1; i <= p.earlier && err == nil; i++ {
		err = p.lines(earlierIDs(i), func(id string) error {
			if some = append(some, maphash.String(seed, id)); len(some) < atATime {
				return nil
			}
			return compare()
		})
	}
	if err == nil && len(some) > 0 {
		err = compare()
	}
	for _, b := range known {
		n += int64(bits.OnesCount8(b))
	}
	return n, err
}

// lines reads the ids in a file.
func (p *spool) lines(file string, take func(id string) error) error {
	f, err := p.fsys.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(io.NewSectionReader(f, 0, 1<<62))
	for in.Scan() {
		if err := take(in.Text()); err != nil {
			return err
		}
	}
	return in.Err()
}
