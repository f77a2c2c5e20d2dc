package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"firn/internal/disk"
)

// recover finds the files of earlier lives and repairs the last of them.
func (l *Log) recover() error {
	entries, err := l.cfg.FS.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if n, ok := parseName(e.Name); ok && !e.Dir {
			l.past = append(l.past, past{n, e.Size})
			l.last = n
		}
	}
	kept := l.past[:max(0, len(l.past)-maxOpen)]
	for _, p := range l.past[len(kept):] {
		size, err := l.repair(p)
		if err != nil {
			l.cfg.Log.Error("audit file may be torn at its end", "file", p.name.String(), "err", err)
			l.seam = true
			size = p.size
		}
		if size > 0 {
			kept = append(kept, past{p.name, size})
		}
	}
	l.past = kept
	return nil
}

// repair makes a file end with its last whole line, and durable as it then is, and returns its size. If it has no whole line it
// is removed.
func (l *Log) repair(p past) (int64, error) {
	f, err := l.cfg.FS.OpenWrite(p.name.String())
	if err != nil {
		return 0, err
	}
	defer f.Close()
	end, err := lastWhole(f, p.size, maxLine)
	if err != nil {
		return 0, err
	}
	if end < p.size {
		l.cfg.Log.Warn("audit file is torn; the end is cut off", "file", p.name.String(), "from", end, "bytes", p.size-end)
	}
	if end == 0 {
		return 0, disk.RemoveSync(l.cfg.FS, p.name.String())
	}
	if end < p.size {
		if err := f.Truncate(end); err != nil {
			return 0, err
		}
	}
	return end, f.Sync()
}

// lastWhole returns where the last whole line of the size bytes of r ends, 0 if there is none. No line has more than longest bytes.
//
// It looks at windows of twice that from the end backwards, each of which ends where the one after it found nothing more.
func lastWhole(r io.ReaderAt, size int64, longest int) (int64, error) {
	buf := make([]byte, min(size, 2*int64(longest)))
	for end := size; end > 0; {
		b := buf[:min(end, int64(len(buf)))]
		start := end - int64(len(b))
		if n, err := r.ReadAt(b, start); n < len(b) {
			return 0, fmt.Errorf("read %d bytes at %d: %w", len(b), start, err)
		}
		whole, rest := lastWholeIn(b, start == 0, longest)
		if whole > 0 {
			return start + int64(whole), nil
		}
		end = start + int64(rest)
	}
	return 0, nil
}

// lastWholeIn returns where the last whole line in b ends, or 0 if none was found, and how much of b is then still to be looked at,
// together with what lies before it. first says that nothing does.
func lastWholeIn(b []byte, first bool, longest int) (whole, rest int) {
	for {
		end := bytes.LastIndexByte(b, '\n')
		if end < 0 {
			return 0, 0
		}
		begin := bytes.LastIndexByte(b[:end], '\n') + 1
		short := end+1-begin <= longest
		if begin == 0 && !first && short {
			return 0, end + 1 // It may begin before b.
		}
		if short && isWhole(b[begin:end]) {
			return end + 1, 0
		}
		b = b[:begin]
	}
}

// isWhole reports whether a line, without its end, is a JSON object.
func isWhole(line []byte) bool {
	return len(line) > 0 && line[0] == '{' && json.Valid(line)
}
