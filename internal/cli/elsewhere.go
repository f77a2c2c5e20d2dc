package cli

import (
	"context"

	"firn/glacier"
	"firn/internal/remote"
)

// An Elsewhere is another place than that which the flags of all verbs name.
// Empty members are as if the flag were not given.
type Elsewhere struct {
	Endpoint string // [Amazon] is Amazon's own
	Profile  string
	Region   string
	Account  glacier.AccountID
}

// Amazon stands for Amazon's own endpoint where a URL could.
const Amazon = amazon

// Elsewhere is a session with another place, of the same verb: it prints and
// asks as s does.
func (s *Session) Elsewhere(ctx context.Context, e Elsewhere) (*Session, error) {
	c := connection{endpoint: e.Endpoint, profile: e.Profile, region: e.Region, account: string(e.Account)}
	if c.account == "" {
		c.account = string(glacier.CallersAccount)
	}
	p, err := c.resolve(ctx)
	if err != nil {
		return nil, Wrong(err)
	}
	other := *s
	other.Endpoint, other.Region, other.Account = p.endpoint, p.region, p.account
	other.config.Client, other.config.Account = p.client, p.account
	if p.attempts != 0 {
		other.config.Retry.Attempts = p.attempts
	}
	other.Remote = remote.New(other.config)
	return &other, nil
}
