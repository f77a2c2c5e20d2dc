package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"firn/internal/server"
)

// devKey is the same for everybody: a dev server is for trying things.
var devKey = server.Key{ID: "AKIAFIRNDEVELOPMENT0", Secret: "firn/development/secret/0000000000000000"}

// devSegment keeps what a dev server preallocates small, devReserve too.
const (
	devSegment = 16 << 20
	devReserve = 4 << 20
)

func devCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Serve something to try things with",
		Long: `Serve a whole Firn on embedded storage, with nothing to configure: known
credentials, jobs that finish at once, and data in a temporary directory that
is forgotten on exit unless --data names one.

It prints what to paste into another terminal, and says when it is ready.

` + exitCodes,
		Args: cobra.NoArgs,
	}
	f := addServerFlags(cmd, " (default: a temporary one, forgotten on exit)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if f.RootKey == (server.Key{}) {
			f.RootKey = devKey
		}
		kept := "kept"
		if f.Data == "" {
			if f.Data, err = os.MkdirTemp("", "firn-dev-"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(f.Data)) }()
			kept = "forgotten on exit"
		}
		f.SegmentSize, f.Reserve = devSegment, devReserve
		f.AllowPrivate = f.AllowPrivate || !cmd.Flags().Changed("allow-private-endpoints")
		cfg, err := f.resolve(cmd)
		if err != nil {
			return err
		}
		cfg.Log = newLog(cmd.ErrOrStderr())
		if cfg.RootKey.ID == devKey.ID {
			cfg.PublicKey = devKey.ID
		}
		return serve(cmd.Context(), cfg, func(s *server.Server) {
			printWelcome(cmd.OutOrStdout(), s.URL(), cfg, kept)
		})
	}
	return cmd
}

// printWelcome prints a first upload and retrieval, to be pasted as it is.
func printWelcome(w io.Writer, url string, cfg server.Config, kept string) {
	fmt.Fprintf(w, `Firn is a Glacier vault API at %s
(profile %s, account %s, data in %s, %s).

In another terminal:
`, url, cfg.Profile, cfg.Account, cfg.Data, kept)
	printKey(w, cfg.RootKey)
	fmt.Fprintf(w, `  export AWS_DEFAULT_REGION=%s
  glacier() { aws --endpoint-url %s glacier "$1" --account-id - "${@:2}"; }

A first upload:
  glacier create-vault --vault-name photos
  echo 'hello, ice' > hello.txt
  ARCHIVE=$(glacier upload-archive --vault-name photos --archive-description hello.txt \
      --body hello.txt --query archiveId --output text)

And its retrieval, which is a job:
  JOB=$(glacier initiate-job --vault-name photos --query jobId --output text \
      --job-parameters Type=archive-retrieval,ArchiveId=$ARCHIVE)
  until glacier get-job-output --vault-name photos --job-id $JOB back.txt; do sleep 1; done
  cmp hello.txt back.txt && echo The same.

The same in a browser, with the key above: %s/console/

Ready.
`, cfg.Region, url, url)
}
