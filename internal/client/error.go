package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"firn/glacier"
)

// An Error is a reply that refuses.
type Error struct {
	Status    int
	RequestID string // empty if the reply had none
	// Date is the server's clock, to the second; zero if the reply had none.
	Date time.Time
	// Refusal is what the API said; nil if the reply was not in its words.
	Refusal *glacier.Error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Refusal == nil {
		return fmt.Sprintf("reply with status %d, and not in the words of the API", e.Status)
	}
	return fmt.Sprintf("%v (status %d, request %s)", e.Refusal, e.Status, e.RequestID)
}

// Unwrap lets errors.As find the [*glacier.Error].
func (e *Error) Unwrap() error {
	if e.Refusal == nil {
		return nil
	}
	return e.Refusal
}

// maxEnvelope bounds what is read of a refusal.
const maxEnvelope = 64 << 10

// readError reads the error envelope.
func readError(resp *http.Response) *Error {
	e := &Error{Status: resp.StatusCode, RequestID: resp.Header.Get(glacier.HeaderRequestID)}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		e.Date = date
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxEnvelope))
	if err != nil {
		return e
	}
	var envelope struct {
		Code    glacier.Code `json:"code"`
		Message string       `json:"message"`
	}
	if json.Unmarshal(body, &envelope) == nil && envelope.Code != "" {
		if envelope.Code == glacier.InvalidSignature { // what was signed follows, for who writes signers
			envelope.Message, _, _ = strings.Cut(envelope.Message, "\n")
		}
		e.Refusal = &glacier.Error{Code: envelope.Code, Message: envelope.Message}
	}
	return e
}
