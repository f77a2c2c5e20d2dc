package cli_test

import (
	"context"
	"errors"
	"os"
	"strconv"
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

// TestPassphraseIsInterrupted: who is asked for a passphrase and interrupts is asked
// no more, and sees what he types again.
func TestPassphraseIsInterrupted(t *testing.T) {
	user, program := terminal(t)
	keyed(t)
	ctx, interrupt := context.WithCancel(t.Context())
	v := cli.Verb{Use: "v", Run: func(ctx context.Context, s *cli.Session, _ []string) error {
		_, err := s.Passphrase(ctx, "key")
		return err
	}}
	cmd := v.Command()
	cmd.SetArgs(nil)
	cmd.SetIn(program)
	cmd.SetErr(program)
	cmd.SetContext(ctx)
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	for text, b := "", make([]byte, 1); len(text) == 0 || text[len(text)-1] != ':'; text += string(b) {
		if _, err := user.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	if err := <-done; cli.Code(err) != cli.Interrupted {
		t.Errorf("exit code %d: %v", cli.Code(err), err)
	}
	if !echoes(t, program) {
		t.Error("what is typed is not seen")
	}
	if _, err := user.WriteString("\n"); err != nil && !errors.Is(err, unix.EIO) { // ends the read
		t.Fatal(err)
	}
}
