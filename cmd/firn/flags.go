package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/server"
)

const defaultListen = "127.0.0.1:9420"

var errNoData = errors.New("--data is missing")

// serverFlags are the flags that dev and serve share, and the configuration
// they fill.
type serverFlags struct {
	server.Config
	account, profile, sealKey string
	proxies                   []string
}

// addServerFlags registers them. Durations have the profile's value unless
// they are set. data says what there is to say about --data besides.
func addServerFlags(cmd *cobra.Command, data string) *serverFlags {
	f := new(serverFlags)
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.Listen, "listen", defaultListen, "address to serve on, host:port; port 0 takes a free one")
	fs.StringVar(&f.Data, "data", "", "data directory"+data)
	fs.StringVar(&f.Region, "region", defaultRegion, "region, as it stands in signatures and ARNs")
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
	fs.IntVar(&f.Timing.ExpeditedLimit, "expedited-limit", 0, "Expedited retrievals an account may begin in five minutes without capacity units; -1 does not limit (default: the profile's)")
	fs.Int64Var(&f.FreeRetrieval, "free-retrieval", 0, "bytes a month that the retrieval policy FreeTier lets through (default 10 GiB)")
	fs.DurationVar(&f.Timing.OutputLife, "output-life", 0, "time a job and its output stay after completion (default 25h)")
	fs.DurationVar(&f.Timing.UploadLife, "upload-life", 0, "time an idle multipart upload stays (default 24h)")
	fs.DurationVar(&f.BodyTimeout, "body-timeout", 0, "how long a client may pause while it sends or takes a body (default 30s)")
	fs.DurationVar(&f.ShutdownTimeout, "shutdown-timeout", 0, "how long to wait at the end for requests in flight (default 2m)")
	fs.IntVar(&f.MaxConnections, "max-connections", 0, "connections served at a time (default 1024)")
	fs.Float64Var(&f.AccountRate, "account-rate", 0, "requests a second that an account may make; 0 does not limit")
	fs.Float64Var(&f.KeyRate, "key-rate", 0, "requests a second that an access key may make; 0 does not limit")
	fs.StringVar(&f.SelectDirectory, "select-directory", "", "directory for the results of select jobs in buckets that are not configured, or off (default select in the data directory)")
	fs.DurationVar(&f.SelectTime, "select-time", 0, "longest time of a select job's query (default 48h)")
	fs.Int64Var(&f.SelectOutput, "select-output", 0, "bytes that such a query may select (default 10 GiB into the directory, 5 TiB into a bucket)")
	fs.StringVar(&f.Audit, "audit", "", "directory of the audit log, or off (default audit in the data directory)")
	fs.BoolVar(&f.AuditRequired, "audit-required", false, "refuse changes that cannot be written to the audit log")
	fs.Int64Var(&f.AuditSize, "audit-size", 0, "bytes at which a file of the audit log is closed (default 64 MiB)")
	fs.IntVar(&f.AuditKeep, "audit-keep", 0, "closed files of the audit log that stay; 0 keeps all")
	fs.StringVar(&f.PublicURL, "public-url", "", "URL at which others reach this server, as it stands in notifications (default the address it listens on)")
	fs.BoolVar(&f.AllowPrivate, "allow-private-endpoints", false, "send notifications to loopback and private addresses, too (firn dev does unless it is false)")
	fs.StringSliceVar(&f.proxies, "trusted-proxies", nil, "addresses or networks of proxies whose X-Forwarded-For is believed")
	fs.StringVar(&f.sealKey, "seal-key", "", "file with the key that seals secrets: 64 hex digits (default: one in the data directory)")
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
		"expedited-limit":    func() { t.ExpeditedLimit = set.ExpeditedLimit },
		"output-life":        func() { t.OutputLife = set.OutputLife },
		"upload-life":        func() { t.UploadLife = set.UploadLife },
	} {
		if cmd.Flags().Changed(name) {
			take()
		}
	}
	cfg.Timing = t
	if cfg.SealKey, err = readSealKey(f.sealKey); err != nil {
		return cfg, usageError(err)
	}
	if cfg.TrustedProxies, err = parseNetworks(f.proxies); err != nil {
		return cfg, usageError(err)
	}
	if cfg.Data == "" {
		return cfg, usageError(errNoData)
	}
	if err := cfg.Validate(); err != nil {
		return cfg, usageError(err)
	}
	return cfg, nil
}

// readSealKey reads the file that an operator keeps the sealing key in, nil if
// there is none.
func readSealKey(path string) (*[32]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the sealing key: %w", err)
	}
	key := new([32]byte)
	digits := bytes.TrimSpace(text)
	if len(digits) != hex.EncodedLen(len(key)) {
		return nil, fmt.Errorf("%s does not hold a sealing key: it must be %d hexadecimal digits", path, hex.EncodedLen(len(key)))
	}
	if _, err := hex.Decode(key[:], digits); err != nil {
		return nil, fmt.Errorf("%s does not hold a sealing key: not all of it is hexadecimal digits", path) // and err would show it
	}
	return key, nil
}

// parseNetworks reads networks such as 10.0.0.0/8, and single addresses.
func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if p, err := netip.ParsePrefix(text); err == nil {
			networks = append(networks, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("trusted-proxies: %q is neither an address nor a network", text)
		}
		networks = append(networks, netip.PrefixFrom(a, a.BitLen()))
	}
	return networks, nil
}
