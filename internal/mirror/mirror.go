// Package mirror compares a folder with the names of a vault: what is new, what
// has changed, what was removed.
//
// It promises that nothing counts as removed unless it was looked for and is
// not there: not what a filter leaves out, and not what could not be read. It
// goes through both sides once, in the order of names, in flat memory; it
// changes nothing.
package mirror

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/treehash"
)

// A Kind is how a name differs.
type Kind string

// The kinds. They are written as they are where programs read them.
const (
	New     Kind = "new"     // not in the vault
	Changed Kind = "changed" // other content than its newest version, or that may be deleted already
	Touched Kind = "touched" // another time, and the same content: it was looked at
	Same    Kind = "same"
	Removed Kind = "removed" // not in the folder
	Unknown Kind = "unknown" // the contents were to be compared, and nobody knows the hash of the one in the vault
)

// A Change is what is found for a name.
type Change struct {
	Kind  Kind
	Name  string
	Local files.File // but for Removed
	Kept  names.File // but for New
}

// A Detection is by what a change is told. The size is looked at in any case.
type Detection string

// The ways of telling, named as mtglacier names them.
const (
	ByTime        Detection = "mtime"              // another time is another content
	ByHash        Detection = "treehash"           // all files are read
	ByTimeAndHash Detection = "mtime-and-treehash" // files of another time are read
	ByTimeOrHash  Detection = "mtime-or-treehash"  // files of the same time are read
	BySize        Detection = "size-only"          // only the size
	Always        Detection = "always-positive"    // every file counts as changed
)

// Detections are all of them.
func Detections() []Detection {
	return []Detection{ByTime, ByHash, ByTimeAndHash, ByTimeOrHash, BySize, Always}
}

// A Comparison is of a folder and a vault.
type Comparison struct {
	// Local is the folder, as from [files.Walk]. That the folder itself cannot be
	// read must not be a [*files.Problem] here, or all counts as removed.
	Local iter.Seq2[files.File, error]
	Kept  iter.Seq2[names.File, error] // newest versions by path, as from [names.Catalogue.Under]
	// Name is the name in the vault of a file's name in the folder. It must keep
	// the order.
	Name func(local string) string
	// Included reports whether a name in the vault is one that the walk would
	// come upon, if there were such a file.
	Included  func(name string) bool
	Detection Detection
}

// Changes goes through both sides, by name. An error that is a [*files.Problem]
// is one file's, and the sequence goes on; any other is its end.
func (c *Comparison) Changes(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		next, stop := iter.Pull2(c.Kept)
		defer stop()
		m := &merge{c: c, next: next, yield: yield, unclear: map[string]bool{}}
		if err := m.advance(); err != nil {
			yield(Change{}, err)
			return
		}
		for f, err := range c.Local {
			if !m.local(ctx, f, err) {
				return
			}
		}
		m.removed("", true)
	}
}

// A merge is a Comparison under way.
type merge struct {
	c     *Comparison
	next  func() (names.File, error, bool)
	yield func(Change, error) bool

	kept    names.File
	more    bool            // kept is one
	unclear map[string]bool // names, in the vault, of what could not be looked at
}

// advance goes to the next name of the vault.
func (m *merge) advance() error {
	f, err, ok := m.next()
	m.kept, m.more = f, ok && err == nil
	return err
}

// local takes the next thing that the walk has found. It reports whether to go
// on.
func (m *merge) local(ctx context.Context, f files.File, err error) bool {
	if problem, ok := errors.AsType[*files.Problem](err); ok {
		m.unclear[m.c.Name(problem.Name)] = true
		return m.yield(Change{Name: problem.Name, Local: f}, err)
	}
	if err != nil {
		m.yield(Change{}, err)
		return false
	}
	name := m.c.Name(f.Name)
	if !m.removed(name, false) {
		return false
	}
	change := Change{Kind: New, Name: name, Local: f}
	if m.more && m.kept.Path == name {
		change.Kept = m.kept
		if err := m.advance(); err != nil {
			m.yield(Change{}, err)
			return false
		}
		change.Kind, err = m.c.Detection.Tell(ctx, f, change.Kept)
		if _, ok := errors.AsType[*files.Problem](err); err != nil && !ok {
			m.yield(Change{}, err)
			return false
		}
	}
	return m.yield(change, err)
}

// removed tells of the vault's names before one of the folder's, or of all that
// are left. It reports whether to go on.
func (m *merge) removed(before string, all bool) bool {
	for m.more && (all || m.kept.Path < before) {
		f := m.kept
		if err := m.advance(); err != nil {
			m.yield(Change{}, err)
			return false
		}
		if m.c.Included(f.Path) && !m.isUnclear(f.Path) && !m.yield(Change{Kind: Removed, Name: f.Path, Kept: f}, nil) {
			return false
		}
	}
	return true
}

// isUnclear reports whether a name, or a folder that it is in, could not be
// looked at.
func (m *merge) isUnclear(name string) bool {
	for len(m.unclear) > 0 {
		if m.unclear[name] {
			return true
		}
		slash := strings.LastIndexByte(name, '/')
		if slash < 0 {
			break
		}
		name = name[:slash]
	}
	return false
}

// Valid reports whether it is one of them.
func (d Detection) Valid() bool { return slices.Contains(Detections(), d) }

// Tell says how a file differs from its newest version: [Changed], [Touched],
// [Same] or [Unknown]. The error is one of reading the file.
func (d Detection) Tell(ctx context.Context, f files.File, kept names.File) (Kind, error) {
	if d == Always || kept.Doomed || kept.Size >= 0 && f.Size != kept.Size {
		return Changed, nil
	}
	sameTime := kept.Matches(f.Size, f.Modified)
	look := false
	switch d {
	case ByHash:
		look = true
	case ByTimeAndHash:
		look = !sameTime
	case ByTimeOrHash:
		look = sameTime
	case BySize:
		return Same, nil
	}
	look = look || kept.Modified.IsZero() // which matches any
	if look {
		if kept.Hash == (treehash.Hash{}) {
			return Unknown, nil
		}
		hash, err := hash(ctx, f)
		switch {
		case err != nil || hash != kept.Hash:
			return Changed, err
		case !sameTime:
			return Touched, nil
		}
		return Same, nil
	}
	if !sameTime {
		return Changed, nil
	}
	return Same, nil
}

// hash is a file's tree hash.
func hash(ctx context.Context, f files.File) (treehash.Hash, error) {
	src, err := files.Open(f)
	if err != nil {
		return treehash.Hash{}, err
	}
	defer src.Close()
	c, err := remote.Measure(ctx, src, 0, src.Size())
	if err == nil {
		err = src.Changed()
	}
	return c.Tree, err
}
