package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/remote"
)

// The exit codes.
const (
	Done        = 0
	Failed      = 1   // the command could not do its work
	Usage       = 2   // the command line or the configuration is wrong
	Damaged     = 3   // the command worked, and found damage
	NotFound    = 4   // what is named does not exist
	Refused     = 5   // the server will not, or a limit that was set says no
	Unreachable = 6   // nobody answers, or is too busy to; nothing is lost
	Partly      = 7   // some of it is done
	NotYet      = 8   // a job is not complete
	Interrupted = 130 // by Ctrl-C; the same command goes on
)

// ExitCodes stands in the help of every verb of the client.
const ExitCodes = `Exit codes:
  0    done
  1    the command could not do its work
  2    the command line or the configuration is wrong
  3    damage, or a difference, was found
  4    not found: the vault, archive, job or name
  5    refused: by a policy, a lock or a limit, or the key is not good for it
  6    nobody answers, or is too busy to, after all attempts: try again later
  7    partly done: some of it failed or was left out, the rest is done
  8    not yet: the job is not complete, come back later
  130  interrupted: the same command goes on from there`

// An Exit is an error that carries an exit code.
type Exit struct {
	Code int
	Err  error
}

// Error implements error.
func (e *Exit) Error() string { return e.Err.Error() }

// Unwrap returns the error without its code.
func (e *Exit) Unwrap() error { return e.Err }

// Errorf makes an error that carries an exit code.
func Errorf(code int, format string, args ...any) error {
	return &Exit{code, fmt.Errorf(format, args...)}
}

// Wrong marks an error as the command line's or the configuration's.
func Wrong(err error) error { return &Exit{Usage, err} }

// Code is the exit code of an error: that which it carries, or else the one of
// what went wrong at the server. Nil is [Done].
func Code(err error) int {
	if err == nil {
		return Done
	}
	if exit, ok := errors.AsType[*Exit](err); ok {
		return exit.Code
	}
	if errors.Is(err, context.Canceled) {
		return Interrupted
	}
	if refusal, ok := errors.AsType[*glacier.Error](err); ok {
		return refusalCode(refusal.Code)
	}
	if reply, ok := errors.AsType[*client.Error](err); ok {
		return statusCode(reply.Status)
	}
	if isStrange(err) {
		return Failed
	}
	if _, ok := errors.AsType[*remote.Unreachable](err); ok {
		return Unreachable
	}
	return Failed
}

func refusalCode(code glacier.Code) int {
	switch code {
	case glacier.ResourceNotFound:
		return NotFound
	case glacier.AccessDenied, glacier.ExpiredToken, glacier.IncompleteSignature, glacier.InvalidSignature,
		glacier.MissingAuthenticationToken, glacier.UnrecognizedClient,
		glacier.LimitExceeded, glacier.PolicyEnforced:
		return Refused
	case glacier.InsufficientCapacity, glacier.RequestTimeout, glacier.ServiceUnavailable, glacier.Throttling:
		return Unreachable
	}
	return Failed
}

// statusCode is of a reply that is not in the words of the API.
func statusCode(status int) int {
	switch {
	case status == 401, status == 403:
		return Refused
	case status == 408, status == 429, status >= 500:
		return Unreachable
	}
	return Failed
}

// isStrange reports whether a server's certificate is not trusted.
func isStrange(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// advise says what to do about a failure, where that is another thing than the
// failure itself says.
func advise(err error) error {
	if isStrange(err) {
		return fmt.Errorf("%w; --ca-bundle or AWS_CA_BUNDLE can name a file with the certificates to trust", err)
	}
	return err
}
