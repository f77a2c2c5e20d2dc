package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A tree is a folder of many files, whose content nobody has to remember: it
// follows from a file's number and version.
type tree struct {
	dir   string
	stuff *material
	files []leaf
}

// A leaf is a file.
type leaf struct {
	number, version int
	size            int64
}

// perFolder is how many files a folder has.
const perFolder = 100

// halves are the folders at the top: every second folder is in one of them.
func halves() []string { return []string{"even", "odd"} }

func (l leaf) half() string { return halves()[l.number/perFolder%2] }

func (l leaf) name() string {
	return fmt.Sprintf("%s/%05d/file-%07d.bin", l.half(), l.number/perFolder, l.number)
}

// sparseAbove is the size from which a file has nothing but its beginning, so
// that it takes no space until it is an archive.
const sparseAbove = 8 * mib

// growTree makes a folder of so many files that are so many bytes together:
// a tenth of them in one file, a fifth in ten, a fifth in a hundred, as far as
// there are so many; the others have sizes that go down to nothing, most of
// them small.
func growTree(ctx context.Context, dir string, stuff *material, files int, bytes int64) (*tree, error) {
	t := &tree{dir: dir, stuff: stuff, files: make([]leaf, files)}
	random := rand.New(rand.NewPCG(7, 7))
	left, start := bytes, 0
	for _, class := range []struct {
		files int
		share int64 // tenths
	}{{1, 1}, {10, 2}, {100, 2}} {
		if start+class.files > files/10 {
			break
		}
		for range class.files {
			t.files[start].size = bytes * class.share / 10 / int64(class.files)
			left -= t.files[start].size
			start++
		}
	}
	weights, sum := make([]float64, files-start), 0.0
	for i := range weights {
		weights[i] = random.ExpFloat64() * random.ExpFloat64()
		sum += weights[i]
	}
	for i, w := range weights {
		t.files[start+i].size = int64(float64(left) * w / sum)
	}
	// The large ones are somewhere among the others.
	random.Shuffle(files, func(i, j int) { t.files[i], t.files[j] = t.files[j], t.files[i] })
	for i := range t.files {
		t.files[i].number = i
	}
	return t, t.write(ctx, t.files...)
}

func (t *tree) bytes() (sum int64) {
	for _, l := range t.files {
		sum += l.size
	}
	return sum
}

func (t *tree) largest() (most int64) {
	for _, l := range t.files {
		most = max(most, l.size)
	}
	return most
}

func (t *tree) smallest() int64 {
	least := t.largest()
	for _, l := range t.files {
		least = min(least, l.size)
	}
	return least
}

// write writes files.
func (t *tree) write(ctx context.Context, files ...leaf) error {
	for _, l := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		path := filepath.Join(t.dir, l.name())
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if l.size > sparseAbove {
			_, err = f.Write(l.head())
			err = errors.Join(err, f.Truncate(l.size))
		} else {
			err = t.content(l, func(p []byte) error { _, err := f.Write(p); return err })
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// head is how a file begins, as none other does.
func (l leaf) head() []byte {
	head := binary.BigEndian.AppendUint64(nil, uint64(l.number)<<16|uint64(l.version))
	head = append(head, head...)
	return head[:min(16, l.size)]
}

// content is what a file holds: 16 bytes of its own, then the material, or
// zeros.
func (t *tree) content(l leaf, f func([]byte) error) error {
	head := l.head()
	if err := f(head); err != nil {
		return err
	}
	rest := t.stuff
	if l.size > sparseAbove {
		rest = &material{block: make([]byte, mib)}
	}
	return rest.each(int64(len(head)), l.size, f)
}

// change writes so many files anew, evenly chosen, with other contents, and
// returns their bytes. The largest stay.
func (t *tree) change(files int) (bytes int64, err error) {
	if files == 0 {
		return 0, nil
	}
	for i := 0; i < len(t.files); i += len(t.files) / files {
		l := &t.files[i]
		if l.size > 8*mib {
			continue
		}
		l.version++
		l.size++
		bytes += l.size
		if err := t.write(context.Background(), *l); err != nil {
			return 0, err
		}
	}
	return bytes, nil
}

// part is the files of a half; all of them if it is empty.
func (t *tree) part(half string) (files []leaf, bytes int64) {
	for _, l := range t.files {
		if half == "" || l.half() == half {
			files = append(files, l)
			bytes += l.size
		}
	}
	return files, bytes
}

// compare holds a folder against what a half of the tree is now: every file,
// every byte, and nothing else.
func (t *tree) compare(ctx context.Context, dir, half string) error {
	files, _ := t.part(half)
	for _, l := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := t.compareFile(filepath.Join(dir, l.name()), l); err != nil {
			return err
		}
	}
	found := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found++
		}
		return err
	})
	if err == nil && found != len(files) {
		err = fmt.Errorf("%d files came back of %d", found, len(files))
	}
	return err
}

func (t *tree) compareFile(path string, l leaf) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10)
	buf := make([]byte, mib)
	err = t.content(l, func(want []byte) error {
		got := buf[:len(want)]
		if _, err := io.ReadFull(in, got); err != nil {
			return err
		}
		if string(got) != string(want) {
			return errors.New("other bytes than there were")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return fmt.Errorf("%s: it is longer than it was", path)
	}
	return nil
}
