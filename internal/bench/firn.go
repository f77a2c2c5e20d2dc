package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"firn/glacier"
	"firn/internal/sigv4"
)

// A firn is a server with a vault.
type firn struct {
	*process
	*endpoint
	data string
}

const (
	region    = "us-east-1"
	vaultAt   = "/-/vaults/" + vaultName
	vaultName = "bench"
)

// benchKey is what all servers are asked with; MinIO wants at least eight
// characters.
func benchKey() sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: "AKIABENCH00000000000", SecretAccessKey: "bench/secret/00000000000000000000000000"}
}

// signer signs for a service as its clients do.
func signer(service string, header http.Header) func(*http.Request, string) {
	return func(r *http.Request, hash string) {
		for name, v := range header {
			r.Header[http.CanonicalHeaderKey(name)] = v
		}
		r.Header.Set(glacier.HeaderContentSHA256, hash)
		sigv4.Sign(r, benchKey(), region, service, hash, time.Now())
	}
}

// startFirn starts a server on a new data directory in dir and makes a vault.
func (b *bench) startFirn(ctx context.Context, dir string) (*firn, error) {
	f := &firn{data: filepath.Join(dir, "firn")}
	if _, err := b.serveFirn(ctx, f); err != nil {
		return nil, err
	}
	s := f.open(ctx)
	defer s.close()
	if _, err := s.ask("PUT", vaultAt, nil, nothing()); err != nil {
		return nil, errors.Join(err, f.end(syscall.SIGKILL))
	}
	return f, nil
}

// announced is how Firn says where it serves.
var announced = regexp.MustCompile(`(?s)on http://(\S+) .*\nReady\.`)

// serveFirn starts the server on f's data directory, and returns how long it
// took until /readyz has answered 200.
func (b *bench) serveFirn(ctx context.Context, f *firn) (time.Duration, error) {
	key := benchKey()
	env := []string{"FIRN_ROOT_ACCESS_KEY_ID=" + key.AccessKeyID, "FIRN_ROOT_SECRET_ACCESS_KEY=" + key.SecretAccessKey}
	began := time.Now()
	p, err := spawn(ctx, "firn", filepath.Dir(f.data), env, b.firn, "serve", "--data", f.data, "--listen", "127.0.0.1:0", "--region", region)
	if err != nil {
		return 0, err
	}
	f.process = p
	f.endpoint = &endpoint{stuff: b.stuff}
	err = p.started(ctx, func() bool {
		out, err := os.ReadFile(p.out)
		if m := announced.FindSubmatch(out); err == nil && m != nil {
			f.host = string(bytes.TrimSuffix(m[1], []byte("/")))
		}
		return f.host != "" && f.ready(ctx)
	})
	took := time.Since(began)
	f.sign = signer(glacier.Service, http.Header{glacier.HeaderVersion: {glacier.Version}})
	return took, err
}

func (f *firn) ready(ctx context.Context) bool {
	s := f.open(ctx)
	defer s.close()
	_, err := s.ask("GET", "/readyz", nil, nothing())
	return err == nil
}

// upload archives a content and returns the archive's id.
func upload(s *session, c content) (glacier.ArchiveID, error) {
	h, err := s.ask("POST", vaultAt+"/archives", http.Header{glacier.HeaderTreeHash: {c.tree.String()}}, c)
	return glacier.ArchiveID(h.Get(glacier.HeaderArchiveID)), err
}

// document is a body that is not of the material. It is for small ones.
func (s *session) document(method, path, doc string) (h http.Header, err error) {
	err = s.with([]byte(doc), func(c content) error {
		h, err = s.ask(method, path, nil, c)
		return err
	})
	return h, err
}

// with lets f send bytes that are not of the material.
func (s *session) with(body []byte, f func(content) error) error {
	usual := s.endpoint
	defer func() { s.endpoint = usual }()
	e := *usual
	e.stuff = &material{block: body}
	s.endpoint = &e
	return f(content{size: int64(len(body)), linear: sha256.Sum256(body)})
}

// uploadParts archives a content of many parts of the same size, some at the
// same time, and returns the archive's id.
func (f *firn) uploadParts(ctx context.Context, part, whole content, parallel int) (glacier.ArchiveID, error) {
	s := f.open(ctx)
	defer s.close()
	h, err := s.ask("POST", vaultAt+"/multipart-uploads", http.Header{glacier.HeaderPartSize: {strconv.FormatInt(part.size, 10)}}, nothing())
	if err != nil {
		return "", err
	}
	path := vaultAt + "/multipart-uploads/" + h.Get(glacier.HeaderUploadID)
	_, err = load(ctx, f.endpoint, parallel, int(whole.size/part.size), func(s *session, i int) error {
		first := int64(i) * part.size
		_, err := s.ask("PUT", path, http.Header{
			glacier.HeaderTreeHash: {part.tree.String()},
			"Content-Range":        {fmt.Sprintf("bytes %d-%d/*", first, first+part.size-1)},
		}, part)
		return err
	})
	if err != nil {
		return "", err
	}
	s.close() // it may have been idle for too long
	h, err = s.ask("POST", path, http.Header{
		glacier.HeaderTreeHash:    {whole.tree.String()},
		glacier.HeaderArchiveSize: {strconv.FormatInt(whole.size, 10)},
	}, nothing())
	return glacier.ArchiveID(h.Get(glacier.HeaderArchiveID)), err
}

// startJob asks for the retrieval of an archive, or of an inventory in the
// format if there is no archive, and returns the path of the job.
func startJob(s *session, archive glacier.ArchiveID, format string) (path string, err error) {
	params := map[string]string{"Type": "inventory-retrieval", "Format": format}
	if archive != "" {
		params = map[string]string{"Type": "archive-retrieval", "ArchiveId": string(archive)}
	}
	doc, err := json.Marshal(params)
	if err != nil {
		return "", err
	}
	h, err := s.document("POST", vaultAt+"/jobs", string(doc))
	return vaultAt + "/jobs/" + h.Get(glacier.HeaderJobID), err
}

// await waits until a job has ended, and is an error unless it succeeded.
func (f *firn) await(s *session, job string) error {
	var failed error
	err := f.until(s.ctx, "done with a job", func() bool {
		var d struct {
			Completed  bool
			StatusCode string
		}
		resp, err := s.do("GET", job, nil, nothing())
		if err == nil {
			err = json.NewDecoder(resp.Body).Decode(&d)
			resp.Body.Close()
		}
		if err == nil && d.Completed && d.StatusCode != "Succeeded" {
			err = errors.New("the job ended as " + d.StatusCode)
		}
		failed = err
		return err != nil || d.Completed
	})
	return errors.Join(err, failed)
}

// output fetches a job's output, from first to last or all of it if last is
// negative, and returns its size. If the output is an archive's it is
// compared with what was sent.
func output(s *session, job string, archive bool, first, last int64) (int64, error) {
	header, offset := http.Header{}, int64(-1)
	if last >= 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", first, last))
	}
	if archive {
		offset = first
	}
	resp, err := s.do("GET", job+"/output", header, nothing())
	if err != nil {
		return 0, err
	}
	return s.drain(resp, offset)
}
