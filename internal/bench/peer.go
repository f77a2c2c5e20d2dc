package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A peer is a server that keeps objects under names.
type peer struct {
	*process
	*endpoint
	prefix string // of the path of an object
}

func (p *peer) put(s *session, name string, c content) error {
	_, err := s.ask("PUT", p.prefix+name, nil, c)
	return err
}

func (p *peer) get(s *session, name string) error {
	resp, err := s.do("GET", p.prefix+name, nil, nothing())
	if err != nil {
		return err
	}
	_, err = s.drain(resp, 0)
	return err
}

// modules are where the other servers come from.
func modules() map[string]string {
	return map[string]string{
		"versitygw": "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
		"minio":     "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c",
	}
}

// installPeers builds the other servers, as politely as it can: this takes
// minutes.
func installPeers(ctx context.Context, stderr io.Writer) error {
	for _, name := range []string{"versitygw", "minio"} {
		fmt.Fprintf(stderr, "go install %s\n", modules()[name])
		cmd := exec.CommandContext(ctx, "nice", "-n", "19", "go", "install", modules()[name])
		cmd.Stdout, cmd.Stderr = stderr, stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("install %s: %w", name, err)
		}
	}
	return nil
}

// findPeers looks for other servers: in the colon-separated paths of
// programs in FIRN_BENCH_PEERS, where go install puts them, and in PATH.
func findPeers(wanted []string) map[string]string {
	found := map[string]string{}
	home, _ := os.UserHomeDir()
	for _, name := range wanted {
		var places []string
		for _, p := range filepath.SplitList(os.Getenv("FIRN_BENCH_PEERS")) {
			if filepath.Base(p) == name {
				places = append(places, p)
			}
		}
		for _, bin := range []string{os.Getenv("GOBIN"), filepath.Join(os.Getenv("GOPATH"), "bin"), filepath.Join(home, "go", "bin")} {
			if filepath.IsAbs(bin) {
				places = append(places, filepath.Join(bin, name))
			}
		}
		for _, p := range append(places, name) {
			if path, err := exec.LookPath(p); err == nil {
				found[name] = path
				break
			}
		}
	}
	return found
}

// startPlain starts this program as a plain server.
func (b *bench) startPlain(ctx context.Context, dir string) (*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "plain")
	if err := os.Mkdir(data, 0o755); err != nil {
		return nil, err
	}
	p, err := spawn(ctx, "plain server", dir, nil, self, plainCommand, data)
	if err != nil {
		return nil, err
	}
	e := &endpoint{stuff: b.stuff}
	on := regexp.MustCompile(`on (\S+)\n`)
	err = p.started(ctx, func() bool {
		out, err := os.ReadFile(p.out)
		if m := on.FindSubmatch(out); err == nil && m != nil {
			e.host = string(m[1])
		}
		return e.host != ""
	})
	if err != nil {
		return nil, err
	}
	return &peer{process: p, endpoint: e, prefix: "/"}, nil
}

// startPeer starts one of the other servers, on an empty directory, and makes
// a bucket.
func (b *bench) startPeer(ctx context.Context, name, dir string) (*peer, error) {
	data := filepath.Join(dir, name)
	if err := os.Mkdir(data, 0o755); err != nil {
		return nil, err
	}
	host, err := freeAddress()
	if err != nil {
		return nil, err
	}
	key := benchKey()
	var env, args []string
	switch name {
	case "versitygw":
		env = []string{"ROOT_ACCESS_KEY=" + key.AccessKeyID, "ROOT_SECRET_KEY=" + key.SecretAccessKey}
		args = []string{"--port", host, "--region", region, "--keep-alive", "posix", data}
	case "minio":
		env = []string{
			"MINIO_ROOT_USER=" + key.AccessKeyID, "MINIO_ROOT_PASSWORD=" + key.SecretAccessKey,
			"MINIO_UPDATE=off", "MINIO_BROWSER=off", "MINIO_CI_CD=1", // the last one lets it use the disk of the system
		}
		args = []string{"server", "--address", host, data}
	}
	p, err := spawn(ctx, name, dir, env, b.peers[name], args...)
	if err != nil {
		return nil, err
	}
	// An object's name has nothing to escape, so that S3's canonical path is
	// that of Glacier.
	e := &endpoint{host: host, stuff: b.stuff, sign: signer("s3", nil)}
	var last error
	err = p.started(ctx, func() bool {
		s := e.open(ctx)
		defer s.close()
		_, last = s.ask("PUT", "/bench", nil, nothing())
		return last == nil || strings.Contains(last.Error(), "AlreadyOwned")
	})
	if err != nil {
		return nil, fmt.Errorf("%w; the last answer: %w", err, last)
	}
	return &peer{process: p, endpoint: e, prefix: "/bench/"}, nil
}

// freeAddress is an address that nobody listens on, for a server that cannot
// find one by itself.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
