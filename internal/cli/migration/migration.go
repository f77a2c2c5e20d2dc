// Package migration is the verb that moves a vault's archives into another
// service's: firn migrate.
//
// It promises what package migrate does, and that nothing that costs money is
// begun before the costs were told, and agreed to or bounded.
package migration

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/migrate"
	"firn/internal/price"
	"firn/internal/remote"
)

// Commands are the package's verbs.
func Commands() []*cobra.Command {
	cmd := run()
	cmd.AddCommand(status())
	return []*cobra.Command{cmd}
}

// A journey is from where to where, as the command line says.
type journey struct {
	from, to string
	endpoint string
	profile  string
	account  string
	state    string
	dollars  string
	tier     string
}

func (j *journey) flags(fs *pflag.FlagSet) {
	fs.StringVar(&j.from, "from", "", "vault to take archives from, `aws://REGION/VAULT`")
	fs.StringVar(&j.to, "to", "", "`VAULT` to bring them into")
	fs.StringVar(&j.endpoint, "from-endpoint-url", "", "`URL` of the server that has the first vault (default: Amazon's own in the region)")
	fs.StringVar(&j.profile, "from-profile", "", "`PROFILE` with the key for it")
	fs.StringVar(&j.account, "from-account-id", string(glacier.CallersAccount), "`ACCOUNT` whose vault it is; - is the key's")
	fs.StringVar(&j.state, "state", "", "`FILE` that keeps how far it is (default: below ~/.local/share/firn/migrations)")
	fs.StringVar(&j.tier, "tier", glacier.Bulk, "`TIER`: Expedited, Standard or Bulk")
	fs.StringVar(&j.dollars, "price", "", "`DOLLARS` a GiB, for 1,000 jobs, and a GiB that leaves the region, such as 0.01,0.05,0.09 (default: Amazon's list of 2025 for us-east-1 if it is Amazon, else nothing)")
}

// An open journey has both its ends.
type open struct {
	there    *cli.Session // where archives come from
	from, to *remote.Vault
	tier     string
	price    price.List
	file     string // of the state
}

// open connects the ends. Nothing is asked yet.
func (j *journey) open(ctx context.Context, s *cli.Session) (*open, error) {
	if j.from == "" || j.to == "" {
		return nil, cli.Wrong(errors.New("say from where and to where: firn migrate --from aws://REGION/VAULT --to VAULT"))
	}
	region, name, err := parseFrom(j.from)
	if err != nil {
		return nil, cli.Wrong(err)
	}
	endpoint := j.endpoint
	if endpoint == "" {
		endpoint = cli.Amazon
	}
	o := new(open)
	o.there, err = s.Elsewhere(ctx, cli.Elsewhere{Endpoint: endpoint, Profile: j.profile, Region: region, Account: glacier.AccountID(j.account)})
	if err != nil {
		return nil, fmt.Errorf("connect to where the archives are: %w", err)
	}
	if o.from, err = o.there.Vault(name); err != nil {
		return nil, err
	}
	if o.to, err = s.Vault(j.to); err != nil {
		return nil, err
	}
	if o.there.Endpoint == s.Endpoint && o.there.Region == s.Region && o.there.Account == s.Account && name == j.to {
		return nil, cli.Wrong(errors.New("--from and --to are the same vault"))
	}
	if o.tier, o.price, err = cli.Tariff(o.there.Endpoint, j.tier, j.dollars); err != nil {
		return nil, cli.Wrong(err)
	}
	o.file, err = j.stateFile(o.there, s, name)
	return o, err
}

// parseFrom takes aws://REGION/VAULT apart.
func parseFrom(from string) (region, vault string, err error) {
	rest, ok := strings.CutPrefix(from, "aws://")
	region, vault, found := strings.Cut(rest, "/")
	if !ok || !found || region == "" || !glacier.VaultName(vault).Valid() {
		return "", "", fmt.Errorf("--from %q is not of the form aws://REGION/VAULT, such as aws://eu-west-1/photos", from)
	}
	return region, vault, nil
}

// stateFile is where the migration is kept: by what the command line says, so
// that it can be found without asking anybody.
func (j *journey) stateFile(there, here *cli.Session, name string) (string, error) {
	if j.state != "" {
		return j.state, nil
	}
	folder, err := cli.Folder()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, s := range []string{there.Endpoint, there.Region, string(there.Account), name, here.Endpoint, here.Region, string(here.Account), j.to} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return filepath.Join(folder, "migrations", hex.EncodeToString(h.Sum(nil)[:10])+".db"), nil
}

// bind makes sure that the state is that of these vaults.
func (o *open) bind(ctx context.Context, s *cli.Session, state *migrate.State) error {
	from, err := o.there.Owner(ctx, o.from)
	if err != nil {
		return fmt.Errorf("look at where the archives are: %w", err)
	}
	to, err := s.Owner(ctx, o.to)
	if err != nil {
		return fmt.Errorf("look at where they are to be: %w", err)
	}
	return state.Bind(migrate.Bond{Source: from.String(), Target: to.String()})
}
