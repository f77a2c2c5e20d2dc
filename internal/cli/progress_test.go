package cli

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := &Session{terminal: true, screen: &screen{w: &out, width: func() int { return 80 }}}
		p := s.Progress("Sending", 4<<20, true)
		for range 10 {
			time.Sleep(500 * time.Millisecond)
			p.Add(200 << 10)
			p.Note("a\nb")
		}
		synctest.Wait()
		s.Warn("trouble")
		time.Sleep(repaint)
		synctest.Wait()
		p.Close()
		p.Close()
		s.Tell("done")
		lines := strings.Split(out.String(), eraseLine)
		got := append(lines[:2:2], lines[len(lines)-3:]...)
		want := []string{
			"",
			"Sending    0 %  0 B of 4 MiB",
			"firn: trouble\n",
			`Sending   48 %  1.95 MiB of 4 MiB  385 KiB/s  5s left  a\nb`,
			"done\n",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestProgressOfWhatIsNotKnown(t *testing.T) {
	began := time.Unix(0, 0)
	p := &Progress{label: "Waiting for job " + strings.Repeat("x", 92), began: began}
	if got, want := p.line(began.Add(90*time.Second), 200), p.label+"  1m30s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := []rune(p.line(began, 20)); len(got) != 20 || got[19] != '…' {
		t.Errorf("cut to %q", string(got))
	}
	p = &Progress{label: "Deleting"}
	p.line(began, 80)
	p.Add(50)
	if got, want := p.line(began.Add(5*time.Second), 80), "Deleting  50  10/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What is printed stands above the line, and not in it.
func TestOutputAboveTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := &Session{terminal: true, screen: &screen{w: &out, width: func() int { return 80 }}}
		s.Out = above{s.screen, &out}
		p := s.Progress("Sending", 0, false)
		synctest.Wait()
		fmt.Fprintln(s.Out, "one")
		fmt.Fprintln(s.Out, "two")
		p.Close()
		if want := eraseLine + "Sending  0s" + eraseLine + "one\ntwo\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}

// Where nobody looks on, only warnings are printed.
func TestNobodyLooksOn(t *testing.T) {
	var out strings.Builder
	s := &Session{screen: &screen{w: &out}}
	p := s.Progress("Sending", 10, true)
	p.Add(1)
	s.Tell("far")
	s.Warn("trouble")
	p.Close()
	if out.String() != "firn: trouble\n" {
		t.Errorf("printed %q", out.String())
	}
}
