package sqs

import (
	"errors"
	"net/http"
	"strings"

	"firn/internal/awsapi"
	"firn/internal/queue"
)

// The codes that are not the rules'.
const (
	InternalError  awsapi.Code = "InternalError"
	InvalidAddress awsapi.Code = "InvalidAddress"
)

// statusOf is the HTTP status that a code travels with.
func statusOf(code queue.Code) int {
	switch code {
	case queue.OverLimit, queue.PurgeQueueInProgress, queue.RequestThrottled:
		return http.StatusForbidden
	case queue.ServiceUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// typeOf is the name that an error has in the JSON protocol.
func typeOf(code string) string {
	const space = "com.amazonaws.sqs#"
	switch queue.Code(code) {
	case queue.NonExistentQueue:
		return space + "QueueDoesNotExist"
	case queue.QueueAlreadyExists:
		return space + "QueueNameExists"
	}
	return space + strings.TrimPrefix(code, "AWS.SimpleQueueService.")
}

func refuse(code queue.Code, format string, args ...any) *awsapi.Error {
	e := awsapi.Errorf(statusOf(code), awsapi.Code(code), format, args...)
	e.Type = typeOf(string(code))
	return e
}

// badAddress refuses what is no queue's URL.
func badAddress(text string) *awsapi.Error {
	const most = 256
	if len(text) > most {
		text = "…"
	}
	e := awsapi.Errorf(http.StatusNotFound, InvalidAddress, "The address %s is not valid for this endpoint.", text)
	e.Type = typeOf(string(InvalidAddress))
	return e
}

// refusalOf words what the rules refuse.
func refusalOf(err error) *awsapi.Error {
	var refused *queue.Error
	if errors.As(err, &refused) {
		return refuse(refused.Code, "%s", refused.Message)
	}
	return nil
}
