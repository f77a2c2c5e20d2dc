package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// plainCommand is the argument that makes this program a plain server.
const plainCommand = "plain-server"

// A plainServer keeps a file for each archive, durably and with nothing else:
// no signature, no hash, no index. It is what an upload must cost if small
// archives are files.
type plainServer struct {
	dir     *os.File
	buffers sync.Pool
}

// servePlain serves a directory on a free port, which it prints.
func servePlain(path string, stdout io.Writer) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, "on "+l.Addr().String()+"\n"); err != nil {
		return err
	}
	return (&http.Server{Handler: newPlainServer(dir), ReadHeaderTimeout: time.Minute}).Serve(l)
}

func newPlainServer(dir *os.File) *plainServer {
	return &plainServer{dir: dir, buffers: sync.Pool{New: func() any { return new([mib]byte) }}}
}

func (s *plainServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := filepath.Join(s.dir.Name(), filepath.Base(r.URL.Path))
	var err error
	switch r.Method {
	case http.MethodPut:
		err = s.put(name, r.Body)
	default:
		err = s.get(w, name)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// put writes a temporary file, syncs it, gives it its name and syncs that.
func (s *plainServer) put(name string, body io.Reader) error {
	f, err := os.CreateTemp(s.dir.Name(), "incoming-")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.fill(f, body); err != nil {
		return err
	}
	if err := syscall.Fdatasync(int(f.Fd())); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return s.dir.Sync()
}

// fill copies with a large buffer, and begins writeback early.
func (s *plainServer) fill(f *os.File, body io.Reader) error {
	buf := s.buffers.Get().(*[mib]byte)
	defer s.buffers.Put(buf)
	begun, written := int64(0), int64(0)
	for {
		n, err := body.Read(buf[:])
		if _, werr := f.Write(buf[:n]); werr != nil {
			return werr
		}
		written += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case written-begun >= flushEvery:
			if err := syscall.SyncFileRange(int(f.Fd()), begun, written-begun, beginWriteback); err != nil {
				return err
			}
			begun = written
		}
	}
}

func (s *plainServer) get(w http.ResponseWriter, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f) // sendfile
	return err
}
