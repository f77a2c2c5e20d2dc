package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A laptop is a user with a folder and the client's verbs, while the section
// client runs.
type laptop struct {
	*bench
	f      *firn
	home   string // where the client keeps what it remembers
	folder *tree
	env    []string
}

// client measures what a user does with a folder of very many files: sync it,
// change a hundredth, sync again, lose the catalogue, have it rebuilt from the
// inventory, reconcile, and get everything back; next to it the AWS CLI, which
// uploads a sample.
func (b *bench) client(ctx context.Context) error {
	b.report.begin("client")
	dir, remove, err := b.folder("client")
	if err != nil {
		return err
	}
	defer remove()
	if dir, err = filepath.Abs(dir); err != nil { // a home has to be absolute
		return err
	}
	f, err := b.startFirn(ctx, dir)
	if err != nil {
		return err
	}
	defer b.stop(f.process)
	key := benchKey()
	l := &laptop{bench: b, f: f, home: filepath.Join(dir, "home"), env: []string{
		"HOME=" + dir, "XDG_DATA_HOME=" + filepath.Join(dir, "home"), "TMPDIR=" + dir, "AWS_ENDPOINT_URL=http://" + f.host, "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + key.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + key.SecretAccessKey,
		"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "AWS_EC2_METADATA_DISABLED=true",
	}}
	if l.folder, err = growTree(ctx, filepath.Join(dir, "folder"), b.stuff, b.plan.files, b.plan.fileBytes); err != nil {
		return err
	}
	b.report.note("client: %d files of %d MB, the smallest of %d bytes, the largest of %d MB; a folder for each hundred. "+
		"Those of more than %d MiB are nothing but zeros after their first bytes",
		len(l.folder.files), l.folder.bytes()/1e6, l.folder.smallest(), l.folder.largest()/1e6, sparseAbove/mib)
	if err := l.life(ctx); err != nil {
		return err
	}
	return l.aws(ctx)
}

// life is one folder's.
func (l *laptop) life(ctx context.Context) error {
	if err := l.firnDoes(ctx, "sync, all new", l.folder.bytes(), 0, "sync", "--bundle", l.folder.dir, vaultName); err != nil {
		return err
	}
	if err := l.firnDoes(ctx, "sync, nothing changed", 0, 0, "sync", "--bundle", l.folder.dir, vaultName); err != nil {
		return err
	}
	changed, err := l.folder.change(len(l.folder.files) / 100)
	if err != nil {
		return err
	}
	if err := l.firnDoes(ctx, "sync, a hundredth changed", changed, 0, "sync", "--bundle", l.folder.dir, vaultName); err != nil {
		return err
	}
	if err := os.RemoveAll(l.home); err != nil { // the loss
		return err
	}
	if err := l.firnDoes(ctx, "names rebuild, from an inventory", 0, 0, "names", "rebuild", vaultName); err != nil {
		return err
	}
	if err := l.firnDoes(ctx, "names reconcile", 0, 0, "names", "reconcile", vaultName); err != nil {
		return err
	}
	if err := os.RemoveAll(l.folder.dir); err != nil {
		return err
	}
	for _, half := range halves() { // so that the disk need not hold it all once more
		if err := l.restore(ctx, half); err != nil {
			return err
		}
	}
	return nil
}

// restore gets one half back and compares it.
func (l *laptop) restore(ctx context.Context, half string) error {
	back := l.folder.dir + "-back"
	defer func() { l.complain(os.RemoveAll(back)) }()
	files, bytes := l.folder.part(half)
	name := fmt.Sprintf("get, %d files, %d MB", len(files), bytes/1e6)
	if err := l.firnDoes(ctx, name, bytes, 0, "get", vaultName, half, back); err != nil {
		return err
	}
	return l.folder.compare(ctx, back, half)
}

// firnDoes runs a verb, and notes how long it took and what it needed.
func (l *laptop) firnDoes(ctx context.Context, name string, size int64, exit int, args ...string) error {
	used := l.f.cpu()
	cmd := exec.CommandContext(ctx, l.firn, args...)
	cmd.Env = append(os.Environ(), l.env...)
	var said bytes.Buffer
	var last lastLine
	cmd.Stdout, cmd.Stderr = &last, &said
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && failed.ExitCode() == exit {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("firn %s: %w: %s", strings.Join(args, " "), err, tail(said.Bytes()))
	}
	l.report.add(name, "s", took.Seconds())
	if size > 0 {
		l.report.also(name, "moved", "MB/s", float64(size)/1e6/took.Seconds())
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		l.report.also(name, "peak resident", "MiB", float64(usage.Maxrss)/1024)
	}
	l.report.also(name, "CPU", "s", (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	l.report.also(name, "CPU of the server", "s", (l.f.cpu() - used).Seconds())
	fmt.Fprintf(l.log, "  %s: %.1f s: %s\n", name, took.Seconds(), bytes.TrimSpace(last))
	return nil
}

// A lastLine keeps the last line that is written to it.
type lastLine []byte

// Write is io.Writer's.
func (l *lastLine) Write(p []byte) (int, error) {
	*l = append(*l, p...)
	if i := bytes.LastIndexByte(bytes.TrimRight(*l, "\n"), '\n'); i >= 0 {
		*l = append((*l)[:0], (*l)[i+1:]...)
	}
	return len(p), nil
}

func tail(b []byte) []byte { return bytes.TrimSpace(b[max(0, len(b)-2000):]) }

// awsSample is how many files the AWS CLI uploads: one process for each, as a
// script has it.
const awsSample = 40

// aws lets the AWS CLI upload files of the sizes that the folder has, evenly
// chosen, and says what all would take at that pace.
func (l *laptop) aws(ctx context.Context) error {
	program := "/usr/bin/aws"
	if _, err := os.Stat(program); err != nil {
		program, _ = exec.LookPath("aws")
	}
	if program == "" {
		l.report.note("the AWS CLI is absent: nothing to compare with")
		return nil
	}
	sample, err := growTree(ctx, l.folder.dir+"-sample", l.stuff, 0, 0)
	if err != nil {
		return err
	}
	defer func() { l.complain(os.RemoveAll(sample.dir)) }()
	step := max(1, len(l.folder.files)/awsSample)
	for i := 0; i < len(l.folder.files); i += step {
		if size := l.folder.files[i].size; size > 0 && size <= l.plan.whole {
			sample.files = append(sample.files, leaf{number: i, size: size})
		}
	}
	if err := sample.write(ctx, sample.files...); err != nil {
		return err
	}
	var took time.Duration
	for i := range sample.files {
		leaf := &sample.files[i]
		cmd := exec.CommandContext(ctx, program, "--endpoint-url", "http://"+l.f.host, "glacier", "upload-archive", "--account-id", "-",
			"--vault-name", vaultName, "--archive-description", leaf.name(), "--body", filepath.Join(sample.dir, leaf.name()))
		cmd.Env = append(os.Environ(), l.env...)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the AWS CLI: %w: %s", err, tail(out))
		}
		took += time.Since(began)
	}
	n := len(sample.files)
	name := fmt.Sprintf("AWS CLI, upload-archive of %d files, %d MB", n, sample.bytes()/1e6)
	l.report.add(name, "s", took.Seconds())
	l.report.note("extrapolated, not measured: at the pace of its sample the AWS CLI, a process for each file and one after the other, would take %.1f hours for the %d files",
		took.Hours()/float64(n)*float64(len(l.folder.files)), len(l.folder.files))
	return nil
}
