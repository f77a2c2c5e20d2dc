package forward_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"firn/internal/forward"
)

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
