package cli_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"firn/internal/cli"
)

// terminal opens a terminal: what the user has, and what the program has.
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal: %v", err)
	}
	t.Cleanup(func() { user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return user, program
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// asking runs a verb that asks for a passphrase, until it has asked. What it
// brings is sent.
func asking(t *testing.T) (user, program *os.File, interrupt func(), done <-chan string) {
	user, program = terminal(t)
	keyed(t)
	ctx, interrupt := context.WithCancel(t.Context())
	v := cli.Verb{Use: "v", Run: func(ctx context.Context, s *cli.Session, _ []string) error {
		word, err := s.Passphrase(ctx, "key")
		if err == nil {
			err = fmt.Errorf("it is %q", word)
		}
		return err
	}}
	cmd := v.Command()
	cmd.SetArgs(nil)
	cmd.SetIn(program)
	cmd.SetErr(program)
	ended := make(chan string, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		ended <- fmt.Sprint(cli.Code(err), " ", err)
	}()
	for text, b := "", make([]byte, 1); len(text) == 0 || text[len(text)-1] != ':'; text += string(b) {
		if _, err := user.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	return user, program, interrupt, ended
}

// TestPassphraseIsInterrupted: who is asked for a passphrase and interrupts is asked
// no more, and sees what he types again.
func TestPassphraseIsInterrupted(t *testing.T) {
	user, program, interrupt, done := asking(t)
	if echoes(t, program) {
		t.Error("what is typed is seen")
	}
	interrupt()
	if got := <-done; !strings.HasPrefix(got, "130 ") {
		t.Error(got)
	}
	if !echoes(t, program) {
		t.Error("what is typed is not seen")
	}
	if _, err := user.WriteString("\n"); err != nil && !errors.Is(err, unix.EIO) { // ends the read
		t.Fatal(err)
	}
}

func TestPassphraseIsTyped(t *testing.T) {
	user, program, interrupt, done := asking(t)
	defer interrupt()
	if _, err := user.WriteString(" la pin\r"); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got != `1 it is " la pin"` {
		t.Error(got)
	}
	if !echoes(t, program) {
		t.Error("what is typed is not seen")
	}
}
