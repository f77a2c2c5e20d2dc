package admin

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

func vault() *cobra.Command {
	return cli.Group("vault", "Make, list, show, empty and delete vaults", "Make, list, show, empty and delete vaults, and set what hangs on them.",
		vaultCreate(), vaultList(), vaultShow(), vaultDelete(), vaultEmpty(),
		cli.Group("lock", "Lock a vault's policy for good, after a test", lockLong, lockShow(), lockTest(), lockStart(), lockComplete(), lockAbort()),
		cli.Group("notify", "Show and set who is told of completed jobs", "Show and set which topic is told when jobs of a vault are complete.", notifyShow(), notifySet(), notifyDelete()),
		cli.Group("policy", "Show and set a vault's access policy", "Show and set a vault's access policy: who may do what with it.", policyShow(), policySet(), policyDelete()),
		cli.Group("tag", "List and set a vault's tags", "List and set a vault's tags.", tagList(), tagSet(), tagUnset()),
	)
}

func vaultCreate() *cobra.Command {
	return cli.Verb{
		Use: "create NAME…", Short: "Make vaults",
		Long:    "Make vaults. That one exists already is a success.",
		Example: "firn vault create photos",
		JSON:    `With --json a line is printed for each vault: {"VaultName":…}.`,
		Args:    cobra.MinimumNArgs(1), Changes: true,
		Run: func(ctx context.Context, s *cli.Session, args []string) error {
			for _, name := range args {
				v, err := s.Vault(name)
				if err != nil {
					return err
				}
				did := "Vault " + name + " is there."
				if s.DryRun {
					did = "Would make vault " + name + "."
				} else if err := v.Create(ctx); err != nil {
					return fmt.Errorf("vault %s: %w", name, err)
				}
				if err := said(s, map[string]any{"VaultName": name}, did); err != nil {
					return err
				}
			}
			return nil
		},
	}.Command()
}

// said prints a line of JSON, or a line.
func said(s *cli.Session, document any, line string) error {
	if s.JSON {
		return s.Line(document)
	}
	_, err := fmt.Fprintln(s.Out, line)
	return err
}

func vaultList() *cobra.Command {
	return cli.Verb{
		Use: "list", Short: "List the vaults",
		Long: `List the account's vaults in a region, by name. What they hold is as of their last
inventory, where the server counts so; sizes include 32 KiB for each archive.`,
		Example: "firn vault list",
		JSON:    `With --json a document is printed: {"VaultList":[…]}, of the members of the API's DescribeVault.`,
		Run: func(ctx context.Context, s *cli.Session, _ []string) error {
			list := []glacier.VaultDescription{}
			t := cli.NewTable("NAME", ">ARCHIVES", ">SIZE", "LAST INVENTORY", "MADE")
			for d, err := range s.Remote.Vaults(ctx) {
				if err != nil {
					return err
				}
				list = append(list, d)
				t.Row(string(d.VaultName), fmt.Sprint(d.NumberOfArchives), cli.Size(d.SizeInBytes), date(d.LastInventoryDate), cli.Date(d.CreationDate.Time))
			}
			return s.Document(map[string]any{"VaultList": list}, t.Print)
		},
	}.Command()
}

// date is an instant that may not have come.
func date(t *glacier.Time) string {
	if t == nil {
		return "-"
	}
	return cli.Date(t.Time)
}

func vaultShow() *cobra.Command {
	return cli.Verb{
		Use: "show VAULT", Short: "Show a vault",
		Long: `Show a vault. What it holds is as of its last inventory, where the server counts
so; the size includes 32 KiB for each archive.`,
		Example: "firn vault show photos",
		JSON:    "With --json the document of the API's DescribeVault is printed.",
		Args:    cobra.ExactArgs(1),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			d, err := v.Describe(ctx)
			if err != nil {
				return err
			}
			return s.Document(d, func(w io.Writer) error {
				return facts(w, "Name", string(d.VaultName), "ARN", string(d.VaultARN), "Archives", fmt.Sprint(d.NumberOfArchives),
					"Size", fmt.Sprintf("%s (%d bytes)", cli.Size(d.SizeInBytes), d.SizeInBytes),
					"Last inventory", date(d.LastInventoryDate), "Made", cli.Date(d.CreationDate.Time))
			})
		}).in(),
	}.Command()
}

func vaultDelete() *cobra.Command {
	return cli.Verb{
		Use: "delete VAULT", Short: "Delete an empty vault",
		Long: `Delete a vault, which must be empty: see firn vault empty. Amazon deletes a vault
only if it was empty at its last inventory, which is taken about once a day, and
nothing was written to it since. That it is gone already is not a success here.`,
		Example: "firn vault delete photos",
		JSON:    "With --json an empty document is printed.",
		Args:    cobra.ExactArgs(1), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			if _, err := v.Describe(ctx); err != nil { // to delete what never was is a success to the API
				return err
			}
			if s.DryRun {
				return s.Would("delete vault %s.", v.Name)
			}
			if err := v.Delete(ctx); err != nil {
				return notEmpty(err)
			}
			return s.Did("Vault %s is deleted.", v.Name)
		}).in(),
	}.Command()
}

// notEmpty says what to do about a vault that cannot be deleted.
func notEmpty(err error) error {
	if remote.IsRefusal(err, glacier.InvalidParameterValue) {
		return cli.Errorf(cli.Refused, "%w: if it has archives, firn vault empty deletes them; "+
			"if it has none, Amazon counts them anew about once a day, and deletes it after that", err)
	}
	return err
}
