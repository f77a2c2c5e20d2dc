package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// A File is a regular file as it was when it was walked.
type File struct {
	Name     string // relative to where the walk began, with slashes
	Path     string // by which it is opened
	Size     int64
	Modified time.Time
	Mode     fs.FileMode // the permissions alone
	// Node tells the file from every other, and from itself before a change, as far as the system says. Two equal ones
	// are the same file with the same content, if size and time are equal too.
	Node string
}

// A Filter decides by names which files belong.
type Filter interface {
	// Match reports whether the file is included.
	Match(name string) bool
	// Prune reports whether no file below the folder is included.
	Prune(folder string) bool
}

// Options are how a folder is walked.
type Options struct {
	// FollowLinks treats a symbolic link as what it leads to; otherwise it is a problem.
	FollowLinks bool
}

// Walk lists the regular files below the folder root that the filter includes, sorted by the bytes of their names. A root
// that is a file is listed alone, by its last element; a root that is a link is followed. A nil filter includes everything.
//
// What would be included and cannot be is a *[Problem], in its place; the walk goes on after it. Any other error ends the
// walk: a *[RootProblem], or that of the context. The names of one folder, and of those above it, are in memory at a time.
func Walk(ctx context.Context, root string, filter Filter, o Options) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		if filter == nil {
			filter = everything{}
		}
		info, err := os.Stat(root)
		switch {
		case err != nil:
			yield(File{}, &RootProblem{Problem{root, Unreadable, err}})
			return
		case !info.IsDir():
			name := filepath.Base(root)
			if filter.Match(name) {
				yield(describe(root, name, info))
			}
			return
		}
		w := walker{ctx: ctx, root: root, filter: filter, o: o, yield: yield}
		w.folder("")
	}
}

// Stat describes one regular file, by its last element. A link is followed. The error is a *[Problem].
func Stat(file string) (File, error) {
	info, err := os.Stat(file)
	if err != nil {
		return File{}, &Problem{file, Unreadable, err}
	}
	return describe(file, filepath.Base(file), info)
}

// IsFolder reports whether there is a folder of that name, or a link to one.
func IsFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// describe makes a File of what stat says, unless it is none.
func describe(file, name string, info fs.FileInfo) (File, error) {
	switch mode := info.Mode(); {
	case !utf8.ValidString(name):
		return File{}, &Problem{name, NotUTF8, nil}
	case mode.IsRegular():
		return File{name, file, info.Size(), info.ModTime(), mode.Perm(), node(info)}, nil
	case mode&fs.ModeSymlink != 0:
		return File{}, &Problem{name, Link, nil}
	case mode.IsDir():
		return File{}, &Problem{name, Vanished, nil} // it was something else a moment ago
	default:
		return File{}, &Problem{name, Special, nil}
	}
}

// everything is the filter that includes everything.
type everything struct{}

func (everything) Match(string) bool { return true }
func (everything) Prune(string) bool { return false }

// A walker is a walk under way.
type walker struct {
	ctx    context.Context
	root   string
	filter Filter
	o      Options
	yield  func(File, error) bool
	above  []fs.FileInfo // the folders that the walk is in, if links are followed
}

// folder walks the folder of that name, "" for the root, and reports whether to go on.
func (w *walker) folder(name string) bool {
	entries, err := w.list(name)
	if len(w.above) > 0 {
		defer func() { w.above = w.above[:len(w.above)-1] }()
	}
	if err != nil && !w.yield(File{}, err) {
		return false
	}
	for _, entry := range entries {
		if err := w.ctx.Err(); err != nil {
			w.yield(File{}, err)
			return false
		}
		base, folder := strings.CutSuffix(entry, "/")
		if full := path.Join(name, base); !folder && !w.file(full) || folder && !w.below(full) {
			return false
		}
	}
	return true
}

// below walks a folder in a folder.
func (w *walker) below(name string) bool {
	switch {
	case w.filter.Prune(name):
		return true
	case !utf8.ValidString(name):
		return w.yield(File{}, &Problem{name, NotUTF8, nil})
	}
	return w.folder(name)
}

// file yields a file, or what is the matter with it.
func (w *walker) file(name string) bool {
	if !w.filter.Match(name) {
		return true
	}
	file := w.path(name)
	info, err := os.Lstat(file)
	if err != nil {
		return w.yield(File{}, reading(name, err))
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if w.filter.Prune(name) { // whatever it leads to is excluded
			return true
		}
		if w.o.FollowLinks {
			if info, err = os.Stat(file); err != nil {
				return w.yield(File{}, dangling(name, err))
			}
		}
	}
	return w.yield(describe(file, name, info))
}

// dangling is the problem with a link that cannot be followed.
func dangling(name string, err error) *Problem {
	p := reading(name, err)
	if p.Kind == Vanished {
		return &Problem{name, Link, err} // it is the link that was listed, and the link is there
	}
	return p
}

func (w *walker) path(name string) string { return filepath.Join(w.root, filepath.FromSlash(name)) }

// batch is how many entries are read at a time.
const batch = 1024

// list returns the names in a folder, those of folders with a slash at the end, in the order in which the files in and below
// them come: "a-b" before what is in "a". An error is that of the folder, or of its rest. If links are followed, the folder
// is now the last of w.above.
func (w *walker) list(name string) (entries []string, err error) {
	flags := os.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK
	if name != "" && !w.o.FollowLinks {
		flags |= unix.O_NOFOLLOW // it was no link when it was listed
	}
	dir := w.path(name)
	f, err := os.OpenFile(dir, flags, 0)
	if err == nil {
		defer f.Close()
		err = w.enter(f, name)
	} else if w.o.FollowLinks {
		w.above = append(w.above, nil)
	}
	for err == nil {
		var some []os.DirEntry
		some, err = f.ReadDir(batch)
		for _, e := range some {
			entries = append(entries, w.mark(dir, e))
		}
		if err == nil {
			err = w.ctx.Err()
		}
	}
	slices.Sort(entries)
	switch p, isProblem := errors.AsType[*Problem](err); {
	case errors.Is(err, io.EOF):
		return entries, nil
	case isProblem:
		return nil, p
	case w.ctx.Err() != nil:
		return nil, w.ctx.Err()
	case name == "":
		return entries, &RootProblem{Problem{w.root, Unreadable, err}}
	}
	return entries, reading(name, err)
}

// enter remembers the folder, if links are followed, and refuses one that the walk is in already.
func (w *walker) enter(f *os.File, name string) error {
	if !w.o.FollowLinks {
		return nil
	}
	info, err := f.Stat()
	if err == nil && slices.ContainsFunc(w.above, func(a fs.FileInfo) bool { return a != nil && os.SameFile(a, info) }) {
		err = &Problem{name, Loop, nil}
	}
	w.above = append(w.above, info)
	return err
}

// mark is an entry's name, with a slash if it is to be walked as a folder.
func (w *walker) mark(dir string, e os.DirEntry) string {
	folder := e.IsDir()
	if w.o.FollowLinks && e.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		folder = err == nil && info.IsDir()
	}
	if folder {
		return e.Name() + "/"
	}
	return e.Name()
}
