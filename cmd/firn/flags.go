package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"firn/glacier"
	"firn/internal/server"
)

const defaultListen = "127.0.0.1:9420"

var errNoData = errors.New("--data is missing")

// serverFlags are the flags that dev and serve share, and the configuration
// they fill.
type serverFlags struct {
	server.Config
	account, profile string
}

// addServerFlags registers them. Durations have the profile's value unless
// they are set. data says what there is to say about --data besides.
func addServerFlags(cmd *cobra.Command, data string) *serverFlags {
	f := new(serverFlags)
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.Listen, "listen", defaultListen, "address to serve on, host:port; port 0 takes a free one")
	fs.StringVar(&f.Data, "data", "", "data directory"+data)
	fs.StringVar(&f.Region, "region", "us-east-1", "region, as it stands in signatures and ARNs")
	fs.StringVar(&f.account, "account", "111122223333", "account of the root key: twelve digits")
	fs.StringVar(&f.RootKey.ID, "access-key", "", "access key of the account's root")
	fs.StringVar(&f.RootKey.Secret, "secret-key", "", "secret of that key")
	fs.StringVar(&f.profile, "profile", string(server.Fast), "fast: no delays; aws: Amazon's delays, a daily inventory")
	fs.DurationVar(&f.Timing.ExpeditedDelay, "expedited-delay", 0, "least time of an Expedited retrieval (default: the profile's)")
	fs.DurationVar(&f.Timing.StandardDelay, "standard-delay", 0, "least time of a Standard retrieval (default: the profile's)")
	fs.DurationVar(&f.Timing.BulkDelay, "bulk-delay", 0, "least time of a Bulk retrieval (default: the profile's)")
	fs.DurationVar(&f.Timing.InventoryDelay, "inventory-delay", 0, "least time of an inventory job (default: the profile's)")
	fs.DurationVar(&f.Timing.InventoryInterval, "inventory-interval", 0, "time between inventories of a vault; 0 takes one when asked (default: the profile's)")
	fs.BoolVar(&f.Timing.LiveCounters, "live-counters", false, "count what is in a vault now, not at its last inventory, and delete empty vaults at once (default: the profile's)")
	fs.DurationVar(&f.Timing.OutputLife, "output-life", 0, "time a job and its output stay after completion (default 25h)")
	fs.DurationVar(&f.Timing.UploadLife, "upload-life", 0, "time an idle multipart upload stays (default 24h)")
	fs.DurationVar(&f.BodyTimeout, "body-timeout", 0, "how long a client may pause while it sends or takes a body (default 30s)")
	fs.DurationVar(&f.ShutdownTimeout, "shutdown-timeout", 0, "how long to wait at the end for requests in flight (default 2m)")
	fs.IntVar(&f.MaxConnections, "max-connections", 0, "connections served at a time (default 1024)")
	return f
}

// resolve fills in what the flags leave to the profile.
func (f *serverFlags) resolve(cmd *cobra.Command) (server.Config, error) {
	cfg := f.Config
	cfg.Account = glacier.AccountID(f.account)
	cfg.Profile = server.Profile(f.profile)
	t, err := cfg.Profile.Timing()
	if err != nil {
		return cfg, usageError(err)
	}
	set := cfg.Timing
	for name, take := range map[string]func(){
		"expedited-delay":    func() { t.ExpeditedDelay = set.ExpeditedDelay },
		"standard-delay":     func() { t.StandardDelay = set.StandardDelay },
		"bulk-delay":         func() { t.BulkDelay = set.BulkDelay },
		"inventory-delay":    func() { t.InventoryDelay = set.InventoryDelay },
		"inventory-interval": func() { t.InventoryInterval = set.InventoryInterval },
		"live-counters":      func() { t.LiveCounters = set.LiveCounters },
		"output-life":        func() { t.OutputLife = set.OutputLife },
		"upload-life":        func() { t.UploadLife = set.UploadLife },
	} {
		if cmd.Flags().Changed(name) {
			take()
		}
	}
	cfg.Timing = t
	if cfg.Data == "" {
		return cfg, usageError(errNoData)
	}
	if err := cfg.Validate(); err != nil {
		return cfg, usageError(err)
	}
	return cfg, nil
}

// readConfigFile sets the flags that a YAML file names and the command line
// does not.
func readConfigFile(flags *pflag.FlagSet, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// Strings take every scalar as it is written: an account's number keeps
	// its leading zero.
	var values map[string]string
	if err := yaml.Unmarshal(data, &values); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		flag := flags.Lookup(name)
		switch {
		case flag == nil || name == "config" || name == "help":
			errs = append(errs, fmt.Errorf("%s: there is no setting %q", path, name))
		case flag.Changed: // the command line wins
		default:
			if err := flags.Set(name, values[name]); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", path, name, err))
			}
		}
	}
	return errors.Join(errs...)
}
