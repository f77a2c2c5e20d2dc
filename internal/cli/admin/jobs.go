package admin

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/errand"
	"firn/internal/remote"
)

func jobs() *cobra.Command {
	var status, action string
	return cli.Verb{
		Use: "jobs VAULT", Short: "List a vault's jobs",
		Long: `List a vault's jobs, by the time they were begun: those under way, and those that
were complete in the last day or so.`,
		Example: "firn jobs photos --status succeeded",
		JSON:    "With --json a line is printed for each job: the document of the API's DescribeJob.",
		Args:    cobra.ExactArgs(1),
		Flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&status, "status", "", "only those in a state: in-progress, succeeded or failed")
			fs.StringVar(&action, "type", "", "only those of a type: archive, inventory or select")
		},
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			wanted, err := jobFilter(status, action)
			if err != nil {
				return cli.Wrong(err)
			}
			t := cli.NewTable("STATUS", "BEGUN", "WHAT", "TIER", ">SIZE", "JOB")
			for d, err := range v.Jobs(ctx, remote.JobFilter{Status: wanted.StatusCode}) {
				switch {
				case err != nil:
					return err
				case wanted.Action != "" && d.Action != wanted.Action:
				case s.JSON:
					if err := s.Line(d); err != nil {
						return err
					}
				default:
					t.Row(d.StatusCode, cli.Date(d.CreationDate.Time), jobSubject(d), text(d.Tier), jobSize(d), string(d.JobID))
				}
			}
			return t.Print(s.Out)
		}).in(),
	}.Command()
}

// jobFilter is a description that has the members which those of the wanted jobs
// must have, empty if any will do.
func jobFilter(status, action string) (d glacier.JobDescription, err error) {
	states := map[string]string{"": "", "in-progress": glacier.InProgress, "succeeded": glacier.Succeeded, "failed": glacier.Failed}
	types := map[string]string{"": "", "archive": glacier.ActionArchiveRetrieval, "inventory": glacier.ActionInventoryRetrieval, "select": glacier.ActionSelect}
	var ok bool
	if d.StatusCode, ok = states[status]; !ok {
		return d, fmt.Errorf("--status %q is not in-progress, succeeded or failed", status)
	}
	if d.Action, ok = types[action]; !ok {
		return d, fmt.Errorf("--type %q is not archive, inventory or select", action)
	}
	return d, nil
}

// jobSubject is what a job is about.
func jobSubject(d glacier.JobDescription) string {
	switch d.Action {
	case glacier.ActionInventoryRetrieval:
		if d.InventoryRetrievalParameters != nil {
			return "inventory, " + d.InventoryRetrievalParameters.Format
		}
		return "inventory"
	case glacier.ActionSelect:
		return "select"
	}
	if r := text(d.RetrievalByteRange); r != "" {
		return "archive, bytes " + r
	}
	return "archive"
}

// jobSize is how much a job gives out.
func jobSize(d glacier.JobDescription) string {
	size := d.InventorySizeInBytes
	if size == nil {
		size = d.ArchiveSizeInBytes
	}
	if size == nil {
		return "-"
	}
	return cli.Size(*size)
}

func jobShow() *cobra.Command {
	return cli.Verb{
		Use: "show VAULT ID", Short: "Show a job",
		Long: "Show a job. The exit code is 0 whatever became of it.", Example: `firn job show photos "$JOB"`,
		JSON: "With --json the document of the API's DescribeJob is printed.",
		Args: cobra.ExactArgs(2),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			d, err := v.Job(ctx, glacier.JobID(cli.ID(args[0])))
			if err != nil {
				return err
			}
			return s.Document(d, func(w io.Writer) error {
				pairs := []string{
					"Job", string(d.JobID), "Vault", string(d.VaultARN), "What", jobSubject(d), "Status", d.StatusCode,
					"Message", text(d.StatusMessage), "Begun", cli.Date(d.CreationDate.Time), "Complete", date(d.CompletionDate),
					"Tier", text(d.Tier), "Size", jobSize(d), "Description", text(d.JobDescription), "Tells", text(d.SNSTopic),
				}
				if d.ArchiveID != nil {
					pairs = append(pairs, "Archive", string(*d.ArchiveID))
				}
				return facts(w, pairs...)
			})
		}).in(),
	}.Command()
}

func jobOutput() *cobra.Command {
	var file string
	var wait bool
	return cli.Verb{
		Use: "output VAULT ID", Short: "Get a job's output",
		Long: `Print a job's output as it is, or write it to a file with --output. A connection that
breaks is taken up again where it broke, and the whole is compared with the size and
the hash that the server says. A file has its name only once it is whole.

A job that is not complete is exit code 8, unless --wait waits for it.`,
		Example: `firn job output photos "$JOB" --output archive.bin`,
		Args:    cobra.ExactArgs(2),
		Flags: func(fs *pflag.FlagSet) {
			fs.StringVarP(&file, "output", "o", "", "file to write to")
			fs.BoolVar(&wait, "wait", false, "wait until the job is complete")
		},
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			id := glacier.JobID(cli.ID(args[0]))
			d, err := v.Job(ctx, id)
			if err == nil && wait && !d.Completed {
				d, err = s.Wait(ctx, v, id, "job "+string(id))
			}
			if err != nil {
				return err
			}
			if err := usable(d); err != nil {
				return err
			}
			return copyOutput(ctx, s, v, d, file)
		}).in(),
	}.Command()
}

// usable reports whether a job has an output.
func usable(d glacier.JobDescription) error {
	switch {
	case !d.Completed:
		return cli.Errorf(cli.NotYet, "the job is not complete; it was begun at %s", cli.Date(d.CreationDate.Time))
	case d.StatusCode != glacier.Succeeded:
		return fmt.Errorf("the job failed: %s", errand.Reason(&d))
	}
	return nil
}
