package audit

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const golden = "testdata/lines.jsonl"

// someID is the eventID of the golden lines.
const someID = "00000000-0000-4000-8000-000000000000"

// uuid is a random one, as RFC 9562 writes it.
var uuid = regexp.MustCompile(`"eventID":"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"`)

// samples are events with a golden line each, in its order. The first three are the calls that the developer guide shows.
func samples() map[string]*Event {
	user := Identity{
		Type: IAMUser, PrincipalID: "A1B2C3D4E5F6G7EXAMPLE", ARN: "arn:aws:iam::999999999999:user/myUserName",
		AccountID: "999999999999", AccessKeyID: "AKIAIOSFODNN7EXAMPLE", UserName: "myUserName",
	}
	base := Event{
		Identity: user, Time: time.Date(2014, 12, 10, 19, 5, 15, 999, time.UTC), Region: "us-east-1", IP: "127.0.0.1",
		UserAgent: "aws-sdk-java/1.9.6 Mac_OS_X/10.9.5 <&>", Account: "999999999999",
	}
	with := func(change func(e *Event)) *Event {
		e := base
		change(&e)
		return &e
	}
	return map[string]*Event{
		"CreateVault": with(func(e *Event) {
			e.RequestID = "HJiLgvfXCY88QJAC6rRoexS9ThvI21Q1Nqukfly02hcUPPo"
			e.Request = map[string]string{"vaultName": "myVaultName", "accountId": "-"}
			e.Response = map[string]string{"location": "/999999999999/vaults/myVaultName"}
		}),
		"DeleteVault": with(func(e *Event) {
			e.RequestID = "GGdw-VfhVfLCFwAM6iVUvMQ6-fMwSqSO9FmRd0eRSa_Fc7c"
			e.Request = map[string]string{"accountId": "-", "vaultName": "myVaultName"}
		}),
		"ListVaults": with(func(e *Event) {
			e.RequestID = "yPTs22ghTsWprFivb-2u30FAaDALIZP17t4jM_xL9QJQyVA"
			e.Time = e.Time.In(time.FixedZone("CET", 3600))
			e.ReadOnly = true
			e.Request = map[string]string{"accountId": "-"}
		}),
		"DescribeVault": with(func(e *Event) { // refused
			e.Identity = Identity{Type: Unknown, AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}
			e.RequestID = "QRt1ZdFLGn0TCm784HmKafBmcB2lVaV81UU3fsOR3PtoIiM"
			e.ErrorCode = "UnrecognizedClientException"
			e.ErrorMessage = "The security token\nincluded in the request is invalid\xff."
			e.ReadOnly = true
			e.Additional = map[string]string{"firn": "a line\u2028of its own"}
			e.TLS = &TLS{Version: "TLSv1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", Host: "localhost"}
		}),
	}
}

// TestLines compares the wire form with the golden file, in whose lines the eventID is someID.
func TestLines(t *testing.T) {
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.SplitAfter(strings.TrimSpace(string(data)), "\n")
	enc := newEncoder()
	ids := map[string]bool{}
	for i, name := range []string{"CreateVault", "DeleteVault", "ListVaults", "DescribeVault"} {
		e := samples()[name]
		e.Name = name
		given := *e
		line, err := enc.encode(e, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		id := uuid.FindSubmatch(line)
		if id == nil || ids[string(id[1])] {
			t.Fatalf("%s: no eventID, or the same again: %s", name, line)
		}
		ids[string(id[1])] = true
		got := strings.Replace(string(line), string(id[1]), someID, 1)
		if i >= len(want) || strings.TrimSpace(want[i]) != strings.TrimSpace(got) {
			t.Errorf("%s: the line is not that of %s:\n%s", name, golden, got)
		}
		if n := strings.Count(got, "\n"); n != 1 || !strings.HasSuffix(got, "}\n") {
			t.Errorf("%s: %d newlines in %q", name, n, got)
		}
		if diff := cmp.Diff(given, *e); diff != "" {
			t.Errorf("%s: the caller's event was changed:\n%s", name, diff)
		}
	}
}

func TestLineReadsBackAsEvent(t *testing.T) {
	for name, e := range samples() {
		line, err := newEncoder().encode(e, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var got Event
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		want := *e
		want.fill(time.Time{})
		want.cut()
		want.ID = got.ID
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestTimeOfAnEvent(t *testing.T) {
	now := time.Date(2026, 1, 2, 4, 4, 5, 678, time.FixedZone("CET", 3600))
	for _, row := range []struct {
		name  string
		given time.Time
		want  string // "" is an error
	}{
		{"none given: the clock's", time.Time{}, "2026-01-02T03:04:05Z"},
		{"given", time.Date(2012, 6, 1, 0, 0, 0, 0, time.UTC), "2012-06-01T00:00:00Z"},
		{"beyond what RFC 3339 can say", time.Date(12012, 6, 1, 0, 0, 0, 0, time.UTC), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			line, err := newEncoder().encode(&Event{Time: row.given}, now)
			if (err == nil) != (row.want != "") {
				t.Fatalf("error %v", err)
			}
			if want := `"eventTime":"` + row.want + `"`; err == nil && !bytes.Contains(line, []byte(want)) {
				t.Errorf("no %s in %s", want, line)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"as long as can be", "0123456789", "0123456789"},
		{"one byte longer", "0123456789a", "0123456…"},
		{"end of a character at the limit", "01234567é", "01234567é"},
		{"end of a character past the limit", "012345678é", "0123456…"},
		{"character across the cut", "012345éé89", "012345…"},
		{"four bytes across the cut", "01234😀89", "01234…"},
		{"invalid byte", "a\xffb", "a\uFFFDb"},
		{"run of invalid bytes becomes one", "a\xff\xfe\xfdb", "a\uFFFDb"},
		{"too long once replaced", "\xff1\xff2\xff3\xff4", "\uFFFD1\uFFFD…"},
		{"nothing but continuation bytes", strings.Repeat("\x80", 11), "\uFFFD…"},
		{"half a character at the end", "a\xc3", "a\uFFFD"},
		{"newline is the encoder's business", "a\nb", "a\nb"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := cut(row.in, 10)
			if got != row.want {
				t.Errorf("cut(%q) = %q, want %q", row.in, got, row.want)
			}
			if len(got) > 10 || !utf8.ValidString(got) {
				t.Errorf("%q has %d bytes", got, len(got))
			}
		})
	}
}

// TestNobodyMakesALineLong gives a client everything to write in.
func TestNobodyMakesALineLong(t *testing.T) {
	long := strings.Repeat("\x01", 1<<20)
	params := func() map[string]string {
		m := map[string]string{}
		for i := range 100 {
			m[string(rune('A'+i))+long] = long
		}
		return m
	}
	e := &Event{
		Identity: Identity{Type: long, PrincipalID: long, ARN: long, AccountID: long, AccessKeyID: long, UserName: long},
		Name:     long, Region: long, IP: long, UserAgent: long, ErrorCode: long, ErrorMessage: long,
		Request: params(), Response: params(), Additional: params(),
		RequestID: long, Account: long, TLS: &TLS{Version: long, CipherSuite: long, Host: long},
	}
	line, err := newEncoder().encode(e, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(line) > maxLine {
		t.Errorf("the line has %d bytes, which is more than %d", len(line), maxLine)
	}
	var got Event
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	if n := len(got.Request); n != maxParams {
		t.Errorf("%d parameters", n)
	}
	for k, v := range got.Request {
		if len(k) > maxKey || len(v) > maxText || !strings.HasSuffix(k, ellipsis) || !strings.HasSuffix(v, ellipsis) {
			t.Errorf("parameter of %d bytes has a value of %d", len(k), len(v))
		}
	}
	if len(got.UserAgent) > maxText || !strings.HasSuffix(got.UserAgent, ellipsis) {
		t.Errorf("user agent of %d bytes", len(got.UserAgent))
	}
	if len(e.UserAgent) != len(long) || len(e.Request) != 100 || len(e.TLS.Host) != len(long) {
		t.Error("the caller's event was cut as well")
	}
}

func TestCutParams(t *testing.T) {
	longKey := strings.Repeat("k", maxKey)
	for _, row := range []struct {
		name     string
		in, want map[string]string
	}{
		{"null stays null", nil, nil},
		{"empty stays empty", map[string]string{}, map[string]string{}},
		{"invalid name", map[string]string{"a\xff": "b"}, map[string]string{"a\uFFFD": "b"}},
		{"names alike once cut: the first", map[string]string{longKey + "b": "2", longKey + "a": "1"}, map[string]string{cut(longKey+"x", maxKey): "1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, cutParams(row.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
