package iam

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

// changes reports whether the call is one that changes something.
func (c *call) changes() bool { return c.action != nil && !c.action.reads }

// ready refuses what would change something while no line about it can be
// written, if that is asked for.
func (c *call) ready() error {
	if !c.changes() || !c.h.cfg.TrailRequired || c.h.cfg.Trail == nil {
		return nil
	}
	return c.h.cfg.Trail.Probe()
}

// record writes the line about this call, before it is answered. An error
// means that a change has been made and may not be confirmed.
func (c *call) record(r *http.Request, failure error) error {
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

// event is what there is to say of the call. No secret is a parameter, and of
// results only names are told.
func (c *call) event(r *http.Request, failure error) *audit.Event {
	e := &audit.Event{
		Source: "iam.amazonaws.com", APIVersion: Version, Identity: c.caller.Identity(), Region: c.h.cfg.Region,
		UserAgent: c.client.UserAgent, RequestID: c.requestID, ReadOnly: !c.changes(), Account: string(c.caller.Account), TLS: audit.TLSOf(r.TLS, r.Host),
	}
	if c.action != nil {
		e.Name, e.Request = c.action.name, map[string]string{}
	}
	for name, value := range c.params {
		e.Request[camel(name)] = value
	}
	if c.client.Addr.IsValid() {
		e.IP = c.client.Addr.String()
	}
	if failure == nil {
		e.Response = named(c.result)
		return e
	}
	e.ErrorCode, e.ErrorMessage = string(ServiceFailure), "internal failure"
	if refused := refusalOf(failure); refused != nil {
		e.ErrorCode, e.ErrorMessage = string(refused.Code), refused.Message
	}
	return e
}

// named are the names that a reply has given out for what was made.
func named(result any) map[string]string {
	switch r := result.(type) {
	case CreateUserResult:
		return map[string]string{"userName": r.User.UserName, "userId": r.User.UserID, "arn": r.User.ARN}
	case CreateAccessKeyResult:
		return map[string]string{"userName": r.AccessKey.UserName, "accessKeyId": r.AccessKey.AccessKeyID, "status": r.AccessKey.Status}
	case CreateAccountResult:
		return map[string]string{"accountId": r.Account.AccountID, "accessKeyId": r.AccessKey.AccessKeyID}
	}
	return nil
}
