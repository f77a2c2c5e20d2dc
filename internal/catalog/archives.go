package catalog

import "firn/internal/record"

const (
	selectArchive  = "SELECT image FROM archives WHERE vault = $1 AND id = $2"
	selectArchives = "SELECT image FROM archives WHERE vault = $1 AND id > $2 AND id <= $3 AND deleted = 0 ORDER BY id LIMIT $4"
	selectPayload  = "SELECT image FROM payloads WHERE id = $1"
)

// Archive looks an archive up, deleted but pinned ones included.
func (tx *Tx) Archive(vault, id uint64) (a record.Archive, ok bool, err error) {
	return one[record.Archive](tx, selectArchive, num(vault), num(id))
}

// Archives lists a vault's archives, without deleted ones, by id, which is the
// order in which they were committed: those with after < id ≤ upto.
func (tx *Tx) Archives(vault, after, upto uint64, limit int) ([]record.Archive, error) {
	return list[record.Archive](tx, limit, selectArchives, num(vault), bound(after), bound(upto))
}

// Payload looks a payload up.
func (tx *Tx) Payload(id uint64) (p record.Payload, ok bool, err error) {
	return one[record.Payload](tx, selectPayload, num(id))
}
