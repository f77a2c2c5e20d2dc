package queue

import (
	"errors"
	"fmt"
)

// An Error is a refusal in the words of SQS.
type Error struct {
	Code    Code
	Message string
}

// Error returns code and message in one line.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// A Code names a kind of refusal. The name is the one that the API's query
// protocol has for it.
type Code string

// The codes.
const (
	BatchEntryIDsNotDistinct Code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
	BatchRequestTooLong      Code = "AWS.SimpleQueueService.BatchRequestTooLong"
	EmptyBatchRequest        Code = "AWS.SimpleQueueService.EmptyBatchRequest"
	InvalidAttributeName     Code = "InvalidAttributeName"
	InvalidAttributeValue    Code = "InvalidAttributeValue"
	InvalidBatchEntryID      Code = "AWS.SimpleQueueService.InvalidBatchEntryId"
	InvalidMessageContents   Code = "InvalidMessageContents"
	InvalidParameterValue    Code = "InvalidParameterValue"
	MessageNotInflight       Code = "AWS.SimpleQueueService.MessageNotInflight"
	MissingParameter         Code = "MissingParameter"
	NonExistentQueue         Code = "AWS.SimpleQueueService.NonExistentQueue"
	OverLimit                Code = "OverLimit"
	PurgeQueueInProgress     Code = "AWS.SimpleQueueService.PurgeQueueInProgress"
	QueueAlreadyExists       Code = "QueueAlreadyExists"
	ReceiptHandleIsInvalid   Code = "ReceiptHandleIsInvalid"
	RequestThrottled         Code = "RequestThrottled"
	ServiceUnavailable       Code = "ServiceUnavailable"
	TooManyEntriesInBatch    Code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"
	UnsupportedOperation     Code = "AWS.SimpleQueueService.UnsupportedOperation"
)

// ErrNoQueue is returned by Put for a queue that does not exist.
var ErrNoQueue = errors.New("queue: there is no such queue")

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func noQueue() *Error { return refuse(NonExistentQueue, "The specified queue does not exist.") }

// invalid refuses a parameter's value.
func invalid(parameter string, value any, reason string) *Error {
	return refuse(InvalidParameterValue, "Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}
