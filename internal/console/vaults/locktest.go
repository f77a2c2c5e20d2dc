package vaults

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
	"firn/internal/console/frame"
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
func showLockTest(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	if !c.MayAll(name, "GetVaultLock") {
		return frame.Refuse(http.StatusForbidden, "You may not see the lock of this vault.")
	}
	t := lockTest{
		Archive: strings.TrimSpace(c.Query.Get("archive")), Age: strings.TrimSpace(c.Query.Get("age")),
		TagsSet: c.Query.Get("tagged") == "these", Tags: strings.ReplaceAll(c.Query.Get("tags"), "\r\n", "\n"),
	}
	if t.Lock, err = lockOf(c, name); err != nil {
		return err
	}
	asked := c.Query.Get("operation")
	if !t.TagsSet && c.MayAll(name, "ListTagsForVault") {
		if t.Tags, err = tagText(c, name); err != nil {
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
		t.Answer, err = try(c, name, asked, &t)
		e := frame.AsRefusal(err)
		if err != nil && e == nil {
			return err
		}
		if e != nil {
			t.Problem, status = e.Text, e.Status
		}
	}
	p := c.OfVault(name, frame.Page{
		Title: "Test the lock of " + name, Tab: "lock", Data: t,
		Commands: []frame.Command{frame.GlacierCommand("See the lock; the AWS CLI cannot try it without doing it", "get-vault-lock", "vault-name", name)},
	})
	p.Crumbs = append(p.Crumbs, frame.Crumb{Text: "Lock", Link: frame.Link("lock", "vault", name)})
	return c.Render(status, "lock-test", p)
}

// offer fills in about whom the visitor may ask: himself, and who may ask IAM's
// simulator may ask about the others.
func (t *lockTest) offer(c *frame.Call) error {
	asked := c.Query.Get("caller")
	t.Callers = []choice{{"", "you, " + frame.WhoIs(c.Caller.User), asked == ""}}
	if !simulates(c) {
		return nil
	}
	if !c.Caller.Root() {
		t.Callers = append(t.Callers, choice{"root", "root", asked == "root"})
	}
	var list iam.ListUsersResult
	if err := c.Iam("ListUsers", &list, "MaxItems", strconv.Itoa(maxCallers)); err != nil {
		return err
	}
	for _, u := range list.Users.Member {
		if u.UserName != c.Caller.User {
			value := "user/" + u.UserName
			t.Callers = append(t.Callers, choice{value, u.UserName, asked == value})
		}
	}
	if t.More = list.IsTruncated; t.More {
		t.User = c.Query.Get("user")
	}
	return nil
}

// simulates reports whether the visitor may know what others may do.
func simulates(c *frame.Call) bool {
	return c.May("iam:ListUsers") && c.May("iam:SimulatePrincipalPolicy")
}

// try asks for an answer.
func try(c *frame.Call, vault, name string, t *lockTest) (*lockAnswer, error) {
	op, err := operationOf(name)
	if err != nil {
		return nil, err
	}
	who, err := supposed(c)
	if err != nil {
		return nil, err
	}
	given, err := t.supposition(op)
	if err != nil {
		return nil, err
	}
	q := access.Request{
		Caller: who, Client: c.Client, Action: "glacier:" + op.Name, Owner: c.Caller.Account,
		Vault: glacier.VaultName(vault), Resource: glacier.ARN(c.VaultARN(vault)),
	}
	if op.Archive && given.Age == nil {
		q.Archive = glacier.ArchiveID(t.Archive)
	}
	found, err := c.Config.Access.Try(c.Request.Context(), q, given)
	if err != nil {
		return nil, err
	}
	if q.Archive != "" && found.Age == nil {
		return nil, frame.NotFound("There is no archive with this id in the vault.")
	}
	a := &lockAnswer{Permitted: found.Permitted, Who: frame.WhoIs(who.User), Would: op.Says}
	if found.Age != nil {
		a.Would += ", " + frame.Plural(*found.Age, "day") + " old"
	}
	a.explain(found, who.Root(), c.MayAll(vault, "GetVaultAccessPolicy"))
	return a, nil
}

// supposed is the caller that is asked about.
func supposed(c *frame.Call) (access.Caller, error) {
	name, isUser := strings.CutPrefix(c.Query.Get("caller"), "user/")
	if typed := strings.TrimSpace(c.Query.Get("user")); typed != "" {
		name, isUser = typed, true
	}
	switch {
	case name == "" && !isUser:
		return c.Caller, nil
	case !simulates(c):
		return access.Caller{}, frame.Refuse(http.StatusForbidden, "You may not ask what others may do.")
	case isUser && name != "":
		who, err := c.Config.Access.CallerNamed(c.Request.Context(), c.Caller.Account, name)
		var refused *access.Refusal
		if errors.As(err, &refused) {
			return who, frame.NotFound(refused.Message)
		}
		return who, err
	case name == "root":
		return access.RootOf(c.Caller.Account), nil
	}
	return access.Caller{}, frame.Refuse(http.StatusBadRequest, "There is no such caller.")
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
		return given, frame.Refuse(http.StatusBadRequest, "Give an archive's id or an age, not both.")
	}
	age, err := strconv.ParseInt(t.Age, 10, 64)
	if err != nil || age < 0 || age > maxAge {
		return given, frame.Refuse(http.StatusBadRequest, fmt.Sprintf("The age is a number of days, from 0 to %s.", frame.Count(maxAge)))
	}
	given.Age = &age
	return given, nil
}

// tagText is a vault's tags as [tagLines] reads them.
func tagText(c *frame.Call, vault string) (string, error) {
	var set glacier.Tags
	if err := c.Get(frame.VaultPath(vault, "tags"), &set); err != nil {
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
		return nil, frame.Refuse(http.StatusBadRequest, fmt.Sprintf("A vault has at most %d tags.", glacier.MaxTags))
	}
	return tags, nil
}

func operationOf(name string) (operation, error) {
	for _, op := range operations() {
		if op.Name == name {
			return op, nil
		}
	}
	return operation{}, frame.Refuse(http.StatusBadRequest, "There is no such operation on a vault.")
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
