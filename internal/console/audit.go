package console

// audits reports whether the caller may look into the audit log.
func (c *call) audits() bool { return c.h.cfg.Audit != nil && c.may("cloudtrail:LookupEvents") }
