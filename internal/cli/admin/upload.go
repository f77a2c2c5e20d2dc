package admin

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

func uploads() *cobra.Command {
	return cli.Verb{
		Use: "uploads VAULT", Short: "List a vault's unfinished uploads",
		Long: `List a vault's unfinished multipart uploads. Firn ends those that nobody has gone on
with for a day, as Amazon does.`,
		Example: "firn uploads photos",
		JSON:    "With --json a line is printed for each upload, of the members of the API's ListMultipartUploads.",
		Args:    cobra.ExactArgs(1),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			t := cli.NewTable("BEGUN", ">PARTS OF", "UPLOAD", "DESCRIPTION")
			for u, err := range v.Uploads(ctx) {
				if err != nil {
					return err
				}
				if s.JSON {
					if err := s.Line(u); err != nil {
						return err
					}
					continue
				}
				t.Row(cli.Date(u.CreationDate.Time), cli.Size(u.PartSizeInBytes), string(u.MultipartUploadID), text(u.ArchiveDescription))
			}
			return t.Print(s.Out)
		}).in(),
	}.Command()
}

// A part is an uploaded part as it is printed, with the API's names.
type part struct {
	RangeInBytes   string
	SHA256TreeHash string
}

func uploadShow() *cobra.Command {
	return cli.Verb{
		Use: "show VAULT ID", Short: "List the parts of an unfinished upload",
		Long: "List the parts that the server has of an unfinished upload.", Example: `firn upload show photos "$UPLOAD"`,
		JSON: `With --json a line is printed for each part: {"RangeInBytes":"0-1048575","SHA256TreeHash":…}.`,
		Args: cobra.ExactArgs(2),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			t := cli.NewTable(">FROM", ">SIZE", "TREE HASH")
			for p, err := range v.Parts(ctx, glacier.UploadID(cli.ID(args[0]))) {
				if err != nil {
					return err
				}
				if s.JSON {
					if err := s.Line(part{fmt.Sprintf("%d-%d", p.Offset, p.Offset+p.Size-1), p.Tree.String()}); err != nil {
						return err
					}
					continue
				}
				t.Row(fmt.Sprint(p.Offset), fmt.Sprint(p.Size), p.Tree.String())
			}
			return t.Print(s.Out)
		}).in(),
	}.Command()
}

func uploadAbort() *cobra.Command {
	var all bool
	return cli.Verb{
		Use: "abort VAULT [ID…]", Short: "End unfinished uploads",
		Long: "End unfinished uploads, and forget their parts.", Example: "firn upload abort photos --all",
		JSON: `With --json a document is printed: {"Aborted":N}.`,
		Args: cobra.MinimumNArgs(1), Changes: true,
		Flags: func(fs *pflag.FlagSet) { fs.BoolVar(&all, "all", false, "all of the vault's") },
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, ids []string) error {
			if all == (len(ids) > 0) {
				return cli.Wrong(fmt.Errorf("give the ids of uploads, or --all"))
			}
			if all {
				for u, err := range v.Uploads(ctx) {
					if err != nil {
						return err
					}
					ids = append(ids, string(u.MultipartUploadID))
				}
			}
			for _, id := range ids {
				if s.DryRun {
					continue
				}
				if err := v.Abort(ctx, glacier.UploadID(cli.ID(id))); err != nil && !(all && remote.IsGone(err)) {
					return fmt.Errorf("upload %s: %w", id, err)
				}
			}
			return s.Document(map[string]int{"Aborted": len(ids)}, func(w io.Writer) error {
				would := map[bool]string{true: "Would end"}[s.DryRun]
				if would == "" {
					would = "Ended"
				}
				_, err := fmt.Fprintf(w, "%s %s.\n", would, cli.Count(int64(len(ids)), "upload"))
				return err
			})
		}).in(),
	}.Command()
}
