package catalog

import "firn/internal/record"

const (
	selectUpload = "SELECT image FROM uploads WHERE vault = $1 AND id = $2"
	// Uploads that have ended stand in the way for a day at most.
	selectUploads = "SELECT image FROM uploads WHERE vault = $1 AND id >= $2 AND ended = 0 ORDER BY id LIMIT $3"
	selectEnded   = "SELECT image FROM uploads WHERE ended > 0 AND ended < $1 ORDER BY ended LIMIT $2"
	// An upload that is old enough is looked into part by part until one is
	// found that is not; an upload has few parts, and few uploads are that old.
	selectIdle = "SELECT image FROM uploads WHERE ended = 0 AND created < $1" +
		" AND NOT EXISTS (SELECT 1 FROM parts WHERE parts.upload = uploads.id AND parts.received >= $2)" +
		" ORDER BY created LIMIT $3"
	selectPart  = "SELECT image FROM parts WHERE upload = $1 AND place = $2"
	selectParts = "SELECT image FROM parts WHERE upload = $1 AND place >= $2 ORDER BY place LIMIT $3"
)

// Upload looks an upload up, ended ones included.
func (tx *Tx) Upload(vault, id uint64) (u record.Upload, ok bool, err error) {
	return one[record.Upload](tx, selectUpload, num(vault), num(id))
}

// Uploads lists a vault's open uploads by id, those with ids from on.
func (tx *Tx) Uploads(vault, from uint64, limit int) ([]record.Upload, error) {
	return list[record.Upload](tx, limit, selectUploads, num(vault), bound(from))
}

// StaleUploads lists uploads of all vaults that were open and idle (neither
// begun nor given a part) or ended since before the instant (Unix ms).
func (tx *Tx) StaleUploads(before int64, limit int) ([]record.Upload, error) {
	ended, err := list[record.Upload](tx, limit, selectEnded, before)
	if err != nil {
		return nil, err
	}
	idle, err := list[record.Upload](tx, limit-len(ended), selectIdle, before, before)
	if err != nil {
		return nil, err
	}
	return append(ended, idle...), nil
}

// Part looks one part of an upload up.
func (tx *Tx) Part(upload, index uint64) (p record.Part, ok bool, err error) {
	return one[record.Part](tx, selectPart, num(upload), num(index))
}

// Parts lists an upload's parts by index, those with indexes from on.
func (tx *Tx) Parts(upload, from uint64, limit int) ([]record.Part, error) {
	return list[record.Part](tx, limit, selectParts, num(upload), bound(from))
}
