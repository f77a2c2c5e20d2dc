package deposit

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"firn/internal/label"
)

// A process may end when a bundle is stored and the catalogue does not know it yet.
// The next one makes the same bundle, which a server can know again, only if it packs the same
// files. But which come after them it cannot know: those that were stored
// meanwhile are gone from the list, and others move up. So the catalogue
// remembers, as an upload, where a bundle begins and ends that is about to be
// stored.

// noteIntro is what the keys of such uploads begin with. No file's name does.
const noteIntro = "/" + Folder + "/"

// noteKey is the key of the upload of a bundle.
func noteKey(bundle label.Label) string { return "/" + bundle.Path }

// edges are the paths of the first and the last file in a bundle.
type edges struct{ First, Last string }

// String is what the catalogue remembers of edges, as the beginning of a node.
func (e edges) String() string {
	text, _ := json.Marshal(e) // two strings
	return string(text)
}

// left is what earlier processes have left: the keys of bundles that they were
// about to store, by their edges.
type left struct {
	first, last map[string][]string
	met         map[string]bool // keys of those one of whose edges came again
}

// longAgo is when nobody will come back for a bundle any more.
const longAgo = 30 * 24 * time.Hour

// left asks the catalogue.
func (d *Depositor) left(ctx context.Context) (*left, error) {
	l := &left{map[string][]string{}, map[string][]string{}, map[string]bool{}}
	for u, err := range d.Names.Uploads(ctx) {
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(u.Key, noteIntro) {
			continue
		}
		var e edges
		if json.NewDecoder(strings.NewReader(u.Node)).Decode(&e) != nil || time.Since(u.Begun) > longAgo {
			l.met[u.Key] = true
			continue
		}
		l.first[e.First] = append(l.first[e.First], u.Key)
		l.last[e.Last] = append(l.last[e.Last], u.Key)
	}
	return l, nil
}

// cut is [bundle.Limits]'.
func (l *left) cut(path string) (before, after bool) {
	for _, keys := range [][]string{l.first[path], l.last[path]} {
		for _, key := range keys {
			l.met[key] = true
		}
	}
	return l.first[path] != nil, l.last[path] != nil
}

// forget forgets what is stored by now, or has become another bundle.
func (d *Depositor) forget(ctx context.Context, l *left) error {
	for key := range l.met {
		if err := d.Names.DropUpload(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
