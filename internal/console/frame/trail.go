package frame

import (
	"crypto/rand"
	"errors"
	"regexp"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/audit"
	"firn/internal/awsapi"
	"firn/internal/token"
)

// recordSignIn writes the line that CloudTrail has for it, which has no code if
// it failed. The log itself says if it cannot be written.
func (c *Call) recordSignIn(caller access.Caller, claimed, failure string) {
	if c.Config.Trail == nil {
		return
	}
	if failure != "" {
		caller = access.Caller{KeyID: hideUnlessKey(claimed)}
	}
	e := c.event(caller)
	e.Source, e.Name, e.Response = "signin.amazonaws.com", "ConsoleLogin", map[string]string{"ConsoleLogin": "Success"}
	if failure != "" {
		e.ErrorMessage = failure
		e.Response["ConsoleLogin"] = "Failure"
	}
	_ = c.Config.Trail.Append(e, false)
}

// RecordLook writes the line of a look at what the console has from the rules
// and not from an API: the service and the name that it has in policies, why it
// failed, if it did, and what was asked for, as name, value, name, value.
func (c *Call) RecordLook(service, name string, failure error, params ...string) {
	if c.Config.Trail == nil {
		return
	}
	e := c.event(c.Caller)
	e.Source, e.Name, e.ReadOnly, e.Request = service+".amazonaws.com", name, true, map[string]string{}
	for i := 0; i+1 < len(params); i += 2 {
		e.Request[params[i]] = params[i+1]
	}
	if failure != nil {
		e.ErrorCode, e.ErrorMessage = codeOf(failure), "internal failure"
		if told := AsRefusal(failure); told != nil {
			e.ErrorMessage = told.Text
		}
	}
	_ = c.Config.Trail.Append(e, false)
}

// codeOf is the API's code of a failure; empty for a refusal of the console's
// own.
func codeOf(failure error) string {
	var api *glacier.Error
	var named *awsapi.Error
	switch {
	case errors.As(failure, &api):
		return string(api.Code)
	case errors.As(failure, &named):
		return string(named.Code)
	case AsRefusal(failure) != nil:
		return ""
	}
	return string(glacier.ServiceUnavailable)
}

// event is what all lines of the console have in common.
func (c *Call) event(caller access.Caller) *audit.Event {
	e := &audit.Event{
		Identity: caller.Identity(), Region: c.Config.Region, UserAgent: c.Client.UserAgent, RequestID: token.NewRequestID(rand.Reader),
		Account: string(caller.Account), TLS: audit.TLSOf(c.Request.TLS, c.Request.Host),
	}
	if c.Client.Addr.IsValid() {
		e.IP = c.Client.Addr.String()
	}
	return e
}

// keyLike is what ids of access keys look like. No secret does.
var keyLike = regexp.MustCompile(`^[A-Z0-9]{16,32}$`)

// hideUnlessKey hides what was typed in the place of a key's id if it may be a
// secret.
func hideUnlessKey(id string) string {
	if keyLike.MatchString(id) {
		return id
	}
	return awsapi.Hidden
}
