package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/internal/server"
)

// The environment variables of the root key.
const (
	envAccessKey = "FIRN_ROOT_ACCESS_KEY_ID"
	envSecretKey = "FIRN_ROOT_SECRET_ACCESS_KEY"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve --data DIR",
		Short: "Serve a data directory",
		Long: `Serve a data directory for real.

The first start makes the store, and a root key: it is printed once, or taken
from the environment variables ` + envAccessKey + ` and
` + envSecretKey + `. SIGTERM and SIGINT let requests in flight
finish; a second one ends the server at once, which loses nothing that was
acknowledged.

A configuration file has the names of the flags, one to a line:
  data: /srv/firn
  listen: 0.0.0.0:9420
  profile: aws
Besides, it may have the buckets that the results of select jobs go to, each
with the settings endpoint, region, bucket (its real name, if it has another),
access-key, secret-key or secret-key-file, session-token, path-style, timeout
(how long the store may take over a request, of up to 16 MiB; default 1m), and
the accounts that may use it (default: that of the root key; []: nobody):
  buckets:
    results:
      endpoint: https://s3.example.net
      access-key: AKIAEXAMPLE
      secret-key-file: /etc/firn/results.secret
The command line wins over the environment, the environment over the file.

` + exitCodes,
		Args: cobra.NoArgs,
	}
	f := addServerFlags(cmd, " (required)")
	fs := cmd.Flags()
	config := fs.String("config", "", "YAML file with settings, named as the flags")
	fs.StringVar(&f.TLSCert, "tls-cert", "", "PEM file with the certificate; serves HTTPS")
	fs.StringVar(&f.TLSKey, "tls-key", "", "PEM file with its private key")
	fs.Int64Var(&f.SegmentSize, "segment-size", 0, "bytes at which a journal segment is closed (default 1 GiB)")
	fs.Int64Var(&f.Reserve, "reserve", 0, "bytes held back for deletes on a full disk (default 32 MiB)")
	fs.BoolVar(&f.AcceptLoss, "accept-loss", false, "start although acknowledged records are missing from the journal, or, with a new root key, the key that seals secrets is lost")
	fs.BoolVar(&f.ConfirmClock, "confirm-clock", false, "the machine's clock is right: let things expire again after a jump or a long absence")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := rootKeyFromEnv(fs); err != nil {
			return usageError(err)
		}
		if *config != "" {
			var err error
			if f.Buckets, err = readConfigFile(fs, *config); err != nil {
				return usageError(err)
			}
		}
		cfg, err := f.resolve(cmd)
		if err != nil {
			return err
		}
		cfg.Log = newLog(cmd.ErrOrStderr())
		cfg.PublicKey = devKey.ID
		if cfg.RootKey.ID == devKey.ID {
			return usageError(fmt.Errorf("everybody knows the key %s: choose another root key", devKey.ID))
		}
		out := cmd.OutOrStdout()
		cfg.FirstKey = func(k server.Key) {
			fmt.Fprintf(out, "The root key of account %s, shown this once:\n", cfg.Account)
			printKey(out, k)
		}
		return serve(cmd.Context(), cfg, func(s *server.Server) {
			fmt.Fprintf(out, "Firn serves %s on %s (account %s, region %s, profile %s).\n",
				cfg.Data, s.URL(), cfg.Account, cfg.Region, cfg.Profile)
			fmt.Fprintf(out, "The console is at %s/console/.\n", s.URL())
			if err := s.Ready(); err != nil {
				fmt.Fprintf(out, "Only reads are answered: %v.\n", err)
			}
			fmt.Fprintln(out, "Ready.")
		})
	}
	return cmd
}

// rootKeyFromEnv takes the root key from the environment, unless the command
// line has one.
func rootKeyFromEnv(flags *pflag.FlagSet) error {
	id, secret := os.Getenv(envAccessKey), os.Getenv(envSecretKey)
	if id == "" && secret == "" || flags.Changed("access-key") || flags.Changed("secret-key") {
		return nil
	}
	return errors.Join(flags.Set("access-key", id), flags.Set("secret-key", secret))
}

// gcPercent is how much garbage may gather, relative to what is in use. Most of
// that is a fixed pool of buffers, which need not be doubled.
const gcPercent = 50

// serve runs a server until ctx ends. ready is called when it answers.
func serve(ctx context.Context, cfg server.Config, ready func(*server.Server)) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	s, err := server.Open(cfg)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve() }()
	ready(s)
	select {
	case err = <-failed:
	case <-ctx.Done():
		cfg.Log.Info("ending; requests in flight may finish")
	}
	return errors.Join(err, s.Close())
}

func printKey(w io.Writer, k server.Key) {
	fmt.Fprintf(w, "  export AWS_ACCESS_KEY_ID=%s\n  export AWS_SECRET_ACCESS_KEY=%s\n", k.ID, shellWord(k.Secret))
}

// shellWord is s as a shell takes it for one word: quoted if need be.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/+=_.-", r)
	}
	if strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
