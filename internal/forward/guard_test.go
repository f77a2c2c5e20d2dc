package forward_test

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"firn/internal/forward"
)

func TestPublic(t *testing.T) {
	for _, tt := range []struct {
		address string
		want    bool
	}{
		{"8.8.8.8", true}, {"1.1.1.1", true}, {"100.63.255.255", true}, {"100.128.0.0", true}, {"172.32.0.1", true}, {"2606:4700::1", true},
		{"::ffff:8.8.8.8", true}, {"192.169.0.1", true},
		{"127.0.0.1", false}, {"127.255.0.1", false}, {"::1", false}, {"::ffff:127.0.0.1", false}, {"::127.0.0.1", false},
		{"0.0.0.0", false}, {"0.1.2.3", false}, {"::", false},
		{"10.0.0.1", false}, {"172.16.0.1", false}, {"192.168.255.255", false}, {"fd00::1", false}, {"fc00::1", false},
		{"169.254.169.254", false}, {"fe80::1", false}, {"fe80::1%eth0", false}, {"fec0::1", false},
		{"100.64.0.1", false}, {"100.127.255.255", false},
		{"224.0.0.1", false}, {"239.1.1.1", false}, {"ff02::1", false}, {"255.255.255.255", false}, {"240.0.0.1", false},
		{"64:ff9b::a00:1", false}, {"2002:7f00:1::", false}, {"2001:db8::1", false}, {"192.0.2.1", false}, {"198.18.0.1", false},
	} {
		if got := forward.Public(netip.MustParseAddr(tt.address)); got != tt.want {
			t.Errorf("%s: %v", tt.address, got)
		}
	}
}

// A name is looked at when it is resolved: localhost is refused by every protocol, and not connected to.
func TestNamesOfPrivateAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	senders := open(t, forward.Config{Timeout: 3 * time.Second}).Senders()
	for protocol, endpoint := range endpoints("localhost", port) {
		t.Run(protocol, func(t *testing.T) {
			if err := senders[protocol].Check(endpoint); err != nil {
				t.Error(err)
			}
			mustFail(t, senders[protocol], endpoint, outgoing("a"), "not public")
		})
	}
	l.Close()
	for c := range accepted {
		t.Errorf("connected from %v", c.RemoteAddr())
	}
}

// endpoints are one of each protocol.
func endpoints(host string, port int) map[string]string {
	at := net.JoinHostPort(host, fmt.Sprint(port))
	return map[string]string{
		"webhook": "http://user:s3cret@" + at + "/hook",
		"sns":     "sns+http://AKIDEXAMPLE:s3cret@" + at + "/arn:aws:sns:eu-west-1:111122223333:name",
		"nats":    "nats://user:s3cret@" + at + "/jobs.done",
		"amqp":    "amqp://user:s3cret@" + at + "/?key=done",
		"kafka":   "kafka://user:s3cret@" + at + "/done",
	}
}
