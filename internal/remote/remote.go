// Package remote is the vault API at the other end of a wire: each operation
// is a method with the types of package glacier, and what fails for the moment
// is tried again.
//
// It promises that a request which cannot be repeated without harm is not
// repeated unless the server said that it did nothing; that bodies are never
// held in memory; and that a connection on which nothing moves is given up and
// tried anew. It decides nothing: parts, plans and names are its callers'.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"firn/glacier"
	"firn/internal/client"
)

// A Config is what a Service is made of.
type Config struct {
	Client *client.Client // required
	// Account is the one whose vaults are meant; default the caller's own.
	Account glacier.AccountID
	Retry   Retry
	// Pace is asked before n bytes of a body go either way, and waits as long
	// as they should wait; nil does not limit.
	Pace func(ctx context.Context, n int) error
}

// A Service is an account's vaults, behind an endpoint. It may be used
// concurrently.
type Service struct {
	cfg Config
	// answered is set once anything has answered. Until then, an endpoint that
	// cannot be reached is taken for a wrong one, not for one that rests.
	answered *atomic.Bool
}

// New returns a Service. It connects to nothing yet.
func New(cfg Config) *Service {
	if cfg.Account == "" {
		cfg.Account = glacier.CallersAccount
	}
	cfg.Retry = cfg.Retry.withDefaults()
	return &Service{cfg: cfg, answered: new(atomic.Bool)}
}

// A Vault is one vault of a Service. That it exists is not promised.
type Vault struct {
	s    *Service
	Name glacier.VaultName
}

// Vault names a vault. It asks for nothing.
func (s *Service) Vault(name glacier.VaultName) *Vault { return &Vault{s, name} }

// path is the escaped path of something of the account's.
func (s *Service) path(segments ...string) string {
	var b strings.Builder
	b.WriteString("/" + url.PathEscape(string(s.cfg.Account)))
	for _, segment := range segments {
		b.WriteString("/" + url.PathEscape(segment))
	}
	return b.String()
}

// path is the escaped path of something in the vault.
func (v *Vault) path(segments ...string) string {
	return v.s.path(append([]string{"vaults", string(v.Name)}, segments...)...)
}

// ask sends a call whose answer is a document, and decodes it into answer.
func (s *Service) ask(ctx context.Context, c call, answer any) error {
	resp, err := s.do(ctx, c)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", c.method, c.path, err)
	}
	return nil
}

// maxAnswer bounds what is read of a document.
const maxAnswer = 16 * glacier.MiB

// get asks for a document.
func (s *Service) get(ctx context.Context, path string, answer any) error {
	return s.ask(ctx, call{method: http.MethodGet, path: path}, answer)
}

// tell sends a call whose answer is in its headers, if anywhere.
func (s *Service) tell(ctx context.Context, c call) (http.Header, error) {
	resp, err := s.do(ctx, c)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection can be used again
	return resp.Header, resp.Body.Close()
}

// change sends a document, which must be encodable.
func (s *Service) change(ctx context.Context, c call, document any) (http.Header, error) {
	body, err := encode(document)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	c.document = body
	return s.tell(ctx, c)
}

// header returns a member of a reply's head that must be there.
func header(h http.Header, name string) (string, error) {
	if value := h.Get(name); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("the reply has no %s", name)
}

// query adds what is set to a path.
func query(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// IsNotFound reports whether a request was refused because what it names does
// not exist.
func IsNotFound(err error) bool { return IsRefusal(err, glacier.ResourceNotFound) }

// IsGone reports whether a request was refused because something in a vault does
// not exist, while the vault does.
func IsGone(err error) bool {
	return IsNotFound(err) && !strings.Contains(err.Error(), "Vault not found")
}

// IsRefusal reports whether a request was refused with one of the codes, or at
// all if there are none.
func IsRefusal(err error, codes ...glacier.Code) bool {
	refusal, ok := errors.AsType[*glacier.Error](err)
	if !ok {
		return false
	}
	for _, code := range codes {
		if refusal.Code == code {
			return true
		}
	}
	return len(codes) == 0
}
