package rest

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"firn/glacier"
)

// jsonType is the media type of every document: bare, because old clients
// compare it whole.
const jsonType = "application/json"

// set puts a header in the reply exactly as spelled: the API's headers are in
// lower case on the wire.
func set(h http.Header, name, value string) { h[name] = []string{value} }

// document answers with a JSON document.
func (c *call) document(status int, v any) error {
	body, err := glacier.Encode(v)
	if err != nil {
		return err
	}
	c.reply(status, body)
	return nil
}

// created answers a call that made something: its place, if it has one, and
// the two-byte body that the API's reference denies and every capture shows.
func (c *call) created(status int, location string) error {
	if location != "" {
		set(c.w.Header(), "Location", location)
	}
	if err := c.recordDone(); err != nil {
		return err
	}
	c.reply(status, []byte("{}"))
	return nil
}

// done answers a call that has nothing to say.
func (c *call) done() error {
	if err := c.recordDone(); err != nil {
		return err
	}
	c.begin(http.StatusNoContent)
	return nil
}

// recordDone records that the call succeeded. If it cannot, the reply's headers
// do not tell of success either.
func (c *call) recordDone() error {
	err := c.record(nil)
	if err != nil {
		clear(c.w.Header())
		set(c.w.Header(), glacier.HeaderRequestID, c.requestID)
	}
	return err
}

func (c *call) reply(status int, body []byte) {
	h := c.w.Header()
	set(h, "Content-Type", jsonType)
	set(h, "Content-Length", strconv.Itoa(len(body)))
	c.begin(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // a client that has gone away gets no reply
	}
}

// begin sends the status and the headers. The client must take them, and a
// short body, within the timeout.
func (c *call) begin(status int) {
	c.begun = true
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.h.cfg.BodyTimeout)) // fails only on a connection that is gone
	c.w.WriteHeader(status)
}

// envelope and frontEnvelope are an error on the wire. Glacier's front layer,
// which authenticates and throttles, orders the members differently from the
// application behind it.
type (
	envelope struct {
		Code    glacier.Code `json:"code"`
		Message string       `json:"message"`
		Type    string       `json:"type"`
	}
	frontEnvelope struct {
		Message string       `json:"message"`
		Code    glacier.Code `json:"code"`
		Type    string       `json:"type"`
	}
)

// envelopeOf is the document of a refusal.
func envelopeOf(e *glacier.Error) any {
	switch e.Code {
	case glacier.AccessDenied, glacier.InvalidSignature, glacier.IncompleteSignature, glacier.ExpiredToken,
		glacier.MissingAuthenticationToken, glacier.UnrecognizedClient, glacier.Throttling:
		return frontEnvelope{Message: e.Message, Code: e.Code, Type: e.Code.Type()}
	}
	return envelope{Code: e.Code, Message: e.Message, Type: e.Code.Type()}
}

// refuse answers with an error. Whatever is not the API's own is an internal
// failure: logged here, and told to the client only by its request id.
func (c *call) refuse(err error) {
	var e *glacier.Error
	if !errors.As(err, &e) {
		c.logFailure("request failed", err)
		e = glacier.Errorf(glacier.ServiceUnavailable,
			"The service could not complete the request. Request id: %s", c.requestID)
	}
	if err := c.document(e.Code.Status(), envelopeOf(e)); err != nil {
		c.logFailure("reply could not be encoded", err)
	}
}

// logFailure logs a failure that is not the client's. What fails after the
// client has gone away fails for that reason, and nobody need know.
func (c *call) logFailure(what string, err error) {
	log := c.h.cfg.Log.Error
	if c.ctx.Err() != nil {
		log = c.h.cfg.Log.Debug
	}
	log(what, "request", c.requestID, "operation", c.op.name, "err", err)
}
