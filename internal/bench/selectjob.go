package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"firn/glacier"
	"firn/treehash"
)

// jobFigure is the name of a figure.
func jobFigure(asked question) string { return asked.name + ", select job" }

// jobs lets a server answer the questions about an archive, from InitiateJob to
// the job's end.
func (q *queries) jobs(ctx context.Context) error {
	f, err := q.startFirn(ctx, q.dir)
	if err != nil {
		return err
	}
	defer q.stop(f.process)
	s := f.open(ctx)
	defer s.close()
	archive, err := uploadFile(s, q.table, q.size)
	if err != nil {
		return err
	}
	for range q.plan.rounds {
		for _, asked := range questions() {
			if err := q.job(f, s, archive, asked); err != nil {
				return fmt.Errorf("%s: %w", asked.name, err)
			}
		}
	}
	return nil
}

func (q *queries) job(f *firn, s *session, archive glacier.ArchiveID, asked question) error {
	if err := f.forget(); err != nil {
		return err
	}
	began, used := time.Now(), f.cpu()
	job, err := startSelect(s, archive, asked.firn)
	if err != nil {
		return err
	}
	if err := f.await(s, job); err != nil {
		return err
	}
	name, gb := jobFigure(asked), float64(q.size)/1e9
	q.report.add(name, "MB/s", 1e3*gb/time.Since(began).Seconds())
	q.report.also(name, "CPU", "s/GB", (f.cpu()-used).Seconds()/gb)
	_, peak := f.memory()
	q.report.also(name, "peak resident", "MiB", peak)
	return q.check(f, asked)
}

// check holds the results of a job against what the others have answered, and
// removes them.
func (q *queries) check(f *firn, asked question) error {
	root := filepath.Join(f.data, "select")
	var all counted
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) != "results" {
			return err
		}
		part, err := os.Open(path)
		if err != nil {
			return err
		}
		defer part.Close()
		_, err = io.Copy(&all, part)
		return errors.Join(err, os.Remove(path))
	})
	if err != nil {
		return err
	}
	if asked.what == "rows" {
		return q.agree(asked.name, "a select job", strconv.Itoa(all.lines))
	}
	return q.agree(asked.name, "a select job", string(bytes.TrimSpace(all.last)))
}

// counted counts the lines of what is written to it, and remembers the last of it.
type counted struct {
	lines int
	last  []byte
}

func (c *counted) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	c.last = append(c.last[:0], p[max(0, len(p)-100):]...)
	return len(p), nil
}

// startSelect asks for a select job, and returns its path.
func startSelect(s *session, archive glacier.ArchiveID, statement string) (string, error) {
	doc, err := json.Marshal(map[string]any{
		"Type": "select", "ArchiveId": archive, "Tier": "Standard",
		"SelectParameters": map[string]any{
			"Expression": statement, "ExpressionType": "SQL",
			"InputSerialization": map[string]any{"csv": map[string]string{}}, "OutputSerialization": map[string]any{"csv": map[string]string{}},
		},
		"OutputLocation": map[string]any{"S3": map[string]string{"BucketName": "bench-results", "Prefix": "bench"}},
	})
	if err != nil {
		return "", err
	}
	h, err := s.document("POST", vaultAt+"/jobs", string(doc))
	return vaultAt + "/jobs/" + h.Get(glacier.HeaderJobID), err
}

// uploadFile archives a file in parts of 64 MiB.
func uploadFile(s *session, path string, size int64) (glacier.ArchiveID, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h, err := s.ask("POST", vaultAt+"/multipart-uploads", http.Header{glacier.HeaderPartSize: {strconv.Itoa(64 * mib)}}, nothing())
	if err != nil {
		return "", err
	}
	to := vaultAt + "/multipart-uploads/" + h.Get(glacier.HeaderUploadID)
	var whole treehash.Builder
	part := make([]byte, 64*mib)
	for first := int64(0); first < size; {
		n, err := io.ReadFull(f, part)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return "", err
		}
		if err := s.uploadPart(to, first, part[:n], &whole); err != nil {
			return "", err
		}
		first += int64(n)
	}
	h, err = s.ask("POST", to, http.Header{
		glacier.HeaderTreeHash: {whole.Root().String()}, glacier.HeaderArchiveSize: {strconv.FormatInt(size, 10)},
	}, nothing())
	return glacier.ArchiveID(h.Get(glacier.HeaderArchiveID)), err
}

// uploadPart uploads a part, and adds its leaves to the tree of the whole.
func (s *session) uploadPart(to string, first int64, part []byte, whole *treehash.Builder) error {
	var tree treehash.Builder
	for rest := part; len(rest) > 0; rest = rest[min(mib, len(rest)):] {
		leaf := sha256.Sum256(rest[:min(mib, len(rest))])
		tree.Add(leaf)
		whole.Add(leaf)
	}
	header := http.Header{
		glacier.HeaderTreeHash: {tree.Root().String()}, "Content-Range": {fmt.Sprintf("bytes %d-%d/*", first, first+int64(len(part))-1)},
	}
	return s.with(part, func(c content) error { _, err := s.ask("PUT", to, header, c); return err })
}
