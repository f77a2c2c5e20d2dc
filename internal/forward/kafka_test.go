package forward_test

import (
	"context"
	"crypto/tls"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"firn/internal/forward"
)

func cluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3), kfake.SeedTopics(4, "jobs")}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// consume reads a topic with a client of another make.
func consume(t *testing.T, c *kfake.Cluster, n int) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("jobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var records []*kgo.Record
	for len(records) < n && ctx.Err() == nil {
		records = append(records, client.PollFetches(ctx).Records()...)
	}
	if len(records) != n {
		t.Fatalf("%d records", len(records))
	}
	return records
}

func TestKafka(t *testing.T) {
	c := cluster(t)
	s := open(t, forward.Config{AllowPrivate: true, Timeout: 3 * time.Second}).Senders()["kafka"]
	at := "kafka://" + strings.Join(c.ListenAddrs(), ",")

	acks := int16(0)
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		acks = r.(*kmsg.ProduceRequest).Acks
		return nil, nil, false
	})
	mustSend(t, s, at+"/jobs", outgoing("id-0"))
	if acks != -1 {
		t.Errorf("acks = %d", acks)
	}
	for i := range 9 {
		mustSend(t, s, at+"/jobs", raw(id(i+1)))
	}
	records := consume(t, c, 10)
	headers := make(map[string]string)
	for _, h := range records[0].Headers {
		headers[h.Key] = string(h.Value)
	}
	want := map[string]string{
		"Firn-Topic": topicARN, "Firn-Subscription": subscriptionARN, "Firn-Message-Id": "id-0", "Firn-Subject": "done", "Content-Type": "application/json",
		"Firn-Attribute-store": "fans ❄", "Firn-Attribute-price": "7.5", "Firn-Attribute-lines": "one\r\nFirn-Topic: another",
	}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Error(diff)
	}
	if string(records[0].Value) != string(outgoing("id-0").Envelope) || !records[0].Timestamp.Equal(outgoing("").Published) {
		t.Errorf("%+v", records[0])
	}
	for i, r := range records {
		if r.Partition != records[0].Partition || string(r.Key) != topicARN || string(r.Headers[2].Value) != id(i) {
			t.Errorf("record %d: %+v", i, r)
		}
	}
}

func TestKafkaFailures(t *testing.T) {
	c := cluster(t)
	s := open(t, forward.Config{AllowPrivate: true, Timeout: 3 * time.Second}).Senders()["kafka"]
	at := "kafka://" + strings.Join(c.ListenAddrs(), ",")
	// The next failures of producing are as it says; a count below zero is all of them.
	var code, count atomic.Int32
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if count.Load() == 0 {
			return nil, nil, false
		}
		count.Add(-1)
		answer := r.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range r.(*kmsg.ProduceRequest).Topics {
			to := kmsg.NewProduceResponseTopic()
			to.Topic, to.TopicID = topic.Topic, topic.TopicID
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition, partition.ErrorCode = topic.Partitions[0].Partition, int16(code.Load())
			to.Partitions = append(to.Partitions, partition)
			answer.Topics = append(answer.Topics, to)
		}
		return answer, nil, true
	})
	fail := func(c, n int32) { code.Store(c); count.Store(n) }
	t.Run("no such topic", func(t *testing.T) {
		mustFail(t, s, at+"/nothing", outgoing("a"), "UNKNOWN_TOPIC_OR_PARTITION")
	})
	t.Run("too few replicas", func(t *testing.T) {
		fail(19, -1)
		mustFail(t, s, at+"/jobs", outgoing("a"), "NOT_ENOUGH_REPLICAS")
		fail(0, 0)
		mustSend(t, s, at+"/jobs", outgoing("a"))
	})
	t.Run("leader has moved", func(t *testing.T) {
		fail(6, 1)
		mustSend(t, s, at+"/jobs", outgoing("a"))
	})
	t.Run("too large", func(t *testing.T) {
		fail(10, 1)
		if err := send(t, s, at+"/jobs", outgoing("a")); !isPermanent(err) {
			t.Error(err)
		}
		mustSend(t, s, at+"/jobs", outgoing("a"))
	})
	t.Run("one broker of three", func(t *testing.T) {
		mustSend(t, s, "kafka://127.0.0.1:1,"+strings.TrimPrefix(at, "kafka://")+"/jobs", outgoing("a"))
	})
	t.Run("down and up again", func(t *testing.T) {
		var ports []int
		for _, address := range c.ListenAddrs() {
			ports = append(ports, portOf(t, address))
		}
		c.Close()
		mustFail(t, s, at+"/jobs", outgoing("a"), "")
		mustFail(t, s, at+"/jobs", outgoing("a"), "refused")
		c = cluster(t, kfake.Ports(ports...))
		mustSend(t, s, at+"/jobs", outgoing("a"))
	})
}

func TestKafkaPasswords(t *testing.T) {
	server := httptest.NewUnstartedServer(nil) // for its certificate
	server.StartTLS()
	defer server.Close()
	for method, parameter := range map[string]string{"PLAIN": "", "SCRAM-SHA-256": "?sasl=scram-sha-256", "SCRAM-SHA-512": "?sasl=scram-sha-512"} {
		t.Run(method, func(t *testing.T) {
			c := cluster(t, kfake.EnableSASL(), kfake.Superuser(method, "user", "s3cr/et"), kfake.TLS(&tls.Config{Certificates: server.TLS.Certificates}))
			s := open(t, trusting(server)).Senders()["kafka"]
			at := strings.Join(c.ListenAddrs(), ",")
			mustSend(t, s, "kafka+tls://user:s3cr%2Fet@"+at+"/jobs"+parameter, outgoing("a"))
			mustFail(t, s, "kafka+tls://user:s3crets3cret@"+at+"/jobs"+parameter, outgoing("a"), "") // the fake closes the connection; Kafka says SASL_AUTHENTICATION_FAILED
			mustFail(t, s, "kafka+tls://"+at+"/jobs", outgoing("a"), "")
			mustFail(t, s, "kafka://"+at+"/jobs", outgoing("a"), "")
		})
	}
}
