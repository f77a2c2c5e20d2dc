package crashtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"firn/internal/client"
	"firn/treehash"
)

// A content is bytes that can be made again.
type content struct {
	Seed uint64
	Size int
}

func (c content) bytes() []byte {
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(c.Seed >> (8 * i))
	}
	b := make([]byte, c.Size)
	rand.NewChaCha8(seed).Read(b) // never fails
	return b
}

// join is the bytes of contents one after another.
func join(list []content) (b []byte) {
	for _, c := range list {
		b = append(b, c.bytes()...)
	}
	return b
}

// An api is the operations, as the tests need them. A refusal is a
// *client.Error; any other error is the connection's, and says nothing about
// whether the operation happened.
type api struct {
	client *client.Client
	url    string
}

func refused(err error) bool {
	var e *client.Error
	return errors.As(err, &e)
}

// status is a refusal's, 0 for no error.
func status(err error) int {
	var e *client.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// do sends a request and reads the whole reply.
func (a *api) do(method, path string, header http.Header, body client.Body) (http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resp, err := a.client.Do(ctx, client.Request{Method: method, Path: path, Header: header, Body: body})
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp.Header, got, err
}

func (a *api) get(path string, into any) error {
	_, body, err := a.do("GET", path, nil, client.Body{})
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	return err
}

// make is do, for the id that the service gives.
func (a *api) make(method, path, id string, header http.Header, body client.Body) (string, error) {
	h, _, err := a.do(method, path, header, body)
	if err == nil && h.Get(id) == "" {
		err = fmt.Errorf("%s %s: the reply has no %s", method, path, id)
	}
	return h.Get(id), err
}

func path(vault string, below ...string) string {
	p := "/-/vaults/" + vault
	for _, s := range below {
		p += "/" + s
	}
	return p
}

func treeOf(b []byte) string { return treehash.Sum(b).String() }

func (a *api) createVault(vault string) error {
	_, _, err := a.do("PUT", path(vault), nil, client.Body{})
	return err
}

func (a *api) addTag(vault, key, value string) error {
	_, _, err := a.do("POST", path(vault, "tags?operation=add"), nil, client.Bytes(fmt.Appendf(nil, `{"Tags":{%q:%q}}`, key, value)))
	return err
}

func (a *api) upload(vault, note string, data []byte) (id string, err error) {
	return a.make("POST", path(vault, "archives"), "x-amz-archive-id", http.Header{
		"X-Amz-Archive-Description": {note}, "X-Amz-Sha256-Tree-Hash": {treeOf(data)},
	}, client.Bytes(data))
}

// send uploads an archive with a token, so that it may be sent again.
func (a *api) send(vault, note, token string, data []byte) (id string, err error) {
	return a.make("POST", path(vault, "archives"), "x-amz-archive-id", http.Header{
		"X-Amz-Archive-Description": {note}, "X-Amz-Sha256-Tree-Hash": {treeOf(data)}, "X-Firn-Upload-Token": {token},
	}, client.Bytes(data))
}

// longAgo is when archives were created that are imported.
const longAgo = "2014-03-20T17:03:43Z"

// bring uploads an archive with the id that it had elsewhere.
func (a *api) bring(vault, note, id string, data []byte) (string, error) {
	return a.make("POST", path(vault, "archives"), "x-amz-archive-id", http.Header{
		"X-Amz-Archive-Description": {note}, "X-Amz-Sha256-Tree-Hash": {treeOf(data)},
		"X-Firn-Archive-Id": {id}, "X-Firn-Creation-Date": {longAgo},
	}, client.Bytes(data))
}

// beginToBring begins the upload in parts of an archive with the id that it had
// elsewhere.
func (a *api) beginToBring(vault, note, id string) (upload string, err error) {
	return a.make("POST", path(vault, "multipart-uploads"), "x-amz-multipart-upload-id", http.Header{
		"X-Amz-Archive-Description": {note}, "X-Amz-Part-Size": {fmt.Sprint(partSize)},
		"X-Firn-Archive-Id": {id}, "X-Firn-Creation-Date": {longAgo},
	}, client.Body{})
}

func (a *api) delete(vault, id string) error {
	_, _, err := a.do("DELETE", path(vault, "archives", id), nil, client.Body{})
	return err
}

const partSize = 1 << 20

func (a *api) begin(vault, note string) (id string, err error) {
	return a.make("POST", path(vault, "multipart-uploads"), "x-amz-multipart-upload-id", http.Header{
		"X-Amz-Archive-Description": {note}, "X-Amz-Part-Size": {fmt.Sprint(partSize)},
	}, client.Body{})
}

func (a *api) part(vault, id string, n int, data []byte) error {
	_, _, err := a.do("PUT", path(vault, "multipart-uploads", id), http.Header{
		"Content-Range":          {fmt.Sprintf("bytes %d-%d/*", n*partSize, n*partSize+len(data)-1)},
		"X-Amz-Sha256-Tree-Hash": {treeOf(data)},
	}, client.Bytes(data))
	return err
}

func (a *api) complete(vault, id string, data []byte) (archive string, err error) {
	return a.make("POST", path(vault, "multipart-uploads", id), "x-amz-archive-id", http.Header{
		"X-Amz-Archive-Size": {fmt.Sprint(len(data))}, "X-Amz-Sha256-Tree-Hash": {treeOf(data)},
	}, client.Body{})
}

func (a *api) abort(vault, id string) error {
	_, _, err := a.do("DELETE", path(vault, "multipart-uploads", id), nil, client.Body{})
	return err
}

func (a *api) initiate(vault, parameters string) (id string, err error) {
	return a.make("POST", path(vault, "jobs"), "x-amz-job-id", nil, client.Bytes([]byte(parameters)))
}

func (a *api) retrieve(vault, archive string) (id string, err error) {
	return a.initiate(vault, fmt.Sprintf(`{"Type":"archive-retrieval","ArchiveId":%q}`, archive))
}

// done waits for a job, which has to succeed.
func (a *api) done(vault, id string, within time.Duration) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); time.Now().Before(end); <-tick.C {
		var d struct{ StatusCode string }
		if err := a.get(path(vault, "jobs", id), &d); err != nil {
			return err
		}
		switch d.StatusCode {
		case "Succeeded":
			return nil
		case "Failed":
			return fmt.Errorf("job %s has failed", id)
		}
	}
	return fmt.Errorf("job %s is not done after %v", id, within)
}

// output waits for a job and returns what it gives out.
func (a *api) output(vault, id string) ([]byte, error) { return a.outputWithin(vault, id, patience) }

func (a *api) outputWithin(vault, id string, within time.Duration) ([]byte, error) {
	if err := a.done(vault, id, within); err != nil {
		return nil, err
	}
	_, body, err := a.do("GET", path(vault, "jobs", id, "output"), nil, client.Body{})
	return body, err
}

// A row is an archive in an inventory.
type row struct {
	ID   string `json:"ArchiveId"`
	Note string `json:"ArchiveDescription"`
	Size int
	Tree string `json:"SHA256TreeHash"`
}

func (a *api) inventory(vault string) ([]row, error) {
	job, err := a.initiate(vault, `{"Type":"inventory-retrieval"}`)
	if err != nil {
		return nil, err
	}
	body, err := a.output(vault, job)
	if err != nil {
		return nil, err
	}
	var doc struct{ ArchiveList []row }
	err = json.Unmarshal(body, &doc)
	return doc.ArchiveList, err
}

// An openUpload is an upload as it is listed.
type openUpload struct {
	ID   string `json:"MultipartUploadId"`
	Note string `json:"ArchiveDescription"`
}

// uploads lists all open uploads of a vault.
func (a *api) uploads(vault string) (all []openUpload, err error) {
	for marker, more := "", true; more; {
		var page struct {
			Marker      *string
			UploadsList []openUpload
		}
		if err := a.get(path(vault, "multipart-uploads?marker="+marker), &page); err != nil {
			return nil, err
		}
		all = append(all, page.UploadsList...)
		if more = page.Marker != nil; more {
			marker = *page.Marker
		}
	}
	return all, nil
}

// parts lists an upload's parts: tree hashes by range.
func (a *api) parts(vault, id string) (map[string]string, error) {
	var page struct {
		Parts []struct{ RangeInBytes, SHA256TreeHash string }
	}
	err := a.get(path(vault, "multipart-uploads", id), &page)
	list := map[string]string{}
	for _, p := range page.Parts {
		list[p.RangeInBytes] = p.SHA256TreeHash
	}
	return list, err
}

func rangeOf(n, size int) string { return fmt.Sprintf("%d-%d", n*partSize, n*partSize+size-1) }
