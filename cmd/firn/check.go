package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"firn/internal/cli"
	"firn/internal/disk"
	"firn/internal/health"
	"firn/internal/store/local"
)

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check --data DIR",
		Short: "Verify a store that no server has open",
		Long: `Verify a store that no server has open, and name every damaged archive.

Without --deep the records, the journal and the structure of the payload files
are verified; with it every byte is read and compared with its SHA-256 and its
tree hash. Nothing is repaired. As at every start, what an unclean end has left
is tidied up first. The result is left in the data directory, in check.json, for
the console.

` + exitCodes,
		Args: cobra.NoArgs,
	}
	data := dataFlag(cmd)
	deep := cmd.Flags().Bool("deep", false, "read and hash every byte")
	asJSON := cmd.Flags().Bool("json", false, "print the report as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := offline(*data, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		began := time.Now()
		report, err := local.Check(cmd.Context(), cfg, local.CheckOptions{
			Deep: *deep, Progress: progress(cmd.ErrOrStderr(), *asJSON),
		})
		if report != nil && cmd.Context().Err() == nil { // else it has not begun, or was not to end
			leaveResult(cfg, report, health.Check{Began: began.UTC().Round(0), Deep: *deep}, err)
		}
		if err != nil {
			return err
		}
		if err := printReport(cmd.OutOrStdout(), report, *asJSON); err != nil {
			return err
		}
		if !report.Clean() {
			return errDamaged
		}
		return nil
	}
	return cmd
}

// leaveResult leaves the result of a check for the server. The check is worth as
// much without.
func leaveResult(cfg local.Config, r *local.Report, c health.Check, err error) {
	c.Ended = time.Now().UTC().Round(0)
	c.Archives, c.Payloads, c.Bytes = r.Archives, r.Payloads, r.Bytes
	c.DamagedCount = len(r.Damaged)
	for _, d := range r.Damaged[:min(len(r.Damaged), health.MaxDamaged)] {
		c.Damaged = append(c.Damaged, health.Damaged(d))
	}
	c.Problems = r.Problems
	switch {
	case err != nil:
		c.Exit, c.Err = cli.Failed, err.Error()
	case !r.Clean():
		c.Exit = cli.Damaged
	}
	if err := health.WriteCheck(cfg.FS, &c); err != nil {
		cfg.Log.Warn("the result of the check cannot be left for the server", "err", err)
	}
}

func rebuildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rebuild --data DIR",
		Short: "Make the catalog anew from the data alone",
		Long: `Make the catalog of a store that no server has open anew, from the journal
alone. The catalog is a view: nothing is lost with it, and this needs only time.

` + exitCodes,
		Args: cobra.NoArgs,
	}
	data := dataFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := offline(*data, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if err := local.Rebuild(cfg); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), "The catalog is rebuilt.")
		return nil
	}
	return cmd
}

func dataFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("data", "", "data directory (required)")
}

// offline is the configuration of a store for maintenance. The directory has
// to be there: a typing error must not make a new, empty and healthy store.
func offline(data string, stderr io.Writer) (local.Config, error) {
	if data == "" {
		return local.Config{}, usageError(errNoData)
	}
	root := disk.OS(data)
	switch found, err := disk.Exists(root, "STORE"); {
	case err != nil:
		return local.Config{}, err
	case !found:
		return local.Config{}, fmt.Errorf("%s is not a Firn data directory: there is no file STORE in it", data)
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return local.Config{FS: root, Log: log}, nil
}

// progress reports to a person on a terminal, and to nobody else.
func progress(w io.Writer, quiet bool) func(payloads, bytes int64) {
	f, ok := w.(*os.File)
	if !ok || quiet {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	var last time.Time
	return func(payloads, bytes int64) {
		if now := time.Now(); now.Sub(last) > time.Second {
			last = now
			fmt.Fprintf(w, "\r%d payloads, %d MiB", payloads, bytes>>20)
		}
	}
}

// clockTold is the difference, in seconds, between the lock clock and the
// machine's that is worth a line.
const clockTold = 3600

func printReport(w io.Writer, r *local.Report, asJSON bool) error {
	if asJSON {
		return printJSON(w, r)
	}
	for _, d := range r.Damaged {
		fmt.Fprintf(w, "damaged: archive %s in vault %s of account %s (%d bytes): %s\n",
			d.Archive, d.Vault, d.Account, d.Size, d.Why)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "problem: %s\n", p)
	}
	for _, l := range r.Locks {
		fmt.Fprintf(w, "lock: vault %s of account %s is %s since %s, with lock %s; archives deleted since: %d\n",
			l.Vault, l.Account, l.State, l.Since.Format(time.RFC3339), l.ID, l.Deleted)
	}
	if c := r.LockClock; len(r.Locks) > 0 && (c.Skew > clockTold || c.Skew < -clockTold || c.Absence > clockTold) {
		fmt.Fprintf(w, "lock clock: %s behind the machine's; absence counted since %s: %s\n",
			time.Duration(c.Skew)*time.Second, c.Born.Format(time.RFC3339), time.Duration(c.Absence)*time.Second)
	}
	verdict := "Nothing is wrong."
	if !r.Clean() {
		verdict = fmt.Sprintf("%d archives are damaged; %d other problems.", len(r.Damaged), len(r.Problems))
	}
	_, err := fmt.Fprintf(w, "Looked at %d archives in %d payloads of %d bytes. %s\n", r.Archives, r.Payloads, r.Bytes, verdict)
	return err
}
