package bucket

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A Refusal is why a bucket refuses, without asking a store. It satisfies [ErrDenied], and is for the caller's eyes: it names what
// was asked, and nothing of the server's.
type Refusal string

func (r Refusal) Error() string { return ErrDenied.Error() + ": " + string(r) }

// Is implements the comparison of [errors.Is].
func (r Refusal) Is(target error) bool { return target == ErrDenied }

func refusef(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// An Error is what a store of [S3] answered in place of success. It satisfies [ErrDenied] if asking again would not help,
// [ErrCredentials] besides if that is because the store does not know who asks, and [ErrFull] if the store says that it is full.
type Error struct {
	Status  int    // HTTP
	Code    string // such as NoSuchBucket; "" if the answer had none
	Message string // the store's words, cut if they are many
}

func (e *Error) Error() string {
	text := fmt.Sprintf("the store answers %d", e.Status)
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Is implements the comparison of [errors.Is].
func (e *Error) Is(target error) bool {
	switch target {
	case ErrDenied:
		return e.denied()
	case ErrCredentials:
		return e.unknown()
	case ErrFull:
		return e.full()
	}
	return false
}

func (e *Error) full() bool {
	return e.Status == http.StatusInsufficientStorage || slices.Contains([]string{"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}, e.Code)
}

// unknown reports whether the store does not know who asks.
func (e *Error) unknown() bool {
	return slices.Contains([]string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}, e.Code)
}

// denied goes by the status, but for answers that mean something passing in spite of it.
func (e *Error) denied() bool {
	passing := []string{
		"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch", // the bytes did not arrive well
		"OperationAborted", "ConditionalRequestConflict", // somebody else is at it
		"NoSuchUpload", "InvalidPart", // the store forgot the upload
		"RequestTimeTooSkewed", // a clock is wrong, and will be set
		"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded",
	}
	if e.full() || slices.Contains(passing, e.Code) {
		return false
	}
	switch e.Status {
	case http.StatusTemporaryRedirect, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	case http.StatusNotImplemented: // a store that does not know what the options ask for
		return true
	}
	return 300 <= e.Status && e.Status < 500
}

// maxMessage is how much of a store's words is passed on, in bytes.
const maxMessage = 300

// answer returns what the store said, or nil if err is not about that.
func answer(err error) *Error {
	response, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	if !ok || response.HTTPStatusCode() == 0 {
		return nil
	}
	e := &Error{Status: response.HTTPStatusCode()}
	if said, ok := errors.AsType[interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}](err); ok {
		e.Code, e.Message = oneLine(said.ErrorCode()), oneLine(said.ErrorMessage())
	}
	if e.Code == "UnknownError" || e.Code == strconv.Itoa(e.Status) { // the SDK's word for none, and some stores' way of saying nothing
		e.Code = ""
	}
	return e
}

// oneLine makes a stranger's words fit for a log.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
