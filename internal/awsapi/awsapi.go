// Package awsapi is what Amazon's APIs that name their actions have in common
// on the wire: IAM's, SNS's and SQS's. Such an [API] is a table of actions; a
// [Handler] serves it in the Query protocol (a form goes in, XML comes out)
// and, if it has one, in the JSON protocol.
//
// Every reply carries x-amzn-RequestId. A request is answered before its body
// is read when the headers alone condemn it; the body is bounded, and waited
// for with a deadline. Nobody but who knows a key is served, except for what
// the API names itself. What an action changes is in the trail before it is
// confirmed, and a panic ends one call only.
//
// The package decides nothing, and knows none of the actions: each finds out
// for itself what it is about and whether the caller may, see [Action].
package awsapi

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"firn/internal/access"
)

// An API is what is different about one of them.
type API struct {
	// Service is what requests are signed for, such as sns.
	Service string
	// Version is the API's version, which requests name in the Query protocol;
	// if AnyVersion is set they need not name it.
	Version    string
	AnyVersion bool
	// Namespace is that of the elements of a reply.
	Namespace string
	// Target is what the header X-Amz-Target begins with in the JSON protocol,
	// such as "AmazonSQS."; "" is no such protocol.
	Target  string
	Actions []Action
	// MaxBody bounds the body of a request, in bytes.
	MaxBody int64

	// Path reports whether requests may be made to a path; nil is / alone.
	Path func(path string) bool
	// Anonymous reports whether a request is served without a signature. Its
	// parameters are those in the URL; its body is not read. nil is none.
	Anonymous func(r *http.Request) bool

	// Refusal words an error that is the API's own; it returns nil for others.
	// It is asked first, so it may reword what is common.
	Refusal func(err error) *Error
	// Missing words that a parameter is not there; nil has common words for it.
	Missing func(parameter string) *Error
	// Malformed is the code for what is wrong with a request's form.
	Malformed Code
	// Failure is the code for what is no fault of the client's; "" is
	// ServiceFailure.
	Failure Code
}

// An Action is a line of an API's table.
type Action struct {
	Name  string
	Needs string // parameters that must be there, by the names of fields that [Call.Decode] reads them into
	Hides string // parameters whose values do not belong in the trail, by the same names
	Reads bool   // it changes nothing
	// Prepare takes the parameters and finds out whether the caller may do what
	// he asks for, before anything tells him what there is. What it returns does
	// it, and is called if so. The result is encoded with encoding/xml or
	// encoding/json; nil is a reply without a result.
	Prepare func(c *Call) (run func() (result any, err error), err error)
}

// Config is what a Handler works with. Access and Region are required.
type Config struct {
	Access *access.Service
	Region string // as it stands in the trail
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

// A Handler serves an API. It may be used concurrently.
type Handler struct {
	api     API
	cfg     Config
	actions map[string]*Action
}

// New returns a Handler.
func New(api API, cfg Config) *Handler {
	if cfg.BodyTimeout == 0 {
		cfg.BodyTimeout = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{api: api, cfg: cfg, actions: map[string]*Action{}}
	for _, a := range api.Actions {
		h.actions[a.Name] = &a
	}
	return h
}

// Signed reports whether a request says that it is signed for a service. It
// only looks at the text, for a server that has to choose between faces.
func Signed(r *http.Request, service string) bool {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if i := strings.IndexAny(credential, ", \t"); i >= 0 {
		credential = credential[:i]
	}
	return strings.HasSuffix(credential, "/"+service+"/aws4_request")
}
