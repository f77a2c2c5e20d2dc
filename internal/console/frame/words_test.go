package frame

import (
	"testing"
	"time"

	"firn/glacier"
)

func TestWords(t *testing.T) {
	at := time.Date(2026, 11, 25, 9, 30, 59, 0, time.FixedZone("", 3600))
	g := glacier.Time{Time: at}
	for _, row := range []struct{ name, got, want string }{
		{"no bytes", ByteCount(0), "0 bytes"},
		{"one byte", ByteCount(1), "1 byte"},
		{"a thousand", ByteCount(1023), "1,023 bytes"},
		{"a KiB", ByteCount(1024), "1.00 KiB"},
		{"just below a MiB", ByteCount(1<<20 - 1), "1.00 MiB"},
		{"two digits", ByteCount(12_345_678), "11.8 MiB"},
		{"three digits", ByteCount(123_456_789), "118 MiB"},
		{"the largest archive", ByteCount(40_000 << 30), "39.1 TiB"},
		{"a small count", Count(7), "7"},
		{"thousands", Count(int64(1_234_567)), "1,234,567"},
		{"below none", Count(-123_456), "-123,456"},
		{"one", Plural(1, "vault"), "1 vault"},
		{"many", Plural(1000, "vault"), "1,000 vaults"},
		{"a part", percent(1, 3), "33 %"},
		{"of nothing", percent(1, 0), "0 %"},
		{"a short id", Short("abc"), "abc"},
		{"a long id", Short("abcdefghijklmnopqrstuvwxyz"), "abcdefghij…uvwxyz"},
		{"a time", string(when(at)), `<time datetime="2026-11-25T08:30:59Z">2026-11-25 08:30 UTC</time>`},
		{"a time of the API's", string(when(&g)), string(when(at))},
		{"no time", string(when((*glacier.Time)(nil))), `<span class="muted">never</span>`},
	} {
		if row.got != row.want {
			t.Errorf("%s: %q, want %q", row.name, row.got, row.want)
		}
	}
}

func TestCommandsCanBePasted(t *testing.T) {
	for _, row := range []struct {
		name string
		got  Command
		want string
	}{
		{"plain", GlacierCommand("", "describe-vault", "vault-name", "photos"), "aws glacier describe-vault --account-id - --vault-name photos"},
		{"an id that looks like an option", GlacierCommand("", "delete-archive", "archive-id", "-ab_c"), "aws glacier delete-archive --account-id - --archive-id=-ab_c"},
		{"what the shell would read", GlacierCommand("", "x", "d", "it's $HOME"), `aws glacier x --account-id - --d 'it'\''s $HOME'`},
		{"nothing", AwsCommand("", "iam", "delete-access-key", "user-name", "", "access-key-id", "AKIA"), "aws iam delete-access-key --access-key-id AKIA"},
		{"an argument", AwsCommand("", "glacier", "get-job-output", "", "out.txt"), "aws glacier get-job-output out.txt"},
	} {
		if row.got.Text != row.want {
			t.Errorf("%s: %s, want %s", row.name, row.got.Text, row.want)
		}
	}
}

func TestCommandsAreForThoseWhoMay(t *testing.T) {
	own := Command{Does: "own", Text: "firn topic replay"}
	got := Allowed(map[string]bool{"ListParts": true, "DeleteUser": false}, AwsCommand("parts", "glacier", "list-parts"),
		AwsCommand("gone", "iam", "delete-user"), AwsCommand("unknown", "iam", "get-user"), own)
	if len(got) != 2 || got[0].Does != "parts" || got[1] != own {
		t.Errorf("allowed are %+v", got)
	}
}
