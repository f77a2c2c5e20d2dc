package rest

import (
	"errors"

	"firn/glacier"
	"firn/internal/audit"
)

// A Trail keeps a line for each call. *audit.Log is one.
type Trail interface {
	// Append writes a line; durable waits until it is on the medium.
	Append(e *audit.Event, durable bool) error
	// Probe returns nil if the next line can probably be written.
	Probe() error
}

// ready refuses what would change something while no line about it can be
// written, if that is asked for.
func (c *call) ready() error {
	if c.op.reads() || !c.h.cfg.TrailRequired || c.h.cfg.Trail == nil {
		return nil
	}
	return c.h.cfg.Trail.Probe()
}

// record writes the line about this call, once: before the reply of one that
// changes something is sent, after that of another. An error means that the
// change has been made and may not be confirmed.
func (c *call) record(failure error) error {
	if c.recorded || c.h.cfg.Trail == nil {
		return nil
	}
	c.recorded = true
	durable := c.h.cfg.TrailRequired && !c.op.reads()
	err := c.h.cfg.Trail.Append(c.event(failure), durable)
	if err != nil && !durable {
		return nil // the log has said so itself
	}
	return err
}

// event is what there is to say of the call.
func (c *call) event(failure error) *audit.Event {
	e := &audit.Event{
		Identity: c.caller.Identity(), Name: c.op.name, Region: c.h.cfg.Region, UserAgent: c.client.UserAgent,
		Request: c.parameters(), RequestID: c.requestID, ReadOnly: c.op.reads(), Account: string(c.owner), TLS: audit.TLSOf(c.r.TLS, c.r.Host),
	}
	if c.client.Addr.IsValid() {
		e.IP = c.client.Addr.String()
	}
	var refusal *glacier.Error
	switch {
	case failure == nil && !c.op.reads():
		e.Response = c.results()
	case errors.As(failure, &refusal):
		e.ErrorCode, e.ErrorMessage = string(refusal.Code), refusal.Message
	case failure != nil:
		e.ErrorCode, e.ErrorMessage = string(glacier.ServiceUnavailable), "internal failure"
	}
	return e
}

// parameters are what was asked for: the path, and the headers and members
// that say what an operation does. Bodies are not among them, nor signatures.
func (c *call) parameters() map[string]string {
	if c.op.name == "" {
		return nil
	}
	p := map[string]string{"accountId": c.segment}
	put := func(name, value string) {
		if value != "" {
			p[name] = value
		}
	}
	put("vaultName", string(c.vault))
	put(c.op.id, c.id)
	h := c.r.Header
	put("archiveDescription", h.Get(glacier.HeaderArchiveDescription))
	put("archiveSize", h.Get(glacier.HeaderArchiveSize))
	put("partSize", h.Get(glacier.HeaderPartSize))
	from := c.imported()
	put("importedArchiveId", from.Archive)
	put("importedCreationDate", from.Created)
	put("uploadToken", c.uploadToken())
	put("checksum", h.Get(glacier.HeaderTreeHash))
	if c.op.stream {
		put("range", h.Get("Content-Range"))
	} else {
		put("range", h.Get("Range"))
		put("document", string(c.doc))
	}
	return p
}

// results are the names that the reply has given out.
func (c *call) results() map[string]string {
	var out map[string]string
	for name, header := range map[string]string{
		"location": "Location", "archiveId": glacier.HeaderArchiveID, "checksum": glacier.HeaderTreeHash,
		"uploadId": glacier.HeaderUploadID, "jobId": glacier.HeaderJobID, "lockId": glacier.HeaderLockID,
		"capacityId": glacier.HeaderCapacityID, "jobOutputPath": glacier.HeaderJobOutputPath,
	} {
		if v := c.w.Header()[header]; len(v) > 0 { // as it is spelled, see set
			if out == nil {
				out = map[string]string{}
			}
			out[name] = v[0]
		}
	}
	return out
}
