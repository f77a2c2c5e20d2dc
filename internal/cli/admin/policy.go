package admin

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

func policyShow() *cobra.Command {
	return cli.Verb{
		Use: "show VAULT", Short: "Print a vault's access policy",
		Long:    "Print a vault's access policy as it was set.",
		Example: "firn vault policy show photos > policy.json",
		JSON:    `With --json the document of the API is printed, which has the policy as a string: {"Policy":"{…}"}.`,
		Args:    cobra.ExactArgs(1),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			policy, err := v.Policy(ctx)
			if err != nil {
				return missing(err, "no such vault, or it has no access policy")
			}
			return s.Document(glacier.VaultPolicy{Policy: &policy}, printPolicy(policy))
		}).in(),
	}.Command()
}

// printPolicy prints a policy as its author wrote it.
func printPolicy(policy string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := fmt.Fprintln(w, strings.TrimSuffix(policy, "\n"))
		return err
	}
}

func policySet() *cobra.Command {
	return cli.Verb{
		Use: "set VAULT FILE", Short: "Set a vault's access policy",
		Long:    "Set a vault's access policy to the JSON document in a file; - is standard input.",
		Example: "firn vault policy set photos policy.json",
		JSON:    "With --json an empty document is printed.",
		Args:    cobra.ExactArgs(2), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			policy, err := document(s, args[0], glacier.MaxPolicyLength)
			if err != nil {
				return err
			}
			if s.DryRun {
				return s.Would("set the access policy of vault %s.", v.Name)
			}
			if err := v.SetPolicy(ctx, policy); err != nil {
				return err
			}
			return s.Did("The access policy of vault %s is set.", v.Name)
		}).in(),
	}.Command()
}

func policyDelete() *cobra.Command {
	return cli.Verb{
		Use: "delete VAULT", Short: "Remove a vault's access policy",
		Long: "Remove a vault's access policy. That it has none is a success.", Example: "firn vault policy delete photos",
		JSON: "With --json an empty document is printed.",
		Args: cobra.ExactArgs(1), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			if s.DryRun {
				return s.Would("remove the access policy of vault %s.", v.Name)
			}
			if err := v.DeletePolicy(ctx); err != nil {
				return err
			}
			return s.Did("Vault %s has no access policy.", v.Name)
		}).in(),
	}.Command()
}
