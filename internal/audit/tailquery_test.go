package audit

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// cast are events of several people, numbered from 1.
func cast() []*Event {
	root := Identity{Type: Root, PrincipalID: mine, ARN: "arn:aws:iam::" + mine + ":root", AccountID: mine, AccessKeyID: "AKIAROOT"}
	ann := Identity{Type: IAMUser, PrincipalID: "AIDAANN", ARN: "arn:aws:iam::" + mine + ":user/ann", AccountID: mine, AccessKeyID: "AKIAANN", UserName: "ann"}
	eve := Identity{Type: IAMUser, PrincipalID: "AIDAEVE", ARN: "arn:aws:iam::" + theirs + ":user/eve", AccountID: theirs, AccessKeyID: "AKIAEVE", UserName: "eve"}
	nobody := Identity{Type: Unknown, AccessKeyID: "AKIAGONE"}
	vault := func(name string) map[string]string { return map[string]string{"vaultName": name} }
	events := []*Event{
		{Identity: root, Account: mine, Name: "CreateVault", Request: vault("photos"), UserAgent: "grüße\tgrüsse \u212aelvin"},
		{Identity: ann, Account: mine, Name: "UploadArchive", Request: vault("photos"), Response: map[string]string{"archiveId": "ARCHIVE"}, UserAgent: "Boto3 \"x\""},
		{Identity: ann, Account: mine, Name: "DeleteVault", Request: vault("photos"), ErrorCode: "InvalidParameterValueException", ErrorMessage: "Vault not empty"},
		{Identity: ann, Account: theirs, Name: "DescribeVault", Request: vault("secret"), ErrorCode: "AccessDeniedException"},
		{Identity: eve, Account: mine, Name: "DescribeVault", Request: vault("photos"), ErrorCode: "AccessDeniedException"},
		{Identity: eve, Account: theirs, Name: "CreateVault", Request: vault(mine)},
		{Identity: nobody, Name: "ListVaults", ErrorCode: "UnrecognizedClientException"},
		{Identity: nobody, Account: mine, Name: "ListVaults", ErrorCode: "UnrecognizedClientException"},
		{Identity: nobody, Name: "ConsoleLogin", ErrorMessage: "Failed authentication"}, // as CloudTrail has it, without a code
	}
	for i, e := range events {
		e.ReadOnly = strings.HasPrefix(e.Name, "Describe") || strings.HasPrefix(e.Name, "List")
		e.RequestID, e.Time = fmt.Sprintf("%05d", i+1), clock().Add(time.Duration(i)*time.Hour)
	}
	return events
}

func TestQueries(t *testing.T) {
	l := written(t, disk.NewMem(0), cast()...)
	hour := func(n int) time.Time { return clock().Truncate(time.Second).Add(time.Duration(n) * time.Hour) }
	for _, row := range []struct {
		name string
		q    Query
		want string
	}{
		{"all of the account", Query{}, "8 5 4 3 2 1"},
		{"all of the other account", Query{Account: theirs}, "6 5 4"},
		{"an account with nothing", Query{Account: "333333333333"}, ""},
		{"an account's beginning", Query{Account: mine[:11]}, ""},
		{"with those of nobody", Query{Unclaimed: true}, "9 8 7 5 4 3 2 1"},
		{"a name in another case", Query{Name: "VAULT"}, "8 5 4 3 1"},
		{"a part of a name", Query{Name: "uploada"}, "2"},
		{"refused calls", Query{Failed: true}, "8 5 4 3"},
		{"refused calls of nobody, which may have no code", Query{Unclaimed: true, Failed: true}, "9 8 7 5 4 3"},
		{"changes", Query{Changes: true}, "3 2 1"},
		{"changes that were refused", Query{Changes: true, Failed: true}, "3"},
		{"a user", Query{User: "ann"}, "4 3 2"},
		{"a user by ARN", Query{User: "arn:aws:iam::" + mine + ":user/ann"}, "4 3 2"},
		{"a key", Query{User: "AKIAROOT"}, "1"},
		{"a part of a user's name", Query{User: "an"}, ""},
		{"a vault", Query{Vault: "photos"}, "5 3 2 1"},
		{"a part of a vault's name", Query{Vault: "photo"}, ""},
		{"text of an error", Query{Text: "not EMPTY"}, "3"},
		{"text of a reply", Query{Text: "archive"}, "2"},
		{"text that JSON escapes", Query{Text: `boto3 "X"`}, "2"},
		{"text beyond ASCII, in another case", Query{Text: "GRÜSSE"}, "1"},
		{"a letter that is ASCII's in lower case", Query{Text: "kelvin"}, "1"},
		{"text with a control character", Query{Text: "\t"}, "1"},
		{"text of no value", Query{Text: "eventName"}, ""},
		{"a stranger's name, which is not shown", Query{Text: "user/eve"}, ""},
		{"a stranger's user name", Query{User: "eve"}, ""},
		{"a stranger's key", Query{User: "AKIAEVE"}, ""},
		{"the stranger's own account sees it", Query{Account: theirs, User: "eve"}, "6 5"},
		{"from a time", Query{From: hour(3)}, "8 5 4"},
		{"from after all", Query{From: hour(9)}, ""},
		{"to a time", Query{To: hour(3)}, "3 2 1"},
		{"to before all", Query{To: hour(0)}, ""},
		{"between", Query{From: hour(1), To: hour(3)}, "3 2"},
		{"nothing lies between", Query{From: hour(3), To: hour(1)}, ""},
		{"everything at once", Query{Name: "delete", Text: "vault", User: "ann", Vault: "photos", Failed: true, From: hour(1), To: hour(5)}, "3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, row.q.Limit = range []int{0, 1} {
				if got, _ := walk(t, l, row.q, nil); got != row.want {
					t.Errorf("limit %d: found %q, want %q", row.q.Limit, got, row.want)
				}
			}
		})
	}
	if _, err := l.Latest(t.Context(), Query{}); err == nil {
		t.Error("a query without account is answered")
	}
}

// TestAStrangerIsVeiled: of who comes from another account a page says no more than which.
func TestAStrangerIsVeiled(t *testing.T) {
	l := written(t, disk.NewMem(0), cast()...)
	got := latest(t, l, Query{Text: "AIDAEVE"}).Events
	if len(got) != 1 {
		t.Fatalf("%d events", len(got))
	}
	if diff := cmp.Diff(Identity{Type: AWSAccount, PrincipalID: "AIDAEVE", AccountID: theirs}, got[0].Identity); diff != "" {
		t.Error(diff)
	}
}

// TestATimeIsFoundQuickly: what is newer than what is asked for is not read.
func TestATimeIsFoundQuickly(t *testing.T) {
	const lines = 8000
	mem := disk.NewMem(0)
	l := open(t, Config{FS: mem, MaxSize: 4 << 20})
	at := func(n int) time.Time { return clock().Truncate(time.Second).Add(time.Duration(n) * time.Second) }
	for n := range lines {
		e := owned(n + 1)
		e.Time, e.UserAgent = at(n), strings.Repeat("x", maxText)
		if err := l.Append(e, false); err != nil {
			t.Fatal(err)
		}
	}
	var read atomic.Int64
	l.cfg.FS = disk.Inject(mem, func(op disk.Op) error {
		if op.Kind == disk.OpRead {
			read.Add(int64(op.Len))
		}
		return nil
	})
	for _, n := range []int{1, 2, 50, 51, 1234, 3000, 4000, lines - 1, lines} {
		read.Store(0)
		p := latest(t, l, Query{To: at(n), Limit: 3})
		if want := downTo(n, max(1, n-2)); p.ids() != want {
			t.Errorf("to %d: found %s, want %s", n, p.ids(), want)
		}
		if got := read.Load(); got > 10*chunkSize {
			t.Errorf("to %d: %d bytes were read", n, got)
		}
		if got, _ := walk(t, l, Query{From: at(max(0, n-5)), To: at(n), Limit: 2}, nil); got != downTo(n, max(1, n-4)) {
			t.Errorf("up to %d: found %s", n, got)
		}
	}
	if got := latest(t, l, Query{From: at(lines - 1)}); got.Next != "" || len(got.Events) != 1 {
		t.Errorf("after the last: %d events, next %q", len(got.Events), got.Next)
	}
}
