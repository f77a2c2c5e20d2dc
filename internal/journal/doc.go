// Package journal keeps records, and the small payloads they store, in
// append-only segment files: what [Journal.Append] has returned nil for is
// on the medium, whole, and [Journal.Replay] will find it again.
//
// It promises:
//
//   - A batch is one frame, one write and one fdatasync. After a crash it is
//     there whole or not at all, and if it was acknowledged it is there.
//   - A block that holds acknowledged bytes is never written again. A file
//     whose write or fdatasync failed is never written again; the batch goes
//     to a new segment, and if that fails too, the journal takes no more.
//   - A torn tail is told apart from rot in acknowledged bytes. The first is
//     ignored, the second is reported with the LSNs it costs, and only those
//     are lost: every record and every payload has a checksum of its own.
//   - Bytes leave through [Journal.OpenInline] only after their checksum.
//   - Compaction drops a record only after the journal itself has read, from
//     the medium, newer images or tombstones of every key in it.
//
// It does not promise to notice that the last batch before an unclean stop
// has rotted, unless the catalog or a later frame remembers it: nothing tells
// that apart from a write that was cut off. It knows neither what records mean
// (but that payload bytes need a payload's tombstone to go) nor large
// payloads. It has no defence against somebody who forges checksums.
//
// # Files
//
//	journal/%016x.seg   a segment
//	journal/%016x.idx   the index of a closed segment; disposable
//	journal/%016x.cmp   a compaction's output until it is complete
//
// A segment is either a journal segment, filled by Append, or a compacted
// one, which stands for a run of older segments. The segments that are live
// tile the LSNs in order: each begins where the one before it ends. Of a journal
// segment only the records below the first LSN of its successor exist.
// A segment found at start is never appended to.
//
// All integers are little-endian, all checksums are CRC-32C, and everything
// begins at a multiple of 4096 bytes, which is called a block here.
//
// # Segment
//
//	block 0     header, written together with the first frame
//	block 1…    frames, one after another
//	            zeros, if the file was allocated further
//
// The header, one block:
//
//	   0   8  "firn.seg"
//	   8   4  format version, 1
//	  12   4  kind: 1 journal, 2 compacted
//	  16   8  segment id, as in the name
//	  24  16  pool uuid
//	  40  16  drive uuid
//	  56   4  drive index
//	  60   4  layout: reserved, 0
//	  64   8  salt: random, repeated in every frame
//	  72   8  term: reserved, 0
//	  80   8  key epoch: reserved, 0
//	  88   8  first LSN that the segment is for
//	  96   8  previous journal segment with records, or 0
//	 104   8  its proven end: all bytes before were durable
//	 112   8  compacted: last LSN that the segment is for
//	 120   4  compacted: generation, 1 + the highest of its inputs
//	 124   4  compacted: number of inputs, at most 90
//	 128  40  each input: id 8, first LSN 8, last LSN 8, end of its last frame
//	          with records 8, that frame's CRC 4, zero 4
//	          zeros
//	4092   4  CRC of bytes 0 to 4091
//
// Magic, version and CRC stay where they are in every version to come, so that
// a newer file is told apart from a damaged one.
//
// A frame is one batch:
//
//	 0   4  "FRM1"
//	 4   2  format version, 1
//	 6   2  flags: 1 in a compacted segment, 2 reasons
//	 8   8  segment id
//	16   8  salt
//	24   4  number of records; 0 is a mark
//	28   4  length of the metas
//	32   4  length of the frame, a multiple of 4096
//	36   4  zero
//	40   8  LSN of the first record; in a mark, of the next one
//	48   8  durable_upto: everything in this file before it was durable when
//	        this frame was written
//	56   8  offset of this frame in the file, so that a copy of it inside a
//	        payload is not taken for a frame
//	64      metas
//	     4  CRC of the bytes before: the frame's CRC
//	        payloads, each at a multiple of 8
//	        zeros to the end of the block
//
// A meta is one record:
//
//	 0   4  CRC of the rest of the meta, begun with segment id and salt
//	 4   4  length of the meta, a multiple of 8
//	 8   8  LSN
//	16   8  time, Unix milliseconds
//	24   4  payload: offset in the frame, or 0
//	28   4  payload: length
//	32   4  payload: CRC
//	36   4  length of the images
//	40   4  offset of this meta in the frame
//	44   4  zero
//	48      images, as in package record
//	        zeros
//
// The last frames of a compacted segment have the flag reasons, and in the place
// of metas:
//
//	 0   8  first LSN that the segment is for
//	 8   8  last LSN that the segment is for
//	16  16  each: dropped LSN 8, LSN of a record that explains it 8
//
// A record with several images may have several reasons. A record that is kept
// only for a tombstone in it may have lost its payload. The reasons of the inputs
// are carried on, so that every LSN of a compacted segment is either there or
// explained.
//
// # Index
//
//	block 0     header: "firn.idx", version 4, zero 4, segment id 8, salt 8,
//	            first LSN 8, last LSN 8, end of the last frame 8, number of
//	            records 8, end of the last frame with records 8, its last LSN
//	            8, its CRC 4, zero 4; CRC of the block in its last 4 bytes
//	block 1…    CRC of the rest of the block 4, zero 12, then up to 255 times:
//	            LSN 8, offset of the record's meta in the segment 8
//
// # Which frames exist
//
// A frame at offset X was durable, proven, if a later frame's durable_upto
// is above X, or the catalog has applied a frame that ends above X, or a later
// segment begins with a later LSN. Proven bytes that are invalid are rot. In
// unproven bytes a frame exists only if every checksum in it holds; and as a
// page cache may show what the medium does not hold, it is first written again,
// to a new segment. Frames are looked for behind invalid bytes, block by block,
// so rot ends with the frame that it hit.
//
// A segment file in which no frame can be read, or only one that is torn and that
// no segment goes on behind, does not exist, unless the catalog, a later
// header, or an index file says that it held something. So a frame that was torn
// while it was written again does not hide the first one. If such a segment
// was the last, Open refuses: nobody knows which LSN is next.
//
// # Compaction
//
// A compaction is committed by a name. Its output is written as .cmp, synced,
// read again and verified whole, renamed to .seg, and the directory is
// synced; only then the segments it stands for are unlinked. At start a .cmp is
// unlinked, and so is a segment that a compacted one with a higher id stands
// for: one that a crash kept, or that somebody brought back from a backup.
package journal
