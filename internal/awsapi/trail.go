package awsapi

import (
	"net/http"

	"firn/internal/audit"
)

// A Trail keeps a line for each call. *audit.Log is one.
type Trail interface {
	// Append writes a line; durable waits until it is on the medium.
	Append(e *audit.Event, durable bool) error
	// Probe returns nil if the next line can probably be written.
	Probe() error
}

// Hidden stands in the trail for what does not belong there.
const Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// changes reports whether the call is one that changes something.
func (c *Call) changes() bool { return c.Action != nil && !c.Action.Reads }

// ready refuses what would change something while no line about it can be
// written, if that is asked for.
func (c *Call) ready() error {
	if !c.changes() || !c.h.cfg.TrailRequired || c.h.cfg.Trail == nil {
		return nil
	}
	return c.h.cfg.Trail.Probe()
}

// record writes the line about this call, before it is answered. An error
// means that a change has been made and may not be confirmed.
func (c *Call) record(r *http.Request, failure error) error {
	if c.h.cfg.Trail == nil {
		return nil
	}
	durable := c.h.cfg.TrailRequired && c.changes()
	err := c.h.cfg.Trail.Append(c.event(r, failure), durable)
	if !durable {
		return nil // the log has said so itself
	}
	return err
}

// event is what there is to say of the call.
func (c *Call) event(r *http.Request, failure error) *audit.Event {
	e := &audit.Event{
		Source: c.h.api.Service + ".amazonaws.com", APIVersion: c.h.api.Version, Identity: c.Caller.Identity(), Region: c.h.cfg.Region,
		UserAgent: c.Client.UserAgent, RequestID: c.RequestID, ReadOnly: !c.changes(), Account: string(c.Caller.Account), TLS: audit.TLSOf(r.TLS, r.Host),
	}
	if c.Owner != "" {
		e.Account = string(c.Owner)
	}
	if c.Action != nil {
		e.Name, e.Request = c.Action.Name, c.Asked
	}
	if c.Client.Addr.IsValid() {
		e.IP = c.Client.Addr.String()
	}
	if failure == nil {
		if c.changes() {
			e.Response = c.Gave
		}
		return e
	}
	e.ErrorCode, e.ErrorMessage = string(c.h.failure()), "internal failure"
	if refused := c.h.refusalOf(failure); refused != nil {
		e.ErrorCode, e.ErrorMessage = string(refused.Code), refused.Message
	}
	return e
}
