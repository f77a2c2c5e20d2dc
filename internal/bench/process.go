package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a server that is measured.
type process struct {
	name string
	cmd  *exec.Cmd
	out  string        // the file with what it prints
	done chan struct{} // closed when it has ended
	err  error         // how; after done
}

// patience is how long a server may take to start and to stop.
const patience = 2 * time.Minute

// spawn starts a program. It dies with ctx and with this process. What it
// prints goes to a file in dir.
func spawn(ctx context.Context, name, dir string, env []string, program string, args ...string) (*process, error) {
	out, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &process{name: name, cmd: exec.CommandContext(ctx, program, args...), out: out.Name(), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // a Ctrl-C is for us
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// until asks ready again and again, at first often, until it is true.
func (p *process) until(ctx context.Context, what string, ready func() bool) error {
	for deadline, pause := time.Now().Add(patience), time.Millisecond; !ready(); pause = min(2*pause, 10*time.Millisecond) {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			return fmt.Errorf("%s: not %s after %v", p.name, what, patience)
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended (%w): %s", p.name, errors.Join(p.err), p.said())
		case <-time.After(pause):
		}
	}
	return nil
}

// started waits until the process is ready, and ends it if it is not.
func (p *process) started(ctx context.Context, ready func() bool) error {
	if err := p.until(ctx, "ready", ready); err != nil {
		return errors.Join(err, p.end(syscall.SIGKILL))
	}
	return nil
}

// said is the end of what the process has printed.
func (p *process) said() string {
	b, err := os.ReadFile(p.out)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(b[max(0, len(b)-2000):]))
}

// end sends a signal and waits; if it does not help, SIGKILL does.
func (p *process) end(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("%s does not stop", p.name), p.cmd.Process.Kill())
	}
}

// tick is the unit of time in /proc; it is 100 Hz for user space everywhere.
const tick = 10 * time.Millisecond

// cpu is the processor time that the process has used until now.
func (p *process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// The name, in brackets, may hold spaces; utime and stime are fields 14
	// and 15, the one after the name being field 3.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// memory is what is resident now, and the most that was since forget; in MiB.
func (p *process) memory() (now, peak float64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(b)) {
		name, rest, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
		switch name {
		case "VmRSS":
			now = kib / 1024
		case "VmHWM":
			peak = kib / 1024
		}
	}
	return now, peak
}

// forget lets the peak of the memory begin anew; see proc(5), clear_refs.
func (p *process) forget() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}
