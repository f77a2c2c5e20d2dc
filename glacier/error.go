package glacier

import "fmt"

// An Error is a refusal as the API words it. It is the only error type that
// reaches a client; anything else is reported as an internal failure.
type Error struct {
	Code    Code
	Message string
}

// Error returns code and message in one line.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// A Code names a kind of error. The name is what SDKs switch on.
type Code string

// The codes of the API, and NotImplemented, which is Firn's own.
const (
	AccessDenied               Code = "AccessDeniedException"
	AmbiguousFieldName         Code = "AmbiguousFieldName" // of a query, as S3 Select names it
	BadRequest                 Code = "BadRequest"
	ExpiredToken               Code = "ExpiredTokenException"
	IncompleteSignature        Code = "IncompleteSignatureException"
	InsufficientCapacity       Code = "InsufficientCapacityException"
	InvalidParameterValue      Code = "InvalidParameterValueException"
	InvalidSignature           Code = "InvalidSignatureException"
	LimitExceeded              Code = "LimitExceededException"
	MethodNotAllowed           Code = "MethodNotAllowedException"
	MissingAuthenticationToken Code = "MissingAuthenticationTokenException"
	MissingHeaderName          Code = "MissingHeaderName" // of a query, too
	MissingParameterValue      Code = "MissingParameterValueException"
	NotImplemented             Code = "NotImplementedException"
	PolicyEnforced             Code = "PolicyEnforcedException"
	RequestTimeout             Code = "RequestTimeoutException"
	ResourceNotFound           Code = "ResourceNotFoundException"
	Serialization              Code = "SerializationException"
	ServiceUnavailable         Code = "ServiceUnavailableException"
	Throttling                 Code = "ThrottlingException"
	UnknownOperation           Code = "UnknownOperationException"
	UnrecognizedClient         Code = "UnrecognizedClientException"
)

// Status is the HTTP status a code travels with. Note 400 for throttling and
// 500 for an unavailable service.
func (c Code) Status() int {
	switch c {
	case AccessDenied, ExpiredToken, InvalidSignature,
		MissingAuthenticationToken, UnrecognizedClient:
		return 403
	case ResourceNotFound, UnknownOperation:
		return 404
	case MethodNotAllowed:
		return 405
	case RequestTimeout:
		return 408
	case ServiceUnavailable:
		return 500
	case NotImplemented:
		return 501
	case InsufficientCapacity:
		return 503
	default:
		return 400
	}
}

// Type says whose fault a code is: "Client" or "Server".
func (c Code) Type() string {
	switch c {
	case ServiceUnavailable, InsufficientCapacity, NotImplemented:
		return "Server"
	default:
		return "Client"
	}
}

// MissingParameter is the refusal of a request that lacks a required header
// or field.
func MissingParameter(name string) *Error {
	return Errorf(MissingParameterValue, "Required parameter missing: %s", name)
}

// VaultNotFound names the missing vault: by ARN, or, where the name could
// never be a vault's, by the name as it came.
func VaultNotFound(region string, account AccountID, name VaultName) *Error {
	if !name.Valid() {
		return Errorf(ResourceNotFound, "Vault not found for ARN: %s", name)
	}
	return Errorf(ResourceNotFound, "Vault not found for ARN: %s", VaultARN(region, account, name))
}

// ArchiveNotFound is the refusal of an unknown archive.
func ArchiveNotFound(id ArchiveID) *Error {
	return Errorf(ResourceNotFound, "The archive ID was not found: %s", id)
}

// UploadNotFound is the refusal of an unknown, ended or expired upload.
func UploadNotFound(id UploadID) *Error {
	return Errorf(ResourceNotFound, "The upload ID was not found: %s", id)
}

// JobNotFound is the refusal of an unknown or expired job.
func JobNotFound(id JobID) *Error {
	return Errorf(ResourceNotFound, "The job ID was not found: %s", id)
}
