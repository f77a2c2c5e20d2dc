package admin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

func tagList() *cobra.Command {
	return cli.Verb{
		Use: "list VAULT", Short: "List a vault's tags",
		Long: "List a vault's tags by key.", Example: "firn vault tag list photos",
		JSON: `With --json a document is printed: {"Tags":{KEY:VALUE,…}}.`,
		Args: cobra.ExactArgs(1),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			tags, err := v.Tags(ctx)
			if err != nil {
				return err
			}
			if tags == nil {
				tags = map[string]string{}
			}
			t := cli.NewTable("KEY", "VALUE")
			for _, key := range slices.Sorted(maps.Keys(tags)) {
				t.Row(key, tags[key])
			}
			return s.Document(glacier.Tags{Tags: tags}, t.Print)
		}).in(),
	}.Command()
}

func tagSet() *cobra.Command {
	return cli.Verb{
		Use: "set VAULT KEY=VALUE…", Short: "Set tags of a vault",
		Long:    "Set tags of a vault. Those with other keys stay; a vault can have 50.",
		Example: "firn vault tag set photos owner=ann cost-centre=17",
		JSON:    "With --json an empty document is printed.",
		Args:    cobra.MinimumNArgs(2), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			for _, arg := range args {
				if key, _, ok := strings.Cut(arg, "="); !ok || key == "" {
					return cli.Wrong(fmt.Errorf("%q is not KEY=VALUE", arg))
				}
			}
			if s.DryRun {
				return s.Would("set %s of vault %s.", cli.Count(int64(len(args)), "tag"), v.Name)
			}
			for some := range slices.Chunk(args, glacier.MaxTagsPerRequest) {
				tags := map[string]string{}
				for _, arg := range some {
					key, value, _ := strings.Cut(arg, "=")
					tags[key] = value
				}
				if err := v.AddTags(ctx, tags); err != nil {
					return err
				}
			}
			return s.Did("Vault %s has %s more or anew.", v.Name, cli.Count(int64(len(args)), "tag"))
		}).in(),
	}.Command()
}

func tagUnset() *cobra.Command {
	return cli.Verb{
		Use: "unset VAULT KEY…", Short: "Remove tags of a vault",
		Long: "Remove tags of a vault. That there is none of a key is a success.", Example: "firn vault tag unset photos owner",
		JSON: "With --json an empty document is printed.",
		Args: cobra.MinimumNArgs(2), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, keys []string) error {
			if s.DryRun {
				return s.Would("remove the tags %s of vault %s.", strings.Join(keys, ", "), v.Name)
			}
			for some := range slices.Chunk(keys, glacier.MaxTagsPerRequest) {
				if err := v.RemoveTags(ctx, some); err != nil {
					return err
				}
			}
			return s.Did("Vault %s has no tags %s.", v.Name, strings.Join(keys, ", "))
		}).in(),
	}.Command()
}
