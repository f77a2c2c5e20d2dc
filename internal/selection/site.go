package selection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/query"
	"firn/internal/scan"
)

// The names of a job's objects, behind its path.
const (
	jobName            = "job.txt"
	resultManifestName = "result_manifest.txt"
	errorManifestName  = "error_manifest.txt"
	errorName          = "errors/error-00000000"
	resultsFolder      = "results/"
	errorsFolder       = "errors/"
)

// partName is the name of a part of the results, from 0 on.
func partName(n int) string { return fmt.Sprintf(resultsFolder+"part-%08d", n) }

// The codes of errors that no engine has. They are this package's own.
const (
	codeTooLong  = "OverMaxQueryTime"
	codeTooLarge = "OverMaxResultSize"
	codeRefused  = "BucketRefused"
)

// ErrBucket is trouble with a bucket: it refuses, cannot be reached, or has no space.
var ErrBucket = errors.New("results cannot be written")

// A Site is the place of one job's objects. Of its methods that write, one is called at a time.
type Site struct {
	cfg       *Config
	location  *Location
	bucket    bucket.Bucket
	directory *bucket.Directory // if that is the bucket
	root      string            // what all keys of a directory begin with
	path      string
	maxOutput int64 // bytes that the query may select
}

// key is the key of an object of the job.
func (t *Site) key(name string) string { return t.root + t.path + name }

// Begin writes the job's description, which proves that the job may write here. Trouble with the bucket is [ErrBucket]; see
// [Refusal].
func (t *Site) Begin(ctx context.Context, description []byte) error {
	return t.put(ctx, jobName, "application/json", description)
}

func (t *Site) put(ctx context.Context, name, contentType string, data []byte) error {
	return trouble(ctx, bucket.PutBytes(ctx, t.bucket, t.key(name), t.options(contentType), data))
}

// trouble marks an error of a bucket as one. Why ctx has ended is not the bucket's, but a time that has run out in the bucket is: a
// resolver that does not answer says the same.
func trouble(ctx context.Context, err error) error {
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if err == nil || ended && ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBucket, err)
}

// lasts reports whether a bucket's refusal is for good. Credentials that a store does not accept are mended by the operator, sooner or
// later, and without anybody's asking anew.
func lasts(err error) bool {
	return errors.Is(err, bucket.ErrDenied) && !errors.Is(err, bucket.ErrCredentials)
}

func (t *Site) options(contentType string) bucket.Options {
	o := t.location.Options
	o.ContentType = contentType
	return o
}

// removeManifests takes away what says how an earlier run has ended. There hardly ever was one that came so far, so a bucket that lets
// nobody remove anything is as good as others.
func (t *Site) removeManifests(ctx context.Context) error {
	for _, name := range []string{resultManifestName, errorManifestName} {
		if err := t.bucket.Remove(ctx, t.key(name)); err != nil && !lasts(err) {
			return trouble(ctx, err)
		}
	}
	return nil
}

// clear takes away what an earlier run has left. In a bucket that is not a directory its parts stay, and are replaced by the same.
func (t *Site) clear(ctx context.Context) error {
	if err := t.removeManifests(ctx); err != nil || t.directory == nil {
		return err
	}
	return trouble(ctx, errors.Join(t.directory.RemoveAll(t.key(resultsFolder)), t.directory.RemoveAll(t.key(errorsFolder)),
		t.directory.RemoveUnfinished(t.key(""))))
}

// A Result is what a query has selected.
type Result struct {
	Parts int   // objects
	Size  int64 // bytes, of all of them
}

// Run writes the job's description, which Begin may not have lived to write, then what the query selects of the archive, and the
// manifest that says that it is all. now is what UTCNOW() is; with the same one, the same results come out every time.
//
// The error is a [*query.Error] if the job has failed for good: by its query, by taking too long or selecting too much, or because
// the bucket refuses. Other trouble with the bucket is [ErrBucket]. Everything else, of the archive or ctx, is as it came. Without a
// manifest, what was written means nothing.
func (t *Site) Run(ctx context.Context, description []byte, q *scan.Query, archive io.Reader, now time.Time) (Result, error) {
	within, cancel := context.WithTimeout(ctx, t.cfg.MaxTime)
	defer cancel()
	r, err := t.run(within, description, q, archive, now)
	switch {
	case err == nil, ctx.Err() != nil:
		return r, err
	case within.Err() != nil:
		return r, &query.Error{Code: codeTooLong, Message: fmt.Sprintf("the query has not ended within %v", t.cfg.MaxTime)}
	case lasts(err):
		return r, fmt.Errorf("%w: %w", &query.Error{Code: codeRefused, Message: storeWords(err)}, err) // the second is for the log
	}
	return r, err
}

func (t *Site) run(ctx context.Context, description []byte, q *scan.Query, archive io.Reader, now time.Time) (Result, error) {
	if err := t.clear(ctx); err != nil {
		return Result{}, err
	}
	if err := t.put(ctx, jobName, "application/json", description); err != nil {
		return Result{}, err
	}
	out := &partWriter{ctx: ctx, site: t}
	defer out.Close()
	if _, err := q.Run(ctx, archive, out, scan.Options{Workers: t.cfg.Workers, Now: now}); err != nil {
		return Result{}, err
	}
	r, err := out.finish()
	if err != nil {
		return Result{}, err
	}
	var manifest bytes.Buffer
	for n := range r.Parts {
		fmt.Fprintln(&manifest, t.path+partName(n))
	}
	return r, t.put(ctx, resultManifestName, "text/plain", manifest.Bytes())
}

// Fail writes what a job has failed by, and the manifest that says so. To a bucket that refuses, nothing is written, and that is
// no error.
func (t *Site) Fail(ctx context.Context, e *query.Error) error {
	doc, err := glacier.Encode(struct {
		Code    string
		Message string
		Line    int   `json:",omitempty"`
		Column  int   `json:",omitempty"`
		Record  int64 `json:",omitempty"`
	}{e.Code, e.Message, e.Line, e.Column, e.Record})
	if err != nil {
		return fmt.Errorf("encode error: %w", err)
	}
	err = t.put(ctx, errorName, "application/json", doc)
	if err == nil {
		err = t.put(ctx, errorManifestName, "text/plain", []byte(t.path+errorName+"\n"))
	}
	if lasts(err) {
		return nil
	}
	return err
}

// A partWriter writes results, and begins a new part when one is large enough. Every Write has whole records.
type partWriter struct {
	ctx    context.Context
	site   *Site
	object bucket.Object // the part in the making; nil between two
	size   int64         // of that part
	done   Result        // the part in the making included
}

// Write implements [io.Writer].
func (w *partWriter) Write(p []byte) (int, error) {
	if most := w.site.maxOutput; int64(len(p)) > most-w.done.Size {
		return 0, &query.Error{Code: codeTooLarge, Message: fmt.Sprintf("the query selects more than %d bytes", most)}
	}
	if w.object == nil {
		if err := w.begin(); err != nil {
			return 0, err
		}
	}
	n, err := w.object.Write(p)
	w.size += int64(n)
	w.done.Size += int64(n)
	if err != nil {
		return n, trouble(w.ctx, err)
	}
	if w.size >= w.site.cfg.PartSize {
		err = w.commit()
	}
	return n, err
}

func (w *partWriter) begin() (err error) {
	key := w.site.key(partName(w.done.Parts))
	if w.object, err = w.site.bucket.Create(w.ctx, key, w.site.options("text/csv")); err != nil {
		w.object = nil // and no interface around a nil pointer
		return trouble(w.ctx, err)
	}
	w.done.Parts++
	w.size = 0
	return nil
}

func (w *partWriter) commit() error {
	if err := w.object.Commit(); err != nil {
		return trouble(w.ctx, err)
	}
	return trouble(w.ctx, w.Close())
}

// finish ends the last part. A query that selects nothing has one, too.
func (w *partWriter) finish() (Result, error) {
	if w.done.Parts == 0 {
		if err := w.begin(); err != nil {
			return Result{}, err
		}
	}
	if w.object != nil {
		if err := w.commit(); err != nil {
			return Result{}, err
		}
	}
	return w.done, nil
}

// Close gives up the part in the making.
func (w *partWriter) Close() error {
	o := w.object
	if o == nil {
		return nil
	}
	w.object = nil
	return o.Close()
}
