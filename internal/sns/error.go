package sns

import (
	"errors"
	"net/http"

	"firn/glacier"
	"firn/internal/awsapi"
	"firn/internal/topic"
)

// A Code names a kind of error. The name is what SDKs switch on.
type Code = awsapi.Code

// The codes that are not the rules'.
const (
	InternalError Code = "InternalError"
	MissingAction Code = "MissingAction"

	BatchEntryIDsNotDistinct Code = "BatchEntryIdsNotDistinct"
	BatchRequestTooLong      Code = "BatchRequestTooLong"
	EmptyBatchRequest        Code = "EmptyBatchRequest"
	InvalidBatchEntryID      Code = "InvalidBatchEntryId"
	TooManyEntriesInBatch    Code = "TooManyEntriesInBatchRequest"
)

// statusOf is the HTTP status that a code travels with.
func statusOf(code Code) int {
	switch topic.Code(code) {
	case topic.AuthorizationError, topic.FilterPolicyLimitExceeded, topic.SubscriptionLimitExceeded, topic.TopicLimitExceeded:
		return http.StatusForbidden
	case topic.NotFound, topic.ResourceNotFound:
		return http.StatusNotFound
	case topic.ServiceUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

func refuse(code Code, format string, args ...any) *awsapi.Error {
	return awsapi.Errorf(statusOf(code), code, format, args...)
}

// invalid refuses a parameter. SNS begins all of these in the same way.
func invalid(format string, args ...any) *awsapi.Error {
	return refuse(Code(topic.InvalidParameter), "Invalid parameter: "+format, args...)
}

// missing refuses a request for a parameter that is not there.
func missing(parameter string) *awsapi.Error {
	if parameter == "Action" {
		return refuse(MissingAction, "The request is missing an action or a required parameter.")
	}
	return invalid("%s Reason: no value for required parameter", parameter)
}

// refusalOf words what the rules refuse, and what the policies do.
func refusalOf(err error) *awsapi.Error {
	var (
		refused *topic.Error
		front   *glacier.Error
	)
	switch {
	case errors.As(err, &refused):
		return refuse(Code(refused.Code), "%s", refused.Message)
	case errors.As(err, &front) && front.Code == glacier.AccessDenied:
		return refuse(Code(topic.AuthorizationError), "%s", front.Message)
	}
	return nil
}
