package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/awsapi"
	"firn/internal/disk"
	"firn/internal/iam"
	"firn/internal/sigv4"
	"firn/internal/store/local"
)

// open finds whom to ask: a server, or a store that no server has open.
func (f *identityFlags) open(cmd *cobra.Command) (identityAPI, error) {
	changed := cmd.Flags().Changed
	switch {
	case f.data != "" && changed("endpoint-url"):
		return nil, usageError(errors.New("--data and --endpoint-url do not go together: one is a directory, the other a server"))
	case f.data != "":
		return f.openStore(cmd)
	case changed("account"):
		return nil, usageError(errors.New("--account needs --data: for a server, the account is the one that the key belongs to"))
	case changed("seal-key"):
		return nil, usageError(errors.New("--seal-key needs --data: a server has its own"))
	case changed("data"):
		return nil, usageError(errNoData)
	}
	endpoint := cmp.Or(f.endpoint, os.Getenv("AWS_ENDPOINT_URL"), defaultEndpoint)
	key := sigv4.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return nil, usageError(errors.New("there is no key to sign with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
			"or name a data directory that no server has open, with --data"))
	}
	client, err := iam.NewClient(endpoint, key)
	if err != nil {
		return nil, usageError(err)
	}
	return &onlineAPI{client, endpoint, key.AccessKeyID}, nil
}

// An onlineAPI is a server.
type onlineAPI struct {
	client   *awsapi.Client
	endpoint string
	keyID    string
}

// Do implements [identityAPI]. What the server says for programs it says for
// people.
func (o *onlineAPI) Do(ctx context.Context, form url.Values) ([]byte, error) {
	document, err := o.client.Do(ctx, form)
	var refused *iam.Error
	var unreachable *url.Error
	switch {
	case errors.As(err, &unreachable):
		return nil, fmt.Errorf("no server answers at %s: %w", o.endpoint, unreachable.Err)
	case !errors.As(err, &refused):
	case refused.Code == iam.InvalidClientTokenID:
		return nil, fmt.Errorf("the server does not know the access key %s, or it is disabled", o.keyID)
	case refused.Code == iam.SignatureDoesNotMatch:
		return nil, fmt.Errorf("the server does not take the signature: the secret is not that of the access key %s, or a clock is wrong", o.keyID)
	}
	return document, err
}

// Close implements [identityAPI].
func (o *onlineAPI) Close() error { return nil }

// An offlineAPI is a store. Whoever has it in his hands may do what the root
// of any account may.
type offlineAPI struct {
	store  *local.Store
	api    *iam.Handler
	caller access.Caller
}

// openStore opens the store in the data directory.
func (f *identityFlags) openStore(cmd *cobra.Command) (*offlineAPI, error) {
	account := glacier.AccountID(f.account)
	if cmd.Flags().Lookup("account") != nil && !account.Valid() {
		return nil, usageError(errors.New("the account is not twelve digits"))
	}
	seal, err := readSealKey(f.sealKey)
	if err != nil {
		return nil, usageError(err)
	}
	cfg, err := offline(f.data, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	store, err := local.Open(cfg)
	if err != nil {
		return nil, hintInUse(cfg.FS, err)
	}
	keys, err := openKeys(cmd.Context(), store, seal)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &offlineAPI{
		store: store, api: iam.New(iam.Config{Access: keys, Management: account, Region: iam.Region}), caller: access.RootOf(account),
	}, nil
}

// openKeys makes what knows the keys in a store. Without a seal key it has the
// one in the data directory.
func openKeys(ctx context.Context, store *local.Store, seal *[32]byte) (*access.Service, error) {
	cfg := access.Config{Store: store, Region: iam.Region, IDs: store.IDKey()}
	if seal != nil {
		cfg.Seal = *seal
	} else {
		own, err := store.ReadSealKey()
		if err != nil {
			return nil, err
		}
		cfg.Seal = own
	}
	keys, err := access.New(cfg)
	if err != nil {
		return nil, err
	}
	return keys, keys.CheckSeal(ctx)
}

// hintInUse says what to do about a directory that a server has open.
func hintInUse(root disk.FS, err error) error {
	lock, locked := root.Lock("LOCK")
	if locked == nil {
		return errors.Join(err, lock.Close())
	}
	if errors.Is(locked, disk.ErrLocked) {
		return fmt.Errorf("%w: leave --data out to ask the server that has it open, which is at --endpoint-url", err)
	}
	return err
}

// Do implements [identityAPI].
func (o *offlineAPI) Do(ctx context.Context, form url.Values) ([]byte, error) {
	return o.api.Do(ctx, o.caller, form)
}

// Close implements [identityAPI].
func (o *offlineAPI) Close() error { return o.store.Close() }
