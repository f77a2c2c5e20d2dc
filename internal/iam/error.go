package iam

import (
	"errors"
	"net/http"

	"firn/internal/access"
	"firn/internal/awsapi"
)

// An Error is a refusal as it is on the wire.
type Error = awsapi.Error

// A Code names a kind of error. The name is what SDKs switch on.
type Code = awsapi.Code

// The codes.
const (
	AccessDenied               = awsapi.AccessDenied
	DeleteConflict        Code = "DeleteConflict"
	EntityAlreadyExists   Code = "EntityAlreadyExists"
	IncompleteSignature        = awsapi.IncompleteSignature
	InvalidAction              = awsapi.InvalidAction
	InvalidClientTokenID       = awsapi.InvalidClientTokenID
	InvalidInput          Code = "ValidationError"
	LimitExceeded         Code = "LimitExceeded"
	MalformedPolicy       Code = "MalformedPolicyDocument"
	MalformedQuery             = awsapi.MalformedQuery
	MissingAuthentication      = awsapi.MissingAuthentication
	MissingParameter           = awsapi.MissingParameter
	NoSuchEntity          Code = "NoSuchEntity"
	RequestTimeout             = awsapi.RequestTimeout
	ServiceFailure             = awsapi.ServiceFailure
	ServiceUnavailable         = awsapi.ServiceUnavailable
	SignatureDoesNotMatch      = awsapi.SignatureDoesNotMatch
	Throttling                 = awsapi.Throttling
)

// statusOf is the HTTP status that a code of the rules travels with.
func statusOf(code Code) int {
	switch code {
	case AccessDenied:
		return http.StatusForbidden
	case NoSuchEntity:
		return http.StatusNotFound
	case DeleteConflict, EntityAlreadyExists, LimitExceeded:
		return http.StatusConflict
	}
	return http.StatusBadRequest
}

func refuse(code Code, format string, args ...any) *Error {
	return awsapi.Errorf(statusOf(code), code, format, args...)
}

// refusalOf words what the rules refuse.
func refusalOf(err error) *Error {
	if refused, ok := errors.AsType[*access.Refusal](err); ok {
		return refuse(Code(refused.Code), "%s", refused.Message)
	}
	return nil
}
