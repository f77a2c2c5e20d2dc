package queue_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/queue"
	"firn/internal/record"
)

type typed = map[string]record.Attribute

func text(value string) record.Attribute { return record.Attribute{Type: "String", Value: value} }

// TestDigests: of the body it is md5sum's; those of attributes are what other
// implementations have computed.
func TestDigests(t *testing.T) {
	h := build(t)
	for _, tt := range []struct {
		name       string
		body       string
		attributes typed
		trace      string
		want       [3]string
	}{
		{"body alone", "This is a test message", nil, "", [3]string{"fafb00f5732ab283681e124bf8747ed1", "", ""}},
		{"a number", "a", typed{"timestamp": {Type: "Number", Value: "1493147359900"}}, "", [3]string{"0cc175b9c0f1b6a831c399e269772661", "235c5c510d26fb653d073faed50ae77c", ""}},
		{"two, sorted", "a", typed{"ordinal": {Type: "Number", Value: "1"}, "category": text("test")}, "",
			[3]string{"0cc175b9c0f1b6a831c399e269772661", "d21ae90c49061e927f57df5f5d72be1f", ""}},
		{"text and bytes", "hello", typed{"a": text("x"), "b": {Type: "Binary", Value: "aGVsbG8="}}, "",
			[3]string{"5d41402abc4b2a76b9719d911017c592", "e237e78fe3b1fe8f6d7d51f665ca0fb1", ""}},
		{"a type of one's own", "hello", typed{"a": {Type: "String.Colour", Value: "röt"}}, "",
			[3]string{"5d41402abc4b2a76b9719d911017c592", digest("a", "String.Colour", 1, "röt"), ""}},
		{"a trace", "hello", nil, "Root=1-5759e988-bd862e3fe1be46a994272793",
			[3]string{"5d41402abc4b2a76b9719d911017c592", "", digest("AWSTraceHeader", "String", 1, "Root=1-5759e988-bd862e3fe1be46a994272793")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := h.SendMessage(t.Context(), alice, work, queue.Outgoing{Body: tt.body, Attributes: tt.attributes, Trace: tt.trace})
			h.must(err)
			if got := [3]string{s.MD5, s.AttributesMD5, s.TraceMD5}; got != tt.want {
				t.Errorf("sent %v, want %v", got, tt.want)
			}
			got := h.demand(queue.Demand{Attributes: []string{"All"}, System: []string{"AWSTraceHeader"}})
			if len(got) != 1 || got[0].MD5 != tt.want[0] || got[0].AttributesMD5 != tt.want[1] || got[0].System["AWSTraceHeader"] != tt.trace {
				t.Errorf("received %+v, want %v", got, tt.want)
			}
			if d := cmp.Diff(tt.attributes, got[0].Attributes); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSendMessage(t *testing.T) {
	h := build(t)
	h.other("small", attributes{"MaximumMessageSize": "1024"})
	ten, eleven := typed{}, typed{}
	for i := range 11 {
		if eleven[fmt.Sprint("a", i)] = text("x"); i < 10 {
			ten[fmt.Sprint("a", i)] = text("x")
		}
	}
	kib := base64.StdEncoding.EncodeToString(make([]byte, 1000))
	for _, tt := range []struct {
		name  string
		queue string
		m     queue.Outgoing
		want  queue.Code
	}{
		{"one byte", work, queue.Outgoing{Body: "a"}, ""},
		{"nothing", work, queue.Outgoing{}, queue.MissingParameter},
		{"256 KiB", work, queue.Outgoing{Body: strings.Repeat("a", 256<<10)}, ""},
		{"a byte more", work, queue.Outgoing{Body: strings.Repeat("a", 256<<10+1)}, queue.InvalidParameterValue},
		{"256 KiB with the attributes", work, queue.Outgoing{Body: strings.Repeat("a", 256<<10-8), Attributes: typed{"a": text("x")}}, ""},
		{"a byte more with the attributes", work, queue.Outgoing{Body: strings.Repeat("a", 256<<10-7), Attributes: typed{"a": text("x")}}, queue.InvalidParameterValue},
		{"the queue's size", "small", queue.Outgoing{Body: strings.Repeat("a", 1024)}, ""},
		{"more than the queue's size", "small", queue.Outgoing{Body: strings.Repeat("a", 1025)}, queue.InvalidParameterValue},
		{"bytes count as bytes", "small", queue.Outgoing{Body: strings.Repeat("a", 17), Attributes: typed{"a": {Type: "Binary", Value: kib}}}, ""},
		{"a byte too many", "small", queue.Outgoing{Body: strings.Repeat("a", 18), Attributes: typed{"a": {Type: "Binary", Value: kib}}}, queue.InvalidParameterValue},
		{"all that XML allows", work, queue.Outgoing{Body: "\t\n\r ä\uD7FF\uE000\uFFFD\U0010FFFF"}, ""},
		{"zero byte", work, queue.Outgoing{Body: "a\x00"}, queue.InvalidMessageContents},
		{"control character", work, queue.Outgoing{Body: "\x1b[1m"}, queue.InvalidMessageContents},
		{"no character", work, queue.Outgoing{Body: "\uFFFE"}, queue.InvalidMessageContents},
		{"no UTF-8", work, queue.Outgoing{Body: "a\xff"}, queue.InvalidMessageContents},
		{"control character in an attribute", work, queue.Outgoing{Body: "a", Attributes: typed{"a": text("\x01")}}, queue.InvalidMessageContents},
		{"control character in a trace", work, queue.Outgoing{Body: "a", Trace: "\x01"}, queue.InvalidMessageContents},
		{"delay, most", work, queue.Outgoing{Body: "a", Delay: number(900)}, ""},
		{"delay, too much", work, queue.Outgoing{Body: "a", Delay: number(901)}, queue.InvalidParameterValue},
		{"delay, negative", work, queue.Outgoing{Body: "a", Delay: number(-1)}, queue.InvalidParameterValue},
		{"ten attributes", work, queue.Outgoing{Body: "a", Attributes: ten}, ""},
		{"eleven attributes", work, queue.Outgoing{Body: "a", Attributes: eleven}, queue.InvalidParameterValue},
		{"attribute without a name", work, queue.Outgoing{Body: "a", Attributes: typed{"": text("x")}}, queue.InvalidParameterValue},
		{"attribute with a long name", work, queue.Outgoing{Body: "a", Attributes: typed{strings.Repeat("a", 257): text("x")}}, queue.InvalidParameterValue},
		{"attribute of Amazon's", work, queue.Outgoing{Body: "a", Attributes: typed{"aws.TraceHeader": text("x")}}, queue.InvalidParameterValue},
		{"attribute of Amazon's, too", work, queue.Outgoing{Body: "a", Attributes: typed{"Amazon.x": text("x")}}, queue.InvalidParameterValue},
		{"attribute with a space", work, queue.Outgoing{Body: "a", Attributes: typed{"a b": text("x")}}, queue.InvalidParameterValue},
		{"attribute with a period first", work, queue.Outgoing{Body: "a", Attributes: typed{".a": text("x")}}, queue.InvalidParameterValue},
		{"attribute with two periods", work, queue.Outgoing{Body: "a", Attributes: typed{"a..b": text("x")}}, queue.InvalidParameterValue},
		{"attribute with a period", work, queue.Outgoing{Body: "a", Attributes: typed{"a.b_c-D9": text("x")}}, ""},
		{"attribute without a type", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Value: "x"}}}, queue.InvalidParameterValue},
		{"attribute of another type", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "Strings", Value: "x"}}}, queue.InvalidParameterValue},
		{"attribute of a long type", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "String." + strings.Repeat("a", 250), Value: "x"}}}, queue.InvalidParameterValue},
		{"attribute without a value", work, queue.Outgoing{Body: "a", Attributes: typed{"a": text("")}}, queue.InvalidParameterValue},
		{"number that is none", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "Number", Value: "one"}}}, queue.InvalidParameterValue},
		{"number", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "Number.int", Value: "-12.5e3"}}}, ""},
		{"number, huge", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "Number", Value: "1e999"}}}, ""},
		{"number that is none to others", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "Number", Value: "NaN"}}}, queue.InvalidParameterValue},
		{"number in hexadecimal", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "Number", Value: "0x1p4"}}}, queue.InvalidParameterValue},
		{"bytes that are none", work, queue.Outgoing{Body: "a", Attributes: typed{"a": {Type: "Binary", Value: "%"}}}, queue.InvalidParameterValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := h.SendMessage(t.Context(), alice, tt.queue, tt.m)
			if refused(t, err, tt.want); tt.want == "" && !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(s.MessageID) {
				t.Errorf("id %q", s.MessageID)
			}
		})
	}
}

func TestSendBatch(t *testing.T) {
	h := build(t)
	entry := func(id, body string) queue.Outgoing { return queue.Outgoing{ID: id, Body: body} }
	var ten, eleven []queue.Outgoing
	for i := range 11 {
		if eleven = append(eleven, entry(fmt.Sprint(i), "a")); i < 10 {
			ten = append(ten, entry(fmt.Sprint(i), fmt.Sprint(i)))
		}
	}
	for _, tt := range []struct {
		name  string
		batch []queue.Outgoing
		want  queue.Code
	}{
		{"none", nil, queue.EmptyBatchRequest},
		{"eleven", eleven, queue.TooManyEntriesInBatch},
		{"an id twice", []queue.Outgoing{entry("a", "a"), entry("a", "b")}, queue.BatchEntryIDsNotDistinct},
		{"no id", []queue.Outgoing{entry("", "a")}, queue.InvalidBatchEntryID},
		{"a long id", []queue.Outgoing{entry(strings.Repeat("a", 81), "a")}, queue.InvalidBatchEntryID},
		{"a strange id", []queue.Outgoing{entry("a b", "a")}, queue.InvalidBatchEntryID},
		{"too long together", []queue.Outgoing{entry("a", strings.Repeat("a", 200<<10)), entry("b", strings.Repeat("a", 57<<10))}, queue.BatchRequestTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.SendMessages(t.Context(), alice, work, tt.batch)
			refused(t, err, tt.want)
		})
	}
	sent, err := h.SendMessages(t.Context(), alice, work, ten)
	h.must(err)
	seen := map[string]bool{}
	for i, s := range sent {
		seen[s.MessageID] = true
		if s.ID != ten[i].ID || s.Err != nil || s.MD5 == "" {
			t.Errorf("entry %d: %+v", i, s)
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d ids of 10 messages", len(seen))
	}
	h.wantBodies(h.take(10), "0 1 2 3 4 5 6 7 8 9")

	sent, err = h.SendMessages(t.Context(), alice, work, []queue.Outgoing{entry("a", "good"), entry("b", "bad\x00"), entry("c", "good too")})
	h.must(err)
	refused(t, sent[1].Err, queue.InvalidMessageContents)
	if sent[0].Err != nil || sent[2].Err != nil {
		t.Errorf("refused: %v, %v", sent[0].Err, sent[2].Err)
	}
	h.wantBodies(h.take(10), "good good too")
}

func TestSelectedAttributes(t *testing.T) {
	h := build(t)
	_, err := h.SendMessage(t.Context(), alice, work, queue.Outgoing{
		Body: "a", Attributes: typed{"a": text("1"), "a.b": text("2"), "b": text("3")}, Trace: "t", Sender: "AIDA",
	})
	h.must(err)
	for _, tt := range []struct {
		names, system []string
		want          string
		wantSystem    string
	}{
		{nil, nil, "", ""},
		{[]string{"All"}, []string{"All"}, "a a.b b", "AWSTraceHeader ApproximateFirstReceiveTimestamp ApproximateReceiveCount SenderId SentTimestamp"},
		{[]string{".*"}, []string{"SenderId", "SequenceNumber"}, "a a.b b", "SenderId"},
		{[]string{"a.*"}, nil, "a a.b", ""},
		{[]string{"a", "c"}, nil, "a", ""},
		{[]string{"AWS.TraceHeader"}, nil, "", ""},
	} {
		got := h.demand(queue.Demand{Attributes: tt.names, System: tt.system, Visibility: number(0)})
		if len(got) != 1 {
			t.Fatalf("received %d", len(got))
		}
		if names := keys(got[0].Attributes); names != tt.want || (got[0].AttributesMD5 == "") != (tt.want == "") {
			t.Errorf("%q: %q, digest %q, want %q", tt.names, names, got[0].AttributesMD5, tt.want)
		}
		if names := keys(got[0].System); names != tt.wantSystem {
			t.Errorf("%q: %q, want %q", tt.system, names, tt.wantSystem)
		}
	}
	_, err = h.ReceiveMessages(t.Context(), alice, work, queue.Demand{System: []string{"Colour"}})
	refused(t, err, queue.InvalidAttributeName)
}
