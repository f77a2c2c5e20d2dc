package files

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// openFolder opens the folder that a file of a checked name belongs in, and makes what is missing on the way to it. No link
// below dir is followed: each step is looked at before it is taken, and compared after.
func openFolder(dir, name string) (folder *os.Root, base string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, "", writing(dir, err)
	}
	here, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", writing(dir, err)
	}
	elements := strings.Split(name, "/")
	base = elements[len(elements)-1]
	for i, element := range elements[:len(elements)-1] {
		next, err := step(here, element, strings.Join(elements[:i+1], "/"))
		here.Close()
		if err != nil {
			if p, ok := errors.AsType[*Problem](err); ok {
				return nil, "", p
			}
			return nil, "", writing(strings.Join(elements[:i+1], "/"), err)
		}
		here = next
	}
	return here, base, nil
}

// step opens a folder in a folder, and makes it if it is missing. Name is what the folder is called in a problem.
func step(here *os.Root, element, name string) (*os.Root, error) {
	info, err := here.Lstat(element)
	if os.IsNotExist(err) {
		if err := here.Mkdir(element, 0o777); err != nil && !os.IsExist(err) {
			return nil, err
		}
		if err := syncFolder(here); err != nil {
			return nil, err
		}
		info, err = here.Lstat(element)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &Problem{name, Blocked, inTheWay(info)}
	}
	next, err := here.OpenRoot(element)
	if err != nil {
		return nil, err
	}
	if now, err := next.Stat("."); err != nil || !os.SameFile(now, info) {
		next.Close()
		return nil, &Problem{name, Blocked, err}
	}
	return next, nil
}

// inTheWay says what it is that is in the way.
func inTheWay(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return errLink
	case mode.IsDir():
		return errFolder
	case mode.IsRegular():
		return errFile
	default:
		return errSpecial
	}
}

// A word is an error of few words.
type word string

func (w word) Error() string { return string(w) }

const (
	errLink    word = "it is a symbolic link, and those are not followed"
	errFolder  word = "it is a folder"
	errFile    word = "it is a file and not a folder"
	errSpecial word = "it is neither file nor folder"
	errLinked  word = "the unfinished file has a second name"
)

// syncFolder makes the names in a folder durable.
func syncFolder(folder *os.Root) error {
	f, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
