package iam_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/iam"
)

// masks hide what differs from run to run.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`<RequestId>[\w-]{47}</RequestId>`), "<RequestId>ID</RequestId>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "DATE"},
	{regexp.MustCompile(`AIDA[A-Z2-7]{16}`), "AIDA"},
	{regexp.MustCompile(`AKIA[A-Z2-7]{16}`), "AKIA"},
	{regexp.MustCompile(`<SecretAccessKey>[\w/+]{40}<`), "<SecretAccessKey>SECRET<"},
}

func masked(document string) string {
	for _, m := range masks {
		document = m.what.ReplaceAllString(document, m.with)
	}
	return document
}

const aPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glacier:List*","Resource":"*"}]}`

// TestActions is a session of root's: one row after the other, each with the
// whole result of its reply.
func TestActions(t *testing.T) {
	h := build(t, nil)
	key := "" // alice's
	seen := map[string]bool{}
	for _, tt := range []struct {
		name   string
		query  []string // the action, then names and values; KEY is alice's key
		result string   // what is in the Result element; "-" if there is none
	}{
		{"no users", []string{"ListUsers"}, "<Users></Users><IsTruncated>false</IsTruncated>"},
		{"a user", []string{"CreateUser", "UserName", "alice"},
			"<User><Path>/</Path><UserName>alice</UserName><UserId>AIDA</UserId><Arn>arn:aws:iam::111122223333:user/alice</Arn><CreateDate>DATE</CreateDate></User>"},
		{"one more, with the path there is", []string{"CreateUser", "UserName", "a+=,.@_-", "Path", "/"},
			"<User><Path>/</Path><UserName>a+=,.@_-</UserName><UserId>AIDA</UserId><Arn>arn:aws:iam::111122223333:user/a+=,.@_-</Arn><CreateDate>DATE</CreateDate></User>"},
		{"a user by name", []string{"GetUser", "UserName", "alice"},
			"<User><Path>/</Path><UserName>alice</UserName><UserId>AIDA</UserId><Arn>arn:aws:iam::111122223333:user/alice</Arn><CreateDate>DATE</CreateDate></User>"},
		{"who I am", []string{"GetUser"},
			"<User><UserId>111122223333</UserId><Arn>arn:aws:iam::111122223333:root</Arn><CreateDate>DATE</CreateDate></User>"},
		{"users elsewhere", []string{"ListUsers", "PathPrefix", "/team/"}, "<Users></Users><IsTruncated>false</IsTruncated>"},
		{"users everywhere", []string{"ListUsers", "PathPrefix", "/", "MaxItems", "1"},
			"<Users><member><Path>/</Path><UserName>a+=,.@_-</UserName><UserId>AIDA</UserId><Arn>arn:aws:iam::111122223333:user/a+=,.@_-</Arn><CreateDate>DATE</CreateDate></member></Users>" +
				"<IsTruncated>true</IsTruncated><Marker>YSs9LC5AXy0</Marker>"},

		{"root's keys", []string{"ListAccessKeys"},
			"<AccessKeyMetadata><member><AccessKeyId>AKIA</AccessKeyId><Status>Active</Status><CreateDate>DATE</CreateDate></member></AccessKeyMetadata><IsTruncated>false</IsTruncated>"},
		{"a key", []string{"CreateAccessKey", "UserName", "alice"},
			"<AccessKey><UserName>alice</UserName><AccessKeyId>AKIA</AccessKeyId><Status>Active</Status><SecretAccessKey>SECRET</SecretAccessKey><CreateDate>DATE</CreateDate></AccessKey>"},
		{"whose it is", []string{"GetAccessKeyLastUsed", "AccessKeyId", "KEY"},
			"<UserName>alice</UserName><AccessKeyLastUsed><ServiceName>N/A</ServiceName><Region>N/A</Region></AccessKeyLastUsed>"},
		{"disabled", []string{"UpdateAccessKey", "UserName", "alice", "AccessKeyId", "KEY", "Status", "Inactive"}, "-"},
		{"her keys", []string{"ListAccessKeys", "UserName", "alice"},
			"<AccessKeyMetadata><member><UserName>alice</UserName><AccessKeyId>AKIA</AccessKeyId><Status>Inactive</Status><CreateDate>DATE</CreateDate></member></AccessKeyMetadata><IsTruncated>false</IsTruncated>"},
		{"enabled", []string{"UpdateAccessKey", "UserName", "alice", "AccessKeyId", "KEY", "Status", "Active"}, "-"},
		{"deleted", []string{"DeleteAccessKey", "UserName", "alice", "AccessKeyId", "KEY"}, "-"},

		{"a policy of her own", []string{"PutUserPolicy", "UserName", "alice", "PolicyName", "lists", "PolicyDocument", aPolicy}, "-"},
		{"its text", []string{"GetUserPolicy", "UserName", "alice", "PolicyName", "lists"},
			"<UserName>alice</UserName><PolicyName>lists</PolicyName><PolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C" +
				"%22Action%22%3A%22glacier%3AList%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D</PolicyDocument>"},
		{"those of her own", []string{"ListUserPolicies", "UserName", "alice"},
			"<PolicyNames><member>lists</member></PolicyNames><IsTruncated>false</IsTruncated>"},
		{"gone", []string{"DeleteUserPolicy", "UserName", "alice", "PolicyName", "lists"}, "-"},
		{"none of her own", []string{"ListUserPolicies", "UserName", "alice"}, "<PolicyNames></PolicyNames><IsTruncated>false</IsTruncated>"},

		{"attached", []string{"AttachUserPolicy", "UserName", "alice", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess"}, "-"},
		{"what is attached", []string{"ListAttachedUserPolicies", "UserName", "alice"},
			"<AttachedPolicies><member><PolicyName>IAMFullAccess</PolicyName><PolicyArn>arn:aws:iam::aws:policy/IAMFullAccess</PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>"},
		{"what is attached elsewhere", []string{"ListAttachedUserPolicies", "UserName", "alice", "PathPrefix", "/service-role/"},
			"<AttachedPolicies></AttachedPolicies><IsTruncated>false</IsTruncated>"},
		{"a managed policy", []string{"GetPolicy", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess"},
			"<Policy><PolicyName>IAMFullAccess</PolicyName><Arn>arn:aws:iam::aws:policy/IAMFullAccess</Arn><Path>/</Path><DefaultVersionId>v1</DefaultVersionId>" +
				"<AttachmentCount>1</AttachmentCount><IsAttachable>true</IsAttachable></Policy>"},
		{"its document", []string{"GetPolicyVersion", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess", "VersionId", "v1"},
			"<PolicyVersion><Document>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22iam%3A%2A%22%2C" +
				"%22Resource%22%3A%22%2A%22%7D%5D%7D</Document><VersionId>v1</VersionId><IsDefaultVersion>true</IsDefaultVersion></PolicyVersion>"},
		{"managed ones in use", []string{"ListPolicies", "OnlyAttached", "true", "Scope", "AWS"},
			"<Policies><member><PolicyName>IAMFullAccess</PolicyName><Arn>arn:aws:iam::aws:policy/IAMFullAccess</Arn><Path>/</Path><DefaultVersionId>v1</DefaultVersionId>" +
				"<AttachmentCount>1</AttachmentCount><IsAttachable>true</IsAttachable></member></Policies><IsTruncated>false</IsTruncated>"},
		{"customer-managed ones", []string{"ListPolicies", "Scope", "Local"}, "<Policies></Policies><IsTruncated>false</IsTruncated>"},
		{"boundaries", []string{"ListPolicies", "PolicyUsageFilter", "PermissionsBoundary"}, "<Policies></Policies><IsTruncated>false</IsTruncated>"},
		{"detached", []string{"DetachUserPolicy", "UserName", "alice", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess"}, "-"},
		{"deleted user", []string{"DeleteUser", "UserName", "alice"}, "-"},

		{"an account", []string{"CreateAccount", "AccountId", "444455556666", "AccountName", "<backups> & co"},
			"<Account><AccountId>444455556666</AccountId><AccountName>&lt;backups&gt; &amp; co</AccountName><CreateDate>DATE</CreateDate></Account>" +
				"<AccessKey><AccessKeyId>AKIA</AccessKeyId><Status>Active</Status><SecretAccessKey>SECRET</SecretAccessKey><CreateDate>DATE</CreateDate></AccessKey>"},
		{"the accounts", []string{"ListAccounts"},
			"<Accounts><member><AccountId>111122223333</AccountId><CreateDate>DATE</CreateDate></member>" +
				"<member><AccountId>444455556666</AccountId><AccountName>&lt;backups&gt; &amp; co</AccountName><CreateDate>DATE</CreateDate></member></Accounts><IsTruncated>false</IsTruncated>"},
		{"no account", []string{"DeleteAccount", "AccountId", "444455556666"}, "-"},
	} {
		action, pairs := tt.query[0], slices.Clone(tt.query[1:])
		seen[action] = true
		for i := range pairs {
			pairs[i] = strings.ReplaceAll(pairs[i], "KEY", key)
		}
		document := h.ask(h.root, nil, action, pairs...)
		if tt.query[0] == "CreateAccessKey" {
			var r iam.CreateAccessKeyResult
			h.must(iam.Decode([]byte(document), action, &r))
			key = r.AccessKey.AccessKeyID
		}
		want := "<" + action + "Result>" + tt.result + "</" + action + "Result>"
		if tt.result == "-" {
			want = ""
		}
		want = "<" + action + `Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">` + want +
			"<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></" + action + "Response>"
		if diff := cmp.Diff(want, masked(document)); diff != "" {
			t.Errorf("%s: %v: %s", tt.name, tt.query, diff)
		}
	}
	for _, name := range iam.ActionNames() {
		if !seen[name] {
			t.Errorf("no row is about %s", name)
		}
	}
}

func TestPaging(t *testing.T) {
	h := build(t, nil)
	var want []string
	for _, name := range []string{"a", "B", "c", "D", "e"} {
		h.ask(h.root, nil, "CreateUser", "UserName", name)
		h.ask(h.root, nil, "PutUserPolicy", "UserName", "a", "PolicyName", name, "PolicyDocument", aPolicy)
		want = append(want, name)
	}
	slices.Sort(want)
	for _, size := range []string{"1", "2", "4", "5", "1000"} {
		var users, policies []string
		marker := []string{}
		for {
			var r iam.ListUsersResult
			h.ask(h.root, &r, "ListUsers", append(marker, "MaxItems", size)...)
			for _, u := range r.Users.Member {
				users = append(users, u.UserName)
			}
			if r.IsTruncated != (r.Marker != "") {
				t.Fatalf("%+v", r)
			}
			if !r.IsTruncated {
				break
			}
			marker = []string{"Marker", r.Marker}
		}
		for marker = nil; ; {
			var r iam.ListUserPoliciesResult
			h.ask(h.root, &r, "ListUserPolicies", append(marker, "UserName", "a", "MaxItems", size)...)
			policies = append(policies, r.PolicyNames.Member...)
			if !r.IsTruncated {
				break
			}
			marker = []string{"Marker", r.Marker}
		}
		if diff := cmp.Diff([][]string{want, want}, [][]string{users, policies}); diff != "" {
			t.Errorf("pages of %s: %s", size, diff)
		}
	}
}

// What was on the last page may be gone when the next one is asked for.
func TestPagingPastWhatIsGone(t *testing.T) {
	h := build(t, nil)
	for _, name := range []string{"a", "b", "c"} {
		h.ask(h.root, nil, "CreateUser", "UserName", name)
	}
	var r iam.ListUsersResult
	h.ask(h.root, &r, "ListUsers", "MaxItems", "2")
	h.ask(h.root, nil, "DeleteUser", "UserName", "b")
	var rest iam.ListUsersResult
	h.ask(h.root, &rest, "ListUsers", "Marker", r.Marker)
	if len(rest.Users.Member) != 1 || rest.Users.Member[0].UserName != "c" {
		t.Errorf("%+v", rest)
	}
}

// A hundred is a page, unless another size is asked for.
func TestDefaultPage(t *testing.T) {
	h := build(t, nil)
	for i := range 101 {
		name := "u" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		if _, err := h.access.CreateUser(t.Context(), manager, name); err != nil {
			t.Fatal(err)
		}
	}
	var r iam.ListUsersResult
	h.ask(h.root, &r, "ListUsers")
	if len(r.Users.Member) != 100 || !r.IsTruncated {
		t.Errorf("%d users, truncated: %t", len(r.Users.Member), r.IsTruncated)
	}
}

// Do is the same without the wire.
func TestDo(t *testing.T) {
	h := build(t, nil)
	handler := iam.New(iam.Config{Access: h.access, Region: "eu-north-1"})
	if _, err := handler.Do(t.Context(), rootOf(other), form("CreateUser", "UserName", "x")); err == nil || err.Error() != "The account with id 444455556666 cannot be found." {
		t.Errorf("error %v", err)
	}
	document, err := handler.Do(t.Context(), rootOf(manager), form("CreateUser", "UserName", "x"))
	h.must(err)
	var r iam.CreateUserResult
	h.must(iam.Decode(document, "CreateUser", &r))
	if r.User.ARN != "arn:aws:iam::111122223333:user/x" {
		t.Errorf("%+v", r)
	}
	if _, err := handler.Do(t.Context(), rootOf(manager), url.Values{}); err == nil {
		t.Error("no action at all was done")
	}
	if err := iam.Decode(document, "ListUsers", &r); err == nil {
		t.Error("a result was decoded that is not there")
	}
}
