package console

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/iam"
	"firn/internal/policy"
)

const (
	// maxAge bounds the age in days that can be supposed of an archive.
	maxAge = 1_000_000
	// maxCallers bounds the users that are offered to choose from.
	maxCallers = 200
)

// A lockTest is a question of whether something would be permitted, and the
// answer.
type lockTest struct {
	Lock       *lockView
	Operations []choice
	Callers    []choice
	More       bool   // there are more users than can be chosen from
	User       string // one of them, typed
	Archive    string
	Age        string
	TagsSet    bool // those typed count, not the vault's own
	Tags       string
	Problem    string
	Answer     *lockAnswer
}

// A lockAnswer is what would happen.
type lockAnswer struct {
	Permitted bool
	Who       string
	Would     string // do what
	Why       string
	Opinions  []opinion
}

// An opinion is what one of the policies says.
type opinion struct {
	Whose     string
	Says      string // allows, forbids or nothing
	Statement string
}

// showLockTest answers whether something would be permitted now. Nothing is done
// by asking: it is a form with GET.
func showLockTest(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	if !c.mayAll(name, "GetVaultLock") {
		return refuse(http.StatusForbidden, "You may not see the lock of this vault.")
	}
	t := lockTest{
		Archive: strings.TrimSpace(c.query.Get("archive")), Age: strings.TrimSpace(c.query.Get("age")),
		TagsSet: c.query.Get("tagged") == "these", Tags: typed(c.query.Get("tags")),
	}
	if t.Lock, err = c.lockOf(name); err != nil {
		return err
	}
	asked := c.query.Get("operation")
	if !t.TagsSet && c.mayAll(name, "ListTagsForVault") {
		if t.Tags, err = c.tagText(name); err != nil {
			return err
		}
	}
	for _, op := range operations() {
		t.Operations = append(t.Operations, choice{op.Name, op.Name + ": " + op.Says, op.Name == asked})
	}
	if err := t.offer(c); err != nil {
		return err
	}
	status := http.StatusOK
	if asked != "" {
		t.Answer, err = c.try(name, asked, &t)
		e := asRefusal(err)
		if err != nil && e == nil {
			return err
		}
		if e != nil {
			t.Problem, status = e.text, e.status
		}
	}
	p := c.ofVault(name, page{
		Title: "Test the lock of " + name, Tab: "lock", Data: t,
		Commands: []command{glacierCommand("See the lock; the AWS CLI cannot try it without doing it", "get-vault-lock", "vault-name", name)},
	})
	p.Crumbs = append(p.Crumbs, crumb{"Lock", link("lock", "vault", name)})
	return c.render(status, "lock-test", p)
}

// offer fills in about whom the visitor may ask: himself, and who may ask IAM's
// simulator may ask about the others.
func (t *lockTest) offer(c *call) error {
	asked := c.query.Get("caller")
	t.Callers = []choice{{"", "you, " + whoIs(c.caller.User), asked == ""}}
	if !c.simulates() {
		return nil
	}
	if !c.caller.Root() {
		t.Callers = append(t.Callers, choice{"root", "root", asked == "root"})
	}
	var list iam.ListUsersResult
	if err := c.iam("ListUsers", &list, "MaxItems", strconv.Itoa(maxCallers)); err != nil {
		return err
	}
	for _, u := range list.Users.Member {
		if u.UserName != c.caller.User {
			value := "user/" + u.UserName
			t.Callers = append(t.Callers, choice{value, u.UserName, asked == value})
		}
	}
	if t.More = list.IsTruncated; t.More {
		t.User = c.query.Get("user")
	}
	return nil
}

// simulates reports whether the visitor may know what others may do.
func (c *call) simulates() bool {
	return c.may("iam:ListUsers") && c.may("iam:SimulatePrincipalPolicy")
}

// try asks for an answer.
func (c *call) try(vault, name string, t *lockTest) (*lockAnswer, error) {
	op, err := operationOf(name)
	if err != nil {
		return nil, err
	}
	who, err := c.supposed()
	if err != nil {
		return nil, err
	}
	given, err := t.supposition(op)
	if err != nil {
		return nil, err
	}
	q := access.Request{
		Caller: who, Client: c.client, Action: "glacier:" + op.Name, Owner: c.caller.Account,
		Vault: glacier.VaultName(vault), Resource: glacier.ARN(c.vaultARN(vault)),
	}
	if op.Archive && given.Age == nil {
		q.Archive = glacier.ArchiveID(t.Archive)
	}
	found, err := c.h.cfg.Access.Try(c.r.Context(), q, given)
	if err != nil {
		return nil, err
	}
	if q.Archive != "" && found.Age == nil {
		return nil, notFound("There is no archive with this id in the vault.")
	}
	a := &lockAnswer{Permitted: found.Permitted, Who: whoIs(who.User), Would: op.Says}
	if found.Age != nil {
		a.Would += ", " + plural(*found.Age, "day") + " old"
	}
	a.explain(found, who.Root(), c.mayAll(vault, "GetVaultAccessPolicy"))
	return a, nil
}

// supposed is the caller that is asked about.
func (c *call) supposed() (access.Caller, error) {
	name, isUser := strings.CutPrefix(c.query.Get("caller"), "user/")
	if typed := strings.TrimSpace(c.query.Get("user")); typed != "" {
		name, isUser = typed, true
	}
	switch {
	case name == "" && !isUser:
		return c.caller, nil
	case !c.simulates():
		return access.Caller{}, refuse(http.StatusForbidden, "You may not ask what others may do.")
	case isUser && name != "":
		who, err := c.h.cfg.Access.CallerNamed(c.r.Context(), c.caller.Account, name)
		var refused *access.Refusal
		if errors.As(err, &refused) {
			return who, notFound(refused.Message)
		}
		return who, err
	case name == "root":
		return access.RootOf(c.caller.Account), nil
	}
	return access.Caller{}, refuse(http.StatusBadRequest, "There is no such caller.")
}

// supposition is what the form supposes.
func (t *lockTest) supposition(op operation) (given access.Supposition, err error) {
	if t.TagsSet {
		if given.Tags, err = tagLines(t.Tags); err != nil {
			return given, err
		}
	}
	if !op.Archive || t.Age == "" {
		return given, nil
	}
	if t.Archive != "" {
		return given, refuse(http.StatusBadRequest, "Give an archive's id or an age, not both.")
	}
	age, err := strconv.ParseInt(t.Age, 10, 64)
	if err != nil || age < 0 || age > maxAge {
		return given, refuse(http.StatusBadRequest, fmt.Sprintf("The age is a number of days, from 0 to %s.", count(maxAge)))
	}
	given.Age = &age
	return given, nil
}

// tagText is a vault's tags as [tagLines] reads them.
func (c *call) tagText(vault string) (string, error) {
	var set glacier.Tags
	if err := c.get(vaultPath(vault, "tags"), &set); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(set.Tags)) {
		b.WriteString(key + "=" + set.Tags[key] + "\n")
	}
	return b.String(), nil
}

// tagLines reads tags that are typed one to a line, as KEY=VALUE.
func tagLines(text string) (map[string]string, error) {
	tags := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "" {
			continue
		}
		tags[key] = value
	}
	if len(tags) > glacier.MaxTags {
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("A vault has at most %d tags.", glacier.MaxTags))
	}
	return tags, nil
}

func operationOf(name string) (operation, error) {
	for _, op := range operations() {
		if op.Name == name {
			return op, nil
		}
	}
	return operation{}, refuse(http.StatusBadRequest, "There is no such operation on a vault.")
}

// explain says whose word it was, and what each says. The statements of the
// access policy are only for those who may see it.
func (a *lockAnswer) explain(f access.Finding, root, all bool) {
	vault := f.Policy
	if !all {
		vault.Statement = ""
	}
	own := opinionOf("The user's own policies", f.Own)
	if root {
		own = opinion{Whose: "Root's rights", Says: "everything that nothing else forbids"}
	}
	a.Opinions = []opinion{opinionOf("The lock", f.Lock), opinionOf("The access policy", vault), own}
	switch {
	case f.By == access.TheLock && !f.Permitted:
		a.Why = "The lock forbids it" + by(f.Lock) + "."
	case f.By == access.ThePolicy && !f.Permitted:
		a.Why = "The access policy forbids it" + by(vault) + "."
	case f.By == access.TheCaller && !f.Permitted:
		a.Why = "The user's own policies forbid it" + by(f.Own) + "."
	case !f.Permitted:
		a.Why = "Nothing allows it."
	case f.Lock.Effect == policy.Deny:
		a.Why = "The lock forbids it, but one that is in progress can always be aborted."
	case f.Policy.Effect == policy.Deny:
		a.Why = "The access policy forbids it, but root can always mend that policy."
	default:
		a.Why = "It is allowed, and nothing forbids it."
	}
}

// by names the statement that has decided.
func by(v policy.Verdict) string {
	if v.Statement == "" {
		return ""
	}
	return ", by " + v.Statement
}

func opinionOf(whose string, v policy.Verdict) opinion {
	says := map[policy.Effect]string{policy.None: "nothing about it", policy.Allow: "allowed", policy.Deny: "forbidden"}[v.Effect]
	return opinion{whose, says, v.Statement}
}
