package topic

import (
	"errors"
	"fmt"
	"strings"
)

// An Error is a refusal in the words of SNS.
type Error struct {
	Code    Code
	Message string
}

// Error returns code and message in one line.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// A Code names a kind of refusal, as it stands on the wire.
type Code string

// The codes.
const (
	AuthorizationError        Code = "AuthorizationError"
	FilterPolicyLimitExceeded Code = "FilterPolicyLimitExceeded"
	InvalidParameter          Code = "InvalidParameter"
	InvalidParameterValue     Code = "ParameterValueInvalid"
	NotFound                  Code = "NotFound"
	ResourceNotFound          Code = "ResourceNotFound"
	ServiceUnavailable        Code = "ServiceUnavailable"
	SubscriptionLimitExceeded Code = "SubscriptionLimitExceeded"
	TagLimitExceeded          Code = "TagLimitExceeded"
	TopicLimitExceeded        Code = "TopicLimitExceeded"
)

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid refuses a parameter. SNS begins all of these in the same way.
func invalid(format string, args ...any) *Error {
	return refuse(InvalidParameter, "Invalid parameter: "+format, args...)
}

func noTopic() *Error        { return refuse(NotFound, "Topic does not exist") }
func noSubscription() *Error { return refuse(NotFound, "Subscription does not exist") }

// A flaw is what is wrong with an attribute, in words. Which parameter it
// stood in is for the operation to say.
type flaw string

func (f flaw) Error() string { return string(f) }

func flawf(format string, args ...any) error { return flaw(fmt.Sprintf(format, args...)) }

// blame makes a flaw the refusal of a parameter. Any other error is as it is.
func blame(prefix string, err error) error {
	var f flaw
	if errors.As(err, &f) {
		return invalid("%s%s", prefix, string(f))
	}
	return err
}

// inWords makes an error that somebody else has put into words a flaw. An
// *Error is as it is.
func inWords(prefix string, err error) error {
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return flaw(prefix + strings.TrimPrefix(err.Error(), prefix))
}

// inAttributes is how an operation that takes a map of attributes begins its
// refusal of one of them.
const inAttributes = "Attributes Reason: "
