package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Query says which events a page is to have. A field that is zero asks for nothing, but for Account.
type Query struct {
	// Account is whose events these are: those of calls upon its vaults, whoever made them, and of calls that its users made elsewhere.
	// Of a caller from another account a page says which account, and no more. Required.
	Account string

	// Unclaimed adds the events of no account: calls that nobody could be found for. They are for who runs the server.
	Unclaimed bool

	Name    string    // a part of the operation's name, in any case
	Text    string    // a part of any value of the event, in any case
	User    string    // the caller's name, ARN or access key
	Vault   string    // the vault's name
	Failed  bool      // only calls that were refused or failed
	Changes bool      // only operations that change something
	From    time.Time // the first time
	To      time.Time // the first time after the last

	Limit  int    // how many events at most; 0 means 50, and more than 200 is 200
	Cursor string // Page.Next of the page before; empty for the first

	exact [][]byte // what the line of an event asked for has in it; taking it apart costs more than looking
	lower [][]byte // and what it has in lower case
}

// prepare checks a query and makes it ready for matching.
func (q *Query) prepare() error {
	if q.Account == "" {
		return errors.New("audit: a query needs an account")
	}
	if q.Limit <= 0 {
		q.Limit = tailDefault
	}
	q.Limit = min(q.Limit, tailEvents)
	q.Name, q.Text = strings.ToLower(q.Name), strings.ToLower(q.Text)
	q.exact, q.lower = nil, nil
	if !q.Unclaimed {
		q.exact = append(q.exact, []byte(`"`+q.Account+`"`))
	}
	if q.Failed {
		q.exact = append(q.exact, []byte(`"error`)) // which both its code and its message begin with
	}
	if q.Changes {
		q.exact = append(q.exact, []byte(`"readOnly":false`))
	}
	for _, s := range []string{q.User, q.Vault} {
		if plain(s) {
			q.exact = append(q.exact, []byte(`"`+s+`"`))
		}
	}
	for _, s := range []string{q.Name, q.Text} {
		if plain(s) {
			q.lower = append(q.lower, []byte(s))
		}
	}
	return nil
}

// plain reports whether a text is something, and stands in JSON as it is.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

// likely reports whether a line may be of an event that the query asks for.
func (q *Query) likely(line []byte) bool {
	for _, s := range q.exact {
		if !bytes.Contains(line, s) {
			return false
		}
	}
	if len(q.lower) > 0 {
		line = bytes.ToLower(line)
	}
	for _, s := range q.lower {
		if !bytes.Contains(line, s) {
			return false
		}
	}
	return true
}

// event returns the event of a line, and whether the query asks for it.
func (q *Query) event(line []byte) (*Event, bool) {
	if !q.likely(line) {
		return nil, false
	}
	e := &Event{}
	if line[0] != '{' || json.Unmarshal(line, e) != nil || !q.owns(e) {
		return nil, false
	}
	e.veil(q.Account)
	return e, q.matches(e)
}

// owns reports whether an event is the account's.
func (q *Query) owns(e *Event) bool {
	nobody := e.Account == "" && e.Identity.AccountID == ""
	return e.Account == q.Account || e.Identity.AccountID == q.Account || nobody && q.Unclaimed
}

// veil leaves of a caller of another account what CloudTrail shows of him.
func (e *Event) veil(account string) {
	if who := e.Identity; who.AccountID != "" && who.AccountID != account {
		e.Identity = Identity{Type: AWSAccount, PrincipalID: who.PrincipalID, AccountID: who.AccountID}
	}
}

// matches reports whether the query asks for an event of its account.
func (q *Query) matches(e *Event) bool {
	who := e.Identity
	switch {
	case q.Failed && !e.Failed(),
		q.Changes && e.ReadOnly,
		!q.From.IsZero() && e.Time.Before(q.From),
		!q.To.IsZero() && !e.Time.Before(q.To),
		q.User != "" && q.User != who.UserName && q.User != who.ARN && q.User != who.AccessKeyID,
		q.Vault != "" && q.Vault != e.Request["vaultName"],
		q.Name != "" && !strings.Contains(strings.ToLower(e.Name), q.Name):
		return false
	}
	return q.Text == "" || e.says(q.Text)
}

// says reports whether one of the event's values contains a text, which is in lower case.
func (e *Event) says(text string) bool {
	who := e.Identity
	values := []string{
		e.Name, e.ErrorCode, e.ErrorMessage, e.IP, e.UserAgent, e.RequestID, e.ID, e.Source, e.Account,
		who.Type, who.PrincipalID, who.ARN, who.AccountID, who.AccessKeyID, who.UserName,
	}
	for _, m := range []map[string]string{e.Request, e.Response, e.Additional} {
		for _, v := range m {
			values = append(values, v)
		}
	}
	for _, v := range values {
		if strings.Contains(strings.ToLower(v), text) {
			return true
		}
	}
	return false
}
