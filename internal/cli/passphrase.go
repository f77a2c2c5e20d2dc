package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// maxPassphrase is how long a passphrase may be, in bytes: a terminal takes no longer
// line.
const maxPassphrase = 4096

// Passphrase asks for the passphrase of a file. What is typed meanwhile is not shown.
// When the context ends, no answer is waited for any more.
func (s *Session) Passphrase(ctx context.Context, file string) ([]byte, error) {
	fd, ok := terminal(s.in)
	if !ok {
		return nil, Wrong(errors.New("it is protected by a passphrase, and there is nobody to ask for it"))
	}
	show, err := hide(fd)
	if err != nil {
		return nil, fmt.Errorf("ask for a passphrase: %w", err)
	}
	s.screen.say(fmt.Sprintf("Passphrase of %s:", file))
	type reply struct {
		word []byte
		err  error
	}
	answer := make(chan reply, 1)
	go func() { // a read cannot be interrupted
		line, err := bufio.NewReader(io.LimitReader(s.in, maxPassphrase)).ReadBytes('\n')
		answer <- reply{bytes.TrimRight(line, "\r\n"), err}
	}()
	select {
	case got := <-answer:
		return got.word, errors.Join(got.err, show())
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), show())
	}
}

// hide keeps a terminal from showing what is typed, until show is called. It still
// takes lines, and Ctrl-C.
func hide(fd int) (show func() error, err error) {
	shown, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	hidden := *shown
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	return func() error { return unix.IoctlSetTermios(fd, setTermios, shown) }, unix.IoctlSetTermios(fd, setTermios, &hidden)
}
