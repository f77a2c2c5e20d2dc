package admin

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

func jobStart() *cobra.Command {
	var q retrievalRequest
	return cli.Verb{
		Use: "start VAULT ARCHIVE", Short: "Begin to retrieve an archive by its id",
		Long: `Begin the job that retrieves an archive, or a range of its bytes, and print the job's
id. No names are needed. It does not wait: firn job output --wait does, and fetches
the bytes. What it costs at Amazon goes by the archive's size, and is not told here, as
firn get does.`,
		Example: "firn job start photos \"$ARCHIVE\"\nfirn job start photos \"$ARCHIVE\" --range 0-1048575 --tier Bulk",
		JSON:    `With --json a document is printed: {"JobId":…}.`,
		Args:    cobra.ExactArgs(2), Changes: true,
		Flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&q.tier, "tier", glacier.Standard, "Expedited, Standard or Bulk")
			fs.StringVar(&q.span, "range", "", "`FIRST-LAST` bytes, both included, FIRST in whole MiB, LAST too but for the end")
			fs.StringVar(&q.topic, "topic", "", "ARN of a topic that is told when the job is complete")
		},
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) (err error) {
			if q.tier, _, err = cli.Tariff(s.Endpoint, q.tier, ""); err != nil {
				return cli.Wrong(err)
			}
			archive := cli.ID(args[0])
			if s.DryRun {
				return s.Would("begin to retrieve archive %s.", archive)
			}
			id, err := v.StartJob(ctx, q.parameters(archive))
			if err != nil {
				return err
			}
			return printJob(s, id)
		}).in(),
	}.Command()
}

// printJob tells of a job that was begun.
func printJob(s *cli.Session, id glacier.JobID) error {
	return s.Document(struct {
		JobID glacier.JobID `json:"JobId"`
	}{id}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, id)
		return err
	})
}

// A retrievalRequest is how an archive is to be retrieved.
type retrievalRequest struct{ tier, span, topic string }

// parameters are those of a job that is found again if the reply is lost.
func (q *retrievalRequest) parameters(archive string) glacier.JobParameters {
	kind, description := glacier.ArchiveRetrieval, "firn job "+rand.Text()
	return glacier.JobParameters{
		Type: &kind, ArchiveID: &archive, Description: &description, Tier: &q.tier, RetrievalByteRange: given(q.span), SNSTopic: given(q.topic),
	}
}
