// Package iam is the wire of accounts, users, access keys and policies: the
// Query API of Amazon's IAM, version 2010-05-08, as far as it is about users,
// and three actions of Firn's own about accounts. It decides nothing: what may
// happen is [firn/internal/access]'s.
//
// What it has in common with other APIs is [firn/internal/awsapi]'s. Parameters
// that an action does not know are refused: to pass over a permissions boundary
// would grant what it forbids.
//
// Callers see the users of their own account and no others, and may do what
// their policies allow; an account's root may do everything in it. A secret
// is in the one reply that gives it out, and nowhere else.
//
// It also has the client's side of that, [NewClient] and [Decode].
package iam

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/awsapi"
)

// Version is the API's version, which every request names.
const Version = "2010-05-08"

// Config is what a Handler serves. Access and Region are required.
type Config struct {
	Access *access.Service
	// Management is the account whose callers may make, list and delete
	// accounts.
	Management glacier.AccountID
	Region     string // as it stands in the trail
	// Proxies are believed when they say whom a request comes from.
	Proxies []netip.Prefix
	// Trail gets a line for each call; nil keeps none.
	Trail Trail
	// TrailRequired refuses calls that change something when their line
	// cannot be written, and confirms them only once it is on the medium.
	TrailRequired bool
	// BodyTimeout is how long a client may take to send a request or to take a
	// reply; 0 means 30 seconds.
	BodyTimeout time.Duration
	// Log receives failures that are not the client's; nil discards them.
	Log *slog.Logger
}

// A Handler serves the API. It may be used concurrently.
type Handler struct {
	cfg Config
	api *awsapi.Handler
}

// A Trail keeps a line for each call.
type Trail = awsapi.Trail

const (
	// namespace is that of every element of a reply.
	namespace = "https://iam.amazonaws.com/doc/2010-05-08/"
	// maxBody bounds the body of a request: the longest policy, every byte of
	// it escaped, and the names that go with it.
	maxBody = 64 << 10
)

// New returns a Handler.
func New(cfg Config) *Handler {
	h := &Handler{cfg: cfg}
	api := awsapi.API{
		Service: access.IAM, Version: Version, Namespace: namespace, MaxBody: maxBody, Refusal: refusalOf, Malformed: InvalidInput,
	}
	for _, a := range actions() {
		api.Actions = append(api.Actions, awsapi.Action{Name: a.name, Reads: a.reads, Prepare: h.prepare(&a)})
	}
	h.api = awsapi.New(api, awsapi.Config{
		Access: cfg.Access, Region: cfg.Region, Proxies: cfg.Proxies,
		Trail: cfg.Trail, TrailRequired: cfg.TrailRequired, BodyTimeout: cfg.BodyTimeout, Log: cfg.Log,
	})
	return h
}

// Signed reports whether a request says that it is signed for this API. It
// only looks at the text, for a server that has to choose between faces.
func Signed(r *http.Request) bool { return awsapi.Signed(r, access.IAM) }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.api.ServeHTTP(w, r) }

// Do answers a request without the wire: on behalf of a caller who need not
// prove who he is, and without a line in the trail. It returns the reply's
// document; a refusal is an [*Error].
func (h *Handler) Do(ctx context.Context, caller access.Caller, form url.Values) ([]byte, error) {
	return h.api.Do(ctx, caller, form)
}

// A call is one request on its way through.
type call struct {
	h   *Handler
	ctx context.Context

	// What authentication and the parameters have brought out.
	caller access.Caller
	client access.Client
	action *action
	params params
}

// prepare takes the parameters of an action, and finds out whether the caller
// may do it.
func (h *Handler) prepare(a *action) func(*awsapi.Call) (func() (any, error), error) {
	return func(whole *awsapi.Call) (func() (any, error), error) {
		c := &call{h: h, ctx: whole.Context, caller: whole.Caller, client: whole.Client, action: a}
		var err error
		c.params, err = parametersOf(a, whole.Form())
		whole.Asked = map[string]string{}
		for name, value := range c.params { // no secret is one
			whole.Asked[awsapi.Camel(name)] = value
		}
		if err != nil {
			return nil, err
		}
		if err := c.authorize(); err != nil {
			return nil, err
		}
		return func() (any, error) {
			result, err := a.run(c)
			whole.Gave = named(result)
			return result, err
		}, nil
	}
}
