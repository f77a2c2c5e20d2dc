// Package payload is the stored form of one archive's or part's bytes.
//
// A payload of at most one leaf (1 MiB) is handed to the journal and lies in its record's frame. A larger one gets a file of its
// own, payload/xx/<id>.pay, where the id is 16 hexadecimal digits and xx the last two of them. This package takes bytes in for
// both ([Files.New]), and gives those in files out again ([Files.Open]).
//
// # What it promises
//
// When [Writer.Finish] returns nil for a payload with a file, the file is whole and durable, and so is its name. A file without
// a valid trailer was never finished. No byte leaves a [Reader] before its leaf's CRC was checked. A payload id names one
// file, ever: what has an id and was not recorded is unlinked, not reused. Memory is two leaves for a payload being written, out of a
// bounded [Pool], and 36 bytes for each MiB.
//
// It does not decide which payloads are in use: records do. It does not encrypt yet; the fields for it are in the format.
//
// # Whose a payload is
//
// A finished payload is attached to a record, and the store that takes the record says what becomes of it:
//
//	nobody asked for Inline             Close unlinks: no journal can hold a record that names the payload
//	Settle(true)                        it stays
//	Settle(false)                       the later of Settle and Close unlinks
//	Inline was asked for, no Settle     it stays: the record may be on the medium, and the next start knows
//
// For a store must ask a record for its inline bytes before it writes the record, in order to know where they go. So a rule may
// attach a payload and then fail, or its record be given up before anybody looked at it, and Close still cleans up. A store that has
// asked and then gives the record up says so with Settle(false).
//
// # The file
//
// All numbers are little-endian. CRCs are CRC-32C (Castagnoli). Leaf i lies at 4096 + i MiB, so that leaves stay aligned to
// pages and ranges of leaves can be read, and their tree hashes told, without the rest.
//
//	   0  header                4096 bytes
//	4096  the payload           Size bytes
//	      zeros                 up to a multiple of 8
//	      leaf table            52 bytes for each leaf
//	      trailer               128 bytes, the last of the file
//
// The header is known before the first byte of the payload:
//
//	   0  magic                 "FIRNPAY\n"
//	   8  version               uint32, 1
//	  12  cipher                uint32, 0: plaintext
//	  16  pool                  16 bytes, the UUID of the store
//	  32  payload id            uint64
//	  40  vault                 uint64, internal id
//	  48  upload                uint64, of a part: internal id of its upload; else 0
//	  56  first                 int64, of a part: its first byte's place in the archive
//	  64  declared size         int64, -1: was not known
//	  72  key slot              uint64, 0: none
//	  80  description length    uint16, at most 1024
//	  82  description           then zeros
//	4092  CRC of bytes 0 to 4091
//
// Magic, version and CRC stay where they are in every later version, so that a file from the future can be told from a damaged
// one. It is refused with [ErrFuture], as is a cipher or key slot that this version does not know.
//
// An entry of the leaf table:
//
//	 0  SHA-256 of the leaf   32 bytes, of the plaintext
//	32  GCM tag               16 bytes, 0: plaintext
//	48  CRC of the leaf       of the bytes as they are stored
//
// The trailer is found from the end of the file. The length of the file follows from the size in it, and must agree:
//
//	  0  magic                 "FIRNEND\n"
//	  8  payload id            uint64
//	 16  size                  int64, of the payload
//	 24  leaves                int64
//	 32  tree hash             32 bytes
//	 64  linear hash           32 bytes, SHA-256 of the payload
//	 96  CRC of the leaf table
//	100  zeros
//	124  CRC of bytes 0 to 123
//
// A leaf is checked by its own CRC alone, so that a damaged table entry costs one leaf. The hashes are given out only after the
// CRC of the whole table was checked.
package payload
