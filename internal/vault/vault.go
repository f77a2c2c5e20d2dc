// Package vault says what may happen to vaults, archives, multipart uploads
// and tags.
//
// Its methods are the operations of the API, without the wire: they take the
// parameters as the client sent them, and return documents or refusals in the
// API's own words. Every refusal meant for a client is a [*glacier.Error];
// any other error is a failure of the store or of this program. Checks come in
// the order presence, validity, existence, state.
//
// A method that changes something returns nil only when the change is on the
// medium. All of it happens, or nothing: each operation is one record. The
// exception is what hangs on a deleted vault, which [Service.Sweep] clears
// away afterwards, invisible to everybody.
//
// The package does not know who is calling, nor whether they may; owner is
// always the account whose vault it is. It knows nothing of HTTP, and it does
// not retrieve anything.
package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/token"
)

// DefaultUploadLife is how long a multipart upload is kept after its last
// part, and its outcome after its end.
const DefaultUploadLife = 24 * time.Hour

// A Config is what a Service is made of.
type Config struct {
	Store  store.Store // required
	Region string      // as it stands in ARNs; required
	IDs    token.Key   // seals the ids given out

	// Live makes DescribeVault and ListVaults count what is there now, and
	// lets a vault be deleted as soon as it is empty. Otherwise both go by the
	// vault's last inventory, as Amazon's do.
	Live bool

	// UploadLife is how long a multipart upload lives after its last
	// activity, and how long Complete and Abort of it can be repeated.
	// Default DefaultUploadLife.
	UploadLife time.Duration

	Log *slog.Logger // default: nothing is logged
}

// A Service carries out the operations. Its methods may be called
// concurrently.
type Service struct {
	store      store.Store
	region     string
	ids        token.Key
	live       bool
	uploadLife time.Duration
	log        *slog.Logger
	buffers    sync.Pool // of *[bodyBuffer]byte
	receiving  receiving
}

// New returns a Service. The caller closes the store after the last call.
func New(c Config) *Service {
	if c.UploadLife <= 0 {
		c.UploadLife = DefaultUploadLife
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		store:      c.Store,
		region:     c.Region,
		ids:        c.IDs,
		live:       c.Live,
		uploadLife: c.UploadLife,
		log:        c.Log,
		buffers:    sync.Pool{New: func() any { return new([bodyBuffer]byte) }},
	}
}

// Find looks up the vault that a request names. One that does not exist, or
// whose name could never exist, is ResourceNotFoundException.
func Find(tx *catalog.Tx, region string, owner glacier.AccountID, name glacier.VaultName) (record.Vault, error) {
	if !name.Valid() {
		return record.Vault{}, glacier.VaultNotFound(region, owner, name)
	}
	v, ok, err := tx.Vault(owner, name)
	if err != nil {
		return record.Vault{}, fmt.Errorf("look up vault: %w", err)
	}
	if !ok {
		return record.Vault{}, glacier.VaultNotFound(region, owner, name)
	}
	return v, nil
}

func (s *Service) find(tx *catalog.Tx, owner glacier.AccountID, name glacier.VaultName) (record.Vault, error) {
	return Find(tx, s.region, owner, name)
}

// arn is the resource name of a vault that exists.
func (s *Service) arn(v record.Vault) glacier.ARN {
	return glacier.VaultARN(s.region, v.Account, v.Name)
}

// update runs a rule, and words the store's refusal for the client.
func (s *Service) update(ctx context.Context, rule store.Rule) error {
	return s.refusal(s.store.Update(ctx, rule))
}

// refusal turns the store's lack of space into the API's words, and hands
// everything else through.
func (s *Service) refusal(err error) error {
	if !errors.Is(err, store.ErrFull) {
		return err
	}
	s.log.Warn("refused for lack of space", "err", err)
	return NoSpace()
}

// NoSpace is the refusal of a request that there is no space to store.
func NoSpace() *glacier.Error {
	return glacier.Errorf(glacier.ServiceUnavailable,
		"There is no space left to store this request. Retrievals and deletions continue to work.")
}
