package awsapi

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"

	"firn/glacier"
	"firn/internal/store"
)

// An Error is a refusal as it is on the wire.
type Error struct {
	Status    int
	Code      Code
	Message   string
	Type      string // its name in the JSON protocol, if it is not the code
	RequestID string // only of a reply that came over the wire
}

// Error returns the message, which needs no code on a terminal.
func (e *Error) Error() string { return e.Message }

// Sender reports whether it is the client's fault.
func (e *Error) Sender() bool { return e.Status < http.StatusInternalServerError }

// fault says whose fault it is.
func (e *Error) fault() string {
	if e.Sender() {
		return "Sender"
	}
	return "Receiver"
}

// A Code names a kind of error. The name is what SDKs switch on.
type Code string

// The codes that the APIs have in common.
const (
	AccessDenied          Code = "AccessDenied"
	IncompleteSignature   Code = "IncompleteSignature"
	InvalidAction         Code = "InvalidAction"
	InvalidClientTokenID  Code = "InvalidClientTokenId"
	MalformedQuery        Code = "MalformedQueryString"
	MissingAuthentication Code = "MissingAuthenticationToken"
	MissingParameter      Code = "MissingParameter"
	RequestTimeout        Code = "RequestTimeout"
	ServiceFailure        Code = "ServiceFailure"
	ServiceUnavailable    Code = "ServiceUnavailable"
	SignatureDoesNotMatch Code = "SignatureDoesNotMatch"
	Throttling            Code = "Throttling"
)

// Errorf makes a refusal.
func Errorf(status int, code Code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// malformed refuses a request for its form.
func (c *Call) malformed(format string, args ...any) *Error { return c.h.malformed(format, args...) }

func (h *Handler) malformed(format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, h.api.Malformed, format, args...)
}

// missing refuses a request for a parameter that it does not have.
func (c *Call) missing(name string) *Error {
	if c.h.api.Missing != nil {
		return c.h.api.Missing(name)
	}
	return Errorf(http.StatusBadRequest, MissingParameter, "The request must contain the parameter %s.", name)
}

// refusalOf words an error for clients. It is nil for what is none of theirs,
// and for no error.
func (h *Handler) refusalOf(err error) *Error {
	if err == nil {
		return nil
	}
	if h.api.Refusal != nil {
		if e := h.api.Refusal(err); e != nil {
			return e
		}
	}
	var (
		own   *Error
		front *glacier.Error
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &front):
		return h.front(front)
	case errors.Is(err, store.ErrFull):
		return Errorf(http.StatusServiceUnavailable, ServiceUnavailable, "There is no space left.")
	case errors.Is(err, errTooLarge):
		return h.malformed("The request body is larger than %d bytes.", h.api.MaxBody)
	case errors.Is(err, errUnreadable):
		return h.malformed("The request body could not be read.")
	case errors.Is(err, errTooLate):
		return Errorf(http.StatusRequestTimeout, RequestTimeout, "Request timed out.")
	}
	return nil
}

// front words an error of Glacier's front end, which authentication speaks the
// language of. So does the JSON protocol.
func (h *Handler) front(front *glacier.Error) *Error {
	status, code := http.StatusBadRequest, h.api.Malformed
	switch front.Code {
	case glacier.AccessDenied:
		status, code = http.StatusForbidden, AccessDenied
	case glacier.IncompleteSignature:
		code = IncompleteSignature
	case glacier.InvalidSignature:
		status, code = http.StatusForbidden, SignatureDoesNotMatch
	case glacier.MissingAuthenticationToken:
		status, code = http.StatusForbidden, MissingAuthentication
	case glacier.UnrecognizedClient:
		status, code = http.StatusForbidden, InvalidClientTokenID
	case glacier.Throttling:
		code = Throttling
	case glacier.ServiceUnavailable, glacier.InsufficientCapacity:
		status, code = http.StatusServiceUnavailable, ServiceUnavailable
	}
	return &Error{Status: status, Code: code, Message: front.Message, Type: string(front.Code)}
}

// Word words an error for the client. Whatever is not the API's own is an
// internal failure: logged here, and told to the client only by its request
// id. What an action returns is worded for it; this is for those that reply
// with a list of errors.
func (c *Call) Word(err error) *Error {
	if e := c.h.refusalOf(err); e != nil {
		return e
	}
	c.logFailure(err)
	return Errorf(http.StatusInternalServerError, c.h.failure(),
		"The request processing has failed because of an unknown error. Request id: %s", c.RequestID)
}

// failure is the code for what is nobody's fault but ours.
func (h *Handler) failure() Code { return cmp.Or(h.api.Failure, ServiceFailure) }

// logFailure logs a failure that is not the client's. What fails after the
// client has gone away fails for that reason, and nobody need know.
func (c *Call) logFailure(err error) {
	log := c.h.cfg.Log.Error
	if c.Context.Err() != nil {
		log = c.h.cfg.Log.Debug
	}
	name := ""
	if c.Action != nil {
		name = c.Action.Name
	}
	log("request failed", "request", c.RequestID, "operation", name, "err", err)
}

// ReadError reads the document of a refusal in the Query protocol, nil if it
// is none.
func ReadError(status int, document []byte) *Error {
	var r refusal
	if err := xml.Unmarshal(document, &r); err != nil || r.Error.Code == "" {
		return nil
	}
	return &Error{Status: status, Code: r.Error.Code, Message: r.Error.Message, RequestID: r.RequestID}
}
