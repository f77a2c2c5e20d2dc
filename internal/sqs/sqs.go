// Package sqs is the wire of queues: the API of Amazon's SQS, version
// 2012-11-05, as far as it is about standard queues, in both of its protocols.
// It decides nothing about queues: what may happen is [firn/internal/queue]'s.
// What it has in common with other APIs is [firn/internal/awsapi]'s.
//
// A queue's URL is the address that the client has called, the account and the
// name. Of one that comes in, only the last two parts of the path count: it may
// have been made by another name of this server. Requests may be made to / and
// to the queue's own path.
//
// As with SQS, parameters that an action does not know are passed over; those
// that SQS knows for queues that are not here are refused, such as a message's
// deduplication id. Who may do what is decided by the caller's policies and the
// queue's, before anything tells whether the queue exists.
package sqs

import (
	"net/http"

	"firn/internal/access"
	"firn/internal/awsapi"
	"firn/internal/queue"
)

const (
	// Service is what requests are signed for.
	Service = "sqs"
	// Version is the API's version, which requests may name.
	Version = "2012-11-05"

	// namespace is that of every element of a reply.
	namespace = "http://queue.amazonaws.com/doc/2012-11-05/"
	// target is what the names of actions begin with in the JSON protocol.
	target = "AmazonSQS."
	// maxBody bounds the body of a request: the longest message, every byte of
	// it escaped, its attributes, and what goes with it.
	maxBody = 2 << 20
	// pageSize is how much of a list is on a page, and how much may be asked
	// for.
	pageSize = 1000
)

// Config is what a Handler serves. Queues is required, and what
// [awsapi.Config] requires; Region is the queues'.
type Config struct {
	awsapi.Config
	Queues *queue.Service
	// BaseURL is what the URLs of queues begin with where no client has called
	// an address, such as http://127.0.0.1:9420; nil is none.
	BaseURL func() string
}

// A Handler serves the API. It may be used concurrently.
type Handler struct {
	*awsapi.Handler
	cfg Config
}

// New returns a Handler.
func New(cfg Config) *Handler {
	h := &Handler{cfg: cfg}
	h.Handler = awsapi.New(awsapi.API{
		Service: Service, Version: Version, AnyVersion: true, Namespace: namespace, Target: target,
		Actions: h.actions(), MaxBody: maxBody, Path: isQueuePath,
		Refusal: refusalOf, Malformed: awsapi.Code(queue.InvalidParameterValue), Failure: InternalError,
	}, cfg.Config)
	return h
}

// Signed reports whether a request says that it is signed for this API.
func Signed(r *http.Request) bool { return awsapi.Signed(r, Service) }

// A call is one request on its way through.
type call struct {
	*awsapi.Call
	queues *queue.Service
	access *access.Service
	cfg    *Config
	about  address // the queue, if it is about one
}

// on makes an action of a function on its parameters, which say what it is
// about.
func on[T any, P interface {
	*T
	subject
}](h *Handler, run func(*call, P) (any, error)) func(*awsapi.Call) (func() (any, error), error) {
	return func(whole *awsapi.Call) (func() (any, error), error) {
		c := &call{Call: whole, queues: h.cfg.Queues, access: h.cfg.Access, cfg: &h.cfg}
		in := P(new(T))
		if err := c.Decode(in); err != nil {
			return nil, err
		}
		if err := in.allow(c); err != nil {
			return nil, err
		}
		return func() (any, error) { return run(c, in) }, nil
	}
}
