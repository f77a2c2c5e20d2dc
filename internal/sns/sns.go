// Package sns is the wire of topics: the Query API of Amazon's SNS, version
// 2010-03-31, as far as it is about topics, and two actions of Firn's own about
// dead letters. It decides nothing about topics: what may happen is
// [firn/internal/topic]'s. What it has in common with other APIs is
// [firn/internal/awsapi]'s.
//
// As with SNS, parameters that an action does not know are passed over; those
// that SNS knows and Firn does not honour are refused, such as a message's
// deduplication id. Who may do what is decided by the caller's policies and the
// topic's, before anything tells whether the topic exists.
//
// Two things are served to whoever asks: the certificate that messages are
// signed with, and the link that confirms a subscription, whose token is the
// only right it takes. The links that end a subscription are no such thing:
// every message holds one, and whoever sees a message could use it.
package sns

import (
	"net/http"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/awsapi"
	"firn/internal/topic"
)

const (
	// Service is what requests are signed for.
	Service = "sns"
	// Version is the API's version, which requests may name.
	Version = "2010-03-31"

	// namespace is that of every element of a reply.
	namespace = "http://sns.amazonaws.com/doc/2010-03-31/"
	// maxBody bounds the body of a request: the longest message, every byte of
	// it escaped, its attributes, and what goes with it.
	maxBody = 1 << 20
	// pageSize is how much of a list is on a page.
	pageSize = 100
)

// Config is what a Handler serves. Topics is required, and what
// [awsapi.Config] requires; Region is the topics'.
type Config struct {
	awsapi.Config
	Topics *topic.Service
	// Signer has the certificate that is served; nil serves none.
	Signer *topic.Signer
}

// A Handler serves the API. It may be used concurrently.
type Handler struct {
	cfg Config
	api *awsapi.Handler
}

// New returns a Handler.
func New(cfg Config) *Handler {
	h := &Handler{cfg: cfg}
	h.api = awsapi.New(awsapi.API{
		Service: Service, Version: Version, AnyVersion: true, Namespace: namespace, Actions: h.actions(), MaxBody: maxBody,
		Anonymous: anonymous, Refusal: refusalOf, Missing: missing, Malformed: Code(topic.InvalidParameter), Failure: InternalError,
	}, cfg.Config)
	return h
}

// Signed reports whether a request says that it is signed for this API.
func Signed(r *http.Request) bool { return awsapi.Signed(r, Service) }

// Unsigned reports whether a request is this API's to answer although it is
// not signed at all: it is for the certificate, or follows a link in a message.
func (h *Handler) Unsigned(r *http.Request) bool { return h.certified(r) || anonymous(r) }

// certified reports whether a request is for the certificate.
func (h *Handler) certified(r *http.Request) bool {
	return h.cfg.Signer != nil && r.URL.Path == h.cfg.Signer.Path() && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// anonymous reports whether a request follows one of the links in messages.
// What comes of it is for the action to say.
func anonymous(r *http.Request) bool {
	if r.URL.Path != "/" && r.URL.Path != "" || r.Header.Get("Authorization") != "" {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return false
	}
	action := r.URL.Query().Get("Action")
	return action == confirmSubscriptionAction || action == unsubscribeAction
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.certified(r) {
		h.api.ServeHTTP(w, r)
		return
	}
	pem := h.cfg.Signer.Certificate()
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Header().Set("Content-Length", strconv.Itoa(len(pem)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(pem) // a client that has gone away gets no reply
	}
}

// A call is one request on its way through.
type call struct {
	*awsapi.Call
	topics *topic.Service
	access *access.Service
	region string
}

// on makes an action of a function on its parameters, which say what it is
// about.
func on[T any, P interface {
	*T
	subject
}](h *Handler, run func(*call, P) (any, error)) func(*awsapi.Call) (func() (any, error), error) {
	return func(whole *awsapi.Call) (func() (any, error), error) {
		c := &call{Call: whole, topics: h.cfg.Topics, access: h.cfg.Access, region: h.cfg.Region}
		in := P(new(T))
		err := c.Decode(in)
		if endpoint, ok := c.Asked["endpoint"]; ok {
			c.Asked["endpoint"] = topic.Mask(endpoint)
		}
		if err != nil {
			return nil, err
		}
		if err := c.authorize(in); err != nil {
			return nil, err
		}
		return func() (any, error) { return run(c, in) }, nil
	}
}

// place reads the place where a list goes on.
func (c *call) place(token string) (string, error) {
	place, ok := awsapi.ReadToken(token)
	if !ok {
		return "", invalid("NextToken")
	}
	return place, nil
}

// number is place of a list that is in the order of numbers.
func (c *call) number(token string) (uint64, error) {
	place, err := c.place(token)
	if err != nil || place == "" {
		return 0, err
	}
	n, err := strconv.ParseUint(place, 10, 64)
	if err != nil {
		return 0, invalid("NextToken")
	}
	return n, nil
}

// accountOf is the account in an ARN, "" if there is none.
func accountOf(arn string) glacier.AccountID {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 || !glacier.AccountID(parts[4]).Valid() {
		return ""
	}
	return glacier.AccountID(parts[4])
}
