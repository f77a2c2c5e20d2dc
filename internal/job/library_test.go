package job

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/disk"
	"firn/internal/record"
	"firn/internal/selection"
)

// A library is where the results of a house's select jobs go: a directory for
// the bucket results and every other, but for the bucket remote, which has the
// same objects and can be made to fail.
type library struct {
	*bucket.Directory
	t  *testing.T
	mu sync.Mutex
	// before is called before an object is made or removed, and may fail it.
	before func(key string) error
}

func newLibrary(t *testing.T) *library {
	return &library{Directory: bucket.NewDirectory(disk.NewMem(0), "select"), t: t}
}

// selects lets a house's select jobs use the library.
func (l *library) selects(change ...func(*selection.Config)) func(*Config) {
	return func(c *Config) {
		cfg := selection.Config{
			Account: owner, Directory: l.Directory, PartSize: mib / 2,
			Buckets: map[string]selection.Target{"remote": {Bucket: l}},
		}
		for _, f := range change {
			f(&cfg)
		}
		var err error
		if c.Select, err = selection.New(cfg); err != nil {
			l.t.Fatal(err)
		}
	}
}

// fail sets what is called before each change of the bucket remote.
func (l *library) fail(before func(key string) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = before
}

func (l *library) touch(key string) error {
	l.mu.Lock()
	before := l.before
	l.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(key)
}

func (l *library) Create(ctx context.Context, key string, o bucket.Options) (bucket.Object, error) {
	if err := l.touch(key); err != nil {
		return nil, err
	}
	return l.Directory.Create(ctx, key, o)
}

func (l *library) Remove(ctx context.Context, key string) error {
	if err := l.touch(key); err != nil {
		return err
	}
	return l.Directory.Remove(ctx, key)
}

// inResults and inRemote are where the objects of a job lie.
func inResults(id glacier.JobID) string { return "111122223333/results/runs/" + string(id) + "/" }
func inRemote(id glacier.JobID) string  { return "runs/" + string(id) + "/" }

// objects are all objects below a place.
func (l *library) objects(below string) map[string]string {
	l.t.Helper()
	found := map[string]string{}
	for _, folder := range []string{"", "results/", "errors/"} {
		list, err := l.List(below + folder)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, e := range list {
			f, size, err := l.Open(below + folder + e.Name)
			if err != nil {
				l.t.Fatal(err)
			}
			b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
			if err != nil {
				l.t.Fatal(err)
			}
			f.Close()
			found[folder+e.Name] = string(b)
		}
	}
	return found
}

// selectJob is the parameters of a select job.
func selectJob(a record.Archive, expression, more string) string {
	return selectInto("results", a, expression, more)
}

func selectInto(bucket string, a record.Archive, expression, more string) string {
	text, _ := glacier.Encode(expression)
	return fmt.Sprintf(`{"Type":"select","ArchiveId":"%s","SelectParameters":{"Expression":%s,"ExpressionType":"SQL"},`+
		`"OutputLocation":{"S3":{"BucketName":"%s","Prefix":"runs"}}%s}`, a.Public, text, bucket, more)
}

const everything = "SELECT * FROM archive"
