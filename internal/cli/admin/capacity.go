package admin

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
)

func capacityList() *cobra.Command {
	return cli.Verb{
		Use: "list", Short: "List the provisioned capacity units",
		Long: "List the account's provisioned capacity units in the region.", Example: "firn capacity list",
		JSON: `With --json the document of the API is printed: {"ProvisionedCapacityList":[…]}.`,
		Run: func(ctx context.Context, s *cli.Session, _ []string) error {
			units, err := s.Remote.Capacity(ctx)
			if err != nil {
				return err
			}
			if units == nil {
				units = []glacier.Capacity{}
			}
			t := cli.NewTable("UNIT", "FROM", "TO")
			for _, u := range units {
				t.Row(u.CapacityID, cli.Date(u.StartDate.Time), cli.Date(u.ExpirationDate.Time))
			}
			return s.Document(glacier.CapacityList{ProvisionedCapacityList: units}, t.Print)
		},
	}.Command()
}

func capacityBuy() *cobra.Command {
	return cli.Verb{
		Use: "buy", Short: "Buy a provisioned capacity unit",
		Long: `Buy a provisioned capacity unit for a month. At Amazon it costs a hundred
dollars or so, and cannot be given back, so this asks first. A unit lets three
Expedited retrievals begin every five minutes, whatever others retrieve.

If the reply is lost, it is not asked for again: firn capacity list tells whether
the unit is there.`,
		Example: "firn capacity buy",
		JSON:    `With --json a document is printed: {"CapacityId":…}.`,
		Changes: true, Asks: true,
		Resume: "whether the unit was bought, firn capacity list tells",
		Run: func(ctx context.Context, s *cli.Session, _ []string) error {
			if s.DryRun {
				return s.Would("buy a unit.")
			}
			question := fmt.Sprintf("This buys a unit of provisioned capacity for a month in region %s, at %s.", s.Region, s.Endpoint)
			if err := s.Confirm(ctx, question, "buy"); err != nil {
				return err
			}
			id, err := s.Remote.BuyCapacity(ctx)
			if err != nil {
				return err
			}
			return said(s, map[string]string{"CapacityId": id}, "Unit "+id+" is bought.")
		},
	}.Command()
}
