package forward_test

import (
	"strings"
	"testing"

	"firn/internal/forward"
)

func TestCheck(t *testing.T) {
	senders := open(t, forward.Config{}).Senders()
	const arn = "arn:aws:sns:eu-west-1:111122223333:name"
	for _, tt := range []struct {
		name, protocol, endpoint string
		want                     string // of the error; "" if there is none
	}{
		{"webhook", "webhook", "https://example.com/hook?a=b", ""},
		{"webhook, port and password", "webhook", "http://user:s3cret@example.com:8080", ""},
		{"webhook, secret", "webhook", "https://hmac:s3cret@example.com/hook", ""},
		{"webhook, fragment", "webhook", "https://example.com/hook#s3cret", "not a valid URL"},
		{"webhook, another scheme", "webhook", "ftp://user:s3cret@example.com/", "must be a URL that begins with http:// or https://"},
		{"webhook, no host", "webhook", "https:///s3cret", "not a valid URL"},
		{"webhook, two hosts", "webhook", "https://a.example,b.example/", "may name 1 hosts at most"},
		{"webhook, escapes", "webhook", "https://example.com/%zz-s3cret", "not a valid URL"},
		{"webhook, too long", "webhook", "https://example.com/" + strings.Repeat("a", 2048), "longer than 2048 bytes"},
		{"webhook, loopback", "webhook", "http://127.0.0.1/", "not public"},
		{"webhook, metadata", "webhook", "http://169.254.169.254/latest", "not public"},
		{"webhook, version 6 in brackets", "webhook", "http://[::1]:80/", "not public"},
		{"webhook, version 4 in version 6", "webhook", "http://[::ffff:10.0.0.1]/", "not public"},

		{"sns", "sns", "sns+https://AKIDEXAMPLE:s3cret@sns.eu-west-1.amazonaws.com/" + arn, ""},
		{"sns, escaped secret", "sns", "sns+http://AKIDEXAMPLE:s3%2Fcr%2Bet@sns.example/" + arn, ""},
		{"sns, no credentials", "sns", "sns+https://sns.eu-west-1.amazonaws.com/" + arn, "must have an access key and its secret"},
		{"sns, no ARN", "sns", "sns+https://AKIDEXAMPLE:s3cret@sns.example/", "must be the ARN of a topic"},
		{"sns, ARN of a queue", "sns", "sns+https://AKIDEXAMPLE:s3cret@sns.example/arn:aws:sqs:eu-west-1:111122223333:name", "must be the ARN of a topic"},
		{"sns, parameter", "sns", "sns+https://AKIDEXAMPLE:s3cret@sns.example/" + arn + "?a=b", "no others"},
		{"sns, plain https", "sns", "https://AKIDEXAMPLE:s3cret@sns.example/" + arn, "begins with sns+http:// or sns+https://"},

		{"nats", "nats", "nats://example.com/jobs.done", ""},
		{"nats, everything", "nats", "nats+tls://user:s3cret@example.com:4223/jobs", ""},
		{"nats, token", "nats", "nats://s3cret@example.com/jobs", ""},
		{"nats, no subject", "nats", "nats://example.com", "must be a subject without wildcards"},
		{"nats, wildcard", "nats", "nats://example.com/jobs.*", "must be a subject without wildcards"},
		{"nats, empty part", "nats", "nats://example.com/jobs..done", "must be a subject without wildcards"},
		{"nats, the server's own", "nats", "nats://example.com/$JS.API.STREAM.DELETE.a", "must be a subject without wildcards"},
		{"nats, line", "nats", "nats://example.com/jobs%0D%0APUB", "control characters"},
		{"nats, parameter", "nats", "nats://example.com/jobs?a=b", "no others"},

		{"amqp", "amqp", "amqp://user:s3cret@example.com/vhost?exchange=jobs&key=done", ""},
		{"amqp, queue", "amqp", "amqps://example.com:5673/%2F?key=queue", ""},
		{"amqp, nothing to send to", "amqp", "amqp://example.com/", "must have an exchange, or the key of a queue"},
		{"amqp, parameter of the library", "amqp", "amqps://example.com/?key=queue&certfile=/etc/shadow", "no others"},
		{"amqp, key twice", "amqp", "amqp://example.com/?key=a&key=b", "once each"},
		{"amqp, long key", "amqp", "amqp://example.com/?key=" + strings.Repeat("a", 256), "255 bytes"},
		{"amqp, broken parameter", "amqp", "amqp://example.com/?key=%zzs3cret", "not a valid URL"},

		{"kafka", "kafka", "kafka://a.example,b.example:9093,[2606:4700::1]:9092/jobs", ""},
		{"kafka, everything", "kafka", "kafka+tls://user:s3cret@a.example/jobs?sasl=scram-sha-512", ""},
		{"kafka, no topic", "kafka", "kafka://a.example", "must be the name of a topic"},
		{"kafka, no name of a topic", "kafka", "kafka://a.example/a%2Fb", "must be the name of a topic"},
		{"kafka, unknown sasl", "kafka", "kafka://user:s3cret@a.example/jobs?sasl=gssapi", "must be plain, scram-sha-256 or scram-sha-512"},
		{"kafka, sasl without user", "kafka", "kafka://a.example/jobs?sasl=plain", "must have a user and a password"},
		{"kafka, too many hosts", "kafka", "kafka://" + strings.Repeat("a,", 16) + "a/jobs", "16 hosts at most"},
		{"kafka, second host private", "kafka", "kafka://a.example,192.168.0.1/jobs", "not public"},
		{"kafka, empty host", "kafka", "kafka://a.example,/jobs", "not a valid URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := senders[tt.protocol].Check(tt.endpoint)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v\nwant %q", err, tt.want)
			}
			if err == nil {
				return
			}
			if strings.Contains(err.Error(), "s3") {
				t.Errorf("the error tells a secret: %v", err)
			}
			if err := senders[tt.protocol].Send(t.Context(), tt.endpoint, outgoing("a")); !isPermanent(err) {
				t.Errorf("Send: %v", err)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	senders := forward.New(forward.Config{}).Senders()
	f.Fuzz(func(t *testing.T, endpoint string) {
		for _, s := range senders {
			if err := s.Check(endpoint); err != nil && len(endpoint) > 40 && strings.Contains(err.Error(), endpoint[10:]) {
				t.Errorf("the error repeats the endpoint: %v", err)
			}
		}
	})
}
