package policy

import (
	"fmt"
	"strings"
	"testing"
)

// large is a policy of about MaxSize as people write them: each statement is about other actions and has conditions, and the one that
// decides comes last.
func large() string {
	var b strings.Builder
	b.WriteString(`{"Version": "2012-10-17", "Statement": [`)
	for i := 0; b.Len() < MaxSize-900; i++ {
		fmt.Fprintf(&b, `{"Sid": "s%d", "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, `, i)
		switch i % 4 {
		case 0:
			b.WriteString(`"Action": "glacier:Delete*", "Resource": "arn:aws:glacier:*:*:vaults/photos",
				"Condition": {"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}}},`)
		case 1:
			b.WriteString(`"Action": ["glacier:DeleteArchive", "glacier:DeleteVault"], "Resource": "arn:aws:glacier:eu-west-1:111122223333:vaults/*",
				"Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}},`)
		case 2:
			b.WriteString(`"Action": "*", "Resource": "arn:aws:glacier:*:*:vaults/${aws:username}-*",
				"Condition": {"StringNotLike": {"aws:UserAgent": ["aws-cli/*", "*Boto3*"]}}},`)
		case 3:
			b.WriteString(`"NotAction": ["glacier:List*", "glacier:Get*"], "Resource": "*",
				"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}, "Bool": {"aws:SecureTransport": "false"}}},`)
		}
	}
	b.WriteString(`{"Sid": "last", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"},
		"Action": "glacier:*", "Resource": "*"}]}`)
	return b.String()
}

func largeRequest() *Request {
	values := map[string][]string{
		"aws:useragent":            {"aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64"},
		"aws:username":             {"alice"},
		"aws:sourceip":             {"203.0.113.9"},
		"aws:currenttime":          {"2026-03-01T12:00:00Z"},
		"aws:securetransport":      {"true"},
		"glacier:archiveageindays": {"400"},
	}
	r := withAgent("")
	r.Value = func(key string) ([]string, bool) {
		v, ok := values[key]
		return v, ok
	}
	return r
}

func TestLarge(t *testing.T) {
	p, err := Parse(Resource, large())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.statements); n < 60 {
		t.Errorf("%d statements in %d bytes", n, len(large()))
	}
	if v := p.Evaluate(largeRequest()); v != (Verdict{Effect: Allow, Direct: true, Statement: "last"}) {
		t.Errorf("%+v", v)
	}
}

func BenchmarkParse20K(b *testing.B) {
	text := large()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(Resource, text); err != nil {
			b.Fatal(err)
		}
	}
}

// The first action is one that nearly all statements are about, the second one that few are.
func BenchmarkEvaluate20K(b *testing.B) {
	p, err := Parse(Resource, large())
	if err != nil {
		b.Fatal(err)
	}
	for _, action := range []string{"glacier:DeleteArchive", "glacier:ListJobs"} {
		b.Run(action, func(b *testing.B) {
			r := largeRequest()
			r.Action = action
			b.ReportAllocs()
			for b.Loop() {
				if v := p.Evaluate(r); v.Effect != Allow {
					b.Fatal(v)
				}
			}
		})
	}
}
