package admin

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

func notifyShow() *cobra.Command {
	return cli.Verb{
		Use: "show VAULT", Short: "Show who is told of a vault's jobs",
		Long: "Show which topic is told of which events.", Example: "firn vault notify show photos",
		JSON: `With --json the document of the API is printed: {"Events":[…],"SNSTopic":…}.`,
		Args: cobra.ExactArgs(1),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			n, err := v.Notifications(ctx)
			if err != nil {
				return missing(err, "no such vault, or it tells nobody")
			}
			return s.Document(n, func(w io.Writer) error {
				return facts(w, "Topic", text(n.SNSTopic), "Events", strings.Join(n.Events, ", "))
			})
		}).in(),
	}.Command()
}

func notifySet() *cobra.Command {
	all := []string{glacier.ArchiveRetrievalCompleted, glacier.InventoryRetrievalCompleted}
	return cli.Verb{
		Use: "set VAULT TOPIC [EVENT…]", Short: "Set who is told of a vault's jobs",
		Long: `Set which topic is told of which events; without events, of all of them:

  ` + strings.Join(all, "\n  ") + `

TOPIC is the ARN of a topic in the vault's region.`,
		Example: "firn vault notify set photos arn:aws:sns:us-east-1:111122223333:jobs",
		JSON:    "With --json an empty document is printed.",
		Args:    cobra.MinimumNArgs(2), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			topic, events := args[0], args[1:]
			if len(events) == 0 {
				events = all
			}
			for _, e := range events {
				if !slices.Contains(all, e) {
					return cli.Wrong(fmt.Errorf("%q is no event: there are %s", e, strings.Join(all, " and ")))
				}
			}
			if s.DryRun {
				return s.Would("tell %s of %s in vault %s.", topic, strings.Join(events, " and "), v.Name)
			}
			if err := v.SetNotifications(ctx, glacier.Notifications{Events: events, SNSTopic: &topic}); err != nil {
				return err
			}
			return s.Did("%s is told of %s in vault %s.", topic, strings.Join(events, " and "), v.Name)
		}).in(),
	}.Command()
}

func notifyDelete() *cobra.Command {
	return cli.Verb{
		Use: "delete VAULT", Short: "Tell nobody of a vault's jobs any more",
		Long: "Tell nobody of a vault's jobs any more. That nobody was is a success.", Example: "firn vault notify delete photos",
		JSON: "With --json an empty document is printed.",
		Args: cobra.ExactArgs(1), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			if s.DryRun {
				return s.Would("tell nobody of the jobs of vault %s.", v.Name)
			}
			if err := v.DeleteNotifications(ctx); err != nil {
				return err
			}
			return s.Did("Nobody is told of the jobs of vault %s.", v.Name)
		}).in(),
	}.Command()
}
