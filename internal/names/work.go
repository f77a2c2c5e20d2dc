package names

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"time"

	"firn/glacier"
	"firn/treehash"
)

// An Upload is a multipart upload that has been begun: what is needed to find out whether it can go on.
type Upload struct {
	Key         string // the name in the vault
	ID          glacier.UploadID
	PartSize    int64
	Size        int64     // of the file; -1 if it is not known
	Modified    time.Time // of the file, when it was begun
	Node        string    // what else tells whether it is the same file
	Description string
	Begun       time.Time
	Seal        []byte // what seals the rest as it did the beginning, a secret; nil if nothing is sealed
}

// SetUpload remembers an upload, in place of another of the same name.
func (c *Catalogue) SetUpload(ctx context.Context, u Upload) error {
	if u.Key == "" {
		return fmt.Errorf("remember an upload: it has no name")
	}
	return c.update(ctx, "remember an upload", func(tx *transaction) error {
		_, err := tx.Exec("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", u.Key, string(u.ID), u.PartSize, u.Size,
			u.Modified.Unix(), u.Modified.Nanosecond(), u.Node, u.Description, u.Begun.UnixMilli(), u.Seal)
		return err
	})
}

const uploadColumns = "SELECT key, id, part_size, size, modified, nanos, node, description, begun, seal FROM uploads"

func scanUpload(rows *sql.Rows) (u Upload, err error) {
	var modified, nanos, begun int64
	err = rows.Scan(&u.Key, &u.ID, &u.PartSize, &u.Size, &modified, &nanos, &u.Node, &u.Description, &begun, &u.Seal)
	u.Modified = time.Unix(modified, nanos).UTC()
	u.Begun = glacier.At(begun).Time
	return u, err
}

// Upload looks up the upload of a name.
func (c *Catalogue) Upload(ctx context.Context, key string) (Upload, bool, error) {
	return first(list(ctx, c, "look up an upload", scanUpload, uploadColumns+" WHERE key = ?", key))
}

// Uploads lists all of them, by name.
func (c *Catalogue) Uploads(ctx context.Context) iter.Seq2[Upload, error] {
	return list(ctx, c, "list uploads", scanUpload, uploadColumns+" ORDER BY key")
}

// DropUpload forgets the upload of a name, if there is one.
func (c *Catalogue) DropUpload(ctx context.Context, key string) error {
	return c.update(ctx, "forget an upload", func(tx *transaction) error {
		_, err := tx.Exec("DELETE FROM uploads WHERE key = ?", key)
		return err
	})
}

// A Retrieval is a job that has been asked for, or is about to be.
type Retrieval struct {
	Job         glacier.JobID // "" until the service has said it
	Token       string        // in the job's description; finds it again when the service's answer was lost
	Archive     glacier.ArchiveID
	First, Last int64 // bytes, both included
	Tier        string
	Begun       time.Time
}

// SetRetrieval remembers retrievals, each in place of another of the same token: all of them, or none.
func (c *Catalogue) SetRetrieval(ctx context.Context, all ...Retrieval) error {
	if slices.ContainsFunc(all, func(r Retrieval) bool { return r.Token == "" }) {
		return fmt.Errorf("remember a retrieval: it has no token")
	}
	return c.update(ctx, "remember a retrieval", func(tx *transaction) error {
		for _, r := range all {
			_, err := tx.Exec("INSERT OR REPLACE INTO retrievals VALUES (?, ?, ?, ?, ?, ?, ?)",
				r.Token, string(r.Job), string(r.Archive), r.First, r.Last, r.Tier, r.Begun.UnixMilli())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	retrievalColumns = "SELECT job, token, archive, first, last, tier, begun FROM retrievals"
	ofArchive        = " WHERE archive = ? ORDER BY first, begun DESC, token"
)

func scanRetrieval(rows *sql.Rows) (r Retrieval, err error) {
	var begun int64
	err = rows.Scan(&r.Job, &r.Token, &r.Archive, &r.First, &r.Last, &r.Tier, &begun)
	r.Begun = glacier.At(begun).Time
	return r, err
}

// Retrievals lists those of an archive, by their first byte, then the newest first.
func (c *Catalogue) Retrievals(ctx context.Context, id glacier.ArchiveID) iter.Seq2[Retrieval, error] {
	return list(ctx, c, "list retrievals", scanRetrieval, retrievalColumns+ofArchive, string(id))
}

// AllRetrievals lists those of all archives, the oldest first.
func (c *Catalogue) AllRetrievals(ctx context.Context) iter.Seq2[Retrieval, error] {
	return list(ctx, c, "list retrievals", scanRetrieval, retrievalColumns+" ORDER BY begun, token")
}

// DropRetrieval forgets a retrieval, if there is one of that token.
func (c *Catalogue) DropRetrieval(ctx context.Context, token string) error {
	return c.update(ctx, "forget a retrieval", func(tx *transaction) error {
		_, err := tx.Exec("DELETE FROM retrievals WHERE token = ?", token)
		return err
	})
}

// A Chunk is a piece of a file that is being downloaded, and that has been written and verified.
type Chunk struct {
	Target  string // the file that is being written
	Archive glacier.ArchiveID
	Offset  int64
	Size    int64
	Hash    treehash.Hash
}

// AddChunk remembers a chunk, in place of another of the same archive at the same place.
func (c *Catalogue) AddChunk(ctx context.Context, k Chunk) error {
	if k.Target == "" {
		return fmt.Errorf("remember a piece of a download: it has no file")
	}
	return c.update(ctx, "remember a piece of a download", func(tx *transaction) error {
		_, err := tx.Exec("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?)", k.Target, string(k.Archive), k.Offset, k.Size, hashBytes(k.Hash))
		return err
	})
}

// Chunks lists the chunks of a file, by offset.
func (c *Catalogue) Chunks(ctx context.Context, target string) ([]Chunk, error) {
	scan := func(rows *sql.Rows) (k Chunk, err error) {
		var hash []byte
		err = rows.Scan(&k.Target, &k.Archive, &k.Offset, &k.Size, &hash)
		copy(k.Hash[:], hash)
		return k, err
	}
	var all []Chunk
	for k, err := range list(ctx, c, "list the pieces of a download", scan,
		"SELECT target, archive, offset, size, hash FROM chunks WHERE target = ? ORDER BY offset, archive", target) {
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// DropChunks forgets the chunks of a file.
func (c *Catalogue) DropChunks(ctx context.Context, target string) error {
	return c.update(ctx, "forget the pieces of a download", func(tx *transaction) error {
		_, err := tx.Exec("DELETE FROM chunks WHERE target = ?", target)
		return err
	})
}
