package admin

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
)

func retrievalShow() *cobra.Command {
	return cli.Verb{
		Use: "show", Short: "Show the limit for retrievals",
		Long: "Show the account's data retrieval policy in the region.", Example: "firn retrieval-policy show",
		JSON: `With --json the document of the API is printed: {"Policy":{"Rules":[{"BytesPerHour":…,"Strategy":…}]}}.`,
		Run: func(ctx context.Context, s *cli.Session, _ []string) error {
			rules, err := s.Remote.RetrievalPolicy(ctx)
			if err != nil {
				return err
			}
			return s.Document(glacier.DataRetrieval{Policy: &rules}, func(w io.Writer) error {
				for _, r := range rules.Rules {
					if _, err := fmt.Fprintln(w, ruleText(r)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}.Command()
}

// ruleText is a rule in words.
func ruleText(r glacier.RetrievalRule) string {
	switch text(r.Strategy) {
	case glacier.NoLimit:
		return "There is no limit."
	case glacier.FreeTier:
		return "Only what is free may be retrieved."
	case glacier.BytesPerHour:
		if r.BytesPerHour != nil {
			return fmt.Sprintf("At most %s (%d bytes) an hour may be retrieved.", cli.Size(*r.BytesPerHour), *r.BytesPerHour)
		}
	}
	return "The strategy is " + text(r.Strategy) + "."
}

func retrievalSet() *cobra.Command {
	return cli.Verb{
		Use: "set none|free-tier|SIZE", Short: "Set the limit for retrievals",
		Long: `Set the account's data retrieval policy in the region: no limit, only what is free,
or a number of bytes an hour, such as 10GiB. Retrievals beyond it are refused.
They are Standard retrievals: Expedited and Bulk ones are not limited.`,
		Example: "firn retrieval-policy set 10GiB",
		JSON:    "With --json an empty document is printed.",
		Args:    cobra.ExactArgs(1), Changes: true,
		Run: func(ctx context.Context, s *cli.Session, args []string) error {
			rule, err := parseRule(args[0])
			if err != nil {
				return cli.Wrong(err)
			}
			if s.DryRun {
				return s.Would("set the policy: %s", ruleText(rule))
			}
			if err := s.Remote.SetRetrievalPolicy(ctx, glacier.RetrievalRules{Rules: []glacier.RetrievalRule{rule}}); err != nil {
				return err
			}
			return s.Did("%s", ruleText(rule))
		},
	}.Command()
}

func parseRule(arg string) (glacier.RetrievalRule, error) {
	strategy := glacier.BytesPerHour
	switch strings.ToLower(arg) {
	case "none":
		strategy = glacier.NoLimit
		return glacier.RetrievalRule{Strategy: &strategy}, nil
	case "free-tier", "freetier":
		strategy = glacier.FreeTier
		return glacier.RetrievalRule{Strategy: &strategy}, nil
	}
	n, err := cli.ParseSize(arg)
	if err != nil {
		return glacier.RetrievalRule{}, fmt.Errorf("%q is neither none nor free-tier nor a size such as 10GiB", arg)
	}
	return glacier.RetrievalRule{Strategy: &strategy, BytesPerHour: &n}, nil
}
