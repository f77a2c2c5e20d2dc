package access_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/sigv4"
	"firn/internal/vault"
)

// carol is a third account, which nobody trusts.
const carol = glacier.AccountID("777788889999")

const (
	photos    = glacier.VaultName("photos")
	photosARN = "arn:aws:glacier:us-east-1:111122223333:vaults/photos"
)

// A court is a gate with an owner's vault, and somebody in each account.
type court struct {
	*gate
	t      *testing.T
	vaults *vault.Service
}

func newCourt(t *testing.T) *court {
	t.Helper()
	c := &court{gate: open(t), t: t}
	c.vaults = vault.New(vault.Config{Store: c.Guarded(c.store), Region: region, IDs: c.store.IDKey(), Live: true})
	c.must(c.vaults.CreateVault(t.Context(), alice, photos))
	for _, account := range []glacier.AccountID{bob, carol} {
		_, _, err := c.CreateAccount(t.Context(), account, "")
		c.must(err)
	}
	return c
}

// caller makes a user with a policy, and signs in as him. Without a policy he
// has none; "root" is the account's root.
func (c *court) caller(account glacier.AccountID, name, text string) access.Caller {
	c.t.Helper()
	ctx := c.t.Context()
	if name == "root" {
		return access.RootOf(account)
	}
	_, err := c.CreateUser(ctx, account, name)
	c.must(err)
	if text != "" {
		c.must(c.PutPolicy(ctx, account, name, "own", text))
	}
	key, err := c.CreateKey(ctx, account, name)
	c.must(err)
	who, err := c.Authenticate(c.signedBy(c.request(), hash(""), sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}), glacier.Service, noBody)
	c.must(err)
	return who
}

// ask asks for something about the vault.
func ask(who access.Caller, action string) access.Request {
	return access.Request{
		Caller: who, Action: "glacier:" + action, Owner: alice, Vault: photos, Resource: photosARN,
	}
}

func (c *court) decide(q access.Request) error {
	_, err := c.Authorize(c.t.Context(), q)
	return err
}

// allow and deny are policies of one statement.
func allow(principal, action string) string { return statement("Allow", principal, action) }
func deny(principal, action string) string  { return statement("Deny", principal, action) }

func statement(effect, principal, action string) string {
	if principal != "" {
		principal = fmt.Sprintf(`"Principal":{"AWS":%q},`, principal)
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,%s"Action":"glacier:%s","Resource":"arn:aws:glacier:*:*:vaults/photos"}]}`,
		effect, principal, action)
}

const (
	aliceRoot = "arn:aws:iam::111122223333:root"
	bobRoot   = "arn:aws:iam::444455556666:root"
)

func TestDecisions(t *testing.T) {
	const (
		noIdentity = "AccessDeniedException: User: %s is not authorized to perform: glacier:UploadArchive on resource: " + photosARN +
			" because no identity-based policy allows the glacier:UploadArchive action"
		byIdentity = "AccessDeniedException: User: %s is not authorized to perform: glacier:UploadArchive on resource: " + photosARN +
			" with an explicit deny in an identity-based policy"
		byVault = "AccessDeniedException: User: %s is not authorized to perform: glacier:UploadArchive on resource: " + photosARN +
			" with an explicit deny in a resource-based policy"
		byLock = "AccessDeniedException: User: %s is not authorized to perform: glacier:UploadArchive on resource: " + photosARN +
			" with an explicit deny in a vault lock policy"
		foreign = "AccessDeniedException: Access denied for account ID: 111122223333"
	)
	for _, tt := range []struct {
		name          string
		account       glacier.AccountID
		user          string // root, or somebody with a policy
		identity      string
		policy, lock  string // of the vault
		want          string
		alsoIfMissing bool // the same is said of a vault that is not there
	}{
		{name: "the owner's root may everything", account: alice, user: "root"},
		{name: "a user may nothing by himself", account: alice, user: "ann", want: noIdentity, alsoIfMissing: true},
		{name: "his policy allows it", account: alice, user: "ann", identity: allow("", "UploadArchive")},
		{name: "his policy allows something else", account: alice, user: "ann", identity: allow("", "Describe*"), want: noIdentity, alsoIfMissing: true},
		{name: "the vault's policy names him", account: alice, user: "ann", policy: allow("arn:aws:iam::111122223333:user/ann", "*")},
		{name: "the vault's policy names everybody", account: alice, user: "ann", policy: allow("*", "*")},
		{name: "the vault's policy names somebody else", account: alice, user: "ann", policy: allow("arn:aws:iam::111122223333:user/bea", "*"), want: noIdentity},
		{name: "the vault's policy names his account, which does not hand it on", account: alice, user: "ann", policy: allow(aliceRoot, "*"), want: noIdentity},
		{name: "and does", account: alice, user: "ann", identity: allow("", "*"), policy: allow(aliceRoot, "*")},
		{name: "a lock's allow counts", account: alice, user: "ann", lock: allow("*", "*")},

		{name: "his policy denies it", account: alice, user: "ann", identity: deny("", "Upload*"), policy: allow("*", "*"), want: byIdentity},
		{name: "the vault's policy denies it to him", account: alice, user: "ann", identity: allow("", "*"), policy: deny("arn:aws:iam::111122223333:user/ann", "*"), want: byVault},
		{name: "the vault's policy denies it to his account", account: alice, user: "ann", identity: allow("", "*"), policy: deny("111122223333", "*"), want: byVault},
		{name: "the vault's policy denies it to root", account: alice, user: "root", policy: deny("*", "*"), want: byVault},
		{name: "a lock denies it to root", account: alice, user: "root", lock: deny("*", "*"), want: byLock},
		{name: "a lock denies it whatever else allows it", account: alice, user: "ann", identity: allow("", "*"), policy: allow("*", "*"), lock: deny("*", "Upload*"), want: byLock},
		{name: "a lock of other things", account: alice, user: "root", lock: deny("*", "DeleteArchive")},

		{name: "another account's root, uninvited", account: bob, user: "root", want: foreign, alsoIfMissing: true},
		{name: "another account's root, invited", account: bob, user: "root", policy: allow(bobRoot, "UploadArchive")},
		{name: "another account's root, invited by number", account: bob, user: "root", policy: allow("444455556666", "UploadArchive")},
		{name: "another account's root, invited to something else", account: bob, user: "root", policy: allow(bobRoot, "Describe*"), want: foreign},
		{name: "a third account, when the second is invited", account: carol, user: "root", policy: allow(bobRoot, "*"), want: foreign},
		{name: "another account's user: the vault's policy alone", account: bob, user: "ben", policy: allow(bobRoot, "*"), want: noIdentity},
		{name: "another account's user, by name: the vault's policy alone", account: bob, user: "ben", policy: allow("arn:aws:iam::444455556666:user/ben", "*"), want: noIdentity},
		{name: "another account's user: his own policy alone", account: bob, user: "ben", identity: allow("", "*"), want: foreign, alsoIfMissing: true},
		{name: "another account's user: both", account: bob, user: "ben", identity: allow("", "*"), policy: allow(bobRoot, "*")},
		{name: "another account's user: both, by name", account: bob, user: "ben", identity: allow("", "*"), policy: allow("arn:aws:iam::444455556666:user/ben", "*")},
		{name: "another account's user: both, but the name of ours", account: bob, user: "ann", identity: allow("", "*"), policy: allow("arn:aws:iam::111122223333:user/ann", "*"), want: foreign},
		{name: "another account's user: both and a deny of his own", account: bob, user: "ben", identity: deny("", "*"), policy: allow(bobRoot, "*"), want: byIdentity},
		{name: "another account's user: both and a lock", account: bob, user: "ben", identity: allow("", "*"), policy: allow(bobRoot, "*"), lock: deny("*", "*"), want: foreign, alsoIfMissing: true},
		{name: "another account's user: a deny of his own alone", account: bob, user: "ben", identity: deny("", "*"), want: foreign, alsoIfMissing: true},
		{name: "another account's root, denied by the vault's policy", account: bob, user: "root", policy: deny("*", "*"), want: foreign, alsoIfMissing: true},
		{name: "another account's root, denied by a lock", account: bob, user: "root", lock: deny("*", "*"), want: foreign, alsoIfMissing: true},
		{name: "another account's root, invited and denied by a lock", account: bob, user: "root", policy: allow(bobRoot, "*"), lock: deny("*", "*"), want: foreign, alsoIfMissing: true},
		{name: "another account's user, denied by the vault's policy", account: bob, user: "ben", identity: allow("", "*"), policy: deny(bobRoot, "*"), want: foreign, alsoIfMissing: true},
		{name: "everybody is invited", account: carol, user: "root", policy: allow("*", "*")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCourt(t)
			if tt.policy != "" {
				c.must(c.vaults.SetVaultAccessPolicy(t.Context(), alice, photos, &tt.policy))
			}
			if tt.lock != "" {
				_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &tt.lock)
				c.must(err)
			}
			who := c.caller(tt.account, tt.user, tt.identity)
			want := tt.want
			if strings.Contains(want, "%s") {
				want = fmt.Sprintf(want, who.ARN())
			}
			wantError(t, c.decide(ask(who, "UploadArchive")), want)
			tried, err := c.Try(t.Context(), ask(who, "UploadArchive"), access.Supposition{})
			c.must(err)
			if tried.Permitted != (want == "") {
				t.Errorf("tried: %+v", tried)
			}
			if !tt.alsoIfMissing {
				return
			}
			q := ask(who, "UploadArchive")
			q.Vault, q.Resource = "photo", glacier.ARN(photosARN[:len(photosARN)-1])
			wantError(t, c.decide(q), strings.ReplaceAll(want, "vaults/photos", "vaults/photo"))
		})
	}
}

// The right to import is in no policy about Glacier's actions, and no vault gives
// it away; but a vault can forbid it.
func TestWhoMayImport(t *testing.T) {
	own := func(action string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":%q}]}`, action, photosARN)
	}
	all := func(effect string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":"*","Action":"*","Resource":%q}]}`, effect, photosARN)
	}
	const refused, foreign = "AccessDeniedException: User: …", "AccessDeniedException: Access denied for account ID: 111122223333"
	for _, tt := range []struct {
		name         string
		account      glacier.AccountID
		user         string
		identity     string
		policy, lock string
		want         string
	}{
		{name: "the owner's root", account: alice, user: "root"},
		{name: "a user with all of Glacier", account: alice, user: "ann", identity: own("glacier:*"), want: refused},
		{name: "a user who has the right", account: alice, user: "ann", identity: own("firn:ImportArchive")},
		{name: "a user who has all of Firn", account: alice, user: "ann", identity: own("firn:*")},
		{name: "an administrator", account: alice, user: "ann", identity: own("*")},
		{name: "whom the vault's policy lets do everything", account: alice, user: "ann", identity: own("glacier:*"), policy: all("Allow"), want: refused},
		{name: "whom a lock lets do everything", account: alice, user: "ann", identity: own("glacier:*"), lock: all("Allow"), want: refused},
		{name: "root, and the vault's policy forbids everything", account: alice, user: "root", policy: all("Deny"), want: refused},
		{name: "root, and a lock forbids everything", account: alice, user: "root", lock: all("Deny"), want: refused},
		{name: "another account's root, invited to everything", account: bob, user: "root", policy: all("Allow"), want: foreign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCourt(t)
			if tt.policy != "" {
				c.must(c.vaults.SetVaultAccessPolicy(t.Context(), alice, photos, &tt.policy))
			}
			if tt.lock != "" {
				_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &tt.lock)
				c.must(err)
			}
			q := ask(c.caller(tt.account, tt.user, tt.identity), "")
			q.Action = access.ImportArchive
			wantError(t, c.decide(q), tt.want)
		})
	}
}

// Whoever imports chooses the date that is shown, and not the one that an
// archive's age counts from.
func TestTheAgeOfAnImportedArchive(t *testing.T) {
	c := newCourt(t)
	old := record.Archive{Vault: 2, ID: 9000, Public: "-imported", Created: 1, Imported: c.clock().UnixMilli(), Witnessed: c.clock().UnixMilli()}
	c.must(c.store.View(t.Context(), func(tx *catalog.Tx) error {
		v, err := vault.Find(tx, region, alice, photos)
		old.Vault = v.ID
		return err
	}))
	c.put(&old)
	lock := conditional("Deny", "DeleteArchive", `{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}`)
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &lock)
	c.must(err)
	q := ask(access.RootOf(alice), "DeleteArchive")
	q.Archive = old.Public
	wantError(t, c.decide(q), "AccessDeniedException: …")
	found, err := c.Try(t.Context(), q, access.Supposition{})
	c.must(err)
	if found.Age == nil || *found.Age != 0 {
		t.Errorf("its age is %v", found.Age)
	}
	c.change(func(r *record.Record) { r.Delete(old.Key()) })
}

// What a mistake in an access policy has shut, the owner's root opens again;
// nobody else does, and a lock stays shut.
func TestRootMendsAnAccessPolicy(t *testing.T) {
	c := newCourt(t)
	shut := deny("*", "*")
	c.must(c.vaults.SetVaultAccessPolicy(t.Context(), alice, photos, &shut))
	ann := c.caller(alice, "ann", allow("", "*"))
	for _, action := range []string{"GetVaultAccessPolicy", "SetVaultAccessPolicy", "DeleteVaultAccessPolicy"} {
		c.must(c.decide(ask(access.RootOf(alice), action)))
		for _, who := range []access.Caller{ann, access.RootOf(bob)} {
			if c.decide(ask(who, action)) == nil {
				t.Errorf("%s may %s", who.ARN(), action)
			}
		}
	}
	if c.decide(ask(access.RootOf(alice), "DeleteVault")) == nil {
		t.Error("root is let through to something else")
	}
	lock := deny("*", "DeleteVaultAccessPolicy")
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &lock)
	c.must(err)
	if c.decide(ask(access.RootOf(alice), "DeleteVaultAccessPolicy")) == nil {
		t.Error("a lock lets root through")
	}
}

// A lock in progress cannot forbid its own end. A completed one can, and so can
// other policies.
func TestALockInProgressCanBeAborted(t *testing.T) {
	c := newCourt(t)
	lock := deny("*", "*")
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &lock)
	c.must(err)
	abort := ask(access.RootOf(alice), "AbortVaultLock")
	c.must(c.decide(abort))
	wantError(t, c.decide(ask(access.RootOf(alice), "CompleteVaultLock")), "AccessDeniedException: …")
	wantError(t, c.decide(ask(c.caller(alice, "ann", ""), "AbortVaultLock")), "AccessDeniedException: …")
	wantError(t, c.decide(ask(c.caller(alice, "bea", deny("", "*")), "AbortVaultLock")), "AccessDeniedException: …")
	shut := deny("*", "AbortVaultLock")
	c.must(c.vaults.SetVaultAccessPolicy(t.Context(), alice, photos, &shut))
	wantError(t, c.decide(abort), "AccessDeniedException: …")
	c.must(c.vaults.DeleteVaultAccessPolicy(t.Context(), alice, photos))
	c.must(c.decide(abort))
	c.must(c.lockNow())
	wantError(t, c.decide(abort), "AccessDeniedException: …")
}

// What takes several permissions takes all of them, at its end too.
func TestEveryQuestionIsAskedAgain(t *testing.T) {
	for _, action := range []string{"DeleteArchive", "GetJobOutput", "ListJobs"} {
		c := newCourt(t)
		q := ask(access.RootOf(alice), "DeleteArchive")
		q.Archive = c.archive(c.clock())
		ctx := t.Context()
		for _, a := range []string{"DeleteArchive", "GetJobOutput"} {
			var err error
			q.Action = "glacier:" + a
			ctx, err = c.Authorize(ctx, q)
			c.must(err)
		}
		shut := deny("*", action)
		c.must(c.vaults.SetVaultAccessPolicy(t.Context(), alice, photos, &shut))
		err := c.vaults.DeleteArchive(ctx, alice, photos, q.Archive)
		if action == "ListJobs" { // which was not asked about
			c.must(err)
			continue
		}
		wantError(t, err, "AccessDeniedException: …")
	}
}

// An account that ends while a request is under way gets nothing more.
func TestAnAccountThatEndsBetween(t *testing.T) {
	c := newCourt(t)
	q := access.Request{Caller: access.RootOf(bob), Action: "glacier:CreateVault", Owner: bob, Vault: "v", Resource: "arn:aws:glacier:us-east-1:444455556666:vaults/v"}
	ctx, err := c.Authorize(t.Context(), q)
	c.must(err)
	c.must(c.DeleteAccount(t.Context(), bob))
	wantError(t, c.vaults.CreateVault(ctx, bob, "v"), "AccessDeniedException: Access denied for account ID: 444455556666")
}

// An account is deleted when it has nothing left, and what it has set goes with
// it.
func TestDeleteAccount(t *testing.T) {
	c := newCourt(t)
	for _, tt := range []struct {
		thing record.Entity
		want  string
	}{
		{&record.Topic{Number: 900, Account: bob, Name: "t"}, "it has 1 topics."},
		{&record.Queue{Number: 901, Account: bob, Name: "q"}, "it has 1 queues."},
		{&record.Subscription{Topic: 902, Number: 903, Account: bob, Public: "s"}, "it has subscriptions."},
	} {
		c.put(tt.thing)
		err := c.DeleteAccount(t.Context(), bob)
		if err == nil || !strings.HasSuffix(err.Error(), "Cannot delete account 444455556666: "+tt.want) {
			t.Errorf("%s: %v", tt.want, err)
		}
		c.change(func(r *record.Record) { r.Delete(tt.thing.Key()) })
	}
	c.put(&record.RetrievalPolicy{Account: bob, Strategy: "FreeTier"})
	c.put(&record.RetrievalUsage{Account: bob, Day: 20000, Bytes: 8})
	c.put(&record.Capacity{Number: 904, Account: bob, Public: "u", Expires: 1 << 50})
	c.must(c.DeleteAccount(t.Context(), bob))
	c.must(c.store.View(t.Context(), func(tx *catalog.Tx) error {
		_, policy, err := tx.RetrievalPolicy(bob)
		c.must(err)
		usage, err := tx.RetrievalUsage(bob)
		c.must(err)
		units, err := tx.Capacity(bob, 10)
		if policy || usage.Bytes != 0 || len(units) > 0 {
			t.Errorf("left: policy %v, usage %+v, units %+v", policy, usage, units)
		}
		return err
	}))
}

func (c *court) put(e record.Entity) { c.change(func(r *record.Record) { r.Put(e) }) }

func (c *court) change(do func(*record.Record)) {
	c.t.Helper()
	c.must(c.store.Update(c.t.Context(), func(*catalog.Tx) (r record.Record, err error) {
		do(&r)
		return r, nil
	}))
}

// conditional is a lock, or a policy, of one statement with a condition.
func conditional(effect, action, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":"*","Action":"glacier:%s","Resource":%q,"Condition":%s}]}`,
		effect, action, photosARN, condition)
}

func TestConditionsOnTheRequest(t *testing.T) {
	for _, tt := range []struct {
		name, condition string
		change          func(*access.Request)
		matches         bool
	}{
		{"address in a network", `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, from("203.0.113.7"), true},
		{"address outside", `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, from("198.51.100.7"), false},
		{"address unknown", `{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, func(*access.Request) {}, true},
		{"in the clear", `{"Bool":{"aws:SecureTransport":"false"}}`, func(*access.Request) {}, true},
		{"over TLS", `{"Bool":{"aws:SecureTransport":"false"}}`, func(q *access.Request) { q.Client.Secure = true }, false},
		{"no second factor", `{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`, func(*access.Request) {}, true},
		{"no second factor, if exists", `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, func(*access.Request) {}, true},
		{"no second factor's age", `{"Null":{"aws:MultiFactorAuthAge":"true"}}`, func(*access.Request) {}, true},
		{"user agent", `{"StringLike":{"aws:UserAgent":"aws-cli/*"}}`, func(q *access.Request) { q.Client.UserAgent = "aws-cli/2.9" }, true},
		{"referer", `{"StringEquals":{"aws:Referer":"https://a/"}}`, func(q *access.Request) { q.Client.Referer = "https://a/" }, true},
		{"who", `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:root"}}`, func(*access.Request) {}, true},
		{"whose", `{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`, func(*access.Request) {}, true},
		{"what sort", `{"StringEquals":{"aws:PrincipalType":"Account"}}`, func(*access.Request) {}, true},
		{"userid of root", `{"StringEquals":{"aws:userid":"111122223333"}}`, func(*access.Request) {}, true},
		{"root has no name", `{"Null":{"aws:username":"true"}}`, func(*access.Request) {}, true},
		{"region", `{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`, func(*access.Request) {}, true},
		{"the resource's account", `{"StringEquals":{"aws:ResourceAccount":"111122223333"}}`, func(*access.Request) {}, true},
		{"time", `{"DateGreaterThan":{"aws:CurrentTime":"2026-01-02T11:59:59Z"}}`, func(*access.Request) {}, true},
		{"time to come", `{"DateGreaterThan":{"aws:CurrentTime":"2026-01-02T13:00:00Z"}}`, func(*access.Request) {}, false},
		{"seconds", `{"NumericLessThan":{"aws:EpochTime":"1767355201"}}`, func(*access.Request) {}, true},
		{"nothing of the sort", `{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`, func(*access.Request) {}, false},
		{"age where there is no archive", `{"Null":{"glacier:ArchiveAgeInDays":"true"}}`, func(*access.Request) {}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCourt(t)
			text := conditional("Deny", "UploadArchive", tt.condition)
			c.must(c.vaults.SetVaultAccessPolicy(t.Context(), alice, photos, &text))
			q := ask(access.RootOf(alice), "UploadArchive")
			tt.change(&q)
			if denied := c.decide(q) != nil; denied != tt.matches {
				t.Errorf("denied: %v", denied)
			}
		})
	}
}

func from(addr string) func(*access.Request) {
	return func(q *access.Request) { q.Client.Addr = netip.MustParseAddr(addr) }
}

// archive stores the record of an archive.
func (c *court) archive(created time.Time) glacier.ArchiveID {
	c.t.Helper()
	var id glacier.ArchiveID
	c.must(c.store.Update(c.t.Context(), func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, _, err := tx.Vault(alice, photos)
		a := vault.NewArchive(tx, c.store.IDKey(), v, "")
		a.Created, a.Size = created.UnixMilli(), 1
		id = a.Public
		r.Put(&a)
		return r, err
	}))
	return id
}

// The guide's example of a lock: no archive is deleted before its time.
func TestAgeOfAnArchive(t *testing.T) {
	c := newCourt(t)
	worm := conditional("Deny", "DeleteArchive", `{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}`)
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &worm)
	c.must(err)
	q := ask(access.RootOf(alice), "DeleteArchive")
	q.Archive = c.archive(c.clock())
	for _, step := range []struct {
		after  time.Duration
		denied bool
	}{
		{0, true},
		{364 * 24 * time.Hour, true},
		{24*time.Hour - time.Second, true}, // 365 days less a second
		{time.Second, false},
		{1000 * 24 * time.Hour, false},
	} {
		c.pass(step.after)
		// The lock would lapse: it is what forbids, not what is tested here.
		c.must(c.lockNow())
		if err := c.decide(q); (err != nil) != step.denied {
			t.Errorf("after %v more: %v", step.after, err)
		}
	}
}

// lockNow completes the vault's lock, if it is not.
func (c *court) lockNow() error {
	return c.store.Update(c.t.Context(), func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, _, err := tx.Vault(alice, photos)
		if err != nil {
			return r, err
		}
		l, _, err := tx.VaultLock(v.ID)
		if err == nil && !l.Locked {
			l.Locked = true
			r.Put(&l)
		}
		return r, err
	})
}

// The guide's other example: a tag holds archives as long as it says so.
func TestTagsHold(t *testing.T) {
	c := newCourt(t)
	hold := conditional("Deny", "DeleteArchive", `{"StringLike":{"glacier:ResourceTag/LegalHold":["true",""]}}`)
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &hold)
	c.must(err)
	q := ask(access.RootOf(alice), "DeleteArchive")
	for _, step := range []struct {
		key, value string
		denied     bool
	}{
		{"Other", "true", false},
		{"LegalHold", "true", true},
		{"LegalHold", "false", false},
		{"LegalHold", "", true},
		{"LegalHold", "True", false},
	} {
		c.must(c.vaults.AddTagsToVault(t.Context(), alice, photos, map[string]string{step.key: step.value}))
		if err := c.decide(q); (err != nil) != step.denied {
			t.Errorf("%s=%q: %v", step.key, step.value, err)
		}
	}
	c.must(c.vaults.RemoveTagsFromVault(t.Context(), alice, photos, []string{"LegalHold"}))
	c.must(c.decide(q))
	c.must(c.vaults.AddTagsToVault(t.Context(), alice, photos, map[string]string{"legalhold": "true"}))
	if c.decide(q) == nil {
		t.Error("a tag in other letters does not hold: condition keys have no case")
	}
}

// Between the decision and the deed somebody locks the vault, takes a
// permission away, or puts a tag on it, or the time is over. The deed is not done.
func TestNothingSlipsPastALockThatComesBetween(t *testing.T) {
	worm := conditional("Deny", "DeleteArchive", `{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}`)
	hold := conditional("Deny", "DeleteArchive", `{"StringLike":{"glacier:ResourceTag/LegalHold":["true",""]}}`)
	shut := deny("*", "DeleteArchive")
	for _, tt := range []struct {
		name            string
		before, between func(*court) error
	}{
		{"a lock", nil, func(c *court) error {
			_, err := c.vaults.InitiateVaultLock(c.t.Context(), alice, photos, &worm)
			return err
		}},
		{"an access policy", nil, func(c *court) error { return c.vaults.SetVaultAccessPolicy(c.t.Context(), alice, photos, &shut) }},
		{"a tag", func(c *court) error {
			_, err := c.vaults.InitiateVaultLock(c.t.Context(), alice, photos, &hold)
			return err
		}, func(c *court) error {
			return c.vaults.AddTagsToVault(c.t.Context(), alice, photos, map[string]string{"LegalHold": "true"})
		}},
		{"the time", func(c *court) error {
			closed := conditional("Deny", "DeleteArchive", `{"DateGreaterThan":{"aws:CurrentTime":"`+c.clock().Add(time.Hour).Format(time.RFC3339)+`"}}`)
			return c.vaults.SetVaultAccessPolicy(c.t.Context(), alice, photos, &closed)
		}, func(c *court) error {
			c.pass(2 * time.Hour)
			return nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCourt(t)
			if tt.before != nil {
				c.must(tt.before(c))
			}
			q := ask(access.RootOf(alice), "DeleteArchive")
			q.Archive = c.archive(c.clock())
			ctx, err := c.Authorize(t.Context(), q)
			c.must(err)
			c.must(tt.between(c))
			wantError(t, c.vaults.DeleteArchive(ctx, alice, photos, q.Archive), "AccessDeniedException: …")
			c.must(c.store.View(t.Context(), func(tx *catalog.Tx) error {
				v, _, err := tx.Vault(alice, photos)
				if err != nil {
					return err
				}
				_, err = vault.FindArchive(tx, c.store.IDKey(), region, v, q.Archive)
				return err
			}))
		})
	}
}

// A lock that nobody completes is gone after a day, by the lock clock alone.
func TestALockLapses(t *testing.T) {
	c := newCourt(t)
	lock := deny("*", "DescribeVault")
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &lock)
	c.must(err)
	q := ask(access.RootOf(alice), "DescribeVault")
	c.pass(24*time.Hour - time.Second)
	wantError(t, c.decide(q), "AccessDeniedException: …")
	c.pass(time.Second)
	c.must(c.decide(q))
	_, err = c.vaults.GetVaultLock(t.Context(), alice, photos)
	wantError(t, err, "ResourceNotFoundException: No vault lock policy is set for: photos")
}

func TestAuthorizeIdentity(t *testing.T) {
	c := newCourt(t)
	admin := c.caller(alice, "admin", `{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::111122223333:user/*"}}`)
	nobody := c.caller(alice, "nobody", "")
	q := access.Request{Action: "iam:CreateUser", Resource: "arn:aws:iam::111122223333:user/new"}
	for _, tt := range []struct {
		who  access.Caller
		want string
	}{
		{access.RootOf(alice), ""},
		{admin, ""},
		{nobody, "AccessDeniedException: User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: iam:CreateUser on resource: " +
			"arn:aws:iam::111122223333:user/new because no identity-based policy allows the iam:CreateUser action"},
	} {
		q.Caller = tt.who
		wantError(t, c.AuthorizeIdentity(q), tt.want)
	}
}

// What the house does by itself is not asked.
func TestHousekeepingIsNotAsked(t *testing.T) {
	c := newCourt(t)
	lock := deny("*", "*")
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &lock)
	c.must(err)
	c.must(c.vaults.Sweep(context.Background()))
}
