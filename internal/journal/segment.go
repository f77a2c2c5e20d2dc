package journal

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"firn/internal/record"
)

// segment is a live segment. Once it is no longer the open one, only table and
// sealed change. The journal's mu guards it; copies are snapshots.
type segment struct {
	header
	last    record.LSN // the newest record that exists in it; in a compacted one, covered
	end     int64      // of the last frame that exists in it
	tail    Position   // the end of its last frame with records
	newest  int64      // time of its newest record, Unix ms
	table   []slot     // by LSN; nil if the index file is used instead
	sealed  bool       // a later segment is durable
	failed  bool       // a write or sync of it has failed
	damaged bool       // frames or the header are not as written: it gets no index file, so that each Open reports it
}

// slot says where a record's meta lies in a segment.
type slot struct {
	lsn record.LSN
	off int64
}

// empty reports whether the segment is for no LSN at all.
func (s *segment) empty() bool { return s.last < s.first }

func (s *segment) name() string { return segmentName(s.id) }

func segmentName(id uint64) string { return fileName(id, "seg") }
func indexName(id uint64) string   { return fileName(id, "idx") }
func outputName(id uint64) string  { return fileName(id, "cmp") }

func fileName(id uint64, ext string) string { return fmt.Sprintf("%s/%016x.%s", dir, id, ext) }

// parseName is the inverse of fileName for a name without the directory.
func parseName(name string) (id uint64, ext string, ok bool) {
	ext = strings.TrimPrefix(path.Ext(name), ".")
	id, err := strconv.ParseUint(strings.TrimSuffix(name, "."+ext), 16, 64)
	if err != nil || path.Join(dir, name) != fileName(id, ext) {
		return 0, "", false
	}
	return id, ext, ext == "seg" || ext == "idx" || ext == "cmp"
}
