package access

import (
	"strconv"
	"strings"
	"time"

	"firn/internal/catalog"
	"firn/internal/policy"
)

// facts are what the conditions of a policy can ask about a request.
type facts struct {
	request policy.Request
	asked   *Request
	guards  *vaultGuards // nil if it is not about a vault
	region  string
	now     time.Time // by the machine's clock
	lockNow time.Time // by the clock that nobody can set
	created time.Time // what the archive's age counts from, by the lock clock; zero if it is not about one
	aged    *int64    // its age in days, if that is supposed and not known
}

func newFacts(q *Request, g *vaultGuards, now, lockNow time.Time) *facts {
	f := &facts{asked: q, guards: g, now: now, lockNow: lockNow}
	f.request = policy.Request{
		Principal: policy.Principal{Account: string(q.Caller.Account), ARN: q.Caller.ARN()},
		Action:    q.Action,
		Resource:  string(q.Resource),
		Value:     f.value,
	}
	return f
}

// facts gathers what may be asked. The archive is looked up only for those
// who ask.
func (s *Service) facts(tx *catalog.Tx, q *Request, g *vaultGuards) (*facts, error) {
	f := newFacts(q, g, tx.Now(), tx.LockNow())
	f.region = s.region
	if q.Archive == "" || g.id == 0 {
		return f, nil
	}
	a, ok, err := tx.Named(s.ids, g.id, q.Archive)
	if err != nil || !ok {
		return f, err
	}
	f.created = time.UnixMilli(a.AgesFrom())
	return f, nil
}

// tagPrefix begins the keys of conditions on a vault's tags.
const tagPrefix = "glacier:resourcetag/"

// value is what a condition key stands for. What comes before a slash is in
// lower case.
func (f *facts) value(key string) ([]string, bool) {
	if tag, ok := strings.CutPrefix(key, tagPrefix); ok {
		return f.tag(tag)
	}
	v, ok := f.text(key)
	if !ok {
		return nil, false
	}
	return []string{v}, true
}

func (f *facts) text(key string) (v string, ok bool) {
	c, client := f.asked.Caller, f.asked.Client
	switch key {
	case "aws:currenttime":
		return f.now.UTC().Format(time.RFC3339), true
	case "aws:epochtime":
		return strconv.FormatInt(f.now.Unix(), 10), true
	case "aws:sourceip":
		return client.Addr.String(), client.Addr.IsValid()
	case "aws:securetransport":
		return strconv.FormatBool(client.Secure), true
	case "aws:useragent":
		return client.UserAgent, client.UserAgent != ""
	case "aws:referer":
		return client.Referer, client.Referer != ""
	case "aws:principalarn":
		return c.ARN(), true
	case "aws:principalaccount":
		return string(c.Account), true
	case "aws:principaltype":
		if c.Root() {
			return "Account", true
		}
		return "User", true
	case "aws:userid":
		return c.ID(), true
	case "aws:username":
		return c.User, !c.Root()
	case "aws:requestedregion":
		return f.region, true
	case "aws:resourceaccount":
		return string(f.asked.Owner), true
	// There are only long-term keys, and nobody has shown a second factor.
	case "aws:multifactorauthpresent", "aws:viaawsservice", "aws:principalisawsservice":
		return "false", true
	case "glacier:archiveageindays":
		days, ok := f.age()
		return strconv.FormatInt(days, 10), ok
	}
	v, ok = f.asked.Values[key]
	return v, ok
}

// age is the archive's age in whole days of 24 hours; false if it is not about
// an archive.
func (f *facts) age() (days int64, ok bool) {
	if f.aged != nil {
		return *f.aged, true
	}
	return max(0, int64(f.lockNow.Sub(f.created)/(24*time.Hour))), !f.created.IsZero()
}

// tag looks a tag of the vault up. Tags that differ only in case are two; a
// condition that names neither exactly is given one of them.
func (f *facts) tag(name string) ([]string, bool) {
	if f.guards == nil {
		return nil, false
	}
	if v, ok := f.guards.tags[name]; ok {
		return []string{v}, true
	}
	best, found := "", false
	for key := range f.guards.tags {
		if strings.EqualFold(key, name) && (!found || key < best) {
			best, found = key, true
		}
	}
	return []string{f.guards.tags[best]}, found
}
