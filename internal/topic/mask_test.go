package topic

import (
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for _, test := range []struct{ name, endpoint, want string }{
		{"nothing to hide", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"},
		{"password", "https://user:s3cret@example.com/a", "https://user:****@example.com/a"},
		{"empty password", "https://user:@example.com", "https://user:****@example.com"},
		{"user alone", "https://user@example.com", "https://user@example.com"},
		{"token alone", "nats://s3cret@example.com:4222", "nats://****@example.com:4222"},
		{"password with an at sign", "amqp://user:s3@s3cret@host/v", "amqp://user:****@host/v"},
		{"several hosts", "nats://u:s3cret@a:1,v:s3cret@b:2/x", "nats://u:****@b:2/x"},
		{"several hosts, comma in the password", "nats://u:s3,s3cret@a:1,b:2", "nats://u:****@a:1,b:2"},
		{"parameters", "kafka://h:1/t?user=a&password=s3cret&Token=s3cret&x=y", "kafka://h:1/t?user=a&password=****&Token=****&x=y"},
		{"an at sign in the path", "https://example.com/u:p@x", "https://example.com/u:p@x"},
		{"slash in the password", "sns+https://AKIAX:wJalr/s3cret@sns.eu-west-1.amazonaws.com/t", "sns+https://****"},
		{"number sign in the password", "amqp://user:pa#s3cret@host/", "amqp://****"},
		{"question mark in the password", "https://user:pa?s3cret@host/", "https://****"},
		{"no URL", "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sqs:eu-west-1:111122223333:q"},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Mask(test.endpoint)
			if got != test.want || strings.Contains(got, "s3cret") {
				t.Errorf("Mask(%s) = %s, want %s", test.endpoint, got, test.want)
			}
			text := scrub("cannot reach "+test.endpoint+": no user for s3cret", test.endpoint)
			if strings.Contains(test.endpoint, "s3cret") && strings.Contains(test.endpoint, "@") &&
				!strings.Contains(test.endpoint, ",") && !strings.Contains(test.endpoint, "@s3") && strings.Contains(text, "s3cret") {
				t.Errorf("scrub: %s", text)
			}
		})
	}
	if got := scrub("bad password p@ss", "amqp://u:p%40ss@h"); strings.Contains(got, "p@ss") {
		t.Errorf("unescaped: %s", got)
	}
	if got := scrub(strings.Repeat("é", 2*maxReason), "x"); len(got) > maxReason+4 {
		t.Errorf("%d bytes", len(got))
	}
}
