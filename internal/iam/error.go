package iam

import (
	"errors"
	"fmt"
	"net/http"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/store"
)

// An Error is a refusal as it is on the wire.
type Error struct {
	Status    int
	Code      Code
	Message   string
	RequestID string // only of a reply that came over the wire
}

// Error returns the message, which needs no code on a terminal.
func (e *Error) Error() string { return e.Message }

// A Code names a kind of error. The name is what SDKs switch on.
type Code string

// The codes.
const (
	AccessDenied          Code = "AccessDenied"
	DeleteConflict        Code = "DeleteConflict"
	EntityAlreadyExists   Code = "EntityAlreadyExists"
	IncompleteSignature   Code = "IncompleteSignature"
	InvalidAction         Code = "InvalidAction"
	InvalidClientTokenID  Code = "InvalidClientTokenId"
	InvalidInput          Code = "ValidationError"
	LimitExceeded         Code = "LimitExceeded"
	MalformedPolicy       Code = "MalformedPolicyDocument"
	MalformedQuery        Code = "MalformedQueryString"
	MissingAuthentication Code = "MissingAuthenticationToken"
	MissingParameter      Code = "MissingParameter"
	NoSuchEntity          Code = "NoSuchEntity"
	RequestTimeout        Code = "RequestTimeout"
	ServiceFailure        Code = "ServiceFailure"
	ServiceUnavailable    Code = "ServiceUnavailable"
	SignatureDoesNotMatch Code = "SignatureDoesNotMatch"
	Throttling            Code = "Throttling"
)

// status is the HTTP status that a code travels with.
func (c Code) status() int {
	switch c {
	case AccessDenied, InvalidClientTokenID, MissingAuthentication, SignatureDoesNotMatch:
		return http.StatusForbidden
	case NoSuchEntity:
		return http.StatusNotFound
	case RequestTimeout:
		return http.StatusRequestTimeout
	case DeleteConflict, EntityAlreadyExists, LimitExceeded:
		return http.StatusConflict
	case ServiceFailure:
		return http.StatusInternalServerError
	case ServiceUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// fault says whose fault a code is.
func (c Code) fault() string {
	if c.status() >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Status: code.status(), Code: code, Message: fmt.Sprintf(format, args...)}
}

// refusalOf words an error for clients. It is nil for what is none of theirs,
// and for no error.
func refusalOf(err error) *Error {
	var (
		own     *Error
		refused *access.Refusal
		front   *glacier.Error
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused):
		return refuse(Code(refused.Code), "%s", refused.Message)
	case errors.As(err, &front):
		return refuse(codeOf(front.Code), "%s", front.Message)
	case errors.Is(err, store.ErrFull):
		return refuse(ServiceUnavailable, "There is no space left.")
	}
	return nil
}

// codeOf is what IAM calls an error of Glacier's front end, which
// authentication speaks the language of.
func codeOf(code glacier.Code) Code {
	switch code {
	case glacier.AccessDenied:
		return AccessDenied
	case glacier.IncompleteSignature:
		return IncompleteSignature
	case glacier.InvalidSignature:
		return SignatureDoesNotMatch
	case glacier.MissingAuthenticationToken:
		return MissingAuthentication
	case glacier.UnrecognizedClient:
		return InvalidClientTokenID
	case glacier.Throttling:
		return Throttling
	case glacier.ServiceUnavailable, glacier.InsufficientCapacity:
		return ServiceUnavailable
	}
	return InvalidInput
}
